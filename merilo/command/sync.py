"""`merilo sync`: one pass over the sources, ending with the KPIs refreshed."""

import json as json_text
import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from merilo.command_text import CommandText
    from merilo.cycle import CycleResult
    from merilo.wiring import App
    from sync.page import StreamResult


def sync(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Sources; all if none.")
    ] = None,
    stream: Annotated[
        list[str] | None, typer.Option("--stream", metavar="S", help="Only this stream.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a stream.")] = False,
) -> None:
    """Read what changed; the first time reads everything, and may be interrupted and resumed."""
    from merilo.command_text import CommandText
    from merilo.cycle import run_cycle
    from merilo.exit_code import ExitCode, code_of, gravest
    from merilo.wiring import open_app

    codes = []
    with open_app(context.obj) as app:
        say = CommandText(app.settings.merilo.language)
        for source in choose_sources(app, sources):
            check_streams(app, source, stream or ())
            report = _progress(source, say)
            result = run_cycle(app, source, names=stream or (), full=full, report=report)
            _print(result, say, as_json=as_json)
            codes += [code_of(error) for error in result.errors]
            if any(each.quarantined for each in result.streams):
                codes.append(ExitCode.PARTLY)
    raise typer.Exit(gravest(codes))


def choose_sources(app: "App", wanted: "Sequence[str] | None") -> list[str]:
    """The named sources, or all; an unknown name is a mistake in the command."""
    from config.value import nearest

    names = list(app.settings.sources)
    for name in wanted or ():
        if name not in names:
            raise typer.BadParameter(f"there is no source {name!r}{nearest(name, names)}")
    return list(wanted or names)


def check_streams(app: "App", source: str, wanted: "Sequence[str]") -> None:
    """An unknown stream is a mistake in the command."""
    names = [each.name for each in app.connectors[source].streams]
    for name in wanted:
        if name not in names:
            known = ", ".join(names)
            raise typer.BadParameter(f"{source} has no stream {name!r}; it has {known}")


def _progress(source: str, say: "CommandText") -> "Callable[[StreamResult], None]":
    """Counts on one line of stderr while a person watches; nothing into a pipe."""
    if not sys.stderr.isatty():
        return lambda _result: None

    def show(result: "StreamResult") -> None:
        name = f"{source}/{result.stream}"
        sys.stderr.write(f"\r{say('progress', name=name, read=result.read)}\x1b[K")
        sys.stderr.flush()

    return show


def _print(result: "CycleResult", say: "CommandText", *, as_json: bool) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    if result.failed is not None and not as_json:
        typer.echo(f"{result.source}: {result.failed}", err=True)
        return
    for each in result.streams:
        if as_json:
            line = {
                "source": result.source,
                "stream": each.stream,
                "read": each.read,
                "changed": each.changed,
                "quarantined": each.quarantined,
                "absent": each.absent,
                "error": None if each.error is None else str(each.error),
            }
            typer.echo(json_text.dumps(line, ensure_ascii=False))
            continue
        name = f"{result.source}/{each.stream}"
        if each.error is not None:
            typer.echo(f"{name}: {each.error}", err=True)
        elif each.absent:
            typer.echo(say("no_such_records", name=name))
        else:
            aside = f", {say('aside')} {each.quarantined}" if each.quarantined else ""
            typer.echo(say("read", name=name, read=each.read, changed=each.changed) + aside)
