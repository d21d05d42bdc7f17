"""``pygenn-lite report``: a page about a result file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import pygenn_lite as pg
from pygenn_lite.cli import pages
from pygenn_lite.cli.app import app

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))
from reported import make_network, make_result


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_result(make_network()).save(tmp_path / "result.h5")
    (tmp_path / "summary.json").write_text(
        '{"warmup_ms": 100.0, "reference_rates_hz": {"exc": 12.5}, "scale": 0.5}'
    )
    return tmp_path


def test_a_folder_gets_a_page_beside_its_result(folder):
    done = CliRunner().invoke(app, ["report", str(folder)])
    assert done.output.strip() == str(folder / "report.html")
    html = (folder / "report.html").read_text()
    assert "Mean rates after 100 ms" in html and "small at scale 0.5" in html and "12.5" in html


def test_the_page_opens_in_the_browser_when_asked(folder, monkeypatch):
    opened: list[Path] = []
    monkeypatch.setattr(pages, "open_page", opened.append)
    target = folder / "mine.html"
    arguments = ["report", str(folder / "result.h5"), "-o", str(target), "--open", "--warmup", "0"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert opened == [target]
    assert "Mean rates after" not in target.read_text()


def test_what_is_not_a_result_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pygenn_lite", "report", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert f"there is no result file '{tmp_path}/result.h5'" in done.stderr


def test_a_batch_gets_a_page_in_its_folder(tmp_path, monkeypatch):
    opened: list[Path] = []
    monkeypatch.setattr(pages, "open_page", opened.append)
    batch = pg.Sweep(make_network(), {"seed": [1, 2]}, duration=20.0, keep={"spikes": "all"})
    batch.run(tmp_path / "seeds", processes=0)
    done = CliRunner().invoke(app, ["batch", "report", str(tmp_path / "seeds"), "--open"])
    assert done.output.strip() == str(tmp_path / "seeds" / "report.html")
    assert opened == [tmp_path / "seeds" / "report.html"]
    assert "The nearest of 2 runs" in opened[0].read_text()


def test_a_batch_is_reported_by_another_command(tmp_path):
    pg.Sweep(make_network(), {"seed": [1]}, duration=1.0).run(tmp_path / "b", processes=0)
    done = CliRunner().invoke(app, ["report", str(tmp_path / "b")])
    assert isinstance(done.exception, pg.errors.FileFormatError)
    assert done.exception.hint == f"it is a batch: pygenn-lite batch report {tmp_path}/b"


def test_a_folder_that_is_not_a_batch_s_is_refused(call, tmp_path):
    code, _, told = call("batch", "report", tmp_path)
    assert code != 0
    assert str(tmp_path) in told and "batch" in told
