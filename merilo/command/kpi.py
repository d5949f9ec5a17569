"""`merilo kpi`: the values of metrics, and the proof that the kept ones are right."""

import json as json_text
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from datetime import date

    from kpi.value import Query, Value
    from merilo.wiring import App

_LINES = 1_000
"""So many are printed at once: a month by day is tens of thousands."""

app = typer.Typer(help="Values of metrics for managers and the team; bare: this month.")


class By(StrEnum):
    """What one value covers."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    TOTAL = "total"


@app.callback(invoke_without_command=True)
def kpi(
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option("--from", metavar="D", help="First day, 2026-10-01.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", metavar="D", help="Last day, inclusive; today if left out."),
    ] = None,
    month: Annotated[
        str | None, typer.Option("--month", metavar="YYYY-MM", help="A whole month instead.")
    ] = None,
    by: Annotated[By, typer.Option("--by", help="What one value covers.")] = By.TOTAL,
    manager: Annotated[
        list[str] | None,
        typer.Option("--manager", metavar="M", help="Id, exact name, source:alias or `team`."),
    ] = None,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", metavar="M", help="Metric id; may be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a value.")] = False,
) -> None:
    """Show the values of metrics for managers and the team."""
    if context.invoked_subcommand is not None:
        return
    from kpi.engine import refresh
    from kpi.person import find_manager
    from kpi.value import Query, values
    from merilo.wiring import open_app

    with open_app(context.obj) as opened:
        vantage = opened.vantage
        first, last = choose_days(since, until, month, vantage.now.astimezone(vantage.zone).date())
        people = tuple(find_manager(opened.store, each) for each in manager or ())
        query = Query(
            since=first,
            until=last,
            by=by.value,
            manager_ids=people or None,
            metrics=tuple(dict.fromkeys(metric or (opened.catalog.shown_names if as_json else ())))
            or None,
        )
        refresh(opened.store, opened.catalog, opened.settings.merilo.zone)
        found = values(opened.store, opened.catalog, query, vantage)
        if as_json:
            _print_json(found)
        else:
            _print_table(opened, query, found)


def _print_json(found: "list[Value]") -> None:
    from store.upsert import chunks

    encode = json_text.JSONEncoder(ensure_ascii=False).encode
    for part in chunks(found, _LINES):
        typer.echo("\n".join(encode(value.to_json()) for value in part))


def _print_table(opened: "App", query: "Query", found: "list[Value]") -> None:
    from merilo.board import print_board
    from merilo.lack import lacks
    from merilo.phrase import Phrase

    own = opened.settings.merilo
    phrase = Phrase(own.language, own.currency, own.zone)
    typer.echo(f"{phrase.day(query.since)} – {phrase.day(query.until)}")
    metrics = [opened.catalog.find(name) for name in query.metrics or opened.catalog.board_names]
    print_board(found, metrics, phrase)
    for line in lacks(metrics, opened.vantage, own.language):
        typer.echo(line)


@app.command("rebuild")
def rebuild_cells(context: typer.Context) -> None:
    """Count everything anew from the stored facts and compare; exit 70 if it differed."""
    from kpi.engine import rebuild
    from merilo.command_text import CommandText
    from merilo.exit_code import ExitCode
    from merilo.wiring import open_app

    with open_app(context.obj) as opened:
        differed = rebuild(opened.store, opened.catalog)
        say = CommandText(opened.settings.merilo.language)
    if differed:
        typer.echo(say("metrics_differed"), err=True)
        raise typer.Exit(ExitCode.BUG)
    typer.echo(say("metrics_agree"))


def choose_days(
    since: str | None, until: str | None, month: str | None, today: "date"
) -> "tuple[date, date]":
    """First and last day asked for; without any option the current month."""
    from kpi.period import month_of, parse_period

    if month is not None:
        if since is not None or until is not None:
            raise typer.BadParameter("--month and --from/--to exclude each other")
        span = parse_period(month)
        if span != month_of(span.first):
            raise typer.BadParameter(f"{month!r} is not a month such as 2026-10")
        return span.first, span.last
    if since is None:
        if until is not None:
            raise typer.BadParameter("--to needs --from")
        span = month_of(today)
        return span.first, span.last
    first, last = parse_day(since), parse_day(until) if until is not None else today
    if last < first:
        raise typer.BadParameter("--to is before --from")
    return first, last


def parse_day(text: str) -> "date":
    """A day such as 2026-10-05."""
    from kpi.period import parse_period

    span = parse_period(text)
    if span.first != span.last:
        raise typer.BadParameter(f"{text!r} is not a day such as 2026-10-05")
    return span.first
