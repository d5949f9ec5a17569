"""Reads one table of a metric file; every mistake is told, and only then the table is refused."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from config.document import Document
from config.error import Problem
from config.value import closest, nearest
from kpi.condition import Condition
from kpi.formula import Formula, parse_formula
from kpi.metric import MONEY, NOW, Additive, Kind, Measure, Median, Metric, Snapshot, Split
from kpi.subject import SUBJECTS, Occasion, Subject
from kpi.where import complete_where, parse_condition

_ABOUT = ("title", "meaning", "category", "unit", "needs", "all_time", "beside", "version")
_COUNTED = ("fact", "when", "who", "value", "where", "by")
KEYS = (*_ABOUT, *_COUNTED, "formula")
HOLDER = "holder"
_NOW = Occasion(at=NOW, day=NOW, who=HOLDER)
LANGUAGES = ("ru", "en", "kk")
CATEGORIES = ("activity", "conversion", "result", "quality")
STREAMS = tuple(sorted({subject.stream for subject in SUBJECTS.values()}))


class Declaration:
    """The table of one metric while it is read; `problems` grows with every mistake.

    `formula` is known as soon as it could be parsed, whatever else is wrong.
    """

    def __init__(self, document: Document, name: str, table: Mapping[str, Any]) -> None:
        self.document = document
        self.name = name
        self.table = table
        self.problems: list[Problem] = []
        self.formula: Formula | None = None
        self.misspelt = {closest(key, KEYS) for key in table if key not in KEYS}

    def read(self) -> Metric | None:
        """The metric, or None when `problems` says why not."""
        valid = (*_ABOUT, "formula") if "formula" in self.table else (*_ABOUT, *_COUNTED)
        for key in self.table:
            if key in KEYS and key not in valid:
                self.refuse("cannot stand beside a formula", key)
            elif key not in KEYS:
                self.refuse(f"unknown key{nearest(key, KEYS)}", key)
        metric = self._formula() if "formula" in self.table else self._counted()
        return None if self.problems else metric

    def refuse(self, message: str, *path: str | int) -> None:
        """Remembers a mistake at a key of the table."""
        self.problems.append(self.document.problem((self.name, *path), message))

    def _counted(self) -> Metric | None:
        about = self._about()
        fact = self._choice("fact", tuple(SUBJECTS))
        if fact is None:
            return None
        subject = SUBJECTS[fact]
        occasion = self._occasion(subject)
        rules = {HOLDER: subject.holder} if occasion is _NOW else subject.credits
        who = self._choice("who", tuple(rules), occasion.who)
        value, unit = self._sum(subject)
        where, dimension = self._where(subject), self._dimension(subject)
        if who is None or self.problems:
            return None
        unit, needs = self._unit(unit, is_sum=value != "count"), self._needs((subject.stream,))
        measure = Measure(
            fact=fact, when=occasion.day, who=rules[who] or "", value=value, where=where
        )
        kind = self._kind(measure, dimension)
        about["all_time"] |= isinstance(kind, Snapshot)
        return Metric(name=self.name, unit=unit, needs=needs, kind=kind, **about)

    def _kind(self, measure: Measure, dimension: str | None) -> Kind:
        name = measure.value.removeprefix("median:")
        is_median, is_now = name != measure.value, measure.when == NOW
        if is_median + is_now + (dimension is not None) > 1:
            self.refuse("a median, a snapshot and a sum told apart exclude each other")
        if is_median:
            return Median(measure=replace(measure, value=f"each:{name}"))
        sums = additive(measure.fact, measure.when, measure.who, measure.value, measure.where)
        if dimension is not None:
            return Split(sums=sums, dimension=dimension)
        return Snapshot(sums=sums) if is_now else sums

    def _formula(self) -> Metric | None:
        about = self._about()
        unit, needs = self._text("unit"), self._needs(())
        try:
            formula = self.formula = parse_formula(self._text("formula") or "")
        except ValueError as error:
            self.refuse(str(error), "formula")
            return None
        if not formula.names:
            self.refuse("must name at least one metric", "formula")
        return Metric(name=self.name, unit=unit or "", needs=needs, kind=formula, **about)

    def _about(self) -> dict[str, Any]:
        return {
            "titles": self._texts("title", required=True),
            "meanings": self._texts("meaning", required=False),
            "category": self._choice("category", CATEGORIES) or "",
            "version": self._version(),
            "all_time": self._flag("all_time"),
            "beside": self._flag("beside"),
        }

    def _occasion(self, subject: Subject) -> Occasion:
        now = (NOW,) if subject.holder else ()
        when = self._choice("when", (*subject.occasions, *now))
        return _NOW if when == NOW else subject.occasions[when or next(iter(subject.occasions))]

    def _dimension(self, subject: Subject) -> str | None:
        return self._choice("by", subject.dimensions) if "by" in self.table else None

    def _sum(self, subject: Subject) -> tuple[str, str]:
        """`value` and the unit it implies."""
        value = self._text("value", "count") or "count"
        units = {f"sum:{column}": unit for column, unit in subject.sums.items()}
        units |= {f"median:{column}": unit for column, unit in subject.sums.items()}
        units["count"] = subject.unit
        if value not in units:
            self.refuse(f"unknown value{nearest(value, units)}", "value")
        return value, units.get(value, "")

    def _where(self, subject: Subject) -> tuple[Condition, ...]:
        table = self.table.get("where", {})
        if not isinstance(table, dict):
            self.refuse("must be a table", "where")
            return ()
        conditions = {}
        for key, value in table.items():
            try:
                conditions[key] = parse_condition(subject, key, value)
            except ValueError as error:
                self.refuse(str(error), "where", key)
        return complete_where(subject, conditions)

    def _unit(self, implied: str, *, is_sum: bool) -> str:
        unit = self._text("unit", implied) or implied
        if is_sum and unit != implied:
            self.refuse(f'the sum of this column is in "{implied}"', "unit")
        elif not is_sum and unit in (MONEY, "ratio", "seconds", "days"):
            self.refuse(f'a count is never in "{unit}"', "unit")
        return unit

    def _needs(self, implied: tuple[str, ...]) -> tuple[str, ...]:
        value = self.table.get("needs", list(implied))
        if not isinstance(value, list):
            self.refuse("must be a list in [brackets]", "needs")
            return implied
        for index, stream in enumerate(value):
            if stream not in STREAMS:
                self.refuse(f"unknown stream{nearest(stream, STREAMS)}", "needs", index)
        return tuple(sorted({*implied, *map(str, value)}))

    def _flag(self, key: str) -> bool:
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            self.refuse("must be true or false", key)
        return value is True

    def _version(self) -> int:
        value = self.table.get("version", 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.refuse("must be a whole number from 1", "version")
            return 1
        return value

    def _texts(self, key: str, *, required: bool) -> dict[str, str]:
        table = self.table.get(key)
        if table is None:
            if required:
                self._miss(key, f": {key}.ru or {key}.en")
            return {}
        if not isinstance(table, dict):
            self.refuse(f"must be given by language: {key}.ru or {key}.en", key)
            return {}
        for language, text in table.items():
            if language not in LANGUAGES:
                self.refuse(f"unknown language{nearest(language, LANGUAGES)}", key, language)
            elif not isinstance(text, str) or not text.strip():
                self.refuse("must be text in quotes", key, language)
        return {str(language): str(text) for language, text in table.items()}

    def _text(self, key: str, default: str | None = None) -> str | None:
        value = self.table.get(key, default)
        if isinstance(value, str) and value:
            return value
        self._miss(key) if value is None else self.refuse("must be text in quotes", key)
        return None

    def _miss(self, key: str, how: str = "") -> None:
        """A required key is not there; if it is only misspelt, that has been told already."""
        if key not in self.misspelt:
            self.refuse(f"is required{how}", key)

    def _choice(self, key: str, valid: tuple[str, ...], default: str | None = None) -> str | None:
        value = self._text(key, default)
        if value is None or value in valid:
            return value
        self.refuse(f"unknown {key}{nearest(value, valid)}", key)
        return None


def additive(fact: str, when: str, who: str, value: str, where: tuple[Condition, ...]) -> Additive:
    """The sums behind a metric: its own, the number of records, and the records left out."""

    def measure(value: str) -> Measure:
        return Measure(fact=fact, when=when, who=who, value=value, where=where)

    column = value.removeprefix("sum:")
    is_sum = value != "count"
    nullable = is_sum and SUBJECTS[fact].table.c[column].nullable
    return Additive(
        total=measure(value),
        records=measure("count"),
        gap=measure(f"gap:{column}") if nullable else None,
    )
