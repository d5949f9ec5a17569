"""Reads one table of a metric file; every mistake is told, and only then the table is refused."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from config.document import Document
from config.error import Problem
from config.value import closest, nearest
from kpi.condition import Condition
from kpi.custom import NUMBER, is_field, name_of
from kpi.formula import Formula, parse_formula
from kpi.hatch import find_function
from kpi.metric import (
    MONEY,
    NOW,
    RATIO,
    Additive,
    Distinct,
    Kind,
    Measure,
    Median,
    Metric,
    Own,
    Share,
    Snapshot,
    Split,
    Unfed,
)
from kpi.need import is_setting
from kpi.subject import SUBJECTS, Occasion, Subject
from kpi.where import complete_where, parse_condition

_ABOUT = (
    "title",
    "meaning",
    "category",
    "unit",
    "needs",
    "all_time",
    "beside",
    "extra",
    "number",
    "version",
)
_COUNTED = ("fact", "when", "who", "value", "where", "by")
_FORMS: Mapping[str, tuple[str, ...]] = {
    "formula": (),
    "python": ("fact", "combine", "options", "by"),
    "awaits": (),
}
"""How a metric may be declared instead of by what it counts, and the keys that go with it."""
KEYS = (*_ABOUT, *_COUNTED, *_FORMS, "combine", "options")
COMBINE = ("sum", "mean", "median", "share", "distinct")
HOLDER = "holder"
_NOW = Occasion(at=NOW, day=NOW, who=HOLDER)
LANGUAGES = ("ru", "en", "kk")
CATEGORIES = ("activity", "conversion", "result", "quality")
_FEEDING = {name for each in SUBJECTS.values() for name in (each.stream, *each.also)}
_APART = {"crm_calls", "email_threads", "line_discounts", "pbx_calls", "stage_history"}
STREAMS = tuple(sorted(_FEEDING | _APART))
_NUMBER = re.compile(r"S[1-9]\d{0,2}")


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
        form = next((each for each in _FORMS if each in self.table), None)
        valid = (*_ABOUT, form, *_FORMS[form]) if form else (*_ABOUT, *_COUNTED)
        for key in self.table:
            if key in KEYS and key not in valid:
                beside = f"beside {'a formula' if form == 'formula' else form}" if form else "alone"
                self.refuse(f"cannot stand {beside}", key)
            elif key not in KEYS:
                self.refuse(f"unknown key{nearest(key, KEYS)}", key)
        readers = {"formula": self._formula, "python": self._own, "awaits": self._unfed}
        metric = readers[form]() if form else self._counted()
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
        is_sum = value.partition(":")[0] in ("sum", "median", "share")
        unit = self._unit(unit, is_sum=is_sum)
        fields = _fields_of(fact, value, where, dimension)
        needs = self._needs((subject.stream, *subject.also, *fields))
        measure = Measure(
            fact=fact, when=occasion.day, who=rules[who] or "", value=value, where=where
        )
        kind = self._kind(measure, dimension)
        about["all_time"] |= isinstance(kind, Snapshot)
        return Metric(name=self.name, unit=unit, needs=needs, kind=kind, **about)

    def _kind(self, measure: Measure, dimension: str | None) -> Kind:
        how, _, name = measure.value.partition(":")
        kinds: Mapping[str, type[Median | Distinct]] = {"median": Median, "distinct": Distinct}
        if (how in kinds) + (measure.when == NOW) + (dimension is not None) > 1:
            self.refuse(f"a {how}, a snapshot and a sum told apart exclude each other")
        if measure.when == NOW and any(is_field(each.column) for each in measure.where):
            self.refuse("a snapshot is not of custom fields: they change without their record")
        if how in kinds:
            return kinds[how](measure=replace(measure, value=f"each:{name}"))
        value = "count" if how == "share" else measure.value
        sums = additive(measure.fact, measure.when, measure.who, value, measure.where)
        if how == "share":
            if dimension is None:
                self.refuse(
                    "a share is that of each value of a dimension: say which with by", "value"
                )
            return Share(sums=sums, dimension=dimension or "")
        if dimension is not None:
            return Split(sums=sums, dimension=dimension)
        return Snapshot(sums=sums) if measure.when == NOW else sums

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

    def _own(self) -> Metric | None:
        about = self._about()
        fact, named = self._choice("fact", tuple(SUBJECTS)), self._text("python") or ""
        combine = self._choice("combine", COMBINE, "sum")
        options = self.table.get("options", {})
        if not isinstance(options, dict):
            self.refuse("must be a table", "options")
            options = {}
        try:
            call = find_function(named, Path(self.document.start[0]).parent)
        except ValueError as error:
            self.refuse(str(error), "python")
            return None
        unit = self._text("unit", RATIO if combine == "share" else None)
        if fact is None or combine is None:
            return None
        kind = Own(
            fact=fact,
            function=named,
            call=call,
            combine=combine,
            options=tuple(sorted(options.items())),
            dimension=self._text("by") if "by" in self.table else None,
        )
        needs = self._needs((SUBJECTS[fact].stream, *SUBJECTS[fact].also))
        return Metric(name=self.name, unit=unit or "", needs=needs, kind=kind, **about)

    def _unfed(self) -> Metric | None:
        about, unit = self._about(), self._text("unit") or ""
        kind = Unfed(awaits=self._texts("awaits", required=True))
        return Metric(name=self.name, unit=unit, needs=self._needs(()), kind=kind, **about)

    def _about(self) -> dict[str, Any]:
        return {
            "titles": self._texts("title", required=True),
            "meanings": self._texts("meaning", required=False),
            "category": self._choice("category", CATEGORIES) or "",
            "version": self._version(),
            "all_time": self._flag("all_time"),
            "beside": self._flag("beside"),
            "extra": self._flag("extra"),
            "numbers": self._numbers(),
        }

    def _occasion(self, subject: Subject) -> Occasion:
        now = (NOW,) if subject.holder else ()
        when = self._choice("when", (*subject.occasions, *now))
        return _NOW if when == NOW else subject.occasions[when or next(iter(subject.occasions))]

    def _dimension(self, subject: Subject) -> str | None:
        named = self.table.get("by")
        if isinstance(named, str) and subject.has_fields and is_field(named):
            return named
        return self._choice("by", subject.dimensions) if "by" in self.table else None

    def _sum(self, subject: Subject) -> tuple[str, str]:
        """`value` and the unit it implies."""
        value = self._text("value", "count") or "count"
        units = {f"sum:{column}": unit for column, unit in subject.sums.items()}
        units |= {f"median:{column}": unit for column, unit in subject.sums.items()}
        units |= {f"distinct:{column}": "" for column in subject.members}
        units |= {"count": subject.unit, "share": RATIO}
        how, _, column = value.partition(":")
        if subject.has_fields and is_field(column) and how in ("sum", "median", "distinct"):
            return (value, "") if how == "distinct" else (value + NUMBER, MONEY)
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
            if stream not in STREAMS and not is_setting(stream):
                self.refuse(f"unknown stream{nearest(stream, STREAMS)}", "needs", index)
        return tuple(sorted({*implied, *map(str, value)}))

    def _flag(self, key: str) -> bool:
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            self.refuse("must be true or false", key)
        return value is True

    def _numbers(self) -> tuple[str, ...]:
        value = self.table.get("number", [])
        numbers = value if isinstance(value, list) else [value]
        for each in numbers:
            if not isinstance(each, str) or not _NUMBER.fullmatch(each):
                self.refuse('must be such as "S12", or a list of these', "number")
        return tuple(map(str, numbers))

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
    nullable = is_sum and (is_field(column) or SUBJECTS[fact].table.c[column].nullable)
    return Additive(
        total=measure(value),
        records=measure("count"),
        gap=measure(f"gap:{column}") if nullable else None,
    )


def _fields_of(
    fact: str, value: str, where: tuple[Condition, ...], dimension: str | None
) -> Iterator[str]:
    """The settings that name the custom fields of which a metric is made."""
    columns = (value.partition(":")[2], dimension or "", *(each.column for each in where))
    yield from (f"fields.{fact}.{name_of(column)}" for column in columns if is_field(column))
