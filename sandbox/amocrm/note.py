"""Notes: what is written beside leads, contacts, companies and customers. Calls are notes."""

from dataclasses import dataclass
from typing import Any

from sandbox.amocrm.table import Table

CALL_IN = "call_in"
CALL_OUT = "call_out"
MAIL = "amomail_message"
ENTITIES = ("leads", "contacts", "companies", "customers")


@dataclass(slots=True, eq=False)
class PhoneCall:
    """One conversation attempt, however many notes show it.

    `uniq` empty = the switchboard sent none; `status`, `duration` and `responsible` are as
    loosely typed as switchboards send them; `responsible` None = not sent.
    """

    uniq: str
    source: str
    incoming: bool
    phone: str
    duration: int | str | None
    status: int | str | None
    responsible: int | str | None
    result: str | None = None
    link: str | None = None

    def params(self) -> dict[str, Any]:
        """What a note shows of it."""
        shown: dict[str, Any] = {
            "duration": self.duration,
            "source": self.source,
            "link": self.link or (f"https://pbx.example/{self.uniq}.mp3" if self.uniq else None),
            "phone": self.phone,
            "call_result": self.result,
            "call_status": self.status,
        }
        if self.uniq:
            shown["uniq"] = self.uniq
        if self.responsible is not None:
            shown["call_responsible"] = self.responsible
        return shown


@dataclass(slots=True, eq=False)
class Letter:
    """One letter, however many notes show it; `incoming` = from the client."""

    message: str
    thread: int
    incoming: bool
    ours: tuple[str, str]
    theirs: tuple[str, str]
    subject: str

    def params(self) -> dict[str, Any]:
        """What a note shows of it."""
        us = {"email": self.ours[1], "name": self.ours[0]}
        them = {"email": self.theirs[1], "name": self.theirs[0]}
        return {
            "thread_id": self.thread,
            "message_id": self.message,
            "private": False,
            "income": self.incoming,
            "from": them if self.incoming else us,
            "to": us if self.incoming else them,
            "version": 2,
            "subject": self.subject,
            "access_granted": "1",
            "content_summary": f"{self.subject}. Добрый день!",
            "attach_cnt": 0,
            "delivery": {"status": "delivered", "time": 0, "reason": None},
        }


class Note:
    """A note on one entity."""

    __slots__ = (
        "body", "created_at", "created_by", "entity", "id", "note_type", "owner", "updated_at",
        "updated_by",
    )  # fmt: skip

    def __init__(
        self,
        note_type: str,
        entity: int,
        at: int,
        by: int,
        owner: int,
        body: PhoneCall | Letter | dict[str, Any],
    ) -> None:
        self.id = 0
        self.note_type = note_type
        self.entity = entity
        self.created_at = self.updated_at = at
        self.created_by = self.updated_by = by
        self.owner = owner
        self.body = body

    @property
    def entity_id(self) -> int:
        """The entity it stands beside."""
        return self.entity

    @property
    def responsible_user_id(self) -> int:
        """Who it belongs to."""
        return self.owner

    def params(self) -> dict[str, Any]:
        """What it says."""
        return self.body if isinstance(self.body, dict) else self.body.params()


class Notes(Table[Note]):
    """Every note on one kind of entity."""


def call_type(call: PhoneCall) -> str:
    """The type of notes that show a call."""
    return CALL_IN if call.incoming else CALL_OUT
