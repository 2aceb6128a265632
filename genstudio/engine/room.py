"""How much memory there is for something large that is about to be made."""

from __future__ import annotations

import os
from pathlib import Path

UNKNOWN_BYTES = 4 << 30  # taken for the machine's memory where the system does not say
MEMINFO = Path("/proc/meminfo")
GROUP = Path("/sys/fs/cgroup")  # a container's own limit


def free_bytes() -> int:
    """Memory that can be taken without pushing anything else out, as far as the system says.

    On Linux what is available, within the limit of a container; elsewhere half of all there is.
    """
    available = _available()
    if available is None:
        available = _total() // 2
    left = _left_in_group()
    return available if left is None else min(available, left)


def _available() -> int | None:
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = [int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")]
    return found[0] << 10 if found else None


def _total() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return UNKNOWN_BYTES


def _left_in_group() -> int | None:
    """What the control group's limit leaves (version 2); files that are only cached count as free.

    None without a limit.
    """
    try:
        limit = (GROUP / "memory.max").read_text(encoding="ascii").strip()
        used = int((GROUP / "memory.current").read_text(encoding="ascii"))
        lines = (GROUP / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    if not limit.isdigit():
        return None
    cached = sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    return max(0, int(limit) - used + cached)
