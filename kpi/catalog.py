"""All metrics: the core declarations, the user's own, and `calls_<N>s` for any N."""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

from config.document import Document
from config.error import ConfigError, Problem
from config.value import nearest
from kpi.condition import Condition
from kpi.custom import is_field
from kpi.declaration import Declaration, additive
from kpi.error import AskError
from kpi.formula import Formula
from kpi.metric import OF_ROWS, Additive, Kind, Measure, Metric, Snapshot, Split
from kpi.subject import SUBJECTS
from kpi.where import complete_where

CORE = Path(__file__).parent / "catalog"
_FIRST = CORE / "core.toml"
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST_NAME = 48
_RESERVED = ("day", "kind", "manager_id", "start_day")
_TALKED = re.compile(r"calls_([1-9]\d{0,8})s")
_BUILD = 2
"""Raised when cells must be rebuilt because this program counts differently than the last one."""


class Catalog:
    """Every declared metric by name, in the order of declaration. Loaded once and kept: what is
    derived from it is remembered for the very object."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self.metrics = metrics

    def __repr__(self) -> str:
        return f"Catalog({len(self.metrics)} metrics)"

    def find(self, name: str) -> Metric:
        """The metric, also an undeclared `calls_<N>s`; AskError with the nearest name."""
        found = self.metrics.get(name) or talked_calls(name)
        if found is None:
            raise AskError(f"There is no metric {name!r}{nearest(name, self.metrics)}.")
        return found

    def column(self, name: str) -> Metric:
        """The metric, which is one number a manager and period; AskError if it is told apart."""
        metric = self.find(name)
        if metric.dimension is not None:
            what = f"{name} has a value for each {metric.dimension}."
            raise AskError(what, todo=f"It does not fit into one field: take {name} out of there.")
        return metric

    def leaves(self, metric: Metric) -> Sequence[tuple[Metric, Kind]]:
        """The metrics that `metric` is made of, each once, none of which is a formula."""
        known = self._leaves.get(metric.name)
        if known is None:
            self._leaves[metric.name] = known = tuple(self._parts(metric).values())
        return known

    def _parts(self, metric: Metric) -> dict[str, tuple[Metric, Kind]]:
        found: dict[str, tuple[Metric, Kind]] = {}
        names = [metric.name]
        for name in names:
            part = self.find(name)
            if isinstance(part.kind, Formula):
                names += part.kind.names
            else:
                found[name] = part, part.kind
        return found

    @cached_property
    def _leaves(self) -> dict[str, tuple[tuple[Metric, Kind], ...]]:
        return {}

    @cached_property
    def columns(self) -> Mapping[Measure, str]:
        """Every sum that is kept in the cells, with the name of its column."""
        shown = [each for each in self.metrics.values() if not each.extra]
        kept = {leaf.name for each in shown for leaf, _ in self.leaves(each)}
        kinds = [(name, each.kind) for name, each in self.metrics.items() if name in kept]
        sums = [(name, kind) for name, kind in kinds if isinstance(kind, Additive)]
        sums = [(name, kind) for name, kind in sums if not _is_about_fields(kind)]
        found: dict[Measure, str] = {}
        for name, kind in sums:
            found.setdefault(kind.total, name)
        for name, kind in sums:
            found.setdefault(kind.records, f"{name}__n")
            if kind.gap is not None:
                found.setdefault(kind.gap, f"{name}__gap")
        return found

    @cached_property
    def board(self) -> tuple[Metric, ...]:
        """The metrics that are one number for a manager and period: columns of a table."""
        found = (each for each in self.metrics.values() if each.dimension is None)
        return tuple(each for each in found if not each.extra)

    @property
    def shown_names(self) -> tuple[str, ...]:
        """The names of all metrics but those that are shown only when asked for."""
        return tuple(name for name, each in self.metrics.items() if not each.extra)

    @property
    def column_names(self) -> tuple[str, ...]:
        """What fits into one field: the board's metrics, and those shown only when asked for."""
        return tuple(name for name, each in self.metrics.items() if each.dimension is None)

    @property
    def board_names(self) -> tuple[str, ...]:
        """The names of the board's metrics."""
        return tuple(each.name for each in self.board)

    @cached_property
    def splits(self) -> Mapping[str, Split]:
        """The sums that are told apart by a dimension and kept, by the metric's name."""
        kinds = ((name, each.kind) for name, each in self.metrics.items() if not each.extra)
        found = ((name, kind) for name, kind in kinds if isinstance(kind, Split))
        return {
            name: kind
            for name, kind in found
            if not (is_field(kind.dimension) or _is_about_fields(kind.sums))
        }

    @cached_property
    def snapshots(self) -> Mapping[str, Snapshot]:
        """The sums of which a snapshot is kept every day, by the metric's name."""
        kinds = ((name, each.kind) for name, each in self.metrics.items())
        return {name: kind for name, kind in kinds if isinstance(kind, Snapshot)}

    @cached_property
    def fingerprint(self) -> str:
        """Changes when the cells no longer fit the declarations and must be rebuilt."""
        kinds = {**self.splits, **self.snapshots}
        rows = sorted((name, repr(kind)) for name, kind in kinds.items())
        columns = sorted((name, each) for each, name in self.columns.items())
        text = repr((_BUILD, columns, rows))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=64)
def talked_calls(name: str) -> Metric | None:
    """The metric `calls_<N>s`: calls with at least N seconds of talk; None for another name."""
    match = _TALKED.fullmatch(name)
    if match is None:
        return None
    seconds = int(match[1])
    least = Condition(column="talk_s", lookup="gte", value=seconds)
    where = complete_where(SUBJECTS["call"], {"talk_s": least})
    return Metric(
        name=name,
        titles={"ru": f"Разговоры от {seconds} с", "en": f"Calls of {seconds} s and more"},
        meanings={
            "ru": f"Звонки в любую сторону, в которых проговорили не меньше {seconds} секунд.",
            "en": f"Calls, either way, with at least {seconds} seconds of talk.",
        },
        category="activity",
        unit="calls",
        needs=("calls",),
        kind=additive("call", "day", "manager_id", "count", where),
    )


def load_catalog(files: Sequence[Path] = (), wanted: Collection[str] = ()) -> Catalog:
    """Reads our declarations and the user's; ConfigError holds every mistake in them.

    What is `wanted`, as a destination writes it, is kept and shown though it is an extra.
    """
    return _read(tuple(files), wanted) if files else _own(frozenset(wanted))


@lru_cache(maxsize=8)
def _own(wanted: frozenset[str]) -> Catalog:
    """Our declarations alone, which do not change while the program runs."""
    return _read((), wanted)


def _read(files: Sequence[Path], wanted: Collection[str]) -> Catalog:
    metrics: dict[str, Metric] = {}
    declared: dict[str, Declaration] = {}
    problems: list[Problem] = []
    ours = sorted(CORE.glob("*.toml"), key=lambda file: (file != _FIRST, file))
    for file in (*ours, *files):
        document = Document()
        document.add_file(file)
        problems += document.problems
        for name, table in document.data.items():
            if wrong := _misplaced(name, table, file, declared):
                problems.append(document.problem((name,), wrong))
                continue
            declared[name] = declaration = Declaration(document, name, table)
            metric = declaration.read()
            problems += declaration.problems
            if metric is not None:
                metrics[name] = metric
    problems += _check_formulas(declared, metrics)
    if problems:
        raise ConfigError("The metric files are wrong.", problems=problems)
    for name in metrics.keys() & set(wanted):
        metrics[name] = replace(metrics[name], extra=False)
    return Catalog(_completed(metrics))


def _misplaced(name: str, table: object, file: Path, declared: Mapping[str, Declaration]) -> str:
    if not isinstance(table, dict):
        return f"must be a table: [{name}]"
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME or name in _RESERVED:
        return "a metric is named in small Latin letters, digits and single underscores"
    if name in declared:
        return f"is declared already in {declared[name].document.start[0]}"
    if _TALKED.fullmatch(name) and file.parent != CORE:
        return "exists without a declaration"
    return ""


def _check_formulas(
    declared: Mapping[str, Declaration], metrics: Mapping[str, Metric]
) -> Iterator[Problem]:
    """Names that do not exist or are no sums, and formulas that need themselves."""
    names = {name: each.formula.names for name, each in declared.items() if each.formula}
    for name, parts in names.items():
        document, place = declared[name].document, (name, "formula")
        for part in parts:
            if part not in declared and talked_calls(part) is None:
                message = f"unknown metric in the formula{nearest(part, declared)}"
                yield document.problem(place, message)
            elif part in metrics and not _is_one_number(metrics[part]):
                message = f"{part} is not one number counted of a period: it fits into no formula"
                yield document.problem(place, message)
        if name in _reached(name, names):
            yield document.problem(place, "the formula needs itself")


def _is_one_number(metric: Metric) -> bool:
    fits = isinstance(metric.kind, (Additive, Formula, *OF_ROWS))
    return fits and metric.dimension is None


def _is_about_fields(kind: Additive) -> bool:
    """Whether custom fields decide it: they change without the record, so it is not kept."""
    columns = (kind.total.value.partition(":")[2], *(each.column for each in kind.total.where))
    return any(map(is_field, columns))


def _reached(name: str, parts: Mapping[str, Iterable[str]]) -> set[str]:
    """Everything a formula is made of, through other formulas too."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        fresh = set(parts.get(waiting.pop(), ())) - reached
        reached |= fresh
        waiting += fresh
    return reached


def _completed(metrics: Mapping[str, Metric]) -> dict[str, Metric]:
    """A formula needs what its parts need."""
    catalog = Catalog(metrics)
    return {name: _complete(metric, catalog) for name, metric in metrics.items()}


def _complete(metric: Metric, catalog: Catalog) -> Metric:
    parts = [leaf for leaf, _ in catalog.leaves(metric)]
    needs = {need for part in (metric, *parts) for need in part.needs}
    all_time = any(part.all_time for part in (metric, *parts))
    return replace(metric, needs=tuple(sorted(needs)), all_time=all_time)
