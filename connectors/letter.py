"""By what a letter is known in several systems: its Message-ID, its addresses, its subject.

Of all that only keyed hashes are kept.
"""

import re
from collections.abc import Iterable, Sequence
from email.utils import getaddresses

from connectors.base import Context
from store.fact import Direction

_ID = re.compile(r"<[^<>\s]+>")
_PREFIX = re.compile(
    r"\s*(?:(?:re|fwd?|aw|wg|sv|vs|ha|отв|ответ|пересл)(?:\s*[\[(]\d+[\])])?\s*:|\[\d+\])",
    re.IGNORECASE,
)
_LONGEST_SUBJECT = 100
"""Systems cut long subjects, each elsewhere."""


def ids_in(text: str) -> list[str]:
    """The Message-IDs in a header, with their brackets."""
    return _ID.findall(text)


def addresses_in(headers: Iterable[str]) -> tuple[str, ...]:
    """The addresses in headers, in small letters, each once, in order."""
    found = (address.strip().casefold() for _, address in getaddresses(list(headers)))
    return tuple(dict.fromkeys(each for each in found if "@" in each))


def bare_subject(subject: str) -> str:
    """A subject without what answering and forwarding put before it, in small letters."""
    while match := _PREFIX.match(subject):
        subject = subject[match.end() :]
    return " ".join(subject.split()).casefold()


def mark_letter(context: Context, message_id: str) -> str:
    """The hash of a letter by its Message-ID."""
    return context.mark_text(f"letter {message_id}")


def mark_subject(context: Context, client: str, subject: str) -> str:
    """The hash of a client's address and what is written about."""
    return context.mark_text(f"subject {client}\n{bare_subject(subject)[:_LONGEST_SUBJECT]}")


def likeness(
    context: Context, way: Direction, author: str, to: Sequence[str], subject: str
) -> str | None:
    """By what a letter is found in another system that tells no Message-ID: who wrote it to us, or
    to whom of all it went first, and its subject; None where nobody is named."""
    client = author if way is Direction.IN else next(iter(to), "")
    return mark_subject(context, client, subject) if client else None
