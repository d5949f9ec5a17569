"""What the CRM should show: scores as they come from the KPIs, and their texts by field."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors.destination import (
    AS_OF,
    COVERAGE,
    KEY,
    OWNER,
    TITLE,
    FieldKind,
    FieldSpec,
    Texts,
    text_of,
)
from store.ledger import Shape

Value = Decimal | int | None
_LABELS = {
    "ru": {KEY: "Ключ Merilo", AS_OF: "Данные на", COVERAGE: "Полнота данных"},
    "en": {KEY: "Merilo key", AS_OF: "Data as of", COVERAGE: "Coverage"},
}
_KINDS = {KEY: FieldKind.TEXT, AS_OF: FieldKind.MOMENT, COVERAGE: FieldKind.TEXT}


@dataclass(frozen=True, kw_only=True)
class ManagerScore:
    """One manager's numbers for one month.

    `alias`: the manager's user in the destination's source. `period`: the month's first day.
    `values`: by field name, money in major units, ratios 0..1, None = unknown. `coverage`: how
    complete the data are, a text that stays the same while nothing changes; `as_of`: when counted.
    """

    manager_id: int
    manager: str
    alias: str
    period: date
    values: Mapping[str, Value]
    coverage: str | None
    as_of: datetime


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One record as it should be: its key and every text, AS_OF among them.

    `manager` and `period`: whose numbers of which month, None for a fact about the record itself.
    """

    key: str
    manager: str | None
    period: date | None
    texts: Texts

    @property
    def compared(self) -> Texts:
        """What decides whether to write: everything but the moment, which only rides along."""
        return {name: text for name, text in self.texts.items() if name != AS_OF}

    @property
    def digest(self) -> str:
        """The compared texts in one string."""
        return json.dumps(self.compared, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class Desired:
    """The metrics' fields and what a destination should show in them.

    `scores` become records that we make, one each; `records` are set in records that are there.
    `own`: the names of our fields besides the metrics'.
    """

    fields: Sequence[FieldSpec]
    scores: Sequence[ManagerScore] = ()
    records: Sequence[Wanted] = ()
    language: str = "ru"
    own: Collection[str] = frozenset(_KINDS)

    @property
    def all_fields(self) -> tuple[FieldSpec, ...]:
        """The metrics' fields after those that every record has."""
        labels = _LABELS.get(self.language, _LABELS["ru"])
        names = [name for name in _KINDS if name in self.own]
        own = (FieldSpec(name=name, title=labels[name], kind=_KINDS[name]) for name in names)
        return (*own, *self.fields)


def wanted(desired: Desired) -> dict[str, Wanted]:
    """The records to keep, by key, in the order of the scores."""
    cards = (_wanted(desired, score) for score in desired.scores)
    return {each.key: each for each in (*desired.records, *cards)}


def card_key(score: ManagerScore) -> str:
    """By what the record of a score is found again."""
    return f"merilo:{score.manager_id}{ending(score.period)}"


def ending(month: date) -> str:
    """How the keys of all records of a month end."""
    return f":{month:%Y-%m}"


def in_profile(fields: Sequence[FieldSpec], score: ManagerScore) -> Wanted:
    """The score as it should stand among the fields of the manager's user."""
    return Wanted(
        key=f"user:{score.alias}",
        manager=score.manager.strip(),
        period=score.period,
        texts=_numbers(fields, score),
    )


def shape_of(fields: Sequence[FieldSpec]) -> Shape:
    """The fields as the store remembers them."""
    return tuple((spec.name, spec.kind.value, spec.title) for spec in fields)


def fields_of(shape: Shape) -> tuple[FieldSpec, ...]:
    """The fields that `shape_of` described."""
    return tuple(
        FieldSpec(name=name, kind=FieldKind(kind), title=title) for name, kind, title in shape
    )


def covers(shape: Shape, fields: Sequence[FieldSpec]) -> bool:
    """Whether every field is in the shape with its kind; a new label alone is no other field."""
    return {(spec.name, spec.kind.value) for spec in fields} <= {each[:2] for each in shape}


def _wanted(desired: Desired, score: ManagerScore) -> Wanted:
    key = card_key(score)
    texts = {
        TITLE: f"{score.manager.strip()} · {score.period:%Y-%m}",
        OWNER: score.alias,
        KEY: key,
        **_numbers(desired.fields, score),
    }
    return Wanted(key=key, manager=score.manager, period=score.period, texts=texts)


def _numbers(fields: Sequence[FieldSpec], score: ManagerScore) -> dict[str, str | None]:
    return {
        AS_OF: text_of(FieldKind.MOMENT, score.as_of),
        COVERAGE: text_of(FieldKind.TEXT, score.coverage),
        **{spec.name: text_of(spec.kind, score.values.get(spec.name)) for spec in fields},
    }
