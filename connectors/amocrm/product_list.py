"""Lists of products of an account: which there are, what their elements are called and cost.
(catalogs-api)

Our scorecard is a list, too, and so are bills: only the type tells which ones hold products.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.amocrm.classify import ExpiredError, as_list, as_map
from connectors.amocrm.client import AmocrmClient
from connectors.amocrm.recent import with_ids
from connectors.amocrm.walk import Walk
from connectors.base import Record
from connectors.error import AuthError, RejectedError
from connectors.field import text_of

SOLD = "sold"
"""Under which a lead carries its elements with their names and prices."""

_LISTS = "api/v4/catalogs"
_KNOWN, _ELEMENTS = "product_lists", "product_elements"


def with_lines(client: AmocrmClient, rows: Sequence[Record]) -> list[Record]:
    """Leads with what they sell; as they are where that cannot be known."""
    if not rows or not product_lists(client):
        return list(rows)
    links = [_links(row, product_lists(client)) for row in rows]
    wanted: dict[str, set[str]] = {}
    for link in (link for found in links for link in found):
        wanted.setdefault(link["catalog"], set()).add(str(link["element"]))
    try:
        known = _elements(client, wanted)
    except (AuthError, RejectedError) as error:
        _need_login(error)
        client.notes[_KNOWN] = frozenset()
        return list(rows)
    return [
        {**row, SOLD: [{**link, **known[link["catalog"], str(link["element"])]} for link in found]}
        for row, found in zip(rows, links, strict=True)
    ]


def product_lists(client: AmocrmClient) -> frozenset[str]:
    """The ids of the lists of products, asked for once a pass; none where they may not be seen."""
    if _KNOWN not in client.notes:
        try:
            rows = client.get(_LISTS, (("limit", 250),)).rows("catalogs")
        except (AuthError, RejectedError) as error:
            _need_login(error)
            rows = []
        found = frozenset(str(row.get("id")) for row in rows if row.get("type") == "products")
        client.notes[_KNOWN], client.has_products = found, bool(found)
    lists: frozenset[str] = client.notes[_KNOWN]
    return lists


def may_have_products(client: AmocrmClient, *, had: bool) -> bool:
    """Whether there is a list of products; `had`: when that was asked last. It holds while no lead
    changes, so that a quiet pass asks nothing."""
    if _KNOWN not in client.notes and (had or client.has_products is False):
        return had
    return bool(product_lists(client))


def _need_login(error: AuthError | RejectedError) -> None:
    if isinstance(error, ExpiredError):
        raise error


def _links(row: Record, lists: frozenset[str]) -> list[Record]:
    """The elements of these lists on a lead; `by` is the field of the price, if it is told."""
    found = []
    for each in map(as_map, as_list(as_map(row.get("_embedded")).get("catalog_elements"))):
        told = as_map(each.get("metadata"))
        catalog = str(told.get("catalog_id"))
        if catalog in lists:
            more = {"quantity": told.get("quantity"), "by": told.get("price_id")}
            found.append({"catalog": catalog, "element": each.get("id"), **more})
    return found


def _elements(
    client: AmocrmClient, wanted: Mapping[str, set[str]]
) -> Mapping[tuple[str, str], Record]:
    """Names and prices by list and element, each asked for once a pass."""
    known: dict[tuple[str, str], Record] = client.notes.setdefault(_ELEMENTS, {})
    for catalog, refs in sorted(wanted.items()):
        new = sorted(ref for ref in refs if (catalog, ref) not in known)
        listing = Walk(path=f"{_LISTS}/{catalog}/elements", name="elements", by="")
        numbers = [ref for ref in new if ref.isascii() and ref.isdigit()]
        pages = with_ids(client, listing, numbers)
        found = {str(row["id"]): row for _, rows in pages for row in rows}
        for ref in new:
            row = found.get(ref, {})
            known[catalog, ref] = {"name": text_of(row, "name"), "prices": _values(row)}
    return known


def _values(element: Record) -> Mapping[str, Any]:
    """The first value of each field, by the field's id and by its code."""
    found = {}
    for each in map(as_map, as_list(element.get("custom_fields_values"))):
        first = next(map(as_map, as_list(each.get("values"))), {})
        for name in (each.get("field_id"), each.get("field_code")):
            found[str(name)] = first.get("value")
    return found
