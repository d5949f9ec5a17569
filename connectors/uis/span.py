"""How long each of several employees talked in one call, of what the vendor tells of their legs.

A leg lasts from when it was picked up to its end: on an outgoing call the client's telephone may
still ring, and while one employee asks another, both legs run and the client waits. The vendor's
`clean_talk_duration` counts only seconds in which the client talked, so it is the judge.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from store.fact import TalkQuality


class Span(NamedTuple):
    """A leg on which somebody talked: rung, picked up, ended; unix seconds."""

    begins: int
    picked_up: int
    ends: int

    @property
    def whole_s(self) -> int:
        """Seconds from picking up to the end."""
        return max(0, self.ends - self.picked_up)


class Shares(NamedTuple):
    """Seconds of talk with the client and of making them wait, for each span."""

    talks: Sequence[int]
    holds: Sequence[int]
    quality: TalkQuality


def share(spans: Sequence[Span], clean_s: int) -> Shares:
    """Shares `clean_s`, the client's talk, among spans in the order they were picked up.

    Whether the client waits from when a colleague is rung or only from when they pick up, or goes
    on talking with both, is seen by which comes nearest to the clean talk.
    """
    whole = [span.whole_s for span in spans]
    found = [_apart(spans, from_ring=True), _apart(spans, from_ring=False), (whole, _none(spans))]
    talks, holds = min(found, key=lambda each: abs(sum(each[0]) - clean_s))
    excess_s = sum(talks) - clean_s
    if abs(excess_s) <= len(spans):  # each leg is rounded by itself
        return Shares(talks, holds, TalkQuality.EXACT)
    quality = TalkQuality.UPPER_BOUND if excess_s > 0 else TalkQuality.REPORTED
    return Shares(talks, holds, quality)


def _apart(spans: Sequence[Span], *, from_ring: bool) -> tuple[list[int], list[int]]:
    """Without what two legs have in common: a colleague was asked, and the client waited."""
    asked: list[tuple[int, int]] = []
    holds = _none(spans)
    for place, span in enumerate(spans):
        own = [_asking(span, later, from_ring) for later in spans[place + 1 :]]
        holds[place] = _covered(span, own)
        asked += own
    return [span.whole_s - _covered(span, asked) for span in spans], holds


def _asking(span: Span, later: Span, from_ring: bool) -> tuple[int, int]:
    """From when to when the one on a span asked the one on a later span."""
    rung = from_ring and later.begins > span.picked_up
    return later.begins if rung else later.picked_up, min(span.ends, later.ends)


def _covered(span: Span, stretches: Iterable[tuple[int, int]]) -> int:
    """Seconds of a span that lie in at least one of the stretches."""
    total, until = 0, span.picked_up
    for begins, ends in sorted(stretches):
        ends = min(ends, span.ends)
        total += max(0, ends - max(begins, until))
        until = max(until, ends)
    return total


def _none(spans: Sequence[Span]) -> list[int]:
    return [0] * len(spans)
