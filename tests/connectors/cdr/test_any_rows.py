"""Whatever rows a call has, its legs make sense."""

from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.cdr.call import Call
from connectors.cdr.event import Event
from connectors.cdr.fold import fold
from connectors.cdr.group import Gathering
from connectors.cdr.row import Row
from connectors.cdr.rule import Rule
from connectors.cdr.settings import CdrSettings
from tests.connectors.cdr.place import CONTEXT, EPOCH_S

RULE = Rule(CdrSettings.model_validate({"connector": "cdr", "profile": "asterisk", "file": "x"}))
HALVES = ("Local/101@from-queue-0000000a;", "Local/s@ring-0000000b;")
CHANNELS = (
    "", "PJSIP/trunk-00000001", "PJSIP/trunk-00000002", "PJSIP/101-00000003", "PJSIP/102-00000004",
    *(f"{half}{side}" for half in HALVES for side in "12"),
)  # fmt: skip
APPS = ("Dial", "Queue", "VoiceMail", "BackGround", "")
SAID = ("ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "ODD")
LASTED = 120


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Rows of one call in the order of their starts."""
    starts = sorted(draw(st.lists(st.integers(0, 300), min_size=1, max_size=6)))
    numbers = count()
    return [
        Row(
            call="1795168800.1",
            unique=f"1795168800.{draw(st.integers(1, 3))}",
            sequence=next(numbers),
            local_s=EPOCH_S + at,
            lasted_s=(lasted := draw(st.integers(0, LASTED))),
            talked_s=draw(st.integers(0, lasted)),
            disposition=draw(st.sampled_from(SAID)),
            source="79031112233",
            target=draw(st.sampled_from(["102", "79161234567", "s"])),
            channel=draw(st.sampled_from(CHANNELS[1:])),
            target_channel=draw(st.sampled_from(CHANNELS)),
            app=draw(st.sampled_from(APPS)),
            app_data="sales,t",
        )
        for at in starts
    ]


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Channel events in the order of time."""
    at = sorted(draw(st.lists(st.floats(0, 400), max_size=12)))
    kinds = st.sampled_from(["BRIDGE_ENTER", "BRIDGE_EXIT", "HANGUP", "CHAN_END", "ANSWER"])
    channels, bridges = st.sampled_from(CHANNELS[1:]), st.sampled_from("ab")
    return [Event(draw(kinds), EPOCH_S + each, draw(channels), draw(bridges)) for each in at]


@settings(max_examples=150)
@given(rows(), events())
def test_legs_are_apart_and_no_longer_than_their_call(given: list[Row], told: list[Event]) -> None:
    starts = [row.local_s for row in given]
    legs = fold(Call("1795168800.1", given, starts, RULE, told), CONTEXT)
    assert len({leg.ref for leg in legs}) == len(legs)
    longest = max([row.local_s + row.lasted_s for row in given] + [each.at for each in told])
    for leg in legs:
        assert 0 <= leg.talk_s <= longest - EPOCH_S + 1
        assert leg.lasted_s >= 0
        assert leg.ring_s is None or leg.ring_s >= 0
        assert leg.talk_s == 0 or leg.outcome == "answered"
    if legs and not told:
        assert min(leg.started_at.timestamp() for leg in legs) == starts[0]


@settings(max_examples=60)
@given(rows())
def test_without_events_one_client_talks_once_at_a_time(given: list[Row]) -> None:
    starts = [row.local_s for row in given]
    legs = fold(Call("1795168800.1", given, starts, RULE), CONTEXT)
    ends = max(row.local_s + row.lasted_s for row in given)
    assert sum(leg.talk_s for leg in legs) <= ends - starts[0] + len(given)


@settings(max_examples=150)
@given(rows(), st.lists(st.integers(1, 3), min_size=6, max_size=6), st.booleans())
def test_every_row_is_gathered_once(given: list[Row], calls: list[int], written: bool) -> None:
    mixed = [
        replace(row, call=f"1795168800.{call}") for row, call in zip(given, calls, strict=False)
    ]
    gathering = Gathering(RULE, written=written)
    gathered = [call for row in mixed for call in gathering.add(row)]
    found = [row for call in [*gathered, *gathering.rest()] for row in call]
    assert sorted(found, key=lambda row: row.sequence) == mixed
