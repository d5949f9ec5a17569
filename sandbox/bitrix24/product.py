"""Product rows of deals: what is sold in a deal, with every state the rows ever had."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.bitrix24.field import Field, by_name, constant
from sandbox.bitrix24.listing import Query

if TYPE_CHECKING:
    from sandbox.bitrix24.deal import Deals

GOODS = (
    "Насос", "Фильтр", "Датчик давления", "Клапан", "Щит управления", "Кабель", "Монтаж",
    "Обучение", "Шкаф", "Контроллер", "Лицензия", "Привод", "Поддержка", "Доставка",
)  # fmt: skip


class Good(NamedTuple):
    """What a row is to say: a product of the catalogue (0 = none), kopecks apiece, thousandths."""

    product: int
    name: str
    price: int
    quantity: int = 1000
    discount: int = 0


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A row of a deal; `price` after the discount."""

    id: int
    deal: int
    good: Good
    sort: int


class Products:
    """The rows of every deal, by deal; `states` are (at, rows), ascending."""

    id_field = "id"
    time_field = ""

    def __init__(self, deals: "Deals") -> None:
        self.states: dict[int, list[tuple[float, list[ProductRow]]]] = {}
        self._deals = deals
        self._last = 17000

    def put(self, deal: int, goods: Sequence[Good], at: float) -> list[int]:
        """Replaces the rows of a deal; a row of the same product keeps its id."""
        before = {row.good.name: row.id for row in self.of(deal)}
        rows = [
            ProductRow(before.pop(good.name, 0) or self._next(), deal, good, 10 * (index + 1))
            for index, good in enumerate(goods)
        ]
        self.states.setdefault(deal, []).append((at, rows))
        return [row.id for row in rows]

    def of(self, deal: int, at: float = float("inf")) -> list[ProductRow]:
        """The rows of a deal as they were at a moment."""
        known = [rows for moment, rows in self.states.get(deal, ()) if moment <= at]
        return known[-1] if known else []

    def rows_of(self, deals: Iterable[int]) -> "_Rows":
        """The rows of these deals, of those that exist, as a list's source."""
        found = [row for deal in deals if self._deals.living(deal) for row in self.of(deal)]
        return _Rows(sorted(found, key=lambda row: row.id))

    def _next(self) -> int:
        self._last += 1
        return self._last


class _Rows:
    id_field = "id"
    time_field = ""

    def __init__(self, rows: list[ProductRow]) -> None:
        self._rows = rows

    def rows(self, query: Query, *, falling: bool = False) -> Iterable[ProductRow]:
        """Rows within the bounds of id."""
        found = [row for row in self._rows if query.holds(row.id)]
        return reversed(found) if falling else found

    def count(self, query: Query) -> int | None:
        """How many rows lie within the bounds of id."""
        return sum(1 for _ in self.rows(query))


def _good(name: str) -> Any:
    return lambda row: getattr(row.good, name)


def _hundredth(name: str) -> Any:
    return lambda row: getattr(row.good, name) / 100


PRODUCT_FIELDS: Mapping[str, Field] = by_name(
    (
        Field("id", "ID", "integer", lambda row: row.id, "", True),
        Field("ownerId", "OWNER_ID", "integer", lambda row: row.deal),
        Field("ownerType", "OWNER_TYPE", "string", constant("D")),
        Field("productId", "PRODUCT_ID", "integer", _good("product")),
        Field("productName", "PRODUCT_NAME", "string", _good("name")),
        Field("price", "PRICE", "double", _hundredth("price")),
        Field("priceExclusive", "PRICE_EXCLUSIVE", "double", _hundredth("price")),
        Field(
            "priceNetto", "PRICE_NETTO", "double", lambda r: (r.good.price + r.good.discount) / 100
        ),
        Field(
            "priceBrutto",
            "PRICE_BRUTTO",
            "double",
            lambda r: (r.good.price + r.good.discount) / 100,
        ),
        Field("quantity", "QUANTITY", "double", lambda row: row.good.quantity / 1000),
        Field("discountTypeId", "DISCOUNT_TYPE_ID", "integer", constant(1)),
        Field("discountSum", "DISCOUNT_SUM", "double", _hundredth("discount")),
        Field("taxRate", "TAX_RATE", "double", constant(None)),
        Field("taxIncluded", "TAX_INCLUDED", "boolean", constant("Y")),
        Field("customized", "CUSTOMIZED", "boolean", constant("Y")),
        Field("measureCode", "MEASURE_CODE", "integer", constant(796)),
        Field("measureName", "MEASURE_NAME", "string", constant("шт")),
        Field("sort", "SORT", "integer", lambda row: row.sort),
        Field("type", "TYPE", "integer", constant(4)),
    )
)
