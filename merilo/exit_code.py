"""The exit codes of every command, in one table, and the error classes that lead to them."""

from collections.abc import Iterable
from enum import IntEnum

from config.error import ConfigError, MeriloError


class ExitCode(IntEnum):
    """What a script may rely on; the table of the README."""

    OK = 0
    PARTLY = 1
    USAGE = 2
    GUARD = 7
    BUG = 70
    RUNNING = 73
    STORE = 74
    REMOTE = 75
    LOGIN = 77
    SETTINGS = 78
    INTERRUPTED = 130


_GRAVEST_FIRST = (
    ExitCode.SETTINGS,
    ExitCode.LOGIN,
    ExitCode.RUNNING,
    ExitCode.STORE,
    ExitCode.REMOTE,
    ExitCode.GUARD,
    ExitCode.PARTLY,
)


def code_of(error: MeriloError) -> ExitCode:
    """The exit code of one error."""
    from connectors.error import AuthError, RejectedError, RemoteError
    from kpi.error import AskError
    from store.error import GuardError, StoreError
    from store.lock import InstanceRunning

    table: tuple[tuple[type[MeriloError], ExitCode], ...] = (
        (ConfigError, ExitCode.SETTINGS),
        (AuthError, ExitCode.LOGIN),
        (RejectedError, ExitCode.PARTLY),
        (RemoteError, ExitCode.REMOTE),
        (InstanceRunning, ExitCode.RUNNING),
        (StoreError, ExitCode.STORE),
        (GuardError, ExitCode.GUARD),
        (AskError, ExitCode.USAGE),
    )
    return next((code for kind, code in table if isinstance(error, kind)), ExitCode.BUG)


def gravest(codes: Iterable[ExitCode]) -> ExitCode:
    """The one code to exit with when there are several causes."""
    found = set(codes)
    return next((code for code in _GRAVEST_FIRST if code in found), ExitCode.OK)
