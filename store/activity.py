"""Tables of letters and meetings, and of what tells which letters belong together."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Table
from sqlmodel import Field, SQLModel

from store.column import moment, table_of, whole_number
from store.partial_index import partial_index


class EmailRow(SQLModel, table=True):
    """A letter's newest version. `kind`: a person's 0, automatic 1, not sent 2, internal 3;
    `credited_to`: the manager whose it was when it was written, null when nobody known.

    `twin_hash`: of a CRM's letter the `message_hash` of the mailbox's that it is, see
    `store.letter_twin`. Of the rows of one letter `counts` is 2 for the one that counts for its
    manager and the team, 1 for those that count for their managers, 0 for copies. `opens`,
    `reply_s`, `reply_work_s`: see `store.reply`. These five are not of the record itself.
    """

    __tablename__ = "email"
    __table_args__ = (
        CheckConstraint("direction IN (1, 2)", name="email_direction"),
        Index("email_day", "day", "credited_to"),
        Index("email_about", "source_id", "about_ref"),
        partial_index("email_message", "message_hash", where="message_hash IS NOT NULL"),
        partial_index("email_likeness", "likeness", "begun_at", where="likeness IS NOT NULL"),
        partial_index("email_twin", "twin_hash", where="twin_hash IS NOT NULL"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    direction: int
    kind: int
    owner_ref: str | None
    about_ref: str | None = None
    message_hash: str | None = None
    likeness: str | None = None
    begun_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    removed_at: datetime | None = Field(sa_column=moment(nullable=True))
    day: int
    credited_to: int | None
    twin_hash: str | None = None
    counts: int = 2
    opens: int = 0
    reply_s: int | None = None
    reply_work_s: int | None = None
    row_hash: int = Field(sa_column=whole_number())


class MeetingRow(SQLModel, table=True):
    """A meeting's newest version. `state`: planned 0, held 1, no meeting 2 (a to-do that is kept
    so that a sweep knows it); `credited_to`: the manager whose it was when it began."""

    __tablename__ = "meeting"
    __table_args__ = (
        CheckConstraint("state IN (0, 1, 2)", name="meeting_state"),
        Index("meeting_day", "day", "credited_to"),
        Index("meeting_about", "source_id", "about_ref"),
    )
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    ref: str = Field(primary_key=True)
    state: int
    owner_ref: str | None
    about_ref: str | None = None
    begun_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())
    removed_at: datetime | None = Field(sa_column=moment(nullable=True))
    day: int
    credited_to: int | None
    row_hash: int = Field(sa_column=whole_number())


class EmailLinkRow(SQLModel, table=True):
    """A letter and one that it answers, or what it is about (see `store.letter`), by their hashes;
    rows are only ever added."""

    __tablename__ = "email_link"
    __table_args__ = (Index("email_link_node", "node"),)
    message_hash: str = Field(primary_key=True)
    node: str = Field(primary_key=True)
    source_id: int = Field(primary_key=True, foreign_key="source.id")


EMAIL: Table = table_of(EmailRow)
EMAIL_LINK: Table = table_of(EmailLinkRow)
MEETING: Table = table_of(MeetingRow)
