"""Customers who buy again and again, and their purchases (`transactions`)."""

from sandbox.amocrm.lead import Values
from sandbox.amocrm.table import Table


class Customer:
    """A customer of a contact; sums in roubles. `owners`: (since when, who), in their order."""

    __slots__ = (
        "contact", "created_at", "id", "name", "next_date", "next_price", "owners", "updated_at",
        "values",
    )  # fmt: skip

    def __init__(self, customer_id: int, name: str, owner: int, contact: int, at: int) -> None:
        self.id = customer_id
        self.name = name
        self.owners = [(at, owner)]
        self.contact = contact
        self.created_at = self.updated_at = at
        self.next_price = 0
        self.next_date = at
        self.values: Values = {}

    @property
    def owner(self) -> int:
        """Who looks after them now."""
        return self.owners[-1][1]

    @property
    def responsible_user_id(self) -> int:
        """The same, by the vendor's name."""
        return self.owner

    def owner_at(self, moment: int) -> int:
        """Who looked after them at the end of that second; before they came, who did first."""
        held = [owner for since, owner in self.owners if since <= moment]
        return held[-1] if held else self.owners[0][1]


class Transaction:
    """One purchase, of the moment `at`; entered when it was made, if not told else. `price` in
    roubles."""

    __slots__ = ("at", "by", "customer", "entered_at", "id", "price")

    def __init__(self, transaction_id: int, customer: int, price: int, at: int, by: int) -> None:
        self.id = transaction_id
        self.customer = customer
        self.price = price
        self.at = self.entered_at = at
        self.by = by


class Customers(Table[Customer]):
    """Every customer."""


class Transactions(Table[Transaction]):
    """Every purchase."""
