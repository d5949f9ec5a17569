"""The demonstration: a simulated portal, and the real agent that reads it and writes to it."""

import socket
import tempfile
import time
from pathlib import Path

import typer

from config.error import MeriloError
from kpi.period import month_of
from kpi.value import Query, values
from merilo.board import print_board
from merilo.command.run import serve
from merilo.context import Context
from merilo.cycle import run_cycle
from merilo.exit_code import ExitCode, code_of
from merilo.phrase import Phrase
from merilo.scorecard import apply_writeback, plan_writeback
from merilo.wiring import App, open_app
from sandbox.server import Box, start_sandbox

_SEED = 1
_EVENTS_A_MINUTE = 30.0
_PORT = 8600
_SETTINGS = """\
[merilo]
data_dir = "./data"
timezone = "Europe/Moscow"

[secrets]
backend    = "vault"
master_key = "generated"

[sources.main]
connector = "bitrix24"
url       = "{url}"
webhook   = "file:{secret}"
poll      = "5s"

[[destinations]]
source  = "main"
kind    = "scorecard"
metrics = ["calls_in", "calls_missed", "calls_out", "calls_reached", "talk_time", "calls_120s",
           "deals_created", "deals_won", "revenue", "average_deal", "win_rate"]
today   = ["calls_120s", "deals_won"]
every   = "30s"

[web]
listen = "127.0.0.1:{port}"
"""


def run_demo(*, once: bool) -> int:
    """Prints every step and its result; without `once` goes on live until Ctrl-C.

    Returns the exit code: 0 when the CRM shows exactly what the store holds.
    """
    began = time.monotonic()
    speed = 0.0 if once else _EVENTS_A_MINUTE
    with (
        tempfile.TemporaryDirectory(prefix="merilo-demo-") as folder,
        start_sandbox("bitrix24", scale="small", seed=_SEED, limits=True, speed=speed) as box,
    ):
        port = _free_port()
        context = Context(config_path=_write_settings(Path(folder), box, port))
        typer.echo("Merilo: показ на вымышленной компании. Учётная запись не нужна.")
        typer.echo(f"1. Песочница Битрикс24 отвечает на {box.url}")
        with open_app(context) as app:
            code = _first_cycle(app)
        typer.echo(f"Готово за {time.monotonic() - began:.1f} с.")
        if not once and code == ExitCode.OK:
            typer.echo(f"5. Доска отдела: http://127.0.0.1:{port}   Ctrl-C — остановить")
            serve(context)
    return code


def _first_cycle(app: App) -> ExitCode:
    result = run_cycle(app, "main")
    for error in result.errors:
        typer.echo(str(error), err=True)
        return code_of(error)
    read = ", ".join(f"{each.stream} {each.read}" for each in result.streams)
    typer.echo(f"2. Прочитано: {read}")
    typer.echo("3. Показатели за этот месяц:")
    _print_month(app)
    return _write_back(app)


def _print_month(app: App) -> None:
    """The metrics that are written to the CRM: all of them would be too wide to read."""
    names = app.settings.destinations[0].metrics
    vantage, own = app.vantage, app.settings.merilo
    today = vantage.now.astimezone(vantage.zone).date()
    query = Query(since=month_of(today).first, until=today, metrics=names)
    found = values(app.store, app.catalog, query, vantage)
    phrase = Phrase(own.language, own.currency, own.zone)
    print_board(found, [app.catalog.find(name) for name in names], phrase)


def _write_back(app: App) -> ExitCode:
    destination = app.settings.destinations[0]
    planned = plan_writeback(app, destination)
    typer.echo(f"4. План записи в CRM: {len(planned.steps)} шагов, {planned.writes} карточек")
    try:
        written = apply_writeback(app, destination)
    except MeriloError as error:
        typer.echo(str(error), err=True)
        return code_of(error)
    typer.echo(f"   Записано и перечитано, запуск {written.run}: {written.written} карточек")
    left = plan_writeback(app, destination)
    if left.steps:
        typer.echo(f"   CRM показывает не то, что хранилище: {left.steps[:3]}", err=True)
        return ExitCode.BUG
    typer.echo("   Проверка: CRM показывает то же, что хранилище")
    return ExitCode.OK


def _write_settings(folder: Path, box: Box, port: int) -> Path:
    secret, settings = folder / "webhook", folder / "merilo.toml"
    secret.touch(mode=0o600)
    secret.write_text(box.webhook)
    text = _SETTINGS.format(url=box.url, secret=secret, port=port)
    settings.write_text(text, encoding="utf-8")
    return settings


def _free_port() -> int:
    """The usual port of the page, or another one while it is taken."""
    for port in (_PORT, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return _PORT
