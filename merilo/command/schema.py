"""`merilo schema`: the JSON Schema of the settings."""

import json

import typer


def schema() -> None:
    """Print the JSON Schema of the settings file."""
    from config.schema import settings_schema
    from merilo.wiring import SourceModels

    typer.echo(json.dumps(settings_schema(SourceModels()), ensure_ascii=False, indent=2))
