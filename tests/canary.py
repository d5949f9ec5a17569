"""Made-up secrets that no output may show: the run fails when one is seen (see conftest)."""

import re
import secrets

_CANARY = re.compile(r"CANARY-[\w.-]+-[0-9a-f]{16}")


def canary(name: str) -> str:
    """A new secret for a test, unmistakable wherever it turns up."""
    return f"CANARY-{name}-{secrets.token_hex(8)}"


def seen_canaries(text: str) -> list[str]:
    """The made-up secrets that stand in a text, each once, in alphabetical order."""
    return sorted(set(_CANARY.findall(text)))
