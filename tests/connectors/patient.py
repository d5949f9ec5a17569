"""A connector's client whose waiting takes no time."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar
from unittest import mock

import pytest

from config.secret_ref import SecretRef
from connectors.base import ClientOptions
from connectors.error import (
    AuthError,
    LostAnswerError,
    RejectedError,
    RemoteError,
    RetryableError,
)
from tests.connectors.clock import FakeClock

NONSENSE = pytest.mark.parametrize(
    "kind",
    ["429", "500", "503", "truncate", "short", "lost", "html200", "html500", "empty200", "reset"],
)
"""What may come instead of an answer."""

BY_STATUS: tuple[tuple[int, type[RemoteError]], ...] = (
    (302, RetryableError),
    (400, RejectedError),
    (401, AuthError),
    (403, AuthError),
    (404, RejectedError),
    (429, RetryableError),
    (500, LostAnswerError),
)
"""What a status means, whichever vendor sends it."""


class Closable(Protocol):
    def close(self) -> object: ...


Settings = TypeVar("Settings")
Client = TypeVar("Client", bound=Closable)


@contextmanager
def patient(
    connect: Callable[[Settings, ClientOptions], Client],
    settings: Settings,
    secret: Callable[[SecretRef], str],
    *,
    clock: FakeClock | None = None,
    data_dir: Path | None = None,
    source: str = "pbx",
    pace: Mapping[str, Any] | None = None,
) -> Iterator[Client]:
    """What `connect` opens; `pace`: constants of the client's module that are set meanwhile."""
    clock = clock or FakeClock()
    options = ClientOptions(
        source=source, secret=secret, clock=clock, sleep=clock.sleep, data_dir=data_dir
    )
    with ExitStack() as stack:
        for name, value in (pace or {}).items():
            stack.enter_context(mock.patch(f"{connect.__module__}.{name}", value))
        yield stack.enter_context(closing(connect(settings, options)))
