"""What belongs to a run shows itself in one line, and in notebooks as tables."""

import sys

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.runtime.notebook import NotebookBars
from pygenn_lite.runtime.results.binning import BinnedSpikes
from pygenn_lite.runtime.results.final_weights import WeightHistogram

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture(scope="module")
def sim():
    net = pg.Network(seed=1, name="<mine>")
    cells = net.population("cells", 100, pg.PoissonNeuron(rate=50.0))
    learn = net.population("learn", 20, pg.LIF())
    net.connect(cells, learn, pg.PairSTDP(), pg.FixedProbability(0.2), weight=0.5, delay=1.0)
    net.poisson(learn, 900.0, weight=1.0, variable="V")
    net.record(cells.spikes, learn["V"][:3])
    return net.compile(progress=False, threads=1)


@pytest.fixture(scope="module")
def result(sim):
    return sim.run(100.0, keep_weights=True, progress=False)


def test_views_and_results_show_themselves_in_one_short_line(sim, result):
    things = [
        sim, sim["cells"], sim["cells_learn"], sim["poisson_learn"], sim["learn"]["V"],
        sim["learn"]["tau"], sim["cells_learn"]["weight"], sim["cells_learn"].connections(),
        sim.memory(), sim.inspect(), sim.timings, sim.memory()[0], result, result.spikes,
        result.spikes["cells"], result.traces["learn"]["V"], result.counts, result.weights,
        result.binned("cells"), WeightHistogram(np.ones(3, np.int64), np.arange(4.0)),
    ]  # fmt: skip
    for thing in things:
        assert "\n" not in repr(thing) and len(repr(thing)) < 200, repr(thing)


def test_lines_say_what_matters(sim, result):
    number = sim["cells_learn"].size
    assert repr(sim).startswith(f"<Simulation of <mine>: 120 neurons, {number} synapses, 1 thread")
    assert repr(sim["learn"]["tau"]) == "<learn['tau']: 10>"
    assert repr(sim["cells_learn"].connections()) == (
        f"<Connections: {number} synapses; pre, post, delay, weight>"
    )
    assert "learn: 20 neurons; V" in repr(sim["learn"])
    assert repr(result.weights) == "<weights of cells_learn>"
    edges = np.array([0, 10, 20])
    binned = BinnedSpikes(edges, np.array([1, 0]), 1, 0.1)
    assert repr(binned) == "<BinnedSpikes: 2 bins; 1 spike of 1 neuron>"


def test_arrays_are_shown_by_their_ends():
    text = repr(MemoryRows([MemoryRow("a", "b", 3, 2048)]))
    assert text == "<memory of 1 array: 2.0 KiB>"


def test_a_result_is_a_table_of_rates_in_a_notebook(result):
    html = result._repr_html_()
    spikes = len(result.spikes["cells"])
    assert "&lt;mine&gt;" in html and "<mine>" not in html
    for text in ("cells", "learn", f"{spikes:,}", f"{spikes / 100 / 0.1:.3g}", "spikes", "V"):
        assert f">{text}<" in html, text
    assert "0 to 100 ms" in html and "cells_learn" in html


def test_a_result_in_a_file_is_shown_without_reading_its_spikes(sim, tmp_path, monkeypatch):
    streamed = sim.run(10.0, stream_to=tmp_path / "a.h5", progress=False)
    loaded = pg.load_result(tmp_path / "a.h5")
    (tmp_path / "a.h5").unlink()
    for each in (streamed, loaded):
        assert "a.h5" in each._repr_html_()


def test_memory_and_inspection_are_tables(sim):
    assert str(sim.memory()) and "V (state)" in sim.memory()._repr_html_()
    assert sim.memory()._repr_html_().count("<tr>") == len(sim.memory()) + 1
    inspection = sim.inspect()
    html = inspection._repr_html_()
    assert "<details>" in html and "dV/dt" in html and "exact" in html
    assert "script" not in html


class Shell:
    """As much of IPython as bars need."""

    def __init__(self):
        self.shown = []

    def HTML(self, text):
        return text

    def display(self, html, display_id):
        self.shown.append(html)
        return self

    def update(self, html):
        self.shown.append(html)


def test_bars_of_a_notebook_are_html_and_leave_a_line_of_times(monkeypatch):
    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", type("IPython", (), {"display": shell}))
    monkeypatch.setattr("pygenn_lite.runtime.notebook.BETWEEN_DRAWINGS", 0.0)
    bars = NotebookBars()
    task = bars.add_task("<compiling>", total=4.0)
    bars.update(task, completed=1.0, total=4.0)
    bars._tasks[0]["began"] -= 2.0
    bars.update(task, completed=4.0, total=4.0)
    bars.update(bars.add_task("connecting", total=1.0), completed=1.0, total=1.0)
    bars.stop()
    assert 'value="0.2500"' in shell.shown[0] and "&lt;compiling&gt; 25%" in shell.shown[0]
    assert "100%" in shell.shown[1]
    assert shell.shown[-1] == "<small>&lt;compiling&gt; 2.0 s, connecting done</small>"
    assert not any("script" in html for html in shell.shown)


def test_bars_that_were_never_drawn_leave_nothing(monkeypatch):
    shell = Shell()
    monkeypatch.setitem(sys.modules, "IPython", type("IPython", (), {"display": shell}))
    NotebookBars().stop()
    assert shell.shown == []
