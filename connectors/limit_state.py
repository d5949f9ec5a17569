"""What the limiter remembers, kept where every process of the machine sees it."""

import fcntl
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


@dataclass
class MethodBudget:
    """Seconds one method ran in the vendor's window (the vendor's last word), and its pause.

    `paused_until` and `reset_at` are unix seconds; 0 = not paused, not known.
    """

    operating_s: float = 0.0
    reset_at: float = 0.0
    paused_until: float = 0.0


@dataclass
class LimitState:
    """A leaky bucket (`level` requests at unix second `at`) and the pauses the server asked for."""

    level: float = 0.0
    at: float = 0.0
    paused_until: float = 0.0
    methods: dict[str, MethodBudget] = field(default_factory=dict)

    def forget_pauses(self) -> None:
        """Lifts every pause."""
        self.paused_until = 0.0
        for budget in self.methods.values():
            budget.paused_until = 0.0


class MemoryCell:
    """State shared by the threads of this process only."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = LimitState()

    @contextmanager
    def changing(self) -> Iterator[LimitState]:
        """The state, held alone while it is changed."""
        with self._lock:
            yield self._state


class FileCell:
    """State in a small file under an advisory lock: shared by every process of the machine.

    A file that cannot be understood (power loss) counts as empty: the server still has its limits.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path

    @contextmanager
    def changing(self) -> Iterator[LimitState]:
        """The state, held alone while it is changed."""
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            state = _parse(os.read(handle, 1 << 20))
            yield state
            text = json.dumps(asdict(state)).encode()
            os.pwrite(handle, text, 0)
            os.ftruncate(handle, len(text))
        finally:
            os.close(handle)


def limit_file(data_dir: Path | None, url: str, *more: str) -> Path | None:
    """Where the state of an address's limits is kept: all that name the same share it.

    `more` tells apart what has limits of its own at one address. None without a folder.
    """
    plain = re.sub(r"[^\w.-]", "_", "-".join((urlsplit(url).netloc.lower(), *more)))
    return data_dir / "limits" / f"{plain}.json" if data_dir else None


def _parse(text: bytes) -> LimitState:
    try:
        raw: Any = json.loads(text)
        methods = {name: MethodBudget(**budget) for name, budget in raw.pop("methods").items()}
        return LimitState(**raw, methods=methods)
    except (ValueError, TypeError, KeyError, AttributeError):
        return LimitState()
