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


@pytest.fixture(scope="session")
def library(made_once: Callable[[str, Callable[[Path], Any]], Path]) -> ctypes.CDLL:
    compiler = os.environ.get("CXX") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("no C++ compiler on this machine")
    command = [*compiler.split(), "-std=c++20", "-O1", "-march=native", "-ffp-contract=off"]
    command += ["-Wall", "-Wextra", "-fPIC", "-shared", "-pthread", f"-I{TEMPLATES}"]
    command += [f"-I{TEMPLATES / 'cpp' / 'engine'}"]
    command += [str(TEMPLATES / "cpp" / "engine" / "engine.cpp"), str(HERE / "kernels.cpp")]

    def make(out: Path) -> None:
        done = subprocess.run([*command, "-o", out], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    return ctypes.CDLL(str(made_once("engine.so", make)))
