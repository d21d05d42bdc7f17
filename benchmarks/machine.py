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
        "code": os.environ.get("PYGENN_LITE_MARCH", "").strip() or "native",
        "commit": _commit(),
    }


def kind_of(conditions: dict[str, str]) -> str:
    """The kind of machine: times of different kinds stand in tables of their own."""
    vectors = "without" if conditions["cpu"].endswith("no AVX-512") else "with"
    kind = f"a processor {vectors} AVX-512"
    code = conditions.get("code", "native")
    return kind if code == "native" else f"{kind}, {code} code"


def _commit() -> str:
    git = ["git", "-C", str(Path(__file__).resolve().parent)]
    try:
        head = subprocess.run(
            [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
        )
        changed = subprocess.run(
            [*git, "status", "--porcelain", "--", "../pygenn_lite"], capture_output=True, text=True,
            check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + (" with changes" if changed.stdout.strip() else "")


def has_avx512() -> bool:
    """Whether the processor has AVX-512, where the system tells."""
    try:
        return "avx512f" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


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
