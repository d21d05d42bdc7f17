"""Compiles the engine together with hand-written kernels, once per session."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from builder_library import builder  # noqa: F401  (a fixture)

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "pygenn_lite" / "templates"
ENGINE = TEMPLATES / "cpp" / "engine"


Once = Callable[[str, Callable[[Path], Any]], Path]


@pytest.fixture(scope="session")
def library(made_once: Once) -> ctypes.CDLL:
    parts = [ENGINE / f"{name}.cpp" for name in ("engine", "synapses", "pool", "programs")]
    return compiled(made_once, "engine.so", *parts, HERE / "kernels.cpp")


@pytest.fixture(scope="session")
def programs(made_once: Once) -> ctypes.CDLL:
    return compiled(made_once, "programs.so", ENGINE / "programs.cpp")


def compiled(made_once: Once, name: str, *sources: Path) -> ctypes.CDLL:
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler on this machine")
    command = [*compiler.split(), "-std=c++20", "-O1", "-march=native", "-ffp-contract=off"]
    command += ["-Wall", "-Wextra", "-fPIC", "-shared", "-pthread", f"-I{TEMPLATES}", f"-I{ENGINE}"]
    command += [str(source) for source in sources]

    def make(out: Path) -> None:
        done = subprocess.run([*command, "-o", out], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return ctypes.CDLL(str(made_once(name, make)))
