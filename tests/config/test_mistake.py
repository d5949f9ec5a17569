"""Every mistake in the settings is told at once, at its place, with the nearest valid key."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.error import ConfigError, Problem
from tests.canary import canary, seen_canaries
from tests.config.portal import FULL, load, problems, write

TYPOS = """\
[merilo]
timezon = "Europe/Moscow"
curency = "RUB"
[secrets]
bakend = "vault"
[sources.main]
conector = "bitrix24"
url = "https://example.bitrix24.ru"
webhok = "secret:main-webhook"
[[managers]]
name = "Анна Петрова"
aliasses = { main = "7" }
[[managers]]
name = "Иван Орлов"
ignor = true
[calender]
hours = "09:00-18:00"
[[destinations]]
source = "main"
kind = "scorecard"
metrics = ["calls_120s", "revenu"]
month = 3
[web]
listem = "127.0.0.1:8600"
"""

TEN = [
    '2:1: merilo.timezon: unknown key; did you mean "timezone"?',
    '3:1: merilo.curency: unknown key; did you mean "currency"?',
    '5:1: secrets.bakend: unknown key; did you mean "backend"?',
    '7:1: sources.main.conector: unknown key; did you mean "connector"?',
    '9:1: sources.main.webhok: unknown key; did you mean "webhook"?',
    '12:1: managers[0].aliasses: unknown key; did you mean "aliases"?',
    '15:1: managers[1].ignor: unknown key; did you mean "ignore"?',
    '16:2: calender: unknown key; did you mean "calendar"?',
    '21:26: destinations[0].metrics[1]: no such metric; did you mean "revenue"?',
    '22:1: destinations[0].month: unknown key; did you mean "months"?',
    '24:1: web.listem: unknown key; did you mean "listen"?',
]

WRONG = [
    ('timezone = "Europe/Moscow"', 'timezone = "Europe/Moskow"', 'did you mean "Europe/Moscow"?'),
    ('timezone = "Europe/Moscow"', 'timezone = "../../etc/passwd"', "no such time zone"),
    ('currency = "RUB"', 'currency = "RUR"', 'did you mean "RUB"?'),
    ('language = "ru"', 'language = "de"', "must be one of: ru, en"),
    ('url = "sqlite"', 'url = "mysql://x"', "postgresql+psycopg://"),
    ('backend = "vault"', 'backend = "valt"', 'did you mean "vault"?'),
    ('master_key = "generated"', 'master_key = "hunter2"', "env:NAME, file:PATH"),
    ('connector = "bitrix24"', 'connector = "mango"', "unknown connector, available: bitrix24"),
    ('connector = "bitrix24"\n', "", "is required"),
    ('url = "https://example.bitrix24.ru"\n', "", "is required"),
    ("https://example.bitrix24.ru", "http://example.bitrix24.ru", "use https"),
    ("https://example.bitrix24.ru", "https://me:pw@example.bitrix24.ru", "by reference"),
    ("https://example.bitrix24.ru", "https://example.bitrix24.ru:99999", "ort"),
    ("https://example.bitrix24.ru", "example.bitrix24.ru", "must be an address"),
    ('poll = "60s"', "poll = 60", "must be a duration"),
    ('poll = "60s"', 'poll = "0s"', "must be a duration"),
    ('poll = "60s"', 'poll = "1 minute"', "must be a duration"),
    ('since = "2025-01-01"', 'since = "2025-02-30"', "day"),
    ('since = "2025-01-01"', "since = 20250101", "must be a day"),
    ('since = "2025-01-01"', "since = 2025-01-01T10:00:00", "must be a day"),
    ('name = "Анна Петрова"', 'name = ""', "must not be empty"),
    ('{ main = "7" }', "{ main = 7 }", "must be text in quotes"),
    ('{ main = "7" }', '{ mian = "7" }', 'did you mean "main"?'),
    ('to = "2026-12-31"', 'to = "2025-12-31"', "must not be before `from`"),
    ("ignore = false", 'ignore = "no"', "must be true or false"),
    ("[fields.main.deal]", "[fields.man.deal]", "no such source"),
    ("[funnels.main]", "[funnels.other]", "no such source"),
    ("[meetings.main]", "[meetings.other]", "no such source"),
    ('"встреч|meeting|zoom"', '"встреч|(zoom"', "must be a regular expression"),
    ('"встреч|meeting|zoom"', "7", "must be text in quotes"),
    ('country = "RU"', 'country = "US"', "must be one of: RU, KZ, BY"),
    ("days_off = []", 'days_off = ["31.12.2026"]', "must be a day"),
    ('hours = "09:00-18:00"', 'hours = "18:00-09:00"', "must be hours"),
    ('hours = "09:00-18:00"', 'hours = "9-18"', "must be hours"),
    ("files = []", 'files = "mine.toml"', "must be a list"),
    ('source = "main"', 'source = "amo"', "no such source"),
    ('kind = "scorecard"', 'kind = "card"', "must be one of: scorecard, user_fields"),
    ('metrics = ["calls_120s", "revenue"]', "metrics = []", "at least one metric"),
    ("months = 2", "months = 0", "must be at least 1"),
    ("months = 2", 'months = "2"', "must be a whole number"),
    ("months = 2", "months = true", "must be a whole number"),
    ("months = 2", "months = 2.0", "must be a whole number"),
    ("max_first_writes = 200", "max_first_writes = -1", "must be at least 0"),
    ('on_human_edit = "ask"', 'on_human_edit = "aks"', 'did you mean "ask"?'),
    ("127.0.0.1:8600", "127.0.0.1", "host:port"),
    ("127.0.0.1:8600", "127.0.0.1:99999", "at most 65535"),
    ('public_url = ""', 'public_url = "http://kpi.example.ru"', "use https"),
    ("[store]\nurl", "[store]\nstore", "unknown key"),
    ('[store]\nurl = "sqlite"', "store = 3", ""),
    ("[sources.main]", '[sources."a b"]', "letters, digits"),
    ('data_dir = "./data"', r'data_dir = "a\u0000b"', "must be a path"),
    ("secret:main-webhook", "file:~nobody-here/x", "must be a path"),
    ('data_dir = "./data"', 'data_dir = "~nobody-here/x"', "must be a path"),
]


def keys() -> Iterator[tuple[int, int, str]]:
    """Start, end and text of every fixed key and table name in the full example."""
    free = {"main", "deal", "margin", "qualified", "fields", "funnels", "meetings"}
    for match in re.finditer(r"^(\w+)(?= =)|^\[+(\w+)|(?<=\{ )(\w+)(?= =)", FULL, re.MULTILINE):
        group = next(number for number in (1, 2, 3) if match.group(number))
        if match.group(group) not in free:
            yield match.start(group), match.end(group), match.group(group)


def mistakes_or_none(path: Path) -> tuple[Problem, ...] | None:
    """The mistakes that keep a file from loading; None if it loads."""
    try:
        load(path)
    except ConfigError as error:
        return error.problems
    return None


def test_the_full_example_has_no_mistake(tmp_path: Path) -> None:
    settings = load(write(tmp_path))
    assert settings.destinations[0].name == "main/scorecard"
    assert settings.merilo.data_dir == tmp_path / "data"
    assert settings.path == tmp_path / "merilo.toml"


def test_typos_are_told_all_at_once_with_place_and_nearest_key(tmp_path: Path) -> None:
    path = write(tmp_path, TYPOS)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).splitlines() == [f"{path}:{line}" for line in TEN]


@pytest.mark.parametrize(("start", "end", "key"), list(keys()))
def test_a_misspelt_key_is_an_error_at_its_exact_place(
    tmp_path: Path, start: int, end: int, key: str
) -> None:
    text = FULL[:start] + key[:-1] + "x" + key[-1] + FULL[end:]
    line, column = FULL.count("\n", 0, start) + 1, start - FULL.rfind("\n", 0, start)
    found = problems(write(tmp_path, text))
    at_place = [each for each in found if (each.line, each.column) == (line, column)]
    assert [f'unknown key; did you mean "{key}"?'] == [each.message for each in at_place]


@pytest.mark.parametrize(("right", "wrong", "message"), WRONG)
def test_a_wrong_value_is_told_at_its_line(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    assert right in FULL
    start = FULL.index(right) + next(
        (n for n, (a, b) in enumerate(zip(right, wrong, strict=False)) if a != b), 0
    )
    found = problems(write(tmp_path, FULL.replace(right, wrong, 1)))
    line = FULL.count("\n", 0, start) + 1
    told = [each for each in found if message in each.message]
    assert told
    if wrong:
        assert line in {each.line for each in told}


@pytest.mark.parametrize("value", ["3.5", "[[1]]", "{ a = 1 }", "2026-01-01T00:00:00Z", "inf"])
@pytest.mark.parametrize("line", [line for line in FULL.splitlines() if " = " in line])
def test_a_value_of_a_wrong_type_is_told_at_its_key(tmp_path: Path, line: str, value: str) -> None:
    text = FULL.replace(f"{line}\n", f"{line.split(' = ')[0]} = {value}\n", 1)
    number = text.splitlines().index(f"{line.split(' = ')[0]} = {value}") + 1
    found = problems(write(tmp_path, text))
    assert number in {problem.line for problem in found}
    assert all(problem.line for problem in found)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, len(FULL)),
            st.integers(0, 3),
            st.text("=[]{}\"'#.,\n\t\0\ufeffсeа1-_ ", max_size=3),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_a_damaged_file_loads_or_is_told_with_its_place(edits: list[tuple[int, int, str]]) -> None:
    text = FULL
    for start, length, new in edits:
        text = text[:start] + new + text[start + length :]
    with tempfile.TemporaryDirectory() as name:
        path = write(Path(name), text)
        told = mistakes_or_none(path)
    assert told is None or told
    assert all(problem.file == str(path) and problem.line for problem in told or ())


def test_a_misspelt_table_of_sources_does_not_make_every_reference_wrong(tmp_path: Path) -> None:
    found = problems(write(tmp_path, FULL.replace("[sources.main]", "[source.main]")))
    assert [each.message for each in found] == ['unknown key; did you mean "sources"?']


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("[merilo\n", (1, 8), "not TOML"),
        ('[merilo]\ncurrency = "RUB\n', (2, 16), "not TOML"),
        ('[merilo]\nсurrency = "RUB"\n', (2, 1), "not TOML"),
        ('[merilo]\ncurrency = "RUB"\ncurrency = "RUB"\n', (3, 17), "twice"),
        ('[merilo]\n\tlanguage = "ru', (2, 16), "not TOML"),
        ("[merilo]\nlanguage", (2, 9), "not TOML"),
        ("a = " + "[" * 5000, (0, 0), "nested too deeply"),
        ("# " + "x" * 1_000_001, (0, 0), "larger than"),
    ],
)
def test_a_file_that_is_not_toml_is_told_with_line_and_column(
    tmp_path: Path, text: str, place: tuple[int, int], message: str
) -> None:
    (problem,) = problems(write(tmp_path, text))
    assert (problem.line, problem.column) == place
    assert message in problem.message


def test_a_file_in_another_encoding_is_told_where_it_breaks(tmp_path: Path) -> None:
    path = tmp_path / "merilo.toml"
    path.write_bytes('[merilo]\n# это\ncurrency = "рубль"\n'.encode("cp1251"))
    (problem,) = problems(path)
    assert (problem.line, problem.column) == (2, 3)
    assert "UTF-8" in problem.message


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b""])
def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Path, prefix: bytes) -> None:
    path = tmp_path / "merilo.toml"
    path.write_bytes(prefix + FULL.replace("\n", "\r\n").encode())
    assert load(path).merilo.currency == "RUB"


def test_a_key_called_path_is_unknown_like_any_other(tmp_path: Path) -> None:
    (problem,) = problems(write(tmp_path, 'path = "x"\n' + FULL))
    assert problem.message == "unknown key"


def test_an_address_others_can_reach_needs_a_token(tmp_path: Path) -> None:
    text = FULL.replace("127.0.0.1:8600", "0.0.0.0:8600")
    assert load(write(tmp_path, text)).web.host == "0.0.0.0"  # noqa: S104
    (problem,) = problems(write(tmp_path, text.replace('token = "secret:web-token"\n', "")))
    assert "needs `token`" in problem.message


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2", "[::1]"])
def test_plain_http_is_allowed_towards_this_machine_only(tmp_path: Path, host: str) -> None:
    text = FULL.replace("https://example.bitrix24.ru", f"http://{host}:8700/")
    assert load(write(tmp_path, text)).sources["main"].url == f"http://{host}:8700"


def test_own_metric_files_leave_metric_names_to_the_catalog(tmp_path: Path) -> None:
    text = FULL.replace("files = []", 'files = ["mine.toml"]').replace("revenue", "our_own")
    settings = load(write(tmp_path, text))
    assert settings.metrics.files == (tmp_path / "mine.toml",)


@pytest.mark.parametrize("key", ["webhook", "webhok", "auth", "url", "poll", "since", "connector"])
def test_a_secret_pasted_into_any_key_is_never_repeated(tmp_path: Path, key: str) -> None:
    secret = canary("pasted")
    text = re.sub(rf"^{key} = .*$", "", FULL, flags=re.MULTILINE).replace(
        "[sources.main]", f'[sources.main]\n{key} = "7/{secret}"'
    )
    with pytest.raises(ConfigError) as caught:
        load(write(tmp_path, text))
    shown = f"{caught.value!s} {caught.value!r} {caught.value.problems!r}"
    assert seen_canaries(shown) == []
    assert f"sources.main.{key}" in shown


def test_a_password_in_the_database_address_stays_out_of_the_repr(tmp_path: Path) -> None:
    secret = canary("database")
    text = FULL.replace('"sqlite"', f'"postgresql+psycopg://merilo:{secret}@db/merilo"')
    settings = load(write(tmp_path, text))
    assert secret in settings.store.url
    assert seen_canaries(repr(settings) + str(settings)) == []


def test_missing_secrets_stand_in_the_same_report_as_other_mistakes(tmp_path: Path) -> None:
    path = write(tmp_path, FULL.replace('language = "ru"', 'language = "xx"'))
    with pytest.raises(ConfigError) as caught:
        load(path, require_secrets=True)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == [
        "merilo.language",
        "sources.main.webhook",
        "web.token",
    ]
    assert "merilo secrets set main-webhook" in lines[1]


def test_fields_of_deals_show_facts_and_no_metrics(tmp_path: Path) -> None:
    facts = FULL.replace('kind = "scorecard"', 'kind = "record_fields"').replace(
        'metrics = ["calls_120s", "revenue"]', 'metrics = ["days_in_stage", "talk_minute"]'
    )
    facts = facts.replace('today = ["calls_120s"]', 'today = ["talk_minutes"]')
    [first, second] = problems(write(tmp_path, facts))
    assert 'did you mean "talk_minutes"?' in first.message
    assert "no value of today" in second.message
