"""How the service's work on each source is going, as the health endpoints tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

HealthState = Literal["starting", "ok", "retrying", "paused", "failed"]


@dataclass(frozen=True, kw_only=True)
class SourceHealth:
    """A source since `since`: `starting` until its first pass ended well or failed.

    `retrying` = unreachable, tried again at every poll; `paused` = needs a person; `failed` = our
    own mistake. `reason` is the three-part message without secrets.
    """

    name: str
    state: HealthState
    since: datetime
    reason: str = ""


def is_ready(states: Sequence[SourceHealth]) -> bool:
    """Whether every source's first pass has ended, well or not."""
    return all(each.state != "starting" for each in states)


def readiness(states: Sequence[SourceHealth], *, detailed: bool) -> dict[str, Any]:
    """The body of /readyz; names and reasons only for those who may read the pages."""
    body: dict[str, Any] = {"ready": is_ready(states)}
    if detailed:
        body["sources"] = {
            each.name: {
                "state": each.state,
                "since": each.since.isoformat(),
                "reason": each.reason or None,
            }
            for each in states
        }
    return body
