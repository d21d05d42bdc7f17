"""How many processors this process may use."""

from __future__ import annotations

import os
from pathlib import Path


def available_cpus() -> int:
    """Processors this process may use: its affinity, cut by a container's quota (Linux)."""
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return count
    if quota == "max":
        return count
    return max(1, min(count, round(int(quota) / int(period))))
