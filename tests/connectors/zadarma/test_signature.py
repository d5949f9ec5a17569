"""Requests are signed as the vendor's own client signs them, and in no other way."""

import base64
import hmac
from hashlib import md5
from urllib.parse import quote

from connectors.zadarma.signature import query_of, sign
from tests.connectors.zadarma.account import payload

CASE = payload("signature")


def test_parameters_are_sorted_and_spaces_are_plus() -> None:
    assert query_of(CASE["params"]) == CASE["query"]
    backwards = dict(reversed(CASE["params"].items()))
    assert query_of(backwards) == CASE["query"]


def test_the_vector_of_the_official_client_comes_out() -> None:
    signature = sign(CASE["method"], CASE["query"], CASE["secret"])
    assert f"{CASE['user_key']}:{signature}" == CASE["authorization"]


def test_base64_of_the_digest_itself_is_another_signature() -> None:
    """What clients do that take the raw twenty bytes."""
    summed = md5(CASE["query"].encode(), usedforsecurity=False).hexdigest()
    text = f"{CASE['method']}{CASE['query']}{summed}".encode()
    raw = base64.b64encode(hmac.new(CASE["secret"].encode(), text, "sha1").digest()).decode()
    assert raw == CASE["wrong_raw_digest_variant"]
    assert sign(CASE["method"], CASE["query"], CASE["secret"]) != raw


def test_another_spelling_of_the_query_is_another_signature() -> None:
    ours = sign(CASE["method"], CASE["query"], CASE["secret"])
    spaced = CASE["query"].replace("+", "%20")
    unsorted = "&".join(f"{name}={quote(str(value))}" for name, value in CASE["params"].items())
    without_format = CASE["query"].replace("format=json&", "")
    for other in (spaced, unsorted, without_format):
        assert sign(CASE["method"], other, CASE["secret"]) != ours
