"""Contacts and companies: who deals are made with."""

from sandbox.amocrm.lead import Values
from sandbox.amocrm.table import Table

PHONE_ID = 271201
EMAIL_ID = 271203
ROLE_ID = 271205


class Client:
    """A contact or a company. `company` is where a contact works; 0 = nowhere known."""

    __slots__ = (
        "company", "created_at", "created_by", "first_owner", "id", "merged_into", "name",
        "owner", "updated_at", "updated_by", "values",
    )  # fmt: skip

    def __init__(self, client_id: int, name: str, owner: int, by: int, at: int) -> None:
        self.id = client_id
        self.name = name
        self.owner = self.first_owner = owner
        self.created_by = self.updated_by = by
        self.created_at = self.updated_at = at
        self.company = 0
        self.merged_into = 0
        self.values: Values = {}

    @property
    def responsible_user_id(self) -> int:
        """Who looks after them."""
        return self.owner

    @property
    def phones(self) -> list[str]:
        """Telephone numbers as people wrote them."""
        return [str(item["value"]) for item in self.values.get(PHONE_ID, [])]

    def touch(self, at: int, by: int) -> None:
        """Note a change."""
        self.updated_at, self.updated_by = max(at, self.updated_at), by


class Clients(Table[Client]):
    """Every contact, or every company."""
