"""`merilo status` and `merilo doctor`: how it is going, and what to do about it."""

import json as json_text
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

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
    from merilo.doctor import find_problems
    from merilo.status import read_status

    with _opened(context.obj) as app:
        problems = find_problems(app, read_status(app))
        language = app.settings.merilo.language
    for problem in problems:
        if as_json:
            typer.echo(json_text.dumps(vars(problem), ensure_ascii=False))
        else:
            typer.echo(f"• {problem.what}\n  → {problem.todo}")
    if not problems and not as_json:
        typer.echo("Everything is in order." if language == "en" else "Всё в порядке.")


def _opened(context: "Context") -> "AbstractContextManager[App]":
    """Like `open_app`, but secrets may be missing: nothing remote is asked."""
    from contextlib import closing

    from merilo.wiring import build_app, settings_from

    return closing(build_app(settings_from(context)))


def _lines(found: "Status", language: str) -> "Iterator[str]":
    from web.text import Text

    text = Text(language)
    is_english = language == "en"
    for each in found.streams:
        yield from _stream_lines(each, found, text, is_english=is_english)
    for place in found.destinations:
        yield from _destination_lines(place, found, text, is_english=is_english)
    if not found.streams:
        yield text("no_sources")


_STATES = {
    "ok": "в порядке",
    "reading": "идёт первое чтение",
    "stale": "устарел",
    "failing": "не читается",
    "never": "не читался",
    "absent": "нет в портале",
}


def _stream_lines(
    each: "StreamStatus", found: "Status", text: "Text", *, is_english: bool
) -> "Iterator[str]":
    state = each.state if is_english else _STATES[each.state]
    age = "—" if each.lag_s is None else text.ago(each.lag_s)
    rows = "—" if each.rows is None else text.plural("records", each.rows)
    aside = "set aside" if is_english else "в карантине"
    name = f"{each.source}/{each.stream}"
    yield f"{name:24} {state:20} {age:18} {rows:18} {aside}: {each.quarantined}"
    if each.late_at is not None:
        read = text.ago((found.at - each.late_at).total_seconds())
        yield f"    {'late rows read again' if is_english else 'поздние строки перечитаны'}: {read}"
    if each.error:
        yield f"    {each.error}"


def _destination_lines(
    place: "DestinationStatus", found: "Status", text: "Text", *, is_english: bool
) -> "Iterator[str]":
    at = place.written_at
    never = "never written" if is_english else "ещё не писали"
    age = never if at is None else text.ago((found.at - at).total_seconds())
    state = (
        ("ok" if is_english else "в порядке")
        if place.pause is None
        else ("paused" if is_english else "приостановлен")
    )
    yield f"{place.destination:24} {state:20} {age:18} {text.plural('records', place.records)}"
    if place.pause:
        yield f"    {place.pause}"
