"""When somebody talked with the client in a call, by the best there is to tell it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from connectors.cdr.call import Call, Node, Tree
from connectors.cdr.event import meetings, tells_talk
from connectors.cdr.queue_event import Connect, connects
from store.fact import Direction, TalkQuality

_SLACK_S = 1.0
"""Times of one moment differ by so much between rows: each is rounded on its own."""


class Talk(Struct, frozen=True, gc=False):
    """Somebody talked with the client; `who` is an extension, "" where nobody knows whose it is.

    Seconds of UTC; `talked_s` may be less than the span, if the client was on hold meanwhile.
    """

    who: str
    begins: float
    ends: float
    talked_s: float
    quality: TalkQuality
    ring_s: int | None = None
    hold_s: int | None = None


@dataclass
class _Told:
    """The queue's connections that no row has taken yet."""

    left: list[Connect] = field(default_factory=list)

    def take(self, node: Node, who: str) -> Connect | None:
        for connect in self.left:
            if connect.who in (who, "") and node.begins - 2 <= connect.begins <= node.ends + 2:
                self.left.remove(connect)
                return connect
        return None


_NOTHING = _Told()


def talks_of(call: Call, tree: Tree) -> list[Talk]:
    """Every stretch of talk with the client, in the order of time.

    Bridges tell exactly, unless a telephone held the client while its other line was used; so do
    queue events. Rows alone tell the time since the client's own channel was answered, which may
    have been long before: then it is an upper bound.
    """
    if tells_talk(call.events):
        asides = [node for node in tree.asides if node.row.call != call.rows[0].call]
        return [_without(asides, talk) for talk in _bridged(call, tree)]
    told = _Told(connects(call.queue_events, call.rule)) if call.queue_events else _NOTHING
    found = [talk for node in tree.roots for talk in _of_row(tree, node, told)]
    if len(found) > 1:
        found = _chain(found)
    return [_without(tree.asides, talk) for talk in found] if tree.asides else found


def _bridged(call: Call, tree: Tree) -> list[Talk]:
    clients, owners = set(), {}
    for node in _client_rows(tree):
        if node.caller.side == "outside":
            clients.add(node.row.channel)
        elif tree.direction is Direction.OUT and node.called.side == "outside":
            clients.add(node.row.target_channel)
    for event in call.events:
        party = call.rule.behind(event.channel)
        if party.side == "employee":
            owners[event.channel] = party.name
    for node in tree.nodes:
        if node.row.target_channel not in clients and node.called.side == "outside":
            owners[node.row.target_channel] = node.caller.name
        elif node.called.side == "employee":
            owners[node.row.target_channel] = node.called.name
    return [
        Talk(who, begins, ends, ends - begins, TalkQuality.EXACT)
        for who, begins, ends in meetings(call.events, clients, owners)
    ]


def _client_rows(tree: Tree) -> Iterator[Node]:
    for root in tree.roots:
        yield root
        if tree.direction is Direction.OUT:
            yield from tree.inside(root)


def _of_row(tree: Tree, node: Node, told: _Told, depth: int = 0) -> list[Talk]:
    if not node.is_talk or node.called.side == "nobody" or depth > len(tree.nodes):
        return []
    whole = _whole_row(tree, node)
    if node.called.side != "local":
        return [_by_queue(whole, node, told)]
    inner = [
        talk for child in tree.inside(node) for talk in _of_row(tree, child, _NOTHING, depth + 1)
    ]
    if not inner:
        return [_by_queue(whole, node, told)] if whole.who else []
    if tree.direction is Direction.OUT and node.caller.name:
        inner = [replace(talk, who=node.caller.name) for talk in inner]
    return [_by_queue(_common(talk, whole), node, told) for talk in inner]


def _whole_row(tree: Tree, node: Node) -> Talk:
    row = node.row
    who = node.called.name
    if node.called.side == "outside":
        who = tree.owner(node)
    answered_before = row.talked_s >= row.lasted_s or _is_answered_before(tree, node)
    quality = TalkQuality.UPPER_BOUND if answered_before else TalkQuality.REPORTED
    return Talk(who, node.ends - row.talked_s, node.ends, row.talked_s, quality)


def _is_answered_before(tree: Tree, node: Node) -> bool:
    own = node.row.channel
    for other in tree.nodes:
        if other.begins >= node.begins:
            break
        if other.row.talked_s and other.row.channel == own:
            return True
    return False


def _by_queue(talk: Talk, node: Node, told: _Told) -> Talk:
    connect = told.take(node, talk.who) if told.left and node.row.app == "Queue" else None
    if connect is None:
        return talk
    return Talk(
        talk.who,
        connect.begins,
        connect.ends,
        connect.ends - connect.begins,
        TalkQuality.EXACT,
        connect.ring_s,
        connect.hold_s,
    )


def _common(inner: Talk, outer: Talk) -> Talk:
    """What two rows on both sides of a Local channel tell of one talk."""
    begins, ends = max(inner.begins, outer.begins), min(inner.ends, outer.ends)
    shorter = min(inner.talked_s, outer.talked_s)
    talked_s = max(ends - begins, 0.0)
    if talked_s >= shorter - _SLACK_S:
        talked_s = shorter
    quality = inner.quality if talked_s == inner.talked_s else outer.quality
    return replace(inner, begins=begins, ends=ends, talked_s=talked_s, quality=quality)


def _chain(talks: Sequence[Talk]) -> list[Talk]:
    """The longest chain of talks of which no two overlap: one client talks once at a time."""
    ordered = sorted(talks, key=lambda talk: (talk.begins, talk.ends))
    best: list[tuple[float, int]] = []
    for place, talk in enumerate(ordered):
        before = [
            (best[at][0], at)
            for at in range(max(0, place - 50), place)
            if ordered[at].ends <= talk.begins + _SLACK_S
        ]
        longest, at = max(before, default=(0.0, -1))
        best.append((longest + talk.talked_s, at))
    at = max(range(len(best)), key=lambda each: (best[each][0], -each))
    chain = []
    while at >= 0:
        chain.append(ordered[at])
        at = best[at][1]
    return chain[::-1]


def _without(asides: Iterable[Node], talk: Talk) -> Talk:
    """Less the time in which the employee rang or asked a colleague: the client was on hold."""
    hold_s, until = 0.0, talk.begins
    for node in asides:
        if node.caller.name == talk.who:
            begins, ends = max(node.begins, until), min(node.ends, talk.ends)
            if ends > begins:
                hold_s, until = hold_s + ends - begins, ends
    if not hold_s:
        return talk
    return replace(
        talk,
        talked_s=max(0.0, talk.talked_s - hold_s),
        quality=TalkQuality.UPPER_BOUND,
        hold_s=round(hold_s),
    )
