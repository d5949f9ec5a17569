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
    from merilo.wiring import open_app
    from store.stream import quarantined

    with open_app(context.obj) as opened, opened.store.read() as tx:
        records = quarantined(tx)
    for record in records:
        seen_at = record["seen_at"].isoformat()
        if as_json:
            fields = {name: record[name] for name in ("source", "stream", "ref", "reason", "keys")}
            typer.echo(json_text.dumps({**fields, "seen_at": seen_at}, ensure_ascii=False))
        else:
            typer.echo(f"{record['source']}/{record['stream']} {record['ref']}: {record['reason']}")
    if not records and not as_json:
        typer.echo("Карантин пуст.")


@app.command()
def replay(context: typer.Context) -> None:
    """Ask the source for every record set aside and try to understand it again."""
    from kpi.engine import refresh
    from merilo.exit_code import ExitCode
    from merilo.wiring import open_app
    from store.stream import quarantined
    from sync.page import fetch_records

    with open_app(context.obj) as opened:
        with opened.store.read() as tx:
            records = quarantined(tx)
        left = 0
        for name, stream_name in sorted({(each["source"], each["stream"]) for each in records}):
            if name not in opened.connectors:
                typer.echo(f"{name}: источника больше нет в настройках", err=True)
                continue
            source = opened.source(name)
            stream = next(each for each in source.connector.streams if each.name == stream_name)
            place = (name, stream_name)
            refs = [each["ref"] for each in records if (each["source"], each["stream"]) == place]
            result = fetch_records(source, stream, refs)
            left += result.quarantined
            understood = result.read - result.quarantined
            typer.echo(f"{name}/{stream_name}: понято {understood} из {len(refs)}")
        refresh(opened.store, opened.catalog, opened.settings.merilo.zone)
    raise typer.Exit(ExitCode.PARTLY if left else ExitCode.OK)
