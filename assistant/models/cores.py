"""How many CPU cores the models may use."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def usable_cores() -> int:
    """The cores this process may run on, cut to its container's quota (`cpu.max` of cgroup v2)."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return min(cores, max(1, int(quota) // int(period)))
    except (OSError, ValueError):  # no such group, or the quota is "max"
        return cores
