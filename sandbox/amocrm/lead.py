"""Deals (`leads`) with every version they ever had."""

from typing import Any, NamedTuple

from sandbox.amocrm.good import Goods
from sandbox.amocrm.pipeline import CLOSED, LOST
from sandbox.amocrm.table import Table
from sandbox.version import Versioned

Values = dict[int, list[dict[str, Any]]]
VERSIONED = frozenset({"owner", "pipeline", "status", "price", "name", "reason", "closed_at"})


class Version(NamedTuple):
    """The state of a lead from `at` on; `price` in roubles, `reason` a loss reason or None."""

    at: int
    by: int
    owner: int
    pipeline: int
    status: int
    price: int
    name: str
    reason: int | None = None
    closed_at: int | None = None
    deleted: bool = False

    @property
    def stage(self) -> tuple[int, int]:
        """(pipeline, status), the only key of a stage."""
        return self.pipeline, self.status


class Lead(Versioned[Version]):
    """A lead; `versions` is never empty and ascends by `at`; `values` are custom fields."""

    __slots__ = (
        "company", "contact", "created_at", "created_by", "goods", "id", "merged_into",
        "tags", "touched", "values",
    )  # fmt: skip

    def __init__(self, lead_id: int, first: Version, contact: int = 0, company: int = 0) -> None:
        super().__init__([first])
        self.id = lead_id
        self.created_at = first.at
        self.created_by = first.by
        self.contact = contact
        self.company = company
        self.values: Values = {}
        self.tags: list[tuple[int, str]] = []
        self.merged_into = 0
        self.goods: Goods = []
        # Changes that leave no version: a field, a tag, a link.
        self.touched: tuple[int, int] = (first.at, first.by)

    @property
    def updated_at(self) -> int:
        """When anything was last changed."""
        return max(self.now.at, self.touched[0])

    @property
    def updated_by(self) -> int:
        """Who changed it last; 0 is a robot."""
        return self.now.by if self.now.at >= self.touched[0] else self.touched[1]

    @property
    def name(self) -> str:
        """The title."""
        return self.now.name

    @property
    def price(self) -> int:
        """The budget in roubles."""
        return self.now.price

    @property
    def closed_at(self) -> int | None:
        """When it was closed; None while open."""
        return self.now.closed_at

    @property
    def status_id(self) -> int:
        """The stage's id within its pipeline."""
        return self.now.status

    @property
    def pipeline_id(self) -> int:
        """The pipeline."""
        return self.now.pipeline

    @property
    def responsible_user_id(self) -> int:
        """Who holds it."""
        return self.now.owner


def changed(version: Version, at: int, by: int, **values: Any) -> Version:
    """The next version; closing and reopening set what belongs to them."""
    following = version._replace(at=at, by=by, **values)
    if following.status in CLOSED:
        if version.stage != following.stage and "closed_at" not in values:
            following = following._replace(closed_at=at)
    else:
        following = following._replace(closed_at=None)
    if following.status != LOST:
        following = following._replace(reason=None)
    return following


class Leads(Table[Lead]):
    """Every lead."""
