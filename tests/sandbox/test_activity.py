"""Activities of the portal: how they are listed, and which of them count in the truth."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sandbox.bitrix24 import activity as kinds
from sandbox.bitrix24.portal import Portal
from sandbox.bitrix24.truth import truth
from sandbox.server import Box
from tests.clock import Clock
from tests.sandbox.conftest import Client, documented

ANNA, IVAN = 7, 8
NOON = datetime(2026, 10, 12, 9, tzinfo=UTC)


def test_a_row_has_the_documented_keys_and_is_all_strings(client: Client) -> None:
    shown = client.result("crm.activity.list", order={"ID": "ASC"})[0]
    sample = documented("crm_activity_list__success_2")["result"][0]
    assert set(shown) == set(sample)
    scalars = [value for value in shown.values() if not isinstance(value, list)]
    assert all(value is None or isinstance(value, str) for value in scalars)


def test_communications_files_and_the_event_come_only_when_named(client: Client) -> None:
    asked = ["*", "COMMUNICATIONS", "FILES", "CALENDAR_EVENT_ID"]
    every, named = (client.result("crm.activity.list", select=one)[0] for one in (["*"], asked))
    assert set(named) - set(every) == {"COMMUNICATIONS", "FILES", "CALENDAR_EVENT_ID"}


def test_a_list_is_filtered_by_type_change_and_id(client: Client, box: Box) -> None:
    first = client.result(
        "crm.activity.list",
        filter={"TYPE_ID": [1, 4], ">ID": 0},
        order={"ID": "ASC"},
        select=["ID", "TYPE_ID"],
        start=-1,
    )
    assert {row["TYPE_ID"] for row in first} <= {"1", "4"}
    numbers = [int(row["ID"]) for row in first]
    assert numbers == sorted(numbers)
    activity = box.portal.activities.add(kinds.SENT, ANNA)
    changed = client.result("crm.activity.list", filter={">=LAST_UPDATED": "2026-10-15T12:00:00"})
    assert [row["ID"] for row in changed] == [str(activity)]


def test_one_activity_and_its_bindings_can_be_asked_for(desk: Client, empty: Box) -> None:
    activity = empty.portal.activities.add(kinds.MEETING_KIND, ANNA, deal=12)
    assert desk.result("crm.activity.get", id=activity)["OWNER_ID"] == "12"
    bound = desk.result("crm.activity.binding.list", activityId=activity)
    assert bound == [{"entityTypeId": 2, "entityId": 12}]
    empty.portal.activities.delete(activity)
    assert desk.body("crm.activity.get", id=activity)["error"] == "NOT_FOUND"
    assert "COMMUNICATIONS" in desk.result("crm.activity.fields")


@pytest.fixture
def portal(empty: Box) -> Portal:
    made = empty.portal
    made.users.pop(IVAN, None)
    made.add_user("Иван", "Соколов", user_id=IVAN)
    return made


def counted(portal: Portal, **asked: Any) -> dict[tuple[int | None, str], int]:
    asked |= {"since": date(2026, 10, 1), "until": date(2026, 10, 31)}
    rows = truth(portal, by="total", tz="Europe/Moscow", **asked)
    return {(row.user, row.metric): int(row.value) for row in rows}


def test_only_letters_of_people_that_were_sent_count(portal: Portal) -> None:
    portal.activities.add(kinds.SENT, IVAN, by=ANNA, completed=True, at=NOON)
    portal.activities.add(kinds.SENT, ANNA, completed=False, at=NOON)
    portal.activities.add(kinds.RECEIVED, ANNA, by=1, at=NOON)
    for kind in (kinds.MAILING, kinds.ROBOT_MAIL, kinds.CALL_IN, kinds.TASK_KIND, kinds.CHAT):
        portal.activities.add(kind, ANNA, completed=True, at=NOON)
    assert counted(portal) == {
        (ANNA, "emails_sent"): 1,
        (None, "emails_sent"): 1,
        (ANNA, "emails_received"): 1,
        (None, "emails_received"): 1,
    }


@pytest.mark.parametrize(
    ("kind", "subject", "event", "counts"),
    [
        (kinds.MEETING_KIND, "Что угодно", 0, True),
        (kinds.TODO_KIND, "ВСТРЕЧА в офисе", 0, True),
        (kinds.TODO_KIND, "Позвонить", 7, True),
        (kinds.TODO_KIND, "Позвонить", 0, False),
        (kinds.CHAT, "встреча", 0, False),
    ],
)
def test_a_meeting_is_known_by_its_type_event_or_title(
    portal: Portal, kind: kinds.Kind, subject: str, event: int, counts: bool
) -> None:
    portal.activities.add(kind, ANNA, subject=subject, event=event, completed=True, at=NOON)
    number = 1 if counts else 0
    assert counted(portal).get((ANNA, "meetings_held"), 0) == number
    assert counted(portal).get((None, "meetings_planned"), 0) == number


def test_a_meeting_belongs_to_whoever_had_it_when_it_began(portal: Portal, clock: Clock) -> None:
    meeting = portal.activities.add(kinds.MEETING_KIND, ANNA, start=NOON, at=NOON - timedelta(5))
    portal.activities.change(meeting, responsible=IVAN, at=NOON - timedelta(1))
    portal.activities.change(meeting, responsible=ANNA, completed=True, at=NOON + timedelta(1))
    assert counted(portal)[IVAN, "meetings_held"] == 1
    reads = [NOON - timedelta(4), clock()]
    assert counted(portal, view="observed", reads=reads)[ANNA, "meetings_held"] == 1


def test_a_deleted_activity_counts_no_more_and_a_restored_one_again(portal: Portal) -> None:
    letter = portal.activities.add(kinds.RECEIVED, ANNA, at=NOON)
    portal.activities.delete(letter, at=NOON + timedelta(hours=1))
    assert counted(portal) == {}
    portal.activities.restore(letter, at=NOON + timedelta(hours=2))
    assert counted(portal)[ANNA, "emails_received"] == 1
