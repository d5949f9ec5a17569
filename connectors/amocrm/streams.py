"""The streams of amoCRM, in the order in which a pass reads them.

Their names are those that metrics know; what one list feeds under several names says so.
"""

from connectors.amocrm import event, funnel, lead, note, product, purchase, task, user
from connectors.amocrm.card import COMPANIES, CONTACTS, Cards
from connectors.base import Stream
from connectors.named_field import DEAL
from store.fact import Deal, Lead, Meeting, Task


def _of_cards(cards: Cards) -> Stream:
    return Stream(
        name=cards.folder,
        key="id",
        pages=cards.pages,
        normalize=cards.normalize,
        lag=lead.LAG,
        existing_ids=cards.ids,
        fetch=cards.fetch,
        fields_of=cards.fields_of,
    )


STREAMS = (
    Stream(
        name=user.NAME,
        key="id",
        pages=user.pages,
        normalize=user.normalize,
        fetch=user.fetch,
    ),
    Stream(
        name=user.GROUPS,
        key="id",
        pages=user.group_pages,
        normalize=user.group,
    ),
    Stream(
        name=funnel.NAME,
        key="id",
        pages=funnel.pages,
        normalize=funnel.normalize,
        fetch=funnel.fetch,
    ),
    Stream(
        name=event.NAME,
        key="id",
        pages=event.pages,
        normalize=event.normalize,
        lag=event.LAG,
    ),
    Stream(
        name=lead.NAME,
        key="id",
        pages=lead.pages,
        normalize=lead.normalize,
        lag=lead.LAG,
        existing_ids=lead.existing_ids,
        fetch=lead.fetch,
        fields_of=DEAL,
        feeds=("deals", "leads", "past_deals"),
        facts=(Deal, Lead),
    ),
    Stream(
        name=product.NAME,
        key="id",
        pages=product.pages,
        normalize=product.normalize,
        lag=lead.LAG,
        fetch=product.fetch,
    ),
    _of_cards(CONTACTS),
    _of_cards(COMPANIES),
    Stream(
        name=note.CALLS,
        key="id",
        pages=note.call_pages,
        normalize=note.call,
        lag=note.LAG,
        fetch=note.fetch,
        feeds=("crm_calls",),
    ),
    Stream(
        name=note.EMAILS,
        key="id",
        pages=note.letter_pages,
        normalize=note.letter,
        lag=note.LAG,
        fetch=note.fetch,
        feeds=("activities",),
    ),
    Stream(
        name=task.NAME,
        key="id",
        pages=task.pages,
        normalize=task.normalize,
        lag=task.LAG,
        existing_ids=task.existing_ids,
        fetch=task.fetch,
        feeds=("tasks", "activities"),
        facts=(Task, Meeting),
    ),
    Stream(
        name=purchase.NAME,
        key="id",
        pages=purchase.pages,
        normalize=purchase.normalize,
        lag=purchase.LAG,
        existing_ids=purchase.existing_ids,
        fetch=purchase.fetch,
    ),
)
