"""`merilo explain`: the records behind a number, with links into the CRM."""

import json as json_text
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from kpi.explain import Explanation
    from kpi.period import Span
    from merilo.phrase import Phrase
    from merilo.wiring import App


def explain(
    context: typer.Context,
    manager: Annotated[
        str, typer.Argument(metavar="MANAGER", help="Id, exact name, source:alias or `team`.")
    ],
    metric: Annotated[str, typer.Argument(metavar="METRIC", help="Metric id.")],
    period: Annotated[
        str, typer.Argument(metavar="PERIOD", help="2026-10, 2026-W41 or 2026-10-05.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a record.")] = False,
) -> None:
    """List exactly the records that add up to a number."""
    from kpi.period import parse_period
    from kpi.person import find_manager
    from merilo.command_text import CommandText
    from merilo.exit_code import ExitCode
    from merilo.phrase import Phrase
    from merilo.wiring import open_app

    with open_app(context.obj) as app:
        span = parse_period(period)
        found = explain_now(app, find_manager(app.store, manager), metric, span)
        own = app.settings.merilo
        if as_json:
            for line in json_lines(found):
                typer.echo(json_text.dumps(line, ensure_ascii=False))
        else:
            print_explanation(found, app, span, Phrase(own.language, own.currency, own.zone))
    if not found.agrees:
        typer.echo(CommandText(own.language)("records_disagree"), err=True)
        raise typer.Exit(ExitCode.BUG)


def explain_now(app: "App", manager_id: int, metric: str, span: "Span") -> "Explanation":
    """The explanation, asked again when a running service stored a change meanwhile."""
    from kpi.engine import refresh
    from kpi.explain import explain

    for _ in range(3):
        refresh(app.store, app.catalog, app.settings.merilo.zone)
        found = explain(
            app.store,
            app.catalog,
            manager_id=manager_id,
            metric=metric,
            span=span,
            vantage=app.vantage,
            link=app.record_url,
        )
        if found.agrees:
            break
    return found


def json_lines(found: "Explanation") -> Iterator[dict[str, Any]]:
    """A flat object for every record of every part."""
    from kpi.coverage import iso

    value = found.value
    for part in found.parts:
        for record in part.records:
            yield {
                "manager": value.manager,
                "manager_id": value.manager_id,
                "metric": value.metric,
                "period": value.period.isoformat(),
                "part": part.metric,
                "of": part.of,
                "sides": list(part.sides),
                "source": record.source,
                "fact": record.fact,
                "ref": record.ref,
                "at": iso(record.at),
                "contribution": record.contribution,
                "unit": part.unit,
                "link": record.link,
                "twin": record.twin and {**asdict(record.twin), "at": iso(record.twin.at)},
            }


def print_explanation(found: "Explanation", app: "App", span: "Span", phrase: "Phrase") -> None:
    """The number in one line, then a table of records for each of its parts."""
    from merilo.board import open_console, records_table

    console = open_console()
    who = found.value.manager or phrase.word("team")
    title = phrase.title(app.catalog.find(found.value.metric))
    days = phrase.day(span.first)
    if span.first != span.last:
        days = f"{days} – {phrase.day(span.last)}"
    typer.echo(f"{who} · {title} · {days}: {phrase.value(found.value)}")
    for part in found.parts:
        title = phrase.title(app.catalog.find(part.metric))
        console.print(records_table(part, title, phrase))
    if found.value.state != "value":
        typer.echo(f"{phrase.word('read')}: {phrase.coverage([found.value])}")
