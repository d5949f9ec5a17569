"""batch: up to fifty commands in one request, each able to use the results before it."""

import re
from collections.abc import Callable
from typing import Any

from sandbox.bitrix24.envelope import ApiError, Reply
from sandbox.php import Params, as_map, empty_as_list, parse_query

MAX_COMMANDS = 50
_REFERENCE = re.compile(r"\$result((?:\[[^\[\]]*\])+)")
_PART = re.compile(r"\[([^\[\]]*)\]")
Runner = Callable[[str, Params], tuple[Reply, dict[str, Any]]]


def run_batch(params: Params, run: Runner) -> Reply:
    """Run the commands in order; errors stay beside the results, the answer is a success.

    Every map that stays empty is `[]`. After an error under `halt` the rest is not run and
    leaves no key.
    """
    outcome = _Outcome()
    halt = str(params.get("halt", "0")).casefold() in ("1", "true", "y")
    for number, (key, command) in enumerate(as_map(params.get("cmd")).items()):
        try:
            if number >= MAX_COMMANDS:
                raise ApiError(400, "ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded")
            name, inner = read_command(str(command), outcome.result)
            if name.casefold() == "batch":
                text = "Method is not allowed for batch usage"
                raise ApiError(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", text)
            outcome.keep(key, *run(name, inner))
        except ApiError as error:
            outcome.error[key] = error.body()
            if halt:
                break
    return Reply(outcome.shown())


def read_command(command: str, results: dict[str, Any]) -> tuple[str, Params]:
    """Split `method?query`; references are filled in after the query has been decoded."""
    name, _, query = command.partition("?")
    filled: Params = _fill(parse_query(query), results)
    return name.strip(), filled


def command_names(params: Params) -> list[str]:
    """The methods a batch asks for, for the log and for faults."""
    return [str(command).partition("?")[0] for command in as_map(params.get("cmd")).values()]


class _Outcome:
    def __init__(self) -> None:
        self.result: dict[str, Any] = {}
        self.error: dict[str, Any] = {}
        self.total: dict[str, Any] = {}
        self.next: dict[str, Any] = {}
        self.time: dict[str, Any] = {}

    def keep(self, key: str, reply: Reply, time: dict[str, Any]) -> None:
        self.result[key] = reply.result
        self.time[key] = time
        if reply.total is not None:
            self.total[key] = reply.total
        if reply.next is not None:
            self.next[key] = reply.next

    def shown(self) -> dict[str, Any]:
        return {
            "result": empty_as_list(self.result),
            "result_error": empty_as_list(self.error),
            "result_total": empty_as_list(self.total),
            "result_next": empty_as_list(self.next),
            "result_time": empty_as_list(self.time),
        }


def _fill(value: Any, results: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _fill(item, results) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, results) for item in value]
    if not isinstance(value, str) or "$result" not in value:
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _resolve(whole[1], results)
    return _REFERENCE.sub(lambda found: str(_resolve(found[1], results)), value)


def _resolve(path: str, results: dict[str, Any]) -> Any:
    """What a reference names; nothing there makes an empty string."""
    node: Any = results
    for part in _PART.findall(path):
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return ""
    return "" if node is None else node
