"""Employees with an account, their groups and their role."""

from dataclasses import dataclass
from typing import Any

ADMIN_ID = 504100
GHOST_ID = 504112
FIRST_MANAGER_ID = 504141
GROUPS = {0: "Отдел продаж", 267688: "Отдел проектов"}
ROLE_ID = 107995
ROLE_NAME = "Менеджер по продажам"


@dataclass(slots=True)
class User:
    """`active` False = the employee may not come in any more; the list still shows them."""

    id: int
    name: str
    email: str
    group: int
    hired_at: float
    admin: bool = False
    active: bool = True
    dismissed_at: float = float("inf")


def show_rights(user: User) -> dict[str, Any]:
    """A's for an administrator; the others see all and delete nothing."""
    delete = "A" if user.admin else "D"
    entity = {"view": "A", "edit": "A", "add": "A", "delete": delete, "export": delete}
    return {
        "leads": dict(entity),
        "contacts": dict(entity),
        "companies": dict(entity),
        "tasks": {"edit": "A", "delete": "A"},
        "mail_access": True,
        "catalog_access": user.admin,
        "status_rights": None,
        "is_admin": user.admin,
        "is_free": not user.active,
        "is_active": user.active,
        "group_id": user.group or None,
        "role_id": None if user.admin else ROLE_ID,
    }
