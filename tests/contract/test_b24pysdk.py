"""b24pysdk, the vendor's own client, lists, batches and writes over TLS against the sandbox."""

from collections.abc import Iterator

import pytest
from b24pysdk import BitrixWebhook, Client  # type: ignore[import-untyped]
from b24pysdk.errors import BitrixAPIError  # type: ignore[import-untyped]

from sandbox.bitrix24.listing import Query
from sandbox.server import Box, start_sandbox


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """A company of some hundred deals behind TLS; the client finds its authority by itself."""
    with start_sandbox("bitrix24", scale="small", seed=3, limits=True, tls=True) as box:
        assert box.ca_bundle is not None
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", box.ca_bundle)
        yield box


@pytest.fixture
def theirs(portal: Box) -> Client:
    domain = portal.url.removeprefix("https://")
    return Client(BitrixWebhook(domain=domain, webhook_token=portal.webhook))


def deals_of(portal: Box) -> dict[int, str]:
    return {deal.id: deal.now.title for deal in portal.portal.deals.rows(Query())}


@pytest.mark.parametrize("way", ["as_list", "as_list_fast"])
def test_both_lists_get_every_deal_once(portal: Box, theirs: Client, way: str) -> None:
    rows = list(getattr(theirs.crm.deal.list(select=["ID", "TITLE"]), way)().result)
    assert {int(row["ID"]): row["TITLE"] for row in rows} == deals_of(portal)
    assert len(rows) == len(deals_of(portal))
    assert len(portal.log) == 2


@pytest.mark.parametrize("way", ["as_list", "as_list_fast"])
def test_the_lists_of_items_get_every_deal(portal: Box, theirs: Client, way: str) -> None:
    asked = theirs.crm.item.list(entity_type_id=2, select=["id", "title"])
    rows = list(getattr(asked, way)().result)
    assert {row["id"]: row["title"] for row in rows} == deals_of(portal)


def test_the_fast_list_gets_every_user(portal: Box, theirs: Client) -> None:
    rows = list(theirs.user.get().as_list_fast().result)
    assert {int(row["ID"]) for row in rows} == set(portal.portal.users)


def test_batches_answer_by_key(portal: Box, theirs: Client) -> None:
    some = sorted(deals_of(portal))[:120]
    asked = {str(key): theirs.crm.deal.get(bitrix_id=key) for key in some}
    found = theirs.call_batches(asked).result.result
    assert {int(key): row["TITLE"] for key, row in found.items()} == {
        key: deals_of(portal)[key] for key in some
    }
    assert [len(record.commands) for record in portal.log] == [50, 50, 20]


def test_what_one_command_of_a_batch_gets_wrong_stays_its_own(portal: Box, theirs: Client) -> None:
    first = min(deals_of(portal))
    asked = {
        "good": theirs.crm.deal.get(bitrix_id=first),
        "bad": theirs.crm.deal.get(bitrix_id=10**9),
    }
    found = theirs.call_batch(asked).result
    assert int(found.result["good"]["ID"]) == first
    assert set(found.result_error) == {"bad"}


def test_writes_in_both_families_are_applied_and_echoed(portal: Box, theirs: Client) -> None:
    first, second = sorted(deals_of(portal))[:2]
    assert theirs.crm.deal.update(bitrix_id=first, fields={"TITLE": "первая"}).result is True
    asked = theirs.crm.item.update(entity_type_id=2, bitrix_id=second, fields={"title": "вторая"})
    assert asked.result["item"]["title"] == "вторая"
    assert (deals_of(portal)[first], deals_of(portal)[second]) == ("первая", "вторая")


def test_a_refusal_is_understood_as_the_vendors_error(portal: Box, theirs: Client) -> None:
    asked = theirs.crm.item.list(entity_type_id=2, filter={"nothing": 1})
    with pytest.raises(BitrixAPIError, match="is not allowed in filter"):
        asked.result  # noqa: B018
    assert portal.log[0].error == "INVALID_ARG_VALUE"
