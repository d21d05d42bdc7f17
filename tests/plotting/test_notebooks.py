"""In a notebook each picture is shown once, the user's own plots are left alone, and objects are
tables."""

import os

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

BEGIN = """
import sys
sys.path.insert(0, {folder!r})
from helpers_plotting import made_up
import matplotlib
import pygenn_lite as pg
result = made_up({{"exc": 80, "inh": 20}}, {{"exc": 10.0, "inh": 20.0}}, traces=[("exc", "V")])
before = dict(matplotlib.rcParams)
"""
# Cell and the number of pictures that it must show.
CELLS = [
    ("result.plot()", 1),
    ("assert 'matplotlib.pyplot' not in sys.modules", 0),
    ("figure = result.plot()", 1),
    ("figure", 1),
    ("for _ in range(2):\n    result.plot()", 2),
    ("figure = result.plot(show=False)", 0),
    ("figure", 1),
    ("result.plot(path={folder!r} + '/picture.png');", 0),
    ("result.plot(path={folder!r} + '/picture.png')", 1),
    ("pg.plotting.plot_result(result)", 1),
    ("ax = pg.plotting.raster(result)", 1),
    ("pg.plotting.show_figure(ax)", 1),
    ("bars = pg.plotting.population_rates(result)\npg.plotting.show_figure(bars)", 1),
    ("assert dict(matplotlib.rcParams) == before", 0),
    ("%matplotlib inline\nimport matplotlib.pyplot as plt", 0),
    ("own, ax = plt.subplots()\nax.plot([1, 2]);", 1),
    ("result.plot()", 1),
    ("assert not plt.get_fignums()", 0),
    ("own, ax = plt.subplots()\nresult.plot()\nassert plt.gcf() is own and plt.gca() is ax", 2),
    ("own, ax = plt.subplots()\npg.plotting.raster(result, ax)\nax.set_title('mine');", 1),
    ("net = pg.Network(); cells = net.population('cells', 9, pg.PoissonNeuron(rate=9.0)); net", 0),
    ("net.compile(progress=False).run(9.0, progress=True)", 0),
    ("%config InlineBackend.figure_formats = ['svg']\nresult.plot()", 0),
]


@pytest.fixture(scope="module")
def executed(request, tmp_path_factory):
    folder = str(request.path.parent)
    made = str(tmp_path_factory.mktemp("notebook"))
    sources = [BEGIN.format(folder=folder), *(cell.format(folder=made) for cell, _ in CELLS)]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    # The kernel chooses the backend, as it does for users.
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    nbclient.NotebookClient(book, timeout=120).execute(env=environment)
    return book.cells


def pictures(cell, kind="image/png"):
    return sum(kind in output.get("data", {}) for output in cell.outputs)


def test_every_cell_shows_exactly_the_pictures_it_makes(executed):
    found = [(cell.source, pictures(cell)) for cell in executed]
    sources, wanted = [source for source, _ in found], [0, *(number for _, number in CELLS)]
    assert found == list(zip(sources, wanted, strict=True))


def test_a_picture_comes_in_the_format_that_the_notebook_chose(executed):
    assert pictures(executed[-1], "image/svg+xml") == 1


def html(cell):
    return [o.data["text/html"] for o in cell.outputs if "text/html" in o.get("data", {})]


def test_a_network_is_a_table(executed):
    (shown,) = html(executed[-3])
    assert "<td" in shown and "cells" in shown


def test_progress_ends_as_a_line_of_times_before_the_table_of_the_result(executed):
    progress, result = html(executed[-2])
    assert progress.startswith("<small>") and "simulating" in progress
    assert "9 ms" in result and "cells" in result


def test_a_notebook_prints_no_warnings(executed):
    streams = [o.text for cell in executed for o in cell.outputs if o.output_type == "stream"]
    assert streams == []
