"""Rows of one call become its legs, by what switchboards are known to write."""

import csv
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.error import DataError
from store.fact import Direction, TalkQuality, Transfer
from tests.connectors.cdr.place import (
    COLUMNS,
    EPOCH_S,
    client_of,
    legs_in,
    legs_of,
    records_of,
    row,
    table_of,
)

TRUNK, OTHER = "PJSIP/trunk-00000001", "PJSIP/trunk-00000009"
ANNA, OLEG = "PJSIP/101-00000002", "PJSIP/102-00000003"


def legs(folder: Path, rows: Sequence[Any], **keys: Any) -> Any:
    return legs_of(client_of(table_of(folder, rows), **keys))


def talks(found: Any) -> dict[str | None, int]:
    return {leg.user_ref: leg.talk_s for leg in found}


def test_an_attended_transfer_is_talk_of_both_without_the_consultation(tmp_path: Path) -> None:
    """Anna talks 7 s, asks Oleg for 9 s, and lets him talk 8 s: five rows, 49 s in sum."""
    half = "Local/102@from-internal-0000000a;"
    rows = [
        row(0, 19, 16, TRUNK, ANNA),
        row(10, 9, 9, "PJSIP/101-00000005", f"{half}1", dst="102", unique="1795168810.5"),
        row(10, 17, 16, f"{half}2", OLEG, dst="102", unique="1795168810.6"),
        row(19, 8, 8, TRUNK, f"{half}1", dst="102"),
        row(19, 0, 0, ANNA, "", app="Transfer", unique="1795168810.7"),
    ]
    first, second = legs(tmp_path, rows)
    assert (first.user_ref, first.talk_s, first.hold_s) == ("101", 7, 9)
    assert (second.user_ref, second.talk_s) == ("102", 8)
    assert second.transfer is Transfer.ATTENDED
    assert first.quality is TalkQuality.UPPER_BOUND


ANNA_S_OTHER_LINE = "PJSIP/101-00000005"


def asked_by_telephone(**keys: Any) -> list[Any]:
    """Anna holds the client by her telephone's own key, asks Oleg on its other line for 20 s and
    joins the two: what she asked keeps an id of its own (CDR Specification, SIP Protocol Attended
    Transfer)."""
    return [
        row(0, 50, 40, TRUNK, ANNA, number=1),
        row(30, 20, 10, ANNA_S_OTHER_LINE, OLEG, dst="102", number=2, **{"call": 3, **keys}),
        row(50, 60, 60, TRUNK, OLEG, dst="102", number=3),
    ]


def test_a_transfer_by_the_telephone_s_own_key_is_one_call(tmp_path: Path) -> None:
    first, second = legs(tmp_path, asked_by_telephone())
    assert (first.user_ref, first.talk_s, first.hold_s) == ("101", 20, 20)
    assert (second.user_ref, second.talk_s, second.transfer) == ("102", 60, Transfer.ATTENDED)
    assert first.call_ref == second.call_ref
    assert {first.quality, second.quality} == {TalkQuality.UPPER_BOUND}


def test_it_is_one_call_in_a_file_too_where_what_was_asked_is_written_first(tmp_path: Path) -> None:
    client_s, asked, joined = asked_by_telephone()
    path = tmp_path / "Master.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([COLUMNS, asked, client_s, joined])
    assert legs_of(client_of(path)) == legs(tmp_path, asked_by_telephone())


def test_bridges_of_both_ids_tell_who_talked_with_the_client(tmp_path: Path) -> None:
    """The colleague's channel entered its bridge under the other id."""
    client_s, asked = f"{EPOCH_S}.1", f"{EPOCH_S}.3"
    path = table_of(tmp_path, asked_by_telephone())
    keep_events(
        path,
        [
            (10, "BRIDGE_ENTER", TRUNK, client_s, "a"),
            (10, "BRIDGE_ENTER", ANNA, client_s, "a"),
            (40, "BRIDGE_ENTER", ANNA_S_OTHER_LINE, asked, "b"),
            (40, "BRIDGE_ENTER", OLEG, asked, "b"),
            (50, "BRIDGE_EXIT", TRUNK, client_s, "a"),
            (50, "BRIDGE_ENTER", TRUNK, client_s, "b"),
            (50, "BRIDGE_EXIT", ANNA_S_OTHER_LINE, asked, "b"),
            (50, "ATTENDEDTRANSFER", ANNA, client_s, ""),
            (50, "BRIDGE_EXIT", ANNA, client_s, "a"),
            (110, "BRIDGE_EXIT", TRUNK, client_s, "b"),
            (110, "LINKEDID_END", TRUNK, client_s, ""),
        ],
    )
    first, second = legs_of(client_of(path))
    assert (first.talk_s, first.hold_s, first.quality) == (20, 20, TalkQuality.UPPER_BOUND)
    assert (second.user_ref, second.talk_s, second.quality) == ("102", 60, TalkQuality.EXACT)
    assert second.transfer is Transfer.ATTENDED


def keep_events(path: Path, events: Sequence[tuple[int, str, str, str, str]]) -> None:
    """Enters channel events: seconds after 10:00 UTC, kind, channel, linkedid and bridge."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE cel (id, eventtype, eventtime, channame, linkedid, extra)")
        for number, (at_s, kind, channel, linked, bridge) in enumerate(events):
            extra = f'{{"bridge_id":"{bridge}"}}' if bridge else ""
            values = (number, kind, f"{EPOCH_S + at_s}.0", channel, linked, extra)
            database.execute("INSERT INTO cel VALUES (?, ?, ?, ?, ?, ?)", values)
        database.commit()


def test_a_colleague_rung_at_another_time_was_not_asked_about_the_client(tmp_path: Path) -> None:
    """The name of a channel comes again after the server was started anew."""
    found = legs(tmp_path, [row(10, 9, 5, ANNA_S_OTHER_LINE, OLEG, dst="102", call=3),
                            *asked_by_telephone()[::2]])  # fmt: skip
    assert [(leg.talk_s, leg.hold_s) for leg in found] == [(40, None), (60, None)]


def test_an_expert_outside_who_was_asked_is_a_call_of_its_own(tmp_path: Path) -> None:
    client_s, _, joined = asked_by_telephone()
    asked = row(30, 20, 10, ANNA_S_OTHER_LINE, OTHER, dst="79161234567", call=3, number=2)
    joined = (*joined[:4], OTHER, *joined[5:])
    found = legs(tmp_path, [client_s, asked, joined])
    assert {leg.call_ref: leg.direction for leg in found} == {
        f"{EPOCH_S}.1": Direction.IN, f"{EPOCH_S}.3": Direction.OUT
    }  # fmt: skip


def test_of_two_who_were_asked_both_may_take_the_client(tmp_path: Path) -> None:
    client_s, asked, joined = asked_by_telephone()
    kate = "PJSIP/103-00000006"
    beside = (*asked[:4], kate, *asked[5:12], 2)
    after = row(51, 9, 9, TRUNK, kate, number=4)
    found = legs(tmp_path, [client_s, asked, beside, joined, after])
    assert {leg.call_ref for leg in found} == {f"{EPOCH_S}.1"}
    assert {leg.user_ref for leg in found} == {"101", "102", "103"}


def test_two_colleagues_rung_at_once_keep_the_client_waiting_once(tmp_path: Path) -> None:
    rows = asked_by_telephone(call=1, app="Queue", data="help,t")
    kate = row(30, 20, 0, ANNA_S_OTHER_LINE, "PJSIP/103-00000006", "NO ANSWER", app="Queue",
               data="help,t", dst="102", number=2)  # fmt: skip
    first, second = legs(tmp_path, [*rows, kate])
    assert (first.talk_s, first.hold_s, second.talk_s) == (20, 20, 60)
    assert (first.queue, second.queue) == (None, None)


def test_a_redirect_by_program_is_two_talks(tmp_path: Path) -> None:
    rows = [row(0, 7, 5, TRUNK, ANNA, dst="102"), row(7, 8, 8, TRUNK, OLEG, dst="102")]
    first, second = legs(tmp_path, rows)
    assert talks([first, second]) == {"101": 5, "102": 8}
    assert (first.quality, second.quality) == (TalkQuality.REPORTED, TalkQuality.UPPER_BOUND)


def test_a_queue_that_rings_through_local_channels_counts_the_agent_s_own_talk(
    tmp_path: Path,
) -> None:
    rows = [
        row(0, 60, 60, TRUNK, "Local/101@from-queue-0000000a;1", app="Queue", data="sales,t"),
        row(0, 12, 12, TRUNK, "Local/102@from-queue-0000000b;1", "NO ANSWER", app="Queue"),
        row(2, 58, 48, "Local/101@from-queue-0000000a;2", ANNA, unique="1795168802.3"),
        row(2, 10, 0, "Local/102@from-queue-0000000b;2", OLEG, "NO ANSWER", unique="1795168802.4"),
    ]
    found = legs(tmp_path, rows)
    assert talks(found) == {None: 0, "101": 48, "102": 0}
    assert {leg.queue for leg in found} == {"sales"}
    assert [leg.started_at.second for leg in found] == [0, 2, 2]


def test_a_ring_group_is_one_call(tmp_path: Path) -> None:
    rows = [row(0, 8, 0, TRUNK, ANNA, "NO ANSWER"), row(0, 13, 5, TRUNK, OLEG)]
    assert talks(legs(tmp_path, rows)) == {"101": 0, "102": 5}


def test_the_caller_who_gives_up_was_missed(tmp_path: Path) -> None:
    [leg] = legs(tmp_path, [row(0, 1, 0, TRUNK, ANNA, "NO ANSWER")])
    assert (leg.direction, leg.outcome, leg.talk_s, leg.ring_s) == (Direction.IN, "missed", 0, 1)


@pytest.mark.parametrize(
    ("said", "outcome"), [("BUSY", "busy"), ("CONGESTION", "unavailable"), ("CANCEL", "cancelled")]
)
def test_a_failed_attempt_is_nobody_s_talk(tmp_path: Path, said: str, outcome: str) -> None:
    [leg] = legs(tmp_path, [row(0, 0, 0, ANNA, OTHER, said, dst="79161234567")])
    assert (leg.user_ref, leg.direction, leg.outcome) == ("101", Direction.OUT, outcome)


def test_an_attempt_without_any_channel_outside_is_a_call(tmp_path: Path) -> None:
    [leg] = legs(tmp_path, [row(0, 0, 0, ANNA, "", "FAILED", app="", dst="79161234567")])
    assert (leg.direction, leg.client_hash) == (Direction.OUT, "+79161234567")


def test_a_second_trunk_after_a_failed_one_is_one_attempt(tmp_path: Path) -> None:
    rows = [
        row(0, 1, 0, ANNA, OTHER, "CONGESTION", dst="79161234567"),
        row(1, 30, 20, ANNA, TRUNK, dst="79161234567"),
    ]
    [leg] = legs(tmp_path, rows)
    assert (leg.talk_s, leg.outcome, leg.lasted_s) == (20, "answered", 31)


def test_an_outgoing_call_passed_on_is_talk_of_both(tmp_path: Path) -> None:
    rows = [
        row(0, 30, 20, ANNA, TRUNK, dst="79161234567"),
        row(30, 40, 40, TRUNK, OLEG, dst="102"),
    ]
    first, second = legs(tmp_path, rows)
    assert (first.direction, second.direction) == (Direction.OUT, Direction.OUT)
    assert talks([first, second]) == {"101": 20, "102": 40}
    assert second.client_hash == "+79161234567"


def test_a_call_ordered_in_the_crm_belongs_to_whose_telephone_rang(tmp_path: Path) -> None:
    half = "Local/101@click-0000000a;"
    rows = [
        row(0, 50, 45, f"{half}2", ANNA, dst="101", unique="1795168800.2"),
        row(5, 45, 30, f"{half}1", TRUNK, dst="79161234567"),
    ]
    [leg] = [leg for leg in legs(tmp_path, rows) if leg.user_ref]
    assert (leg.user_ref, leg.talk_s, leg.direction) == ("101", 30, Direction.OUT)


def test_a_mobile_that_the_settings_know_is_the_employee(tmp_path: Path) -> None:
    rows = [row(0, 25, 20, TRUNK, OTHER, data="PJSIP/89161234567@trunk,20")]
    assert talks(legs(tmp_path, rows, mobiles={"+7 916 123-45-67": "101"})) == {"101": 20}


def test_an_unknown_mobile_that_took_a_call_is_talk_of_the_team(tmp_path: Path) -> None:
    rows = [row(0, 25, 20, TRUNK, OTHER, data="PJSIP/79161234567@trunk,20")]
    assert talks(legs(tmp_path, rows)) == {None: 20}


def test_a_call_to_a_colleague_s_mobile_is_internal(tmp_path: Path) -> None:
    rows = [row(0, 25, 20, ANNA, OTHER, dst="79161234567")]
    assert legs(tmp_path, rows, mobiles={"79161234567": "102"}) == []


def test_calls_among_employees_and_of_robots_make_no_legs(tmp_path: Path) -> None:
    robot = row(0, 25, 20, TRUNK, "", app="Playback", call=3)
    rows = [
        (*row(0, 25, 20, ANNA, OLEG, dst="102"), "from-internal"),
        (*row(0, 25, 20, ANNA, "", app="VoiceMailMain", dst="*97", call=2), "from-internal"),
        (*robot, "informer"),
    ]
    path = table_of(tmp_path, rows, (*COLUMNS, "dcontext"))
    assert legs_of(client_of(path, robots=("informer",))) == []


def test_a_colleague_s_call_sent_on_to_their_mobile_is_internal(tmp_path: Path) -> None:
    half = "Local/102@followme-0000000a;"
    rows = [
        row(0, 25, 20, ANNA, f"{half}1", dst="102"),
        row(0, 25, 20, f"{half}2", TRUNK, dst="102", data="PJSIP/79161234567@trunk,20"),
    ]
    assert legs(tmp_path, rows) == []


def test_who_takes_a_parked_client_talks(tmp_path: Path) -> None:
    rows = [
        row(0, 30, 25, TRUNK, ANNA),
        row(30, 20, 20, TRUNK, "", app="Park"),
        row(48, 42, 40, OLEG, TRUNK, app="ParkedCall", dst="701", unique="1795168848.7"),
    ]
    assert talks(legs(tmp_path, rows)) == {"101": 25, "102": 40}


def test_a_hidden_number_is_no_number(tmp_path: Path) -> None:
    hidden = [*row(0, 25, 20, TRUNK, ANNA)]
    hidden[1] = ""
    assert legs(tmp_path, [hidden])[0].client_hash is None


def test_what_makes_no_sense_is_set_aside_and_named(tmp_path: Path) -> None:
    bad = [*row(0, 25, 20, TRUNK, ANNA, call=2)]
    bad[8] = "-5"
    records = records_of(client_of(table_of(tmp_path, [row(0, 25, 20, TRUNK, ANNA), bad])))
    [broken] = [record for record in records if "reason" in record]
    with pytest.raises(DataError, match=r"billsec is no length of a call"):
        legs_in([broken])
    assert len(legs_in([each for each in records if each is not broken])) == 1


def test_a_call_that_goes_on_is_left_for_later(tmp_path: Path) -> None:
    path = table_of(tmp_path, [row(0, 25, 20, TRUNK, ANNA)])
    ended_at = datetime(2026, 11, 20, 10, 0, 25, tzinfo=UTC)
    assert legs_of(client_of(path, now=ended_at + timedelta(seconds=59))) == []
    assert len(legs_of(client_of(path, now=ended_at + timedelta(seconds=60)))) == 1


def test_a_row_that_comes_later_folds_the_call_anew(tmp_path: Path) -> None:
    path = table_of(tmp_path, [row(0, 30, 25, TRUNK, ANNA)])
    [before] = legs_of(client_of(path))
    table_of(tmp_path, [row(30, 40, 40, TRUNK, OLEG)])
    first, second = legs_of(client_of(path))
    assert (before, second.user_ref) == (first, "102")
