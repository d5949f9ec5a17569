"""Memory of this process."""

from pathlib import Path


def resident_mib() -> int:
    """What the process holds in memory now, MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 // 2**20
