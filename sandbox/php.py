"""PHP's reading of request parameters: bracketed names become nested arrays, with its quirks.

Follows `parse_str` of the PHP manual: a pair splits at its first `=`, an unclosed bracket
becomes an underscore, keys 0..n-1 in order make a list.
"""

from typing import Any
from urllib.parse import unquote_plus

Params = dict[str, Any]


def parse_query(raw: str) -> Params:
    """Read a query string or form body the way PHP would."""
    tree: Params = {}
    for pair in raw.split("&"):
        if not pair:
            continue
        key, _, value = pair.partition("=")
        _put(tree, unquote_plus(key), unquote_plus(value))
    return {key: _as_php(value) for key, value in tree.items()}


def as_map(value: object) -> Params:
    """Take a PHP array as a map: a list gets the keys 0..n-1, anything else is empty."""
    if isinstance(value, dict):
        return {str(key): item for key, item in value.items()}
    if isinstance(value, list):
        return {str(index): item for index, item in enumerate(value)}
    return {}


def as_list(value: object) -> list[Any]:
    """Take a PHP array as a list of its values; a scalar is a list of one, null is empty."""
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    return [] if value is None or value == "" else [value]


def empty_as_list(mapping: dict[str, Any]) -> dict[str, Any] | list[Any]:
    """Give a map as PHP encodes it: an empty one is `[]`."""
    return mapping or []


def _put(tree: Params, name: str, value: str) -> None:
    base, path = _split_name(name)
    node, key = tree, base
    for part in path:
        below = node.get(key)
        if not isinstance(below, dict):
            below = node[key] = {}
        node, key = below, part if part else _next_index(below)
    node[key] = value


def _split_name(name: str) -> tuple[str, list[str]]:
    opening = name.find("[")
    if opening < 1:
        return _plain(name), []
    if "]" not in name[opening:]:
        return _plain(name[:opening] + "_" + name[opening + 1 :]), []
    path: list[str] = []
    rest = name[opening:]
    while rest.startswith("[") and "]" in rest:
        part, _, rest = rest[1:].partition("]")
        path.append(part)
    return _plain(name[:opening]), path


def _plain(name: str) -> str:
    return name.lstrip().replace(".", "_").replace(" ", "_")


def _next_index(node: Params) -> str:
    return str(max((int(key) + 1 for key in node if key.isdigit()), default=0))


def _as_php(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if list(value) == [str(index) for index in range(len(value))]:
        return [_as_php(item) for item in value.values()]
    return {key: _as_php(item) for key, item in value.items()}
