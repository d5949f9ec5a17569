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
    from merilo.cycle import run_sweep
    from merilo.wiring import open_app

    with open_app(context.obj) as app:
        for source in choose_sources(app, sources):
            results = run_sweep(app, source, accept=accept_removals)
            for each in results:
                typer.echo(
                    f"{source}/{each.stream}: сверено {each.compared}, "
                    f"удалено {each.removed}, дочитано {each.missed}"
                )
            if results:
                continue
            if any(each.existing_ids for each in app.connectors[source].streams):
                typer.echo(f"{source}: сверять нечего, сначала выполните merilo sync {source}")
            else:
                typer.echo(f"{source}: эта система записей не удаляет; последний месяц перечитан")
