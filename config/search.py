"""Where the settings file is looked for."""

import os
from collections.abc import Mapping
from pathlib import Path

from config.error import ConfigError

SYSTEM = Path("/etc/merilo/merilo.toml")


def find_files(path: Path | None, environ: Mapping[str, str]) -> list[Path]:
    """The settings file and what is added to it, in the order they are read.

    `path` (--config), else $MERILO_CONFIG, ./merilo.toml, ~/.config/merilo/merilo.toml,
    /etc/merilo/merilo.toml; beside the last one conf.d/*.toml in the order of names.
    ConfigError when there is none.
    """
    named = path or (Path(environ["MERILO_CONFIG"]) if environ.get("MERILO_CONFIG") else None)
    candidates = [named] if named else _usual(environ)
    found = next((file for file in candidates if os.path.isfile(file)), None)
    if found is None:
        raise ConfigError(
            f"There is no settings file: {', '.join(map(str, candidates))}.",
            did="Nothing was started.",
            todo="Write one with `merilo init`, or name yours with --config or $MERILO_CONFIG.",
        )
    return [found, *_additions(found)]


def _usual(environ: Mapping[str, str]) -> list[Path]:
    home = environ.get("HOME")
    own = [Path(home, ".config/merilo/merilo.toml")] if home else []
    return [Path("merilo.toml"), *own, SYSTEM]


def _additions(file: Path) -> list[Path]:
    return sorted(SYSTEM.parent.glob("conf.d/*.toml")) if file.absolute() == SYSTEM else []
