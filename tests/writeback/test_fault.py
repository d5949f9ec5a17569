"""Lost answers, refused commands, missing rights: what becomes of each."""

import pytest
from structlog.testing import capture_logs

from connectors.destination import DeniedError
from connectors.error import AmbiguousError, AuthError, RejectedError, RetryableError
from tests.writeback.office import MONTHS, Office


@pytest.mark.parametrize("kind", ["lost", "truncate"])
@pytest.mark.parametrize("method", ["crm.type.add", "userfieldconfig.add", "crm.item.add"])
def test_a_creation_whose_answer_is_lost_is_found_by_reading(
    office: Office, kind: str, method: str
) -> None:
    office.box.faults.add(kind, method=method)
    assert office.apply().unresolved == 0
    methods = [write.method for write in office.box.portal.writes]
    assert methods.count("crm.type.add") == 1
    assert methods.count("userfieldconfig.add") == 6
    assert methods.count("crm.item.add") == 4
    assert office.agrees()


@pytest.mark.parametrize("kind", ["html500", "reset", "empty200"])
@pytest.mark.parametrize("method", ["crm.type.add", "userfieldconfig.add"])
def test_a_part_that_was_not_made_is_made_by_the_next_start(
    office: Office, kind: str, method: str
) -> None:
    office.box.faults.add(kind, method=method)
    with pytest.raises(AmbiguousError):
        office.apply()
    assert office.drain().paused is None
    assert office.agrees()
    assert [write.method for write in office.box.portal.writes].count("crm.type.add") == 1


def test_records_whose_creation_cannot_be_seen_wait_for_the_next_turn(office: Office) -> None:
    office.box.faults.add("html500", method="crm.item.add")
    result = office.apply()
    assert (result.written, result.unresolved) == (0, 4)
    assert office.drain().written == 4
    assert office.agrees()


def test_an_update_whose_answer_is_lost_is_not_sent_again(office: Office) -> None:
    office.apply()
    before = office.writes()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.box.faults.add("lost", method="crm.item.update")
    assert office.drain().written == 1
    office.drain()
    assert office.writes() == before + 1
    assert office.agrees()


def test_a_busy_portal_interrupts_and_the_next_turn_goes_on(office: Office) -> None:
    office.apply()
    for month in MONTHS:
        office.scores[3, month] |= {"calls_120s": 77}
    office.box.faults.add("429", command="crm.item.update")
    with pytest.raises(RetryableError):
        office.drain()
    office.pass_time(minutes=11)
    assert office.drain().written == 1
    assert office.agrees()


def test_a_portal_out_of_reach_while_reading_back_resolves_later(office: Office) -> None:
    office.apply()
    before = office.writes()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.box.faults.add("html500", method="crm.item.list", after=1, count=20)
    with pytest.raises(RetryableError):
        office.drain()
    office.box.faults.clear()
    office.drain()
    assert office.writes() == before + 1
    assert office.agrees()


def test_one_refused_record_stops_no_other_and_is_tried_again_later(office: Office) -> None:
    office.apply()
    for month in MONTHS:
        office.scores[3, month] |= {"calls_120s": 77}
    _refuse_one(office)
    result = office.drain()
    assert result.written == 1
    [refused] = result.rejected
    assert "not kept" in refused.reason
    office.box.log.clear()
    assert office.drain().written == 0
    assert len(office.box.log) == 0
    _accept_all(office)
    office.pass_time(minutes=11)
    assert office.drain().written == 1
    assert office.agrees()


def test_refusals_are_retried_ever_more_seldom_but_at_once_by_apply(office: Office) -> None:
    office.apply()
    office.scores[3, MONTHS[0]] |= {"calls_120s": 77}
    _refuse_one(office)
    tries = []
    for minute in range(0, 120, 5):
        office.box.log.clear()
        office.drain()
        if len(office.box.log):
            tries.append(minute)
        office.pass_time(minutes=5)
    assert tries == [0, 10, 30, 70]
    _accept_all(office)
    assert office.apply().written == 1
    assert office.agrees()


def test_a_refusal_in_the_portals_words_is_passed_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.apply()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.scores[4, MONTHS[1]] |= {"calls_120s": 14}
    refusing = _refusing(office, office.item()["id"])
    monkeypatch.setattr(office.processes[0], "update", refusing)
    result = office.drain()
    assert result.written == 1
    assert "Нельзя" in result.rejected[0].reason


def test_a_missing_admin_right_pauses_and_tells_what_to_do(office: Office) -> None:
    office.box.portal.access.admin = False
    with pytest.raises(DeniedError):
        office.apply()
    paused = office.drain().paused
    assert paused is not None
    assert "administrator" in paused
    assert "merilo writeback apply" in paused
    office.box.log.clear()
    assert office.drain().paused == paused
    assert len(office.box.log) == 0
    office.box.portal.access.admin = True
    assert office.drain().paused == paused
    assert office.apply().written == 4
    assert office.drain().paused is None


def test_a_refused_login_is_the_sources_trouble_and_pauses_nothing(office: Office) -> None:
    office.apply()
    office.scores[3, MONTHS[1]] |= {"calls_120s": 13}
    office.box.portal.access.expired = True
    with pytest.raises(AuthError) as raised:
        office.drain()
    assert not isinstance(raised.value, DeniedError)
    office.box.portal.access.expired = False
    assert office.drain().written == 1


def test_a_smart_process_the_plan_does_not_allow_is_reported_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office.box.portal.smart, "add", _no_plan)
    with capture_logs() as told:
        with pytest.raises(RejectedError, match="тариф"):
            office.apply()
        assert office.drain().paused is not None
        office.drain()
    assert [each["event"] for each in told].count("writeback.paused") == 1


def _refuse_one(office: Office) -> None:
    """September's record of the first manager takes no value, silently."""
    process, first = office.processes[0], office.item(3, MONTHS[0])["id"]
    real = type(process).update

    def update(item_id: int, raw: dict[str, object], at: float, by: int) -> object:
        return {} if item_id == first else real(process, item_id, raw, at, by)

    process.update = update


def _accept_all(office: Office) -> None:
    del office.processes[0].update


def _refusing(office: Office, item_id: int) -> object:
    from sandbox.bitrix24.envelope import ApiError

    process = office.processes[0]
    real = process.update

    def update(wanted: int, *rest: object) -> object:
        if wanted == item_id:
            raise ApiError(400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "Нельзя")
        return real(wanted, *rest)

    return update


def _no_plan(*_args: object) -> object:
    from sandbox.bitrix24.envelope import ApiError

    raise ApiError(400, "CREATE_DYNAMIC_TYPE_RESTRICTED", "Не по тарифу")
