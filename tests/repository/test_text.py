"""No file knows the machine it was written on, or where its packages came from."""

import re

import pytest

from tests.repository.tree import place, tracked_files

# Written so that no pattern finds itself in this file.
FOREIGN = {
    "a developer's folder": re.compile(
        r"/(?:home|Users)/[a-z]\w+/|/root(?:/)|/(?:work)/(?:main|shared)"
    ),
    "a folder outside": re.compile(r"\.\./shared"),
    "a package registry": re.compile(
        r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|deb\.debian\.org|proxy\.golang\.org"
    ),
    "an index option": re.compile(r"--(?:extra-)?index[-]url|--find[-]links"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_names(what: str) -> None:
    found = []
    for path in tracked_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        lines = enumerate(text.splitlines(), 1)
        found += [place(path, number) for number, line in lines if FOREIGN[what].search(line)]
    assert found == []
