"""The rows of one call with what is known of them beside, and how they hang together."""

from collections.abc import Collection, Mapping, Sequence

from msgspec import Struct

from connectors.cdr.event import Event
from connectors.cdr.queue_event import QueueEvent
from connectors.cdr.row import Row
from connectors.cdr.rule import NOBODY, Party, Rule, dialled, is_outer_number
from store.fact import Direction

_APPLICATION_TALKS = frozenset(
    ("voicemail", "playback", "background", "waitexten", "read", "echo", "application")
)
"""What answers a call without anybody talking."""


class Call(Struct, frozen=True, gc=False):
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

    @property
    def offset_s(self) -> float:
        """How far the server's clock was ahead of UTC when it began, seconds."""
        return self.rows[0].local_s - self.starts[0]


class Node(Struct, frozen=True, gc=False):
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


class Tree(Struct, frozen=True, gc=False):
    """The rows of a call as seen from the client. `direction`: None for a call among employees.

    `roots` are the client's own rows; `asides` those of an employee with a colleague meanwhile.
    `inner`: rows on the far side of a Local channel, by the channel's name.
    """

    nodes: Sequence[Node]
    direction: Direction | None
    number: str = ""
    roots: Sequence[Node] = ()
    asides: Sequence[Node] = ()
    inner: Mapping[str, Sequence[Node]] = {}

    def owner(self, node: Node) -> str:
        """Whose the talk of an outgoing row is; "" if nobody can tell."""
        if node.caller.name or node.caller.side != "local":
            return node.caller.name
        behind = self.inner.get(pair_of(node.row.channel), ())
        return next((each.called.name for each in behind if each.called.name), "")

    def inside(self, node: Node) -> Sequence[Node]:
        """The rows that a row with a Local channel at its end leads to."""
        if node.called.side != "local":
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
    led = {pair_of(node.row.target_channel) for node in nodes if node.called.side == "local"}
    direction, number = _direction(nodes, rule, led)
    if direction is None:
        return Tree(nodes, None)
    if len(nodes) == 1:
        return Tree(nodes, direction, number, roots=nodes)
    inner: dict[str, list[Node]] = {}
    roots, asides = [], []
    for node in nodes:
        side, pair = node.caller.side, pair_of(node.row.channel)
        if side == "local":
            inner.setdefault(pair, []).append(node)
        if side == "local" and pair in led:
            continue
        if _is_client_row(node, direction, nodes[0]):
            roots.append(node)
        elif side == "employee":
            asides.append(node)
    return Tree(nodes, direction, number, roots, asides, inner)


def _is_client_row(node: Node, direction: Direction, first: Node) -> bool:
    """Whether the client is at one end of a row; else an employee rang somebody meanwhile.

    Who takes a parked client out of the lot rings the client's own channel.
    """
    if node.caller.side == "outside":
        return True
    if node.caller.side == "local":
        return direction is Direction.IN or node.called.side == "outside"
    if direction is Direction.OUT:
        return node.called.side in ("outside", "nobody")
    return node.row.target_channel == first.row.channel


def _direction(
    nodes: Sequence[Node], rule: Rule, led: Collection[str]
) -> tuple[Direction | None, str]:
    """The direction and the client's number, by the row that began first; None among employees.

    `led`: the Local channels that a row of the call leads to.
    """
    first = nodes[0]
    if first.row.context in rule.robots:
        return None, ""
    if first.caller.side == "outside":
        return Direction.IN, first.row.source
    within = first.called.side != "outside" and rule.is_extension(first.row.target)
    for node in nodes:
        if node.called.side != "outside" or node.caller.side == "outside":
            continue
        if within and node.caller.side == "local" and pair_of(node.row.channel) in led:
            continue  # a colleague's call, sent on to their mobile
        return Direction.OUT, dialled(node.row)
    if first.called == NOBODY and is_outer_number(first.row.target):
        return Direction.OUT, first.row.target
    return None, ""
