"""`merilo check`: settings, secrets, rights and clocks of every source; what each metric has."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.base import Check
    from merilo.exit_code import ExitCode
    from merilo.wiring import App


def check(
    context: typer.Context,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no source.")] = False,
) -> None:
    """Look at everything that must be right before the service starts."""
    from merilo.exit_code import ExitCode, gravest
    from merilo.wiring import open_app

    with open_app(context.obj) as app:
        typer.echo(f"ok      настройки       {app.settings.path}")
        for found in app.secrets.test():
            typer.echo(f"{'ok' if found.ok else 'ошибка':7} секреты         {found.what}")
            if found.advice:
                typer.echo(f"        {found.advice}")
        codes: list[ExitCode] = []
        codes += _check_keeping(app)
        for source in app.settings.sources if not offline else ():
            codes += _check_source(app, source)
        _print_metrics(app)
    raise typer.Exit(gravest(codes))


def _check_keeping(app: "App") -> "Iterator[ExitCode]":
    """Tokens of OAuth are renewed, so they must be kept where this program can write."""
    from merilo.exit_code import ExitCode
    from merilo.known_secret import enters_by_oauth

    for source in app.settings.sources:
        if enters_by_oauth(app.settings, source) and not app.secrets.writable:
            typer.echo(f"ошибка  {source:15} токены OAuth негде хранить: {app.secrets.place}")
            typer.echo('        Задайте [secrets] backend = "vault" (или "auto", "os", "file").')
            yield ExitCode.SETTINGS


def _check_source(app: "App", source: str) -> "Iterator[ExitCode]":
    from connectors.error import RemoteError
    from merilo.exit_code import ExitCode, code_of

    try:
        for each in app.connectors[source].check(app.client(source)):
            _print_check(source, each)
            if not each.ok:
                yield ExitCode.LOGIN
    except RemoteError as error:
        typer.echo(f"ошибка  {source:15} {error}")
        yield code_of(error)


def _print_check(source: str, each: "Check") -> None:
    typer.echo(f"{'ok' if each.ok else 'ошибка':7} {source:15} {each.name}: {each.detail}")
    if each.todo:
        typer.echo(f"        {each.todo}")


def _print_metrics(app: "App") -> None:
    """Whether some configured source, and the settings, feed what each metric needs."""
    from merilo.lack import lack_of, unused

    vantage = app.vantage
    for key, why in unused(app.catalog, app.settings, vantage):
        typer.echo(f"лишнее  {key}: {why}")
    for name, metric in app.catalog.metrics.items():
        lack = lack_of(metric, vantage, "ru")
        typer.echo(f"нет     {name:15} {lack}" if lack else f"ok      {name}")
