"""Merging duplicates: one record stays, the others vanish, what belonged to them is moved."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sandbox.bitrix24.client import COMPANY_TYPE, CONTACT_TYPE
from sandbox.bitrix24.user import ADMIN_ID

if TYPE_CHECKING:
    from sandbox.bitrix24.portal import Portal

LEAD_TYPE, DEAL_TYPE = 1, 2
MERGED = (LEAD_TYPE, DEAL_TYPE, CONTACT_TYPE, COMPANY_TYPE)
"""entityTypeIds that can be merged (crm-entity-merge-batch.md)."""


def merge(portal: "Portal", kind: int, ids: Sequence[int]) -> list[int]:
    """Keeps the first, deletes the others; returns those deleted. KeyError for an unknown one.

    What names a deleted one names the first afterwards, without a mark of change of its own;
    only the first one's time of change moves.
    """
    first, *others = ids
    with portal.lock:
        for each in ids:
            _living(portal, kind, each)
        _hand_over(portal, kind, first, {*others})
        for each in others:
            _delete(portal, kind, each)
        _touch(portal, kind, first)
    return others


def _living(portal: "Portal", kind: int, number: int) -> None:
    shelf = {
        LEAD_TYPE: portal.leads,
        DEAL_TYPE: portal.deals,
        CONTACT_TYPE: portal.contacts,
        COMPANY_TYPE: portal.companies,
    }[kind]
    if shelf.living(number) is None:  # type: ignore[attr-defined]
        raise KeyError(number)


def _hand_over(portal: "Portal", kind: int, first: int, gone: set[int]) -> None:
    if kind == DEAL_TYPE:
        for quote in portal.quotes.every.values():
            if quote.now.deal in gone:
                quote.versions[-1] = quote.now._replace(deal=first)
        return
    link = {LEAD_TYPE: "leadId", CONTACT_TYPE: "contactId"}.get(kind)
    for deal in portal.deals.every.values():
        if link and deal.extra and deal.extra.get(link) in gone:
            deal.extra = deal.extra | {link: first}
        if kind == COMPANY_TYPE and deal.company in gone:
            deal.company = first
    for contact in portal.contacts.every.values() if kind == COMPANY_TYPE else ():
        if contact.now.company in gone:
            contact.versions[-1] = contact.now._replace(company=first)


def _delete(portal: "Portal", kind: int, number: int) -> None:
    if kind == DEAL_TYPE:
        portal.delete_deal(number)
    elif kind == LEAD_TYPE:
        portal.leads.delete(number)
    else:
        (portal.contacts if kind == CONTACT_TYPE else portal.companies).delete(number)


def _touch(portal: "Portal", kind: int, number: int) -> None:
    if kind == DEAL_TYPE:
        portal.update_deal(number, by=ADMIN_ID, comments=f"объединено {portal.now():.3f}")
    elif kind == LEAD_TYPE:
        lead = portal.leads.every[number]
        at = max(portal.now(), lead.now.at)
        lead.versions.append(lead.now._replace(at=at, updated_at=at, by=ADMIN_ID))
        portal.leads.note_change(lead)
    else:
        (portal.contacts if kind == CONTACT_TYPE else portal.companies).touch(number)
