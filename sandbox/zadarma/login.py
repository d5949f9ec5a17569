"""Whether a request is signed as the vendor's own client signs it (lib/Client.php)."""

import base64
import hashlib
import hmac
from urllib.parse import parse_qsl, quote_plus


def is_signed(authorization: str, path: str, query: str, key: str, secret: str) -> bool:
    """`query` as it came: the vendor sorts its parameters and writes them anew before it looks."""
    asked = sorted(parse_qsl(query, keep_blank_values=True))
    text = "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in asked)
    summed = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
    mac = hmac.new(secret.encode(), f"{path}{text}{summed}".encode(), hashlib.sha1)
    wanted = f"{key}:{base64.b64encode(mac.hexdigest().encode()).decode()}"
    return hmac.compare_digest(wanted.encode(), authorization.encode())
