"""What people and tests do with products."""

from datetime import datetime

from sandbox.amocrm.book import Book
from sandbox.amocrm.catalog import Element
from sandbox.amocrm.event import Event
from sandbox.amocrm.good import Good
from sandbox.amocrm.hook_view import lead_tree
from sandbox.amocrm.product import PRICE_ID, WHOLESALE_ID, put_element, put_list
from sandbox.amocrm.user import ADMIN_ID


class ProductDeeds(Book):
    """Every method is thread-safe; moments are aware, `at` defaults to now; prices in roubles."""

    def add_list(self, name: str = "Товары", kind: str = "products") -> int:
        """Make a list of products, or of something else; returns its id."""
        with self.lock:
            return put_list(self, self.fresh_id() % 1_000_000, name, kind, self.now(), ADMIN_ID)

    def add_product(
        self, catalog: int, name: str, price: str | None = None, wholesale: str | None = None
    ) -> int:
        """Add an element to a list; returns its id."""
        with self.lock:
            prices = {PRICE_ID: price, WHOLESALE_ID: wholesale}
            made = Element(self.fresh_id(), catalog, name, self.now(), ADMIN_ID)
            return put_element(self, made, {key: told for key, told in prices.items() if told})

    def drop_product(self, catalog: int, element: int) -> int:
        """Delete an element; the leads still name it."""
        with self.lock:
            self.elements[catalog].hide(element)
            return element

    def put_product(
        self, lead: int, catalog: int, element: int, quantity: int = 1000, *, price_id: int = 0,
        by: int = ADMIN_ID, at: datetime | None = None,
    ) -> int:  # fmt: skip
        """Put so many thousandths of an element on a lead, instead of those there; its id."""
        with self.lock:
            kept = [one for one in self.goods_of(lead) if one.element != element]
            goods = (*kept, Good(catalog, element, quantity, price_id))
            return self._sell(lead, goods, "entity_linked", element, self.moment(at), by)

    def take_off_product(
        self, lead: int, element: int, *, by: int = ADMIN_ID, at: datetime | None = None
    ) -> int:
        """Take an element off a lead; returns its id."""
        with self.lock:
            goods = tuple(one for one in self.goods_of(lead) if one.element != element)
            return self._sell(lead, goods, "entity_unlinked", element, self.moment(at), by)

    def goods_of(self, lead: int) -> tuple[Good, ...]:
        """What is on a lead now."""
        goods = self.leads.rows[lead].goods
        return goods[-1][1] if goods else ()

    def _sell(
        self, lead_id: int, goods: tuple[Good, ...], kind: str, element: int, at: int, by: int
    ) -> int:
        lead = self.leads.rows[lead_id]
        lead.goods.append((at, goods))
        lead.touched = (at, by)
        self.leads.touch()
        link = (("link", ("catalog_element", element)),)
        before, after = ((), link) if kind == "entity_linked" else (link, ())
        self.note_event(Event(kind, "lead", lead_id, at, by, before, after))
        self.tell("update_lead", lambda: lead_tree(self, "update", lead))
        return element
