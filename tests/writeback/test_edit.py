"""A person changed our field or record: nothing of theirs is overwritten silently."""

from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from tests.writeback.office import MONTHS, Office, settings


def _edited(office: Office, policy: str) -> None:
    office.settings = settings(on_human_edit=policy)
    office.apply()
    office.edit("calls_120s", 500)


@pytest.mark.parametrize("policy", ["ask", "theirs"])
def test_an_edit_stays_while_ours_is_unchanged(office: Office, policy: str) -> None:
    _edited(office, policy)
    [conflict] = office.drain(verify=True).conflicts
    assert (conflict.field, conflict.theirs, conflict.ours) == ("calls_120s", "500", "12")
    assert office.shown("calls_120s") == 500


def test_ask_leaves_an_edit_also_when_ours_changes_and_writes_the_rest(office: Office) -> None:
    _edited(office, "ask")
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13, "revenue": Decimal("8")}
    result = office.drain()
    assert (result.written, len(result.conflicts)) == (1, 1)
    assert (office.shown("calls_120s"), office.shown("revenue")) == (500, 8)


def test_a_known_conflict_causes_no_request_until_ours_changes(office: Office) -> None:
    _edited(office, "ask")
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.drain()
    office.box.log.clear()
    office.pass_time(hours=1)
    assert office.drain().written == 0
    assert len(office.box.log) == 0


def test_a_conflict_is_told_once(office: Office) -> None:
    _edited(office, "ask")
    with capture_logs() as told:
        for _ in range(3):
            office.drain(verify=True)
    assert [each["event"] for each in told] == ["writeback.conflict"]


def test_an_edit_that_is_set_back_ends_the_conflict(office: Office) -> None:
    _edited(office, "ask")
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.drain()
    office.edit("calls_120s", 12)
    assert office.drain(verify=True).written == 1
    assert office.agrees()


def test_an_edit_replaced_by_ours_unseen_ends_the_conflict_at_the_next_change(
    office: Office,
) -> None:
    _edited(office, "ask")
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.drain()
    office.edit("calls_120s", 13)
    office.scores[3, MONTHS[1]] |= {"calls_120s": 14}
    assert office.drain().written == 1
    assert office.agrees()


def test_an_edit_to_what_we_want_is_no_conflict(office: Office) -> None:
    _edited(office, "ask")
    office.scores[3, MONTHS[1]] |= {"calls_120s": 500}
    before = office.writes()
    result = office.drain()
    assert (result.conflicts, result.written) == ((), 0)
    assert office.writes() == before
    assert office.agrees()


def test_ours_overwrites_and_tells(office: Office) -> None:
    _edited(office, "ours")
    with capture_logs() as told:
        assert office.apply().written == 1
    assert office.agrees()
    assert "writeback.conflict" in [each["event"] for each in told]


def test_theirs_is_kept_until_our_value_changes(office: Office) -> None:
    _edited(office, "theirs")
    office.drain(verify=True)
    office.scores[3, MONTHS[1]] |= {"revenue": Decimal("8")}
    office.drain()
    assert office.shown("calls_120s") == 500
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.drain()
    assert office.agrees()


def test_an_edit_found_only_when_ours_changed_too_is_kept_under_theirs(office: Office) -> None:
    _edited(office, "theirs")
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.drain()
    assert office.shown("calls_120s") == 500
    office.scores[3, MONTHS[1]] |= {"calls_120s": 14}
    office.drain()
    assert office.agrees()


@pytest.mark.parametrize("policy", ["ask", "theirs"])
def test_a_record_that_a_person_deleted_is_not_made_again(office: Office, policy: str) -> None:
    office.settings = settings(on_human_edit=policy)
    office.apply()
    office.remove()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    [conflict] = office.drain().conflicts
    assert conflict.field is None
    office.box.log.clear()
    office.drain()
    assert len(office.box.log) == 0
    assert len(office.items) == 3


def test_a_deleted_record_is_made_again_under_ours(office: Office) -> None:
    office.settings = settings(on_human_edit="ours")
    office.apply()
    office.remove()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.drain()
    assert office.agrees()


def test_a_changed_policy_takes_hold_of_a_standing_conflict(office: Office) -> None:
    _edited(office, "ask")
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.drain()
    office.settings = settings(on_human_edit="ours")
    office.drain()
    assert office.agrees()


def test_the_plan_tells_a_conflict_and_sends_nothing(office: Office) -> None:
    _edited(office, "ask")
    before = office.writes()
    [step] = office.plan()
    assert (step.action, step.field, step.old, step.new) == ("conflict", "calls_120s", "500", "12")
    assert (step.manager, step.period) == ("Анна Петрова", MONTHS[1])
    assert office.writes() == before


def test_the_plan_tells_that_theirs_is_adopted(office: Office) -> None:
    _edited(office, "theirs")
    [step] = office.plan()
    assert (step.action, step.old, step.new) == ("adopt", "500", "500")
