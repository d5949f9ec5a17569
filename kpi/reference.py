"""docs/metrics.md, made from the declarations: `python -m kpi.reference` prints it."""

import inspect
import sys
from collections.abc import Iterator, Sequence

from kpi.catalog import Catalog, load_catalog
from kpi.condition import Condition
from kpi.custom import NUMBER
from kpi.declaration import CATEGORIES
from kpi.formula import Formula
from kpi.metric import (
    NOW,
    Additive,
    Distinct,
    Measure,
    Median,
    Metric,
    Own,
    Share,
    Snapshot,
    Split,
    Unfed,
)
from kpi.need import is_setting, setting_of
from kpi.subject import SUBJECTS, Subject

_HEAD = """\
# Metrics

Made from `kpi/catalog/*.toml` by `make metrics`; a test fails when it is out of date. S-numbers are
places in the list of 77 KPIs. *extra*: shown, kept and written only where it is asked for by name
(`merilo kpi --metric`, a destination). *of*: has a value for each of these.

A deal, lead or quote counts only while it exists. Every metric is known only as far as the streams
it needs were read, and the settings it needs are there; otherwise its state is `partial` or
`unknown`, never 0. `calls_<N>s`, talks of N seconds and more, exists for any N.
"""
_TITLES = {
    "activity": "Активность · Activity",
    "conversion": "Конверсия · Conversion",
    "result": "Результат · Result",
    "quality": "Качество · Quality",
}
_SIGNS = {"eq": "=", "ne": "is not", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "in": "in"}
_HUNDREDTHS = ("base_amount", "base_discount")


def reference(catalog: Catalog) -> str:
    """The whole page, as Markdown."""
    parts = [_HEAD]
    for category in CATEGORIES:
        parts.append(f"## {_TITLES[category]}\n")
        parts += [_entry(each) for each in catalog.metrics.values() if each.category == category]
    return "\n".join(parts)


def _entry(metric: Metric) -> str:
    lines = [f"### `{metric.name}`{''.join(f' · {each}' for each in metric.numbers)}\n"]
    lines.append(f"**{metric.title('ru')} · {metric.title('en')}**\n")
    lines += [f"{metric.meaning('ru')} {metric.meaning('en')}\n"]
    lines.append(f"- how: {_how(metric)}")
    notes = [metric.unit or "number"]
    notes += [f"of {metric.dimension}"] if metric.dimension else []
    notes += ["extra"] if metric.extra else []
    notes += [f"version {metric.version}"] if metric.version > 1 else []
    lines.append(f"- unit: {', '.join(notes)}")
    if metric.needs:
        lines.append(f"- needs: {', '.join(_need(each) for each in metric.needs)}")
    return "\n".join(lines) + "\n"


def _need(need: str) -> str:
    return f"`{setting_of(need)}`" if is_setting(need) else need


def _how(metric: Metric) -> str:
    match metric.kind:
        case Formula(text=text):
            return f"`{text}`"
        case Additive(total=total):
            return _counted(total)
        case Share(sums=sums):
            return f"share of each {metric.dimension} in {_counted(sums.total)}"
        case Split(sums=sums):
            return f"{_counted(sums.total)}, for each {metric.dimension}"
        case Snapshot(sums=sums):
            return f"{_counted(sums.total)}, kept once a day"
        case Median(measure=measure) | Distinct(measure=measure):
            is_median = isinstance(metric.kind, Median)
            return _counted(measure, "median of" if is_median else "number of different")
        case Own() as own:
            return _function(own)
        case Unfed(awaits=awaits):
            return f"always unknown; it awaits {awaits['en']}"


def _counted(measure: Measure, how: str = "sum of") -> str:
    subject = SUBJECTS[measure.fact]
    column = measure.value.partition(":")[2].removesuffix(NUMBER)
    what = f"{how} `{column}` of {measure.fact}s" if column else f"number of {measure.fact}s"
    if measure.when == NOW:
        day, who = "as they stand", subject.holder
    else:
        day, who = f"by `{subject.occasion(measure.when).at}`", measure.who
    conditions = ", ".join(_conditions(subject, measure.where))
    return f"{what}, {day}, for `{who}`" + (f", where {conditions}" if conditions else "")


def _conditions(subject: Subject, where: Sequence[Condition]) -> Iterator[str]:
    for each in where:
        if each in subject.exists:
            continue
        name = each.column.removesuffix(NUMBER)
        if each.lookup == "isnull":
            yield f"`{name}` is {'empty' if each.value else 'filled in'}"
            continue
        words = subject.words.get(name, {}).items()
        value = next((word for word, number in words if number == each.value), each.value)
        if isinstance(value, int) and (name in _HUNDREDTHS or each.column != name):
            value = value // 100
        yield f"`{name}` {_SIGNS[each.lookup]} {value}"


def _function(own: Own) -> str:
    told = (inspect.getdoc(own.call) or "").partition("\n\n")[0].replace("\n", " ")
    options = ", ".join(f"{name} = {value}" for name, value in own.options)
    return f"{own.combine} of `{own.function}`" + (f" ({options})" if options else "") + f": {told}"


if __name__ == "__main__":
    sys.stdout.write(reference(load_catalog()))
