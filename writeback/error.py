"""What can be wrong with a request to write back."""

from config.error import MeriloError


class RunError(MeriloError):
    """There is no such run of this destination."""
