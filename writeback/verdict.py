"""What became of a write, judged by its answer and by how the record reads back."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.destination import AS_OF, Item, Outcome, Texts
from connectors.error import AmbiguousError, RetryableError
from store.ledger import Intent, Known

_FIRST_RETRY = timedelta(minutes=10)
_LAST_RETRY = timedelta(hours=24)


class Verdict(NamedTuple):
    """`state`: confirmed, rejected, lost (surely not applied), or intended (nobody knows yet)."""

    state: str
    reason: str | None = None


def judge(step: Intent, outcome: Outcome, item: Item | None) -> Verdict:
    """The verdict on a write that was answered; `item` is the record as read afterwards."""
    if isinstance(outcome, AmbiguousError) or (step.action == "delete" and item is None):
        return judge_unanswered(step, item)
    if isinstance(outcome, RetryableError):
        return Verdict("lost", str(outcome))
    if outcome is not None:
        return Verdict("rejected", str(outcome))
    if step.action == "delete":
        return Verdict("rejected", "It is still there.")
    if item is None:
        return Verdict("rejected", "It was accepted, but cannot be found.")
    differing = [name for name in _written(step.new) if item.texts.get(name) != step.new[name]]
    if differing:
        return Verdict("rejected", f"Accepted, but not kept: {', '.join(sorted(differing))}.")
    return Verdict("confirmed")


def judge_unanswered(step: Intent, item: Item | None) -> Verdict:
    """The verdict when no answer came: a record that shows any text only we wrote was written.

    A creation that cannot be found may still be under way: it stays intended.
    """
    if step.action == "delete":
        return Verdict("lost") if item else Verdict("confirmed")
    if step.action == "create":
        return Verdict("confirmed") if item else Verdict("intended")
    changed = [name for name in _written(step.new) if step.new[name] != step.old.get(name)]
    applied = item and any(item.texts.get(name) == step.new[name] for name in changed)
    return Verdict("confirmed") if applied else Verdict("lost")


def confirmed(known: Known, step: Intent, ref: str) -> Known:
    """What to remember after a confirmed write: it shows what we wrote, nothing of it is held."""
    shown = {**known.shown, **_written(step.new)}
    held = {name: hold for name, hold in known.held.items() if name not in step.new}
    return Known(key=known.key, ref=ref, shown=shown, held=held)


def rejected(known: Known, step: Intent, item: Item | None, now: datetime) -> Known:
    """What to remember after a refusal: tried again later, ever more seldom, at least daily."""
    shown = dict(known.shown)
    if item is not None:
        shown |= {name: item.texts.get(name) for name in _written(step.new)}
    wait = min(_FIRST_RETRY * 2 ** min(known.failures, 10), _LAST_RETRY)
    ref = item.ref if item else known.ref
    return replace(known, ref=ref, shown=shown, failures=known.failures + 1, retry_at=now + wait)


def _written(texts: Texts) -> dict[str, str | None]:
    """The texts that are compared: a moment may come back in another precision or zone."""
    return {name: text for name, text in texts.items() if name != AS_OF}
