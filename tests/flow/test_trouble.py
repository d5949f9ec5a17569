"""Everything that usually goes wrong: one clear message, the right exit code, nothing lost."""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from merilo.exit_code import ExitCode
from sandbox.server import start_sandbox
from tests.canary import seen_canaries
from tests.flow.agent import agent, living_deals, write_settings

ROOT = Path(__file__).resolve().parents[2]
_START = "from merilo.launch import main; main()"


def merilo(
    settings: Path, *arguments: str, prepare: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs the command line as an administrator would; whatever it says, it tells no secret."""
    done = subprocess.run(
        [sys.executable, "-c", _START, "--config", str(settings), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        preexec_fn=prepare,
    )
    assert not seen_canaries(done.stdout + done.stderr)
    return done


@pytest.fixture
def box() -> Iterator[Any]:
    with start_sandbox("bitrix24", scale="tiny", seed=5, limits=False) as opened:
        yield opened


def test_a_wrong_webhook_says_what_to_create(box: Any, tmp_path: Path) -> None:
    settings = write_settings(tmp_path, box)
    (tmp_path / "webhook").write_text("1/nosuchwebhook00")
    done = merilo(settings, "sync")
    assert done.returncode == ExitCode.LOGIN
    assert "merilo secrets set" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "nosuchwebhook00" not in done.stderr


def test_an_expired_webhook_is_told_from_a_wrong_one(box: Any, tmp_path: Path) -> None:
    box.portal.access.expired = True
    done = merilo(write_settings(tmp_path, box), "sync")
    assert done.returncode == ExitCode.LOGIN
    assert "expired" in done.stderr


def test_a_missing_right_stops_its_stream_only_and_is_named(box: Any, tmp_path: Path) -> None:
    box.portal.access.scopes.discard("telephony")
    settings = write_settings(tmp_path, box)
    done = merilo(settings, "sync")
    assert done.returncode == ExitCode.LOGIN
    assert "`telephony`" in done.stderr
    assert f"main/deals: прочитано {len(living_deals(box))}," in done.stdout
    kpi = merilo(settings, "kpi", "--json", "--metric", "calls_in", "--metric", "deals_created")
    states = {line.split('"metric": "')[1].split('"')[0]: line for line in kpi.stdout.splitlines()}
    assert '"state": "unknown"' in states["calls_in"]
    assert '"state": "unknown"' not in states["deals_created"]


def test_a_portal_that_answers_html_is_told_so(box: Any, tmp_path: Path) -> None:
    box.faults.add("html403", count=-1)
    done = merilo(write_settings(tmp_path, box), "sync")
    assert done.returncode == ExitCode.REMOTE
    assert "HTML" in done.stderr


def test_an_unreachable_host_is_named(box: Any, tmp_path: Path) -> None:
    settings = write_settings(tmp_path, box)
    settings.write_text(settings.read_text().replace(box.url, "http://127.0.0.1:9"))
    done = merilo(settings, "sync")
    assert done.returncode == ExitCode.REMOTE
    assert "127.0.0.1:9" in done.stderr


def test_ten_mistakes_in_the_settings_get_ten_lines(box: Any, tmp_path: Path) -> None:
    settings = write_settings(tmp_path, box)
    text = settings.read_text().replace("timezone", "timezon").replace("since", "sinc")
    text = text.replace("months", "month").replace("backend", "backnd").replace("kind =", "knd =")
    text = text.replace("metrics =", "metric =").replace("today =", "tody =")
    text = text.replace("every =", "evry =").replace("auth =", "ath =").replace("[store]", "[stor]")
    text = text.replace("master_key", "masterkey")
    settings.write_text(text)
    done = merilo(settings, "sync")
    assert done.returncode == ExitCode.SETTINGS
    lines = [line for line in done.stderr.splitlines() if line.startswith(f"{settings}:")]
    for wrong in ("timezon", "sinc", "backnd", "knd", "metric", "tody", "evry", "ath", "stor"):
        assert any(f"{wrong}:" in line for line in lines), (wrong, done.stderr)
    assert not (tmp_path / "data").exists()


def test_a_full_disk_stops_the_read_and_loses_nothing(box: Any, tmp_path: Path) -> None:
    settings = write_settings(tmp_path, box)
    assert merilo(settings, "sync", "--stream", "users").returncode == ExitCode.OK
    size = (tmp_path / "data" / "merilo.db").stat().st_size

    def little_space() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 8192, size + 8192))

    done = merilo(settings, "sync", prepare=little_space)
    assert done.returncode == ExitCode.STORE
    assert "Free disk space" in done.stderr
    assert merilo(settings, "sync").returncode == ExitCode.OK
    with agent(settings) as app, app.store.read() as tx:
        assert set(tx.exec_driver_sql("SELECT ref FROM deal").scalars()) == living_deals(box)


def test_a_second_service_over_one_store_is_refused(box: Any, tmp_path: Path) -> None:
    from store.lock import instance_lock

    settings = write_settings(tmp_path, box, extra='[web]\nlisten = "127.0.0.1:0"\n')
    with agent(settings) as app, instance_lock(app.store, app.settings.merilo.data_dir):
        done = merilo(settings, "run")
    assert done.returncode == ExitCode.RUNNING
    assert "already runs" in done.stderr


def test_a_question_about_nobody_is_a_mistake_in_the_command(box: Any, tmp_path: Path) -> None:
    done = merilo(write_settings(tmp_path, box), "kpi", "--manager", "Никто")
    assert done.returncode == ExitCode.USAGE
    assert "Никто" in done.stderr
