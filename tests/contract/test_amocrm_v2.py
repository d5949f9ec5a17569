"""amocrm-api, the best known Python client, which only speaks to *.amocrm.ru, run against here."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from amocrm.v2 import (  # type: ignore[import-untyped]
    Contact,
    Event,
    Lead,
    Pipeline,
    Task,
    User,
    exceptions,
    interaction,
    tokens,
)
from amocrm.v2.filters import DateRangeFilter  # type: ignore[import-untyped]

from sandbox.amocrm.box import AmoBox
from sandbox.server import start_sandbox

ANNA = 504141
# It reads the clock in a way that Python 3.12 advises against.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[AmoBox]:
    """A company of some hundred deals behind TLS, reached under the vendor's own name."""
    with start_sandbox("amocrm", scale="small", seed=4, tls=True) as running:
        domain = f"https://{running.account.subdomain}.amocrm.ru"
        send = requests.adapters.HTTPAdapter.send

        def redirected(self: Any, request: Any, *parts: Any, **more: Any) -> Any:
            assert request.url.startswith(f"{domain}/")
            request.url = running.url + request.url.removeprefix(domain)
            return send(self, request, *parts, **(more | {"proxies": {}}))

        monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", redirected)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(running.ca_bundle))
        yield running
        interaction._session.close()


@pytest.fixture(autouse=True)
def login(box: AmoBox, monkeypatch: pytest.MonkeyPatch) -> tokens.MemoryTokensStorage:
    """The client trades a code for its first pair of tokens."""
    access = box.account.access
    storage = tokens.MemoryTokensStorage()
    manager = tokens.default_token_manager
    monkeypatch.setattr(manager, "_storage", None)
    manager(
        client_id=access.client_id,
        client_secret=access.client_secret,
        subdomain=box.account.subdomain,
        redirect_url=access.redirect_uri,
        storage=storage,
    )
    manager.init(access.authorize(box.account.now()))
    return storage


@pytest.mark.parametrize(
    ("model", "name"), [(Lead, "leads"), (Contact, "contacts"), (Task, "tasks"), (User, "users")]
)
def test_every_record_is_read_once(box: AmoBox, model: Any, name: str) -> None:
    ids = [row.id for row in model.objects.all()]
    known = getattr(box.account, name)
    assert sorted(ids) == sorted(getattr(known, "rows", known))


def test_a_lead_is_followed_to_its_stage_owner_and_contact(box: AmoBox) -> None:
    contact = next(iter(box.account.contacts.rows.values()))
    lead = Lead.objects.get(box.account.create_lead(ANNA, 500, contact=contact.id))
    assert (lead.price, lead.pipeline.name, lead.status.name) == (
        500,
        "Воронка",
        "Первичный контакт",
    )
    assert lead.responsible_user.name == "Анна Петрова"
    assert [one.name for one in lead.contacts] == [contact.name]


def test_pipelines_and_their_stages_are_understood(box: AmoBox) -> None:
    found = {one.id: [status.id for status in one.statuses] for one in Pipeline.objects.all()}
    known = box.account.pipelines.values()
    assert found == {one.id: [status.id for status in one.statuses] for one in known}


def test_events_of_a_window_are_read(box: AmoBox) -> None:
    lead = box.account.create_lead(ANNA)
    box.account.win_lead(lead)
    now = datetime.fromtimestamp(box.account.now(), UTC)
    window = DateRangeFilter("created_at")(now, now)
    found = list(Event.objects.filter(filters=(window,)))
    assert {one.type for one in found} == {"lead_added", "lead_status_changed"}


def test_a_lead_is_made_changed_and_refused(box: AmoBox) -> None:
    lead = Lead.objects.create({"name": "Сделка", "price": 5})
    lead = Lead.objects.get(lead.id)
    lead.price = 9
    lead.save()
    assert box.account.leads.rows[lead.id].price == 9
    with pytest.raises(exceptions.ValidationError):
        Lead.objects.update(lead.id, {"status_id": 1})
    with pytest.raises(exceptions.NotFound):
        Lead.objects.get(1)
    box.account.access.admin = False
    with pytest.raises(exceptions.PermissionsDenyException):
        list(User.objects.all())


def test_a_token_that_ended_is_renewed_by_its_own_claims(
    box: AmoBox, login: tokens.MemoryTokensStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = login.get_refresh_token()
    monkeypatch.setattr(tokens.TokenManager, "_is_expire", staticmethod(lambda token: True))
    assert tokens.default_token_manager.get_access_token() == login.get_access_token()
    assert login.get_refresh_token() != first
    assert box.account.access.refreshes[str(first)].dead
