"""The command line: which verbs there are. What a verb needs is imported when it runs."""

from pathlib import Path
from typing import Annotated

import typer

from merilo import __version__
from merilo.command import (
    check,
    demo,
    explain,
    init,
    kpi,
    login,
    quarantine,
    run,
    sandbox,
    schema,
    secrets,
    status,
    sweep,
    sync,
    writeback,
)
from merilo.context import Context

app = typer.Typer(
    name="merilo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Sales KPIs per manager, counted from the CRM and written back into it.",
)


@app.callback()
def start(
    context: typer.Context,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="The settings file.")
    ] = None,
) -> None:
    """Remembers where the settings are."""
    context.obj = Context(config_path=config)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


app.command()(init.init)
app.command()(check.check)
app.command()(schema.schema)
app.add_typer(secrets.app, name="secrets")
app.command()(login.login)
app.command()(run.run)
app.command()(sync.sync)
app.command()(sweep.sweep)
app.add_typer(kpi.app, name="kpi")
app.command()(explain.explain)
app.add_typer(writeback.app, name="writeback")
app.command()(status.status)
app.command()(status.doctor)
app.add_typer(quarantine.app, name="quarantine")
app.command()(sandbox.sandbox)
app.command()(demo.demo)
