"""Why a metric cannot be known at all, and what would feed it, in the language of the settings."""

from collections.abc import Iterable, Iterator

from config.settings import Settings
from config.value import nearest
from kpi.catalog import Catalog
from kpi.coverage import Vantage
from kpi.metric import Metric, Unfed
from kpi.need import is_setting, setting_of

_WORDS = {
    "ru": {
        "stream": "нужен источник с потоком {names}: добавьте [sources.*]",
        "setting": "нужна настройка {names}",
        "awaits": "пока ничто не даёт этих данных; нужно: {names}",
        "unread": "такие поля этого источника не читаются",
        "unused": "ни один показатель этого не использует",
    },
    "en": {
        "stream": "needs a source with the stream {names}: add [sources.*]",
        "setting": "needs the setting {names}",
        "awaits": "nothing feeds it yet; it awaits: {names}",
        "unread": "such fields of this source are not read",
        "unused": "no metric uses it",
    },
}

_STREAMS = {
    "ru": {
        "crm_calls": "звонки CRM",
        "pbx_calls": "звонки АТС",
        "email_threads": "переписки почтовых ящиков",
        "line_discounts": "скидки в строках товаров",
    },
    "en": {
        "crm_calls": "calls of a CRM",
        "pbx_calls": "calls of a telephone system",
        "email_threads": "threads of mailboxes",
        "line_discounts": "discounts of product lines",
    },
}
"""Streams that only some kinds of connector have, by what they are."""


def lack_of(metric: Metric, vantage: Vantage, language: str) -> str:
    """What no configured source and no setting gives the metric; "" if nothing is lacking."""
    words = _WORDS[language]
    if isinstance(metric.kind, Unfed):
        awaits = metric.kind.awaits
        return words["awaits"].format(names=awaits.get(language) or next(iter(awaits.values())))
    missing = [need for need in metric.needs if need not in vantage.met]
    streams = [need for need in missing if not is_setting(need)]
    if streams:
        names = _STREAMS[language]
        return words["stream"].format(names=", ".join(names.get(each, each) for each in streams))
    source = next(iter(vantage.configured), "SOURCE")
    settings = ", ".join(setting_of(need, source) for need in missing)
    return words["setting"].format(names=settings) if settings else ""


def unused(catalog: Catalog, settings: Settings, vantage: Vantage) -> Iterator[tuple[str, str]]:
    """Keys of [fields.SOURCE] and [funnels.SOURCE] that feed nothing: (key, what to do)."""
    words = _WORDS[settings.merilo.language]
    needs = {need for each in catalog.metrics.values() for need in each.needs}
    for source in vantage.configured:
        fed = vantage.settings.get(source, {})
        named = [f"funnels.{role}" for role in settings.funnels.get(source, {})]
        fields = settings.fields.get(source, {})
        named += [f"fields.{kind}.{name}" for kind, refs in fields.items() for name in refs]
        for need in named:
            key = f"[{need.replace('.', f'.{source}.', 1).rpartition('.')[0]}]"
            name = need.rpartition(".")[2]
            if need not in fed:
                yield f"{key} {name}", words["unread"]
            elif need not in needs:
                known = [each.rpartition(".")[2] for each in needs if same_table(each, need)]
                yield f"{key} {name}", words["unused"] + nearest(name, known)


def same_table(one: str, other: str) -> bool:
    """Whether two needs are keys of one table of the settings."""
    return is_setting(one) and one.rpartition(".")[0] == other.rpartition(".")[0]


def lacks(metrics: Iterable[Metric], vantage: Vantage, language: str) -> list[str]:
    """A line for each metric that cannot be known."""
    found = ((each.name, lack_of(each, vantage, language)) for each in metrics)
    return [f"{name}: {lack}" for name, lack in found if lack]
