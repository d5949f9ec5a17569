"""A sandbox in a process of its own, so that its memory and CPU are not the agent's."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SETTINGS = """\
[merilo]
data_dir = "./data"

[secrets]
backend    = "vault"
master_key = "generated"

[sources.main]
connector = "bitrix24"
url       = "{url}"
webhook   = "file:{secret}"
since     = "2020-01-01"

[web]
listen = "127.0.0.1:{port}"
"""


@contextmanager
def portal(scale: str) -> Iterator[dict[str, Any]]:
    """A running Bitrix24 sandbox without limits; yields its url and webhook."""
    command = [sys.executable, "-m", "sandbox", "bitrix24", "--scale", scale, "--limits", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["bitrix24"]
        finally:
            process.terminate()


def write_settings(folder: Path, box: dict[str, Any], port: int = 8600) -> Path:
    """Settings for an agent that reads the portal."""
    secret, settings = folder / "webhook", folder / "merilo.toml"
    secret.touch(mode=0o600)
    secret.write_text(box["webhook"])
    settings.write_text(_SETTINGS.format(url=box["url"], secret=secret, port=port))
    return settings
