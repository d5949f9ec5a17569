"""Requests, refusals and pace, over sockets against the sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.amocrm import note
from connectors.amocrm.check import check
from connectors.amocrm.classify import classify
from connectors.amocrm.client import BURST, PACE, AmocrmClient
from connectors.answer import Answer
from connectors.error import (
    AmbiguousError,
    AuthError,
    LostAnswerError,
    RejectedError,
    RemoteError,
    RetryableError,
)
from sandbox.server import start_sandbox
from tests.connectors.amocrm.account import connected, payload
from tests.connectors.clock import FakeClock


@pytest.fixture
def box() -> Iterator[Any]:
    with start_sandbox("amocrm", scale="tiny", seed=5, limits=False, clock=FakeClock()) as box:
        yield box


@pytest.mark.parametrize(
    ("name", "status", "kind"),
    [
        ("error_400_validation", 400, RejectedError),
        ("error_400_closed_lead_loss_reason", 400, RejectedError),
        ("error_401", 401, AuthError),
        ("error_402", 402, AuthError),
        ("error_404", 404, RejectedError),
        ("error_422_limit", 422, RejectedError),
        ("error_429", 429, RetryableError),
        ("error_500_trace", 500, LostAnswerError),
    ],
)
def test_a_documented_refusal_has_its_class(
    name: str, status: int, kind: type[RemoteError]
) -> None:
    answer = Answer(status, {}, b"", "https://example.amocrm.ru/api/v4/leads", 0.1)
    assert isinstance(classify(answer, payload(name)), kind)


def test_the_first_code_of_the_validator_is_told() -> None:
    answer = Answer(400, {}, b"", "https://example.amocrm.ru/api/v4/leads", 0.1)
    error = classify(answer, payload("error_400_validation"))
    assert isinstance(error, RejectedError)
    assert error.code == "NotSupportedChoice"
    assert "custom_fields_values.0.field_id" in error.what


def test_an_empty_list_is_204_and_no_mistake(box: Any, client: AmocrmClient) -> None:
    far = (("filter[updated_at][from]", 1 << 33), ("filter[updated_at][to]", 1 << 33))
    assert client.get("api/v4/leads", far).rows("leads") == []


def test_a_note_is_found_by_its_number_and_by_our_id_of_it(box: Any, client: AmocrmClient) -> None:
    first, second = (
        box.account.add_call(504141, (folder, next(iter(table.rows))), duration=60)[0]
        for folder, table in (("leads", box.account.leads), ("contacts", box.account.contacts))
    )

    def found(*refs: str) -> list[tuple[int, str]]:
        pages = note.fetch(client, refs)
        return [(row["id"], row["folder"]) for page in pages for row in page.records]

    assert found(f"{first}@leads", str(second)) == [(first, "leads"), (second, "contacts")]
    assert found(f"{first}@contacts") == []


def test_a_ban_is_a_page_of_html_and_is_left_alone_for_ten_minutes(
    box: Any, client: AmocrmClient
) -> None:
    box.limits.banned = True
    with pytest.raises(RetryableError, match="blocked the API"):
        client.get("api/v4/account")
    asked = len(box.log)
    for _ in range(20):
        with pytest.raises(RetryableError):
            client.get("api/v4/account")
    assert len(box.log) == asked == 1
    box.limits.unban()
    client.options.sleep(601)
    assert client.get("api/v4/account").data["id"]


def test_missing_rights_are_no_ban(box: Any, client: AmocrmClient) -> None:
    box.account.access.admin = False
    with pytest.raises(AuthError, match="denies access"):
        client.get("api/v4/users")
    assert client.get("api/v4/account").data["id"]


def test_the_pause_in_the_body_of_429_is_kept_by_every_process(box: Any, tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        start_sandbox("amocrm", scale="tiny", seed=5, limits=True, clock=clock) as strict,
        connected(strict, clock=clock, data_dir=tmp_path) as one,
        connected(strict, clock=clock, data_dir=tmp_path) as other,
    ):
        for _ in range(7):
            one.get("api/v4/account")
        with pytest.raises(RetryableError) as refused:
            one.get("api/v4/account")
        assert refused.value.retry_after == 300
        asked = len(strict.log)
        with pytest.raises(RetryableError):
            other.get("api/v4/account")
        assert len(strict.log) == asked


def test_the_pace_is_below_the_limit_over_two_clients(tmp_path: Path) -> None:
    clock = FakeClock()
    with (
        start_sandbox("amocrm", scale="tiny", seed=5, limits=True, clock=clock) as strict,
        connected(strict, clock=clock, data_dir=tmp_path, paced=True) as one,
        connected(strict, clock=clock, data_dir=tmp_path, paced=True) as other,
    ):
        began = clock.seconds()
        for number in range(40):
            (one, other)[number % 2].get("api/v4/account")
        assert strict.limits.rejected == 0
        least = (40 - BURST) / PACE
        assert least <= clock.seconds() - began <= least * 1.05
        began = clock.seconds()
        for _ in range(4):
            _refused_write(one)
        assert clock.seconds() - began >= 3 * 2 / PACE


def _refused_write(client: AmocrmClient) -> None:
    with pytest.raises(RejectedError):
        client.write("PATCH", "api/v4/leads", [])


def test_a_read_is_repeated_and_a_write_is_not(box: Any, client: AmocrmClient) -> None:
    box.faults.add("lost", method="GET account")
    assert client.get("api/v4/account").data["id"]
    box.faults.add("lost", method="POST catalogs")
    with pytest.raises(AmbiguousError):
        client.write("POST", "api/v4/catalogs", [{"name": "Список"}])
    assert [each.name for each in box.account.catalogs.values()].count("Список") == 1


@pytest.mark.parametrize("kind", ["html200", "truncate", "html500", "500", "503", "empty200"])
def test_nonsense_instead_of_an_answer_is_asked_for_again(
    box: Any, client: AmocrmClient, kind: str
) -> None:
    box.faults.add(kind, method="GET account")
    assert client.get("api/v4/account").data["id"]


def test_a_redirect_is_never_followed(box: Any, client: AmocrmClient) -> None:
    for _ in range(6):
        box.faults.add("redirect", method="GET account")
    with pytest.raises(RetryableError, match="sends us to"):
        client.get("api/v4/account")


def test_a_revoked_token_is_told_with_what_to_do(box: Any, client: AmocrmClient) -> None:
    box.account.access.revoke_token()
    with pytest.raises(AuthError, match="does not accept the token") as refused:
        client.get("api/v4/account")
    assert "merilo secrets set" in refused.value.todo
    assert box.token not in str(refused.value)
    assert box.token not in repr(client)


def test_an_ended_subscription_pauses_the_source(box: Any, client: AmocrmClient) -> None:
    box.account.access.paid = False
    with pytest.raises(AuthError, match="subscription"):
        client.get("api/v4/leads")


def test_check_tells_what_a_token_without_rights_lacks(box: Any, client: AmocrmClient) -> None:
    assert all(line.ok for line in check(client))
    box.account.access.admin = False
    lines = {line.name: line for line in check(client)}
    assert not lines["users"].ok
    assert "administrator" in lines["users"].todo
    box.account.filter_paid = False
    assert "not paid" in {line.name: line for line in check(client)}["filter"].detail
    box.account.access.revoke_token()
    assert [(line.name, line.ok) for line in check(client)] == [("token", False)]
