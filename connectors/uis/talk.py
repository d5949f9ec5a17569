"""Who talked how long with the client of a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.field import senseless
from connectors.uis.leg import Leg
from connectors.uis.span import Span, share
from connectors.uis.told import Call
from store.fact import Direction, TalkQuality


@dataclass(frozen=True, kw_only=True)
class Talk:
    """Seconds of somebody's talk with the client, and of making them wait (None: not known)."""

    talk_s: int = 0
    hold_s: int | None = None
    quality: TalkQuality = TalkQuality.EXACT


SILENT = Talk()

Talks = Mapping[str | None, Talk]
"""By employee; None is somebody of ours whom the vendor does not name."""


def talks_of(call: Call) -> Talks:
    """The talks of a call. DataError when several talked and nothing tells how long each did."""
    heard = {leg.who for leg in call.talked}
    unheard = [who for who in call.people if who in call.talkers and who not in heard]
    if len(unheard) > 1:
        raise senseless("legs", "do not tell how long each of several talked")
    if unheard:
        return _with_rest(call, unheard[0])
    if heard:
        return _talks(call, call.talked, call.clean_s)
    if call.clean_s and not call.is_lost and not call.people:
        return {None: Talk(talk_s=call.clean_s)}
    return {}


def _with_rest(call: Call, who: str) -> Talks:
    """One talked whose leg is not told: theirs is what the others left."""
    if not call.talked:
        return {who: Talk(talk_s=call.clean_s)}
    told_s = sum(span.whole_s for span in _spans(call, call.talked))
    others = _talks(call, call.talked, min(call.clean_s, told_s))
    left_s = call.clean_s - sum(each.talk_s for each in others.values())
    return {**others, who: Talk(talk_s=max(0, left_s), quality=TalkQuality.REPORTED)}


def _talks(call: Call, legs: Sequence[Leg], clean_s: int) -> Talks:
    """Shares seconds among those on these legs."""
    spans = _spans(call, legs)
    if len({leg.who for leg in legs}) == 1:
        held_s = max(0, sum(span.whole_s for span in spans) - clean_s)
        is_known = call.direction is Direction.IN or call.client_answered > 0
        return {legs[0].who: Talk(talk_s=clean_s, hold_s=held_s if is_known else None)}
    shares, found = share(spans, clean_s), dict[str | None, Talk]()
    for leg, talk_s, hold_s in zip(legs, shares.talks, shares.holds, strict=True):
        had = found.get(leg.who, SILENT)
        found[leg.who] = Talk(
            talk_s=had.talk_s + talk_s,
            hold_s=(had.hold_s or 0) + hold_s,
            quality=shares.quality,
        )
    return found


def _spans(call: Call, legs: Sequence[Leg]) -> list[Span]:
    """An employee's own telephone is picked up before the client's: until then nobody talks."""
    answered = call.client_answered
    return [Span(leg.begins, max(leg.answers, answered), leg.ends) for leg in legs]
