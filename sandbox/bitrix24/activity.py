"""Activities: e-mails, meetings, to-dos, calls and tasks, with every version they ever had."""

from collections.abc import Callable
from datetime import datetime
from threading import RLock
from typing import Any, NamedTuple

from sandbox.bitrix24.shelf import Shelf
from sandbox.bitrix24.user import ADMIN_ID
from sandbox.moment import seconds
from sandbox.version import Versioned

MEETING, CALL, TASK, EMAIL, PROVIDER = 1, 2, 3, 4, 6
"""TYPE_ID (api-reference/crm/data-types.md)."""

OF_LEAD, OF_DEAL = 1, 2
"""OWNER_TYPE_ID (api-reference/crm/data-types.md)."""

TO_DO = "CRM_TODO"
PERSONAL_MAIL = "CRM_EMAIL"
NO_DIRECTION, INCOMING, OUTGOING = 0, 1, 2


class Version(NamedTuple):
    """The state of an activity from `at` on; `updated_at` is what the portal shows as changed.

    `owner`: (type, id) of the record it belongs to, where that is not the activity's deal.
    """

    at: float
    updated_at: float
    by: int
    responsible: int
    subject: str
    start: float
    completed: bool
    event: int = 0
    deleted: bool = False
    owner: tuple[int, int] | None = None


class Letter(NamedTuple):
    """The headers of a letter as its mailbox has them, of which the portal shows some: the
    Message-ID only of what it sent itself (`is_own`)."""

    message_id: str
    author: str
    to: str
    is_own: bool = False


class Kind(NamedTuple):
    """What an activity is; that never changes."""

    type: int
    provider: str
    provider_type: str
    direction: int = NO_DIRECTION


class Activity(Versioned[Version]):
    """An activity of a CRM record; `versions` is never empty and ascends by `at`. `letter`: of a
    letter that is in a mailbox, too."""

    __slots__ = ("author", "created_at", "deal", "id", "kind", "letter")

    def __init__(
        self,
        activity_id: int,
        kind: Kind,
        first: Version,
        deal: int,
        letter: Letter | None = None,
    ) -> None:
        super().__init__([first])
        self.letter = letter
        self.id = activity_id
        self.kind = kind
        self.author = first.by
        self.created_at = first.at
        self.deal = deal

    @property
    def owner(self) -> tuple[int, int]:
        """(type, id) of the record it belongs to now."""
        return self.now.owner or (OF_DEAL, self.deal)


class Activities(Shelf[Activity]):
    """Every activity ever. Changes by `add` and so on are
    thread-safe; `at` is an aware moment and defaults to the portal's now."""

    id_field = "ID"
    time_field = "LAST_UPDATED"

    def __init__(self, now: Callable[[], float], lock: RLock) -> None:
        super().__init__()
        self._now = now
        self._lock = lock

    def add(
        self,
        kind: Kind,
        responsible: int,
        *,
        start: datetime | None = None,
        subject: str = "Дело",
        completed: bool = False,
        event: int = 0,
        deal: int = 1,
        lead: int = 0,
        by: int | None = None,
        at: datetime | None = None,
        letter: Letter | None = None,
    ) -> int:
        """A new activity of a deal or a lead that starts now or at `start`; `by` is its author.

        Returns its id.
        """
        with self._lock:
            moment = self._moment(at)
            begins = moment if start is None else seconds(start)
            author = responsible if by is None else by
            owner = (OF_LEAD, lead) if lead else None
            state = (responsible, subject, begins, completed, event, False, owner)
            first = Version(moment, moment, author, *state)
            activity = Activity(max(self.every, default=0) + 1, kind, first, deal, letter)
            self.bring([activity])
            return activity.id

    def change(
        self, activity_id: int, *, by: int | None = None, at: datetime | None = None, **values: Any
    ) -> bool:
        """Changes responsible, subject, start (aware), completed, event or owner.

        Says if it did.
        """
        with self._lock:
            activity = self.every[activity_id]
            if activity.now.deleted:
                raise KeyError(f"no activity {activity_id}")
            if "start" in values:
                values["start"] = seconds(values["start"])
            if all(getattr(activity.now, name) == value for name, value in values.items()):
                return False
            moment = max(self._moment(at), activity.now.at)
            actor = activity.now.responsible if by is None else by
            after = activity.now._replace(at=moment, updated_at=moment, by=actor, **values)
            activity.versions.append(after)
            self.note_change(activity)
            return True

    def hand_over(self, owner: tuple[int, int], to: tuple[int, int]) -> None:
        """Gives everything that belongs to a record to another one."""
        with self._lock:
            for activity in list(self.every.values()):
                if activity.owner == owner and not activity.now.deleted:
                    self.change(activity.id, owner=to)

    def delete(self, activity_id: int, *, at: datetime | None = None) -> None:
        """Deletes an activity; no list tells of it."""
        with self._lock:
            activity = self.every[activity_id]
            moment = max(self._moment(at), activity.now.at)
            activity.versions.append(activity.now._replace(at=moment, by=ADMIN_ID, deleted=True))
            self.hide(activity_id)

    def restore(self, activity_id: int, *, at: datetime | None = None) -> None:
        """Brings a deleted activity back under its id, without a mark of change."""
        with self._lock:
            activity = self.every[activity_id]
            moment = max(self._moment(at), activity.now.at)
            activity.versions.append(activity.now._replace(at=moment, deleted=False))
            self.reveal(activity_id)

    def _moment(self, at: datetime | None) -> float:
        return self._now() if at is None else seconds(at)


SENT = Kind(EMAIL, PERSONAL_MAIL, "EMAIL", OUTGOING)
RECEIVED = Kind(EMAIL, PERSONAL_MAIL, "EMAIL", INCOMING)
MAILING = Kind(EMAIL, "SENDER_LETTER", "MAILING", OUTGOING)
ROBOT_MAIL = Kind(EMAIL, "ROBOT_LETTER", "AUTOMATION", OUTGOING)
MEETING_KIND = Kind(MEETING, "CRM_MEETING", "MEETING")
TODO_KIND = Kind(PROVIDER, TO_DO, TO_DO.removeprefix("CRM_"))
CALL_OUT = Kind(CALL, "VOXIMPLANT_CALL", "CALL", OUTGOING)
CALL_IN = Kind(CALL, "VOXIMPLANT_CALL", "CALL", INCOMING)
TASK_KIND = Kind(TASK, "CRM_TASKS_TASK", "TASKS_TASK")
CHAT = Kind(PROVIDER, "IMOPENLINES_SESSION", "LIVECHAT", INCOMING)
