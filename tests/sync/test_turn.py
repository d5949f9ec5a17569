"""Commands and the service take turns on a source, and only on one and the same."""

import subprocess
import sys
import threading
from pathlib import Path

from sync.source import turn

HOLD = """
import sys, time
from pathlib import Path
from sync.source import turn
with turn(Path(sys.argv[1]), "main"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_source_is_read_by_one_process_at_a_time_and_a_killed_one_lets_go(
    tmp_path: Path,
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    with holder, holder.stdout as output:
        assert output.readline() == "held\n"
        with turn(tmp_path, "other"):
            entered = threading.Event()
            waiting = threading.Thread(target=_take, args=(tmp_path, entered))
            waiting.start()
            assert not entered.wait(0.1)
        holder.kill()
        assert entered.wait(10)
        waiting.join()


def test_threads_of_one_process_take_turns_too(tmp_path: Path) -> None:
    entered = threading.Event()
    with turn(tmp_path, "main"):
        waiting = threading.Thread(target=_take, args=(tmp_path, entered))
        waiting.start()
        assert not entered.wait(0.1)
    assert entered.wait(10)
    waiting.join()


def _take(data_dir: Path, entered: threading.Event) -> None:
    with turn(data_dir, "main"):
        entered.set()
