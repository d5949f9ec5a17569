"""What a database's or a file's refusal means for the source."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors.error import AuthError, RejectedError, RemoteError, RetryableError, ScopeError

_LOGIN = ("password", "authentication", "access denied for user", "1045", "role ")
_RIGHT = ("permission denied", "command denied", "1142", "1044", "not authorized", "readonly")
_ABSENT = ("no such table", "does not exist", "doesn't exist", "1146", "unknown database", "1049")
_NOT_READ = "Nothing was read; what was read before stays."


@contextmanager
def database_errors(place: str) -> Iterator[None]:
    """Errors of a database as ours; `place` is its address without the password."""
    from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

    try:
        yield
    except (ArgumentError, ImportError) as error:
        raise RejectedError(
            f"The address of the database names a driver that is not here: {type(error).__name__}.",
            code="driver",
            did=_NOT_READ,
            todo="Use sqlite:///FILE, postgresql+psycopg://... (extra `postgres`) or, for MariaDB "
            "and MySQL, mysql+pymysql://... (extra `mysql`).",
        ) from None
    except DBAPIError as error:
        raise _refused(place, str(error.orig).lower()) from None
    except SQLAlchemyError as error:
        raise RetryableError(
            f"{place} could not be read: {type(error).__name__}.", did=_NOT_READ
        ) from None


def _refused(place: str, said: str) -> RemoteError:
    if any(word in said for word in _RIGHT):
        return ScopeError(
            f"{place}: the user may not read a table.",
            did=_NOT_READ,
            todo="Grant the user SELECT on the tables cdr, cel and queue_log, and nothing more.",
        )
    if any(word in said for word in _ABSENT) and "role" not in said:
        return RejectedError(
            f"{place}: there is no such database or table.",
            code="absent",
            did=_NOT_READ,
            todo="Check the database's name, `table` and `profile` in the settings.",
        )
    if any(word in said for word in _LOGIN):
        return AuthError(
            f"{place} refused the user or the password.",
            did="The source is paused.",
            todo="Put the right address into the secret named by `database`.",
        )
    return RetryableError(
        f"{place} did not answer.", did=_NOT_READ, todo="Check that it runs and can be reached."
    )


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Errors of the file system as ours."""
    try:
        yield
    except FileNotFoundError:
        raise RetryableError(
            f"The file {path} is not there.",
            did=_NOT_READ,
            todo="Check `file` in the settings, and that the folder is mounted.",
        ) from None
    except PermissionError:
        raise AuthError(
            f"The file {path} may not be read.",
            did="The source is paused.",
            todo="Let the user of the service read it, by its group for example.",
        ) from None
    except OSError as error:
        raise RetryableError(
            f"The file {path} could not be read: {error.strerror}.", did=_NOT_READ
        ) from None


def bad_file(path: Path, line: int, why: str, todo: str) -> RejectedError:
    """A file that is not what the profile says; whose line tells it, counted from 1."""
    return RejectedError(
        f"{path.name}, line {line}: {why}.",
        code="file",
        did="The file was not read further; what was read before stays.",
        todo=todo,
    )


def lacks_columns(place: str, names: str, todo: str) -> RejectedError:
    """A table or file without the columns that nothing can be counted without."""
    return RejectedError(
        f"{place} has no column {names}.", code="columns", did=_NOT_READ, todo=todo
    )
