"""The cards that scorecards made in the sandboxes of both CRMs, as people see them there."""

from typing import Any

PREFIX = "MERILO_"

Cards = dict[str, dict[str, Any]]
"""The fields of every card, by our upper-case names, by its title."""


def portal_cards(box: Any) -> Cards:
    """Every item of our smart process."""
    (process,) = box.portal.smart.by_id.values()
    prefix = f"UF_CRM_{process.id}_"
    ours = {
        name: each.upper.removeprefix(prefix)
        for name, each in process.fields().items()
        if each.upper.startswith(prefix)
    }
    items = box.portal.items(process.entity_type_id)
    return {row["title"]: {ours[at]: row[at] for at in row.keys() & ours.keys()} for row in items}


def account_cards(box: Any) -> Cards:
    """Every element of our list."""
    (number,) = (each.id for each in box.account.catalogs.values() if each.type == "regular")
    elements = box.account.elements[number]
    fields = box.account.fields.of(f"catalogs/{number}")
    ours = {name: str(each.code).removeprefix(PREFIX) for name, each in fields.items()}
    return {
        row.name: {ours[at]: values[0]["value"] for at, values in row.values.items()}
        for row in elements.rows.values()
    }
