"""The fact by which letters are found to belong together."""

from msgspec import Struct


class EmailTrail(Struct, frozen=True, kw_only=True):
    """What the headers of a letter in a mailbox tell of others, all as keyed hashes.

    `answers`: the letters it answers. `subject_hash`: its client and subject without "Re:". `refs`:
    the letter's `Email` facts; None where the headers name nobody of ours, so that every mailbox
    that has it adds one.
    """

    message_hash: str
    answers: tuple[str, ...] = ()
    subject_hash: str | None = None
    refs: tuple[str, ...] | None = None
