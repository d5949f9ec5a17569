"""The portal entered as a local application: tokens renewed once, kept first, shown nowhere."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.error import AuthError, LostAnswerError, RetryableError
from connectors.token_store import REST
from sandbox.server import Box, start_sandbox
from tests.canary import canary
from tests.connectors.bitrix24.app import (
    app_options,
    asked,
    entered,
    log_in,
    tokens_of,
)
from tests.connectors.bitrix24.portal import STREAMS, ids, read, to
from tests.connectors.clock import FakeClock


@pytest.fixture
def box() -> Iterator[Box]:
    with start_sandbox("bitrix24", scale="tiny", seed=5, clock=FakeClock()) as box:
        box.portal.oauth.client_secret = canary("client-secret")
        yield box


SOME = ("users", "funnels", "deals", "calls")


def ids_of(client: Bitrix24Client, name: str) -> list[str]:
    """The keys of a stream's records as they came."""
    key = STREAMS[name].key
    return [str(record.get(key)) for page in read(client, name) for record in page.records]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_an_application_reads_what_a_webhook_reads(box: Box, folder: Path) -> None:
    with entered(box, folder) as client, to(box) as by_webhook:
        assert ids(read(client, "deals")) == ids(read(by_webhook, "deals")) != []
    assert len(asked(box, "oauth.token")) == 1


def test_no_token_stands_in_any_address(box: Box, folder: Path) -> None:
    heard: list[str] = []
    with entered(box, folder) as client:
        hook = client.transport._client.event_hooks
        hook["request"] = [lambda request: heard.append(str(request.url))]
        client.transport._client.event_hooks = hook
        client.call("server.time")
        tokens = tokens_of(box, client.options).current()
    assert heard == [f"{box.url}/rest/server.time"]
    assert tokens.access not in heard[0]


def test_an_expired_token_is_renewed_once_and_the_request_repeated(box: Box, folder: Path) -> None:
    with entered(box, folder) as client:
        box.portal.oauth.expire()
        assert ids(read(client, "deals"))
        assert ids(read(client, "deals"))
    assert len(asked(box, "oauth.token")) == 2
    assert box.portal.oauth.spent == []


def test_a_token_is_not_renewed_before_the_portal_says_so(box: Box, folder: Path) -> None:
    clock = FakeClock()
    with entered(box, folder, clock) as client:
        clock.sleep(7200)
        client.call("server.time")
    assert len(asked(box, "oauth.token")) == 1


def test_a_write_that_met_an_expired_token_is_carried_out_once(box: Box, folder: Path) -> None:
    number = box.portal.create_deal(7, amount=1)
    with entered(box, folder) as client:
        box.portal.oauth.expire()
        params = {"id": number, "fields": {"TITLE": "Новое"}}
        assert client.call("crm.deal.update", params, write=True).result
    assert len(box.portal.writes) == 1


def test_a_token_that_expires_within_a_batch_costs_no_row(box: Box, folder: Path) -> None:
    with entered(box, folder) as client:
        expected = ids(read(client, "deals"))
        box.faults.add("expired", command="crm.item.list")
        reply = client.batch([Command("one", "crm.item.list", {"entityTypeId": 2})])
        assert isinstance(reply.outcomes["one"], RetryableError)
        assert ids(read(client, "deals")) == expected


def test_a_token_may_expire_at_every_request_of_a_pass(box: Box, folder: Path) -> None:
    with entered(box, folder) as client:
        expected = {name: ids_of(client, name) for name in SOME}
        box.log.clear()
        assert {name: ids_of(client, name) for name in SOME} == expected
        for number in range(len(box.log)):
            box.faults.add("expired", after=number)
            assert {name: ids_of(client, name) for name in SOME} == expected
            box.faults.clear()
    assert box.portal.oauth.spent == []


def test_threads_that_meet_an_expired_token_together_renew_it_once(box: Box, folder: Path) -> None:
    failures: list[BaseException] = []
    with entered(box, folder) as client:
        box.portal.oauth.expire()

        def ask() -> None:
            try:
                client.call("server.time")
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(asked(box, "oauth.token")) == 2


def test_the_pair_of_another_process_is_taken_instead_of_renewing(box: Box, folder: Path) -> None:
    with entered(box, folder) as one, entered(box, folder) as other:
        box.portal.oauth.expire()
        one.call("server.time")
        other.call("server.time")
    assert len(asked(box, "oauth.token")) == 2
    assert box.portal.oauth.spent == []


def test_a_pair_taken_from_another_process_may_have_expired_too(box: Box, folder: Path) -> None:
    with entered(box, folder) as one, entered(box, folder) as other:
        other.call("server.time")
        box.portal.oauth.expire()
        one.call("server.time")
        box.portal.oauth.expire()
        other.call("server.time")
    assert len(asked(box, "oauth.token")) == 3


def test_a_new_pair_that_is_called_expired_is_not_renewed_again(box: Box, folder: Path) -> None:
    with entered(box, folder) as client:
        box.faults.add("expired", method="server.time", count=-1)
        with pytest.raises(AuthError, match="expired"):
            client.call("server.time")
    assert len(asked(box, "oauth.token")) == 2


def test_a_login_made_meanwhile_is_taken_when_the_application_was_added_anew(
    box: Box, folder: Path
) -> None:
    with entered(box, folder) as client:
        box.portal.oauth._access.clear()
        log_in(box, app_options(box, folder))
        client.call("server.time")
    assert len(asked(box, "oauth.token")) == 2, "two logins, and nothing was renewed"


def test_a_login_that_nobody_made_says_how_to_make_one(box: Box, folder: Path) -> None:
    from connectors.bitrix24.client import connect
    from tests.connectors.bitrix24.app import app_settings

    client = connect(app_settings(box), app_options(box, folder))
    with pytest.raises(AuthError, match="Nobody has logged in to main") as told:
        client.call("server.time")
    assert told.value.todo == "Run: merilo login main"
    assert len(box.log) == 0


def test_a_revoked_login_is_told_once_and_left_alone(box: Box, folder: Path) -> None:
    clock = FakeClock()
    with entered(box, folder, clock) as client:
        box.portal.oauth.expire()
        box.portal.oauth.revoke()
        for _ in range(5):
            with pytest.raises(AuthError, match="The login of main is lost") as told:
                client.call("server.time")
        assert told.value.todo == "Run: merilo login main"
        assert len(asked(box, "oauth.token")) == 2
        clock.sleep(REST.total_seconds())
        with pytest.raises(AuthError):
            client.call("server.time")
        assert len(asked(box, "oauth.token")) == 3
        log_in(box, client.options)
        client.call("server.time")


def test_a_revoked_login_is_not_asked_about_by_another_process_either(
    box: Box, folder: Path
) -> None:
    for _ in range(3):
        with entered(box, folder) as client:
            box.portal.oauth.expire()
            box.portal.oauth.revoke()
            with pytest.raises(AuthError, match="is lost"):
                client.call("server.time")
    assert len(asked(box, "oauth.token")) == 2


@pytest.mark.parametrize("kind", ["html200", "html500", "500", "503", "429", "reset", "empty200"])
@pytest.mark.parametrize("count", [1, 2])
def test_trouble_of_the_authorisation_server_never_logs_out(
    kind: str, count: int, box: Box, folder: Path
) -> None:
    with entered(box, folder) as client:
        box.portal.oauth.expire()
        box.faults.add(kind, method="oauth.token", count=count)
        for _ in range(count):
            with contextlib.suppress(RetryableError):
                client.call("server.time")
        client.call("server.time")
    assert box.portal.oauth.spent == []


def test_an_answer_lost_after_the_token_was_spent_says_so_and_is_no_storm(
    box: Box, folder: Path
) -> None:
    with entered(box, folder) as client:
        box.portal.oauth.expire()
        box.faults.add("lost", method="oauth.token")
        for _ in range(4):
            with pytest.raises(AuthError, match="had been lost") as told:
                client.call("server.time")
    assert "merilo login main" in told.value.todo
    assert len(box.portal.oauth.spent) == 1
    assert len(asked(box, "oauth.token")) == 3


def test_a_renewal_killed_before_its_answer_is_remembered_by_the_next_process(
    box: Box, folder: Path
) -> None:
    with entered(box, folder) as client:
        box.portal.oauth.expire()
        box.faults.add("lost", method="oauth.token")
        box.faults.add("500", method="oauth.token")
        with pytest.raises(LostAnswerError):
            client.call("server.time")
    with entered(box, folder) as client, pytest.raises(AuthError, match="had been lost"):
        client.call("server.time")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"paid": False}, "subscription"),
        ({"client_id": "local.other"}, "client_id"),
        ({"client_secret": "another"}, "client_id"),
    ],
)
def test_what_the_server_refuses_is_named_and_the_login_kept(
    change: dict[str, object], said: str, box: Box, folder: Path
) -> None:
    oauth = box.portal.oauth
    before = {name: getattr(oauth, name) for name in change}
    with entered(box, folder) as client:
        oauth.expire()
        for name, value in change.items():
            setattr(oauth, name, value)
        with pytest.raises(AuthError, match=said) as told:
            client.call("server.time")
        assert told.value.todo
        for name, value in before.items():
            setattr(oauth, name, value)
        client.call("server.time")


def test_an_application_deleted_in_the_portal_is_named(box: Box, folder: Path) -> None:
    with entered(box, folder) as client:
        box.portal.oauth.installed = False
        with pytest.raises(AuthError, match="deleted or installed anew") as told:
            client.call("server.time")
    assert told.value.todo == "Run: merilo login main"
    assert len(asked(box, "oauth.token")) == 1


def test_a_renamed_portal_is_followed_where_the_vendor_confirms_it(box: Box, folder: Path) -> None:
    number = box.portal.create_deal(7, amount=1)
    with capture_logs() as logged, entered(box, folder) as client:
        box.portal.oauth.moved_to = box.url.replace("http://127.0.0.1", "localhost")
        params = {"id": number, "fields": {"TITLE": "Новое"}}
        assert client.call("crm.deal.update", params, write=True).result
        assert len(asked(box, "oauth.token")) == 2
    assert [line["event"] for line in logged] == ["connectors.portal_moved"]
    with entered(box, folder) as client:
        client.call("server.time")
    assert len(asked(box, "oauth.token")) == 2
    assert len(box.portal.writes) == 1


def test_a_redirect_that_the_vendor_does_not_confirm_gets_no_token(box: Box, folder: Path) -> None:
    with entered(box, folder) as client:
        box.faults.add("redirect", method="server.time", location="https://evil.example")
        with pytest.raises(RetryableError, match=r"evil\.example") as told:
            client.call("server.time")
        assert "not followed" in told.value.did
        client.call("server.time")


def test_a_login_to_another_portal_is_not_used_for_this_one(box: Box, folder: Path) -> None:
    options = app_options(box, folder)
    log_in(box, options)
    with (
        entered(box, folder, url="https://other.bitrix24.example") as client,
        pytest.raises(AuthError, match=r"the settings name https://other\.bitrix24\.example"),
    ):
        client.call("server.time")


def test_tokens_are_shown_by_no_text(
    box: Box, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with entered(box, folder) as client:
        tokens = tokens_of(box, client.options).current()
        box.portal.oauth.expire()
        box.portal.oauth.revoke()
        with pytest.raises(AuthError) as told:
            client.call("server.time")
        shown = [repr(client), repr(tokens), str(told.value), repr(told.value), caplog.text]
        files = [path for path in folder.rglob("*") if path.is_file()]
        shown += [path.read_text("utf-8", "replace") for path in files]
    for secret in (tokens.access, tokens.refresh, box.portal.oauth.client_secret):
        assert secret not in " ".join(shown)


def test_a_refresh_token_lives_half_a_year(box: Box, folder: Path) -> None:
    clock = box.portal.clock
    assert isinstance(clock, FakeClock)
    with entered(box, folder, clock) as client:
        clock.sleep(timedelta(days=179).total_seconds())
        client.call("server.time")
        clock.sleep(timedelta(days=181).total_seconds())
        with pytest.raises(AuthError, match="180 days"):
            client.call("server.time")
