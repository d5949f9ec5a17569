"""The published schema says the same as the loader."""

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from config.example import example_settings
from config.schema import settings_schema
from tests.config.portal import FULL, PortalSettings
from tests.config.test_mistake import TYPOS, keys

SCHEMA = settings_schema({"bitrix24": PortalSettings})
KINDS = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def mistakes(node: Any, schema: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a value, for the words of JSON Schema that our schema uses."""
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    for word in ("anyOf", "oneOf"):
        choices = [list(mistakes(node, choice)) for choice in schema.get(word, ())]
        if choices and all(choices):
            yield f"{word}: {choices}"
    if "const" in schema and node != schema["const"]:
        yield f"{node!r} is not {schema['const']!r}"
    if "enum" in schema and node not in schema["enum"]:
        yield f"{node!r} is not in {schema['enum']}"
    if "type" in schema and schema["type"] != "null" and type(node) is not KINDS[schema["type"]]:
        yield f"{node!r} is not {schema['type']}"
    elif schema.get("type") == "null":
        yield "null"
    elif isinstance(node, dict):
        yield from table_mistakes(node, schema)
    elif isinstance(node, list):
        yield from (each for item in node for each in mistakes(item, schema.get("items", {})))
    elif isinstance(node, str) and not re.search(schema.get("pattern", ""), node):
        yield f"{node!r} does not match"


def table_mistakes(node: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{key} is missing" for key in schema.get("required", ()) if key not in node)
    for key, value in node.items():
        rest = schema.get("additionalProperties", True)
        if key in known:
            yield from mistakes(value, known[key])
        elif isinstance(rest, dict):
            yield from mistakes(value, rest)
        elif not rest:
            yield f"{key} is unknown"


@pytest.mark.parametrize("text", [FULL, example_settings(), ""])
def test_what_loads_fits_the_schema(text: str) -> None:
    assert list(mistakes(tomllib.loads(text), SCHEMA)) == []


@pytest.mark.parametrize(("start", "end", "key"), list(keys()))
def test_a_misspelt_key_does_not_fit_the_schema(start: int, end: int, key: str) -> None:
    text = FULL[:start] + key[:-1] + "x" + key[-1] + FULL[end:]
    assert list(mistakes(tomllib.loads(text), SCHEMA))


def test_typos_and_secrets_in_clear_do_not_fit_the_schema() -> None:
    assert list(mistakes(tomllib.loads(TYPOS), SCHEMA))
    clear = FULL.replace("secret:main-webhook", "7/abcdef")
    assert list(mistakes(tomllib.loads(clear), SCHEMA))


def test_the_schema_is_json_explains_every_key_and_hides_what_is_ours() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert "path" not in SCHEMA["properties"]
    tables = [table for table in SCHEMA["$defs"].values() if "properties" in table]
    assert len(tables) >= 9
    for table in tables:
        assert table["description"]
        for name, key in table["properties"].items():
            assert name == "connector" or key["description"], name


def test_default_durations_are_shown_as_one_writes_them() -> None:
    source = SCHEMA["$defs"]["source_bitrix24"]["properties"]
    assert (source["poll"]["default"], source["sweep"]["default"]) == ("1m", "1d")
