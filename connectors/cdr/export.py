"""Records that are whole calls: files put into a folder, or a table read by time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.base import Page, Record, Since
from connectors.cdr.classify import bad_file, file_errors, lacks_columns
from connectors.cdr.client import CdrClient
from connectors.cdr.csv_file import lines_of, text_of
from connectors.cdr.database import Database
from connectors.cdr.flat import PROFILES, ROSTELECOM_COLUMNS
from connectors.cdr.moment import local_seconds
from connectors.cdr.row import lacking
from connectors.cdr.table_rows import table_columns, usual_names
from connectors.error import RemoteError
from connectors.window import resumed_from

PAGE = 2_000
_TODO = 'Check `profile`; the file must be delimited by ";", "," or tabs, with its header.'


def pages(client: CdrClient, since: Since) -> Iterator[Page]:
    """The records of every file changed since a moment, or of the table since then.

    A file that makes no sense does not keep the others from being read; it is told at the end.
    """
    served_at = client.now()
    begins_at = resumed_from(since)
    if client.database is not None:
        yield from _of_table(client, client.database, begins_at, served_at)
        return
    trouble: RemoteError | None = None
    for path in client.files():
        if _put_at(path) < begins_at:
            continue
        try:
            records = _of_file(client, path)
        except RemoteError as error:
            trouble = trouble or error
            continue
        for begin in range(0, len(records), PAGE):
            yield Page(
                records=records[begin : begin + PAGE],
                checkpoint=begins_at.isoformat(),
                served_at=served_at,
            )
    if trouble is not None:
        raise trouble
    yield Page(records=[], checkpoint=served_at.isoformat(), served_at=served_at)


def _put_at(path: Path) -> datetime:
    """When a file was written, or moved here: that leaves the time of writing as it was."""
    with file_errors(path):
        found = path.stat()
    return datetime.fromtimestamp(max(found.st_mtime, found.st_ctime), UTC)


def _of_file(client: CdrClient, path: Path) -> list[Record]:
    """All records of a file; RejectedError, naming the line, when it is none of the profile's."""
    profile = client.settings.profile
    names: Sequence[str] = ()
    records: list[Record] = []
    for line in lines_of(path, text_of(path)):
        if not names:
            names, is_header = _names(client, path, line.fields)
            if is_header:
                continue
        ref = f"{path.name}:{line.number}"
        if len(line.fields) != len(names):
            why = f"{len(line.fields)} columns, not {len(names)}"
            records.append({"id": ref, "reason": f"{path.name}, line {line.number}: {why}"})
            continue
        records.append(_record(client, profile, ref, dict(zip(names, line.fields, strict=True))))
    return records


def _names(client: CdrClient, path: Path, first: Sequence[str]) -> tuple[Sequence[str], bool]:
    """The columns of a file, and whether its first line names them."""
    usual = [*usual_names(client.settings, [cell.strip() for cell in first])]
    name = client.settings.profile
    missing = lacking(PROFILES[name].columns, usual)
    if not missing:
        return usual, True
    if name == "rostelecom" and len(first) == len(ROSTELECOM_COLUMNS):
        return ROSTELECOM_COLUMNS, False
    if len(first) == 1:
        raise bad_file(path, 1, "the line is no CSV, or delimited otherwise", _TODO)
    raise lacks_columns(f"{path.name}, line 1:", missing, _TODO)


def _record(client: CdrClient, profile: str, place: str, values: Mapping[str, Any]) -> Record:
    found = PROFILES[profile]
    ref = next((str(values[name]) for name in found.key if values.get(name)), place)
    return {
        "id": ref,
        "read": found.read,
        "values": values,
        "rule": client.rule,
        "clock": client.clock,
    }


def _of_table(
    client: CdrClient, database: Database, begins_at: datetime, served_at: datetime
) -> Iterator[Page]:
    settings = client.settings
    profile = PROFILES[settings.profile]
    there = table_columns(database, settings, profile.columns)
    names, own = [*there], [*there.values()]
    begins_s = client.clock.local(begins_at.timestamp())
    place = names.index(profile.time)
    for rows in database.by_time(settings.table_name, own, there[profile.time], begins_s):
        records = []
        for at, values in enumerate(rows):
            row = dict(zip(names, values, strict=True))
            records.append(_record(client, settings.profile, f"row {at}", row))
        reached_at = begins_at
        if rows:
            local_s = local_seconds(rows[-1][place], profile.time)
            reached_at = datetime.fromtimestamp(client.clock.utc(local_s, ""), UTC)
        checkpoint = min(max(reached_at, begins_at), served_at).isoformat()
        yield Page(records=records, checkpoint=checkpoint, served_at=served_at)
    yield Page(records=[], checkpoint=served_at.isoformat(), served_at=served_at)
