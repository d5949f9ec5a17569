"""The truth, by hand: small stories whose numbers can be counted on one's fingers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox.amocrm.box import AmoBox
from sandbox.amocrm.truth import (
    NO_REASON,
    cycle_truth,
    lost_truth,
    open_truth,
    repeat_truth,
    truth,
)
from sandbox.amocrm.truth_stage import step_truth
from tests.clock import Clock
from tests.sandbox.amocrm.conftest import ANNA

TZ = "Europe/Moscow"
WHOLE: dict[str, Any] = {"since": date(2026, 1, 1), "until": date(2026, 12, 31), "tz": TZ}


def numbers(box: AmoBox, by: str = "total", **more: Any) -> dict[tuple[int | None, str], Any]:
    """Value by user and metric of the whole year."""
    rows = truth(box.account, by=by, **WHOLE, **more)
    return {(row.user, row.metric): row.value for row in rows}


def other(box: AmoBox) -> int:
    """A second manager."""
    return sorted(user.id for user in box.account.users.values() if not user.admin)[1]


def test_a_call_on_two_cards_is_one_call(empty: AmoBox) -> None:
    account = empty.account
    contact = account.add_contact(ANNA, "Пётр Белов")
    lead = account.create_lead(ANNA)
    account.add_call(ANNA, ("contacts", contact), ("leads", lead), duration=130, uniq="a1")
    found = numbers(empty)
    for user in (ANNA, None):
        assert found[user, "calls_in"] == found[user, "calls_answered"] == 1
        assert found[user, "talk_time"] == 130
        assert found[user, "calls_120s"] == 1


def test_the_same_mark_of_two_switchboards_is_two_calls(empty: AmoBox) -> None:
    lead = empty.account.create_lead(ANNA)
    for source in ("UIS", "Mango Office"):
        empty.account.add_call(ANNA, ("leads", lead), uniq="1", source=source)
    assert numbers(empty)[None, "calls_missed"] == 2


def test_without_a_mark_number_moment_and_length_make_the_call(empty: AmoBox, clock: Clock) -> None:
    account = empty.account
    lead, contact = account.create_lead(ANNA), account.add_contact(ANNA, "Пётр Белов")
    for place, phone in (("leads", "+7 (916) 123-45-67"), ("contacts", "89161234567")):
        account.add_call(
            ANNA, (place, lead if place == "leads" else contact), phone=phone, duration=9
        )
    clock.forward(seconds=1)
    account.add_call(ANNA, ("leads", lead), phone="89161234567", duration=9)
    assert numbers(empty)[None, "calls_answered"] == 2


@pytest.mark.parametrize(
    ("duration", "status", "talk"),
    [
        (61, 4, 61),
        ("61", "4", 61),
        (61, None, 61),
        (None, 4, 0),
        (20, 1, 0),
        (20, "6", 0),
        (0, 2, 0),
    ],
)
def test_lengths_and_outcomes_are_read_however_they_were_sent(
    empty: AmoBox, duration: Any, status: Any, talk: int
) -> None:
    lead = empty.account.create_lead(ANNA)
    empty.account.add_call(ANNA, ("leads", lead), duration=duration, status=status, incoming=False)
    found = numbers(empty)
    assert found[ANNA, "calls_out"] == 1
    assert found.get((ANNA, "talk_time"), 0) == talk
    assert found.get((ANNA, "calls_reached"), 0) == (talk > 0)


def test_who_called_is_the_switchboards_word_only_when_it_is_a_user(empty: AmoBox) -> None:
    account = empty.account
    lead, second = account.create_lead(ANNA), other(empty)
    for user in (second, str(second)):
        account.add_call(ANNA, ("leads", lead), responsible=user)
    words: list[int | str | None] = ["Анна Петрова", "101", 999999, None]
    for responsible in words:
        account.add_call(ANNA, ("leads", lead), responsible=responsible)
        account.add_call(
            ANNA, ("leads", lead), responsible=responsible, by=504100, uniq=f"{responsible}"
        )
    found = numbers(empty)
    assert found[second, "calls_missed"] == 1
    assert (
        found[None, "calls_missed"] == found[second, "calls_missed"] + found[ANNA, "calls_missed"]
    )


def test_a_purchase_is_of_who_held_the_customer_and_no_part_of_revenue(
    empty: AmoBox, clock: Clock
) -> None:
    account, second = empty.account, other(empty)
    customer = account.add_customer(ANNA, "Завод")
    account.add_purchase(customer, 100)
    clock.forward(days=1)
    account.assign_customer(customer, second)
    account.add_purchase(customer, 20)
    account.add_purchase(customer, 3, completed=clock() - timedelta(hours=1))
    account.take_back(account.add_purchase(customer, 1000))
    found = numbers(empty)
    assert [found[user, "purchases"] for user in (ANNA, second, None)] == [2, 1, 3]
    assert [found[user, "purchases_revenue"] for user in (ANNA, second)] == ["103.00", "20.00"]
    assert (None, "revenue") not in found


def test_work_of_nobody_known_is_the_teams_alone(empty: AmoBox) -> None:
    lead = empty.account.create_lead(504112, 10)
    empty.account.win_lead(lead)
    empty.account.add_call(504112, ("leads", lead), duration=5)
    found = numbers(empty)
    assert {user for user, _ in found} == {None}
    assert found[None, "revenue"] == "10.00"
    assert found[None, "calls_in"] == 1


def test_a_letter_on_two_cards_is_one_letter(empty: AmoBox) -> None:
    account = empty.account
    contact, lead = account.add_contact(ANNA, "Пётр Белов"), account.create_lead(ANNA)
    account.add_letter(ANNA, ("contacts", contact), ("leads", lead), incoming=True)
    account.add_letter(ANNA, ("contacts", contact), incoming=False)
    found = numbers(empty)
    for user in (ANNA, None):
        assert (found[user, "emails_received"], found[user, "emails_sent"]) == (1, 1)


def test_a_meeting_is_held_when_it_was_marked_and_planned_when_due(
    empty: AmoBox, clock: Clock
) -> None:
    account = empty.account
    held = account.add_task(ANNA, clock() + timedelta(hours=1))
    account.add_task(ANNA, clock() + timedelta(days=40))
    account.add_task(ANNA, type_id=1)
    gone = account.add_task(ANNA)
    clock.forward(days=20)
    account.complete_task(held)
    account.delete_task(gone)
    rows = truth(account, by="month", **WHOLE)
    months = {(row.metric, row.period_start.month): row.value for row in rows if row.user == ANNA}
    assert months[("meetings_held", 11)] == 1
    assert months[("meetings_planned", 11)] == 2
    assert ("meetings_planned", 10) not in months


def test_a_meeting_belongs_to_who_held_it_then(empty: AmoBox, clock: Clock) -> None:
    account = empty.account
    task, heir = account.add_task(ANNA, clock() + timedelta(hours=2)), other(empty)
    clock.forward(hours=1)
    account.update_task(task, owner=heir)
    clock.forward(hours=1)
    account.complete_task(task)
    assert (heir, "meetings_held") in numbers(empty)
    assert (ANNA, "meetings_held") not in numbers(empty)


def test_a_win_belongs_to_who_held_the_deal_then(empty: AmoBox, clock: Clock) -> None:
    account = empty.account
    lead, second = account.create_lead(ANNA, 1000), other(empty)
    clock.forward(days=10)
    account.assign_lead(lead, second)
    clock.forward(hours=1)
    account.win_lead(lead)
    clock.forward(days=1)
    account.assign_lead(lead, ANNA)
    account.update_lead(lead, price=1500)
    found = numbers(empty)
    assert (
        found[ANNA, "deals_created"]
        == found[ANNA, "leads_created"]
        == found[ANNA, "leads_won"]
        == 1
    )
    assert found[ANNA, "lead_conversion"] == 1.0
    assert (ANNA, "deals_won") not in found
    assert found[second, "revenue"] == found[second, "average_deal"] == "1500.00"
    assert found[second, "sales_cycle"] == found[second, "days_to_win"] == 10.04
    assert found[second, "win_rate"] == 1.0


def test_only_the_last_move_counts(empty: AmoBox, clock: Clock) -> None:
    account = empty.account
    lead = account.create_lead(ANNA, 100)
    account.win_lead(lead)
    clock.forward(days=40)
    account.move_lead(lead, 32392162)
    assert (ANNA, "deals_won") not in numbers(empty)
    account.lose_lead(lead, 4203748)
    rows = truth(account, by="month", **WHOLE)
    lost = [row.period_start.month for row in rows if row.metric == "deals_lost" and row.user]
    assert lost == [11]
    assert (ANNA, "revenue") not in numbers(empty)


def test_a_close_date_set_by_hand_moves_no_win(empty: AmoBox, clock: Clock) -> None:
    lead = empty.account.create_lead(ANNA, 100)
    empty.account.win_lead(lead)
    clock.forward(days=40)
    empty.account.update_lead(lead, closed_at=int(clock().timestamp()))
    rows = truth(empty.account, by="month", **WHOLE)
    assert [row.period_start.month for row in rows if row.metric == "deals_won" and row.user] == [
        10
    ]


def test_what_waits_was_declined_deleted_or_merged_away_is_no_deal(empty: AmoBox) -> None:
    account = empty.account
    account.receive_unsorted(ANNA)
    account.decline_unsorted(account.receive_unsorted(ANNA))
    account.delete_lead(account.create_lead(ANNA))
    kept = account.create_lead(ANNA)
    account.merge_leads(kept, account.create_lead(ANNA))
    assert numbers(empty)[ANNA, "deals_created"] == 1


def test_what_was_accepted_counts_from_the_day_it_came(empty: AmoBox, clock: Clock) -> None:
    account = empty.account
    uid = account.receive_unsorted(ANNA)
    clock.forward(days=30)
    account.accept_unsorted(uid, other(empty))
    rows = [row for row in truth(account, by="month", **WHOLE) if row.metric == "deals_created"]
    assert {(row.user, row.period_start.month) for row in rows} == {(None, 10), (ANNA, 10)}


def test_an_owner_holds_from_the_very_second_of_the_change(empty: AmoBox) -> None:
    account = empty.account
    lead = account.create_lead(ANNA)
    account.assign_lead(lead, other(empty))
    assert (other(empty), "deals_created") in numbers(empty)


def test_an_observer_knows_what_happened_until_the_last_reading(
    empty: AmoBox, clock: Clock
) -> None:
    account = empty.account
    lead = account.create_lead(ANNA, 100)
    clock.forward(hours=1)
    read = clock()
    clock.forward(hours=1)
    account.win_lead(lead)
    account.add_call(ANNA, ("leads", lead), duration=5)
    seen = numbers(empty, view="observed", reads=[read])
    assert (seen[ANNA, "deals_created"], seen.get((ANNA, "deals_won"))) == (1, None)
    assert (ANNA, "calls_in") not in seen
    assert numbers(empty, view="observed", reads=[read, clock()]) == numbers(empty)


@pytest.mark.parametrize("bad", [{"by": "year"}, {"view": "other"}, {"view": "observed"}])
def test_a_question_without_an_answer_is_refused(empty: AmoBox, bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="is one of"):
        truth(empty.account, **({"by": "day"} | WHOLE | bad))


def test_days_begin_at_midnight_of_the_zone(empty: AmoBox) -> None:
    account = empty.account
    for hour in (20, 21):
        account.create_lead(ANNA, at=datetime(2026, 10, 14, hour, 59, tzinfo=UTC))
    rows = truth(account, by="day", **WHOLE)
    days = [row.period_start for row in rows if row.metric == "deals_created" and row.user]
    assert days == [date(2026, 10, 14), date(2026, 10, 15)]
    weeks = {row.period_start for row in truth(account, by="week", **WHOLE)}
    assert weeks == {date(2026, 10, 12)}


def test_open_lost_repeated_and_the_median(empty: AmoBox, clock: Clock) -> None:
    account = empty.account
    company = account.add_company(ANNA, "ООО «Вектор»")
    contact = account.add_contact(ANNA, "Пётр Белов", company=company)
    account.create_lead(ANNA, 300)
    first = account.create_lead(ANNA, 100, company=company)
    account.lose_lead(account.create_lead(ANNA), 4203751)
    account.lose_lead(account.create_lead(ANNA))
    clock.forward(days=2)
    account.win_lead(first)
    later = account.create_lead(ANNA, 100, company=company, contact=contact)
    alone = account.create_lead(ANNA, 50)
    clock.forward(days=4)
    account.win_lead(later)
    account.win_lead(alone)
    read = {"read": clock()}
    assert open_truth(account, **read) == {ANNA: (1, 30000), None: (1, 30000)}
    assert lost_truth(account, since=WHOLE["since"], until=WHOLE["until"], tz=TZ, **read) == {
        (user, reason): 1 for user in (ANNA, None) for reason in ("Не устроила цена", NO_REASON)
    }
    asked: dict[str, Any] = WHOLE | read
    assert repeat_truth(account, **asked) == {ANNA: (1, 3), None: (1, 3)}
    assert cycle_truth(account, **asked) == {ANNA: (4.0, 3), None: (4.0, 3)}


def test_the_first_human_act_on_the_card_ends_the_wait(empty: AmoBox, clock: Clock) -> None:
    account = empty.account
    lead, other_lead = account.create_lead(ANNA), account.create_lead(ANNA)
    clock.forward(minutes=5)
    account.add_call(ANNA, ("leads", lead), incoming=True, duration=0)
    account.add_letter(ANNA, ("leads", lead), incoming=True)
    clock.forward(minutes=5)
    account.add_call(ANNA, ("leads", lead), incoming=False, duration=0, status=6)
    clock.forward(minutes=20)
    account.complete_task(account.add_task(ANNA, place=("leads", other_lead)))
    found = numbers(empty)
    assert found[ANNA, "response_time"] == found[None, "response_time"] == 1200
    assert found[ANNA, "response_time_work"] == 1200
    assert found[ANNA, "lead_answer_share"] == 1.0


def test_a_missed_call_waits_for_the_next_talk_with_the_number(empty: AmoBox, clock: Clock) -> None:
    account = empty.account
    lead = account.create_lead(ANNA)
    account.add_call(ANNA, ("leads", lead), phone="+7 916 123-45-67")
    clock.forward(minutes=30)
    account.add_call(
        other(empty), ("leads", lead), phone="89161234567", incoming=False, duration=60
    )
    account.add_call(ANNA, ("leads", lead), phone="+79160000000")
    found = numbers(empty)
    assert found[other(empty), "callback_time"] == found[None, "callback_time"] == 1800
    assert found[ANNA, "calls_missed_unreturned"] == found[None, "calls_missed_unreturned"] == 1


def test_clients_count_for_who_had_them_first(empty: AmoBox) -> None:
    account = empty.account
    contact, company = account.add_contact(ANNA, "Пётр"), account.add_company(ANNA, "ООО «Вектор»")
    for entity, number in (("contacts", contact), ("companies", company)):
        account.assign_client(entity, number, other(empty))
    kinds = [event.type for event in account.events.rows.values()]
    assert kinds.count("entity_responsible_changed") == 2
    found = numbers(empty)
    assert found[ANNA, "contacts_created"] == found[ANNA, "companies_created"] == 1


def test_a_skipped_stage_counts_as_passed(empty: AmoBox, clock: Clock) -> None:
    account = empty.account
    account.win_lead(account.create_lead(ANNA))
    account.create_lead(ANNA)
    account.lose_lead(account.move_lead(account.create_lead(ANNA), 32392165))
    found = step_truth(account, **WHOLE, read=clock())
    steps = {key[2:]: value for key, value in found.items() if key[0] == ANNA}
    assert steps == {
        ("32392159", "32392162"): (2, 3),
        ("32392162", "32392165"): (2, 2),
        ("32392165", "32392168"): (1, 2),
        ("32392168", "142"): (1, 1),
    }
