"""From real mailboxes to numbers: each letter once, credited to its author or addressee."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.error import AuthError, RetryableError
from kpi.engine import rebuild
from sync.pipeline import Pass
from tests.flow.mail import ANNA, BORIS, CLIENT, DAY, INFO, Post, at, shown, states, sync
from tests.mail_server import SENT, letter, mail_server

pytestmark = pytest.mark.needs("dovecot")


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    with mail_server() as server:
        yield Post(server, tmp_path)


def test_a_thread_of_the_reference_gives_its_reply_time(post: Post) -> None:
    """payloads/email/thread_simple: question 07:15, answer 08:05 Moscow, then a robot."""
    post.received(ANNA, "10:15", "q1@buyer.example")
    post.sent(ANNA, "11:05", "r1@acme.example", In_Reply_To="<q1@buyer.example>",
              References="<q1@buyer.example>")  # fmt: skip
    post.received(ANNA, "11:06", "a1@buyer.example", author="noreply@buyer.example",
                  In_Reply_To="<r1@acme.example>", Auto_Submitted="auto-replied")  # fmt: skip
    with post.agent() as app:
        results = sync(app)
        assert (results["emails"].read, results["emails"].quarantined) == (3, 0)
        assert shown(app, "email_response_time") == {ANNA: 3000, "": 3000}
        assert shown(app, "email_response_time_work") == {ANNA: 3000, "": 3000}
        assert shown(app, "emails_sent") == {ANNA: 1, "": 1}
        assert shown(app, "emails_received") == {ANNA: 1, "": 1}
        assert shown(app, "emails_unanswered") == {}
        assert states(app, "meetings_held") == {"unknown"}


def test_one_letter_in_three_mailboxes_counts_once(post: Post) -> None:
    """To Anna and Boris: each got it, the team once; the one in Cc got nothing of their own."""
    both = f"{ANNA}, {BORIS}"
    post.received(ANNA, "10:15", "q1@buyer.example", to=both, Cc=INFO)
    post.received(BORIS, "10:16", "q1@buyer.example", to=both, Cc=INFO)
    post.received(INFO, "10:17", "q1@buyer.example", to=both, Cc=INFO)
    post.received(BORIS, "10:30", "q2@buyer.example", to="someone@buyer.example", Cc=BORIS)
    post.sent(ANNA, "11:00", "r1@acme.example", Cc=BORIS)
    post.received(BORIS, "11:01", "r1@acme.example", author=ANNA, to=CLIENT, Cc=BORIS)
    post.sent(ANNA, "11:30", "i1@acme.example", to=BORIS)
    post.received(BORIS, "11:30", "i1@acme.example", author=ANNA, to=BORIS)
    with post.agent(ANNA, BORIS, f"{INFO}\nshared = true") as app:
        assert sync(app)["emails"].read == 8
        assert shown(app, "emails_received") == {ANNA: 1, BORIS: 2, "": 2}
        assert shown(app, "emails_sent") == {ANNA: 1, "": 1}
        again = sync(app)["emails"]
        assert (again.read, again.changed) == (0, 0)
        (_, anew) = Pass(source=app.source("mail"), full=True).run()
        assert (anew.read, anew.changed) == (8, 0)
        assert shown(app, "emails_received") == {ANNA: 1, BORIS: 2, "": 2}


def test_a_hidden_copy_is_of_whose_mailbox_has_it(post: Post) -> None:
    post.received(BORIS, "10:30", "q1@buyer.example", to="list@buyer.example")
    post.received(INFO, "10:30", "q2@buyer.example", to=INFO)
    with post.agent(BORIS, f"{INFO}\nshared = true") as app:
        sync(app)
        assert shown(app, "emails_received") == {BORIS: 1, "": 2}


def test_a_new_letter_is_read_once_and_only_it(post: Post) -> None:
    post.received(ANNA, "10:15", "q1@buyer.example")
    with post.agent() as app:
        assert sync(app)["emails"].read == 1
        post.clock.forward(minutes=5)
        assert sync(app)["emails"].read == 0
        post.received(ANNA, "12:15", "q2@buyer.example")
        post.sent(BORIS, "12:16", "r2@acme.example")
        post.clock.forward(minutes=5)
        result = sync(app)["emails"]
        assert (result.read, result.changed) == (2, 2)
        assert shown(app, "emails_received") == {ANNA: 2, "": 2}


def test_a_letter_put_there_late_counts_on_its_own_day(post: Post) -> None:
    with post.agent() as app:
        sync(app)
        post.received(ANNA, "10:15", "q1@buyer.example", day=9)
        post.received(ANNA, "10:15", "q0@buyer.example", day=15, folder="Drafts")
        post.clock.forward(minutes=5)
        assert sync(app)["emails"].read == 1
        assert shown(app, "emails_received", DAY.replace(day=9)) == {ANNA: 1, "": 1}
        assert shown(app, "emails_received") == {}


def test_reading_marks_nothing_as_seen(post: Post) -> None:
    post.server.deliver(ANNA, letter(CLIENT, ANNA, ref="q1@buyer.example"))
    with post.agent() as app:
        assert sync(app)["emails"].read == 1
    with post.server.open(ANNA) as link:
        link.select("INBOX")
        assert link.search(None, "UNSEEN")[1] == [b"1"]


def test_a_folder_made_anew_doubles_nothing(post: Post) -> None:
    """Delete and create give other numbers to everything (UIDVALIDITY)."""
    with post.server.open(ANNA) as link:
        link.create("Clients")
    post.received(ANNA, "10:15", "q1@buyer.example", folder="Clients")
    with post.agent() as app:
        assert sync(app)["emails"].read == 1
        before = shown(app, "emails_received")
        time.sleep(1.1)  # the number is the second in which a folder was made
        with post.server.open(ANNA) as link:
            link.delete("Clients")
            link.create("Clients")
        post.received(ANNA, "10:15", "q1@buyer.example", folder="Clients")
        post.received(ANNA, "15:00", "q2@buyer.example", folder="Clients")
        post.clock.forward(minutes=5)
        result = sync(app)["emails"]
        assert (result.read, result.changed) == (1, 1)
        assert before == {ANNA: 1, "": 1}
        assert shown(app, "emails_received") == {ANNA: 2, "": 2}


def test_a_refused_login_is_told_and_not_tried_again(post: Post) -> None:
    post.received(ANNA, "10:15", "q1@buyer.example")
    post.passwords[BORIS] = "wrong"
    with post.agent() as app:
        result = sync(app)["emails"]
        assert isinstance(result.error, RetryableError)
        assert BORIS in result.error.what
        assert "app password" in result.error.todo
        assert result.read == 1
        assert states(app, "emails_received") == {"unknown"}
        tried = post.server.refused_logins(BORIS)
        sync(app)
        assert post.server.refused_logins(BORIS) == tried == 1
        post.passwords.clear()
        post.settings()
        assert sync(app)["emails"].error is None
        assert shown(app, "emails_received") == {ANNA: 1, "": 1}
    post.passwords |= {ANNA: "wrong", BORIS: "wrong"}
    with post.agent() as app:
        assert isinstance(sync(app)["emails"].error, AuthError)


def test_a_server_gone_in_the_middle_loses_nothing(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.imap.walk.PAGE", 2)
    for number in range(5):
        post.received(ANNA, f"10:1{number}", f"q{number}@buyer.example")
    post.received(BORIS, "10:30", "b@buyer.example")
    with post.agent() as app:
        source = app.source("mail")
        stops = iter((True,))
        stopped = Pass(source=source, should_stop=lambda: next(stops, False)).run(["emails"])
        assert (stopped[0].stopped, stopped[0].read) == (True, 2)
        post.server.stop()
        lost = sync(app)["emails"]
        assert isinstance(lost.error, RetryableError)
        assert "connection to the mail server failed" in lost.error.what
        post.server.start()
        done = sync(app)["emails"]
        assert (done.error, done.read, done.changed) == (None, 4, 4)
        assert shown(app, "emails_received") == {ANNA: 5, BORIS: 1, "": 6}


def test_a_mailbox_named_later_is_read_from_the_beginning(post: Post) -> None:
    post.received(ANNA, "10:15", "q1@buyer.example", day=2)
    post.received(BORIS, "10:15", "q2@buyer.example", day=2)
    post.received(BORIS, "10:15", "q0@buyer.example", day=1, folder=SENT)
    with post.agent(ANNA) as app:
        assert sync(app)["emails"].read == 1
    post.clock.forward(minutes=5)
    with post.agent(ANNA, BORIS) as app:
        assert sync(app)["emails"].read == 2
        assert shown(app, "emails_received", at("12:00", 1).date(), at("12:00", 2).date()) == {
            ANNA: 1, BORIS: 2, "": 3,
        }  # fmt: skip


def test_a_colleague_may_answer_and_nights_do_not_count_in_working_hours(post: Post) -> None:
    post.received(ANNA, "17:30", "q1@buyer.example", day=14)
    post.received(ANNA, "18:30", "q2@buyer.example", day=14, In_Reply_To="<q1@buyer.example>")
    post.sent(BORIS, "09:30", "r1@acme.example", In_Reply_To="<q2@buyer.example>")
    with post.agent() as app:
        sync(app)
        assert shown(app, "email_response_time") == {BORIS: 16 * 3600, "": 16 * 3600}
        assert shown(app, "email_response_time_work") == {BORIS: 3600, "": 3600}
        assert not rebuild(app.store, app.catalog)


def test_a_lost_reference_is_found_by_client_and_subject(post: Post) -> None:
    post.received(ANNA, "10:00", "q1@buyer.example", subject="Счёт на оплату")
    post.sent(ANNA, "10:10", None, subject="RE: Отв: Счёт на оплату")
    with post.agent() as app:
        sync(app)
        assert shown(app, "email_response_time") == {ANNA: 600, "": 600}


def test_subjects_may_be_left_alone(post: Post) -> None:
    post.received(ANNA, "10:00", "q1@buyer.example", subject="Счёт")
    post.sent(ANNA, "10:10", "r1@acme.example", subject="Re: Счёт")
    with post.agent(extra="thread_by_subject = false") as app:
        sync(app)
        assert shown(app, "email_response_time") == {}
        assert shown(app, "emails_unanswered") == {ANNA: 1, "": 1}


def test_nothing_of_a_letter_is_kept_in_clear(post: Post) -> None:
    post.received(ANNA, "10:00", "q1-secret@buyer.example", subject="Тайна")
    post.sent(ANNA, "10:10", "r1@acme.example", In_Reply_To="<q1-secret@buyer.example>")
    with post.agent() as app:
        sync(app)
    kept = b"".join(file.read_bytes() for file in (post.folder / "data").rglob("merilo.db*"))
    assert ANNA.encode() in kept
    for word in ("q1-secret", "buyer.example", "Тайна", "тайна"):
        assert word.encode() not in kept
