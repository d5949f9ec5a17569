"""How far every folder of every mailbox was read, as the text that is kept between runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


class Mark(NamedTuple):
    """A folder was read up to a number, which means nothing once `validity` is another."""

    validity: int
    uid: int


@dataclass
class Cursor:
    """`since`: letters that came before it are not wanted. `marks`: by mailbox and folder."""

    since: datetime
    marks: dict[tuple[str, str], Mark] = field(default_factory=dict)

    def mark(self, mailbox: str, folder: str) -> Mark | None:
        """How far the folder was read; None if never."""
        return self.marks.get((mailbox, folder))

    def text(self) -> str:
        """The cursor as text."""
        boxes: dict[str, dict[str, Mark]] = {}
        for (mailbox, folder), mark in sorted(self.marks.items()):
            boxes.setdefault(mailbox, {})[folder] = mark
        told = {"since": self.since.isoformat(), "boxes": boxes}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def read_cursor(text: str | None, begins_at: datetime) -> Cursor:
    """The cursor of an earlier run; without one nothing was read, and all since then is wanted."""
    if not text:
        return Cursor(begins_at)
    told: Mapping[str, dict[str, dict[str, list[int]]]] = json.loads(text)
    marks = {
        (mailbox, folder): Mark(*mark)
        for mailbox, folders in told["boxes"].items()
        for folder, mark in folders.items()
    }
    return Cursor(datetime.fromisoformat(str(told["since"])), marks)
