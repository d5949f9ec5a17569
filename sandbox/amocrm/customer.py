"""Customers who buy again and again, and their purchases (`transactions`)."""

from sandbox.amocrm.lead import Values
from sandbox.amocrm.table import Table


class Customer:
    """A customer of a contact; sums in roubles."""

    __slots__ = (
        "contact", "created_at", "id", "name", "next_date", "next_price", "owner", "updated_at",
        "values",
    )  # fmt: skip

    def __init__(self, customer_id: int, name: str, owner: int, contact: int, at: int) -> None:
        self.id = customer_id
        self.name = name
        self.owner = owner
        self.contact = contact
        self.created_at = self.updated_at = at
        self.next_price = 0
        self.next_date = at
        self.values: Values = {}

    @property
    def responsible_user_id(self) -> int:
        """Who looks after them."""
        return self.owner


class Transaction:
    """One purchase; `price` in roubles."""

    __slots__ = ("at", "by", "customer", "id", "price")

    def __init__(self, transaction_id: int, customer: int, price: int, at: int, by: int) -> None:
        self.id = transaction_id
        self.customer = customer
        self.price = price
        self.at = at
        self.by = by


class Customers(Table[Customer]):
    """Every customer."""


class Transactions(Table[Transaction]):
    """Every purchase."""
