"""What the server's clock is away from UTC, told by its zone or measured from its records."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.error import DataError

_QUARTER_S = 900
"""Zones differ by whole quarters of an hour."""
_LATE_S = 90
"""A channel's first row begins no later after the channel, unless rows were left out."""
_FARTHEST_S = 14 * 3600
_HOUR_S = 3600
_SLACK_S = 10


def epoch_of(unique: str) -> int | None:
    """The second in `[system-]epoch.number`, by which Asterisk calls a channel; None without."""
    text = unique.rpartition("-")[2].partition(".")[0]
    return int(text) if len(text) == 10 and text.isascii() and text.isdigit() else None


class ServerClock:
    """Turns the times of a server into UTC. Without a zone they are measured, row by row.

    `offset_s`: what was last found, for records that tell nothing themselves.
    """

    def __init__(self, zone: ZoneInfo | None) -> None:
        self.zone = zone
        self.offset_s: int | None = None
        self._known: dict[tuple[int, int], int] = {}

    def utc(self, local_s: float, unique: str) -> float:
        """A moment of the server's clock in seconds of UTC; DataError if nothing tells the zone."""
        epoch = epoch_of(unique)
        if self.zone is None:
            self.offset_s = self._measured(local_s, epoch)
        else:
            self.offset_s = self._of_zone(local_s, epoch)
        return local_s - self.offset_s

    def after(self, local_s: float, unique: str, offset_s: float, ended_s: float) -> float:
        """As `utc`, of a row that goes on with a channel: `offset_s` is that of the row before it,
        which ended at `ended_s`. The hour that clocks jump between the two is found."""
        if self.zone is not None:
            return self.utc(local_s, unique)
        at, epoch = local_s - offset_s, epoch_of(unique)
        if epoch is not None and at < epoch - _SLACK_S:
            at += _HOUR_S
        elif abs(at - ended_s - _HOUR_S) <= _SLACK_S:
            at -= _HOUR_S
        return at

    def local(self, at_s: float) -> float:
        """About what the server's clock shows at a moment of UTC; UTC where nobody knows."""
        if self.zone is not None:
            offset = datetime.fromtimestamp(at_s, self.zone).utcoffset() or timedelta(0)
            return at_s + offset.total_seconds()
        return at_s + (self.offset_s or 0)

    def _measured(self, local_s: float, epoch: int | None) -> int:
        if epoch is None:
            if self.offset_s is None:
                raise DataError("The zone of the times cannot be measured: no uniqueid tells it.")
            return self.offset_s
        gap_s = local_s - epoch
        if self.offset_s is not None and abs(gap_s - self.offset_s) <= _LATE_S:
            return self.offset_s
        near = round(gap_s / _QUARTER_S) * _QUARTER_S
        if abs(gap_s - near) > _LATE_S:
            if self.offset_s is not None and gap_s - self.offset_s >= 0:
                return self.offset_s
            near = int(gap_s // _QUARTER_S) * _QUARTER_S
        if abs(near) > _FARTHEST_S:
            raise DataError("The fields calldate and uniqueid tell of different days.")
        return near

    def _of_zone(self, local_s: float, epoch: int | None) -> int:
        offset = self._offset(local_s, 0)
        # In the hour that comes twice the channel's own second tells which one it is
        if epoch is not None and local_s - offset < epoch - _SLACK_S:
            return self._offset(local_s, 1)
        return offset

    def _offset(self, local_s: float, fold: int) -> int:
        key = (int(local_s // _QUARTER_S), fold)
        if key not in self._known:
            at = datetime.fromtimestamp(local_s, UTC).replace(tzinfo=self.zone, fold=fold)
            self._known[key] = int((at.utcoffset() or timedelta(0)).total_seconds())
        return self._known[key]
