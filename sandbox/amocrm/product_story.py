"""What the simulated company sells: its list of products, and what of it is on which lead."""

import random
from collections.abc import Iterable

from sandbox.amocrm.book import Book
from sandbox.amocrm.catalog import Element
from sandbox.amocrm.good import Good
from sandbox.amocrm.lead import Lead
from sandbox.amocrm.product import PRICE_ID, WHOLESALE_ID, put_element, put_list
from sandbox.amocrm.user import ADMIN_ID

LIST_ID = 4521
_FIRST_ID = 525439
_NAMES = (
    "Насос", "Фильтр", "Датчик давления", "Клапан", "Щит управления", "Кабель, м", "Монтаж",
    "Обучение, ч", "Шкаф", "Контроллер", "Лицензия", "Привод", "Поддержка", "Доставка",
)  # fmt: skip
_QUANTITIES = (1000, 1000, 1000, 2000, 5000, 12_000, 500, 1333)


def write_products(book: Book, rng: random.Random, at: int) -> None:
    """A list made at a moment; leads have products from their beginning, some have others later."""
    put_list(book, LIST_ID, "Товары", "products", at, ADMIN_ID)
    for index, name in enumerate(_NAMES):
        made = Element(_FIRST_ID + 2 * index, LIST_ID, name, at, ADMIN_ID)
        price = rng.choice((f"{rng.randrange(1, 900) * 100}", f"{rng.randrange(100, 9999)}.37"))
        prices = {PRICE_ID: price, WHOLESALE_ID: str(rng.randrange(1, 500) * 10)}
        put_element(book, made, prices if index % 7 else {})
    _write_leads(rng, book.leads.every())


def _write_leads(rng: random.Random, leads: Iterable[Lead]) -> None:
    for lead in leads:
        if rng.random() < 0.4:
            lead.goods.append((lead.created_at, _some(rng)))
            if len(lead.versions) > 2 and rng.random() < 0.3:
                lead.goods.append((lead.versions[1].at, _some(rng)))


def _some(rng: random.Random) -> tuple[Good, ...]:
    elements = rng.sample(range(_FIRST_ID, _FIRST_ID + 2 * len(_NAMES), 2), rng.randrange(4))
    return tuple(
        Good(LIST_ID, one, rng.choice(_QUANTITIES), WHOLESALE_ID if rng.random() < 0.2 else 0)
        for one in elements
    )
