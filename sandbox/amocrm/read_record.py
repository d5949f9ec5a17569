"""Lists and single records: leads, contacts, companies, customers, tasks, notes, events."""

from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.amocrm.call import EMPTY, Answer, Call, Json, listed
from sandbox.amocrm.contact import Clients
from sandbox.amocrm.event import Event, number_of
from sandbox.amocrm.note import ENTITIES
from sandbox.amocrm.problem import invalid, problem
from sandbox.amocrm.query import (
    Reader,
    between,
    between_or_since,
    ids,
    one_of,
    read_filters,
    read_order,
    text_test,
    whole,
)
from sandbox.amocrm.table import Choice
from sandbox.amocrm.view import (
    show_client,
    show_customer,
    show_event,
    show_gone,
    show_lead,
    show_note,
    show_task,
    show_transaction,
)
from sandbox.php import as_list, as_map

_EVENTS_MOST = 100
_ENTITY_IDS_MOST = 10
_TIMES = ("created_at", "updated_at")


def _statuses(choice: Choice, _name: str, value: Any) -> None:
    pairs = {
        (whole(as_map(one).get("pipeline_id"), 0), whole(as_map(one).get("status_id"), 0))
        for one in as_list(value)
    }
    choice.tests.append(lambda lead: lead.now.stage in pairs)


def _custom(choice: Choice, _name: str, value: Any) -> None:
    for field_id, wanted in as_map(value).items():
        texts = {str(item) for item in as_list(wanted)}
        number = whole(field_id, 0)
        choice.tests.append(partial(_has_value, number, texts))


def _has_value(number: int, texts: set[str], row: Any) -> bool:
    return any(str(item.get("value")) in texts for item in row.values.get(number, []))


_RECORD: dict[str, Reader] = {
    "id": ids,
    "name": one_of,
    "created_by": one_of,
    "updated_by": one_of,
    "responsible_user_id": one_of,
    "created_at": between,
    "updated_at": between,
    "custom_fields_values": _custom,
}
_LEAD: dict[str, Reader] = _RECORD | {
    "price": between,
    "statuses": _statuses,
    "pipeline_id": one_of,
    "closed_at": between,
}
_CUSTOMER: dict[str, Reader] = {
    name: reader for name, reader in _RECORD.items() if not name.endswith("_by")
}
_TASK: dict[str, Reader] = {
    "id": ids,
    "responsible_user_id": one_of,
    "is_completed": one_of,
    "task_type": lambda choice, _name, value: one_of(choice, "task_type_id", value),
    "entity_type": one_of,
    "entity_id": one_of,
    "updated_at": between_or_since,
}
_NOTE: dict[str, Reader] = {
    "id": ids,
    "entity_id": one_of,
    "note_type": one_of,
    "updated_at": between_or_since,
}


def list_leads(call: Call) -> Answer:
    """GET leads; filters only work where they were paid for, and are silently ignored elsewhere."""
    if "only_deleted" in call.extras:
        return _trash(call, "leads", call.account.leads)
    choice = _choice(call, _LEAD, ("created_at", "updated_at", "id"), paid=True)
    _search(call, choice, ("name", "id"))
    _visible(call, choice)
    paging = call.paging()
    rows = call.account.leads.page(choice, paging.offset, paging.limit)
    extras = call.extras
    return listed(call, "leads", [show_lead(call, row, extras) for row in rows], paging)


def get_lead(call: Call) -> Answer:
    """GET leads/{id}; 204 for what is not there or not to be seen."""
    lead = call.account.leads.rows.get(call.number)
    if lead is None or not _sees(call, lead.now.owner):
        return EMPTY
    return Answer(200, show_lead(call, lead, call.extras))


def list_clients(entity: str) -> Callable[[Call], Answer]:
    """GET contacts or companies."""

    def handler(call: Call) -> Answer:
        table = _clients(call, entity)
        if "only_deleted" in call.extras:
            return _trash(call, entity, table)
        choice = _choice(call, _RECORD, ("updated_at", "id"), paid=True)
        _search(call, choice, ("name", "phones"))
        _visible(call, choice)
        paging, extras = call.paging(), call.extras
        rows = table.page(choice, paging.offset, paging.limit)
        return listed(
            call, entity, [show_client(call, row, entity, extras) for row in rows], paging
        )

    return handler


def get_client(entity: str) -> Callable[[Call], Answer]:
    """GET contacts/{id} or companies/{id}."""

    def handler(call: Call) -> Answer:
        client = _clients(call, entity).rows.get(call.number)
        if client is None or not _sees(call, client.owner):
            return EMPTY
        return Answer(200, show_client(call, client, entity, call.extras))

    return handler


def list_customers(call: Call) -> Answer:
    """GET customers."""
    _need_customers(call)
    choice = _choice(call, _CUSTOMER, (), paid=True)
    paging, extras = call.paging(), call.extras
    rows = call.account.customers.page(choice, paging.offset, paging.limit)
    return listed(call, "customers", [show_customer(call, row, extras) for row in rows], paging)


def get_customer(call: Call) -> Answer:
    """GET customers/{id}."""
    _need_customers(call)
    customer = call.account.customers.rows.get(call.number)
    return Answer(200, show_customer(call, customer, call.extras)) if customer else EMPTY


def list_transactions(call: Call) -> Answer:
    """GET customers/transactions, and those of one customer."""
    _need_customers(call)
    choice = _choice(call, {"id": ids}, ())
    if call.number:
        number = call.number
        choice.tests.append(lambda row: row.customer == number)
    paging = call.paging()
    rows = call.account.transactions.page(choice, paging.offset, paging.limit)
    return listed(call, "transactions", [show_transaction(call, row) for row in rows], paging)


def list_tasks(call: Call) -> Answer:
    """GET tasks; they cannot be ordered by updated_at."""
    choice = _choice(call, _TASK, ("created_at", "complete_till", "id"))
    _visible(call, choice)
    paging = call.paging()
    rows = call.account.tasks.page(choice, paging.offset, paging.limit)
    return listed(call, "tasks", [show_task(call, row) for row in rows], paging)


def get_task(call: Call) -> Answer:
    """GET tasks/{id}."""
    task = call.account.tasks.rows.get(call.number)
    return Answer(200, show_task(call, task)) if task else EMPTY


def list_notes(call: Call) -> Answer:
    """GET {entity}/notes, and those of one entity."""
    entity = _entity(call)
    choice = _choice(call, _NOTE, ("updated_at", "id"))
    if call.number:
        choice.ranges["entity_id"] = (call.number, call.number)
    paging = call.paging()
    rows = call.account.notes[entity].page(choice, paging.offset, paging.limit)
    return listed(call, "notes", [show_note(call, row, entity) for row in rows], paging)


def get_note(call: Call) -> Answer:
    """GET {entity}/notes/{id}, and the same below its entity."""
    entity = _entity(call)
    note = call.account.notes[entity].rows.get(whole(call.places.get("note"), 0))
    return Answer(200, show_note(call, note, entity)) if note else EMPTY


def list_events(call: Call) -> Answer:
    """GET events, newest first, a hundred at most."""
    asked = as_map(call.params.get("filter"))
    _check_events(asked)
    choice = Choice(order="created_at", falling=True, mark=_mark(call))
    read_filters(asked, {"created_at": between_or_since, "created_by": one_of}, choice)
    _event_tests(asked, choice)
    paging = call.paging(_EVENTS_MOST)
    rows = call.account.events.page(choice, paging.offset, paging.limit)
    return listed(call, "events", [show_event(call, row) for row in rows], paging)


def get_event(call: Call) -> Answer:
    """GET events/{id}."""
    event = call.account.events.rows.get(number_of(call.places["event"]))
    return Answer(200, show_event(call, event)) if event else EMPTY


def _check_events(asked: Json) -> None:
    """What the page of events says of its filters; a wrong one is refused."""
    entities = as_list(asked.get("entity"))
    ids_of = as_list(asked.get("entity_id"))
    if ids_of and len(entities) != 1:
        raise invalid({"0": [("NotSupportedChoice", "filter.entity", "Exactly one is needed.")]})
    several = {
        "entity_id": (ids_of, _ENTITY_IDS_MOST),
        "created_by": (as_list(asked.get("created_by")), 10),
        "id": (as_list(asked.get("id")), 100),
    }
    for name, (values, most) in several.items():
        if len(values) > most:
            raise invalid({"0": [("TooMany", f"filter.{name}", f"No more than {most}.")]})


def _event_tests(asked: Json, choice: Choice) -> None:
    kinds = {str(name) for name in _names(asked.get("type"))}
    if kinds:
        choice.tests.append(lambda event: event.type in kinds)
    entities = {str(name) for name in as_list(asked.get("entity"))}
    if entities:
        choice.tests.append(lambda event: event.entity in entities)
    wanted = {whole(one, -1) for one in as_list(asked.get("entity_id"))}
    if wanted:
        choice.tests.append(lambda event: event.entity_id in wanted)
    numbers = {number_of(str(one)) for one in as_list(asked.get("id"))}
    if numbers:
        choice.tests.append(lambda event: event.id in numbers)
    for side in ("before", "after"):
        values = as_map(asked.get(f"value_{side}"))
        if "leads_statuses" in values:
            stages = _stages(values["leads_statuses"])
            choice.tests.append(partial(_mentions, side, "status", stages))
        if "responsible_user_id" in values:
            owners = {whole(one, -1) for one in as_list(values["responsible_user_id"])}
            choice.tests.append(partial(_mentions, side, "owner", owners))


def _stages(raw: Any) -> set[tuple[int, int]]:
    return {
        (whole(as_map(one).get("pipeline_id"), 0), whole(as_map(one).get("status_id"), 0))
        for one in as_list(raw)
    }


def _mentions(side: str, shape: str, wanted: set[Any], event: Event) -> bool:
    return any(kind == shape and content in wanted for kind, content in getattr(event, side))


def _names(raw: Any) -> list[Any]:
    """A list, or names separated by commas."""
    return raw.split(",") if isinstance(raw, str) else as_list(raw)


def _choice(
    call: Call, readers: dict[str, Reader], orders: tuple[str, ...], *, paid: bool = False
) -> Choice:
    choice = Choice(mark=_mark(call))
    read_order(call.params, orders, choice)
    if not paid or call.account.filter_paid:
        read_filters(call.params.get("filter"), readers, choice)
    return choice


def _mark(call: Call) -> str:
    """What makes a choice: the question without its page, and what it may see and filter by."""
    pairs = call.raw_query.split("&")
    asked = [pair for pair in pairs if not pair.startswith(("page=", "limit="))]
    account = call.account
    return f"{call.path} {asked} {account.filter_paid} {account.access.owners}"


def _search(call: Call, choice: Choice, names: tuple[str, ...]) -> None:
    text = call.params.get("query")
    if text:
        choice.tests.append(text_test(str(text), names))


def _visible(call: Call, choice: Choice) -> None:
    owners = call.account.access.owners
    if owners is not None:
        choice.tests.append(lambda row: row.responsible_user_id in owners)


def _sees(call: Call, owner: int) -> bool:
    owners = call.account.access.owners
    return owners is None or owner in owners


def _trash(call: Call, entity: str, table: Any) -> Answer:
    rows = sorted(table.trash.values(), key=lambda row: row.id)
    paging = call.paging()
    shown = [show_gone(call, row, entity) for row in rows[paging.offset :][: paging.limit]]
    return listed(call, entity, shown, paging)


def _clients(call: Call, entity: str) -> Clients:
    return call.account.contacts if entity == "contacts" else call.account.companies


def _need_customers(call: Call) -> None:
    if call.account.customers_mode in ("unavailable", "disabled"):
        raise problem(402, "Customers are not available")


def _entity(call: Call) -> str:
    entity = call.places["entity"]
    if entity not in ENTITIES:
        raise problem(404, f"Cannot GET {call.base}{call.path}")
    return entity
