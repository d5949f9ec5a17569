"""The streams of an account, in the order in which a pass reads them."""

from connectors.base import Stream
from connectors.telephony import FEEDS, LATE, OVERLAP
from connectors.uis import call, employee, session

STREAMS = (
    Stream(name=employee.NAME, key="id", pages=employee.pages, normalize=employee.normalize),
    Stream(
        name=call.NAME,
        key="id",
        pages=call.pages,
        normalize=session.normalize,
        lag=OVERLAP,
        feeds=FEEDS,
        late=LATE,
    ),
)
