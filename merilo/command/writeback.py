"""`merilo writeback`: the plan, its application, and its undoing."""

import json as json_text
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.error import MeriloError
    from config.settings import DestinationSettings
    from merilo.exit_code import ExitCode
    from merilo.wiring import App
    from writeback.plan import Step
    from writeback.result import WriteResult

app = typer.Typer(no_args_is_help=True, help="Write the numbers back into the CRM.")

_ACTIONS = {
    "create_type": "создать смарт-процесс",
    "create_field": "создать поле",
    "create": "создать",
    "adopt": "принять",
    "update": "изменить",
    "conflict": "правка человека",
}


@app.command("plan")
def show_plan(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a step.")] = False,
) -> None:
    """Show every step that `apply` would take. Sends nothing."""
    from merilo.scorecard import plan_writeback
    from merilo.wiring import open_app

    codes = []
    with open_app(context.obj) as opened:
        for destination in _destinations(opened):
            try:
                steps = plan_writeback(opened, destination).steps
            except _expected() as error:
                codes.append(_tell(destination.name, error))
                continue
            for step in steps:
                typer.echo(_json(step) if as_json else _line(step))
            if not steps and not as_json:
                typer.echo(f"{destination.name}: менять нечего")
    _leave(codes)


@app.command("apply")
def send(
    context: typer.Context,
    yes: Annotated[
        bool, typer.Option("--yes", help="Also a first write above max_first_writes.")
    ] = False,
) -> None:
    """Compute the plan anew, send it, verify by reading back."""
    from merilo.scorecard import apply_writeback
    from merilo.wiring import open_app

    codes = []
    with open_app(context.obj) as opened:
        for destination in _destinations(opened):
            try:
                result = apply_writeback(opened, destination, yes=yes)
            except _expected() as error:
                codes.append(_tell(destination.name, error))
                continue
            codes += _report(destination.name, result)
    _leave(codes)


@app.command("undo")
def take_back(
    context: typer.Context,
    run: Annotated[int, typer.Argument(metavar="RUN", help="The number that `apply` printed.")],
) -> None:
    """Put the old values back where ours still stand, and pause the destination."""
    from merilo.exit_code import ExitCode
    from merilo.scorecard import undo_writeback
    from merilo.wiring import open_app
    from store.ledger import find_run

    with open_app(context.obj) as opened:
        with opened.store.read() as tx:
            found = find_run(tx, run)
        places = {each.name: each for each in opened.settings.destinations}
        if found is None or found.destination not in places:
            raise typer.BadParameter(f"there is no run {run} of a configured destination")
        result = undo_writeback(opened, places[found.destination], run)
        typer.echo(f"{found.destination}: возвращено записей {result.put_back}; запись на паузе")
        for left in result.left:
            fields = ", ".join(left.fields) or "запись целиком"
            typer.echo(f"  {left.key}: оставлено как есть ({fields})")
        _leave([ExitCode.PARTLY] if result.rejected else [])


def _destinations(opened: "App") -> "Iterator[DestinationSettings]":
    from kpi.engine import refresh

    refresh(opened.store, opened.catalog, opened.settings.merilo.zone)
    if not opened.settings.destinations:
        typer.echo("В настройках нет ни одного [[destinations]]", err=True)
    yield from opened.settings.destinations


def _expected() -> "type[MeriloError]":
    from config.error import MeriloError

    return MeriloError


def _tell(name: str, error: "MeriloError") -> "ExitCode":
    from merilo.exit_code import code_of

    typer.echo(f"{name}: {error}", err=True)
    return code_of(error)


def _leave(codes: "list[ExitCode]") -> None:
    from merilo.exit_code import gravest

    raise typer.Exit(gravest(codes))


def _report(name: str, result: "WriteResult") -> "list[ExitCode]":
    from merilo.exit_code import ExitCode

    if result.run is None and not result.conflicts:
        typer.echo(f"{name}: менять нечего")
    if result.run is not None:
        typer.echo(f"RUN {result.run} {name}: записано {result.written}")
    for conflict in result.conflicts:
        what = conflict.field or "запись удалена"
        typer.echo(f"  {conflict.key}: правка человека оставлена ({what})")
    for refused in result.rejected:
        typer.echo(f"  {refused.key}: {refused.reason}", err=True)
    if result.unresolved:
        typer.echo(f"  без ответа {result.unresolved}: выяснится при следующем запуске", err=True)
    codes = [ExitCode.REMOTE] if result.unresolved else []
    return [*codes, ExitCode.PARTLY] if result.rejected else codes


def _json(step: "Step") -> str:
    about = {**vars(step), "period": None if step.period is None else step.period.isoformat()}
    return json_text.dumps(about, ensure_ascii=False)


def _line(step: "Step") -> str:
    about = [step.destination, _ACTIONS[step.action]]
    if step.manager is not None and step.period is not None:
        about.append(f"{step.manager} · {step.period:%Y-%m}")
    elif step.record is not None:
        about.append(step.record)
    if step.field is not None:
        about.append(f"{step.field}: {_shown(step.old)} → {_shown(step.new)}")
    return "  ".join(about)


def _shown(text: str | None) -> str:
    return "пусто" if text is None else text
