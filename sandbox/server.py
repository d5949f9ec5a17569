"""Start a vendor's sandbox on the loopback, inside this process."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, overload

from sandbox.amocrm.box import AmoBox
from sandbox.amocrm.company import build_account
from sandbox.amocrm.limit import Limits as AmoLimits
from sandbox.bitrix24.app import build_app
from sandbox.bitrix24.company import build_portal
from sandbox.bitrix24.limit import Limits
from sandbox.bitrix24.portal import Portal
from sandbox.serving import Served
from sandbox.tls import TlsFiles, write_certificates

TELEPHONES = {
    "uis": "sandbox.uis.box",
    "mango": "sandbox.mango.box",
    "itoolabs": "sandbox.itoolabs.box",
    "zadarma": "sandbox.zadarma.box",
}
"""Telephone vendors: the module with `build_box(scale, seed, clock, limited, tls)`."""

NAMES = ("bitrix24", "amocrm", *TELEPHONES)


class Options(TypedDict, total=False):
    """What every sandbox takes; see `start_sandbox`."""

    scale: str
    seed: int
    limits: bool
    tls: bool
    clock: Callable[[], datetime]
    speed: float
    port: int
    faults: list[str] | None


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Box(Served):
    """A running sandbox of Bitrix24; close it, or use it as a context manager."""

    def __init__(self, portal: Portal, limits: Limits, tls: TlsFiles | None) -> None:
        super().__init__(tls, portal.live_step)
        self.portal = portal
        self.limits = limits

    @property
    def webhook(self) -> str:
        """`<user id>/<code>`: requests go to {url}/rest/{webhook}/{method}."""
        return self.portal.access.webhook

    @property
    def credentials(self) -> dict[str, str | None]:
        """What a client needs to enter, by webhook or by OAuth."""
        return {
            "url": self.url,
            "webhook": self.webhook,
            "ca_bundle": self.ca_bundle,
            "auth_server": self.url,
            "client_id": self.portal.oauth.client_id,
            "client_secret": self.portal.oauth.client_secret,
        }

    def open(self, port: int) -> None:
        """Listen on the loopback, port 0 = any free one."""
        self.serve(build_app(self.portal, self.limits, self.faults, self.log), port)


@overload
def start_sandbox(name: Literal["bitrix24"] = ..., **options: Unpack[Options]) -> Box: ...
@overload
def start_sandbox(name: Literal["amocrm"], **options: Unpack[Options]) -> AmoBox: ...
@overload
def start_sandbox(name: str, **options: Unpack[Options]) -> Any: ...
def start_sandbox(
    name: str = "bitrix24",
    *,
    scale: str = "small",
    seed: int = 1,
    limits: bool = False,
    tls: bool = False,
    clock: Callable[[], datetime] = _utc_now,
    speed: float = 0.0,
    port: int = 0,
    faults: list[str] | None = None,
) -> Any:
    """Build a company whose history ends now and serve it; ValueError for unknown names.

    `scale` is empty, tiny, small, medium or large; `clock` gives aware moments; `speed` is
    how many things happen a minute while it runs; `faults` are kind[:method[:after[:count]]].
    """
    if name not in NAMES:
        raise ValueError(f"unknown sandbox {name}; known: {', '.join(NAMES)}")
    folder = tempfile.TemporaryDirectory(prefix="sandbox-") if tls else None
    try:
        files = write_certificates(Path(folder.name)) if folder else None
        box = _build(name, scale, seed, clock, limits, files)
    except BaseException:
        if folder is not None:
            folder.cleanup()
        raise
    if folder is not None:
        box.keep(folder)
    for text in faults or []:
        box.faults.add_text(text)
    try:
        box.open(port)
        box.work(speed, seed)
    except BaseException:
        box.close()
        raise
    return box


def _build(
    name: str,
    scale: str,
    seed: int,
    clock: Callable[[], datetime],
    limited: bool,
    files: TlsFiles | None,
) -> Any:
    if name in TELEPHONES:
        return import_module(TELEPHONES[name]).build_box(scale, seed, clock, limited, files)
    if name == "amocrm":
        account = build_account(scale, seed, clock)
        limits = AmoLimits(lambda: clock().timestamp(), enabled=limited)
        return AmoBox(account, limits, files)
    portal = build_portal(scale, seed, clock)
    return Box(portal, Limits(portal.now, enabled=limited), files)
