"""The rows of one call with what is known of them beside, and how they hang together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from connectors.cdr.event import Event
from connectors.cdr.queue_event import QueueEvent
from connectors.cdr.row import Row
from connectors.cdr.rule import NOBODY, Party, Rule, Side, dialled, is_outer_number
from store.fact import Direction

_APPLICATION_TALKS = frozenset(
    ("voicemail", "playback", "background", "waitexten", "read", "echo", "application")
)
"""What answers a call without anybody talking."""


class Call(NamedTuple):
    """All rows of a call in the order in which they began; `starts`: their starts, seconds of UTC.

    `events` and `queue_events` are those of the call; none where nobody keeps them.
    """

    ref: str
    rows: Sequence[Row]
    starts: Sequence[float]
    rule: Rule
    events: Sequence[Event] = ()
    queue_events: Sequence[QueueEvent] = ()

    @property
    def ends(self) -> float:
        """When its last row ended, in seconds of UTC."""
        if len(self.rows) == 1:
            return self.starts[0] + self.rows[0].lasted_s
        return max(at + row.lasted_s for at, row in zip(self.starts, self.rows, strict=True))

    def beside(self, events: Sequence[Event], queue_events: Sequence[QueueEvent]) -> "Call":
        """The same call with what is kept of it beside its rows."""
        return self._replace(events=events, queue_events=queue_events)


class Node(NamedTuple):
    """A row with its ends understood; times in seconds of UTC."""

    row: Row
    begins: float
    caller: Party
    called: Party

    @property
    def ends(self) -> float:
        """When the row ended."""
        return self.begins + self.row.lasted_s

    @property
    def is_talk(self) -> bool:
        """Whether somebody answered, and not a machine. NO ANSWER may have seconds, too."""
        row = self.row
        return row.disposition == "ANSWERED" and row.app.lower() not in _APPLICATION_TALKS

    @property
    def queue(self) -> str | None:
        """The queue that rang."""
        row = self.row
        return row.app_data.partition(",")[0] or None if row.app == "Queue" else None


@dataclass(slots=True)
class Tree:
    """The rows of a call as seen from the client. `direction`: None for a call among employees.

    `roots` are the client's own rows; `asides` those of an employee with a colleague meanwhile.
    `inner`: rows on the far side of a Local channel, by the channel's name.
    """

    nodes: Sequence[Node]
    direction: Direction | None = None
    number: str = ""
    roots: Sequence[Node] = ()
    asides: Sequence[Node] = ()
    inner: Mapping[str, Sequence[Node]] | None = None

    def owner(self, node: Node) -> str:
        """Whose the talk of an outgoing row is; "" if nobody can tell."""
        if node.caller.name or node.caller.side is not Side.LOCAL:
            return node.caller.name
        behind = self.inner.get(pair_of(node.row.channel), ()) if self.inner else ()
        return next((each.called.name for each in behind if each.called.name), "")

    def inside(self, node: Node) -> Sequence[Node]:
        """The rows that a row with a Local channel at its end leads to."""
        if node.called.side is not Side.LOCAL or self.inner is None:
            return ()
        return self.inner.get(pair_of(node.row.target_channel), ())


def pair_of(channel: str) -> str:
    """What both halves of a Local channel are called."""
    return channel.partition(";")[0]


def tree_of(call: Call) -> Tree:
    """The rows of a call, told apart."""
    rule = call.rule
    nodes = [
        Node(row, begins, rule.caller(row), rule.called(row))
        for row, begins in zip(call.rows, call.starts, strict=True)
    ]
    tree = Tree(nodes)
    if len(nodes) == 1:
        _name_direction(tree, rule, ())
        tree.roots = nodes
        return tree
    led = {pair_of(node.row.target_channel) for node in nodes if node.called.side is Side.LOCAL}
    _name_direction(tree, rule, led)
    if tree.direction is None:
        return tree
    tree.inner = _inner(nodes)
    outer = [
        n for n in nodes if n.caller.side is not Side.LOCAL or pair_of(n.row.channel) not in led
    ]
    roots, asides = [], []
    for node in outer:
        if _is_client_row(node, tree):
            roots.append(node)
        elif node.caller.side is Side.EMPLOYEE:
            asides.append(node)
    tree.roots, tree.asides = roots, asides
    return tree


def _is_client_row(node: Node, tree: Tree) -> bool:
    """Whether the client is at one end of a row; else an employee rang somebody meanwhile.

    Who takes a parked client out of the lot rings the client's own channel.
    """
    if node.caller.side is Side.OUTSIDE:
        return True
    if node.caller.side is Side.LOCAL:
        return tree.direction is Direction.IN or node.called.side is Side.OUTSIDE
    if tree.direction is Direction.OUT:
        return node.called.side in (Side.OUTSIDE, Side.NOBODY)
    return node.row.target_channel == tree.nodes[0].row.channel


def _name_direction(tree: Tree, rule: Rule, led: Collection[str]) -> None:
    """Sets the direction and the client's number, by the row that began first.

    `led`: the Local channels that a row of the call leads to.
    """
    first = tree.nodes[0]
    if first.row.context in rule.robots:
        return
    if first.caller.side is Side.OUTSIDE:
        tree.direction, tree.number = Direction.IN, first.row.source
        return
    within = first.called.side is not Side.OUTSIDE and rule.is_extension(first.row.target)
    for node in tree.nodes:
        if node.called.side is not Side.OUTSIDE or node.caller.side is Side.OUTSIDE:
            continue
        if within and node.caller.side is Side.LOCAL and pair_of(node.row.channel) in led:
            continue  # a colleague's call, sent on to their mobile
        tree.direction, tree.number = Direction.OUT, dialled(node.row)
        return
    if first.called == NOBODY and is_outer_number(first.row.target):
        tree.direction, tree.number = Direction.OUT, first.row.target


def _inner(nodes: Sequence[Node]) -> dict[str, list[Node]]:
    inner: dict[str, list[Node]] = {}
    for node in nodes:
        if node.caller.side is Side.LOCAL:
            inner.setdefault(pair_of(node.row.channel), []).append(node)
    return inner
