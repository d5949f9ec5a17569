"""Makes one letter of its copies in several mailboxes, whichever was read first."""

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import Connection

from store.activity import EMAIL
from store.fact import Email, EmailKind
from store.letter import Stand, is_in_mailbox
from store.moment import from_ms, to_ms
from store.upsert import find_rows

_BY_COPY = {EmailKind.PERSONAL, EmailKind.AUTOMATIC}
"""A list or a robot on its way may have marked one copy and not another."""


def join_copies(tx: Connection, source_id: int, letters: Sequence[Email]) -> list[Email]:
    """The letters with those from mailboxes joined with their copies, stored ones too.

    A letter is there since its first copy came, and is a person's if one of them is.
    """
    ours = [each for each in letters if _is_from_mailbox(each)]
    if not ours:
        return list(letters)
    found = {each.ref: each for each in letters if not _is_from_mailbox(each)}
    for letter in ours:
        found[letter.ref] = _joined(letter, found.get(letter.ref))
    names = ("ref", "kind", "begun_at", "updated_at", "likeness")
    refs = {each.ref for each in ours}
    for ref, kind, begun_ms, updated_ms, likeness in find_rows(tx, EMAIL, names, source_id, refs):
        stored = msgspec.structs.replace(
            found[ref],
            kind=EmailKind(kind),
            begun_at=from_ms(begun_ms),
            updated_at=from_ms(updated_ms),
            likeness=likeness,
        )
        found[ref] = _joined(found[ref], stored)
    return list(found.values())


def stand(letters: Collection[Email]) -> Stand:
    """How these letters stand by what was told of them."""
    return Stand(
        {each.message_hash for each in letters if each.message_hash is not None},
        {(each.likeness, to_ms(each.begun_at)) for each in letters if each.likeness is not None},
    )


def _joined(letter: Email, other: Email | None) -> Email:
    if other is None:
        return letter
    return msgspec.structs.replace(
        letter,
        kind=min(letter.kind, other.kind) if {letter.kind, other.kind} <= _BY_COPY else letter.kind,
        begun_at=min(letter.begun_at, other.begun_at),
        updated_at=max(letter.updated_at, other.updated_at),
        likeness=min(filter(None, (letter.likeness, other.likeness)), default=None),
    )


def _is_from_mailbox(letter: Email) -> bool:
    return is_in_mailbox(letter.ref, letter.message_hash)
