"""The account itself: users, roles, pipelines, loss reasons, kinds of events, Unsorted."""

from sandbox.amocrm.call import EMPTY, Answer, Call, Json, counted, listed, unpaged
from sandbox.amocrm.event import TYPES as EVENT_TYPES
from sandbox.amocrm.pipeline import LossReason, Pipeline, Status
from sandbox.amocrm.problem import problem
from sandbox.amocrm.query import between_or_since, one_of, read_filters, read_order, whole
from sandbox.amocrm.table import Choice, Table
from sandbox.amocrm.task import TYPES as TASK_TYPES
from sandbox.amocrm.unsorted import Incoming
from sandbox.amocrm.user import GROUPS, ROLE_ID, ROLE_NAME, User, show_rights
from sandbox.php import as_map


def get_account(call: Call) -> Answer:
    """GET account."""
    account, extras = call.account, call.extras
    body: Json = {
        "id": account.id,
        "name": account.name,
        "subdomain": account.subdomain,
        "current_user_id": call.user,
        "country": "RU",
        "customers_mode": account.customers_mode,
        "is_unsorted_on": True,
        "is_loss_reason_enabled": True,
        "is_helpbot_enabled": False,
        "is_technical_account": False,
        "contact_name_display_order": 1,
    }
    plain: Json = {
        "is_api_filter_enabled": account.filter_paid,
        "amojo_id": "f3c6340d-410e-4ad1-9f7e-c5e663599909",
        "uuid": "824f3a59-6154-4edf-ba90-0b5593715d07",
        "drive_url": "https://drive-b.amocrm.ru",
        "version": 16,
        "entity_names": {"leads": {"ru": {"singular_form": {"default": "сделка"}}}},
    }
    body |= {name: value for name, value in plain.items() if name in extras}
    embedded = {name: value for name, value in _embedded(call).items() if name in extras}
    return Answer(200, body | call.link("account") | {"_embedded": embedded})


def _embedded(call: Call) -> Json:
    groups = [{"id": one, "name": name, "uuid": None} for one, name in GROUPS.items()]
    kinds = [
        {"id": one, "name": name, "color": None, "icon_id": None, "code": code}
        for one, (name, code) in TASK_TYPES.items()
    ]
    return {
        "amojo_rights": {"can_direct": True, "can_create_groups": True},
        "users_groups": groups,
        "task_types": kinds,
        "datetime_settings": {
            "date_pattern": "d.m.Y H:i",
            "short_date_pattern": "d.m.Y",
            "short_time_pattern": "H:i",
            "date_formant": "d.m.Y",
            "time_format": "H:i:s",
            "timezone": call.account.timezone,
            "timezone_offset": "+03:00",
        },
    }


def list_users(call: Call) -> Answer:
    """GET users; for administrators only."""
    call.need_admin()
    users = list(call.account.users.values())
    paging = call.paging()
    rows = [_show_user(call, user) for user in users[paging.offset :][: paging.limit]]
    return counted(call, "users", rows, paging, len(users))


def get_user(call: Call) -> Answer:
    """GET users/{id}."""
    call.need_admin()
    user = call.account.users.get(call.number)
    if user is None:
        raise problem(404, f"Cannot GET {call.base}{call.path}")
    return Answer(200, _show_user(call, user))


def _show_user(call: Call, user: User) -> Json:
    extras = call.extras
    row: Json = {"id": user.id, "name": user.name, "email": user.email, "lang": "ru"}
    row["rights"] = show_rights(user)
    row |= {
        name: None for name in ("uuid", "amojo_id", "user_rank", "phone_number") if name in extras
    }
    row |= call.link(f"users/{user.id}")
    embedded: Json = {}
    if "role" in extras:
        role = {"id": ROLE_ID, "name": ROLE_NAME} | call.link(f"roles/{ROLE_ID}")
        embedded["roles"] = [] if user.admin else [role]
    if "group" in extras:
        embedded["groups"] = [{"id": user.group, "name": GROUPS[user.group]}] if user.group else []
    return row | ({"_embedded": embedded} if embedded else {})


def list_roles(call: Call) -> Answer:
    """GET roles."""
    call.need_admin()
    sample = next((user for user in call.account.users.values() if not user.admin), None)
    rights = show_rights(sample) if sample else {}
    names = ("leads", "contacts", "companies", "tasks", "mail_access", "catalog_access")
    row: Json = {"id": ROLE_ID, "name": ROLE_NAME}
    row["rights"] = {name: rights.get(name) for name in names} | {"status_rights": []}
    row |= call.link(f"roles/{ROLE_ID}") | {"_embedded": {"users": []}}
    return counted(call, "roles", [row], call.paging(), 1)


def list_pipelines(call: Call) -> Answer:
    """GET leads/pipelines."""
    return unpaged(call, "pipelines", [_show(call, one) for one in call.account.pipelines.values()])


def get_pipeline(call: Call) -> Answer:
    """GET leads/pipelines/{id}."""
    return Answer(200, _show(call, _pipeline(call)))


def list_statuses(call: Call) -> Answer:
    """GET leads/pipelines/{id}/statuses."""
    rows = [_show_status(call, status) for status in _pipeline(call).statuses]
    return unpaged(call, "statuses", rows)


def _pipeline(call: Call) -> Pipeline:
    pipeline = call.account.pipelines.get(call.number)
    if pipeline is None:
        raise problem(404, f"Cannot GET {call.base}{call.path}")
    return pipeline


def _show(call: Call, pipeline: Pipeline) -> Json:
    row: Json = {
        "id": pipeline.id,
        "name": pipeline.name,
        "sort": pipeline.sort,
        "is_main": pipeline.sort == 1,
        "is_unsorted_on": True,
        "is_archive": pipeline.archived,
        "account_id": call.account.id,
    }
    row |= call.link(f"leads/pipelines/{pipeline.id}")
    statuses = [_show_status(call, status) for status in pipeline.statuses]
    return row | {"_embedded": {"statuses": statuses}}


def _show_status(call: Call, status: Status) -> Json:
    row: Json = {
        "id": status.id,
        "name": status.name,
        "sort": status.sort,
        "is_editable": status.editable,
        "pipeline_id": status.pipeline,
        "color": status.colour,
        "type": status.type,
        "account_id": call.account.id,
    }
    return row | call.link(f"leads/pipelines/{status.pipeline}/statuses/{status.id}")


def list_reasons(call: Call) -> Answer:
    """GET leads/loss_reasons."""
    rows = [_show_reason(call, reason) for reason in call.account.reasons.values()]
    answer = unpaged(call, "loss_reasons", rows)
    answer.body.pop("_links")
    return answer


def _show_reason(call: Call, reason: LossReason) -> Json:
    row: Json = {"id": reason.id, "name": reason.name, "sort": reason.sort}
    row |= {"created_at": reason.at, "updated_at": reason.at}
    return row | call.link(f"leads/loss_reasons/{reason.id}")


def list_event_types(call: Call) -> Answer:
    """GET events/types."""
    rows: list[Json] = [
        {"key": key, "type": number, "lang": text}
        for number, (key, text) in enumerate(EVENT_TYPES.items(), 1)
    ]
    return unpaged(call, "events_types", rows)


def list_unsorted(call: Call) -> Answer:
    """GET leads/unsorted: what waits."""
    table: Table[Incoming] = Table()
    table.bring(one for one in call.account.incoming.values() if _waits(call, one))
    choice = Choice()
    read_order(call.params, ("created_at", "updated_at"), choice)
    choice.order = "created_at"
    readers = {"uid": one_of, "category": one_of, "created_at": between_or_since}
    read_filters(call.params.get("filter"), readers, choice)
    pipeline = as_map(call.params.get("filter")).get("pipeline_id")
    if pipeline is not None:
        choice.tests.append(lambda one: one.pipeline == whole(pipeline, 0))
    paging = call.paging()
    rows = table.page(choice, paging.offset, paging.limit)
    return listed(call, "unsorted", [show_incoming(call, one) for one in rows], paging)


def get_unsorted(call: Call) -> Answer:
    """GET leads/unsorted/{uid}."""
    one = call.account.incoming.get(call.places["uid"])
    return Answer(200, show_incoming(call, one)) if one and _waits(call, one) else EMPTY


def summarize_unsorted(call: Call) -> Answer:
    """GET leads/unsorted/summary."""
    asked: Table[Incoming] = Table()
    asked.bring(call.account.incoming.values())
    choice = Choice(order="created_at")
    readers = {"uid": one_of, "created_at": between_or_since}
    read_filters(call.params.get("filter"), readers, choice)
    found = asked.page(choice, 0, 1 << 30)
    sorted_ones = [one for one in found if one.done]
    spent = sum(one.done_at - one.at for one in sorted_ones)
    categories = {name: {"total": 0} for name in ("sip", "mail", "forms", "chats")}
    for one in found:
        categories[one.category]["total"] += 1
    body: Json = {
        "total": len(found),
        "accepted": sum(one.done == "accept" for one in found),
        "declined": sum(one.done == "decline" for one in found),
        "average_sort_time": spent // len(sorted_ones) if sorted_ones else 0,
        "categories": categories,
    }
    return Answer(200, body)


def show_incoming(call: Call, one: Incoming) -> Json:
    """What came in."""
    row: Json = {
        "uid": one.uid,
        "source_uid": None,
        "source_name": one.source,
        "category": one.category,
        "pipeline_id": one.pipeline,
        "created_at": one.at,
        "metadata": one.metadata(),
        "account_id": call.account.id,
    }
    row |= call.link(f"leads/unsorted/{one.uid}")
    contacts = [{"id": one.contact} | call.link(f"contacts/{one.contact}")] if one.contact else []
    leads = [{"id": one.lead} | call.link(f"leads/{one.lead}")]
    return row | {"_embedded": {"contacts": contacts, "leads": leads, "companies": []}}


def _waits(call: Call, one: Incoming) -> bool:
    return not one.done and one.lead in call.account.leads.rows
