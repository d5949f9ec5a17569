"""Structured logs on standard error: JSON for machines, lines for a terminal, never a secret."""

import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import structlog

HIDDEN = "[hidden]"
_SHORTEST = 6
_QUIET = ("httpx", "httpcore", "apscheduler", "uvicorn", "keyring", "alembic")
_PATTERNS = (
    # The address of a Bitrix24 webhook: /rest/<user id>/<code>/method.
    (re.compile(r"(/rest/\d+/)[^/\s\"'?]+"), rf"\1{HIDDEN}"),
    (
        re.compile(
            r"(?i)\b(auth|access_token|refresh_token|token|client_secret|password|api_key)"
            r"(=|%3D)[^&\s\"']+"
        ),
        rf"\1\2{HIDDEN}",
    ),
    (re.compile(r"(?i)\b(bearer|basic)(\s+)[\w.~+/=-]{4,}"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b(cookie\"?'?\s*[:=]\s*)[^\r\n]+"), rf"\1{HIDDEN}"),
    # User and password of a database address.
    (re.compile(r"(://)[^/\s:@]+:[^/\s@]+@"), rf"\1{HIDDEN}@"),
)


def configure_logging(
    json: bool | None, secrets: Callable[[], Iterable[str]], level: int = logging.INFO
) -> None:
    """Sends everything logged, by structlog or the standard library, the same safe way.

    `json` None: lines for people when standard error is a terminal. `secrets` gives the values
    that must never appear; it is asked for every line, so it must be cheap. Less than `level` is
    not logged.
    """
    as_json = not sys.stderr.isatty() if json is None else json
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    finish: list[Any] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        # Tracebacks become plain text, without the values of variables, before they are redacted.
        structlog.processors.format_exc_info,
        Redact(secrets),
        _renderer(as_json),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=finish)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class Redact:
    """The last processor before rendering: turns every value into text without secrets."""

    def __init__(self, secrets: Callable[[], Iterable[str]]) -> None:
        self._secrets = secrets

    def __call__(
        self, _logger: object, _name: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        known = _matcher(frozenset(self._secrets()))
        return {key: _clean(value, known) for key, value in event.items()}


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the given values, webhook codes, tokens and passwords."""
    return _hide(text, _matcher(frozenset(secrets)))


def _renderer(as_json: bool) -> Any:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=repr)
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty() and "NO_COLOR" not in os.environ,
        timestamp_key="at",
        exception_formatter=structlog.dev.plain_traceback,
    )


@lru_cache(maxsize=4)
def _matcher(secrets: frozenset[str]) -> re.Pattern[str] | None:
    parts = {part for secret in secrets for part in (secret, *re.split(r"[/:\s]", secret))}
    kept = [part for part in parts if len(part) >= _SHORTEST and not part.isdecimal()]
    forms = {form for part in kept for form in (part, quote(part), quote(part, safe=""))}
    forms |= secrets - {""}
    if not forms:
        return None
    return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))


def _clean(value: Any, known: re.Pattern[str] | None) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_hide(str(key), known): _clean(each, known) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(each, known) for each in value]
    return _hide(value if isinstance(value, str) else _text(value), known)


def _text(value: object) -> str:
    return str(value) if isinstance(value, Exception) or _speaks(value) else repr(value)


def _speaks(value: object) -> bool:
    return type(value).__str__ is not object.__str__


def _hide(text: str, known: re.Pattern[str] | None) -> str:
    if known is not None:
        text = known.sub(HIDDEN, text)
    for pattern, instead in _PATTERNS:
        text = pattern.sub(instead, text)
    return text
