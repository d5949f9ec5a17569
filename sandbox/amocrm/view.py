"""Records as the API shows them."""

from typing import Any

from sandbox.amocrm.call import Call, Json
from sandbox.amocrm.contact import Client
from sandbox.amocrm.customer import Customer, Transaction
from sandbox.amocrm.event import Event, public_id, show_value
from sandbox.amocrm.good import Good
from sandbox.amocrm.lead import Lead, Values
from sandbox.amocrm.note import Note
from sandbox.amocrm.task import Task

_PLURALS = {"company": "companies"}


def show_lead(call: Call, lead: Lead, extras: frozenset[str]) -> Json:
    """A lead; `extras` are the names in `with`."""
    now, account = lead.now, call.account
    row: Json = {
        "id": lead.id,
        "name": now.name,
        "price": now.price,
        "responsible_user_id": now.owner,
        "group_id": _group(call, now.owner),
        "status_id": now.status,
        "pipeline_id": now.pipeline,
        "loss_reason_id": now.reason,
        "source_id": None,
        "created_by": lead.created_by,
        "updated_by": lead.updated_by,
        "created_at": lead.created_at,
        "updated_at": lead.updated_at,
        "closed_at": now.closed_at,
        "closest_task_at": None,
        "is_deleted": False,
        "custom_fields_values": _values(call, "leads", lead.values),
        "score": None,
        "account_id": account.id,
    }
    if "is_price_modified_by_robot" in extras:
        row["is_price_modified_by_robot"] = False
    row |= call.link(f"leads/{lead.id}")
    row["_embedded"] = _of_lead(call, lead, extras)
    return row


def _of_lead(call: Call, lead: Lead, extras: frozenset[str]) -> Json:
    embedded: Json = {"tags": [{"id": one, "name": name, "color": None} for one, name in lead.tags]}
    if "catalog_elements" in extras:
        goods = call.account.goods_of(lead.id) if call.account.access.catalogs else ()
        embedded["catalog_elements"] = [_show_good(one) for one in goods]
    if "loss_reason" in extras:
        embedded["loss_reason"] = _reason(call, lead.now.reason)
    embedded["companies"] = _refs(call, "companies", [lead.company])
    if "contacts" in extras:
        found = _refs(call, "contacts", [lead.contact])
        embedded["contacts"] = [one | {"is_main": True} for one in found]
    if "source" in extras:
        embedded["source"] = None
    return embedded


def _show_good(good: Good) -> Json:
    whole, part = divmod(good.quantity, 1000)
    told: Json = {"quantity": good.quantity / 1000 if part else whole}
    told["catalog_id"] = good.catalog
    if good.price_id:
        told["price_id"] = good.price_id
    return {"id": good.element, "metadata": told}


def show_gone(call: Call, record: Lead | Client, entity: str) -> Json:
    """A row of the trash: everything is null but who took it away, and when."""
    names = (
        "name", "price", "responsible_user_id", "group_id", "status_id", "pipeline_id",
        "loss_reason_id", "source_id", "created_by", "created_at", "closed_at", "closest_task_at",
        "custom_fields_values", "score",
    )  # fmt: skip
    row: Json = {"id": record.id, **dict.fromkeys(names)}
    row |= {"updated_by": record.updated_by, "updated_at": record.updated_at, "is_deleted": True}
    row["account_id"] = call.account.id
    row |= call.link(f"{entity}/{record.id}")
    return row | {"_embedded": {"tags": [], "companies": []}}


def show_client(call: Call, client: Client, entity: str, extras: frozenset[str]) -> Json:
    """A contact or a company."""
    row: Json = {"id": client.id, "name": client.name}
    if entity == "contacts":
        first, _, last = client.name.partition(" ")
        row |= {"first_name": first, "last_name": last}
    row |= {
        "responsible_user_id": client.owner,
        "group_id": _group(call, client.owner),
        "created_by": client.created_by,
        "updated_by": client.updated_by,
        "created_at": client.created_at,
        "updated_at": client.updated_at,
        "closest_task_at": None,
        "is_deleted": False,
        "custom_fields_values": _values(call, entity, client.values),
        "account_id": call.account.id,
    }
    row |= call.link(f"{entity}/{client.id}")
    row["_embedded"] = _of_client(call, client, entity, extras)
    return row


def _of_client(call: Call, client: Client, entity: str, extras: frozenset[str]) -> Json:
    account = call.account
    embedded: Json = {"tags": []}
    if entity == "contacts":
        embedded["companies"] = _refs(call, "companies", [client.company])
    elif "contacts" in extras:
        people = account.contacts.ids_with("company", client.id)
        embedded["contacts"] = _refs(call, "contacts", people)
    if "leads" in extras:
        side = "contact" if entity == "contacts" else "company"
        leads = account.leads.ids_with(side, client.id)
        embedded["leads"] = _refs(call, "leads", leads)
    if "customers" in extras:
        buyers = account.customers.ids_with("contact", client.id)
        embedded["customers"] = _refs(call, "customers", buyers)
    if "catalog_elements" in extras:
        embedded["catalog_elements"] = []
    return embedded


def show_note(call: Call, note: Note, entity: str) -> Json:
    """A note."""
    row: Json = {
        "id": note.id,
        "entity_id": note.entity,
        "created_by": note.created_by,
        "updated_by": note.updated_by,
        "created_at": note.created_at,
        "updated_at": note.updated_at,
        "responsible_user_id": note.owner,
        "group_id": _group(call, note.owner),
        "note_type": note.note_type,
        "params": note.params(),
        "account_id": call.account.id,
    }
    return row | call.link(f"{entity}/{note.entity}/notes/{note.id}")


def show_task(call: Call, task: Task) -> Json:
    """A task; `result` is an empty list when there is none, as PHP has it."""
    now = task.now
    row: Json = {
        "id": task.id,
        "created_by": task.created_by,
        "updated_by": now.by,
        "created_at": task.created_at,
        "updated_at": now.at,
        "responsible_user_id": now.owner,
        "group_id": _group(call, now.owner),
        "entity_id": task.entity_id or None,
        "entity_type": task.entity_type or None,
        "duration": 0,
        "is_completed": now.completed,
        "task_type_id": now.type,
        "text": now.text,
        "result": {"text": now.result} if now.result else [],
        "complete_till": now.due,
        "account_id": call.account.id,
    }
    return row | call.link(f"tasks/{task.id}")


def show_event(call: Call, event: Event) -> Json:
    """An event."""
    shown = public_id(event)
    path = f"{_PLURALS.get(event.entity, f'{event.entity}s')}/{event.entity_id}"
    row: Json = {
        "id": shown,
        "type": event.type,
        "entity_id": event.entity_id,
        "entity_type": event.entity,
        "created_by": event.by,
        "created_at": event.at,
        "value_after": [show_value(value) for value in event.after],
        "value_before": [show_value(value) for value in event.before],
        "account_id": call.account.id,
    }
    row |= call.link(f"events/{shown}")
    return row | {"_embedded": {"entity": {"id": event.entity_id} | call.link(path)}}


def show_customer(call: Call, customer: Customer, extras: frozenset[str]) -> Json:
    """A customer, with the sums of the purchases."""
    bought = call.account.transactions
    prices = [bought.rows[one].price for one in bought.ids_with("customer", customer.id)]
    row: Json = {
        "id": customer.id,
        "name": customer.name,
        "next_price": customer.next_price,
        "next_date": customer.next_date,
        "responsible_user_id": customer.owner,
        "status_id": 4740028,
        "periodicity": 0,
        "created_by": customer.owners[0][1],
        "updated_by": customer.owner,
        "created_at": customer.created_at,
        "updated_at": customer.updated_at,
        "closest_task_at": None,
        "is_deleted": False,
        "custom_fields_values": _values(call, "customers", customer.values),
        "ltv": sum(prices),
        "purchases_count": len(prices),
        "average_check": sum(prices) // len(prices) if prices else 0,
        "account_id": call.account.id,
    }
    row |= call.link(f"customers/{customer.id}")
    embedded: Json = {"segments": [], "tags": []}
    if "contacts" in extras:
        found = _refs(call, "contacts", [customer.contact])
        embedded["contacts"] = [one | {"is_main": True} for one in found]
    return row | {"_embedded": embedded}


def show_transaction(call: Call, one: Transaction) -> Json:
    """A purchase."""
    row: Json = {
        "id": one.id,
        "price": one.price,
        "comment": None,
        "completed_at": one.at,
        "customer_id": one.customer,
        "created_by": one.by,
        "updated_by": one.by,
        "created_at": one.entered_at,
        "updated_at": one.entered_at,
        "is_deleted": False,
        "account_id": call.account.id,
    }
    row |= call.link(f"customers/{one.customer}/transactions/{one.id}")
    customer = {"id": one.customer} | call.link(f"customers/{one.customer}")
    return row | {"_embedded": {"customer": customer, "catalog_elements": []}}


def _refs(call: Call, entity: str, ids: list[int]) -> list[Json]:
    return [{"id": one} | call.link(f"{entity}/{one}") for one in ids if one]


def _reason(call: Call, reason_id: int | None) -> list[Json]:
    reason = call.account.reasons.get(reason_id or 0)
    if reason is None:
        return []
    row: Json = {"id": reason.id, "name": reason.name, "sort": reason.sort}
    row |= {"created_at": reason.at, "updated_at": reason.at}
    return [row | call.link(f"leads/loss_reasons/{reason.id}")]


def _group(call: Call, user_id: int) -> int:
    user = call.account.users.get(user_id)
    return user.group if user else 0


def _values(call: Call, entity: str, values: Values) -> list[dict[str, Any]] | None:
    return call.account.fields.show(entity, values) or None
