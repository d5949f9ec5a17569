"""Leads and quotes as the portal spells them, and what they become."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Record
from connectors.bitrix24.lead import LEADS, QUOTES, lead, quote
from connectors.error import AbsentError, DataError
from sandbox.server import start_sandbox
from store.fact import DealState, Lead, Quote
from tests.connectors.bitrix24.portal import CONTEXT, STREAMS, ids, read, to
from tests.connectors.clock import FakeClock

AT = "2026-10-05T12:00:00+03:00"
MOMENT = datetime(2026, 10, 5, 9, tzinfo=UTC)
LEAD: Record = {
    "id": 253, "stageId": "IN_PROCESS", "stageSemanticId": "P", "assignedById": 6,
    "createdTime": AT, "updatedTime": AT,
}  # fmt: skip
QUOTE: Record = {
    "id": 43, "stageId": "SENT", "dealId": 17, "assignedById": "6", "createdTime": AT,
    "updatedTime": AT,
}  # fmt: skip


def lead_of(**values: Any) -> Lead:
    (found,) = lead({**LEAD, **values}, CONTEXT)
    assert isinstance(found, Lead)
    return found


def quote_of(**values: Any) -> Quote:
    (found,) = quote({**QUOTE, **values}, CONTEXT)
    assert isinstance(found, Quote)
    return found


def test_a_lead_and_a_quote_become_facts() -> None:
    assert lead_of() == Lead(
        ref="253", stage_ref="IN_PROCESS", state=DealState.OPEN, owner_ref="6",
        created_at=MOMENT, updated_at=MOMENT,
    )  # fmt: skip
    assert quote_of() == Quote(
        ref="43", stage_ref="SENT", deal_ref="17", owner_ref="6",
        created_at=MOMENT, updated_at=MOMENT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("semantics", "state"),
    [("S", DealState.WON), ("F", DealState.LOST), (None, DealState.OPEN), ("", DealState.OPEN)],
)
def test_the_meaning_of_a_leads_stage(semantics: Any, state: DealState) -> None:
    assert lead_of(stageSemanticId=semantics).state is state


@pytest.mark.parametrize("nobody", [None, 0, "0", "", []])
def test_nobody_and_no_deal_in_every_spelling(nobody: Any) -> None:
    assert lead_of(assignedById=nobody).owner_ref is None
    assert quote_of(assignedById=nobody).owner_ref is None
    assert quote_of(dealId=nobody).deal_ref is None


@pytest.mark.parametrize(
    "wrong",
    [{"id": None}, {"stageId": ""}, {"createdTime": "yesterday"}, {"updatedTime": None},
     {"assignedById": {"a": 1}}],
)  # fmt: skip
def test_nonsense_is_told_from_data(wrong: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        lead_of(**wrong)
    with pytest.raises(DataError):
        quote_of(**wrong)


def test_a_stage_of_an_unknown_meaning_is_nonsense() -> None:
    with pytest.raises(DataError, match="stageSemanticId"):
        lead_of(stageSemanticId="X")


@pytest.mark.parametrize("name", ["leads", "quotes"])
def test_all_are_read_and_only_the_changed_ones_after_that(name: str) -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="small", seed=2, clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        records = getattr(box.portal, name)
        pages = read(client, name)
        living = {one.id for one in records.every.values() if not one.now.deleted}
        assert set(ids(pages)) == living
        assert set(pages[0].records[0]) == set((LEADS if name == "leads" else QUOTES).fields)
        clock.sleep(3600)
        first = min(living)
        records.update(first, owner=1)
        since = STREAMS[name]
        assert since.existing_ids is not None
        assert since.fetch is not None
        changed = since.existing_ids(client, pages[-1].served_at)
        assert list(changed) == [str(first)]
        (page,) = since.fetch(client, [str(first), "999999"])
        assert [row["assignedById"] for row in page.records] == [1]


def test_a_portal_in_simple_mode_has_no_leads_and_says_so() -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="tiny", clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        box.portal.mode = 2
        with pytest.raises(AbsentError, match="simple"):
            read(client, "leads")
        assert ids(read(client, "quotes"))
