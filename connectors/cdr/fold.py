"""Folds the rows of one call into its legs: one for each employee who was rung or talked."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from connectors.base import Context, PhoneMark
from connectors.cdr.call import Call, Node, Tree, tree_of
from connectors.cdr.event import tells_talk
from connectors.cdr.talk import Talk, talks_of
from store.fact import CallLeg, Direction, TalkQuality, Transfer

_OUTCOMES = {
    "ANSWERED": "cancelled",
    "NO ANSWER": "missed",
    "BUSY": "busy",
    "FAILED": "unavailable",
    "CONGESTION": "unavailable",
    "CANCEL": "cancelled",
}
"""By the disposition of who did not talk with the client, though rung."""
_SLACK_S = 2.0


class _Whole(Struct, frozen=True, gc=False):
    """What the legs of a call have in common."""

    call: Call
    tree: Tree
    direction: Direction
    phone: PhoneMark
    talks: Sequence[Talk]
    queue: str | None
    quality: TalkQuality
    has_voicemail: bool


def fold(call: Call, context: Context) -> list[CallLeg]:
    """The legs of a call; none for one among employees."""
    tree = tree_of(call)
    if tree.direction is None:
        return []
    talks, apps = talks_of(call, tree), {row.app for row in call.rows}
    whole = _Whole(
        call,
        tree,
        tree.direction,
        context.mark_phone(tree.number),
        talks,
        _queue(tree) if "Queue" in apps else None,
        TalkQuality.EXACT if tells_talk(call.events) else TalkQuality.REPORTED,
        "VoiceMail" in apps and _has_voicemail(tree),
    )
    rung = _rung(tree)
    for talk in talks:
        if talk.who not in rung:
            rung[talk.who] = []
    legs = [_leg(whole, who, nodes) for who, nodes in rung.items()]
    if whole.has_voicemail or not _rang_at_once(rung, call.starts[0]):
        legs.insert(0, _of_nobody(whole, rang=bool(legs)))
    return legs


def _rang_at_once(rung: Mapping[str, Sequence[Node]], begins: float) -> bool:
    for nodes in rung.values():
        for node in nodes:
            if node.begins <= begins:
                return True
    return False


def _rung(tree: Tree) -> dict[str, list[Node]]:
    """Everyone who was rung, or rang the client, with the rows that tell so; in their order."""
    found: dict[str, list[Node]] = {}
    for root in tree.roots:
        if root.caller.side != "outside" and tree.direction is Direction.OUT:
            found.setdefault(tree.owner(root), []).append(root)
        else:
            _add_rung(found, tree, root, 0)
    return found


def _add_rung(found: dict[str, list[Node]], tree: Tree, node: Node, depth: int) -> None:
    side = node.called.side
    if side == "employee":
        found.setdefault(node.called.name, []).append(node)
    elif side == "outside":
        found.setdefault(tree.owner(node), []).append(node)
    elif side == "local" and depth <= len(tree.nodes):
        inner = tree.inside(node)
        if not inner and node.called.name:
            found.setdefault(node.called.name, []).append(node)
        for child in inner:
            _add_rung(found, tree, child, depth + 1)


def _leg(whole: _Whole, who: str, nodes: Sequence[Node]) -> CallLeg:
    call, talk = whole.call, _own_talk(whole.talks, who)
    begins, ends = _span(nodes, talk)
    return CallLeg(
        ref=f"{call.ref}#{who or 'outside'}",
        call_ref=call.ref,
        user_ref=who or None,
        direction=whole.direction,
        started_at=datetime.fromtimestamp(begins, UTC),
        talk_s=int(talk.talked_s + 0.5) if talk else 0,
        outcome="answered" if talk else _outcome(nodes, whole),
        client_hash=whole.phone.hash,
        client_last4=whole.phone.last4,
        client_ref=None,
        lasted_s=int(ends - begins + 0.5) if ends > begins else 0,
        ring_s=_ring_s(begins, nodes, talk),
        hold_s=talk.hold_s if talk else None,
        quality=talk.quality if talk else whole.quality,
        transfer=_transfer(whole, who, talk.begins if talk else begins),
        queue=whole.queue,
        outer_ref=_outer_ref(call, nodes),
    )


def _own_talk(talks: Sequence[Talk], who: str) -> Talk | None:
    """Somebody's talks as one, known as well as the one that is known least."""
    own = [talk for talk in talks if talk.who == who]
    if len(own) <= 1:
        return own[0] if own else None
    holds = [talk.hold_s for talk in own if talk.hold_s is not None]
    return replace(
        own[0],
        ends=own[-1].ends,
        talked_s=sum(talk.talked_s for talk in own),
        quality=max(talk.quality for talk in own),
        hold_s=sum(holds) if holds else None,
    )


def _span(nodes: Sequence[Node], talk: Talk | None) -> tuple[float, float]:
    """From when to when a leg lasted; of who is in no row, only the talk tells."""
    if len(nodes) == 1:
        return nodes[0].begins, nodes[0].ends
    if talk is not None and not nodes:
        return float(int(talk.begins)), talk.ends
    return min(node.begins for node in nodes), max(node.ends for node in nodes)


def _of_nobody(whole: _Whole, *, rang: bool) -> CallLeg:
    """The call itself, for which nobody is to be credited."""
    outcome = "answered" if whole.talks else "missed"
    if whole.has_voicemail and not whole.talks:
        outcome = "voicemail"
    call = whole.call
    begins = call.starts[0]
    lasted_s = int(call.ends - begins + 0.5)
    return CallLeg(
        ref=call.ref,
        call_ref=call.ref,
        user_ref=None,
        direction=whole.direction,
        started_at=datetime.fromtimestamp(begins, UTC),
        talk_s=0,
        outcome=outcome,
        client_hash=whole.phone.hash,
        client_last4=whole.phone.last4,
        client_ref=None,
        lasted_s=lasted_s,
        ring_s=None if rang else lasted_s,
        quality=whole.quality,
        queue=whole.queue,
        outer_ref=_outer_ref(call, whole.tree.nodes),
    )


def _queue(tree: Tree) -> str | None:
    return next((node.queue for node in tree.roots if node.row.app == "Queue"), None)


def _has_voicemail(tree: Tree) -> bool:
    return any(
        node.row.app == "VoiceMail" and node.row.disposition == "ANSWERED" for node in tree.roots
    )


def _outcome(nodes: Sequence[Node], whole: _Whole) -> str:
    if whole.talks and whole.direction is Direction.IN:
        return "cancelled"
    return _OUTCOMES.get(nodes[-1].row.disposition, "other")


def _ring_s(begins: float, nodes: Sequence[Node], talk: Talk | None) -> int | None:
    """Until the first answer; of who never talked, all the time they were rung."""
    if talk is None:
        return sum(node.row.lasted_s for node in nodes)
    if talk.ring_s is not None:
        return talk.ring_s
    if talk.quality is TalkQuality.UPPER_BOUND:
        return None
    return max(0, int(talk.begins) - int(begins))


def _transfer(whole: _Whole, who: str, begins: float) -> Transfer:
    """How the call came to somebody who was rung after another had talked."""
    for first in whole.talks:
        if first.who != who and first.ends <= begins + _SLACK_S:
            break
    else:
        return Transfer.NONE
    if whole.quality is TalkQuality.EXACT:
        kinds = {event.kind for event in whole.call.events}
        if "ATTENDEDTRANSFER" in kinds:
            return Transfer.ATTENDED
        return Transfer.BLIND if "BLINDTRANSFER" in kinds else Transfer.REDIRECT
    asked = any(node.caller.name == first.who for node in whole.tree.asides)
    return Transfer.ATTENDED if asked else Transfer.BLIND


def _outer_ref(call: Call, nodes: Sequence[Node]) -> str | None:
    """What modules for a CRM call the call by: the first row's own id."""
    unique = nodes[0].row.unique if nodes else ""
    return unique if unique and unique != call.ref else None
