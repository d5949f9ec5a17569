"""A question about KPIs that cannot be answered as it was asked."""

from config.error import MeriloError


class AskError(MeriloError):
    """No such manager, metric or period, or several of them: a mistake of usage (exit 2)."""
