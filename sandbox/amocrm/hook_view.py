"""What webhooks say of a record: the names of API v2, everything as text."""

from typing import Any

from sandbox.amocrm.book import Book
from sandbox.amocrm.contact import Client
from sandbox.amocrm.lead import Lead
from sandbox.amocrm.note import Note
from sandbox.amocrm.task import Task
from sandbox.moment import iso

_ELEMENT_TYPES = {"contacts": 1, "leads": 2, "companies": 3, "customers": 12}


def lead_tree(book: Book, verb: str, lead: Lead, old_status: int | None = None) -> dict[str, Any]:
    """`leads[<verb>][0]`."""
    now = lead.now
    if verb == "delete":
        row: dict[str, Any] = {"id": lead.id, "status_id": now.status, "pipeline_id": now.pipeline}
        return {"leads": {verb: [row]}}
    row = {
        "id": lead.id,
        "name": now.name,
        "status_id": now.status,
        "old_status_id": old_status,
        "price": now.price,
        "responsible_user_id": now.owner,
        "last_modified": lead.updated_at,
        "modified_user_id": lead.updated_by,
        "created_user_id": lead.created_by,
        "date_create": lead.created_at,
        "pipeline_id": now.pipeline,
        "account_id": book.id,
        "created_at": lead.created_at,
        "updated_at": lead.updated_at,
        "custom_fields": _fields(book, "leads", lead.values),
    }
    return {"leads": {verb: [row]}}


def client_tree(book: Book, verb: str, client: Client, kind: str) -> dict[str, Any]:
    """`contacts[<verb>][0]`, for companies too; `type` tells them apart."""
    row = {
        "id": client.id,
        "name": client.name,
        "responsible_user_id": client.owner,
        "date_create": client.created_at,
        "last_modified": client.updated_at,
        "created_user_id": client.created_by,
        "modified_user_id": client.updated_by,
        "linked_company_id": client.company or None,
        "account_id": book.id,
        "custom_fields": _fields(
            book, "contacts" if kind == "contact" else "companies", client.values
        ),
        "created_at": client.created_at,
        "updated_at": client.updated_at,
        "type": kind,
    }
    return {"contacts": {verb: [row]}}


def task_tree(book: Book, verb: str, task: Task) -> dict[str, Any]:
    """`task[<verb>][0]`, with local times."""
    now = task.now
    row = {
        "id": task.id,
        "element_id": task.entity_id,
        "element_type": _ELEMENT_TYPES.get(task.entity_type, 0),
        "task_type": now.type,
        "date_create": _local(task.created_at),
        "text": now.text,
        "status": int(now.completed),
        "account_id": book.id,
        "created_user_id": task.created_by,
        "last_modified": _local(now.at),
        "responsible_user_id": now.owner,
        "complete_till": _local(now.due),
        "action_close": int(now.completed),
        "result": {"text": now.result} if now.result else None,
    }
    return {"task": {verb: [row]}}


def note_tree(book: Book, entity: str, note: Note) -> dict[str, Any]:
    """`<entity>[note][0][note]`."""
    row = {
        "id": note.id,
        "element_id": note.entity,
        "element_type": _ELEMENT_TYPES[entity],
        "note_type": {"call_in": 10, "call_out": 11, "common": 4}.get(note.note_type, 25),
        "text": str(note.params()),
        "date_create": _local(note.created_at),
        "created_by": note.created_by,
        "account_id": book.id,
        "responsible_user_id": note.owner,
    }
    return {"contacts" if entity == "companies" else entity: {"note": [{"note": row}]}}


def _fields(
    book: Book, entity: str, values: dict[int, list[dict[str, Any]]]
) -> list[dict[str, Any]]:
    return [
        {
            "id": shown["field_id"],
            "name": shown["field_name"],
            "values": [
                {"value": item["value"], "enum": item.get("enum_id")} for item in shown["values"]
            ],
            "code": shown["field_code"],
        }
        for shown in book.fields.show(entity, values)
    ]


def _local(at: int) -> str:
    return str(iso(at))[:19].replace("T", " ")
