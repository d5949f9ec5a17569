"""Products: elements of lists of that type, with their prices."""

from typing import TYPE_CHECKING

from sandbox.amocrm.catalog import Catalog, Element, Elements
from sandbox.amocrm.field import Field
from sandbox.amocrm.good import Good

if TYPE_CHECKING:
    from sandbox.amocrm.book import Book

PRICE_ID = 271211
WHOLESALE_ID = 271215


def put_list(book: "Book", catalog_id: int, name: str, kind: str, at: int, by: int) -> int:
    """Adds a list whose elements have an article and two prices; returns its id."""
    book.catalogs[catalog_id] = Catalog(
        catalog_id, name, at, by, type=kind, can_show_in_cards=True, updated_at=at
    )
    book.elements[catalog_id] = Elements()
    entity = f"catalogs/{catalog_id}"
    book.fields.put(entity, Field(271207, "Артикул", "text", 1, "SKU", True))
    book.fields.put(entity, Field(PRICE_ID, "Цена", "numeric", 2, "PRICE", True))
    book.fields.put(entity, Field(WHOLESALE_ID, "Опт", "numeric", 3))
    return catalog_id


def put_element(book: "Book", made: Element, prices: dict[int, str]) -> int:
    """Adds an element with these prices, by field; returns its id."""
    made.values = {field: [{"value": price}] for field, price in prices.items()}
    book.elements[made.catalog].put(made)
    return made.id


def price_of(book: "Book", good: Good) -> str:
    """What one costs now, as the field spells it; "0" where there is no price."""
    element = book.elements[good.catalog].rows.get(good.element)
    values = element.values.get(good.price_id or PRICE_ID) if element else None
    return str(values[0]["value"]) if values else "0"
