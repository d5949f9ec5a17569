"""fast-bitrix24 lists, batches and writes, and gets exactly what the portal holds."""

from collections.abc import Iterator
from typing import Any

import pytest
from fast_bitrix24 import Bitrix  # type: ignore[import-untyped]

from sandbox.bitrix24.listing import Query
from sandbox.server import Box, start_sandbox


@pytest.fixture
def portal() -> Iterator[Box]:
    """A company of some hundred deals, within the documented limits."""
    with start_sandbox("bitrix24", scale="small", seed=3, limits=True) as box:
        yield box


@pytest.fixture
def theirs(portal: Box) -> Bitrix:
    return Bitrix(f"{portal.url}/rest/{portal.webhook}/", verbose=False)


def deals_of(portal: Box) -> dict[int, str]:
    return {deal.id: deal.now.title for deal in portal.portal.deals.rows(Query())}


def test_get_all_pages_through_every_deal(portal: Box, theirs: Bitrix) -> None:
    rows = theirs.get_all("crm.deal.list", {"select": ["ID", "TITLE"]})
    assert {int(row["ID"]): row["TITLE"] for row in rows} == deals_of(portal)
    assert len(rows) == len(deals_of(portal))
    assert [record.method for record in portal.log] == ["crm.deal.list", "batch"]


def test_get_all_obeys_a_filter(portal: Box, theirs: Bitrix) -> None:
    rows = theirs.get_all("crm.deal.list", {"select": ["ID"], "filter": {"STAGE_ID": "WON"}})
    won = {deal.id for deal in portal.portal.deals.rows(Query()) if deal.now.stage == "WON"}
    assert {int(row["ID"]) for row in rows} == won
    assert won


def test_get_all_reads_users_and_calls_which_sort_in_another_way(
    portal: Box, theirs: Bitrix
) -> None:
    users = theirs.get_all("user.get")
    assert {int(row["ID"]) for row in users} == set(portal.portal.users)
    calls = theirs.get_all("voximplant.statistic.get")
    assert {int(row["ID"]) for row in calls} == {
        row.id for row in portal.portal.calls.rows(Query())
    }


def test_a_page_of_items_comes_in_the_universal_shape(portal: Box, theirs: Bitrix) -> None:
    asked = {"entityTypeId": 2, "select": ["id", "title"], "order": {"id": "ASC"}}
    page: Any = theirs.call("crm.item.list", asked, raw=True)
    items = page["result"]["items"]
    assert [item["id"] for item in items] == sorted(deals_of(portal))[:50]
    assert page["next"] == 50
    assert page["total"] == len(deals_of(portal))


def test_get_all_pages_through_every_item(portal: Box, theirs: Bitrix) -> None:
    rows = theirs.get_all("crm.item.list", {"entityTypeId": 2, "select": ["id", "title"]})
    assert {row["id"]: row["title"] for row in rows} == deals_of(portal)
    assert len(rows) == len(deals_of(portal))


def test_get_by_id_batches_more_than_fifty_commands(portal: Box, theirs: Bitrix) -> None:
    some = sorted(deals_of(portal))[:120]
    found = theirs.get_by_ID("crm.deal.get", some)
    assert {int(key): row["TITLE"] for key, row in found.items()} == {
        key: deals_of(portal)[key] for key in some
    }
    assert [len(record.commands) for record in portal.log] == [50, 50, 20]


def test_call_batch_uses_the_result_of_an_earlier_command(portal: Box, theirs: Bitrix) -> None:
    last = sorted(deals_of(portal))[-1]
    found = theirs.call_batch(
        {
            "halt": 0,
            "cmd": {
                "deal": f"crm.deal.get?ID={last}",
                "owner": "user.get?ID=$result[deal][ASSIGNED_BY_ID]",
            },
        }
    )
    assert found["owner"][0]["ID"] == found["deal"]["ASSIGNED_BY_ID"]


def test_a_write_is_applied_once_and_read_back(portal: Box, theirs: Bitrix) -> None:
    some = sorted(deals_of(portal))[:60]
    asked = [{"ID": key, "fields": {"TITLE": f"новое & {key}"}} for key in some]
    assert all(theirs.call("crm.deal.update", asked))
    assert {deals_of(portal)[key] for key in some} == {f"новое & {key}" for key in some}
    assert len(portal.portal.writes) == 60


def test_what_the_documented_limits_refuse_comes_through_in_the_end(
    portal: Box, theirs: Bitrix
) -> None:
    portal.faults.add("503", count=2)
    rows = theirs.get_all("crm.deal.list", {"select": ["ID"]})
    assert len(rows) == len(deals_of(portal))
    assert [record.status for record in portal.log][:2] == [503, 503]
