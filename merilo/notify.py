"""Tells systemd how the service is, by the datagrams of sd_notify(3); silent without systemd."""

import os
import socket
from collections.abc import Mapping

_MICROSECOND = 1e-6


def notify(*lines: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Sends `READY=1`, `STATUS=...` and the like; False when nobody listens.

    NOTIFY_SOCKET names a path, or after `@` an abstract socket.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.settimeout(1)
            sender.sendto("\n".join(lines).encode(), address)
    except OSError:
        return False
    return True


def watchdog_s(environ: Mapping[str, str] = os.environ) -> float | None:
    """How often systemd wants `WATCHDOG=1`, seconds: half of its limit; None if it does not ask."""
    limit, owner = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(os.getpid()))
    if not limit.isdigit() or int(limit) == 0 or owner != str(os.getpid()):
        return None
    return int(limit) * _MICROSECOND / 2
