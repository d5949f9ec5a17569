"""Which connector's model a [sources.NAME] table is read by."""

import difflib
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

Model = TypeVar("Model")


def choose_source(table: Mapping[str, Any], models: Mapping[str, type[Model]]) -> type[Model]:
    """The model that `connector` names; ValidationError at that key when there is none.

    A misspelt key `connector` is looked through, so that its neighbours are checked too.
    """
    key = next(iter(difflib.get_close_matches("connector", list(table), n=1)), "connector")
    name = table.get(key)
    if isinstance(name, str) and name in models:
        return models[name]
    available = ", ".join(sorted(models)) or "none"
    problem = PydanticCustomError(
        "unknown_connector", "unknown connector, available: {available}", {"available": available}
    )
    line = InitErrorDetails(type="missing" if name is None else problem, loc=(key,), input=None)
    raise ValidationError.from_exception_data("source", [line], hide_input=True)
