"""Metric files: what may stand in them, and every mistake at its place."""

import json
import re
from pathlib import Path

import pytest

from config.error import ConfigError, Problem
from kpi.catalog import Catalog, load_catalog, talked_calls
from kpi.error import AskError
from kpi.metric import Additive

DECLARED = Path(__file__).parent / "declared.json"
CORE = [
    "calls_in",
    "calls_out",
    "calls_answered",
    "calls_missed",
    "calls_reached",
    "talk_time",
    "calls_120s",
    "emails_sent",
    "emails_received",
    "meetings_held",
    "meetings_planned",
    "deals_created",
    "deals_won",
    "deals_lost",
    "revenue",
    "average_deal",
    "days_to_win",
    "sales_cycle",
    "win_rate",
    "loss_reasons",
    "sales_cycle_median",
    "open_pipeline",
    "open_deals",
    "leads_created",
    "leads_won",
    "lead_conversion",
    "quotes_created",
    "quotes_won",
    "quote_conversion",
    "deals_repeat",
    "repeat_share",
    "stage_conversion",
]
KPIS = [f"S{number}" for number in range(1, 78)]
"""The list of KPIs that this program answers, if only by saying what they wait for."""


def mistakes(tmp_path: Path, text: str) -> list[Problem]:
    file = tmp_path / "mine.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_catalog([file])
    return list(caught.value.problems)


def test_the_core_metrics_are_complete(catalog: Catalog) -> None:
    assert list(catalog.metrics)[: len(CORE)] == CORE
    for metric in catalog.metrics.values():
        for language in ("ru", "en"):
            assert metric.titles[language]
            assert metric.meanings[language].endswith(".")


def test_every_kpi_of_the_list_has_a_metric(catalog: Catalog) -> None:
    named = {number for each in catalog.metrics.values() for number in each.numbers}
    assert sorted(named) == sorted(KPIS)


def test_extras_are_neither_shown_nor_kept_unless_wanted(catalog: Catalog) -> None:
    assert "revenue_new" not in catalog.board_names
    assert "revenue_new" not in catalog.columns.values()
    wanted = load_catalog(wanted=["revenue_repeat_share"])
    assert "revenue_repeat_share" in wanted.board_names
    assert "revenue_repeat" not in wanted.board_names
    assert "revenue_repeat" in wanted.columns.values()


def test_a_changed_declaration_has_a_new_version(catalog: Catalog) -> None:
    """When this fails: raise `version` of the metric, then put both into declared.json."""
    declared = json.loads(DECLARED.read_text(encoding="utf-8"))
    found = {name: [each.version, each.fingerprint] for name, each in catalog.metrics.items()}
    changed = {
        name
        for name, (version, fingerprint) in found.items()
        if name in declared and declared[name][0] == version and declared[name][1] != fingerprint
    }
    assert not changed, f"changed without a new version: {changed}"
    assert found == declared, f"declared.json should be {json.dumps(found)}"


def test_a_fingerprint_follows_what_is_counted(tmp_path: Path) -> None:
    prints = set()
    for where in ("talk_s__gte = 60", "talk_s__gte = 61", "talk_s__gt = 60", ""):
        file = tmp_path / "mine.toml"
        file.write_text(
            '[mine]\ntitle.ru = "М"\ncategory = "activity"\nfact = "call"\n'
            f'when = "started_at"\nwhere = {{ {where} }}\n'
        )
        prints.add(load_catalog([file]).find("mine").fingerprint)
    assert len(prints) == 4


def test_talked_calls_exist_for_any_number_of_seconds(catalog: Catalog) -> None:
    assert catalog.find("calls_120s").kind == getattr(talked_calls("calls_120s"), "kind", None)
    assert catalog.find("calls_45s").titles["ru"] == "Разговоры от 45 с"
    for wrong in ("calls_0s", "calls_s", "calls_045s", "calls_9999999999s"):
        with pytest.raises(AskError, match="There is no metric"):
            catalog.find(wrong)


def test_an_unknown_metric_names_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(AskError, match='did you mean "revenue"'):
        catalog.find("revenu")


def test_metrics_that_need_the_same_sum_share_its_column(catalog: Catalog) -> None:
    revenue, won = catalog.find("revenue").kind, catalog.find("deals_won").kind
    assert isinstance(revenue, Additive)
    assert isinstance(won, Additive)
    assert revenue.records == won.total
    assert catalog.columns[revenue.records] == "deals_won"
    assert len(set(catalog.columns.values())) == len(catalog.columns)


TEN = """\
[calls_lunch]
title = { ru = "Обед", de = "Mittag" }
category = "activty"
fact = "call"
when = "begun_at"
where = { talk_sec__gt = 5, talk_s__ge = 1, direction = "inside" }

[Bad-Name]
fact = "call"

[share]
title.ru = "Доля"
category = "quality"
unit = "ratio"
formula = "calls_lunch / dealz_won"
versoin = 2

[deep]
title.ru = "Глубоко"
category = "quality"
unit = "money"
formula = "revenue ** 2"
"""


def test_ten_mistakes_get_ten_messages_with_place_and_nearest_name(tmp_path: Path) -> None:
    found = [
        str(each).removeprefix(str(tmp_path / "mine.toml:")) for each in mistakes(tmp_path, TEN)
    ]
    expected = [
        (2, "calls_lunch.title.de", "unknown language"),
        (3, "calls_lunch.category", 'did you mean "activity"'),
        (5, "calls_lunch.when", "unknown when; valid: started_at"),
        (6, "calls_lunch.where.talk_sec__gt", 'did you mean "talk_s"'),
        (6, "calls_lunch.where.talk_s__ge", "unknown lookup"),
        (6, "calls_lunch.where.direction", "must be one of: in, out"),
        (8, "Bad-Name", "small Latin letters"),
        (16, "share.versoin", 'did you mean "version"'),
        (22, "deep.formula", "may hold"),
        (15, "share.formula", 'did you mean "deals_won"'),
    ]
    assert len(found) == len(expected)
    for line, key, message in expected:
        pattern = re.compile(rf"{line}:\d+: {re.escape(key)}: .*{re.escape(message)}")
        assert any(pattern.match(each) for each in found), (line, key, found)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('fact = "calls"', 'unknown fact; did you mean "call"?'),
        ("fact = 3", "must be text in quotes"),
        ('who = "closed_by"', "unknown who; valid: talked"),
        ('value = "sum:talk"', 'unknown value; did you mean "sum:talk_s"?'),
        ('value = "sum:day"', "unknown value"),
        ('unit = "money"', 'a count is never in "money"'),
        ("where = 5", "must be a table"),
        ("where = { talk_s = true }", "must be a whole number"),
        ("where = { talk_s = 3_000_000_000 }", "is too large"),
        ("where = { talk_s__in = [] }", "must be a list in [brackets], not empty"),
        ("where = { client_hash = 5 }", "must be text in quotes"),
        ("where = { client_hash__isnull = 1 }", "must be true or false"),
        ("version = 0", "must be a whole number from 1"),
        ('number = "12"', 'must be such as "S12"'),
        ('value = "share"', "say which"),
        ('value = "distinct:talk_s"', "unknown value"),
        ("extra = 1", "must be true or false"),
        ('needs = ["funnels.proposal", "fields.deal.margin", "funnel.x"]', "unknown stream"),
        ("where = { field_margin = 5 }", "unknown column"),
        ('needs = ["mails"]', "unknown stream"),
        ('needs = "calls"', "must be a list in [brackets]"),
        ("title.ru = ''", "must be text in quotes"),
        ('meaning = "x"', "must be given by language: meaning.ru or meaning.en"),
    ],
)
def test_one_mistake_is_one_message(tmp_path: Path, line: str, message: str) -> None:
    table = {
        "title.ru": 'title.ru = "М"',
        "category": 'category = "activity"',
        "fact": 'fact = "call"',
        "when": 'when = "started_at"',
    }
    table[line.split(" =")[0]] = line
    (found,) = mistakes(tmp_path, "[mine]\n" + "\n".join(table.values()))
    assert message in found.message
    assert found.line > 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[revenue]\nfact = 'call'", "is declared already"),
        ("[calls_60s]\nfact = 'call'", "exists without a declaration"),
        ("revenue_goal = 5", "must be a table"),
        ("[day]\nfact = 'call'", "small Latin letters"),
        ("[x", "not TOML"),
    ],
)
def test_a_table_must_be_a_new_metric(tmp_path: Path, text: str, message: str) -> None:
    (found,) = mistakes(tmp_path, text)
    assert message in found.message


@pytest.mark.parametrize(
    ("line", "key", "message"),
    [
        ('combine = "sums"', "mine.combine", 'did you mean "sum"'),
        ("options = 5", "mine.options", "must be a table"),
        ("where = {}", "mine.where", "cannot stand beside python"),
        ('formula = "revenue"', "mine.python", "cannot stand beside a formula"),
        ('who = "closed_by"', "mine.who", "cannot stand beside python"),
    ],
)
def test_a_function_has_its_own_keys(tmp_path: Path, line: str, key: str, message: str) -> None:
    found = mistakes(
        tmp_path,
        f'[mine]\ntitle.ru = "М"\ncategory = "quality"\nunit = "deals"\nfact = "deal"\n'
        f'python = "kpi.passage:steps"\n{line}\n',
    )
    assert any(each.key == key and message in each.message for each in found)


def test_a_custom_field_is_text_or_a_whole_number_and_never_of_a_snapshot(tmp_path: Path) -> None:
    head = 'title.ru = "М"\ncategory = "quality"\nfact = "deal"\n'
    text = "".join(
        f"[{name}]\n{head}when = {when!r}\nwhere = {{ field_margin__gte = {value} }}\n"
        for name, when, value in (
            ("ok", "closed_at", "5"),
            ("half", "closed_at", "0.5"),
            ("kept", "now", "5"),
        )
    )
    found = {each.key: each.message for each in mistakes(tmp_path, text)}
    assert set(found) == {"half.where.field_margin__gte", "kept"}
    assert "a whole number" in found["half.where.field_margin__gte"]
    assert "a snapshot is not of custom fields" in found["kept"]


def test_formulas_in_a_circle_are_refused(tmp_path: Path) -> None:
    table = '[{0}]\ntitle.ru = "М"\ncategory = "quality"\nunit = "calls"\nformula = "{1} + 1"\n'
    found = mistakes(tmp_path, table.format("one", "two") + table.format("two", "one"))
    assert [each.key for each in found] == ["one.formula", "two.formula"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: cannot be read"):
        load_catalog([tmp_path / "gone.toml"])


def test_a_misspelt_required_key_is_told_once(tmp_path: Path) -> None:
    text = '[mine]\ntitle.ru = "М"\ncatgory = "activity"\nfact = "call"\nwhen = "started_at"\n'
    (found,) = mistakes(tmp_path, text)
    assert found.message == 'unknown key; did you mean "category"?'


def test_an_additive_metric_is_one_short_table(tmp_path: Path, catalog: Catalog) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        '[big_deals]\ntitle.ru = "Крупные сделки"\ncategory = "result"\nfact = "deal"\n'
        'when = "closed_at"\nwhere = { state = "won", base_amount__gte = 1_000_000_00 }\n'
    )
    mine = load_catalog([file])
    assert list(mine.metrics) == [*catalog.metrics, "big_deals"]
    assert "big_deals" in mine.columns.values()
    assert mine.find("big_deals").needs == ("deals",)
    assert mine.find("win_rate").needs == ("deals",)
