"""What people and tests do with customers and their purchases."""

from datetime import datetime

from sandbox.amocrm.book import Book
from sandbox.amocrm.customer import Customer, Transaction
from sandbox.amocrm.event import Event
from sandbox.amocrm.user import ADMIN_ID


class CustomerDeeds(Book):
    """Every method is thread-safe; moments are aware, `at` defaults to now; sums in roubles."""

    def add_customer(self, owner: int, name: str, contact: int = 0) -> int:
        """Note somebody who buys regularly; returns the id."""
        with self.lock:
            customer = Customer(self.fresh_id(), name, owner, contact, self.now())
            self.customers.put(customer)
            note = ("note", self.fresh_note_id())
            at = customer.created_at
            self.note_event(
                Event("customer_added", "customer", customer.id, at, owner, (), (note,))
            )
            return customer.id

    def assign_customer(
        self, customer: int, user: int, *, by: int = ADMIN_ID, at: datetime | None = None
    ) -> int:
        """Give a customer to somebody else."""
        with self.lock:
            one, moment = self.customers.rows[customer], self.moment(at)
            if one.owner != user:
                before, after = (("owner", one.owner),), (("owner", user),)
                name = "entity_responsible_changed"
                self.note_event(Event(name, "customer", customer, moment, by, before, after))
                one.owners.append((moment, user))
                one.updated_at = moment
                self.customers.touch()
            return customer

    def add_purchase(
        self, customer: int, price: int, *, by: int = ADMIN_ID, at: datetime | None = None,
        completed: datetime | None = None,
    ) -> int:  # fmt: skip
        """A customer buys again, or did so at `completed`; returns the transaction."""
        with self.lock:
            moment = self.moment(at)
            bought = Transaction(self.fresh_id(), customer, price, moment, by)
            bought.at = moment if completed is None else self.moment(completed)
            self.transactions.put(bought)
            self.customers.rows[customer].updated_at = moment
            self.customers.touch()
            what = ("transaction", bought.id)
            self.note_event(
                Event("transaction_added", "customer", customer, moment, by, (), (what,))
            )
            return bought.id

    def take_back(self, purchase: int) -> int:
        """Delete a purchase; the ledger says nothing of it."""
        with self.lock:
            self.transactions.hide(purchase)
            return purchase
