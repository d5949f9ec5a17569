"""Every record is read once, in as few requests as the vendor allows, also while rows change."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest

from connectors.base import Page, Since, Stream
from connectors.bitrix24 import CONNECTOR
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.opening import open_pass
from connectors.bitrix24.paging import item_listing, read_all
from sandbox.bitrix24.call import Leg
from sandbox.server import Box, start_sandbox
from store.fact import Account, Deal, Fact, Pipeline, Stage
from tests.connectors.bitrix24.portal import (
    CONTEXT,
    LONG_AGO,
    STREAMS,
    every,
    ids,
    read,
    to,
    version_of,
)
from tests.connectors.clock import FakeClock

BATCH = 2500


@pytest.fixture(scope="module")
def company() -> Iterator[Box]:
    """A company large enough to need several requests a stream; tests must not change it."""
    with start_sandbox("bitrix24", scale="small", seed=3) as box:
        yield box


def existing(client: Bitrix24Client) -> set[int]:
    listed = STREAMS["deals"].existing_ids
    assert listed is not None
    return {int(ref) for ref in listed(client, LONG_AGO.changed_from)}


def fetched(client: Bitrix24Client, name: str, refs: list[str]) -> list[Page]:
    fetch = STREAMS[name].fetch
    assert fetch is not None
    return list(fetch(client, refs))


def all_facts(client: Bitrix24Client, name: str) -> list[Fact]:
    pages = read(client, name)
    return [
        fact
        for page in pages
        for record in page.records
        for fact in STREAMS[name].normalize(record, CONTEXT)
    ]


def watermarked(client: Bitrix24Client) -> list[tuple[Stream, Since]]:
    """Reads everything, and tells where the next pass begins."""
    open_pass(client, every())
    following = []
    for stream in CONNECTOR.streams:
        pages = list(stream.pages(client, LONG_AGO))
        cursor = [page.cursor for page in pages if page.cursor]
        since = Since(
            changed_from=pages[0].served_at - stream.lag, cursor=cursor[-1] if cursor else None
        )
        following.append((stream, since))
    return following


@pytest.mark.parametrize("name", ["deals", "calls"])
def test_the_first_read_takes_one_request_a_2500_rows(company: Box, name: str) -> None:
    with to(company) as client:
        company.log.clear()
        rows = ids(read(client, name), STREAMS[name].key)
    assert rows == sorted(set(rows))
    assert len(company.log) == 1 + ceil((len(rows) - 50 + 1) / BATCH)


def test_all_deals_and_calls_are_read(company: Box) -> None:
    with to(company) as client:
        deals, calls = ids(read(client, "deals")), ids(read(client, "calls"), "ID")
        listed = existing(client)
    assert set(deals) == listed
    assert len(calls) == len(company.portal.calls.every) > 3000


def test_a_quiet_pass_is_one_request(company: Box) -> None:
    with to(company) as client:
        following = watermarked(client)
        for _ in range(3):
            company.log.clear()
            open_pass(client, following)
            pages = [page for stream, since in following for page in stream.pages(client, since)]
            assert len(company.log) == 1
    assert len(pages) == len(CONNECTOR.streams)


def test_a_run_like_the_one_before_is_one_request_however_many_pages_it_has(box: Box) -> None:
    for number in range(120):
        box.portal.add_user(f"Имя{number}", "Фамилия", email=f"u{number}@example.com")
    with to(box) as client:
        first = read(client, "users")
        since = replace(LONG_AGO, cursor=first[-1].cursor)
        box.log.clear()
        again = read(client, "users", since)
    assert ids(first, "ID") == ids(again, "ID")
    assert len(ids(again, "ID")) >= 123
    assert len(box.log) == 1


@pytest.mark.parametrize("name", ["deals", "calls"])
def test_a_run_broken_off_resumes_behind_its_checkpoint(company: Box, name: str) -> None:
    with to(company) as client:
        pages = read(client, name)
        resumed = read(client, name, replace(LONG_AGO, checkpoint=pages[0].checkpoint))
    key = STREAMS[name].key
    assert ids(resumed, key) == ids(pages[1:], key)


def test_nothing_that_stays_is_missed_while_rows_come_and_go(box: Box) -> None:
    portal = box.portal
    for number in range(400):
        portal.create_deal(7, amount=number)
    seen: list[int] = []
    with to(box) as client:
        stayed = existing(client)
        for rows in read_all(client, item_listing(2, ("id",), {}), sizes=(2,)):
            seen += [row["id"] for row in rows.rows]
            if len(seen) < 300:
                gone = min(stayed & set(seen))
                portal.delete_deal(gone)
                stayed.discard(gone)
                portal.create_deal(8, amount=1)
        assert stayed & existing(client) == stayed
    assert stayed <= set(seen)
    assert len(seen) == len(set(seen))


def test_a_page_carries_the_portals_time_of_its_request_not_ours() -> None:
    theirs = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    with (
        start_sandbox("bitrix24", scale="tiny", clock=lambda: theirs) as box,
        to(box, clock=FakeClock()) as client,
    ):
        pages = [page for stream in STREAMS for page in read(client, stream)]
    assert {page.served_at for page in pages} == {theirs}


def test_a_change_at_the_watermark_itself_is_read_again() -> None:
    theirs = FakeClock()
    with start_sandbox("bitrix24", scale="tiny", clock=theirs) as box, to(box) as client:
        theirs.sleep(3600)
        served_at = read(client, "deals")[0].served_at
        changed = box.portal.create_deal(7, amount=5, at=served_at)
        again = ids(read(client, "deals", Since(changed_from=served_at, cursor="1")))
    assert changed in again


def test_a_call_that_ends_later_is_read_by_its_id_however_early_it_began(box: Box) -> None:
    with to(box) as client:
        cursor = read(client, "calls")[-1].cursor
        assert cursor is not None
        began = datetime.now(UTC) - timedelta(hours=3)
        new = box.portal.add_call(Leg(7, type=2, duration=60, start=began))
        later = Since(changed_from=datetime.now(UTC), cursor=cursor)
        rows = ids(read(client, "calls", later), "ID")
    assert set(new) <= set(rows)
    assert len(rows) <= 21


def test_records_are_fetched_by_id_and_strange_ids_are_left_out(client: Bitrix24Client) -> None:
    for name, key in (("deals", "id"), ("calls", "ID"), ("users", "ID")):
        wanted = ids(read(client, name), key)[:3]
        refs = [*map(str, wanted), "None", "C1:NEW", "99999999"]
        assert ids(fetched(client, name, refs), key) == wanted
    stages = fetched(client, "funnels", ["C1:WON"])
    assert [record["STATUS_ID"] for page in stages for record in page.records] == ["C1:WON"]


def test_leavers_are_users_too_and_of_telephones_only_the_extension_is_read(
    client: Bitrix24Client,
) -> None:
    accounts = [fact for fact in all_facts(client, "users") if isinstance(fact, Account)]
    assert {account.active for account in accounts} == {True, False}
    assert all(account.email and "@" in account.email for account in accounts)
    asked = {key for page in read(client, "users") for r in page.records for key in r}
    assert {key for key in asked if "PHONE" in key or "MOBILE" in key} == {"UF_PHONE_INNER"}
    assert any(account.extension for account in accounts)


def test_stages_know_their_funnel_and_their_meaning(client: Bitrix24Client) -> None:
    facts = all_facts(client, "funnels")
    stages = {fact.ref: fact for fact in facts if isinstance(fact, Stage)}
    assert {fact.ref for fact in facts if isinstance(fact, Pipeline)} == {"0", "1"}
    assert [
        (stages[ref].pipeline_ref, stages[ref].state.name) for ref in ("NEW", "WON", "C1:LOSE")
    ] == [
        ("0", "OPEN"),
        ("0", "WON"),
        ("1", "LOST"),
    ]


def test_a_deal_keeps_its_amount_state_owner_and_moments(box: Box, client: Bitrix24Client) -> None:
    number = box.portal.create_deal(7, amount=1234.57)
    box.portal.move_deal(number, "WON")
    version = version_of(box, number)
    found = [f for f in all_facts(client, "deals") if isinstance(f, Deal) and f.ref == str(number)]
    assert len(found) == 1
    deal = found[0]
    assert (deal.amount, deal.currency, deal.owner_ref) == (123457, "RUB", "7")
    assert (deal.state.name, deal.stage_ref, deal.pipeline_ref) == ("WON", "WON", "0")
    assert deal.closed_at is not None
    assert deal.closed_at.timestamp() == pytest.approx(version.moved_at, abs=1)


def test_links_lead_to_the_deals_card(box: Box, client: Bitrix24Client) -> None:
    link = CONNECTOR.record_url(client.settings, "deal", "42")
    assert link == f"{box.url}/crm/deal/details/42/"
    assert CONNECTOR.record_url(client.settings, "call", "42") is None
