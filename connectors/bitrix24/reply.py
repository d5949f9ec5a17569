"""What the portal answered to a call, to a batch, and to the opening of a pass."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from connectors.base import Since
from connectors.bitrix24.envelope import parse
from connectors.error import RemoteError


class Reply(NamedTuple):
    """A command's result; `next` is the offset of the next page, `served_at` the server's time
    when the request began. `held`: the result, in a batch as JSON that is decoded when asked for.
    """

    held: Any
    next: int | None
    served_at: datetime

    @property
    def result(self) -> Any:
        """The result, decoded anew each time."""
        return parse(bytes(self.held)) if isinstance(self.held, msgspec.Raw) else self.held


@dataclass(frozen=True)
class BatchReply:
    """What became of each command of a batch, by its key."""

    served_at: datetime
    outcomes: Mapping[str, Reply | RemoteError]

    def reply(self, key: str) -> Reply:
        """The command's reply; raises its own error if it failed."""
        outcome = self.outcomes[key]
        if isinstance(outcome, RemoteError):
            raise outcome
        return outcome


@dataclass(frozen=True)
class Opening:
    """First answers of a stream, got together with those of others."""

    since: Since
    reply: BatchReply
