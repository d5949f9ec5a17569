"""How a request is signed: parameters sorted, hashed, and the hex text of the HMAC in base64.

As the vendor's own client does it (zadarma/user-api-v1, lib/Client.php). Base64 of the digest
itself, or %20 for spaces, is refused.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from hashlib import md5
from urllib.parse import urlencode


def query_of(params: Mapping[str, object]) -> str:
    """The parameters by name, with + for spaces: what is signed is what is sent."""
    return urlencode(sorted((name, str(value)) for name, value in params.items()))


def sign(path: str, query: str, secret: str) -> str:
    """The signature of a request for `path`, which begins and ends with a slash."""
    summed = md5(query.encode(), usedforsecurity=False).hexdigest()
    digest = hmac.new(secret.encode(), f"{path}{query}{summed}".encode(), "sha1").hexdigest()
    return b64encode(digest.encode()).decode()
