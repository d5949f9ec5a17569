"""Writing leads: batches that are taken whole or not at all."""

from collections.abc import Callable
from typing import Any

from sandbox.amocrm.book import Write
from sandbox.amocrm.call import Answer, Call, Json, saved
from sandbox.amocrm.event import Event
from sandbox.amocrm.field import TYPE_NUMBERS, Field
from sandbox.amocrm.hook_view import lead_tree
from sandbox.amocrm.lead import Lead
from sandbox.amocrm.pipeline import LOST
from sandbox.amocrm.problem import invalid, invalid_entities
from sandbox.php import as_list, as_map

Mistake = tuple[str, str, str]
_CHOICE = "The value you selected is not a valid choice."
_VERSIONED = {
    "name": "name",
    "price": "price",
    "status_id": "status",
    "pipeline_id": "pipeline",
    "responsible_user_id": "owner",
    "loss_reason_id": "reason",
    "closed_at": "closed_at",
}
_NUMBERS = ("price", "status_id", "pipeline_id", "responsible_user_id", "loss_reason_id")


def add_leads(call: Call) -> Answer:
    """POST leads."""
    items = call.items()
    check(items, lambda item: _mistakes(call, item, None))
    rows = []
    for index, item in enumerate(items):
        lead = _add(call, item)
        shown = {"id": lead.id, "request_id": request_id(item, index)}
        rows.append(shown | call.link(f"leads/{lead.id}"))
        call.account.writes.append(Write("POST leads", "leads", lead.id, dict(item)))
    return saved(call, "leads", rows)


def change_leads(call: Call) -> Answer:
    """PATCH leads, or one of them."""
    items = call.items()
    if call.number:
        items = [item | {"id": call.number} for item in items]
    leads = call.account.leads.rows
    check(items, lambda item: _mistakes(call, item, leads.get(item.get("id", 0))))
    _check_rules(call, items)
    rows = []
    for item in items:
        lead = leads[item["id"]]
        _change(call, lead, item)
        shown: Json = {"id": lead.id, "updated_at": lead.updated_at}
        rows.append(shown | call.link(f"leads/{lead.id}"))
    return Answer(200, rows[0]) if call.number else saved(call, "leads", rows)


def request_id(item: Json, index: int) -> str:
    """The caller's mark of an item, by default its place."""
    return str(item.get("request_id", index))


def check(items: list[Json], mistakes: Callable[[Json], list[Mistake]]) -> None:
    """Refuse the whole batch when any item has a mistake."""
    found = {
        request_id(item, index): several
        for index, item in enumerate(items)
        if (several := mistakes(item))
    }
    if found:
        raise invalid(found)


def put_values(call: Call, entity: str, kind: str, row: Any, sent: Any, by: int) -> dict[str, Any]:
    """Put custom fields into a record, with an event for each that changed; returns those."""
    account = call.account
    before = dict(row.values)
    changed, _ = account.fields.write(entity, row.values, sent)
    for one in changed:
        old, new = (_field_values(one, side.get(one.id, [])) for side in (before, row.values))
        at = account.now()
        account.note_event(Event("custom_field_value_changed", kind, row.id, at, by, old, new))
    return {one.code or str(one.id): row.values.get(one.id) for one in changed}


def _field_values(one: Field, values: list[dict[str, Any]]) -> tuple[tuple[str, Any], ...]:
    return tuple(
        (
            "field",
            {
                "field_id": one.id,
                "field_type": TYPE_NUMBERS.get(one.type, 1),
                "enum_id": item.get("enum_id"),
                "text": str(item["value"]),
            },
        )
        for item in values
    )


def _mistakes(call: Call, item: Json, lead: Lead | None) -> list[Mistake]:
    account = call.account
    if "id" in item and lead is None:
        return [("NotSupportedChoice", "id", _CHOICE)]
    found: list[Mistake] = []
    for name in _NUMBERS:
        value = item.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            found.append(("InvalidType", name, "This value should be of type integer."))
    if "name" in item and item["name"] is None:
        found.append(("NotNullable", "name", "This value should not be null."))
    owner = item.get("responsible_user_id")
    if owner is not None and owner not in account.users:
        found.append(("NotSupportedChoice", "responsible_user_id", _CHOICE))
    if not found and not _stage_is_known(call, item, lead):
        found.append(("NotSupportedChoice", "status_id", _CHOICE))
    reason = item.get("loss_reason_id")
    if reason is not None and reason not in account.reasons:
        found.append(("NotSupportedChoice", "loss_reason_id", _CHOICE))
    values = dict(lead.values) if lead else {}
    return found + account.fields.write("leads", values, item.get("custom_fields_values"))[1]


def _stage_is_known(call: Call, item: Json, lead: Lead | None) -> bool:
    pipeline_id, status = _stage(call, item, lead)
    pipeline = call.account.pipelines.get(pipeline_id)
    return pipeline is not None and any(one.id == status for one in pipeline.statuses)


def _stage(call: Call, item: Json, lead: Lead | None) -> tuple[int, int]:
    """Where the item puts the lead; another pipeline alone means its first stage."""
    pipelines = call.account.pipelines
    here = lead.now.stage if lead else None
    pipeline = item.get("pipeline_id") or (here[0] if here else next(iter(pipelines)))
    status = item.get("status_id")
    if status is None and here is not None and pipeline == here[0]:
        status = here[1]
    if status is None:
        status = pipelines[pipeline].path[0] if pipeline in pipelines else 0
    return pipeline, status


def _check_rules(call: Call, items: list[Json]) -> None:
    """What the second shape of 400 says: a reason on a deal not lost, anything in Unsorted."""
    errors: dict[int, str] = {}
    for item in items:
        lead = call.account.leads.rows[item["id"]]
        unsorted = call.account.pipelines[lead.pipeline_id].unsorted
        if lead.status_id == unsorted:
            errors[lead.id] = "Lead is in unsorted"
        elif item.get("loss_reason_id") and _stage(call, item, lead)[1] != LOST:
            errors[lead.id] = "Loss reason can be specified only for lost lead"
    if errors:
        raise invalid_entities(errors)


def _add(call: Call, item: Json) -> Lead:
    account = call.account
    pipeline, status = _stage(call, item, None)
    by = item.get("created_by", call.user)
    links = as_map(item.get("_embedded"))
    lead_id = account.create_lead(
        item.get("responsible_user_id") or call.user,
        item.get("price") or 0,
        status,
        pipeline,
        item.get("name") or "Сделка",
        contact=_first_id(links.get("contacts")),
        company=_first_id(links.get("companies")),
        by=by,
    )
    lead = account.leads.rows[lead_id]
    put_values(call, "leads", "lead", lead, item.get("custom_fields_values"), by)
    _tag(lead, item)
    return lead


def _change(call: Call, lead: Lead, item: Json) -> None:
    account = call.account
    now = max(account.now(), lead.updated_at)
    by = item.get("updated_by", call.user)
    wanted = {_VERSIONED[name]: value for name, value in item.items() if name in _VERSIONED}
    if "status_id" in item or "pipeline_id" in item:
        wanted["pipeline"], wanted["status"] = _stage(call, item, lead)
    wanted["price"] = wanted.get("price", lead.price) or 0
    changed = {name: value for name, value in wanted.items() if getattr(lead.now, name) != value}
    if not account.change_lead(lead, now, by, wanted):
        account.tell("update_lead", lambda: lead_tree(account, "update", lead))
    changed |= put_values(call, "leads", "lead", lead, item.get("custom_fields_values"), by)
    changed |= _tag(lead, item)
    # Any PATCH moves updated_at, even one that changes nothing.
    lead.touched = (now, by)
    account.leads.touch()
    if changed:
        account.writes.append(Write("PATCH leads", "leads", lead.id, changed))


def _tag(lead: Lead, item: Json) -> Json:
    before = list(lead.tags)
    embedded = as_map(item.get("_embedded"))
    if "tags" in embedded:
        lead.tags = _tags(embedded["tags"])
    gone = {name for _, name in _tags(item.get("tags_to_delete"))}
    lead.tags = [tag for tag in lead.tags if tag[1] not in gone]
    known = {name for _, name in lead.tags}
    lead.tags += [tag for tag in _tags(item.get("tags_to_add")) if tag[1] not in known]
    return {} if before == lead.tags else {"tags": [name for _, name in lead.tags]}


def _tags(raw: Any) -> list[tuple[int, str]]:
    found = []
    for one in as_list(raw):
        name = str(one.get("name") or one.get("id"))
        found.append((100_000 + sum(map(ord, name)), name))
    return found


def _first_id(raw: Any) -> int:
    found = as_list(raw)
    return int(found[0].get("id", 0)) if found else 0
