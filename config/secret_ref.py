"""The name of a secret as it stands in the settings, where its value never does."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from config.value import absolute

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
PATTERN = rf"^(secret:{NAME}|env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*)$"


@dataclass(frozen=True)
class SecretRef:
    """`secret:NAME` (in the configured vault), `env:NAME` or `file:PATH`."""

    kind: Literal["secret", "env", "file"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"

    @classmethod
    def parse(cls, text: object, base: Path | None = None) -> Self:
        """Read a reference, a path relative to `base`; ValueError never quotes `text`."""
        if not isinstance(text, str) or not re.fullmatch(PATTERN, text):
            msg = (
                "a secret is only named here, never written: use secret:NAME"
                " (then `merilo secrets set NAME`), env:NAME or file:PATH"
            )
            raise ValueError(msg)
        kind, name = text.split(":", 1)
        if kind == "file" and base is not None:
            name = str(absolute(Path(name), base))
        return cls(kind, name)  # type: ignore[arg-type]

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        def validate(value: object, info: ValidationInfo) -> SecretRef:
            return value if isinstance(value, SecretRef) else cls.parse(value, _base(info))

        return core_schema.with_info_plain_validator_function(
            validate, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {
            "type": "string",
            "pattern": PATTERN,
            "description": "A secret by reference: secret:NAME, env:NAME or file:PATH.",
        }


def _base(info: ValidationInfo) -> Path | None:
    return info.context.base if info.context is not None else None
