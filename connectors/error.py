"""Errors of a remote system. The class says what happens next; a `classify` module picks it."""

from config.error import MeriloError


class RemoteError(MeriloError):
    """Anything a remote system answered that is not the data asked for."""


class AuthError(RemoteError):
    """Credentials or rights were refused: the source is paused, no more requests are sent."""


class ScopeError(AuthError):
    """The login lacks a right to this one thing; everything else may be well."""


class RetryableError(RemoteError):
    """Busy, limited or unreachable: try again within the budget, after `retry_after` seconds."""

    def __init__(
        self, what: str, *, did: str = "", todo: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(what, did=did, todo=todo)
        self.retry_after = retry_after


class LostAnswerError(RetryableError):
    """Sent, but no usable answer came: it may have been carried out. Repeated for reads only."""


class StoppedError(RetryableError):
    """The program was asked to end while a request waited: it was not sent, and all is well."""


class AmbiguousError(RemoteError):
    """A write was sent and its answer lost: whether it was applied is found by reading back."""


class RejectedError(RemoteError):
    """The system understood the request and refused this one command; `code` is the vendor's."""

    def __init__(self, what: str, *, code: str, did: str = "", todo: str = "") -> None:
        super().__init__(what, did=did, todo=todo)
        self.code = code


class AbsentError(RemoteError):
    """The account has no such records and never says so by itself: the stream stays unread, which
    is no failure."""


class DataError(RemoteError):
    """One record makes no sense; it is quarantined and the page goes on."""
