"""The first answers of all streams in one request, so that a quiet pass is no more than that."""

from collections.abc import Callable, Sequence
from typing import Any

from connectors.base import Since, Stream
from connectors.bitrix24.client import Bitrix24Client
from connectors.bitrix24.command import MOST_IN_BATCH, Command
from connectors.bitrix24.custom_field import with_fields
from connectors.bitrix24.reply import BatchReply, Opening


def open_pass(client: Bitrix24Client, pairs: Sequence[tuple[Stream, Since]]) -> None:
    """Asks the opening commands of the streams in one batch and keeps the answers for `pages`.

    A stream whose method must rest, or for which the batch has no more room, opens by itself
    later. Raises what `batch` raises: then no stream was opened.
    """
    client.openings.clear()
    opened: list[tuple[Stream, Since]] = []
    commands: list[Command] = []
    for stream, given in pairs:
        kind = stream.fields_of
        since = with_fields(client, given, kind) if kind else given
        wanted = stream.opening(since) if stream.opening else ()
        resting = any(client.limiter.paused_s(command.method) for command in wanted)
        if wanted and not resting and len(commands) + len(wanted) <= MOST_IN_BATCH:
            commands += wanted
            opened.append((stream, since))
    if commands:
        reply = client.batch(commands)
        client.openings.update({s.name: Opening(since, reply) for s, since in opened})


def first_answer(
    client: Bitrix24Client,
    name: str,
    since: Since,
    opening: Callable[[Since], Sequence[Any]],
) -> BatchReply:
    """The stream's answers kept by `open_pass`, used once; else they are asked for now."""
    kept = client.openings.pop(name, None)
    return kept.reply if kept and kept.since == since else client.batch(opening(since))
