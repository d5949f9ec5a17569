"""The power fails while mailboxes are read: at whichever command, the next pass reads on."""

from functools import partial
from itertools import count, takewhile
from pathlib import Path

import pytest

from connectors.imap.session import Session
from tests.flow import victim
from tests.flow.mail import ANNA, BORIS, DAY, Post, shown, sync
from tests.mail_server import mail_server

pytestmark = pytest.mark.needs("dovecot")


def fill(post: Post) -> None:
    """Two mailboxes, a thread in two folders, a letter that both have."""
    post.received(ANNA, "10:15", "q1@buyer.example")
    post.sent(ANNA, "11:05", "r1@acme.example", In_Reply_To="<q1@buyer.example>")
    for mailbox in (ANNA, BORIS):
        post.received(mailbox, "12:00", "q2@buyer.example", to=f"{ANNA}, {BORIS}")
    post.received(BORIS, "12:30", "q3@buyer.example", day=14, subject="Другое")


def is_cut_off(post: Post, number: int, *, before: bool) -> bool:
    """Whether so many commands are given; what is shown after the next pass is the truth."""
    work = partial(victim.read, "mail", post.clock)
    reached = victim.perish(work, (Session, "_ask"), number, post.settings(), before=before)
    with post.agent() as app:
        assert sync(app)["emails"].error is None
        assert shown(app, "emails_received") == {ANNA: 2, BORIS: 1, "": 2}
        assert shown(app, "emails_received", DAY.replace(day=14)) == {BORIS: 1, "": 1}
        assert shown(app, "emails_sent") == {ANNA: 1, "": 1}
        assert shown(app, "email_response_time") == {ANNA: 3000, "": 3000}
    return reached


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_cut_off_at_every_command_nothing_is_lost_or_doubled(tmp_path: Path, before: bool) -> None:
    with mail_server() as server:
        fill(Post(server, tmp_path))

        def reaches(number: int) -> bool:
            folder = tmp_path / str(number)
            folder.mkdir()
            return is_cut_off(Post(server, folder), number, before=before)

        reached = takewhile(reaches, count(1))
        assert len([*reached]) >= 8
