"""Which handler answers which method and address of API v4."""

from collections.abc import Callable

from sandbox.amocrm import (
    read_account,
    read_record,
    write_catalog,
    write_field,
    write_hook,
    write_lead,
    write_record,
)
from sandbox.amocrm.call import Answer, Call

Handler = Callable[[Call], Answer]

_READS: dict[str, Handler] = {
    "GET account": read_account.get_account,
    "GET users": read_account.list_users,
    "GET users/{id}": read_account.get_user,
    "GET roles": read_account.list_roles,
    "GET leads/pipelines": read_account.list_pipelines,
    "GET leads/pipelines/{id}": read_account.get_pipeline,
    "GET leads/pipelines/{id}/statuses": read_account.list_statuses,
    "GET leads/loss_reasons": read_account.list_reasons,
    "GET leads/unsorted": read_account.list_unsorted,
    "GET leads/unsorted/summary": read_account.summarize_unsorted,
    "GET leads/unsorted/{uid}": read_account.get_unsorted,
    "GET leads": read_record.list_leads,
    "GET leads/{id}": read_record.get_lead,
    "GET contacts": read_record.list_clients("contacts"),
    "GET contacts/{id}": read_record.get_client("contacts"),
    "GET companies": read_record.list_clients("companies"),
    "GET companies/{id}": read_record.get_client("companies"),
    "GET customers": read_record.list_customers,
    "GET customers/{id}": read_record.get_customer,
    "GET customers/transactions": read_record.list_transactions,
    "GET customers/{id}/transactions": read_record.list_transactions,
    "GET tasks": read_record.list_tasks,
    "GET tasks/{id}": read_record.get_task,
    "GET {entity}/notes": read_record.list_notes,
    "GET {entity}/{id}/notes": read_record.list_notes,
    "GET {entity}/notes/{note}": read_record.get_note,
    "GET {entity}/{id}/notes/{note}": read_record.get_note,
    "GET events": read_record.list_events,
    "GET events/types": read_account.list_event_types,
    "GET events/{event}": read_record.get_event,
}
_FIELDS: dict[str, Handler] = {
    f"{method} {place}/custom_fields{more}": handler
    for place in ("{entity}", "catalogs/{id}")
    for method, more, handler in (
        ("GET", "", write_field.list_fields),
        ("GET", "/{field}", write_field.get_field),
        ("POST", "", write_field.add_fields),
        ("PATCH", "", write_field.change_fields),
        ("PATCH", "/{field}", write_field.change_fields),
        ("DELETE", "/{field}", write_field.delete_field),
    )
}
_WRITES: dict[str, Handler] = {
    "POST leads": write_lead.add_leads,
    "PATCH leads": write_lead.change_leads,
    "PATCH leads/{id}": write_lead.change_leads,
    "POST leads/unsorted/{uid}/accept": write_hook.accept,
    "DELETE leads/unsorted/{uid}/decline": write_hook.decline,
    "GET leads/{id}/links": write_record.list_links,
    "POST leads/{id}/link": write_record.add_links,
    "POST leads/{id}/unlink": write_record.remove_links,
    "POST contacts": write_record.add_clients("contacts"),
    "PATCH contacts": write_record.change_clients("contacts"),
    "PATCH contacts/{id}": write_record.change_clients("contacts"),
    "POST companies": write_record.add_clients("companies"),
    "PATCH companies": write_record.change_clients("companies"),
    "PATCH companies/{id}": write_record.change_clients("companies"),
    "POST {entity}/notes": write_record.add_notes,
    "POST {entity}/{id}/notes": write_record.add_notes,
    "POST calls": write_record.add_calls,
    "POST tasks": write_record.add_tasks,
    "PATCH tasks": write_record.change_tasks,
    "PATCH tasks/{id}": write_record.change_tasks,
    "GET webhooks": write_hook.list_hooks,
    "POST webhooks": write_hook.subscribe,
    "DELETE webhooks": write_hook.unsubscribe,
    "GET catalogs": write_catalog.list_catalogs,
    "GET catalogs/{id}": write_catalog.get_catalog,
    "POST catalogs": write_catalog.add_catalogs,
    "PATCH catalogs": write_catalog.change_catalogs,
    "PATCH catalogs/{id}": write_catalog.change_catalogs,
    "GET catalogs/{id}/elements": write_catalog.list_elements,
    "GET catalogs/{id}/elements/{element}": write_catalog.get_element,
    "POST catalogs/{id}/elements": write_catalog.add_elements,
    "PATCH catalogs/{id}/elements": write_catalog.change_elements,
    "PATCH catalogs/{id}/elements/{element}": write_catalog.change_elements,
}
ROUTES: dict[str, Handler] = _READS | _FIELDS | _WRITES
_NUMBERS = frozenset({"{id}", "{field}", "{element}"})


def find_route(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    """The name of a route and the values of its places; literal parts win over places.

    An id is digits, so `leads/notes` is never a lead.
    """
    parts = path.strip("/").split("/")
    best: tuple[int, str, dict[str, str]] | None = None
    for name in _BY_SHAPE.get((method, len(parts)), ()):
        places = _match(name.partition(" ")[2].split("/"), parts)
        if places is not None and (best is None or len(places) < best[0]):
            best = len(places), name, places
    return None if best is None else (best[1], best[2])


def known_address(path: str) -> bool:
    """Whether the address exists with another method."""
    methods = {method for method, _ in _BY_SHAPE}
    return any(find_route(method, path) is not None for method in methods)


def _match(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    places: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted in _NUMBERS and not part.isdigit():
            return None
        if wanted.startswith("{"):
            places[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return places


def _by_shape() -> dict[tuple[str, int], list[str]]:
    found: dict[tuple[str, int], list[str]] = {}
    for name in ROUTES:
        method, _, pattern = name.partition(" ")
        found.setdefault((method, pattern.count("/") + 1), []).append(name)
    return found


_BY_SHAPE = _by_shape()
