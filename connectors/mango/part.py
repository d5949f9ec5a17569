"""Who took part in a call, for how long: legs of telephones made into parts of people."""

from collections.abc import Sequence
from typing import NamedTuple

from connectors.mango.leg import NUMBER, Leg
from store.fact import Transfer


class Call(NamedTuple):
    """A call as a whole; seconds since 1970. `caller_ref`: the employee who rang somebody.

    `client`: the number that was called, as it came.
    """

    ref: str
    begun: int
    ended: int
    talk_s: int
    caller_ref: str | None
    client: str
    legs: Sequence[Leg]


class Part(NamedTuple):
    """Somebody rung or talking; `user_ref` None is nobody, or nobody known."""

    ref: str
    user_ref: str | None
    begun: int
    ended: int
    talk_s: int = 0
    ring_s: int | None = None
    hold_s: int | None = None
    transfer: Transfer = Transfer.NONE
    queue: str | None = None
    reason: str = ""


def incoming(call: Call) -> list[Part]:
    """Everybody rung; a telephone of nobody known counts where somebody talked on it."""
    return _parts(call, _human(call.legs))


def outgoing(call: Call) -> list[Part]:
    """The caller, with the talk of the client's leg, and those the call was handed to.

    The telephone of the caller may have a leg too, answered before the client's: it is no talk.
    """
    # Whom an employee rings may be a colleague on their own mobile: there they are the client.
    clients = [leg for leg in call.legs if leg.number == call.client and leg.kind == NUMBER]
    clients = clients or [leg for leg in call.legs if leg.user_ref is None]
    reached = max(clients, key=lambda leg: leg.talk_s, default=None)
    caller = call.caller_ref or _first(call.legs)
    if reached is None:
        alone = not call.legs
        return [Part("", caller, call.begun, call.ended, call.talk_s if alone else 0)]
    handed = [
        leg
        for leg in call.legs
        if leg not in clients
        and leg.user_ref not in (None, caller)
        and leg.begun > reached.answered > 0
    ]
    later = _parts(call, handed, begin=False)
    talk_s = min([reached.talk_s, *(_until(part) - reached.answered for part in later)])
    first = Part(
        reached.ref, caller, call.begun, max(reached.ended, call.begun), max(0, talk_s),
        reached.dial_s, reached.hold_s, reason=reached.reason,
    )  # fmt: skip
    return [first, *later]


def _first(legs: Sequence[Leg]) -> str | None:
    """Whose telephone was the first to be answered, or to be rung."""
    own = [leg for leg in legs if leg.user_ref is not None]
    return next((leg.user_ref for leg in own if leg.answered), own[0].user_ref if own else None)


def _human(legs: Sequence[Leg]) -> list[Leg]:
    """Employees, and others who talked; a group's talk only where it is told of nobody else."""
    found = [leg for leg in legs if leg.user_ref or (leg.kind == NUMBER and leg.talk_s)]
    if any(leg.talk_s for leg in found):
        return found
    return found + [leg for leg in legs if leg.is_several and leg.talk_s][:1]


def _parts(call: Call, legs: Sequence[Leg], *, begin: bool = True) -> list[Part]:
    """`begin`: the call began with the first of these legs, so a transfer there led to the next."""
    found: list[Part] = []
    carried = Transfer.NONE
    talked_until = 0
    for leg in legs:
        transfer, carried = leg.transfer or carried, Transfer.NONE
        if begin and not found:
            transfer, carried = Transfer.NONE, leg.transfer
        part = _part(call, leg, transfer)
        if transfer == Transfer.ATTENDED and leg.ended:
            # Before the first one leaves the two of them talk, and the client waits.
            talk_s = leg.ended - max(leg.answered, talked_until)
            part = part._replace(talk_s=max(0, min(part.talk_s, talk_s)))
        talked_until = max(talked_until, leg.ended if part.talk_s else 0)
        found.append(part)
    return found


def _part(call: Call, leg: Leg, transfer: Transfer) -> Part:
    begun = leg.begun or call.begun
    return Part(
        leg.ref, leg.user_ref, begun, max(leg.ended, begun), leg.talk_s, leg.dial_s, leg.hold_s,
        transfer, leg.queue, leg.reason,
    )  # fmt: skip


def _until(part: Part) -> int:
    """When whoever handed the call over stopped talking; never, without a transfer."""
    if part.transfer == Transfer.NONE:
        return 1 << 40
    return part.begun if part.transfer == Transfer.BLIND else part.ended - part.talk_s
