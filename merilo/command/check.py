"""`merilo check`: settings, secrets, rights and clocks of every source; what each metric has."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.base import Check
    from merilo.command_text import CommandText
    from merilo.exit_code import ExitCode
    from merilo.wiring import App


def check(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no source.")] = False,
) -> None:
    """Look at everything that must be right before the service starts."""
    from merilo.command_text import CommandText
    from merilo.exit_code import ExitCode, gravest
    from merilo.wiring import open_app

    with open_app(context.obj) as app:
        say = CommandText(app.settings.merilo.language)
        _print(say("ok"), say("settings"), str(app.settings.path))
        for found in app.secrets.test():
            _print(say("ok" if found.ok else "error"), say("secrets"), found.what, found.advice)
        codes: list[ExitCode] = []
        codes += _check_keeping(app, say)
        for source in app.settings.sources if not offline else ():
            codes += _check_source(app, source, say)
        _print_metrics(app, say)
    raise typer.Exit(gravest(codes))


def _print(mark: str, name: str, what: str, advice: str = "") -> None:
    """A line in three columns; advice stands below, under the second one."""
    typer.echo(f"{mark:7} {name:15} {what}")
    if advice:
        typer.echo(f"{'':7} {advice}")


def _check_keeping(app: "App", say: "CommandText") -> "Iterator[ExitCode]":
    """Tokens of OAuth are renewed, so they must be kept where this program can write."""
    from merilo.exit_code import ExitCode
    from merilo.known_secret import enters_by_oauth

    for source in app.settings.sources:
        if enters_by_oauth(app.settings, source) and not app.secrets.writable:
            what = say("no_place_for_tokens", place=app.secrets.place)
            _print(say("error"), source, what, say("set_backend"))
            yield ExitCode.SETTINGS


def _check_source(app: "App", source: str, say: "CommandText") -> "Iterator[ExitCode]":
    from connectors.error import RemoteError
    from merilo.exit_code import ExitCode, code_of

    try:
        for each in app.connectors[source].check(app.client(source)):
            _print_check(source, each, say)
            if not each.ok:
                yield ExitCode.LOGIN
    except RemoteError as error:
        _print(say("error"), source, str(error))
        yield code_of(error)


def _print_check(source: str, each: "Check", say: "CommandText") -> None:
    _print(say("ok" if each.ok else "error"), source, f"{each.name}: {each.detail}", each.todo)


def _print_metrics(app: "App", say: "CommandText") -> None:
    """Whether some configured source, and the settings, feed what each metric needs."""
    from merilo.lack import lack_of, unused

    vantage = app.vantage
    for key, why in unused(app.catalog, app.settings, vantage):
        typer.echo(f"{say('unused'):7} {key}: {why}")
    for name, metric in app.catalog.metrics.items():
        lack = lack_of(metric, vantage, say.language)
        if lack:
            _print(say("missing"), name, lack)
        else:
            typer.echo(f"{say('ok'):7} {name}")
