"""Whatever happens on the way: the rows arrive after all, or the right error says what to do."""

import logging
from collections.abc import Iterator

import pytest

from connectors.base import Since
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import Command
from connectors.bitrix24.opening import open_pass
from connectors.error import (
    AmbiguousError,
    AuthError,
    RejectedError,
    RemoteError,
    RetryableError,
)
from connectors.http import Transport
from sandbox.server import Box, start_sandbox
from tests.connectors.bitrix24.portal import LONG_AGO, connected, every, ids, read, to, version_of
from tests.connectors.clock import FakeClock

PASSING = [
    "503", "429", "500", "html200", "html500", "empty200", "reset", "lost", "truncate", "short",
]  # fmt: skip


def impatient(box: Box, client: Bitrix24Client, deadline_s: float) -> None:
    """Gives the client a transport with a shorter deadline."""
    client.transport.close()
    client.transport = Transport(
        box.url,
        limiter=client.limiter,
        sleep=client.options.sleep,
        secrets=(client.secret,),
        deadline_s=deadline_s,
    )


def failure_of(client: Bitrix24Client, name: str = "deals") -> RemoteError:
    with pytest.raises(RemoteError) as told:
        read(client, name)
    return told.value


@pytest.mark.parametrize("kind", PASSING)
@pytest.mark.parametrize("after", [0, 1])
def test_a_passing_fault_costs_no_row(kind: str, after: int, box: Box) -> None:
    with to(box) as client:
        expected = ids(read(client, "deals"))
        box.faults.add(kind, after=after)
        client.call("server.time")
        assert ids(read(client, "deals")) == expected


@pytest.mark.parametrize("kind", ["503", "500"])
def test_one_command_refused_within_a_batch_is_asked_again(kind: str, box: Box) -> None:
    with to(box) as client:
        expected = ids(read(client, "deals"))
        box.faults.add(kind, command="crm.item.list")
        assert ids(read(client, "deals")) == expected


def test_a_method_told_to_rest_is_read_after_its_rest(box: Box) -> None:
    clock = FakeClock()
    with to(box, clock=clock) as client:
        expected = ids(read(client, "deals"))
        box.faults.add("429", command="crm.item.list")
        error = failure_of(client)
        assert isinstance(error, RetryableError)
        assert error.retry_after
        clock.sleep(error.retry_after)
        assert ids(read(client, "deals")) == expected


def test_a_page_refused_in_the_middle_of_a_batch_loses_nothing_around_it() -> None:
    with start_sandbox("bitrix24", scale="small", seed=3) as box, to(box) as client:
        expected = ids(read(client, "deals"))
        box.faults.add("500", command="crm.item.list", after=3)
        assert ids(read(client, "deals")) == expected


def test_a_stream_refused_for_good_leaves_the_others_alone(box: Box) -> None:
    with to(box) as client:
        box.faults.add("500", command="crm.item.list", count=-1)
        open_pass(client, every())
        assert isinstance(failure_of(client, "deals"), RetryableError)
        assert read(client, "calls")[0].records


def test_a_server_that_never_answers_is_given_up_and_the_agent_lives(box: Box) -> None:
    with to(box) as client:
        impatient(box, client, 0.3)
        box.faults.add("hang", seconds=5, count=-1)
        error = failure_of(client)
        box.faults.clear()
        assert isinstance(error, RetryableError)
        assert "in time" in str(error)
        assert "attempts" in str(error)


def test_a_slow_drip_is_cut_at_the_deadline_and_read_again(box: Box) -> None:
    with to(box) as client:
        impatient(box, client, 0.5)
        box.faults.add("slow", seconds=20)
        assert ids(read(client, "deals"))


@pytest.mark.parametrize(
    ("kind", "said"),
    [("503", "limit of requests"), ("500", "failed inside"), ("html200", "HTML")],
)
def test_a_fault_that_stays_is_retryable_and_bounded(kind: str, said: str, box: Box) -> None:
    with to(box) as client:
        box.log.clear()
        box.faults.add(kind, count=-1)
        error = failure_of(client)
    assert isinstance(error, RetryableError)
    assert said in str(error)
    assert 1 < len(box.log) <= 6


def test_a_web_page_with_403_is_left_alone_at_once(box: Box) -> None:
    with to(box) as client:
        box.log.clear()
        box.faults.add("html403", count=-1)
        error = failure_of(client)
    assert isinstance(error, RetryableError)
    assert not isinstance(error, AuthError)
    assert error.retry_after
    assert error.retry_after >= 60
    assert len(box.log) == 1


def test_a_renamed_portal_is_named_and_never_followed(box: Box) -> None:
    with to(box) as client:
        box.log.clear()
        box.faults.add("redirect", location=f"https://new.bitrix24.ru/rest/{box.webhook}/batch")
        error = failure_of(client)
    assert "https://new.bitrix24.ru" in error.todo
    assert len(box.log) == 1
    assert box.portal.access.code not in str(error)


@pytest.fixture
def wrong(box: Box) -> Iterator[Bitrix24Client]:
    """A client with a webhook the portal does not know."""
    with connected(box.url, "1/abcdef0123456789") as client:
        yield client


def test_a_wrong_webhook_is_one_request_and_says_how_to_make_a_right_one(
    wrong: Bitrix24Client, box: Box
) -> None:
    error = failure_of(wrong)
    assert isinstance(error, AuthError)
    assert "wrong or deleted" in error.what
    assert "merilo secrets set" in error.todo
    assert len(box.log) == 1


def test_an_expired_webhook_says_so(box: Box, client: Bitrix24Client) -> None:
    box.portal.access.expired = True
    error = failure_of(client)
    assert isinstance(error, AuthError)
    assert "expired" in error.what


def test_a_missing_scope_stops_its_stream_only_and_is_named(
    box: Box, client: Bitrix24Client
) -> None:
    box.portal.access.scopes.discard("telephony")
    open_pass(client, every())
    error = failure_of(client, "calls")
    assert isinstance(error, AuthError)
    assert "`telephony`" in error.what
    assert "`telephony`" in error.todo
    assert read(client, "deals")[0].records


def test_a_missing_right_to_statistics_is_named(box: Box, client: Bitrix24Client) -> None:
    box.portal.access.call_statistics = False
    error = failure_of(client, "calls")
    assert isinstance(error, AuthError)
    assert "call statistics" in error.todo


def test_an_unreachable_host_is_retryable_and_named() -> None:
    with connected("http://127.0.0.1:9", "1/abcdef0123456789") as client:
        error = failure_of(client)
    assert isinstance(error, RetryableError)
    assert "127.0.0.1:9/rest/***/batch: the connection was refused" in str(error)
    assert "`url`" in error.todo


def test_a_certificate_of_an_unknown_authority_names_host_and_key() -> None:
    with start_sandbox("bitrix24", scale="tiny", tls=True) as box:
        with to(box) as client:
            assert read(client, "deals")
        with connected(box.url, box.webhook) as client:
            error = failure_of(client)
    assert isinstance(error, RetryableError)
    assert "127.0.0.1" in error.what
    assert "`ca_bundle`" in error.todo


def test_the_documented_limits_are_never_hit_by_one_agent() -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="small", limits=True, clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        for _ in range(120):
            client.call("server.time")
        read(client, "calls")
        refused = [record for record in box.log if record.status != 200]
    assert refused == []


def test_two_agents_on_one_machine_share_the_limit(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    clock, data_dir = FakeClock(), tmp_path_factory.mktemp("data")
    with (
        start_sandbox("bitrix24", scale="tiny", limits=True, clock=clock) as box,
        to(box, clock=clock, data_dir=data_dir) as one,
        to(box, clock=clock, data_dir=data_dir) as other,
    ):
        for _ in range(60):
            one.call("server.time")
            other.call("server.time")
        refused = [record for record in box.log if record.status != 200]
    assert refused == []


def test_a_method_out_of_run_time_rests_while_others_go_on() -> None:
    clock = FakeClock()
    with (
        start_sandbox("bitrix24", scale="small", limits=True, clock=clock) as box,
        to(box, clock=clock) as client,
    ):
        box.limits.costs["crm.item.list"] = 100.0
        error = failure_of(client)
        assert isinstance(error, RetryableError)
        assert error.retry_after
        assert read(client, "calls")[0].records
        box.log.clear()
        open_pass(client, every())
        assert "crm.item.list" not in [name for record in box.log for name in record.commands]


@pytest.mark.parametrize("kind", ["lost", "reset", "truncate", "short", "html500", "500"])
def test_a_write_whose_answer_is_lost_is_sent_once_and_called_ambiguous(
    kind: str, box: Box, client: Bitrix24Client
) -> None:
    box.log.clear()
    box.faults.add(kind, method="crm.deal.update")
    with pytest.raises(AmbiguousError):
        client.call("crm.deal.update", {"id": 1, "fields": {"TITLE": "x"}}, write=True)
    assert len(box.log) == 1


@pytest.mark.parametrize("kind", ["503", "429"])
def test_a_write_refused_before_it_ran_is_repeated(
    kind: str, box: Box, client: Bitrix24Client
) -> None:
    number = box.portal.create_deal(7, amount=1)
    box.faults.add(kind, method="crm.deal.update")
    params = {"id": number, "fields": {"TITLE": "Поставка & монтаж"}}
    assert client.call("crm.deal.update", params, write=True).result
    assert version_of(box, number).title == "Поставка & монтаж"


def test_a_batch_tells_for_each_command_what_became_of_it(box: Box, client: Bitrix24Client) -> None:
    number = box.portal.create_deal(7, amount=1)
    title = "100 % = a&b#c+d [e] «ё»"
    update = {"id": number, "fields": {"TITLE": title}}
    reply = client.batch(
        [
            Command("good", "crm.deal.update", update),
            Command("bad", "crm.item.list", {"entityTypeId": 2, "filter": {"nonsense": 1}}),
            Command("late", "server.time"),
        ],
        halt=True,
        write=True,
    )
    assert reply.reply("good").result
    assert version_of(box, number).title == title
    with pytest.raises(RejectedError) as refused:
        reply.reply("bad")
    assert refused.value.code == "INVALID_ARG_VALUE"
    assert isinstance(reply.outcomes["late"], RetryableError)


def test_a_command_that_failed_inside_is_ambiguous_in_a_write(
    box: Box, client: Bitrix24Client
) -> None:
    box.faults.add("500", command="crm.deal.update")
    update = Command("one", "crm.deal.update", {"id": 1, "fields": {"TITLE": "x"}})
    assert isinstance(client.batch([update], write=True).outcomes["one"], AmbiguousError)


@pytest.mark.parametrize("kind", [*PASSING, "html403", "redirect", "expired"])
def test_no_fault_shows_the_secret(kind: str, box: Box, caplog: pytest.LogCaptureFixture) -> None:
    code = box.portal.access.code
    caplog.set_level(logging.DEBUG)
    with to(box) as client:
        box.faults.add(kind, count=-1, location=f"https://new.example/rest/{box.webhook}/")
        error = failure_of(client)
        shown = [str(error), repr(error), repr(client), repr(client.transport), caplog.text]
    assert code not in " ".join(shown)
    assert error.__cause__ is None
    assert code not in repr(error.__context__)


def test_the_answers_of_an_opening_are_used_once(box: Box, client: Bitrix24Client) -> None:
    open_pass(client, every())
    box.log.clear()
    read(client, "deals")
    assert len(box.log) == 0
    read(client, "deals")
    assert len(box.log) == 1


def test_the_answers_of_an_opening_do_for_no_other_moment(box: Box, client: Bitrix24Client) -> None:
    open_pass(client, every())
    box.log.clear()
    read(client, "deals", Since(changed_from=LONG_AGO.changed_from, cursor="2"))
    assert len(box.log) == 1
