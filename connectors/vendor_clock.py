"""The vendor's time, kept by a client as far as the answers tell it."""

from datetime import datetime, timedelta

from connectors.answer import Answer
from connectors.base import ClientOptions


class VendorClock:
    """A client's sense of time; between answers, and where they do not tell it, it goes on by the
    last that did."""

    options: ClientOptions
    _ahead = timedelta(0)

    def now(self) -> datetime:
        """The vendor's time, as far as its answers tell; aware, UTC."""
        return self.options.clock() + self._ahead

    def keep_time(self, answer: Answer) -> None:
        """Learns the vendor's time from the `Date` header of an answer, if there is one."""
        if answer.served_at is not None:
            self._ahead = answer.served_at - self.options.clock()

    def served_at(self, answer: Answer) -> datetime:
        """The moment of the request, learning from its answer; aware, UTC."""
        self.keep_time(answer)
        return (answer.served_at or self.now()) - timedelta(seconds=answer.elapsed_s)
