"""The newest tokens of a source, shared by all processes of a machine and renewed by one of them.

A refresh token works once (RFC 9700 section 4.14.2 calls it rotation), so a pair that was got and
not kept is a login lost: what may go wrong on the way is noted on disk before it can.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from config.error import MeriloError, SecretError
from config.private_file import make_private_dir
from connectors.error import AuthError, LostAnswerError
from connectors.token import GrantError, Tokens, read_tokens, secret_name, write_tokens
from connectors.token_note import Note, read_note, write_note
from connectors.token_spare import Spare
from connectors.token_turn import turn

if TYPE_CHECKING:
    from connectors.base import ClientOptions

REST = timedelta(minutes=30)
"""How long a refused refresh token is not shown to the vendor again."""

log = structlog.get_logger("merilo.connectors")

Ask = Callable[[Tokens], Tokens]
"""Renews a pair: ONE request, never repeated by itself. Raises GrantError when the vendor refuses
the refresh token for good, LostAnswerError when the request may have been carried out, and other
errors when it certainly was not."""


class Vault(Protocol):
    """Where values are kept by name (config.secret.SecretStore); methods may raise SecretError."""

    @property
    def writable(self) -> bool:
        """Whether values can be kept at all."""

    def find(self, name: str) -> str | None:
        """The value, None if there is none."""

    def set(self, name: str, value: str) -> None:
        """Keeps a value; on disk when it returns."""


class TokenStore:
    """The tokens of one source. Safe between threads and processes; its text shows no token.

    `seal` is a secret of the source that does not rotate (the client secret): under a key made of
    it a pair is put aside when the vault fails at the wrong moment. `sleep` is called while
    another process renews. `clock` gives aware UTC moments.
    """

    def __init__(
        self,
        *,
        source: str,
        vault: Vault,
        data_dir: Path,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        seal: str,
    ) -> None:
        self._source = source
        self._vault = vault
        self._name = secret_name(source)
        self._folder = data_dir / "oauth"
        self._clock = clock
        self._sleep = sleep
        self._spare = Spare(self._folder / f"{self._name}.spare", seal)
        self._tokens: Tokens | None = None
        self._unkept: Tokens | None = None

    def __repr__(self) -> str:
        return f"TokenStore({self._source})"

    def find(self) -> Tokens | None:
        """The newest pair anybody on this machine kept; None before the first login."""
        kept = [read_tokens(self._vault.find(self._name)), self._spare.read(), self._unkept]
        found = [each for each in kept if each is not None]
        self._tokens = max(found, key=lambda each: each.serial) if found else None
        return self._tokens

    def current(self) -> Tokens:
        """The pair to use now; AuthError tells how to log in when there is none."""
        tokens = self._tokens or self._taken_over()
        if tokens is None:
            raise AuthError(
                f"Nobody has logged in to {self._source} yet.",
                did="Nothing was asked of it.",
                todo=self._todo,
            )
        return tokens

    def renew(self, used: Tokens, ask: Ask) -> Tokens:
        """The pair after `used`, whose access token the vendor refused as expired.

        If any thread or process has got a newer one meanwhile, that is it and nothing is asked.
        Otherwise `ask` is called, once more if its answer is lost: the vendor then tells whether
        the first was carried out. The new pair is on disk before it is returned. Raises AuthError
        when the login is lost, which is remembered, and what `ask` raises when it is not.
        """
        with self._turn():
            kept = self.find()
            if kept is None or kept.access != used.access:
                return self._adopted(self.current())
            note = read_note(self._note_file)
            self._refuse_again(note, kept)
            self._spare.prepare()
            self._write(Note(mark=kept.mark, asked_at=note.lost_at(kept.mark) or self._clock()))
            return self._keep(self._ask(kept, ask, note))

    def log_in(self, ask: Callable[[], Tokens]) -> Tokens:
        """The pair that a new login by `ask` brings, on disk when this returns.

        Nothing is asked while there is no place to keep it.
        """
        if not self._vault.writable:
            raise SecretError(
                "The tokens of a login change and must be kept; [secrets] backend keeps nothing.",
                did="Nobody was logged in.",
                todo='Set [secrets] backend = "vault" (or "auto", "os", "file").',
            )
        with self._turn():
            self.find()
            self._spare.prepare()
            return self._keep(ask())

    def _keep(self, tokens: Tokens) -> Tokens:
        known = self._tokens
        self._tokens = replace(tokens, serial=(known.serial if known else 0) + 1)
        # The room is there already: nothing else is done before the pair lies in it.
        return self._saved(self._tokens, is_aside=self._spare.write(self._tokens))

    def _taken_over(self) -> Tokens | None:
        """The newest pair, moved into the vault if a process that was killed put it aside."""
        tokens = self.find()
        if tokens is None or self._spare.read() != tokens:
            return tokens
        with self._turn():
            self.find()
            return self._tokens and self._adopted(self._tokens)

    def _adopted(self, tokens: Tokens) -> Tokens:
        """A pair that was kept already, moved into the vault if it was put aside."""
        if read_tokens(self._vault.find(self._name)) == tokens:
            self._spare.remove()
            return tokens
        is_aside = self._spare.read() == tokens or self._spare.write(tokens)
        return self._saved(tokens, is_aside=is_aside)

    def _saved(self, tokens: Tokens, *, is_aside: bool) -> Tokens:
        """The pair, safe on disk: in the vault, or sealed beside it while the vault fails."""
        try:
            self._vault.set(self._name, write_tokens(tokens))
        except MeriloError as error:
            self._unkept = tokens
            self._warn(error, is_aside=is_aside)
        else:
            self._unkept = None
            self._spare.remove()
        self._note_file.unlink(missing_ok=True)
        return tokens

    def _warn(self, error: MeriloError, *, is_aside: bool) -> None:
        if not is_aside:
            raise error
        log.error(
            "connectors.tokens_put_aside",
            source=self._source,
            what=error.what,
            did="The new tokens are sealed in a file until the vault works again.",
            todo=error.todo,
        )

    def _ask(self, kept: Tokens, ask: Ask, note: Note) -> Tokens:
        lost_at = note.lost_at(kept.mark)
        try:
            try:
                return ask(kept)
            except LostAnswerError:
                lost_at = lost_at or self._clock()
                return ask(kept)
        except GrantError as error:
            raise self._lost(kept, error, lost_at) from None
        except LostAnswerError:
            raise
        except MeriloError:
            self._write(note)  # nothing was carried out, so what was known before still is
            raise

    def _lost(self, kept: Tokens, error: GrantError, lost_at: datetime | None) -> AuthError:
        reason = error.what
        if lost_at is not None:
            reason += f" The answer to a renewal at {lost_at:%Y-%m-%d %H:%M} UTC had been lost."
        self._write(Note(mark=kept.mark, refused_at=self._clock(), reason=reason))
        return self._refused(reason)

    def _refuse_again(self, note: Note, kept: Tokens) -> None:
        if note.mark != kept.mark or note.refused_at is None:
            return
        if timedelta(0) <= self._clock() - note.refused_at < REST:
            raise self._refused(note.reason)

    def _refused(self, reason: str) -> AuthError:
        return AuthError(
            f"The login of {self._source} is lost: {reason}",
            did=f"It is left alone for {REST.seconds // 60} minutes; other sources go on.",
            todo=self._todo,
        )

    @property
    def _todo(self) -> str:
        return f"Run: merilo login {self._source}"

    @property
    def _note_file(self) -> Path:
        return self._folder / f"{self._name}.json"

    def _write(self, note: Note) -> None:
        write_note(self._note_file, note)

    def _turn(self) -> AbstractContextManager[None]:
        make_private_dir(self._folder.parent)
        make_private_dir(self._folder)
        return turn(self._folder / f"{self._name}.lock", self._sleep)


def open_tokens(options: "ClientOptions", seal: str) -> TokenStore:
    """The store of a client's source; SecretError where nothing can be kept."""
    if options.vault is None or options.data_dir is None:
        raise SecretError(f"There is no place to keep the tokens of {options.source}.")
    return TokenStore(
        source=options.source,
        vault=options.vault,
        data_dir=options.data_dir,
        clock=options.clock,
        sleep=options.sleep,
        seal=seal,
    )
