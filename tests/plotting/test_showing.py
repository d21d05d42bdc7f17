"""Outside notebooks a picture is shown in a window, or the file it went to is named."""

import os
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from helpers_plotting import made_up

from pygenn_lite import plotting
from pygenn_lite.plotting.display import windows_open

WINDOWS = """
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
class FigureManager(FigureManagerBase):
    def show(self): print("window", len(self.canvas.figure.axes))
    @classmethod
    def start_main_loop(cls): print("waits")
class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager
"""
SCRIPT = """
import matplotlib
from helpers_plotting import made_up
result = made_up({"exc": 8}, {"exc": 10.0})
figure = result.plot()
figure.canvas.draw()
import matplotlib.pyplot as plt
print(plt.gcf() is figure)
plt.close("all")
own, ax = plt.subplots()
result.plot()
print(plt.gcf() is own, plt.gca() is ax)
result.plot(show=False), result.plot(path="a.png")
"""


@pytest.fixture
def result():
    return made_up({"exc": 8}, {"exc": 10.0})


@pytest.fixture
def no_windows(monkeypatch):
    monkeypatch.setattr("pygenn_lite.plotting.display.windows_open", lambda: False)


def test_without_windows_a_script_is_told_where_the_picture_went(result, no_windows, capsys):
    figure = result.plot(title="mine")
    printed = capsys.readouterr()
    assert printed.out == ""
    path = Path(printed.err.removeprefix("picture: ").strip())
    assert path.name == "made_up.png" and path.read_bytes().startswith(b"\x89PNG")
    assert figure.get_suptitle() == "mine"
    path.unlink()
    path.parent.rmdir()


def test_each_picture_of_a_script_goes_to_a_file_of_its_own(result, no_windows, capsys):
    for _ in range(2):
        result.plot()
    paths = {Path(line.removeprefix("picture: ")) for line in capsys.readouterr().err.splitlines()}
    assert len(paths) == 2
    for path in paths:
        path.unlink()
        path.parent.rmdir()


def test_a_picture_written_to_a_path_or_not_wanted_is_not_shown(
    result, no_windows, capsys, tmp_path
):
    result.plot(tmp_path / "a.png")
    result.plot(path=str(tmp_path / "b.png"))
    result.plot(show=False)
    plotting.plot_result(result)
    plotting.raster(result)
    assert capsys.readouterr() == ("", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_the_axes_of_any_picture_can_be_shown(result, no_windows, capsys):
    path = plotting.show_figure(plotting.raster(result), "spikes/../of mine")
    assert path is not None and path.name == "spikes_of_mine.png" and path.is_file()
    assert str(path) in capsys.readouterr().err
    path.unlink()
    path.parent.rmdir()


def test_pictures_are_no_figures_of_pyplots(result, no_windows):
    plt.close("all")
    own, ax = plt.subplots()
    plotting.plot_result(result)
    plotting.raster(result)
    assert plt.get_fignums() == [own.number] and plt.gcf() is own and plt.gca() is ax
    plt.close(own)


def test_without_a_display_there_are_no_windows(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not windows_open()
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("matplotlib.get_backend", lambda: "TkAgg")
    assert windows_open()
    monkeypatch.setattr("matplotlib.get_backend", lambda: "agg")
    assert not windows_open()


def test_a_script_opens_a_window_where_matplotlib_can(tmp_path):
    (tmp_path / "fake_windows.py").write_text(WINDOWS)
    (tmp_path / "script.py").write_text(SCRIPT)
    search = os.pathsep.join([str(tmp_path), str(Path(__file__).parent)])
    environment = {
        **os.environ, "DISPLAY": ":0", "MPLBACKEND": "module://fake_windows", "PYTHONPATH": search,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    # The first waits in its window; where the user has figures, plt.show() is the user's to call.
    assert done.stdout.splitlines() == ["window 3", "waits", "True", "True True"], done.stderr
    assert done.stderr == ""
