"""Where each key of a TOML text stands. The text must already have passed a TOML parser."""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Generator, Iterator

Path = tuple[str | int, ...]

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
_SCALAR = re.compile(
    r""""{3}(?:\\[\s\S]|(?!"{3})[\s\S])*"{3,5}|\'{3}(?:(?!\'{3})[\s\S])*\'{3,5}"""
    r"""|"(?:\\.|[^"\\])*"|'[^']*'|[^,\]}#\n]+"""
)


def locate(text: str) -> dict[Path, tuple[int, int]]:
    """Line and column (from 1) of every key, table header and array element of `text`."""
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    found: dict[Path, tuple[int, int]] = {}
    for path, offset in _Scan(text).statements():
        line = bisect_right(lines, offset)
        found.setdefault(path, (line, offset - lines[line - 1] + 1))
    return found


class _Scan:
    """One walk over the text; yields (path, offset) in the order of the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.counts: dict[Path, int] = {}

    def statements(self) -> Iterator[tuple[Path, int]]:
        table: Path = ()
        self.skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = yield from self.header()
            else:
                yield from self.pair(table)
            self.skip()

    def skip(self, *marks: str) -> None:
        """Pass blanks and comments, and whichever of `marks` follows."""
        for mark in ("", *marks):
            if self.text.startswith(mark, self.at):
                self.at += len(mark)
            match = _SPACE.match(self.text, self.at)
            self.at = match.end() if match else self.at

    def header(self) -> Generator[tuple[Path, int], None, Path]:
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        path: Path = ()
        parts = list(self.keys())
        for number, (part, offset) in enumerate(parts, 1):
            path = (*path, part)
            yield path, offset
            if is_array and number == len(parts):
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                path = (*path, self.counts[path])
                yield path, offset
        self.at += 2 if is_array else 1
        return path

    def keys(self) -> Iterator[tuple[str, int]]:
        """The parts of a dotted key."""
        self.skip()
        while match := _KEY.match(self.text, self.at):
            part = match.group()
            if part[0] in "\"'":
                part = tomllib.loads(f"key = {part}")["key"]
            yield part, self.at
            self.at = match.end()
            self.skip(".")

    def pair(self, table: Path) -> Iterator[tuple[Path, int]]:
        path = table
        for part, offset in self.keys():
            path = (*path, part)
            yield path, offset
        self.skip("=")
        yield from self.value(path)

    def value(self, path: Path) -> Iterator[tuple[Path, int]]:
        mark = self.text[self.at]
        if mark == "[":
            yield from self.array(path)
        elif mark == "{":
            self.at += 1
            self.skip()
            while self.text[self.at] != "}":
                yield from self.pair(path)
                self.skip(",")
            self.at += 1
        elif match := _SCALAR.match(self.text, self.at):
            self.at = match.end()

    def array(self, path: Path) -> Iterator[tuple[Path, int]]:
        self.at += 1
        index = 0
        self.skip()
        while self.text[self.at] != "]":
            yield (*path, index), self.at
            yield from self.value((*path, index))
            self.skip(",")
            index += 1
        self.at += 1
