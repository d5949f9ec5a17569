"""`python -m benchmarks [--large]`: runs every measurement here and prints its table."""

import sys
from importlib import import_module
from pathlib import Path

from merilo.launch import start_lightly


def main() -> None:
    """Runs `run(large=...)` of every module that has one, in alphabetical order."""
    start_lightly()  # as the program does
    large = "--large" in sys.argv[1:]
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")]
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        module = import_module(f"benchmarks.{path.stem}")
        if hasattr(module, "run") and (not wanted or path.stem in wanted):
            module.run(large=large)


main()
