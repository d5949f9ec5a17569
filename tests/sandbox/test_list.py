"""Filters, ordering and pages, in both families."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.bitrix24.call import Leg
from sandbox.bitrix24.listing import Page, Query, fetch
from sandbox.server import Box
from tests.clock import Clock
from tests.sandbox.conftest import Client


def ids(client: Client, **params: Any) -> list[int]:
    items = client.result("crm.item.list", entityTypeId=2, **params)["items"]
    return [item["id"] for item in items]


@pytest.fixture
def deals(empty: Box) -> list[int]:
    """120 deals, a minute apart, amounts 0..119 thousand."""
    start = datetime(2026, 10, 1, 9, tzinfo=UTC)
    return [
        empty.portal.create_deal(7, n * 1000, title=f"N{n}", at=start + timedelta(minutes=n))
        for n in range(120)
    ]


def test_pages_of_fifty_tell_the_next_until_the_last(desk: Client, deals: list[int]) -> None:
    pages = [
        desk.body("crm.item.list", entityTypeId=2, start=start, order={"id": "ASC"})
        for start in (0, 50, 100)
    ]
    assert [page.get("next") for page in pages] == [50, 100, None]
    assert {page["total"] for page in pages} == {120}
    assert [row["id"] for page in pages for row in page["result"]["items"]] == deals


def test_without_counting_there_is_no_next_and_the_total_is_nought(
    desk: Client, deals: list[int]
) -> None:
    body = desk.body("crm.item.list", entityTypeId=2, start=-1, order={"id": "ASC"})
    assert "next" not in body
    assert body["total"] == 0
    assert [row["id"] for row in body["result"]["items"]] == deals[:50]


def test_keyset_walks_through_every_row_once(desk: Client, deals: list[int]) -> None:
    seen: list[int] = []
    while True:
        page = ids(desk, filter={">id": seen[-1] if seen else 0}, order={"id": "ASC"}, start=-1)
        seen += page
        if len(page) < 50:
            break
    assert seen == deals


@pytest.mark.parametrize(
    ("filter_", "positions"),
    [
        ({"title": "N5"}, [5]),
        ({"=title": ["N5", "N7"]}, [5, 7]),
        ({"@title": ["N5", "N7"]}, [5, 7]),
        ({"%title": "n11"}, [11, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119]),
        ({"=%title": "N1_"}, []),
        ({"=%title": "N11%", "<opportunity": 111000}, [11, 110]),
        ({">=opportunity": "117000"}, [117, 118, 119]),
        ({"<=id": 2}, [0, 1]),
        ({">id": 1, "<id": 4}, [1, 2]),
        ({"!@stageId": ["NEW"]}, []),
        ({">=updatedTime": "2026-10-01T13:58:00+03:00"}, [118, 119]),
        ({">=updatedTime": "2026-10-01 13:58:00"}, [118, 119]),
        ({">updatedTime": "2026-10-01T10:58:00Z"}, [119]),
        ({"0": {"logic": "OR", "0": {"title": "N3"}, "1": {"id": 9}}}, [3, 8]),
        (
            {"logic": "OR", "0": {"title": "N3"}, "1": {"title": "N4", "<id": 2}},
            [3],
        ),
        ({"!=title": "N0", "<id": 3}, [1]),
        ({"comments": ""}, list(range(50))),
    ],
)
def test_filters_mean_what_is_documented(
    desk: Client, deals: list[int], filter_: dict[str, Any], positions: list[int]
) -> None:
    found = ids(desk, filter=filter_, order={"id": "ASC"}, start=-1)
    assert found == [deals[position] for position in positions]


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"filter": {"Id": 1}}, "Invalid filter: field 'Id' is not allowed in filter"),
        ({"filter": {">=updatedTime": "soon"}}, "field 'updatedTime' has invalid value"),
        ({"order": {"nothing": "ASC"}}, "field 'nothing' is not allowed in order"),
        ({"order": {"id": "UP"}}, "allowed sort directions are"),
    ],
)
def test_the_new_family_refuses_what_it_does_not_know(
    desk: Client, params: dict[str, Any], text: str
) -> None:
    answer = desk.answer("crm.item.list", entityTypeId=2, **params)
    assert answer.status_code == 400
    assert answer.json()["error"] == "INVALID_ARG_VALUE"
    assert text in answer.json()["error_description"]


def test_the_new_family_takes_names_in_either_spelling(desk: Client, deals: list[int]) -> None:
    asked = {"filter": {">ID": deals[3]}, "order": {"ID": "ASC"}, "select": ["TITLE"], "start": -1}
    rows = desk.result("crm.item.list", entityTypeId=2, **asked)["items"]
    assert [row["id"] for row in rows] == deals[4:54]
    assert set(rows[0]) == {"id", "title"}
    desk.result("crm.item.update", entityTypeId=2, id=deals[0], fields={"TITLE": "Новая"})
    assert desk.result("crm.item.get", entityTypeId=2, id=deals[0])["item"]["title"] == "Новая"


def test_the_old_family_ignores_what_it_does_not_know(desk: Client, deals: list[int]) -> None:
    body = desk.body("crm.deal.list", filter={"NOTHING": 1, "ID": deals[:2]}, select=["ID"])
    assert body["result"] == [{"ID": str(deals[0])}, {"ID": str(deals[1])}]


def test_rows_are_ordered_by_several_fields(desk: Client, empty: Box) -> None:
    made = [empty.portal.create_deal(owner, amount) for owner, amount in ((7, 2), (9, 1), (7, 1))]
    found = ids(desk, order={"assignedById": "DESC", "opportunity": "ASC"})
    assert found == [made[1], made[2], made[0]]


def test_falling_ids_come_from_the_end(desk: Client, deals: list[int]) -> None:
    assert ids(desk, order={"id": "DESC"}, start=-1) == deals[:-51:-1]
    body = desk.body("crm.item.list", entityTypeId=2, order={"id": "DESC"}, start=100)
    assert [row["id"] for row in body["result"]["items"]] == deals[19::-1]


def test_the_id_always_comes_with_a_selection(desk: Client, deals: list[int]) -> None:
    page = desk.result("crm.item.list", entityTypeId=2, select=["title", "nothing"], start=-1)
    assert page["items"][0] == {"id": deals[0], "title": "N0"}


def test_a_change_puts_a_deal_after_the_watermark(
    desk: Client, empty: Box, deals: list[int], clock: Clock
) -> None:
    watermark = "2026-10-15T12:00:00+03:00"
    assert ids(desk, filter={">=updatedTime": watermark}) == []
    clock.forward(seconds=1)
    empty.portal.update_deal(deals[40], amount=5)
    empty.portal.update_deal(deals[3], title="Другая")
    changed = {">=updatedTime": watermark}
    assert ids(desk, filter=changed, order={"id": "ASC"}) == [deals[3], deals[40]]
    assert ids(desk, filter=changed | {">id": deals[3]}, order={"id": "ASC"}) == [deals[40]]
    assert ids(desk, filter=changed, order={"id": "DESC"}) == [deals[40], deals[3]]


def test_a_deleted_deal_is_silently_gone_and_may_come_back(
    desk: Client, empty: Box, deals: list[int], clock: Clock
) -> None:
    empty.portal.delete_deal(deals[0])
    clock.forward(minutes=5)
    assert ids(desk, filter={"<=id": deals[1]}) == [deals[1]]
    assert desk.body("crm.item.get", entityTypeId=2, id=deals[0])["error"] == "NOT_FOUND"
    assert desk.body("crm.deal.get", id=deals[0])["error"] == ""
    empty.portal.restore_deal(deals[0])
    assert ids(desk, filter={"<=id": deals[1]}) == deals[:2]
    assert ids(desk, filter={">=updatedTime": "2026-10-02T00:00:00+03:00"}) == []


def test_rights_hide_rows_without_a_word(desk: Client, empty: Box) -> None:
    mine = empty.portal.create_deal(7, 1)
    foreign = empty.portal.create_deal(9, 1)
    empty.portal.access.owners = {7}
    body = desk.body("crm.item.list", entityTypeId=2)
    assert [row["id"] for row in body["result"]["items"]] == [mine]
    assert body["total"] == 1
    assert desk.body("crm.item.get", entityTypeId=2, id=foreign)["error"] == "ACCESS_DENIED"


def test_calls_are_numbered_by_their_end_not_their_start(
    desk: Client, empty: Box, clock: Clock
) -> None:
    begun = clock()
    pending = empty.portal.add_call(Leg(7, 2, 1800, start=begun))
    assert pending == [0]
    clock.forward(minutes=10)
    empty.portal.add_call(Leg(9, 1, 60))
    assert len(desk.result("voximplant.statistic.get")) == 1
    clock.forward(minutes=30)
    rows = desk.result("voximplant.statistic.get", SORT="ID", ORDER="ASC")
    assert [row["PORTAL_USER_ID"] for row in rows] == ["9", "7"]
    assert rows[0]["CALL_START_DATE"] > rows[1]["CALL_START_DATE"]


def test_calls_are_filtered_by_id_start_and_sets(client: Client) -> None:
    rows = client.result("voximplant.statistic.get", SORT="ID", ORDER="ASC", start=-1)
    last = rows[-1]["ID"]
    after = client.result("voximplant.statistic.get", FILTER={">ID": last}, SORT="ID", ORDER="ASC")
    assert all(int(row["ID"]) > int(last) for row in after)
    start = rows[30]["CALL_START_DATE"]
    since = client.body("voximplant.statistic.get", FILTER={">=CALL_START_DATE": start})
    whole = rows + after
    assert since["total"] == sum(row["CALL_START_DATE"] >= start for row in whole)
    some = client.result("voximplant.statistic.get", FILTER={"ID": [rows[0]["ID"], last]})
    assert [row["ID"] for row in some] == [rows[0]["ID"], last]


def test_users_are_filtered_sorted_and_told_with_the_dismissed(client: Client, box: Box) -> None:
    users = client.result("user.get", SORT="ID", ORDER="DESC")
    assert [int(row["ID"]) for row in users] == sorted(box.portal.users, reverse=True)
    assert [row["ACTIVE"] for row in users].count(False) == 1
    assert users[0]["TIMESTAMP_X"] == {}
    active = client.result("user.get", FILTER={"ACTIVE": True, ">ID": 1})
    assert [row["ID"] for row in active] == [
        str(user.id) for user in box.portal.users.values() if user.active and user.id > 1
    ]
    assert [row["ID"] for row in client.result("user.get", ID=7)] == ["7"]


def test_stages_are_asked_for_by_funnel(client: Client) -> None:
    rows = client.result("crm.status.list", filter={"ENTITY_ID": "DEAL_STAGE_1"})
    assert {row["STATUS_ID"].partition(":")[0] for row in rows} == {"C1"}
    lost = [row["STATUS_ID"] for row in rows if row["SEMANTICS"] == "F"]
    assert lost == ["C1:LOSE", "C1:UC_RIVAL"]


def test_stage_history_grows_as_deals_move(desk: Client, empty: Box) -> None:
    deal = empty.portal.create_deal(7, 1)
    before = desk.result("crm.stagehistory.list", entityTypeId=2, order={"ID": "ASC"})["items"]
    empty.portal.move_deal(deal, "EXECUTING")
    empty.portal.move_deal(deal, "C1:NEW")
    empty.portal.move_deal(deal, "C1:WON")
    after = desk.result(
        "crm.stagehistory.list",
        entityTypeId=2,
        order={"ID": "ASC"},
        filter={"OWNER_ID": deal, ">ID": before[-1]["ID"]},
    )["items"]
    assert [row["TYPE_ID"] for row in before] == [1]
    assert [(row["TYPE_ID"], row["STAGE_ID"]) for row in after] == [
        (2, "EXECUTING"),
        (5, "C1:NEW"),
        (3, "C1:WON"),
    ]
    assert after[-1]["STAGE_SEMANTIC_ID"] == "S"


@pytest.mark.parametrize(
    ("method", "key", "more"),
    [
        ("crm.item.list", "id", {"entityTypeId": 2}),
        ("crm.deal.list", "ID", {}),
        ("crm.contact.list", "ID", {}),
        ("crm.activity.list", "ID", {}),
        ("tasks.task.list", "ID", {}),
        ("voximplant.statistic.get", "ID", {}),
    ],
)
def test_a_page_by_ids_looks_at_no_row_before_it(
    client: Client, monkeypatch: pytest.MonkeyPatch, method: str, key: str, more: dict[str, Any]
) -> None:
    lowest: list[int] = []

    def watched(source: Any, query: Query, *given: Any) -> Page:
        lowest.append(query.lower)
        assert query.lower > 40, "the index by id is not used"
        return fetch(source, query, *given)

    for home in ("sandbox.bitrix24.method", "sandbox.bitrix24.methods.telephony"):
        monkeypatch.setattr(f"{home}.fetch", watched, raising=False)
    order = {"ORDER": "ASC", "SORT": "ID"} if method.startswith("vox") else {key: "ASC"}
    params = {"filter": {f">{key}": 40}, "order": order, "start": -1, **more}
    client.result(method, **params)
    assert lowest == [41]
