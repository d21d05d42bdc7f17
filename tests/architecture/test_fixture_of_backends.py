"""The fixture `backend` of tests/conftest.py: what runs where, and what is told of the others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest
from pygenn_lite.runtime.backends import choose_backend

pytestmark = pytest.mark.usefixtures("backend")


def test_everywhere(backend):
    assert choose_backend("auto").name == backend


@pytest.mark.compiled("threads")
def test_of_compiled_code(): ...


@pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.long("9 steps")), 3])
def test_of_some_parameters(n): ...


@pytest.mark.long("9 steps")
def test_that_is_long(): ...
"""


def outcome(folder: Path, *options: str, tests: str = TESTS, code: int = 0) -> list[str]:
    (folder / "conftest.py").write_text((ROOT / "tests/conftest.py").read_text())
    (folder / "test_some.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-v", "-n", "0", "-c", str(ROOT / "pyproject.toml")]
    done = subprocess.run(
        [*command, "--rootdir", str(folder), "-p", "no:cacheprovider", *options, "."],
        cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return (done.stdout + done.stderr).splitlines()


def test_marked_tests_and_parameters_are_left_out_and_told(tmp_path: Path) -> None:
    lines = outcome(tmp_path)
    ran = [line.split("::")[1].split(" ")[0] for line in lines if "PASSED" in line]
    on = {name: [t for t in ran if f"[{name}" in t] for name in ("cpp", "reference")}
    assert len(on["cpp"]) == 6
    assert on["reference"] == [
        "test_everywhere[reference]",
        "test_of_some_parameters[reference-1]",
        "test_of_some_parameters[reference-3]",
    ]
    told = lines[next(k for k, line in enumerate(lines) if "left out on reference" in line) :]
    assert told[1:3] == [
        "test_some.py: compiled, threads",
        "test_some.py: long, 9 steps (2 tests)",
    ]


def test_only_what_was_chosen_is_told(tmp_path: Path) -> None:
    lines = outcome(tmp_path, "-k", "everywhere or compiled")
    assert "test_some.py: compiled, threads" in lines
    assert not any("9 steps" in line for line in lines)


def test_a_marker_without_a_reason_is_refused(tmp_path: Path) -> None:
    unsaid = TESTS.replace('mark.compiled("threads")', "mark.compiled")
    lines = outcome(tmp_path, tests=unsaid, code=pytest.ExitCode.USAGE_ERROR)
    assert any("the marker 'compiled' says why" in line for line in lines)
