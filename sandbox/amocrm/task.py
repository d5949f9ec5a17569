"""Tasks, of which those of type 2 are meetings."""

from typing import NamedTuple

from sandbox.amocrm.table import Table
from sandbox.version import Versioned

FOLLOW_UP = 1
MEETING = 2
TYPES = {
    FOLLOW_UP: ("Связаться", "FOLLOW_UP"),
    MEETING: ("Встреча", "MEETING"),
    2291: ("Письмо", None),
}


class TaskVersion(NamedTuple):
    """The state of a task from `at` on; `due` is the vendor's complete_till."""

    at: int
    by: int
    owner: int
    type: int
    due: int
    text: str
    completed: bool = False
    result: str | None = None
    deleted: bool = False


class Task(Versioned[TaskVersion]):
    """A task; `entity` is where it belongs, (type, id), or None."""

    __slots__ = ("created_at", "created_by", "entity", "id")

    def __init__(self, task_id: int, first: TaskVersion, entity: tuple[str, int] | None) -> None:
        super().__init__([first])
        self.id = task_id
        self.entity = entity
        self.created_at = first.at
        self.created_by = first.by

    @property
    def updated_at(self) -> int:
        """When anything was last changed."""
        return self.now.at

    @property
    def complete_till(self) -> int:
        """When it is due."""
        return self.now.due

    @property
    def responsible_user_id(self) -> int:
        """Who has to do it."""
        return self.now.owner

    @property
    def task_type_id(self) -> int:
        """What kind of work it is."""
        return self.now.type

    @property
    def is_completed(self) -> int:
        """1 when done."""
        return int(self.now.completed)

    @property
    def entity_type(self) -> str:
        """`leads`, `contacts`, ...; empty without an entity."""
        return self.entity[0] if self.entity else ""

    @property
    def entity_id(self) -> int:
        """The entity; 0 without one."""
        return self.entity[1] if self.entity else 0


class Tasks(Table[Task]):
    """Every task."""
