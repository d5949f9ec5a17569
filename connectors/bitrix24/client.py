"""Calls and batches to one portal, through an inbound webhook or as an application."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from config.error import SecretError
from connectors.answer import Answer
from connectors.base import ClientOptions
from connectors.bitrix24.application import Application
from connectors.bitrix24.auth_server import AuthServer
from connectors.bitrix24.classify import ExpiredError, classify
from connectors.bitrix24.command import MOST_IN_BATCH, NO_PARAMS, Command, spell
from connectors.bitrix24.envelope import Envelope, as_map, open_envelope, operating
from connectors.bitrix24.reply import BatchReply, Opening, Reply
from connectors.bitrix24.settings import Bitrix24Settings
from connectors.error import AmbiguousError, LostAnswerError, RemoteError, RetryableError
from connectors.limit_state import limit_file
from connectors.limiter import Limiter
from connectors.token_store import open_tokens

if TYPE_CHECKING:
    from connectors.http import Transport

_WEBHOOK = re.compile(r"(?:.*/rest/)?(\d+)/([\w.-]+)/?")
_TOO_FAST_S = 2.0


@dataclass
class Bitrix24Client:
    """A connection; safe to share between threads. Its text never shows the secret.

    `app` None: the portal is entered by the webhook `secret`. `kept`: what streams remember of the
    portal from one run to the next.
    """

    settings: Bitrix24Settings
    options: ClientOptions
    limiter: Limiter = field(repr=False)
    transport: "Transport" = field(repr=False)
    secret: str = field(repr=False)
    openings: dict[str, Opening] = field(default_factory=dict, repr=False)
    app: Application | None = None
    kept: dict[str, Any] = field(default_factory=dict, repr=False)

    def close(self) -> None:
        """Lets go of sockets."""
        self.transport.close()
        if self.app is not None:
            self.app.close()

    def call(
        self, method: str, params: Mapping[str, Any] = NO_PARAMS, *, write: bool = False
    ) -> Reply:
        """One method, one request.

        Raises AuthError, RejectedError or RetryableError; a write whose answer was lost raises
        AmbiguousError and is not repeated.
        """
        body, served_at = self._send(method, dict(params), (method,), write=write)
        self._note([(method, body.get("time"))])
        return Reply(body["result"], _offset(body.get("next")), served_at)

    def batch(
        self, commands: Sequence[Command], *, halt: bool = False, write: bool = False
    ) -> BatchReply:
        """Up to 50 commands in one request. A command's refusal stands in `outcomes`, as an error.

        RetryableError there means: certainly not carried out; AmbiguousError (writes): unknown.
        """
        if not 0 < len(commands) <= MOST_IN_BATCH:
            raise ValueError(f"a batch holds 1 to {MOST_IN_BATCH} commands, not {len(commands)}")
        payload = {"halt": int(halt), "cmd": {command.key: spell(command) for command in commands}}
        methods = {command.method for command in commands}
        body, served_at = self._send("batch", payload, methods, write=write)
        parts = as_map(body["result"])
        times = as_map(parts.get("result_time"))
        self._note([(command.method, times.get(command.key)) for command in commands])
        judge = _Judge(self, parts, served_at, write)
        return BatchReply(served_at, {command.key: judge(command) for command in commands})

    def refused(self, code: Any, text: Any, method: str, status: int | None = None) -> RemoteError:
        """The error of a refusal, after the limiter has learnt from it."""
        hide = self.transport.hide if self.app is None else self.app.hide
        login = "" if self.app is None else f"Run: merilo login {self.options.source}"
        error = classify(code, hide(str(text or "")), method, status, login=login)
        name = str(code).casefold()
        if isinstance(error, RetryableError) and name == "query_limit_exceeded":
            self.limiter.pause(_TOO_FAST_S)
            error.retry_after = _TOO_FAST_S
        if isinstance(error, RetryableError) and name == "operation_time_limit":
            error.retry_after = self.limiter.pause_method(method)
        return error

    def _send(
        self, method: str, payload: Mapping[str, Any], uses: Collection[str], *, write: bool
    ) -> Envelope:
        def read(answer: Answer) -> Envelope:
            envelope = open_envelope(answer)
            body = envelope.body
            if "error" in body:
                text = body.get("error_description")
                error = self.refused(body["error"], text, method, answer.status)
                if isinstance(error, RetryableError) and answer.retry_after_s is not None:
                    error.retry_after = max(error.retry_after or 0.0, answer.retry_after_s)
                raise error
            return envelope

        def post(transport: "Transport", path: str, content: Mapping[str, Any]) -> Envelope:
            return transport.post(path, content, read=read, uses=uses, idempotent=not write)

        if self.app is not None:
            return self.app.send(method, payload, post)
        return post(self.transport, f"rest/{self.secret}/{method}", payload)

    def _note(self, times: Sequence[tuple[str, Any]]) -> None:
        spent = {method: found for method, time in times if (found := operating(time))}
        self.limiter.note_operating(spent)


@dataclass(frozen=True)
class _Judge:
    client: Bitrix24Client
    parts: Mapping[str, Any]
    served_at: datetime
    write: bool

    def __call__(self, command: Command) -> Reply | RemoteError:
        errors, results = (as_map(self.parts.get(n)) for n in ("result_error", "result"))
        if command.key in errors:
            return self._error(as_map(errors[command.key]), command.method)
        if command.key not in results:
            return RetryableError(f"{command.method} was not carried out: its batch stopped.")
        following = as_map(self.parts.get("result_next")).get(command.key)
        return Reply(results[command.key], _offset(following), self.served_at)

    def _error(self, said: Mapping[str, Any], method: str) -> RemoteError:
        error = self.client.refused(said.get("error", ""), said.get("error_description"), method)
        if isinstance(error, ExpiredError):  # within the batch: the next request renews it
            return RetryableError(error.what)
        if self.write and isinstance(error, LostAnswerError):
            return AmbiguousError(error.what, did="It is not known whether it was applied.")
        return error


def connect(settings: Bitrix24Settings, options: ClientOptions) -> Bitrix24Client:
    """A client for the settings; SecretError when the webhook does not look like one."""
    limiter = Limiter(
        clock=options.clock, sleep=options.sleep, file=limit_file(options.data_dir, settings.url)
    )
    if settings.auth == "oauth":
        return _as_application(settings, options, limiter)
    secret = _webhook(options.secret(settings.webhook), settings)
    transport = _dial(settings, options, limiter, settings.url, secret, secret.split("/")[1])
    return Bitrix24Client(settings, options, limiter, transport, secret)


def _as_application(
    settings: Bitrix24Settings, options: ClientOptions, limiter: Limiter
) -> Bitrix24Client:
    secret = options.secret(settings.client_secret)

    def dial(address: str) -> "Transport":
        return _dial(settings, options, limiter, address, secret)

    first = dial(settings.url)
    app = Application(
        settings,
        options,
        open_tokens(options, secret),
        AuthServer(settings, options, secret),
        dial,
        {settings.url: first},
    )
    return Bitrix24Client(settings, options, limiter, first, secret, app=app)


def _dial(
    settings: Bitrix24Settings,
    options: ClientOptions,
    limiter: Limiter,
    address: str,
    *secrets: str,
) -> "Transport":
    from connectors.http import Transport  # half a second that no mere reader of the store pays

    return Transport(
        address,
        limiter=limiter,
        sleep=options.sleep,
        secrets=secrets,
        ca_bundle=settings.ca_bundle,
    )


def _webhook(value: str, settings: Bitrix24Settings) -> str:
    match = _WEBHOOK.fullmatch(value.strip())
    if not match:
        raise SecretError(
            f"The secret {settings.webhook} is not a webhook of Bitrix24.",
            did="Nothing was sent.",
            todo="Store `<user id>/<code>`, the part of the webhook's address after /rest/.",
        )
    return f"{match[1]}/{match[2]}"


def _offset(value: Any) -> int | None:
    return value if isinstance(value, int) else None
