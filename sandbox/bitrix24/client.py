"""Contacts and companies, and how crm.item.* and the old families show them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sandbox.bitrix24.book import Book, Entry
from sandbox.bitrix24.field import Field, by_name, by_upper, constant, show_old
from sandbox.bitrix24.userfield import UserFields, camel_names, column

CONTACT_TYPE, COMPANY_TYPE = 3, 4
"""entityTypeId (crm/data-types.md)."""


class ClientVersion(NamedTuple):
    """The state of a contact or company from `at` on; `company` only of a contact, 0 for none.

    `extra`: its custom fields by name.
    """

    at: float
    updated_at: float
    by: int
    owner: int
    name: str
    last_name: str = ""
    company: int = 0
    deleted: bool = False
    extra: Mapping[str, Any] | None = None


class Clients(Book):
    """Every contact, or every company."""

    def create(
        self,
        owner: int,
        name: str = "Клиент",
        *,
        last_name: str = "",
        company: int = 0,
        extra: Mapping[str, Any] | None = None,
        by: int | None = None,
        at: datetime | None = None,
    ) -> int:
        """A new one; `by` is who made it. Returns its id."""
        maker = owner if by is None else by
        known = (name, last_name, company, False, extra)
        return self.open(lambda moment: ClientVersion(moment, moment, maker, owner, *known), at)


def _now(name: str) -> Any:
    return lambda entry: getattr(entry.versions[-1], name)


def _second(name: str) -> Any:
    return lambda entry: int(getattr(entry.versions[-1], name))


def _plain(kind: str, *names: tuple[str, str, Any]) -> tuple[Field, ...]:
    return tuple(Field(name, upper, kind, constant(value)) for name, upper, value in names)


_COMMON = (
    Field("id", "ID", "integer", lambda entry: entry.id, "ID", True),
    Field("createdTime", "DATE_CREATE", "datetime", lambda e: int(e.created_at), "", True),
    Field("updatedTime", "DATE_MODIFY", "datetime", _second("updated_at"), "", True),
    Field("createdBy", "CREATED_BY_ID", "user", lambda entry: entry.created_by, "", True),
    Field("updatedBy", "MODIFY_BY_ID", "user", _now("by"), "", True),
    Field("assignedById", "ASSIGNED_BY_ID", "user", _now("owner"), "Ответственный"),
    Field("lastActivityBy", "LAST_ACTIVITY_BY", "user", _now("owner"), "", True),
    Field("lastActivityTime", "LAST_ACTIVITY_TIME", "datetime", _second("updated_at"), "", True),
    *_plain("boolean", ("opened", "OPENED", "Y"), ("hasPhone", "HAS_PHONE", "Y")),
    *_plain("boolean", ("hasEmail", "HAS_EMAIL", "N"), ("hasImol", "HAS_IMOL", "N")),
    *_plain("text", ("comments", "COMMENTS", "")),
    *_plain("crm_lead", ("leadId", "LEAD_ID", None)),
)
_CONTACT = (
    Field("name", "NAME", "string", _now("name"), "Имя"),
    Field("lastName", "LAST_NAME", "string", _now("last_name"), "Фамилия"),
    Field("companyId", "COMPANY_ID", "crm_company", _now("company"), "Компания"),
    *_plain("string", ("secondName", "SECOND_NAME", ""), ("post", "POST", "")),
    *_plain("crm_status", ("typeId", "TYPE_ID", "CLIENT"), ("sourceId", "SOURCE_ID", "CALL")),
    *_plain("boolean", ("export", "EXPORT", "Y")),
)
_COMPANY = (
    Field("title", "TITLE", "string", _now("name"), "Название"),
    *_plain("crm_status", ("typeId", "COMPANY_TYPE", "CUSTOMER"), ("industry", "INDUSTRY", "IT")),
    *_plain("boolean", ("isMyCompany", "IS_MY_COMPANY", "N")),
    *_plain("double", ("revenue", "REVENUE", 0.0)),
    *_plain("crm_currency", ("currencyId", "CURRENCY_ID", "RUB")),
)

FIELDS = {
    CONTACT_TYPE: by_name((*_COMMON, *_CONTACT)),
    COMPANY_TYPE: by_name((*_COMMON, *_COMPANY)),
}
"""Columns of crm.item.* by entityTypeId."""

_ENTITIES = {CONTACT_TYPE: "CRM_CONTACT", COMPANY_TYPE: "CRM_COMPANY"}
_WRITABLE = {"name": "name", "title": "name", "lastName": "last_name"}
_WRITABLE |= {"assignedById": "owner", "companyId": "company"}


def client_fields(kind: int, userfields: UserFields) -> dict[str, Field]:
    """Every column of crm.item.* for contacts or companies, by its name."""
    items = userfields.of(_ENTITIES[kind])
    names = camel_names(items)
    return FIELDS[kind] | by_name(column(each, names[each.name], "extra") for each in items)


def old_client_fields(kind: int, userfields: UserFields) -> dict[str, Field]:
    """Columns of crm.contact.* and crm.company.*, by their upper-case names."""
    return by_upper(client_fields(kind, userfields).values())


def show_old_client(entry: Entry, columns: Iterable[Field]) -> dict[str, Any]:
    """A client as the old family shows it."""
    return {one.upper: show_old(one.kind, one.get(entry)) for one in columns}


def read_client(raw: dict[str, Any], kind: int, userfields: UserFields) -> dict[str, Any]:
    """Writable values by the clients' own names, custom ones within `extra`; others are ignored.
    ValueError for a bad one."""
    fields = client_fields(kind, userfields)
    custom = {each.name: each for each in userfields.of(_ENTITIES[kind])}
    values: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, one in fields.items():
        if name in raw and one.dynamic:
            extra[one.upper] = custom[one.upper].read(raw[name])
        elif name in raw and one.name in _WRITABLE:
            whole = one.kind in ("user", "crm_company")
            values[_WRITABLE[one.name]] = int(raw[name] or 0) if whole else str(raw[name])
    return values | ({"extra": extra} if extra else {})
