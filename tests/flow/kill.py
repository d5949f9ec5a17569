"""Something happens at the n-th call of a method: a person acts, or the process dies."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import Any
from unittest import mock


class Kill(BaseException):
    """The process died here."""


@contextmanager
def at_calls(owner: Any, name: str, act: Callable[[int], None], *, before: bool) -> Iterator[None]:
    """Calls `act` with the number of each call (from 1), before it is made or when it returns."""
    method, numbers = getattr(owner, name), count(1)

    def counted(*given: Any, **named: Any) -> Any:
        number = next(numbers)
        if before:
            act(number)
        reply = method(*given, **named)
        if not before:
            act(number)
        return reply

    with mock.patch.object(owner, name, counted):
        yield


def powerless(owner: Any, name: str, at: int, *, before: bool) -> AbstractContextManager[None]:
    """The process ends as by a power cut at the call of this number: nothing is tidied up."""

    def cut(number: int) -> None:
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return at_calls(owner, name, cut, before=before)


def dying(owner: Any, name: str, at: int, *, before: bool = True) -> AbstractContextManager[None]:
    """The process dies at the call of this number, before it is made or when it returns."""

    def die(number: int) -> None:
        if number == at:
            raise Kill

    return at_calls(owner, name, die, before=before)
