"""The conditions of a measurement: machine, compiler, load."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from pathlib import Path


def conditions() -> dict[str, str]:
    """Describe this machine and moment."""
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": _cpu_model(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory_gib": f"{_memory_bytes() / 2**30:.0f}",
        "system": f"{platform.system()} {platform.release()}",
        "compiler": _compiler(),
        "python": platform.python_version(),
        "load_before": f"{os.getloadavg()[0]:.2f}",
    }


def _cpu_model() -> str:
    model, vectors = platform.processor() or "unknown", "no AVX-512"
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
            if line.startswith("flags") and "avx512f" in line:
                vectors = "AVX-512"
    except OSError:
        return model
    return f"{model}, {vectors}"


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _compiler() -> str:
    command = os.environ.get("CXX", "g++").split()
    try:
        reply = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return reply.stdout.splitlines()[0]
