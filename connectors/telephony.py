"""What the sources that are telephone systems have in common."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any, ClassVar, Protocol

import structlog

from config.settings import SourceSettings
from connectors.base import Check, ClientOptions, Context, Page, Record, Since, Stream
from connectors.field import senseless, whole
from store.fact import Fact

OVERLAP = timedelta(hours=6)
"""Read again by every run: a call appears when it has ended, and long ones end late."""

LATE = timedelta(hours=48)
"""Read again every hour: files and reports may tell of a call much later."""

FEEDS = ("pbx_calls",)
"""What metrics call the stream of calls, if it is a telephone system's word they need."""

LONGEST_S = 7 * 86_400
"""No call lasts longer."""

log = structlog.get_logger("merilo.connectors")


class TelephonySettings(SourceSettings):
    """[sources.NAME] of a telephone system: what it tells of a call wins over a CRM's copy."""

    is_telephony: ClassVar[bool] = True


class Hearer(Protocol):
    """A client; `told`: the unknown words that were complained of."""

    options: ClientOptions
    told: set[str]


def call_stream(
    pages: Callable[[Any, Since], Iterator[Page]],
    normalize: Callable[[Record, Context], Iterable[Fact]],
    *,
    key: str,
) -> Stream:
    """The stream of a telephone system's calls; `key` names the id of its records."""
    return Stream(
        name="calls",
        key=key,
        pages=pages,
        normalize=normalize,
        lag=OVERLAP,
        late=LATE,
        feeds=FEEDS,
    )


def no_record_url(_settings: Any, _kind: str, _ref: str) -> str | None:
    """None: cabinets have no address of a single call, tables and files none at all."""
    return None


def length_s(record: Record, name: str) -> int:
    """A length in seconds; DataError for what is none, or longer than any call."""
    seconds = whole(record, name)
    if not 0 <= seconds <= LONGEST_S:
        raise senseless(name, "is no length of a call")
    return seconds


def optional_length_s(record: Record, name: str) -> int | None:
    """A length in seconds, None where it is not told."""
    return None if record.get(name) in (None, "") else length_s(record, name)


def log_unknown(
    client: Hearer, words: Iterable[str], event: str, *, field: str, what: str, todo: str
) -> list[str]:
    """Logs each word for the end of a call that nobody knows, once; returns all, sorted."""
    found = sorted(words)
    for word in found:
        if word not in client.told:
            client.told.add(word)
            log.warning(
                event,
                source=client.options.source,
                what=what,
                did="They count as calls in which nobody talked.",
                todo=todo,
                **{field: word[:40]},
            )
    return found


def check_unknown(name: str, words: Iterable[str]) -> Check:
    """The line of `merilo check` about words for the end of a call that nobody knows."""
    return Check(
        name=name,
        ok=False,
        detail=f"not known: {', '.join(words)}; counted as calls in which nobody talked",
        todo="Report them, and how such calls went, to the authors of Merilo.",
    )
