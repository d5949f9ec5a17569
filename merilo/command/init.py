"""`merilo init`: the first settings file."""

from pathlib import Path
from typing import Annotated

import typer

from merilo.context import Context


def init(
    context: typer.Context,
    connectors: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CONNECTOR]...",
            help="What is read: bitrix24, amocrm, mango, itoolabs, uis, zadarma, cdr, imap.",
        ),
    ] = None,
) -> None:
    """Write a commented settings file; an existing one is never overwritten."""
    from config.error import ConfigError
    from config.example import example_secrets, example_settings

    asked: Context = context.obj
    path = asked.config_path or Path("merilo.toml")
    try:
        text = example_settings(connectors or ())
        _write_new(path, text)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    typer.echo(f"Записан {path}. Дальше:")
    typer.echo("  1. впишите в него адрес портала;")
    for name, word in example_secrets(connectors or ()):
        typer.echo(f"  2. merilo secrets set {name}   (спросит {word}, на экране его не будет);")
    typer.echo("  3. merilo check")


def _write_new(path: Path, text: str) -> None:
    from config.error import ConfigError

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(
            f"{path} is already there.",
            did="It was left as it is.",
            todo="Name another file: merilo --config FILE init",
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}.") from None
