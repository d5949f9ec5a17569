"""What the settings' types complain about, said in plain words at the place of the key."""

import re
from collections.abc import Iterator, Mapping
from typing import cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.choose import choose_source
from config.document import Document
from config.error import Problem
from config.locate import Path
from config.settings import Settings, SourceSettings
from config.value import closest, nearest

Models = Mapping[str, type[SourceSettings]]

_PLAIN = {
    "missing": "is required",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "tuple_type": "must be a list in [brackets]",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "string_too_short": "must not be empty",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "path_type": "must be a path in quotes",
}


def problems_of(error: ValidationError, document: Document, models: Models) -> Iterator[Problem]:
    """Every complaint of `error`, without the values that caused it.

    A required key that only stands there misspelt is told once, as the misspelling.
    """
    details = error.errors(include_url=False)
    meant = {_meant(detail, document, models) for detail in details}
    for detail in details:
        path = tuple(part for part in detail["loc"] if part != "[key]")
        if detail["type"] != "missing" or path not in meant:
            yield document.problem(path, _message(detail, document, models))


def _message(detail: ErrorDetails, document: Document, models: Models) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return "unknown key" + nearest(detail["loc"][-1], _fields(detail["loc"], document, models))
    if kind == "literal_error":
        valid = re.findall(r"'([^']*)'", context["expected"])
        near = closest(detail["input"], valid)
        return f"must be one of: {', '.join(valid)}" + (f'; did you mean "{near}"?' if near else "")
    if kind == "string_pattern_mismatch":
        field = _fields(detail["loc"], document, models)[str(detail["loc"][-1])]
        return f"is not understood; expected: {field}"
    if kind == "value_error":
        return str(context["error"])
    return _PLAIN.get(kind, detail["msg"]).format_map(context)


def _meant(detail: ErrorDetails, document: Document, models: Models) -> Path:
    """The path of the key that an unknown one was meant to be; () = unclear."""
    if detail["type"] != "extra_forbidden":
        return ()
    *parent, key = detail["loc"]
    name = closest(key, _fields(detail["loc"], document, models))
    return (*parent, name) if name else ()


def _fields(path: Path, document: Document, models: Models) -> dict[str, str]:
    """Name and description of every key valid beside the last key of `path`."""
    model = _model(path[:-1], document, models)
    return {
        str(field.validation_alias or name): field.description or ""
        for name, field in model.model_fields.items()
        if not field.exclude
    }


def _model(path: Path, document: Document, models: Models) -> type[BaseModel]:
    """The model of the table at `path`."""
    if not path:
        return Settings
    if path[0] == "sources":
        return choose_source(document.data["sources"][path[1]], models)
    annotation = Settings.model_fields[str(path[0])].annotation
    parts = (each for each in get_args(annotation) if isinstance(each, type))
    models_of = (each for each in parts if issubclass(each, BaseModel))
    return cast("type[BaseModel]", next(models_of, annotation))
