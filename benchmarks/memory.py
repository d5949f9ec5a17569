"""Memory of a process, MiB, as Linux tells."""

from pathlib import Path


def resident_mib(pid: int | str = "self") -> int:
    """What a process holds in memory now."""
    return _told("VmRSS", pid)


def peak_mib() -> int:
    """The most this process held since its program began.

    getrusage would tell no less than what the process that started it held at that moment.
    """
    return _told("VmHWM", "self")


def _told(name: str, pid: int | str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    (kib,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return int(kib) // 1024
