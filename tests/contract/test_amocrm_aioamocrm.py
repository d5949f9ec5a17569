"""aioamocrm, a public client with models of its own, reads, writes and logs in here."""

import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import anyio
import httpx
import pytest
from aioamocrm import (
    AmoCRMClient,
    AuthError,
    ForbiddenError,
    LongLivedToken,
    MemoryTokenStorage,
    NotFoundError,
    OAuth2,
    RateLimitError,
    RetryPolicy,
    ValidationError,
    parse_webhook,
)

from sandbox.amocrm.box import AmoBox
from sandbox.amocrm.hook import flatten
from sandbox.amocrm.hook_view import lead_tree
from sandbox.server import start_sandbox

ANNA = 504141


@pytest.fixture
def box() -> Iterator[AmoBox]:
    """A company of some hundred deals behind TLS, with the documented limits."""
    with start_sandbox("amocrm", scale="small", seed=3, limits=True, tls=True) as running:
        running.limits.rate = 1000
        yield running


def ask(box: AmoBox, work: Callable[[AmoCRMClient], Awaitable[Any]], auth: Any = None) -> Any:
    """Run some work of the client."""

    async def run() -> Any:
        trusted = ssl.create_default_context(cafile=box.ca_bundle)
        async with (
            httpx.AsyncClient(verify=trusted, trust_env=False) as http,
            AmoCRMClient(
                base_url=box.url,
                auth=auth or LongLivedToken(box.token),
                http=http,
                rate_limit=None,
                retry=RetryPolicy(max_attempts=1),
            ) as client,
        ):
            return await work(client)

    return anyio.run(run)


def _id(row: Any) -> int:
    """The id of what was made."""
    return int(row.id)


async def _every(listing: Any, **asked: Any) -> list[Any]:
    return [row async for row in listing.iterate(**asked)]


@pytest.mark.parametrize("name", ["leads", "contacts", "companies", "tasks", "users"])
def test_every_record_is_read_once_into_the_clients_models(box: AmoBox, name: str) -> None:
    rows = ask(box, lambda amo: _every(getattr(amo, name), limit=100))
    known = getattr(box.account, name)
    assert {row.id for row in rows} == set(getattr(known, "rows", known))
    assert len(rows) == len({row.id for row in rows})


def test_leads_are_understood_in_full(box: AmoBox) -> None:
    rows = ask(box, lambda amo: _every(amo.leads, with_=["contacts", "loss_reason"]))
    for row in rows:
        now = box.account.leads.rows[row.id].now
        assert (row.price, row.status_id, row.pipeline_id) == (now.price, now.status, now.pipeline)
        assert (row.responsible_user_id, row.loss_reason_id) == (now.owner, now.reason)


def test_filters_and_orders_are_understood(box: AmoBox) -> None:
    window = {"updated_at": {"from": box.account.now() - 30 * 86400, "to": box.account.now()}}
    order = {"updated_at": "desc"}
    rows = ask(box, lambda amo: _every(amo.leads, filter=window, order=order, limit=50))
    moments = [row.updated_at for row in rows]
    assert moments == sorted(moments, reverse=True)
    assert len(rows) == sum(
        lead.updated_at >= window["updated_at"]["from"] for lead in box.account.leads.rows.values()
    )


def test_notes_of_an_entity_are_read(box: AmoBox) -> None:
    async def read(amo: AmoCRMClient) -> list[Any]:
        return await _every(amo.contacts.notes, filter={"note_type": ["call_in"]})

    rows = ask(box, read)
    known = box.account.notes["contacts"].rows.values()
    assert {row.id for row in rows} == {note.id for note in known if note.note_type == "call_in"}
    assert all("duration" in row.params for row in rows)


def test_pipelines_fields_and_the_account_are_understood(box: AmoBox) -> None:
    async def read(amo: AmoCRMClient) -> Any:
        pipelines = await amo.pipelines.list()
        account = await amo.account.get(with_=["datetime_settings", "task_types"])
        return pipelines, account, await _every(amo.leads.custom_fields)

    pipelines, account, fields = ask(box, read)
    assert {one.id for one in pipelines} == set(box.account.pipelines)
    assert account.id == box.account.id
    assert {one.id for one in fields} == set(box.account.fields.of("leads"))


def test_what_the_client_writes_is_there_and_answered(box: AmoBox) -> None:
    async def write(amo: AmoCRMClient) -> Any:
        made = await amo.leads.create([{"name": "Сделка", "price": 5}, {"name": "Вторая"}])
        await amo.leads.update([{"id": _id(made[0]), "price": 7}])
        contact = (await amo.contacts.create([{"name": "Пётр Белов"}]))[0]
        await amo.leads.link(_id(made[0]), to_entity_id=_id(contact), to_entity_type="contacts")
        links = await amo.leads.links(_id(made[0]))
        lead = await amo.leads.get(_id(made[0]), with_=["contacts"])
        return lead, contact, links

    lead, contact, links = ask(box, write)
    assert (lead.name, lead.price) == ("Сделка", 7)
    assert box.account.leads.rows[lead.id].contact == contact.id
    assert [link.to_entity_id for link in links] == [contact.id]


def test_a_task_is_completed(box: AmoBox) -> None:
    async def work(amo: AmoCRMClient) -> Any:
        due = box.account.now() + 3600
        made = await amo.tasks.create([{"text": "Встреча", "complete_till": due}])
        await amo.tasks.complete(_id(made[0]), result="Договорились")
        return await amo.tasks.get(_id(made[0]))

    task = ask(box, work)
    assert task.is_completed
    assert task.result.text == "Договорились"


def test_refusals_are_understood(box: AmoBox) -> None:
    lead = box.account.create_lead(ANNA)
    wrong = [{"id": lead, "custom_fields_values": [{"field_code": "NOBODY", "values": []}]}]
    with pytest.raises(ValidationError) as refused:
        ask(box, lambda amo: amo.leads.update(wrong))
    assert [issue.code for issue in refused.value.errors] == ["NotSupportedChoice"]
    with pytest.raises(NotFoundError):
        ask(box, lambda amo: amo.leads.get(1))
    with pytest.raises(AuthError):
        ask(box, lambda amo: amo.account.get(), LongLivedToken("nothing"))
    box.faults.add("429", method="GET account")
    with pytest.raises(RateLimitError):
        ask(box, lambda amo: amo.account.get())
    box.limits.banned = True
    with pytest.raises(ForbiddenError):
        ask(box, lambda amo: amo.account.get())


def test_the_client_logs_in_by_code_and_renews_its_token(box: AmoBox) -> None:
    access = box.account.access
    storage = MemoryTokenStorage()
    auth = OAuth2(
        client_id=access.client_id,
        client_secret=access.client_secret,
        redirect_uri=access.redirect_uri,
        storage=storage,
    )

    async def work(amo: AmoCRMClient) -> Any:
        first = await amo.exchange_code(access.authorize(box.account.now()))
        access.grants[first.access_token].dead = True
        account = await amo.account.get()
        return first, account

    first, account = ask(box, work, auth)
    assert account.id == box.account.id
    assert access.refreshes[first.refresh_token].dead
    assert sum(not grant.dead for grant in access.refreshes.values()) == 1


def test_the_clients_parser_understands_what_is_posted(box: AmoBox) -> None:
    lead = box.account.leads.rows[box.account.create_lead(ANNA, 5)]
    tree = lead_tree(box.account, "status", lead, 32392159)
    body = "&".join(f"{key}={value}" for key, value in flatten(tree))
    event = parse_webhook(body).events[0]
    assert (event.entity, event.action, event.id) == ("leads", "status", lead.id)
