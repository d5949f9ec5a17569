"""`merilo quarantine`: records that made no sense, and reading them again."""

import json as json_text
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Records that made no sense and were set aside.")


@app.command("list")
def list_records(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a record.")] = False,
) -> None:
    """What is set aside: source, stream, record, reason, since when."""
    from merilo.command_text import CommandText
    from merilo.wiring import open_app
    from store.stream import quarantined

    with open_app(context.obj) as opened, opened.store.read() as tx:
        records = quarantined(tx)
        say = CommandText(opened.settings.merilo.language)
    for record in records:
        seen_at = record["seen_at"].isoformat()
        if as_json:
            fields = {name: record[name] for name in ("source", "stream", "ref", "reason", "keys")}
            typer.echo(json_text.dumps({**fields, "seen_at": seen_at}, ensure_ascii=False))
        else:
            typer.echo(f"{record['source']}/{record['stream']} {record['ref']}: {record['reason']}")
    if not records and not as_json:
        typer.echo(say("quarantine_empty"))


@app.command()
def replay(context: typer.Context) -> None:
    """Ask the source for every record set aside and try to understand it again."""
    from merilo import replay as again
    from merilo.command_text import CommandText
    from merilo.exit_code import ExitCode
    from merilo.wiring import open_app

    left = 0
    with open_app(context.obj) as opened:
        say = CommandText(opened.settings.merilo.language)
        for each in again.replay(opened):
            if each.understood is None:
                typer.echo(say("source_gone", source=each.source), err=True)
                continue
            left += each.aside - each.understood
            name = f"{each.source}/{each.stream}"
            typer.echo(say("understood", name=name, understood=each.understood, aside=each.aside))
    raise typer.Exit(ExitCode.PARTLY if left else ExitCode.OK)
