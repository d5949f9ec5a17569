"""`merilo sweep`: proves that the store holds what the CRM holds."""

from typing import Annotated

import typer

from merilo.command.sync import choose_sources


def sweep(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Sources; all if none.")
    ] = None,
    accept_removals: Annotated[
        bool, typer.Option("--accept-removals", help="Many records were really deleted.")
    ] = False,
) -> None:
    """Compare ids with the CRM: mark what was deleted there, fetch what was missed."""
    from merilo.command_text import CommandText
    from merilo.cycle import run_sweep
    from merilo.wiring import open_app

    with open_app(context.obj) as app:
        say = CommandText(app.settings.merilo.language)
        for source in choose_sources(app, sources):
            results = run_sweep(app, source, accept=accept_removals)
            for each in results:
                counts = {"compared": each.compared, "removed": each.removed, "missed": each.missed}
                typer.echo(say("swept", name=f"{source}/{each.stream}", **counts))
            if results:
                continue
            removes = any(each.existing_ids for each in app.connectors[source].streams)
            typer.echo(say("nothing_to_sweep" if removes else "never_removes", source=source))
