"""Reads a declaration's `where`: each key and value checked against the fact's columns."""

from collections.abc import Mapping

from sqlalchemy import BigInteger, Integer

from config.value import nearest
from kpi.condition import LOOKUPS, Condition
from kpi.custom import NUMBER, is_field
from kpi.subject import Subject
from store.moment import Moment

_BITS = 31
_BITS_OF_BIG = 63
_MOST_OF_FIELD = 10**15


def parse_condition(subject: Subject, key: str, value: object) -> Condition:
    """One entry of `where`, such as `talk_s__gte = 120`; ValueError says what is wrong with it."""
    column, _, lookup = key.partition("__")
    lookup = lookup or "eq"
    if not subject.knows(column):
        raise ValueError(f"unknown column{nearest(column, subject.filters)}")
    if lookup not in LOOKUPS:
        raise ValueError(f"unknown lookup{nearest(lookup, LOOKUPS)}")
    if lookup == "isnull":
        if not isinstance(value, bool):
            raise ValueError("must be true or false")
        return Condition(column=column, lookup=lookup, value=value)
    if is_field(column):
        return _of_field(column, lookup, value)
    if isinstance(subject.table.c[column].type, Moment):
        raise ValueError(f"a moment can only be asked for being empty: {column}__isnull")
    if lookup != "in":
        return Condition(column=column, lookup=lookup, value=_value(subject, column, value))
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list in [brackets], not empty")
    values = {_value(subject, column, each) for each in value}
    return Condition(column=column, lookup=lookup, value=tuple(sorted(values, key=str)))


def _of_field(column: str, lookup: str, value: object) -> Condition:
    """A condition on a custom field: compared as text, or as a number of whole units."""
    if isinstance(value, str):
        return Condition(column=column, lookup=lookup, value=value)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return Condition(column=column, lookup=lookup, value=tuple(sorted(value)))
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MOST_OF_FIELD:
        return Condition(column=column + NUMBER, lookup=lookup, value=value * 100)
    raise ValueError("must be text in quotes, a list of texts or a whole number")


def complete_where(subject: Subject, conditions: Mapping[str, Condition]) -> tuple[Condition, ...]:
    """The conditions in a fixed order, with what every existing record fulfils unless they speak
    of that themselves."""
    named = {condition.column for condition in conditions.values()}
    implied = [condition for condition in subject.exists if condition.column not in named]
    return tuple(sorted([*conditions.values(), *implied], key=repr))


def _value(subject: Subject, column: str, value: object) -> int | str:
    words = subject.words.get(column)
    if words is not None:
        if not isinstance(value, str) or value not in words:
            raise ValueError(f"must be one of: {', '.join(words)}")
        return words[value]
    kind = subject.table.c[column].type
    if not isinstance(kind, Integer):
        if not isinstance(value, str):
            raise ValueError("must be text in quotes")
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("must be a whole number")
    if value.bit_length() > (_BITS_OF_BIG if isinstance(kind, BigInteger) else _BITS):
        raise ValueError("is too large")
    return value
