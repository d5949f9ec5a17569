"""`merilo writeback`: the plan, its application, and its undoing."""

import json as json_text
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.error import MeriloError
    from config.settings import DestinationSettings
    from merilo.command_text import CommandText
    from merilo.exit_code import ExitCode
    from merilo.wiring import App
    from writeback.plan import Step
    from writeback.result import WriteResult

app = typer.Typer(no_args_is_help=True, help="Write the numbers back into the CRM.")


@app.command("plan")
def show_plan(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a step.")] = False,
) -> None:
    """Show every step that `apply` would take. Sends nothing."""
    from merilo.command_text import CommandText
    from merilo.scorecard import plan_writeback
    from merilo.wiring import open_app

    codes = []
    with open_app(context.obj) as opened:
        say = CommandText(opened.settings.merilo.language)
        for destination in _destinations(opened, say):
            try:
                steps = plan_writeback(opened, destination).steps
            except _expected() as error:
                codes.append(_tell(destination.name, error))
                continue
            for step in steps:
                typer.echo(_json(step) if as_json else _line(step, say))
            if not steps and not as_json:
                typer.echo(say("nothing_to_change", name=destination.name))
    _leave(codes)


@app.command("apply")
def send(
    context: typer.Context,
    yes: Annotated[
        bool, typer.Option("--yes", help="Also a first write above max_first_writes.")
    ] = False,
) -> None:
    """Compute the plan anew, send it, verify by reading back."""
    from merilo.command_text import CommandText
    from merilo.scorecard import apply_writeback
    from merilo.wiring import open_app

    codes = []
    with open_app(context.obj) as opened:
        say = CommandText(opened.settings.merilo.language)
        for destination in _destinations(opened, say):
            try:
                result = apply_writeback(opened, destination, yes=yes)
            except _expected() as error:
                codes.append(_tell(destination.name, error))
                continue
            codes += _report(destination.name, result, say)
    _leave(codes)


@app.command("undo")
def take_back(
    context: typer.Context,
    run: Annotated[int, typer.Argument(metavar="RUN", help="The number that `apply` printed.")],
) -> None:
    """Put the old values back where ours still stand, and pause the destination."""
    from merilo.command_text import CommandText
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
        say = CommandText(opened.settings.merilo.language)
        typer.echo(say("put_back", name=found.destination, count=result.put_back))
        for left in result.left:
            fields = ", ".join(left.fields) or say("whole_record")
            typer.echo(say("left_as_is", key=left.key, fields=fields))
        _leave([ExitCode.PARTLY] if result.rejected else [])


def _destinations(opened: "App", say: "CommandText") -> "Iterator[DestinationSettings]":
    from kpi.engine import refresh

    refresh(opened.store, opened.catalog, opened.settings.merilo.zone)
    if not opened.settings.destinations:
        typer.echo(say("no_destinations"), err=True)
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


def _report(name: str, result: "WriteResult", say: "CommandText") -> "list[ExitCode]":
    from merilo.exit_code import ExitCode

    if result.run is None and not result.conflicts:
        typer.echo(say("nothing_to_change", name=name))
    if result.run is not None:
        typer.echo(say("written", run=result.run, name=name, count=result.written))
    for conflict in result.conflicts:
        what = conflict.field or say("record_deleted")
        typer.echo(say("edit_kept", key=conflict.key, what=what))
    for refused in result.rejected:
        typer.echo(f"  {refused.key}: {refused.reason}", err=True)
    if result.unresolved:
        typer.echo(say("unanswered", count=result.unresolved), err=True)
    codes = [ExitCode.REMOTE] if result.unresolved else []
    return [*codes, ExitCode.PARTLY] if result.rejected else codes


def _json(step: "Step") -> str:
    about = {**vars(step), "period": None if step.period is None else step.period.isoformat()}
    return json_text.dumps(about, ensure_ascii=False)


def _line(step: "Step", say: "CommandText") -> str:
    about = [step.destination, say(f"action_{step.action}")]
    if step.manager is not None and step.period is not None:
        about.append(f"{step.manager} · {step.period:%Y-%m}")
    elif step.record is not None:
        about.append(step.record)
    if step.field is not None:
        old, new = (say("empty") if each is None else each for each in (step.old, step.new))
        about.append(f"{step.field}: {old} → {new}")
    return "  ".join(about)
