"""Employees of the simulated company, and how user.get shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sandbox.bitrix24.envelope import ApiError
from sandbox.bitrix24.field import Field, attribute, by_upper, constant, show_old
from sandbox.bitrix24.userfield import UserFields, column

ADMIN_ID = 1
ROBOT_ID = 3


class Department(NamedTuple):
    """A part of the company; `head` is the user who leads it."""

    id: int
    name: str
    parent: int | None
    head: int | None = None


DEPARTMENTS = (
    Department(1, "ООО «Северный ветер»", None, ADMIN_ID),
    Department(2, "Отдел продаж", 1, 7),
    Department(3, "Отдел проектов", 1),
)
_CONTACTS = ("EMAIL", "PERSONAL_MOBILE", "WORK_PHONE", "UF_PHONE_INNER", "PERSONAL_BIRTHDAY")


@dataclass(slots=True)
class User:
    """An employee; `dismissed_at` (seconds) ends their work but not their history.

    `values` are custom fields by their UF name.
    """

    id: int
    name: str
    last_name: str
    email: str
    gender: str
    position: str
    department: int
    extension: str
    hired_at: float
    updated_at: float
    active: bool = True
    dismissed_at: float = float("inf")
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """First and last name, as the portal shows a person."""
        return f"{self.name} {self.last_name}"


def _flag(user: User) -> bool:
    return user.active


USER_FIELDS = by_upper(
    (
        Field("ID", "ID", "integer", attribute("id")),
        Field("ACTIVE", "ACTIVE", "active", _flag),
        Field("NAME", "NAME", "string", attribute("name")),
        Field("LAST_NAME", "LAST_NAME", "string", attribute("last_name")),
        Field("SECOND_NAME", "SECOND_NAME", "string", constant("")),
        Field("EMAIL", "EMAIL", "string", attribute("email")),
        Field("LAST_LOGIN", "LAST_LOGIN", "datetime", lambda user: int(user.updated_at)),
        Field("DATE_REGISTER", "DATE_REGISTER", "datetime", lambda user: int(user.hired_at)),
        Field("TIME_ZONE", "TIME_ZONE", "string", constant("")),
        Field("IS_ONLINE", "IS_ONLINE", "boolean", lambda user: "Y" if user.active else "N"),
        Field("TIMESTAMP_X", "TIMESTAMP_X", "datetime", lambda user: int(user.updated_at)),
        Field("LAST_ACTIVITY_DATE", "LAST_ACTIVITY_DATE", "hidden", constant(None)),
        Field("PERSONAL_GENDER", "PERSONAL_GENDER", "string", attribute("gender")),
        Field("PERSONAL_BIRTHDAY", "PERSONAL_BIRTHDAY", "string", constant("")),
        Field("PERSONAL_MOBILE", "PERSONAL_MOBILE", "string", constant("")),
        Field("PERSONAL_CITY", "PERSONAL_CITY", "string", constant("Москва")),
        Field("WORK_PHONE", "WORK_PHONE", "string", constant("")),
        Field("WORK_POSITION", "WORK_POSITION", "string", attribute("position")),
        Field("UF_EMPLOYMENT_DATE", "UF_EMPLOYMENT_DATE", "string", constant("")),
        Field("UF_PHONE_INNER", "UF_PHONE_INNER", "string", attribute("extension")),
        Field("UF_DEPARTMENT", "UF_DEPARTMENT", "integer", lambda user: [user.department]),
        Field("USER_TYPE", "USER_TYPE", "string", constant("employee")),
    )
)


def user_fields(userfields: UserFields) -> dict[str, Field]:
    """Every column of user.get, custom fields under their UF names."""
    custom = [column(item, item.name, "values") for item in userfields.of("USER")]
    return USER_FIELDS | {one.upper: one for one in custom}


def change_user(user: User, raw: Mapping[str, Any], userfields: UserFields) -> dict[str, Any]:
    """Sets the named values, others are ignored; returns what really changed."""
    changed: dict[str, Any] = {}
    for name, attribute_name in (("NAME", "name"), ("LAST_NAME", "last_name")):
        if name in raw and getattr(user, attribute_name) != str(raw[name]):
            changed[name] = str(raw[name])
            setattr(user, attribute_name, changed[name])
    for item in userfields.of("USER"):
        if item.name in raw:
            try:
                value = item.read(raw[item.name])
            except (TypeError, ValueError):
                raise ApiError(400, "ERROR_CORE", f"Invalid value of {item.name}") from None
            if user.values.get(item.name) != value:
                changed[item.name] = user.values[item.name] = value
    return changed


def show_user(user: User, columns: list[Field], with_contacts: bool) -> dict[str, Any]:
    """A row of user.get; moments of change come out as `{}`, as the documentation shows."""
    row: dict[str, Any] = {}
    for one in columns:
        if one.name in _CONTACTS and not with_contacts:
            continue
        row[one.name] = _shown(user, one)
    return row


def _shown(user: User, one: Field) -> Any:
    if one.name in ("TIMESTAMP_X", "LAST_ACTIVITY_DATE"):
        return {}
    if one.kind == "active":
        return user.active
    return show_old(one.kind, one.get(user))
