"""The only place that speaks HTTP to others: deadline, size cap, retries, redaction, TLS."""

import logging
import socket
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType
from typing import NamedTuple, TypeVar

import httpx
import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception
from tenacity.wait import wait_random_exponential

from config.value import is_loopback
from connectors.answer import Answer
from connectors.certificate import explain_certificate, trust
from connectors.error import AmbiguousError, LostAnswerError, RetryableError
from connectors.limiter import Limiter

Result = TypeVar("Result")

CONNECT_S = 10.0
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
"""Failures before the request left, so even a write may be repeated."""

log = logging.getLogger("merilo.connectors")

TOKENS_HIDDEN = 8
"""Tokens are renewed every hour: the last few pairs may still stand in an answer."""

_NONE: Mapping[str, str] = MappingProxyType({})

for _name in ("httpx", "httpcore"):  # their INFO and DEBUG lines hold full URLs
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Sent(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str] = _NONE
    content: bytes | None = None


class Transport:
    """A keep-alive connection to one host, safe to share between threads.

    `deadline_s` bounds a call from sending to the last byte: it is checked as bytes arrive, and no
    silence may last longer. `secrets` are replaced by *** in every text shown. `sleep` is called
    between attempts; their number and the time spent waiting are bounded.
    """

    def __init__(
        self,
        base_url: str,
        *,
        limiter: Limiter,
        sleep: Callable[[float], None],
        secrets: Collection[str] = (),
        ca_bundle: str = "",
        deadline_s: float = 60.0,
        max_bytes: int = 32 << 20,
        attempts: int = 6,
        patience_s: float = 60.0,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._secrets = sorted(secrets, key=len, reverse=True)
        self._tokens: tuple[str, ...] = ()
        self._limiter = limiter
        self._sleep = sleep
        self._deadline_s = deadline_s
        self._max_bytes = max_bytes
        self._attempts = attempts
        self._patience_s = patience_s
        self._jitter = wait_random_exponential(multiplier=0.5, max=20)
        self._host = httpx.URL(base_url).host
        self._client = _connect(self._base_url, ca_bundle, deadline_s)

    def close(self) -> None:
        """Lets go of sockets."""
        self._client.close()

    def conceal(self, *secrets: str) -> None:
        """From now on these are replaced by *** too: tokens, of which only the newest matter."""
        fresh = [each for each in secrets if each and each not in self._tokens]
        if fresh:
            self._tokens = (*fresh, *self._tokens)[:TOKENS_HIDDEN]

    def hide(self, text: str) -> str:
        """`text` without the secrets."""
        for secret in (*self._tokens, *self._secrets):
            text = text.replace(secret, "***")
        return text

    def post(
        self,
        path: str,
        payload: object,
        *,
        read: Callable[[Answer], Result],
        uses: Collection[str] = (),
        idempotent: bool = True,
        headers: Mapping[str, str] = _NONE,
        method: str = "POST",
    ) -> Result:
        """POSTs JSON, or sends it by another method, and returns what `read` makes of the answer.

        A payload of bytes is sent as it is: its `headers` tell the Content-Type.
        RetryableError, from the network or from `read`, is retried within the budget, after
        max(jittered back-off, its `retry_after`). With `idempotent=False` a LostAnswerError is
        never retried: it becomes AmbiguousError. `uses` names the methods whose time is spent.
        """
        content = payload if isinstance(payload, bytes) else msgspec.json.encode(payload)
        sent = _Sent(method, path, headers, content=content)
        return self._run(sent, read, uses, idempotent)

    def get(
        self,
        path: str,
        query: Mapping[str, str] = _NONE,
        *,
        read: Callable[[Answer], Result],
        uses: Collection[str] = (),
        headers: Mapping[str, str] = _NONE,
    ) -> Result:
        """GETs and returns what `read` makes of the answer; retried like an idempotent `post`.

        No text shown holds the query.
        """
        return self._run(_Sent("GET", path, headers, query), read, uses, idempotent=True)

    def _run(
        self,
        sent: _Sent,
        read: Callable[[Answer], Result],
        uses: Collection[str],
        idempotent: bool,
    ) -> Result:
        policy = self._policy(idempotent)

        def attempt() -> Result:
            self._limiter.take(uses, write=not idempotent)
            return read(self._exchange(sent))

        try:
            return policy(attempt)
        except LostAnswerError as lost:
            if idempotent:
                raise self._given_up(lost, policy) from None
            failure = AmbiguousError(
                lost.what, did="It is not known whether the write was applied.", todo=lost.todo
            )
        except RetryableError as error:
            raise self._given_up(error, policy) from None
        raise failure

    def _given_up(self, error: RetryableError, policy: Retrying) -> RetryableError:
        tries = policy.statistics.get("attempt_number", 1)
        error.did = error.did or f"Gave up after {tries} attempts; the next run tries again."
        return error

    def _policy(self, idempotent: bool) -> Retrying:
        def worth_it(error: BaseException) -> bool:
            lost_write = isinstance(error, LostAnswerError) and not idempotent
            return isinstance(error, RetryableError) and not lost_write

        return Retrying(
            retry=retry_if_exception(worth_it),
            wait=self._wait_s,
            stop=self._must_stop,
            sleep=self._sleep,
            before_sleep=self._log_retry,
            reraise=True,
        )

    def _wait_s(self, state: RetryCallState) -> float:
        return max(self._jitter(state), getattr(_failure(state), "retry_after", None) or 0.0)

    def _must_stop(self, state: RetryCallState) -> bool:
        too_long = state.idle_for + state.upcoming_sleep > self._patience_s
        return too_long or state.attempt_number >= self._attempts

    def _log_retry(self, state: RetryCallState) -> None:
        reason = getattr(_failure(state), "what", "")
        log.debug(
            "connectors.request_repeated attempt=%d wait_s=%.1f reason=%s",
            state.attempt_number,
            state.upcoming_sleep,
            reason,
        )

    def _exchange(self, sent: _Sent) -> Answer:
        url = f"{self._base_url}/{sent.path}"
        shown_url = self.hide(url)
        began = time.monotonic()
        try:
            with self._client.stream(
                sent.method,
                url,
                params=sent.query or None,
                headers=sent.headers,
                content=sent.content,
            ) as got:
                body = self._read_body(got, began, shown_url)
                headers, status = got.headers, got.status_code
            return Answer(status, headers, body, shown_url, time.monotonic() - began)
        except httpx.HTTPError as error:
            failure = self._explain(error, shown_url)
        raise failure  # outside `except`: httpx's error, which holds the URL, is not kept with it

    def _read_body(self, response: httpx.Response, began: float, shown_url: str) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                raise LostAnswerError(f"{shown_url}: the answer is over {self._max_bytes} bytes.")
            if time.monotonic() - began > self._deadline_s:
                raise LostAnswerError(f"{shown_url}: no whole answer in {self._deadline_s:g} s.")
        return bytes(body)

    def _explain(self, error: httpx.HTTPError, shown_url: str) -> RetryableError:
        if not isinstance(error, NOT_SENT):
            return LostAnswerError(f"{shown_url}: {_lost_because(error)}.")
        return explain_certificate(error, self._host) or RetryableError(
            f"{shown_url}: {self.hide(_unsent_because(error))}.",
            todo="Check `url` of the source, and that this machine reaches it.",
        )


def _connect(base_url: str, ca_bundle: str, deadline_s: float) -> httpx.Client:
    url = httpx.URL(base_url)
    # The loopback needs no proxy, and a proxy must not learn what is asked there.
    trust_env = not is_loopback(url.host)
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if url.scheme == "https":
        trusted = trust(httpx.create_ssl_context(trust_env=trust_env), ca_bundle)
    return httpx.Client(
        verify=trusted,
        trust_env=trust_env,
        follow_redirects=False,
        timeout=httpx.Timeout(deadline_s, connect=min(CONNECT_S, deadline_s)),
        limits=httpx.Limits(max_connections=32, max_keepalive_connections=8, keepalive_expiry=30),
        headers={
            "User-Agent": f"Merilo/{_version()}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # a gzip cut short would be accepted silently
            "Content-Type": "application/json",
        },
    )


def _lost_because(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the answer broke off"
    return "the connection was lost"


def _unsent_because(error: BaseException) -> str:
    if isinstance(error, httpx.ProxyError):
        return f"the proxy refused ({error})"
    if isinstance(error, httpx.TimeoutException):
        return "no connection in time"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return "no such host is known"
        if isinstance(cause, ConnectionRefusedError):
            return "the connection was refused"
        cause = cause.__cause__ or cause.__context__
    return f"cannot connect ({error})"


def _failure(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _version() -> str:
    try:
        return version("merilo")
    except PackageNotFoundError:
        return "0"
