"""`merilo schema`: the JSON Schema of the settings."""

import json

import typer


def schema() -> None:
    """Print the JSON Schema of the settings file."""
    from config.schema import settings_schema
    from merilo.wiring import source_models

    typer.echo(json.dumps(settings_schema(source_models()), ensure_ascii=False, indent=2))
