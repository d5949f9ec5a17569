"""Lines of CSV files: packed or not, with and without a header, growing or finished."""

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from msgspec import Struct

from connectors.cdr.classify import bad_file, file_errors

SQLITE = b"SQLite format 3\0"
_ZIP, _GZIP, _BOM = b"PK\x03\x04", b"\x1f\x8b", b"\xef\xbb\xbf"
_NEAR = 65_536
_TRIES = 50
_LONGEST_LINE = 131_072


class Line(Struct, frozen=True, gc=False):
    """The fields of one line; `number` counts from 1."""

    number: int
    fields: Sequence[str]


def is_sqlite(path: Path) -> bool:
    """Whether a file is a database rather than text."""
    with file_errors(path), path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def delimiter_of(line: str) -> str:
    """By which character a line is delimited: of those in use the one that is there most."""
    return max(",;\t", key=line.count)


def text_of(path: Path) -> str:
    """All of a finished file, unpacked; UTF-8, or the Windows code page of Russian."""
    with file_errors(path):
        data = path.read_bytes()
    if data.startswith(_ZIP):
        data = _unzipped(path, data)
    elif data.startswith(_GZIP):
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError) as error:
            raise bad_file(path, 1, f"the archive is damaged ({error})", _AGAIN) from None
    data = data.removeprefix(_BOM)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1251", "replace")


_AGAIN = "Put the whole file there again."


def _unzipped(path: Path, data: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.read(archive.namelist()[0])
    except (zipfile.BadZipFile, IndexError, EOFError) as error:
        raise bad_file(path, 1, f"the archive is damaged ({error})", _AGAIN) from None


def lines_of(path: Path, text: str) -> Iterator[Line]:
    """The lines of a finished file. RejectedError when its last one is cut off."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(first))
    width = 0
    last = 0 if text.endswith("\n") else text.count("\n") + 1
    for fields in _parsed(path, reader):
        width = width or len(fields)
        if fields and len(fields) < width and reader.line_num == last:
            why = f"the file is cut off: {len(fields)} columns of {width}"
            raise bad_file(path, reader.line_num, why, _AGAIN)
        if fields:
            yield Line(reader.line_num, fields)


def _parsed(path: Path, reader: Any) -> Iterator[Sequence[str]]:
    try:
        yield from reader
    except csv.Error as error:
        why = f"the line is no CSV ({error})"
        raise bad_file(path, reader.line_num, why, _AGAIN) from None


def grown_lines(file: BinaryIO, path: Path, offset: int, delimiter: str) -> Iterator[Line]:
    """The lines of a growing file from an offset on. Half a line at its end is left for later.

    Their numbers are counted from the offset; `line_at` tells the number there.
    """
    file.seek(offset)
    reader = csv.reader(_whole_lines(file), delimiter=delimiter)
    for fields in _parsed(path, reader):
        if fields:
            yield Line(reader.line_num, fields)


def _whole_lines(file: Iterable[bytes]) -> Iterator[str]:
    for line in file:
        if not line.endswith(b"\n"):
            return
        yield line.replace(b"\0", b"").decode("utf-8", "replace")


def line_at(file: BinaryIO, offset: int) -> int:
    """How many lines a file has before an offset."""
    file.seek(0)
    count = 0
    while (left := offset - file.tell()) > 0:
        part = file.read(min(left, _NEAR))
        if not part:
            break
        count += part.count(b"\n")
    return count


def offset_from(
    file: BinaryIO, size: int, begins_s: float, ended_s: Callable[[str], float | None]
) -> int:
    """Where the lines begin that were written at or after a moment.

    They were written in the order of time; `ended_s` tells when one was, None if it cannot.
    """
    low, high = 0, size
    while high - low > _NEAR:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline(_LONGEST_LINE)
        at, written_s = _next_written(file, high, ended_s)
        if written_s is None or written_s >= begins_s:
            high = middle
        else:
            low = at
    return low


def _next_written(
    file: BinaryIO, high: int, ended_s: Callable[[str], float | None]
) -> tuple[int, float | None]:
    for _ in range(_TRIES):
        at = file.tell()
        line = file.readline(_LONGEST_LINE)
        if not line or at >= high:
            break
        written_s = ended_s(line.decode("utf-8", "replace"))
        if written_s is not None:
            return at, written_s
    return high, None
