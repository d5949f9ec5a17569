"""The simulated company: the same by the same seed, consistent, alive."""

import random
import re
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest

from sandbox.amocrm.account import Account
from sandbox.amocrm.company import SCALES, build_account
from sandbox.amocrm.live import WEIGHTS
from sandbox.amocrm.note import ENTITIES, PhoneCall
from sandbox.amocrm.truth import truth
from sandbox.bitrix24.company import build_portal
from tests.clock import Clock
from tests.sandbox.amocrm.conftest import Client

CYRILLIC = re.compile("[А-Яа-яЁё]")


@pytest.fixture(scope="module")
def company() -> Account:
    return build_account("small", 3, lambda: datetime(2026, 10, 15, 9, 0, tzinfo=UTC))


def told(row: Any) -> str:
    """What two equal records have in common."""
    names = ("versions", "name", "values", "type", "entity_id", "at")
    return str(
        [getattr(row, name, None) for name in names if not callable(getattr(row, name, None))]
    )


def test_the_same_seed_makes_the_same_company(clock: Clock) -> None:
    one, two, three = (build_account("tiny", seed, clock) for seed in (5, 5, 6))
    assert one.access.token == two.access.token != three.access.token
    for name in ("leads", "contacts", "tasks", "events"):
        rows = [
            [(row.id, told(row)) for row in getattr(it, name).every()] for it in (one, two, three)
        ]
        assert rows[0] == rows[1]
        assert rows[0] != rows[2]


def test_the_company_has_the_size_of_its_scale(company: Account) -> None:
    size = SCALES["small"]
    assert len(company.users) == size.managers + 1
    assert sum(not user.active for user in company.users.values()) == size.dismissed
    assert len(list(company.leads.every())) == size.deals
    calls = {
        id(note.body)
        for notes in company.notes.values()
        for note in notes.rows.values()
        if isinstance(note.body, PhoneCall)
    }
    assert len(calls) == size.calls


def test_people_are_those_of_the_other_vendors_company(clock: Clock) -> None:
    mine, theirs = build_account("small", 4, clock), build_portal("small", 4, clock)
    emails = {user.email for user in mine.users.values()}
    assert emails == {user.email for user in theirs.users.values()}


def test_history_ends_now_and_runs_forward(company: Account) -> None:
    now = company.now()
    for lead in company.leads.every():
        assert all(before.at <= after.at <= now for before, after in pairwise(lead.versions))
        assert lead.created_at == lead.versions[0].at <= now
    moments = [event.at for event in company.events.rows.values()]
    assert moments == sorted(moments)
    assert moments[-1] <= now
    created = [lead.created_at for lead in sorted(company.leads.every(), key=lambda one: one.id)]
    assert created == sorted(created)


def test_the_ledger_tells_every_owner_and_every_stage(company: Account) -> None:
    for lead in company.leads.every():
        events = [
            event
            for event in company.events.rows.values()
            if event.entity == "lead" and event.entity_id == lead.id
        ]
        stages = [event.after[0][1] for event in events if event.type == "lead_status_changed"]
        owners = [
            event.after[0][1] for event in events if event.type == "entity_responsible_changed"
        ]
        pairs = list(pairwise(lead.versions))
        assert stages == [after.stage for before, after in pairs if before.stage != after.stage]
        assert owners == [after.owner for before, after in pairs if before.owner != after.owner]


def test_there_is_some_of_everything_that_is_odd(company: Account) -> None:
    calls = [
        note.body
        for notes in company.notes.values()
        for note in notes.rows.values()
        if isinstance(note.body, PhoneCall)
    ]
    assert {type(call.duration) for call in calls} == {int, str, type(None)}
    assert {type(call.status) for call in calls} == {int, str, type(None)}
    assert {type(call.responsible) for call in calls} == {int, str, type(None)}
    assert any(not call.uniq for call in calls)
    assert all(company.notes[name].rows for name in ENTITIES)
    assert company.leads.trash
    assert {one.done for one in company.incoming.values()} == {"", "accept", "decline"}
    lost = [lead.now for lead in company.leads.rows.values() if lead.status_id == 143]
    assert {version.reason is None for version in lost} == {True, False}
    assert any(lead.now.owner not in company.users for lead in company.leads.rows.values())
    assert company.transactions.rows


def test_names_are_russian(company: Account) -> None:
    names = [lead.name for lead in company.leads.rows.values()]
    for clients in (company.contacts, company.companies):
        names += [client.name for client in clients.rows.values()]
    names += [user.name for user in company.users.values()]
    assert all(CYRILLIC.search(name) for name in names)


def test_every_metric_has_something_to_count(company: Account) -> None:
    rows = truth(
        company, since=date(2026, 1, 1), until=date(2026, 12, 31), by="total", tz="Europe/Moscow"
    )
    assert {row.metric for row in rows if row.user is None} == {
        "calls_in", "calls_out", "calls_answered", "calls_missed", "calls_reached", "talk_time",
        "calls_120s", "emails_sent", "emails_received", "meetings_held", "meetings_planned",
        "deals_created", "deals_won", "deals_lost", "revenue", "average_deal", "days_to_win",
        "sales_cycle", "win_rate", "leads_created", "leads_won", "lead_conversion",
        "contacts_created", "companies_created", "response_time", "response_time_work",
        "leads_answered", "lead_answer_share", "callback_time", "callback_time_work",
        "calls_missed_unreturned", "purchases", "purchases_revenue", "products_sold",
    }  # fmt: skip


def test_life_goes_on_and_the_lists_stay_whole(client: Client, clock: Clock) -> None:
    account = client.box.account
    rng = random.Random(1)
    done = set()
    for _ in range(600):
        clock.forward(seconds=rng.randrange(3))
        done.add(account.live_step(rng)["what"])
    assert done == set(WEIGHTS)
    for path, table in (("leads", account.leads), ("tasks", account.tasks)):
        assert {row["id"] for row in client.every(path)} == set(table.rows)
    gone = {row["id"] for row in client.every("leads?with=only_deleted")}
    assert gone == set(account.leads.trash)
    assert len(client.every("events", 100)) == len(account.events.rows)


def test_people_come_and_go(client: Client) -> None:
    account = client.box.account
    user = account.add_user("Олег Белов", email="o.belov@severny-veter.example")
    account.rename_user(user, "Олег Чёрный")
    account.dismiss_user(user)
    row = client.get(f"users/{user}?with=group")
    assert (row["name"], row["rights"]["is_active"]) == ("Олег Чёрный", False)
    assert row["_embedded"]["groups"] == []
    assert user in {one["id"] for one in client.rows("users")}


def test_moments_without_a_zone_and_unknown_stages_are_refused(
    client: Client, clock: Clock
) -> None:
    account = client.box.account
    with pytest.raises(ValueError, match="aware"):
        account.create_lead(504141, at=clock().replace(tzinfo=None))
    with pytest.raises(ValueError, match="no stage"):
        account.create_lead(504141, status=7)
    with pytest.raises(ValueError, match="has no"):
        account.update_lead(next(iter(account.leads.rows)), colour="red")
