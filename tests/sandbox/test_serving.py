"""Starting and stopping: in process, over TLS, with live work, and from a shell."""

import json
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from sandbox.server import start_sandbox
from tests.sandbox.conftest import Client

ROOT = Path(__file__).parents[2]


def test_a_server_stops_listening_when_closed() -> None:
    box = start_sandbox(scale="empty")
    client = Client(box)
    with client.http:
        assert client.result("server.time")
        box.close()
        with pytest.raises(httpx.TransportError):
            client.answer("server.time")


def test_two_servers_live_side_by_side() -> None:
    with start_sandbox(scale="empty", seed=1) as one, start_sandbox(scale="empty", seed=2) as two:
        assert one.url != two.url
        assert one.webhook != two.webhook


def test_an_unknown_vendor_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown sandbox"):
        start_sandbox("nothing")


def test_tls_is_trusted_through_its_own_authority_only() -> None:
    with start_sandbox(scale="empty", tls=True) as box:
        assert box.url.startswith("https://")
        assert box.ca_bundle is not None
        folder = Path(box.ca_bundle).parent
        trusting = ssl.create_default_context(cafile=box.ca_bundle)
        with httpx.Client(verify=trusting, trust_env=False) as client:
            address = f"{box.url}/rest/{box.webhook}/server.time"
            assert client.get(address).status_code == 200
            box.faults.add("reset")
            with pytest.raises(httpx.TransportError):
                client.get(address)
        with httpx.Client(trust_env=False) as client, pytest.raises(httpx.ConnectError):
            client.get(address)
    assert not folder.exists()


def test_work_goes_on_at_the_speed_asked_for() -> None:
    with start_sandbox(scale="tiny", speed=60_000) as box:
        before = len(box.portal.calls.every)
        until = time.monotonic() + 10
        while len(box.portal.calls.every) < before + 5 and time.monotonic() < until:
            time.sleep(0.01)
        assert len(box.portal.calls.every) >= before + 5


def test_a_shell_gets_the_address_first_and_a_signal_ends_it() -> None:
    command = [sys.executable, "-m", "sandbox", "bitrix24", "--scale", "empty"]
    command += ["--limits", "off", "--faults", "500:profile"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            shown = json.loads(process.stdout.readline())["bitrix24"]
            base = f"{shown['url']}/rest/{shown['webhook']}"
            with httpx.Client(trust_env=False) as client:
                statuses = [client.get(f"{base}/profile").status_code for _ in range(2)]
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        finally:
            process.kill()
    assert statuses == [500, 200]
    assert shown["ca_bundle"] is None


def test_two_vendors_are_served_side_by_side() -> None:
    command = [sys.executable, "-m", "sandbox", "bitrix24", "amocrm", "--scale", "empty"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            shown = json.loads(process.stdout.readline())
            login = {"Authorization": f"Bearer {shown['amocrm']['token']}"}
            with httpx.Client(trust_env=False) as client:
                answer = client.get(f"{shown['amocrm']['url']}/api/v4/account", headers=login)
        finally:
            process.kill()
    assert set(shown) == {"bitrix24", "amocrm"}
    assert answer.json()["country"] == "RU"
    names = {"url", "token", "ca_bundle", "client_id", "client_secret", "redirect_uri", "code"}
    assert set(shown["amocrm"]) == names


def test_a_name_nobody_knows_ends_with_a_usage_error() -> None:
    command = [sys.executable, "-m", "sandbox", "elsewhere"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown sandbox elsewhere" in done.stderr
