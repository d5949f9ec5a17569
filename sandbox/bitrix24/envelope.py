"""What every answer looks like: result, total, next and time, or error with its text."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

from sandbox.moment import iso

PAGE = 50


class ApiError(Exception):
    """A refusal in the portal's own words; `code` may be a word, empty, or a number."""

    def __init__(self, status: int, code: str | int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.code = code
        self.description = description

    def body(self) -> dict[str, Any]:
        """The JSON object that carries this error."""
        return {"error": self.code, "error_description": self.description}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a method answers; `next` only when rows remain, `total` only from lists."""

    result: Any
    total: int | None = None
    next: int | None = None


class Stopwatch:
    """Builds the `time` object of one answer from the portal's clock."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._start = clock().timestamp()
        self._begun = perf_counter()

    def read(self, operating: float, reset_at: int) -> dict[str, Any]:
        """The documented keys; `operating` accumulates seconds of the method's budget."""
        spent = perf_counter() - self._begun
        finish = self._start + spent
        return {
            "start": self._start,
            "finish": finish,
            "duration": spent,
            "processing": spent,
            "date_start": iso(self._start),
            "date_finish": iso(finish),
            "operating_reset_at": reset_at,
            "operating": operating,
        }


def success(reply: Reply, time: dict[str, Any]) -> dict[str, Any]:
    """Wrap a reply; absent `total` and `next` stay absent."""
    body: dict[str, Any] = {"result": reply.result}
    if reply.next is not None:
        body["next"] = reply.next
    if reply.total is not None:
        body["total"] = reply.total
    body["time"] = time
    return body


def missing(name: str) -> ApiError:
    """The new family's answer to an absent required parameter."""
    return ApiError(400, 100, f"Could not find value for parameter {{{name}}}")


def bad_value(text: str) -> ApiError:
    """The new family's answer to a value it does not take."""
    return ApiError(400, "INVALID_ARG_VALUE", text)
