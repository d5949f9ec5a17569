"""How a request is signed: over the very text that is sent (VPBX API, "Подпись")."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode


def sign(key: str, text: str, salt: str) -> str:
    """sha256 of key, JSON text and salt, in hex."""
    return sha256(f"{key}{text}{salt}".encode()).hexdigest()


def signed_form(key: str, salt: str, payload: Mapping[str, Any]) -> bytes:
    """The body of a request; the JSON is made once, signed and sent as it is."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    form = {"vpbx_api_key": key, "sign": sign(key, text, salt), "json": text}
    return urlencode(form).encode()
