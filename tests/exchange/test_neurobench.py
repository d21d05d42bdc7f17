"""NeuroBench's own harness runs our simulations, where its package is installed."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "analysis"))
from benchmark_networks import NETWORKS, VALUES, harness_values

import pygenn_lite as pg
from pygenn_lite.exchange.neurobench import neurobench_model, spike_matrix

installed = pytest.mark.skipif(
    find_spec("neurobench") is None,
    reason="NeuroBench is not installed: pip install 'pygenn-lite[neurobench]'",
)
pytestmark = pytest.mark.usefixtures("backend")


@installed
@pytest.mark.parametrize("name", NETWORKS)
def test_the_harness_finds_what_is_stored(name):
    stored, found = json.loads(VALUES.read_text())[name], harness_values(name)
    for batch, values in stored.items():
        for metric, value in values.items():
            assert found[batch][metric] == pytest.approx(value, rel=1e-6), metric


@installed
def test_continuous_transmission_is_refused():
    net = pg.Network(dt=1.0)
    cells = net.population("cells", 2, pg.RateNeuron())
    net.connect(cells, cells, pg.RateSynapse(), pg.AllToAll())
    with pytest.raises(pg.errors.UnsupportedFeatureError, match="no layer for continuous"):
        neurobench_model(net.compile(threads=1, progress=False), run=None)


@pytest.mark.skipif(find_spec("neurobench") is not None, reason="NeuroBench is installed")
def test_without_neurobench_the_message_says_how_to_get_it():
    with pytest.raises(pg.errors.MissingPackageError) as caught:
        neurobench_model(pg.Network(), run=None)
    assert "the package 'neurobench' is not installed; it is needed for" in str(caught.value)
    assert "pip install 'pygenn-lite[neurobench]'" in str(caught.value)


def test_a_matrix_of_spikes_has_a_row_for_each_step():
    net = pg.Network(dt=1.0)
    source = net.spike_source("source", 3, [1.0, 2.0, 2.0], [2, 0, 1])
    net.record(source.spikes)
    sim = net.compile(threads=1, progress=False)
    first, second = sim.run(1.0), sim.run(2.0)
    assert spike_matrix(first, "source").tolist() == [[0, 0, 1]]
    assert spike_matrix(second, "source").tolist() == [[1, 1, 0], [0, 0, 0]]
