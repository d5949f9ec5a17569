"""The place of every key is found, however the TOML is laid out."""

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.locate import Path, locate

SCALARS = st.sampled_from(
    [
        "1",
        "-1.5e3",
        "true",
        '"plain"',
        '"a, b] = } # {"',
        r'"quote \" and \\"',
        r"'C:\no\escape'",
        "2026-01-01",
        "2026-01-01 07:32:00Z",
        "07:32:00",
        '"""\nmany [lines]\n"quoted" key = 1"""',
        '"""ends in a quote\\""""',
        '"""ends in two"""""',
        "'''\nmany ' lines\n'''",
        "'''ends in two'''''",
        "0x1F",
    ]
)
KEYS = st.sampled_from(["a", "B-1", "_x", '"with.dot"', "'[single]'", r'"\"in\""', '"кл юч"', "7"])
GAPS = st.sampled_from(["", " ", "\n", "  # note ] } = \n\t", " \n\n "])


class Writer:
    """Writes a random document and remembers where it put each key."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.text = ""
        self.places: dict[Path, tuple[int, int]] = {}
        self.count = 0

    def document(self) -> "Writer":
        self.pairs(())
        for _ in range(self.draw(st.integers(0, 3))):
            self.header(())
        return self

    def header(self, parent: Path) -> None:
        is_array = self.draw(st.booleans())
        name = self.key()
        for index in range(self.draw(st.integers(1, 3)) if is_array else 1):
            self.text += "[[ " if is_array else "["
            path = self.mark((*parent, tomllib_key(name)), name)
            if is_array:
                path = (*path, index)
                self.places[path] = self.places[path[:-1]] if index == 0 else self.at(name)
            self.text += " ]] # head\n" if is_array else "]\n"
            self.pairs(path)
            if self.draw(st.booleans()):
                self.sub_table(path, name)

    def sub_table(self, path: Path, name: str) -> None:
        sub = self.key()
        self.text += f" [{name} . "
        self.mark((*path, tomllib_key(sub)), sub)
        self.text += "]\n"
        self.pairs((*path, tomllib_key(sub)))

    def pairs(self, table: Path) -> None:
        for _ in range(self.draw(st.integers(0, 3))):
            self.text += self.draw(GAPS)
            self.pair(table)
            self.text += self.draw(st.sampled_from(["\n", "  # comment\n"]))

    def pair(self, table: Path) -> None:
        path = table
        for dot in range(self.draw(st.integers(1, 2))):
            name = self.key()
            self.text += " . " if dot else ""
            path = self.mark((*path, tomllib_key(name)), name)
        self.text += self.draw(st.sampled_from(["=", " = ", "\t=\t"]))
        self.value(path, depth=0)

    def value(self, path: Path, depth: int) -> None:
        kind = self.draw(st.integers(0, 3 if depth < 2 else 1))
        if kind < 2:
            self.text += self.draw(SCALARS)
        elif kind == 2:
            self.array(path, depth)
        else:
            self.table(path, depth)

    def array(self, path: Path, depth: int) -> None:
        self.text += "["
        for index in range(self.draw(st.integers(0, 3))):
            self.text += ("," if index else "") + self.draw(GAPS)
            self.mark((*path, index), "")
            self.value((*path, index), depth + 1)
            self.text += self.draw(GAPS)
        self.text += "]"

    def table(self, path: Path, depth: int) -> None:
        self.text += "{ "
        for index in range(self.draw(st.integers(0, 3))):
            self.text += " , " if index else ""
            name = self.key()
            self.mark((*path, tomllib_key(name)), name)
            self.text += "= "
            self.value((*path, tomllib_key(name)), depth + 1)
        self.text += " }"

    def key(self) -> str:
        """A key nobody has used, in one of the spellings of TOML."""
        self.count += 1
        name = str(self.draw(KEYS))
        number = str(self.count)
        return name[:-1] + number + name[-1] if name[0] in "\"'" else name + number

    def mark(self, path: Path, name: str) -> Path:
        self.places.setdefault(path, self.at(""))
        self.text += name
        return path

    def at(self, name: str) -> tuple[int, int]:
        """Line and column of `name`, which was just written, or of what comes next."""
        start = len(self.text) - len(name)
        before = self.text[:start]
        return before.count("\n") + 1, start - before.rfind("\n")


@st.composite
def documents(draw: st.DrawFn) -> Writer:
    return Writer(draw).document()


def tomllib_key(name: str) -> str:
    return next(iter(tomllib.loads(f"{name} = 1")))


def paths(node: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*path, key)
            yield from paths(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield (*path, index)
            yield from paths(value, (*path, index))


@settings(max_examples=150, deadline=None)
@given(documents())
def test_every_key_is_found_where_it_was_written(document: Writer) -> None:
    found = locate(document.text)
    assert found == document.places


@settings(max_examples=100, deadline=None)
@given(documents())
def test_the_places_are_those_of_the_keys_that_the_parser_sees(document: Writer) -> None:
    assert set(locate(document.text)) == set(paths(tomllib.loads(document.text)))


@settings(max_examples=100)
@given(st.text(max_size=60).map(lambda text: text.replace("\r", "")))
@example("")
@example("a.b.c = 1")
@example("[a]\n[a.b]\n[[a.c]]")
def test_any_text_the_parser_accepts_is_walked_to_its_end(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(locate(text)) == set(paths(data))
