"""Small mistakes that a client of this vendor makes easily, each shown not to be made here."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from connectors.answer import Answer
from connectors.base import Since
from connectors.bitrix24 import CONNECTOR
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.envelope import as_map
from connectors.bitrix24.paging import PAGE, Listing, gather, item_listing
from connectors.bitrix24.removal import stream_for
from connectors.bitrix24.reply import BatchReply, Reply
from connectors.error import RemoteError, RetryableError
from sandbox.server import Box
from tests.connectors.bitrix24.portal import LONG_AGO, to

NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
ROOM = Path(__file__).parents[3] / "connectors" / "bitrix24"

WRITES = {
    "crm.type.add", "crm.type.delete", "userfieldconfig.add", "userfieldconfig.delete",
    "crm.item.add", "crm.item.update", "crm.item.delete", "crm.deal.update",
    "crm.deal.userfield.add", "crm.deal.userfield.delete", "user.update",
    "user.userfield.add", "user.userfield.delete",
}  # fmt: skip
"""Every method with which anything is changed in a portal. Deletions are of our own things."""


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "", "error_description": "Not found"}',
        b'{"error": 0, "error_description": "Something"}',
        b'{"error": 100, "error_description": "Something"}',
        b'{"error": "wrong_client", "error_description": ""}',
        b'{"result": [], "error": "ERROR_CONNECTOR"}',
    ],
)
def test_an_error_is_one_whatever_the_status_and_the_code(
    body: bytes, client: Bitrix24Client
) -> None:
    answer = Answer(200, {}, body, "https://p.example/rest/***/server.time", 0.1)
    with (
        mock.patch.object(client.transport, "_exchange", return_value=answer),
        pytest.raises(RemoteError),
    ):
        client.call("server.time")


@pytest.mark.parametrize(
    ("value", "expected"),
    [([], {}), (None, {}), ({"a": 1}, {"a": 1}), ([7, 8], {"0": 7, "1": 8}), ("", {}), (0, {})],
)
def test_an_empty_map_of_php_is_a_map(value: Any, expected: dict[str, Any]) -> None:
    assert as_map(value) == expected


def rows(first: int, count: int) -> dict[str, Any]:
    return {"items": [{"id": number} for number in range(first, first + count)]}


def batch(*results: Any, following: int | None = None) -> BatchReply:
    outcomes = {f"deals{at}": Reply(each, following, NOON) for at, each in enumerate(results)}
    return BatchReply(NOON, dict(outcomes))


DEALS = item_listing(2, ("id",), {}, name="deals")


def test_the_end_is_a_short_page_and_neither_next_nor_total() -> None:
    (short,) = gather(DEALS, "0", batch(rows(1, 7), following=PAGE))
    assert short.ended
    (full,) = gather(DEALS, "0", batch(rows(1, PAGE), following=None))
    assert not full.ended


def test_what_follows_a_short_page_is_the_beginning_again_and_not_taken() -> None:
    (found,) = gather(DEALS, "0", batch(rows(1, PAGE), rows(51, 3), rows(1, PAGE)))
    assert [row["id"] for row in found.rows] == list(range(1, PAGE + 4))
    assert found.ended


def test_rows_from_before_the_place_asked_for_are_not_taken() -> None:
    with pytest.raises(RetryableError, match="not asked for"):
        list(gather(DEALS, "100", batch(rows(1, PAGE))))


@pytest.mark.parametrize("result", [None, 5, "", [], {}, {"item": []}, {"items": None}])
def test_rows_are_looked_for_where_the_method_has_them_and_nowhere_else(result: Any) -> None:
    with pytest.raises(RetryableError, match="documents"):
        DEALS.rows(result)
    users = Listing("users", "user.get", "ID", lambda after: {"FILTER": {">ID": after}})
    assert users.rows([{"ID": "1"}]) == [{"ID": "1"}]
    with pytest.raises(RetryableError, match="documents"):
        users.rows({"ID": "1"})


def commands() -> Iterator[Command]:
    """What the streams ask, the first time and later."""
    later = Since(changed_from=NOON, cursor="1")
    for stream in CONNECTOR.streams:
        for since in (LONG_AGO, later):
            yield from stream.opening(since) if stream.opening else ()


def test_fields_that_the_portal_never_fills_are_not_asked_for() -> None:
    asked = {name for command in commands() for name in command.params.get("select", ())}
    assert {"stageSemanticId", "movedTime"} <= asked
    disabled = {"isWon", "isLose", "isWork", "receivedAmount", "lostAmount", "hasProducts"}
    assert not asked & (disabled | {"*", "closedate", "CLOSEDATE"})


def test_bindings_and_flags_are_not_filtered_by() -> None:
    """The first doubles rows, the second are compared with 1 and 0 alone."""
    filters = [
        command.params[key]
        for command in commands()
        for key in ("filter", "FILTER")
        if key in command.params
    ]
    names = {re.sub(r"^\W+", "", name) for each in filters for name in each}
    assert names
    assert not any(name.startswith(("BINDINGS", "UF_", "ufCrm", "is")) for name in names), names


def test_a_portal_is_changed_by_no_other_methods_than_these() -> None:
    """No letter is ever sent by noting one down, no record of people is deleted."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in ROOM.glob("*.py"))
    verbs = "add|update|delete|set|import|batchImport|mergeBatch|register|finish|complete|start"
    named = set(re.findall(rf'"((?:[a-z]+\.)+(?:{verbs}))"', text, re.IGNORECASE))
    families = set(re.findall(r'userfields="([a-z.]+)"', text))
    made = {f"{family}.{verb}" for family in families for verb in ("add", "delete")}
    assert named | made == WRITES


def test_no_method_of_applications_alone_is_called(box: Box) -> None:
    """The portal refuses them to webhooks; only the queue of deletions uses any."""
    modules = [path for path in ROOM.glob("*.py") if path.name != "removal.py"]
    text = "\n".join(path.read_text(encoding="utf-8") for path in modules)
    families = r"event|placement|userfieldtype|biconnector|telephony\.externalCall"
    assert not re.findall(rf'"((?:{families})\.[a-zA-Z.]+)"', text)
    with to(box) as client:
        assert stream_for(CONNECTOR.streams, client) is None
