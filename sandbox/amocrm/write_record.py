"""Writing what stands beside deals: contacts, companies, notes, calls, tasks, links."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.amocrm.book import Write
from sandbox.amocrm.call import EMPTY, Answer, Call, Json, saved, unpaged
from sandbox.amocrm.contact import Client, Clients
from sandbox.amocrm.note import ENTITIES, Note, PhoneCall, call_type
from sandbox.amocrm.pipeline import CLOSED
from sandbox.amocrm.problem import Problem, problem
from sandbox.amocrm.write_lead import Mistake, check, put_values, request_id
from sandbox.php import as_list, as_map

_CALLS = ("call_in", "call_out")
_KINDS = {"contacts": "contact", "companies": "company"}
_NOTE_TYPES = frozenset(
    {"common", "sms_in", "sms_out", "service_message", "extended_service_message",
     "message_cashier", "geolocation", "attachment", *_CALLS}
)  # fmt: skip


def add_clients(entity: str) -> Callable[[Call], Answer]:
    """POST contacts or companies."""

    def handler(call: Call) -> Answer:
        items = call.items()
        check(items, lambda item: _field_mistakes(call, entity, item))
        rows = []
        for index, item in enumerate(items):
            account, owner = call.account, item.get("responsible_user_id") or call.user
            name = item.get("name") or f"{item.get('first_name', '')} {item.get('last_name', '')}"
            client = Client(account.fresh_id(), name.strip(), owner, call.user, account.now())
            companies = as_list(as_map(item.get("_embedded")).get("companies"))
            client.company = int(companies[0]["id"]) if companies else 0
            account.bring_client(entity, client)
            sent = item.get("custom_fields_values")
            put_values(call, entity, _KINDS[entity], client, sent, call.user)
            account.writes.append(Write(f"POST {entity}", entity, client.id, dict(item)))
            shown = {"id": client.id, "request_id": request_id(item, index)}
            rows.append(shown | call.link(f"{entity}/{client.id}"))
        return saved(call, entity, rows)

    return handler


def change_clients(entity: str) -> Callable[[Call], Answer]:
    """PATCH contacts or companies, or one of them."""

    def handler(call: Call) -> Answer:
        items = call.items()
        if call.number:
            items = [item | {"id": call.number} for item in items]
        table = _table(call, entity)
        check(
            items,
            lambda item: (
                _field_mistakes(call, entity, item)
                if item.get("id") in table.rows
                else [("NotSupportedChoice", "id", "The value you selected is not a valid choice.")]
            ),
        )
        rows = []
        for item in items:
            client = table.rows[item["id"]]
            client.name = str(item.get("name", client.name))
            call.account.assign_client(
                entity, client.id, item.get("responsible_user_id", client.owner), by=call.user
            )
            sent = item.get("custom_fields_values")
            changed = put_values(call, entity, _KINDS[entity], client, sent, call.user)
            client.touch(call.account.now(), call.user)
            call.account.writes.append(Write(f"PATCH {entity}", entity, client.id, changed))
            shown: Json = {"id": client.id, "updated_at": client.updated_at}
            rows.append(shown | call.link(f"{entity}/{client.id}"))
        table.touch()
        return Answer(200, rows[0]) if call.number else saved(call, entity, rows)

    return handler


def add_notes(call: Call) -> Answer:
    """POST {entity}/notes, or those of one entity; null params are refused."""
    entity = call.places["entity"]
    if entity not in ENTITIES:
        raise problem(404, f"Cannot POST {call.base}{call.path}")
    items = call.items()
    if call.number:
        items = [item | {"entity_id": call.number} for item in items]
    check(items, lambda item: _note_mistakes(call, entity, item))
    rows = []
    for index, item in enumerate(items):
        note = _note(call, item)
        call.account.bring_note(entity, note)
        call.account.writes.append(Write("POST notes", entity, note.id, dict(item)))
        shown = {"id": note.id, "entity_id": note.entity, "request_id": request_id(item, index)}
        rows.append(shown | call.link(f"{entity}/{note.entity}/notes/{note.id}"))
    return saved(call, "notes", rows)


def add_calls(call: Call) -> Answer:
    """POST calls: put beside whoever has the telephone number; nobody has it: nothing is kept."""
    rows: list[Json] = []
    errors: list[Json] = []
    for index, item in enumerate(call.items()):
        mark = request_id(item, index)
        place = _place(call, str(item.get("phone", "")))
        if place is None:
            errors.append({"title": "Entity not found", "status": 263, "request_id": mark})
            continue
        entity, entity_id = place
        phone_call = _phone_call(item, item.get("direction") == "inbound")
        by = item.get("created_by", call.user)
        owner = int(item.get("responsible_user_id") or by)
        at = int(item.get("created_at") or call.account.now())
        note = Note(call_type(phone_call), entity_id, at, by, owner, phone_call)
        call.account.bring_note(entity, note)
        call.account.writes.append(Write("POST calls", entity, note.id, dict(item)))
        link = {"id": entity_id} | call.link(f"{entity}/{entity_id}")
        kind = {"companies": "company"}.get(entity, entity[:-1])
        shown: Json = {"id": note.id, "entity_id": entity_id, "entity_type": kind}
        shown |= {"account_id": call.account.id, "request_id": mark}
        rows.append(shown | {"_embedded": {"entity": link}})
    body = {"_total_items": len(rows), "errors": errors, "_embedded": {"calls": rows}}
    if errors and not rows:
        raise Problem(400, body, "Entity not found")
    return Answer(200, body)


def add_tasks(call: Call) -> Answer:
    """POST tasks."""
    items = call.items()
    check(items, _task_mistakes)
    rows = []
    for index, item in enumerate(items):
        place = (
            (str(item["entity_type"]), int(item["entity_id"])) if item.get("entity_id") else None
        )
        task_id = call.account.add_task(
            item.get("responsible_user_id") or call.user,
            datetime.fromtimestamp(item["complete_till"], UTC),
            type_id=item.get("task_type_id", 1),
            text=str(item["text"]),
            place=place,
            by=item.get("created_by", call.user),
        )
        call.account.writes.append(Write("POST tasks", "tasks", task_id, dict(item)))
        shown = {"id": task_id, "request_id": request_id(item, index)}
        rows.append(shown | call.link(f"tasks/{task_id}"))
    return saved(call, "tasks", rows)


def change_tasks(call: Call) -> Answer:
    """PATCH tasks, or one of them."""
    items = call.items()
    if call.number:
        items = [item | {"id": call.number} for item in items]
    known = call.account.tasks.rows
    check(
        items,
        lambda item: (
            []
            if item.get("id") in known
            else [("NotSupportedChoice", "id", "The value you selected is not a valid choice.")]
        ),
    )
    names = {
        "responsible_user_id": "owner", "task_type_id": "type", "complete_till": "due",
        "text": "text", "is_completed": "completed",
    }  # fmt: skip
    rows = []
    for index, item in enumerate(items):
        wanted = {names[name]: value for name, value in item.items() if name in names}
        if item.get("result"):
            wanted["result"] = str(item["result"].get("text", ""))
        if call.account.update_task(item["id"], by=call.user, **wanted):
            call.account.writes.append(Write("PATCH tasks", "tasks", item["id"], wanted))
        shown: Json = {"id": item["id"], "updated_at": known[item["id"]].updated_at}
        shown["request_id"] = request_id(item, index)
        rows.append(shown | call.link(f"tasks/{item['id']}"))
    return Answer(200, rows[0]) if call.number else saved(call, "tasks", rows)


def list_links(call: Call) -> Answer:
    """GET leads/{id}/links."""
    lead = call.account.leads.rows.get(call.number)
    if lead is None:
        raise problem(404, f"Cannot GET {call.base}{call.path}")
    rows: list[Json] = []
    if lead.contact:
        rows.append(
            {
                "to_entity_id": lead.contact,
                "to_entity_type": "contacts",
                "metadata": {"main_contact": True},
            }
        )
    if lead.company:
        row = {"to_entity_id": lead.company, "to_entity_type": "companies", "metadata": None}
        rows.append(row)
    for good in call.account.goods_of(lead.id):
        told = {"quantity": good.quantity / 1000, "catalog_id": good.catalog}
        kind = {"to_entity_type": "catalog_elements", "metadata": told}
        rows.append({"to_entity_id": good.element, **kind})
    return unpaged(call, "links", rows)


def add_links(call: Call) -> Answer:
    """POST leads/{id}/link: a contact, a company or an element of a list."""
    return unpaged(call, "links", _link(call, linked=True))


def remove_links(call: Call) -> Answer:
    """POST leads/{id}/unlink."""
    _link(call, linked=False)
    return EMPTY


def _link(call: Call, *, linked: bool) -> list[Json]:
    lead = call.account.leads.rows.get(call.number)
    if lead is None:
        raise problem(404, f"Cannot POST {call.base}{call.path}")
    rows = []
    for item in call.items():
        target = int(item.get("to_entity_id", 0)) if linked else 0
        if item.get("to_entity_type") == "contacts":
            lead.contact = target
        elif item.get("to_entity_type") == "companies":
            lead.company = target
        elif item.get("to_entity_type") == "catalog_elements":
            _link_element(call, item, linked=linked)
        rows.append({"entity_id": lead.id, "entity_type": "leads"} | item)
    lead.touched = (call.account.now(), call.user)
    call.account.leads.touch()
    return rows


def _link_element(call: Call, item: Json, *, linked: bool) -> None:
    element, told = int(item["to_entity_id"]), as_map(item.get("metadata"))
    if linked:
        quantity = round(float(told.get("quantity", 1)) * 1000)
        price = int(told.get("price_id") or 0)
        catalog = int(told["catalog_id"])
        call.account.put_product(
            call.number, catalog, element, quantity, price_id=price, by=call.user
        )
    else:
        call.account.take_off_product(call.number, element, by=call.user)


def _note(call: Call, item: Json) -> Note:
    kind, params = str(item["note_type"]), item.get("params") or {}
    by = item.get("created_by", call.user)
    owner = int(item.get("responsible_user_id") or by)
    body = _phone_call(params, kind == "call_in") if kind in _CALLS else dict(params)
    at = int(item.get("created_at") or call.account.now())
    return Note(kind, int(item["entity_id"]), at, by, owner, body)


def _phone_call(sent: Json, incoming: bool) -> PhoneCall:
    return PhoneCall(
        str(sent.get("uniq") or ""), str(sent.get("source") or ""), incoming,
        str(sent.get("phone") or ""), sent.get("duration"), sent.get("call_status"),
        sent.get("call_responsible"), sent.get("call_result"), sent.get("link"),
    )  # fmt: skip


def _note_mistakes(call: Call, entity: str, item: Json) -> list[Mistake]:
    found: list[Mistake] = []
    if item.get("note_type") not in _NOTE_TYPES:
        found.append(("NotSupportedChoice", "note_type", "The value is not a valid choice."))
    for name, value in as_map(item.get("params")).items():
        if value is None:
            found.append(("NotNullable", f"params.{name}", "This value should not be null."))
    tables: dict[str, Any] = {
        "leads": call.account.leads,
        "contacts": call.account.contacts,
        "companies": call.account.companies,
        "customers": call.account.customers,
    }
    if item.get("entity_id") not in tables[entity].rows:
        found.append(("NotSupportedChoice", "entity_id", "The value is not a valid choice."))
    return found


def _task_mistakes(item: Json) -> list[Mistake]:
    return [
        ("NotBlank", name, "This value should not be blank.")
        for name in ("text", "complete_till")
        if not item.get(name)
    ]


def _field_mistakes(call: Call, entity: str, item: Json) -> list[Mistake]:
    return call.account.fields.write(entity, {}, item.get("custom_fields_values"))[1]


def _place(call: Call, phone: str) -> tuple[str, int] | None:
    """By the last ten digits: the one open deal of the contact, else the contact."""
    digits = "".join(letter for letter in phone if letter.isdigit())[-10:]
    account = call.account
    for contact in account.contacts.rows.values():
        ends = ("".join(one for one in known if one.isdigit())[-10:] for known in contact.phones)
        if digits and digits in ends:
            leads = account.leads.rows.values()
            active = [
                lead.id
                for lead in leads
                if lead.contact == contact.id and lead.status_id not in CLOSED
            ]
            return ("leads", active[0]) if len(active) == 1 else ("contacts", contact.id)
    return None


def _table(call: Call, entity: str) -> Clients:
    return call.account.contacts if entity == "contacts" else call.account.companies
