"""A switchboard's growing file of calls (Master.csv), with those it was rotated into."""

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import structlog

from connectors.cdr.classify import bad_file, file_errors, lacks_columns
from connectors.cdr.csv_file import delimiter_of, grown_lines, line_at, offset_from
from connectors.cdr.group import measure
from connectors.cdr.moment import local_seconds
from connectors.cdr.row import REQUIRED, Reader, Row, call_named, lacking, row_reader
from connectors.cdr.zone import ServerClock
from connectors.error import DataError

log = structlog.get_logger("merilo.connectors")

_FIRST = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata",
    "start", "answer", "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
_LAYOUTS: Mapping[int, Sequence[str]] = {
    16: _FIRST,
    17: (*_FIRST, "uniqueid"),
    18: (*_FIRST, "uniqueid", "userfield"),
    19: (*_FIRST, "peeraccount", "linkedid", "sequence"),
    20: (*_FIRST, "uniqueid", "peeraccount", "linkedid", "sequence"),
    21: (*_FIRST, "uniqueid", "userfield", "peeraccount", "linkedid", "sequence"),
}
"""Master.csv by its number of columns: loguniqueid, loguserfield and newcdrcolumns add some
(cdr.conf.sample)."""
_END = _FIRST.index("end")
_FIRST_LINES = 100
_HEADER = frozenset(("calldate", "channel", "disposition", "src_chan", "src_num"))
_LAYOUT_TODO = 'Check `profile`; the file must be delimited by ",", ";" or tabs.'


class Broken(NamedTuple):
    """A line or row that makes no sense, and why; `ref`: its call, or where it stands."""

    ref: str
    reason: str


class _Layout(NamedTuple):
    """How a file is laid out: its delimiter, its columns, whether the first line names them."""

    delimiter: str
    names: Sequence[str]
    has_header: bool


def log_rows(
    path: Path, profile: str, columns: Mapping[str, str], clock: ServerClock, begins_s: float
) -> Iterator[Row | Broken]:
    """The rows of calls that ended at or after a moment (seconds of UTC), the oldest file first.

    RejectedError when the file has not the columns of the profile.
    """
    for each in [*rotated(path, begins_s), path]:
        with file_errors(each):
            file = _open(each)
        with file:
            yield from _rows(file, each, profile, columns, clock, begins_s)


def rotated(path: Path, begins_s: float) -> list[Path]:
    """What the file was renamed or copied to since a moment, the oldest first."""
    found = []
    for each in path.parent.glob(f"{path.name}?*"):
        with file_errors(each):
            written_s = each.stat().st_mtime
        if each.suffix in (".swp", ".tmp") or not each.is_file() or written_s < begins_s:
            continue
        found.append((written_s, each))
    return [each for _, each in sorted(found)]


def mark_of(path: Path, before: str | None) -> str:
    """Which file was read and how far, for the next run; tells if rows were lost since `before`.

    A file that is shorter than it was, or another one, was rotated: the rest of the old one must
    lie beside it.
    """
    with file_errors(path):
        now = path.stat()
    inode, _, size = (before or "").partition(":")
    if inode and (inode != str(now.st_ino) or now.st_size < int(size)):
        beside = [each.stat() for each in rotated(path, 0.0)]
        if not any(str(each.st_ino) == inode or each.st_size >= int(size) for each in beside):
            log.warning("cdr.file_cut", file=str(path), was=int(size), now=now.st_size)
    return f"{now.st_ino}:{now.st_size}"


def _open(path: Path) -> BinaryIO:
    if path.suffix == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def _rows(
    file: BinaryIO,
    path: Path,
    profile: str,
    columns: Mapping[str, str],
    clock: ServerClock,
    begins_s: float,
) -> Iterator[Row | Broken]:
    layout = _layout(file, path, profile, columns)
    if layout is None:
        return
    read, width = row_reader(profile, layout.names), len(layout.names)
    offset = 0
    if path.suffix != ".gz":
        measure(clock, read, _first_fields(file, path, layout))
        size = file.seek(0, 2)
        offset = offset_from(file, size, clock.local(begins_s), _written(layout, read))
    lines_before = cache(partial(_lines_before, path, offset))
    first = 0 if offset else int(layout.has_header)
    for line in grown_lines(file, path, offset, layout.delimiter):
        if line.number <= first:
            continue
        if len(line.fields) != width:
            why = f"{len(line.fields)} columns, not {width}"
            yield _broken(path, lines_before() + line.number, why)
            continue
        try:
            yield read(line.fields)
        except DataError as error:
            call = call_named(layout.names, line.fields)
            yield _broken(path, lines_before() + line.number, error.what, call)


def _broken(path: Path, number: int, why: str, call: str = "") -> Broken:
    return Broken(call or f"{path.name}:{number}", f"{path.name}, line {number}: {why}")


def _lines_before(path: Path, offset: int) -> int:
    """Counted through a file of its own: the other one is being read."""
    with path.open("rb") as file:
        return line_at(file, offset)


def _first_fields(file: BinaryIO, path: Path, layout: _Layout) -> Iterator[Sequence[str]]:
    """The first lines of a file that have all their columns."""
    for line in grown_lines(file, path, 0, layout.delimiter):
        if line.number > _FIRST_LINES:
            return
        if len(line.fields) == len(layout.names):
            yield line.fields


def _layout(file: BinaryIO, path: Path, profile: str, columns: Mapping[str, str]) -> _Layout | None:
    """None for a file in which there is no line yet."""
    file.seek(0)
    first = file.readline().decode("utf-8-sig", "replace")
    if not first.endswith("\n"):
        return None
    delimiter = delimiter_of(first)
    cells = next(csv.reader([first], delimiter=delimiter), [])
    usual = {own: name for name, own in columns.items()}
    names: Sequence[str] = [usual.get(cell.strip(), cell.strip()) for cell in cells]
    has_header = bool(_HEADER & {*names})
    if not has_header:
        if profile != "asterisk" or len(cells) not in _LAYOUTS:
            why = f'{len(cells)} columns by "{delimiter}" and none named, {_expected(profile)}'
            raise bad_file(path, 1, why, _LAYOUT_TODO)
        names = _LAYOUTS[len(cells)]
    if missing := lacking(REQUIRED[profile], names):
        raise lacks_columns(f"{path.name}, line 1:", missing, _LAYOUT_TODO)
    return _Layout(delimiter, names, has_header)


def _expected(profile: str) -> str:
    return "where Master.csv has 16 to 21" if profile == "asterisk" else "where a header must be"


def _written(layout: _Layout, read: Reader) -> Callable[[str], float | None]:
    """A function that tells when a line was written: at the end of the call."""

    def written(text: str) -> float | None:
        fields = next(csv.reader([text], delimiter=layout.delimiter), [])
        if len(fields) != len(layout.names):
            return None
        try:
            if not layout.has_header and fields[_END]:
                return local_seconds(fields[_END], "end")
            row = read(fields)
        except DataError:
            return None
        return row.local_s + row.lasted_s

    return written
