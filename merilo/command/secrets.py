"""`merilo secrets`: keep secret values where the settings say, list their names, test the place."""

import sys
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Secrets by name; their values are never shown.")


@app.command("set")
def set_secret(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As in secret:NAME of the settings.")],
) -> None:
    """Keep a secret; its value comes from standard input or a prompt, never from an argument."""
    from config.secret import open_secrets
    from config.secret_ref import SecretRef
    from merilo.wiring import settings_from

    try:
        SecretRef.parse(f"secret:{name}")
    except ValueError:
        hint = "letters, digits, dot, _ and -, at most 64"
        raise typer.BadParameter(hint, param_hint="NAME") from None
    settings = settings_from(context.obj)
    store = open_secrets(settings.secrets, settings.merilo.data_dir)
    store.set(name, _value(name))
    typer.echo(f"secret:{name}: {store.place}", err=True)


@app.command("list")
def list_secrets(context: typer.Context) -> None:
    """Names that are kept or that the settings refer to: name, state, where it is used."""
    from config.secret import list_states, open_secrets
    from merilo.wiring import settings_from

    settings = settings_from(context.obj)
    store = open_secrets(settings.secrets, settings.merilo.data_dir)
    for state in list_states(settings, store):
        word = "set" if state.present else "missing"
        typer.echo(f"{state.ref}\t{word}\t{', '.join(state.used_by)}")


@app.command("test")
def test_secrets(context: typer.Context) -> None:
    """Whether the place of the secrets works and each one referred to is there (exit 78 if not)."""
    from config.secret import list_states, open_secrets
    from merilo.wiring import settings_from

    settings = settings_from(context.obj)
    store = open_secrets(settings.secrets, settings.merilo.data_dir)
    checks = store.test()
    for check in checks:
        typer.echo(f"{'ok' if check.ok else 'FAILED'}\t{check.what}\t{check.advice}")
    states = list_states(settings, store) if all(check.ok for check in checks) else []
    for state in states:
        typer.echo(f"{'ok' if state.present else 'FAILED'}\t{state.ref}\t{state.advice}")
    if not all(item.ok for item in checks) or not all(state.present for state in states):
        raise typer.Exit(78)


def _value(name: str) -> str:
    if sys.stdin.isatty():
        return str(typer.prompt(f"secret:{name}", hide_input=True, err=True))
    return sys.stdin.read()
