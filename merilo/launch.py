"""Starts the command line: checks the rooms, runs the verb, turns errors into words and codes."""

import gc
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

ROOMS = ("config", "store", "connectors", "sync", "kpi", "writeback", "web", "sandbox")


def main() -> None:
    """The entry point `merilo`."""
    start_lightly()
    _check_rooms()
    from merilo.cli import app

    sys.exit(run(app))


def run(app: Callable[[], object]) -> int:
    """Runs the verb and returns the exit code; every error of ours ends as its three parts."""
    from config.error import MeriloError
    from merilo.exit_code import ExitCode, code_of

    try:
        app()
    except SystemExit as leave:
        return leave.code if isinstance(leave.code, int) else ExitCode.OK
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except MeriloError as error:
        sys.stderr.write(f"{error}\n")
        return code_of(error)
    except BrokenPipeError:
        # The reader of our output has gone, e.g. `merilo kpi | head`.
        sys.stderr.close()
        return ExitCode.OK
    except Exception:
        from merilo.log import redact

        sys.stderr.write(redact(traceback.format_exc(), ()))
        sys.stderr.write("merilo: unexpected; what was kept is safe. Please report these lines.\n")
        return ExitCode.BUG
    return ExitCode.OK


def start_lightly() -> None:
    """Spares a fifth of the time to start; for whatever imports the rooms."""
    # Modules being loaded make many objects and no garbage.
    gc.set_threshold(10_000, 50, 10)
    # Merilo has no plugins of pydantic, which would look for them in every installed package.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _check_rooms() -> None:
    """Rooms have plain names; another package of that name must not take their place."""
    home = Path(__file__).resolve().parent.parent
    for room in ROOMS:
        spec = importlib.util.find_spec(room)
        origin = spec.origin if spec else None
        if origin is None or Path(origin).resolve().parent.parent != home:
            sys.stderr.write(
                f"merilo: the package '{room}' found at {origin} is not Merilo's own.\n"
                "Install Merilo into an environment of its own: pipx install merilo\n"
            )
            sys.exit(70)
