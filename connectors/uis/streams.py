"""The streams of an account, in the order in which a pass reads them."""

from connectors.base import Stream
from connectors.telephony import call_stream
from connectors.uis import call, employee, session

STREAMS = (
    Stream(name=employee.NAME, key="id", pages=employee.pages, normalize=employee.normalize),
    call_stream(call.pages, session.normalize, key="id"),
)
