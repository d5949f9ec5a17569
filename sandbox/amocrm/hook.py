"""Webhooks: who subscribed to what, and the posting of changes as PHP-bracketed forms.

Posted to the loopback only. Retries and disabling follow the vendor's page of webhooks.
"""

import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

_TIMEOUT_S = 2.0
_AGAIN_S = (300, 900, 900, 3600)
_ONLY_SERVER_ERRORS = 2
_BAD_WINDOW_S = 7200
_MOST_BAD = 100
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SETTINGS = frozenset(
    {f"{verb}_{entity}" for verb in ("add", "update", "delete", "restore", "responsible", "note")
     for entity in ("lead", "contact", "company", "customer")}
    | {f"{verb}_task" for verb in ("add", "update", "delete", "responsible")}
    | {"status_lead", "add_talk", "update_talk", "add_unsorted", "delete_unsorted"}
)  # fmt: skip


@dataclass(slots=True)
class Hook:
    """A subscription."""

    id: int
    destination: str
    settings: list[str]
    at: int
    by: int
    updated_at: int
    sort: int = 1
    disabled: bool = False
    bad: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Delivery:
    """One posting: `status` 0 = nobody answered in time."""

    hook: Hook
    setting: str
    body: bytes
    attempt: int = 1
    due: int = 0
    status: int = -1


class Hooks:
    """The subscriptions of an account, and the thread that posts."""

    def __init__(self, now: Callable[[], int]) -> None:
        self.every: dict[int, Hook] = {}
        self.done: list[Delivery] = []
        self._now = now
        self._waiting: list[Delivery] = []
        self._queue: queue.Queue[Delivery | None] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def find(self, destination: str) -> Hook | None:
        """The subscription of an address."""
        return next((hook for hook in self.every.values() if hook.destination == destination), None)

    def fire(self, setting: str, tree: Callable[[], dict[str, Any]]) -> None:
        """Tell every subscriber of a setting."""
        for hook in self.every.values():
            if setting in hook.settings and not hook.disabled:
                body = urlencode(list(flatten(tree()))).encode()
                self._queue.put(Delivery(hook, setting, body))
                self._start()

    def settle(self) -> None:
        """Post again what is due by now."""
        with self._lock:
            now = self._now()
            due = [one for one in self._waiting if one.due <= now]
            self._waiting = [one for one in self._waiting if one.due > now]
        for one in due:
            self._queue.put(one)

    def wait(self) -> None:
        """Wait until everything that is due was posted."""
        self._queue.join()

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(timeout=5.0)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while (one := self._queue.get()) is not None:
            one.status = _post(one.hook.destination, one.body)
            self._judge(one)
            self._queue.task_done()
        self._queue.task_done()

    def _judge(self, one: Delivery) -> None:
        """Keep what has to be posted again, and disable who answers badly all the time."""
        with self._lock:
            self.done.append(one)
            if 100 <= one.status <= 299:
                return
            now, hook = self._now(), one.hook
            hook.bad = [*(at for at in hook.bad if at > now - _BAD_WINDOW_S), now]
            hook.disabled = len(hook.bad) > _MOST_BAD
            again = one.attempt <= len(_AGAIN_S)
            if one.attempt > _ONLY_SERVER_ERRORS:
                again = again and (one.status == 499 or one.status >= 500)
            if again and not hook.disabled:
                due = now + _AGAIN_S[one.attempt - 1]
                self._waiting.append(Delivery(hook, one.setting, one.body, one.attempt + 1, due))


def flatten(tree: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Pairs with PHP's brackets; every value becomes text, nulls and empties are left out."""
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        name = f"{prefix}[{key}]" if prefix else str(key)
        if isinstance(value, list):
            value = dict(enumerate(value))
        if isinstance(value, dict):
            pairs += flatten(value, name)
        elif value is not None:
            pairs.append((name, str(int(value) if isinstance(value, bool) else value)))
    return pairs


def _post(destination: str, body: bytes) -> int:
    address = urlsplit(destination)
    if address.hostname not in _LOOPBACK or address.scheme not in ("http", "https"):
        return 0
    form = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "amoCRM-Webhooks"}
    request = urllib.request.Request(destination, body, form)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return int(error.code)
    except OSError:
        return 0
