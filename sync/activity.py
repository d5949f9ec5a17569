"""Rows of letters and meetings: on which day they were, and whose they were then."""

from collections.abc import Sequence

from store.fact import Email, Meeting
from store.moment import to_ms
from store.reply import EVERYBODY
from store.upsert import Row, row_hash
from sync.credit import Credit
from sync.owner import OwnerChange


def activity_row(
    credit: Credit, source_id: int, record: Email | Meeting, history: Sequence[OwnerChange]
) -> Row:
    """The letter or meeting in the column order of its table."""
    owner = record.owner_ref
    begun_ms, day, holder = credit.held(source_id, record.begun_at, owner, history)
    row = (
        source_id,
        record.ref,
        *_head(record),
        owner,
        record.about_ref,
        *_message(record),
        begun_ms,
        to_ms(record.updated_at),
        None,
        day,
        holder,
        *_settled_later(record),
    )
    return (*row, row_hash(row))


def _head(record: Email | Meeting) -> Row:
    if isinstance(record, Meeting):
        return (int(record.state),)
    return int(record.direction), int(record.kind)


def _message(record: Email | Meeting) -> Row:
    return (record.message_hash, record.likeness) if isinstance(record, Email) else ()


def _settled_later(record: Email | Meeting) -> Row:
    """What `store.letter_twin` and `store.reply` put right once the letters around are known."""
    return (None, EVERYBODY, 0, None, None) if isinstance(record, Email) else ()
