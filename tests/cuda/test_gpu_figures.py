"""The script that measures on a card runs from end to end, on the emulated one: each case by
itself, so that none costs another its figure."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "gpu.py"


def found_by(folder: Path, *options: str, ends: int = 0) -> dict[str, Any]:
    """What a run keeps."""
    kept = folder / "gpu.json"
    command = [sys.executable, str(SCRIPT), "--driver=emulator", "--small", "--repeats=1"]
    done = subprocess.run(
        [*command, f"--out={kept}", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == ends, done.stderr
    record = json.loads(kept.read_text(encoding="utf-8"))
    assert record["card"]["name"] == "emulated card" and record["conditions"]["commit"]
    return record["found"]  # type: ignore[no-any-return]


def test_figures_are_found(tmp_path: Path) -> None:
    found = found_by(tmp_path, "copy", "instances")
    assert found["copy"]["value"] > 0 and found["instances"]["value"] > 0
    assert list(found) == ["copy", "instances"]


@pytest.mark.slow
def test_all_figures_are_found(tmp_path: Path) -> None:
    found = found_by(tmp_path)
    assert len(found) == 11 and all("value" in each for each in found.values())


def test_a_case_that_hangs_costs_no_other(tmp_path: Path) -> None:
    """It is ended with all that it has started; what no time is left for is left out."""
    found = found_by(tmp_path, "first-step", "copy", "--minutes=0.001", ends=1)
    assert "not over after" in found["first-step"]["error"]
    assert found["copy"]["error"] == "no time was left"


def test_a_case_that_fails_says_why(tmp_path: Path) -> None:
    found = found_by(tmp_path, "copy", "--device=3", ends=1)
    assert "DeviceError: there is no emulated card 3" in found["copy"]["error"]
