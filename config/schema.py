"""The JSON Schema of the settings file, for editors and for other programs."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from config.settings import Settings, SourceSettings
from config.value import format_duration

_REF = "#/$defs/{model}"


class _Generator(GenerateJsonSchema):
    """Shows a default duration as it is written in the file."""

    def encode_default(self, dft: Any) -> Any:
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def settings_schema(source_models: Mapping[str, type[SourceSettings]]) -> dict[str, Any]:
    """JSON Schema (2020-12) of `merilo.toml`; a source has the keys of its connector."""
    schema = Settings.model_json_schema(ref_template=_REF, schema_generator=_Generator)
    definitions = schema["$defs"]
    choices = []
    for name, model in sorted(source_models.items()):
        source = model.model_json_schema(ref_template=_REF, schema_generator=_Generator)
        definitions.update(source.pop("$defs", {}))
        source["properties"]["connector"] = {"const": name}
        definitions[f"source_{name}"] = source
        choices.append({"$ref": f"#/$defs/source_{name}"})
    if choices:
        del definitions["SourceSettings"]
        schema["properties"]["sources"]["additionalProperties"] = {"oneOf": choices}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
