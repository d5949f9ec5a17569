"""What can go wrong with the store, and the guard that stops a mass change."""

from config.error import MeriloError


class StoreError(MeriloError):
    """The store is locked, full, corrupt or newer than the program; nothing was acknowledged."""


class GuardError(MeriloError):
    """A mass removal or mass write looks like a mistake; the step was stopped, nothing changed."""
