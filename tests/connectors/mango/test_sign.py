"""Signatures: the reference's vectors, and what is signed is what is sent."""

import json
from urllib.parse import parse_qs

import pytest

from connectors.mango.sign import sign, signed_form
from tests.connectors.mango.exchange import PAYLOADS

KEY, SALT = "demo_vpbx_api_key_0001", "demo_vpbx_api_salt_0001"
RAW = '{"extension":"101","name":"Айгүл"}'


def vector() -> dict[str, str]:
    found: dict[str, str] = json.loads((PAYLOADS / "signature.json").read_text(encoding="utf-8"))
    return found


def test_the_vector_of_the_reference() -> None:
    known = vector()
    assert sign(known["key"], known["json"], known["salt"]) == known["sign"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RAW, "b03cbdf827e6921a9d5474641078feb442a64874da9aa3c5da205e6343dbd85f"),
        (
            json.dumps({"extension": "101", "name": "Айгүл"}, separators=(",", ":")),
            "97a4467b7bbbaa94772e57b8026b7dbbb2ab1fabc3fb2eb5f4c491eeae2ef429",
        ),
    ],
    ids=["raw letters", "escaped letters"],
)
def test_both_spellings_of_other_letters_have_their_own_sign(text: str, expected: str) -> None:
    assert sign(KEY, text, SALT) == expected


def test_the_text_that_is_sent_is_the_text_that_was_signed() -> None:
    body = signed_form(KEY, SALT, {"extension": "101", "name": "Айгүл"})
    form = {name: found[0] for name, found in parse_qs(body.decode()).items()}
    assert form == {"vpbx_api_key": KEY, "json": RAW, "sign": sign(KEY, RAW, SALT)}


def test_an_order_of_a_report_is_spelt_as_in_the_vector() -> None:
    known = vector()
    body = signed_form(known["key"], known["salt"], json.loads(known["json"]))
    assert parse_qs(body.decode())["sign"] == [known["sign"]]
