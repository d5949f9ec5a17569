"""Activities: which records are letters and meetings, and that a run reads each of them."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Record, Since
from connectors.bitrix24.activity import normalize
from connectors.error import DataError
from sandbox.bitrix24 import activity as kinds
from sandbox.bitrix24.listing import Query
from sandbox.server import start_sandbox
from store.fact import Direction, Email, EmailKind, Meeting, MeetingState
from tests.connectors.bitrix24.portal import CONTEXT, STREAMS, ids, read, to

PAYLOADS = Path(__file__).parents[2] / "payloads" / "bitrix24"
RULED = replace(CONTEXT, meetings={"todo_title": "встреч|meeting|zoom"})
LETTER: Record = {
    "ID": "20",
    "TYPE_ID": "4",
    "PROVIDER_ID": "CRM_EMAIL",
    "SUBJECT": "Re: счёт",
    "DIRECTION": "2",
    "COMPLETED": "Y",
    "START_TIME": "2026-10-05T13:25:00+03:00",
    "DEADLINE": "2026-10-05T13:25:00+03:00",
    "CREATED": "2026-10-05T13:26:55+03:00",
    "LAST_UPDATED": "2026-10-06T20:28:24+03:00",
    "RESPONSIBLE_ID": "505",
    "AUTHOR_ID": "7",
}
TO_DO: Record = {
    **LETTER,
    "TYPE_ID": "6",
    "PROVIDER_ID": "CRM_TODO",
    "DIRECTION": "0",
    "SUBJECT": "Позвонить",
    "CALENDAR_EVENT_ID": "0",
}


def made(record: Record, **changes: Any) -> Any:
    """The one fact of a record."""
    (fact,) = normalize({**record, **changes}, RULED)
    return fact


def test_a_letter_sent_is_its_authors_and_one_received_is_the_responsibles() -> None:
    sent, received = made(LETTER), made(LETTER, DIRECTION="1", COMPLETED="N")
    assert isinstance(sent, Email)
    assert (sent.direction, sent.owner_ref, sent.kind) == (Direction.OUT, "7", EmailKind.PERSONAL)
    assert (received.direction, received.owner_ref) == (Direction.IN, "505")
    assert received.kind is EmailKind.PERSONAL
    assert sent.begun_at == datetime(2026, 10, 5, 10, 25, tzinfo=UTC)


def test_mailings_robots_and_letters_not_sent_are_kept_apart() -> None:
    assert made(LETTER, PROVIDER_ID="SENDER_LETTER").kind is EmailKind.AUTOMATIC
    assert made(LETTER, COMPLETED="N").kind is EmailKind.UNSENT


def test_a_letter_without_a_direction_makes_no_sense() -> None:
    with pytest.raises(DataError, match="DIRECTION"):
        made(LETTER, DIRECTION="0")


def test_the_documented_call_activity_makes_no_fact() -> None:
    sample = json.loads((PAYLOADS / "crm_activity_list__success_2.json").read_text("utf-8"))
    (row,) = sample["response"]["result"]
    assert list(normalize(row, RULED)) == []


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, MeetingState.NONE),
        ({"SUBJECT": "ВСТРЕЧА в офисе"}, MeetingState.HELD),
        ({"SUBJECT": "Zoom с клиентом", "COMPLETED": "N"}, MeetingState.PLANNED),
        ({"CALENDAR_EVENT_ID": "71"}, MeetingState.HELD),
        ({"TYPE_ID": "1", "PROVIDER_ID": "CRM_MEETING", "SUBJECT": ""}, MeetingState.HELD),
        ({"SUBJECT": None}, MeetingState.NONE),
    ],
)
def test_a_meeting_is_known_by_its_type_event_or_title(
    changes: dict[str, Any], state: MeetingState
) -> None:
    assert made(TO_DO, **changes).state is state


def test_an_empty_title_rule_recognises_no_title() -> None:
    (fact,) = normalize({**TO_DO, "SUBJECT": "встреча"}, CONTEXT)
    assert isinstance(fact, Meeting)
    assert fact.state is MeetingState.NONE


@pytest.mark.parametrize("name", ["CRM_SMS", "IMOPENLINES_SESSION", "REST_APP", "", None])
def test_what_other_providers_made_is_no_fact(name: str | None) -> None:
    assert list(normalize({**TO_DO, "PROVIDER_ID": name, "SUBJECT": "встреча"}, RULED)) == []


def test_a_to_do_without_a_date_is_of_the_day_it_was_noted_down() -> None:
    fact = made(TO_DO, START_TIME="9999-12-31T00:00:00+03:00", DEADLINE="")
    assert fact.begun_at == datetime(2026, 10, 5, 10, 26, 55, tzinfo=UTC)
    assert made(TO_DO, START_TIME=None).begun_at == datetime(2026, 10, 5, 10, 25, tzinfo=UTC)


@given(
    st.fixed_dictionaries(
        {
            "TYPE_ID": st.sampled_from(["1", "2", "3", "4", "5", "6", 4, None, "x"]),
            "PROVIDER_ID": st.sampled_from(["CRM_TODO", "CRM_EMAIL", "CRM_SMS", "", None, []]),
            "SUBJECT": st.text() | st.none(),
            "DIRECTION": st.sampled_from(["0", "1", "2", 1, 2, None]),
            "COMPLETED": st.sampled_from(["Y", "N", None, "", True]),
            "START_TIME": st.sampled_from([LETTER["START_TIME"], "", None, "soon"]),
            "CALENDAR_EVENT_ID": st.sampled_from(["7", "0", None, "", 7]),
            "AUTHOR_ID": st.sampled_from(["7", "0", None]),
        }
    )
)
def test_whatever_comes_is_one_fact_or_none_or_a_data_error(changes: dict[str, Any]) -> None:
    try:
        facts = list(normalize({**LETTER, **changes}, RULED))
    except DataError:
        return
    assert len(facts) <= 1
    for fact in facts:
        assert not re.search("SUBJECT|ADDRESS", " ".join(fact.__struct_fields__), re.IGNORECASE)
        titled = re.search("встреч|meeting|zoom", changes["SUBJECT"] or "", re.IGNORECASE)
        if isinstance(fact, Meeting) and fact.state is MeetingState.NONE:
            assert not titled


def test_every_letter_meeting_and_to_do_is_read_and_listed_once() -> None:
    with start_sandbox("bitrix24", scale="small", seed=4, limits=False) as box, to(box) as client:
        rows = list(box.portal.activities.rows(Query()))
        wanted = [row.id for row in rows if row.kind.type in (1, 4) or row.kind == kinds.TODO_KIND]
        pages = read(client, "activities")
        kept = [
            int(fact.ref)
            for page in pages
            for record in page.records
            for fact in normalize(record, RULED)
            if isinstance(fact, Email | Meeting)
        ]
        assert kept == wanted
        assert len(pages) > 1
        stream = STREAMS["activities"]
        assert stream.existing_ids is not None
        long_ago = datetime(2015, 1, 1, tzinfo=UTC)
        assert [int(ref) for ref in stream.existing_ids(client, long_ago)] == wanted


def test_only_what_changed_is_asked_for_again_and_by_id_what_is_wanted() -> None:
    with start_sandbox("bitrix24", scale="tiny", seed=4, limits=False) as box, to(box) as client:
        first = next(iter(box.portal.activities.rows(Query())))
        box.portal.activities.change(first.id, subject="Другое")
        moment = datetime.fromtimestamp(first.now.at, UTC) - timedelta(seconds=1)
        changed = ids(read(client, "activities", Since(changed_from=moment, cursor="1")), "ID")
        assert changed == ([first.id] if first.kind.type in (1, 4, 6) else [])
        fetch = STREAMS["activities"].fetch
        assert fetch is not None
        assert ids(list(fetch(client, [str(first.id), "99999", "x"])), "ID") == [first.id]
