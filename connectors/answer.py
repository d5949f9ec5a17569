"""One whole HTTP answer, as a connector's `classify` judges it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

LONGEST_S = 86_400.0


@dataclass(frozen=True)
class Answer:
    """One whole HTTP answer. `shown_url` is safe to print; `elapsed_s` runs from the sending."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    shown_url: str
    elapsed_s: float

    @property
    def served_at(self) -> datetime | None:
        """The `Date` header (RFC 9110, aware), None if absent or unreadable."""
        return _http_date(self.headers.get("date"))

    @property
    def retry_after_s(self) -> float | None:
        """`Retry-After` in seconds (RFC 9110: a number or a date), between 0 and a day."""
        text = self.headers.get("retry-after", "").strip()
        if text.lstrip("-").isdigit():
            return min(max(float(text), 0.0), LONGEST_S)
        until, now = _http_date(text), self.served_at
        if until is None or now is None:
            return None
        return min(max((until - now).total_seconds(), 0.0), LONGEST_S)

    @property
    def sent_to(self) -> str:
        """The host that a redirect names, for people to read; it is never followed."""
        return urlsplit(self.headers.get("location", "")).netloc or "another page"

    def json_object(self) -> dict[str, Any] | None:
        """The body as a JSON object, None for anything else."""
        try:
            body = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError):
            return None
        return body if isinstance(body, dict) else None


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError):
        return None
    return moment if moment.tzinfo else None
