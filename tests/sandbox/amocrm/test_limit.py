"""Seven requests a second, the penalty, the ban, and faults on request."""

import httpx
import pytest

from sandbox.amocrm.limit import Limits
from sandbox.amocrm.problem import Problem
from tests.clock import Clock
from tests.sandbox.amocrm.conftest import Client, documented


def test_the_eighth_request_within_a_second_is_refused_for_five_minutes(
    desk: Client, clock: Clock
) -> None:
    desk.box.limits.enabled = True
    answers = [desk.ask("GET", "account") for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 7 + [429]
    assert answers[-1].json() == documented("error_429")
    clock.forward(seconds=299)
    assert desk.ask("GET", "account").json()["retry_after"] == 1
    clock.forward(seconds=1)
    assert desk.ask("GET", "account").status_code == 200


def test_who_paces_is_never_refused(desk: Client, clock: Clock) -> None:
    desk.box.limits.enabled = True
    for _ in range(30):
        clock.forward(seconds=1 / 6.5)
        assert desk.ask("GET", "account").status_code == 200
    assert desk.box.limits.rejected == 0


def test_who_does_not_listen_is_banned_on_every_address(desk: Client, clock: Clock) -> None:
    limits = desk.box.limits
    limits.enabled, limits.patience = True, 3
    for _ in range(13):
        last = desk.ask("GET", "account")
    assert (last.status_code, last.text) == (403, documented("error_403_nginx_html"))
    assert last.headers["content-type"].startswith("text/html")
    clock.forward(days=2)
    assert desk.http.post(f"{desk.box.url}/oauth2/access_token", json={}).status_code == 403
    limits.unban()
    assert desk.ask("GET", "account").status_code == 200


def test_limits_count_by_the_clock_they_are_given() -> None:
    moment = [100.0]
    limits = Limits(lambda: moment[0], rate=2, retry_after_s=10)
    limits.hit()
    moment[0] += 0.5
    limits.hit()
    moment[0] += 0.5
    limits.hit()
    with pytest.raises(Problem):
        limits.hit()
    assert limits.rejected == 1


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [("429", 429, "error_429"), ("500", 500, "error_500_trace"), ("expired", 401, "error_401")],
)
def test_refusals_on_request_look_as_documented(
    desk: Client, kind: str, status: int, name: str
) -> None:
    desk.box.faults.add(kind, method="GET leads", after=1)
    assert desk.ask("GET", "leads").status_code == 204
    answer = desk.ask("GET", "leads")
    assert answer.status_code == status
    assert set(answer.json()) == set(documented(name))
    assert desk.ask("GET", "leads").status_code == 204


def test_answers_break_in_every_way_on_request(desk: Client) -> None:
    faults = desk.box.faults
    faults.add("html403", method="GET account")
    answer = desk.ask("GET", "account")
    assert (answer.status_code, "html" in answer.headers["content-type"]) == (403, True)
    faults.add("truncate", method="GET account")
    assert len(desk.ask("GET", "account").content) < len(desk.ask("GET", "account").content)
    faults.add("redirect", method="GET account", location="https://elsewhere.example")
    answer = desk.ask("GET", "account")
    assert answer.headers["location"] == "https://elsewhere.example/api/v4/account"
    for kind in ("lost", "reset", "short"):
        faults.add(kind, method="GET account")
        with pytest.raises(httpx.TransportError):
            desk.ask("GET", "account")
    assert [record.status for record in desk.box.log] == [403, 200, 200, 302, 0, 0, 0]


def test_a_request_is_held_at_a_gate(desk: Client) -> None:
    desk.box.faults.gate(1, when="after")
    lead = {"name": "Сделка"}
    desk.http.timeout = httpx.Timeout(0.3)
    with pytest.raises(httpx.TimeoutException):
        desk.ask("POST", "leads", [lead])
    assert desk.box.faults.wait_gate(1.0)
    desk.box.faults.release()
    assert len(desk.box.account.leads.rows) == 1


def test_the_controls_answer_without_a_login(desk: Client) -> None:
    url = desk.box.url
    desk.ask("GET", "account")
    log = desk.http.get(f"{url}/_sandbox/log").json()["log"]
    assert [record["method"] for record in log] == ["GET account"]
    armed = desk.http.post(f"{url}/_sandbox/faults", json={"kind": "503", "method": "GET leads"})
    assert armed.json() == {"kind": "503", "method": "GET leads"}
    assert desk.ask("GET", "leads").status_code == 503
    assert desk.http.post(f"{url}/_sandbox/faults", json={"kind": "x"}).status_code == 400
    assert desk.http.delete(f"{url}/_sandbox/faults").status_code == 200
    done = desk.http.post(f"{url}/_sandbox/live", json={"steps": 30, "seed": 4}).json()["done"]
    assert len(done) == 30
    rows = desk.http.get(f"{url}/_sandbox/truth?from=2026-10-01&to=2026-10-31").json()["rows"]
    assert {"user", "metric", "period_start", "value", "n"} <= set(rows[0])
    asked = "from=2026-10-01&to=2026-10-31&view=observed"
    assert desk.http.get(f"{url}/_sandbox/truth?{asked}").status_code == 400
    reads = "reads=2026-10-15T09:00:00%2B00:00"
    assert desk.http.get(f"{url}/_sandbox/truth?{asked}&{reads}").json()["rows"] == rows
    assert desk.http.delete(f"{url}/_sandbox/log").json() == {"log": []}
