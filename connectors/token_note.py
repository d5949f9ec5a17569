"""What is noted on disk about a renewal under way: it holds no token and outlives a kill."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.private_file import read_private, replace_private


@dataclass(frozen=True, kw_only=True)
class Note:
    """About the refresh token with this `mark`: shown to the vendor at `asked_at` with no answer
    yet, or refused for good at `refused_at`, with the vendor's `reason`.
    """

    mark: str = ""
    asked_at: datetime | None = None
    refused_at: datetime | None = None
    reason: str = ""

    def lost_at(self, mark: str) -> datetime | None:
        """When the answer to an earlier renewal by this refresh token was lost."""
        return self.asked_at if self.mark == mark else None


def read_note(path: Path) -> Note:
    """The note; an empty one if there is none or it makes no sense."""
    try:
        raw = json.loads(read_private(path) or b"{}")
        return Note(
            mark=str(raw.get("mark", "")),
            asked_at=_moment(raw.get("asked_at")),
            refused_at=_moment(raw.get("refused_at")),
            reason=str(raw.get("reason", "")),
        )
    except (ValueError, TypeError, AttributeError):
        return Note()


def write_note(path: Path, note: Note) -> None:
    """Writes the note; on disk when this returns."""
    raw = {
        "mark": note.mark,
        "asked_at": note.asked_at and note.asked_at.isoformat(),
        "refused_at": note.refused_at and note.refused_at.isoformat(),
        "reason": note.reason,
    }
    replace_private(path, json.dumps(raw, ensure_ascii=False).encode())


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
