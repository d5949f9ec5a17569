"""Memory of this process, MiB, as Linux tells."""

from pathlib import Path


def resident_mib() -> int:
    """What the process holds in memory now."""
    return _told("VmRSS")


def peak_mib() -> int:
    """The most it held since its program began.

    getrusage would tell no less than what the process that started it held at that moment.
    """
    return _told("VmHWM")


def _told(name: str) -> int:
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (kib,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kib) // 1024
