"""One service over one store; the kernel frees what a killed one held."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store.lock import InstanceRunning, instance_lock
from store.store import Store, open_store

HOLD = """
import sys, time
from pathlib import Path
from store.lock import instance_lock
from store.store import open_store
store = open_store(sys.argv[1], Path(sys.argv[2]))
with instance_lock(store, Path(sys.argv[2])):
    print("held", flush=True)
    time.sleep(60)
"""


def _url(store: Store) -> str:
    if store.is_sqlite:
        return "sqlite"
    return store.engine.url.render_as_string(hide_password=False)


def test_a_second_service_is_refused_until_the_first_is_killed(
    store: Store, tmp_path: Path
) -> None:
    # Machines that share a PostgreSQL server do not share a directory.
    place = tmp_path / ("data" if store.is_sqlite else "elsewhere")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, _url(store), str(place)], stdout=subprocess.PIPE, text=True
    )
    with holder, holder.stdout or open(os.devnull) as output:
        assert output.readline() == "held\n"
        with pytest.raises(InstanceRunning, match="already runs") as refused:
            _hold(store, tmp_path)
        assert "take turns" in refused.value.todo
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    assert _becomes_free(store, tmp_path)


def test_a_lock_is_free_when_its_block_ends(store: Store, tmp_path: Path) -> None:
    other = open_store(_url(store), tmp_path / "data")
    with instance_lock(store, tmp_path / "data"):
        assert not _is_free(other, tmp_path)
    assert _is_free(other, tmp_path)
    other.close()


def test_a_lock_file_left_behind_stops_nobody(sqlite_store: Store, tmp_path: Path) -> None:
    (tmp_path / "data" / "merilo.lock").write_text("12345")
    assert _is_free(sqlite_store, tmp_path)


def test_a_child_process_does_not_keep_the_lock(sqlite_store: Store, tmp_path: Path) -> None:
    with instance_lock(sqlite_store, tmp_path / "data"):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        assert _is_free(sqlite_store, tmp_path)
        assert child.poll() is None, "the child ended too early to show anything"
    finally:
        child.kill()
        child.wait()


def _hold(store: Store, tmp_path: Path) -> None:
    with instance_lock(store, tmp_path / "data"), store.read():
        pass


def _is_free(store: Store, tmp_path: Path) -> bool:
    """Whether a service could begin now; it works with the store for a moment."""
    try:
        _hold(store, tmp_path)
    except InstanceRunning:
        return False
    return True


def _becomes_free(store: Store, tmp_path: Path) -> bool:
    """A server notices the end of a client's session a moment after the kernel does."""
    return any(_is_free(store, tmp_path) for _ in range(2_000))
