"""Events: the account's ledger of what happened to its records, newest first."""

from typing import Any, NamedTuple

from sandbox.amocrm.lead import Lead, Version
from sandbox.amocrm.note import CALL_IN, CALL_OUT, Note
from sandbox.amocrm.table import Table
from sandbox.amocrm.task import Task, TaskVersion

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
Value = tuple[str, Any]
TYPES = {
    "lead_added": "Новая сделка",
    "lead_deleted": "Сделка удалена",
    "lead_restored": "Сделка восстановлена",
    "lead_status_changed": "Изменение этапа продажи",
    "entity_responsible_changed": "Ответственный изменён",
    "sale_field_changed": "Изменение поля «Бюджет»",
    "name_field_changed": "Изменение поля «Название»",
    "custom_field_value_changed": "Изменение поля",
    "entity_merged": "Выполнено объединение",
    "entity_linked": "Прикрепление",
    "entity_unlinked": "Открепление",
    "contact_added": "Новый контакт",
    "contact_deleted": "Контакт удалён",
    "contact_restored": "Контакт восстановлен",
    "company_added": "Новая компания",
    "company_deleted": "Компания удалена",
    "company_restored": "Компания восстановлена",
    "customer_added": "Новый покупатель",
    "transaction_added": "Добавлена покупка",
    "incoming_call": "Входящий звонок",
    "outgoing_call": "Исходящий звонок",
    "common_note_added": "Новое примечание",
    "common_note_deleted": "Примечание удалено",
    "task_added": "Новая задача",
    "task_deleted": "Задача удалена",
    "task_completed": "Задача завершена",
    "task_type_changed": "Изменение типа задачи",
    "task_text_changed": "Изменение текста задачи",
    "task_deadline_changed": "Изменение срока задачи",
    "task_result_added": "Результат по задаче",
}
_NOTE_TYPES = {
    CALL_IN: "incoming_call",
    CALL_OUT: "outgoing_call",
    "common": "common_note_added",
}


_TASK_CHANGES = (
    ("task_text_changed", "text"),
    ("task_deadline_changed", "due"),
    ("task_type_changed", "type"),
)
_SHAPES = {
    "owner": ("responsible_user", "id"),
    "sale": ("sale_field_value", "sale"),
    "name": ("name_field_value", "name"),
    "field": ("custom_field_value", ""),
    "task_text": ("task", "text"),
    "task_due": ("task_deadline", "timestamp"),
    "task_type": ("task_type", "id"),
    "transaction": ("transaction", "id"),
}


class Event:
    """Something that happened; values are (shape, content), see `show_value`."""

    __slots__ = ("after", "at", "before", "by", "entity", "entity_id", "id", "type")

    def __init__(
        self,
        event_type: str,
        entity: str,
        entity_id: int,
        at: int,
        by: int,
        before: tuple[Value, ...] = (),
        after: tuple[Value, ...] = (),
    ) -> None:
        self.id = 0
        self.type = event_type
        self.entity = entity
        self.entity_id = entity_id
        self.at = at
        self.by = by
        self.before = before
        self.after = after

    @property
    def created_at(self) -> int:
        """When it happened."""
        return self.at

    @property
    def created_by(self) -> int:
        """Who did it; 0 is a robot."""
        return self.by


class Events(Table[Event]):
    """Every event, numbered as they were noted."""

    def note(self, *events: Event) -> None:
        """Take in what just happened."""
        for event in events:
            event.id = len(self.rows) + 1
            self.rows[event.id] = event
        self.touch()


class _Side(NamedTuple):
    type: str
    before: tuple[Value, ...]
    after: tuple[Value, ...]


def lead_events(lead: Lead, before: Version, after: Version) -> list[Event]:
    """What a change of a lead leaves in the ledger."""
    sides: list[_Side] = []
    if after.deleted != before.deleted:
        kind = "lead_deleted" if after.deleted else "lead_restored"
        return [Event(kind, "lead", lead.id, after.at, after.by)]
    if after.owner != before.owner:
        sides.append(_side("entity_responsible_changed", "owner", before.owner, after.owner))
    if after.stage != before.stage:
        sides.append(_side("lead_status_changed", "status", before.stage, after.stage))
    if after.price != before.price:
        sides.append(_side("sale_field_changed", "sale", before.price, after.price))
    if after.name != before.name:
        sides.append(_side("name_field_changed", "name", before.name, after.name))
    return [_sided("lead", lead.id, after.at, after.by, side) for side in sides]


def task_events(task: Task, before: TaskVersion, after: TaskVersion) -> list[Event]:
    """What a change of a task leaves in the ledger."""
    if after.deleted:
        return [Event("task_deleted", "task", task.id, after.at, after.by)]
    sides: list[_Side] = []
    if after.owner != before.owner:
        sides.append(_side("entity_responsible_changed", "owner", before.owner, after.owner))
    for kind, name in _TASK_CHANGES:
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            sides.append(_side(kind, f"task_{name}", was, now))
    if after.completed and not before.completed:
        sides.append(_Side("task_completed", (), ()))
    return [_sided("task", task.id, after.at, after.by, side) for side in sides]


def note_event(entity_type: str, note: Note) -> Event | None:
    """What a new note leaves in the ledger; None for kinds that leave nothing."""
    kind = _NOTE_TYPES.get(note.note_type)
    if kind is None:
        return None
    entity = {"companies": "company"}.get(entity_type, entity_type[:-1])
    return Event(kind, entity, note.entity, note.created_at, note.created_by, (), (("note", note),))


def show_value(value: Value) -> dict[str, Any]:
    """A value as the documentation shows it."""
    shape, content = value
    if shape == "status":
        return {"lead_status": {"id": content[1], "pipeline_id": content[0]}}
    if shape == "link":
        return {"link": {"entity": {"type": content[0], "id": content[1]}}}
    if shape == "note":
        return {"note": {"id": content.id if isinstance(content, Note) else content}}
    key, name = _SHAPES[shape]
    return {key: {name: content} if name else content}


def public_id(event: Event) -> str:
    """The id that the API shows: 26 letters that begin with the moment."""
    return (
        _spell(event.at * 1000, 10)
        + _spell(event.id * 2654435761 % (1 << 40), 8)
        + _spell(event.id, 8)
    )


def number_of(shown: str) -> int:
    """The number within a shown id; 0 for what is none."""
    try:
        return sum(_ALPHABET.index(one) << (5 * at) for at, one in enumerate(reversed(shown[-8:])))
    except ValueError:
        return 0


def _side(kind: str, shape: str, before: Any, after: Any) -> _Side:
    return _Side(kind, ((shape, before),), ((shape, after),))


def _sided(entity: str, entity_id: int, at: int, by: int, side: _Side) -> Event:
    return Event(side.type, entity, entity_id, at, by, side.before, side.after)


def _spell(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> (5 * at) & 31] for at in reversed(range(length)))
