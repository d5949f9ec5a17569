"""Tables of the work itself: streams, receipts, quarantine, write-back, and loose marks."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel

from store.table import moment


class MarkRow(SQLModel, table=True):
    """A named value the program must remember, such as the KPI catalogue's fingerprint."""

    __tablename__ = "mark"
    name: str = Field(primary_key=True)
    value: str


class StreamRow(SQLModel, table=True):
    """How far a stream is read.

    `checkpoint`: place inside an unfinished run, committed with every page; `began_at`: the
    server's time when the first attempt of that run began. `watermark`: everything changed before
    it has been read; it moves only when a run ends, to `began_at`. `since`: how far back everything
    was read. `full_from`: set while a run that reads everything is unfinished, to where it began.
    `late_at`: when rows that come or change late were last read again. `error`: why the last
    attempt failed, null after a good one.
    """

    __tablename__ = "stream"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    name: str = Field(primary_key=True)
    since: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    full_from: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    checkpoint: str | None = None
    began_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    watermark: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    cursor: str | None = None
    finished_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    swept_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    late_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    error: str | None = None
    error_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class SnapshotDayRow(SQLModel, table=True):
    """A metric of what stands now was kept for a source on a local day; the last look was `as_of`.

    Unlike the cells of the KPIs it cannot be counted again: facts do not tell how they once stood.
    """

    __tablename__ = "snapshot_day"
    day: int = Field(primary_key=True)
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    metric: str = Field(primary_key=True)
    as_of: datetime = Field(sa_column=moment())


class SnapshotRow(SQLModel, table=True):
    """What a manager held on that day, or the team; who held nothing has no row.

    `records`: how many there were; `gap`: how many of them had nothing to sum.
    """

    __tablename__ = "snapshot"
    day: int = Field(primary_key=True)
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    metric: str = Field(primary_key=True)
    manager_id: int = Field(primary_key=True)
    amount: int = Field(sa_column=Column(BigInteger, nullable=False))
    records: int
    gap: int


class ReceiptRow(SQLModel, table=True):
    """What one finished run of a stream read and changed; runs that changed nothing leave none."""

    __tablename__ = "receipt"
    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    stream: str
    kind: str
    began_at: datetime = Field(sa_column=moment())
    ended_at: datetime = Field(sa_column=moment())
    read: int
    changed: int
    quarantined: int
    removed: int = 0


class QuarantineRow(SQLModel, table=True):
    """A record that made no sense: its id, the reason and its key names, never its values."""

    __tablename__ = "quarantine"
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    stream: str = Field(primary_key=True)
    ref: str = Field(primary_key=True)
    reason: str
    keys: str
    seen_at: datetime = Field(sa_column=moment())


class DestinationRow(SQLModel, table=True):
    """Where numbers are written: the container we chose there, and whether we may write now.

    `container` is saved before it is created in the CRM. `approved` and `built`: JSON of the fields
    a person approved and of those that are there. `unlimited`: the first mass write was approved.
    `pause`: why writing waits, null if not; `pause_code` tells what ends it.
    """

    __tablename__ = "destination"
    name: str = Field(primary_key=True)
    container: str | None = None
    approved: str = Field(default="[]", sa_column=Column(Text, nullable=False))
    built: str = Field(default="[]", sa_column=Column(Text, nullable=False))
    unlimited: bool = False
    pause_code: str | None = None
    pause: str | None = None
    written_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class WritebackItemRow(SQLModel, table=True):
    """One record in the CRM that we keep: its id there and the values it was confirmed to show.

    `held`: JSON of fields a person changed, each with their value and what ours was when we saw it.
    `failures` in a row were refused, the next try is due at `retry_at`.
    """

    __tablename__ = "writeback_item"
    destination: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    remote_ref: str | None = None
    shown: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    held: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    failures: int = 0
    retry_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    confirmed_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class WritebackRunRow(SQLModel, table=True):
    """One application of a plan; `undone_at` when its old values were put back."""

    __tablename__ = "writeback_run"
    id: int | None = Field(default=None, primary_key=True)
    destination: str
    began_at: datetime = Field(sa_column=moment())
    ended_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    undone_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class WritebackStepRow(SQLModel, table=True):
    """The intent of one write, committed before it is sent.

    `action`: create_type, create_field, create, adopt, update or delete. `state`: intended,
    confirmed, rejected (`reason` tells why) or lost (surely not applied). `old`/`new`: JSON of the
    fields written.
    """

    __tablename__ = "writeback_step"
    __table_args__ = (Index("writeback_step_open", "state"),)
    run_id: int = Field(primary_key=True, foreign_key="writeback_run.id")
    seq: int = Field(primary_key=True)
    action: str
    key: str
    remote_ref: str | None = None
    old: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    new: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    state: str
    reason: str | None = None
