"""What the command line hands to every verb."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Context:
    """`config_path` is `--config FILE`; None = the search path."""

    config_path: Path | None = None
