"""Somebody rings an exchange of the sandbox an hour ago."""

from typing import Any

from sandbox.conversation import IN, Conversation, Leg
from tests.clock import NOON

AT = NOON.timestamp() - 3600


def ring(box: Any, answered: bool = True, *others: Leg, **more: Any) -> Conversation:
    """A call to the first employee, which rings for five seconds and lasts for forty."""
    extension = next(iter(box.exchange.employees))
    leg = Leg(extension, AT, AT + 5 if answered else None, AT + (45 if answered else 9))
    legs = (leg, *others)
    end = max(each.ended_at for each in legs)
    fields: dict[str, Any] = {"direction": IN, "client": "79161234567"} | more
    call = Conversation(
        0, line="74951000001", started_at=AT, ended_at=end, legs=legs, **fields
    )  # fmt: skip
    kept: Conversation = box.exchange.add(call)
    return kept
