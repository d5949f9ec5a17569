"""docs/metrics.md is what the declarations say now."""

from pathlib import Path

from kpi.catalog import load_catalog
from kpi.reference import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"


def test_the_page_of_metrics_is_current() -> None:
    """When this fails: `make metrics`."""
    assert PAGE.read_text(encoding="utf-8") == reference(load_catalog())


def test_every_metric_is_told_in_both_languages_with_its_number() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for metric in load_catalog().metrics.values():
        assert f"### `{metric.name}`{''.join(f' · {each}' for each in metric.numbers)}\n" in page
        for language in ("ru", "en"):
            assert metric.title(language) in page
            assert metric.meaning(language) in page
