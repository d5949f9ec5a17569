"""`merilo status` and `merilo doctor`: how it is going, and what to do about it."""

import json as json_text
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from merilo.command_text import CommandText
    from merilo.context import Context
    from merilo.status import DestinationStatus, Status, StreamStatus
    from merilo.wiring import App
    from web.text import Text


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show age, lag, counts, quarantine and the last error of every source and stream."""
    from merilo.status import read_status

    with _opened(context.obj) as app:
        found = read_status(app)
        language = app.settings.merilo.language
    if as_json:
        typer.echo(json_text.dumps(found.to_json(), ensure_ascii=False))
        return
    for line in _lines(found, language):
        typer.echo(line)


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a problem.")] = False,
) -> None:
    """Tell what is wrong and what to do about it."""
    from merilo.command_text import CommandText
    from merilo.doctor import find_problems
    from merilo.status import read_status

    with _opened(context.obj) as app:
        problems = find_problems(app, read_status(app))
        say = CommandText(app.settings.merilo.language)
    for problem in problems:
        if as_json:
            typer.echo(json_text.dumps(vars(problem), ensure_ascii=False))
        else:
            typer.echo(f"• {problem.what}\n  → {problem.todo}")
    if not problems and not as_json:
        typer.echo(say("in_order"))


def _opened(context: "Context") -> "AbstractContextManager[App]":
    """Like `open_app`, but secrets may be missing: nothing remote is asked."""
    from contextlib import closing

    from merilo.wiring import build_app, settings_from

    return closing(build_app(settings_from(context)))


def _lines(found: "Status", language: str) -> "Iterator[str]":
    from merilo.command_text import CommandText
    from web.text import Text

    say, text = CommandText(language), Text(language)
    for each in found.streams:
        yield from _stream_lines(each, found, say, text)
    for place in found.destinations:
        yield from _destination_lines(place, found, say, text)
    if not found.streams:
        yield text("no_sources")


def _stream_lines(
    each: "StreamStatus", found: "Status", say: "CommandText", text: "Text"
) -> "Iterator[str]":
    state = say(f"state_{each.state}")
    age = "—" if each.lag_s is None else text.ago(each.lag_s)
    rows = "—" if each.rows is None else text.plural("records", each.rows)
    name = f"{each.source}/{each.stream}"
    yield f"{name:24} {state:20} {age:18} {rows:18} {say('aside')}: {each.quarantined}"
    if each.late_at is not None:
        ago = text.ago((found.at - each.late_at).total_seconds())
        yield f"    {say('late_read', ago=ago)}"
    if each.error:
        yield f"    {each.error}"


def _destination_lines(
    place: "DestinationStatus", found: "Status", say: "CommandText", text: "Text"
) -> "Iterator[str]":
    at = place.written_at
    age = say("never_written") if at is None else text.ago((found.at - at).total_seconds())
    state = say("state_ok" if place.pause is None else "state_paused")
    yield f"{place.destination:24} {state:20} {age:18} {text.plural('records', place.records)}"
    if place.pause:
        yield f"    {place.pause}"
