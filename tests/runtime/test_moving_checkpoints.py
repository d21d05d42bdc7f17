"""A checkpoint holds what a network is in, not how a backend keeps it: it moves between them."""

import helpers_runtime as helpers
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import CheckpointError, SimulationError


def repeating_network(seed=0):
    """Spikes that one neuron has several of in a step, in flight with what each carries."""
    net = pg.Network(dt=0.1, seed=seed)
    source = net.spike_source("source", 2, [1.0, 9.0, 9.0, 9.0, 9.0], [0, 0, 0, 0, 1])
    cells = net.population("cells", 3, helpers.LIF)
    synapse = pg.TsodyksMarkram(pg.ExponentialCurrent(tau=5.0))
    net.connect(source, cells, synapse, pg.AllToAll(), weight=0.3, delay=5.0)
    net.step_current(cells, [0.0, 8.0], [0.0, 1.0])
    net.record(cells.spikes, cells["V"])
    return net


def small_balanced_network(seed=1):
    return helpers.balanced_network(seed, neurons=200)


NETWORKS = [small_balanced_network, helpers.plastic_network, repeating_network]


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("make", NETWORKS)
def test_a_run_goes_on_elsewhere_and_comes_back(tmp_path, make, precision):
    there, here = (make().compile(backend=b, precision=precision) for b in ("reference", "cpp"))
    here.run(10.0)
    for name, inputs in here.inputs.items():
        if "rate" in inputs.names:
            here[name]["rate"] = np.asarray(here[name]["rate"]) * 1.5
    here.save(tmp_path / "first.npz")
    there.restore(tmp_path / "first.npz")
    assert there.time == here.time
    assert_same_state(there, here, 0.0)
    if precision == "float64":
        assert helpers.same_spikes(there.run(10.0), here.run(10.0))
        assert_same_state(there, here, 1e-9)
    there.save(tmp_path / "second.npz")
    here.restore(tmp_path / "second.npz")
    assert_same_state(there, here, 0.0)
    if precision == "float64":
        assert helpers.same_spikes(here.run(10.0), there.run(10.0))


def assert_same_state(a, b, tolerance):
    for name, population in a.populations.items():
        assert np.array_equal(population.spike_counts(), b[name].spike_counts())
        for variable in population.names:
            found, expected = np.asarray(population[variable]), np.asarray(b[name][variable])
            np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
    for name, group in a.groups.items():
        weights = np.asarray(b[name]["weight"])
        np.testing.assert_allclose(group["weight"], weights, rtol=max(tolerance, 1e-6))


def with_one_weight():
    net = pg.Network(dt=0.1, seed=2)
    a, b = net.population("a", 5, helpers.LIF), net.population("b", 4, helpers.LIF)
    net.connect(a, b, pg.Delta(), pg.AllToAll(), weight=2.0, name="ab")
    return net


def test_whether_synapses_may_have_weights_of_their_own_is_no_matter_of_the_backend():
    for backend in ("reference", "cpp", "null"):
        sim = with_one_weight().compile(backend)
        with pytest.raises(SimulationError, match="all synapses of this group share one weight"):
            sim["ab"]["weight"] = np.arange(20.0)


def test_weights_that_differ_do_not_become_one_in_silence(tmp_path, monkeypatch):
    there, here = (with_one_weight().compile(backend=b) for b in ("reference", "cpp"))
    # As a backend from outside may have it, that keeps a weight for each synapse:
    monkeypatch.setattr(there._device.instances[0], "has_own_weights", lambda group: True)
    there["ab"]["weight"] = 3.0
    there.save(tmp_path / "equal.npz")
    here.restore(tmp_path / "equal.npz")
    assert np.array_equal(here["ab"]["weight"], np.full(20, 3.0))
    there["ab"]["weight"] = np.arange(20.0)
    there.save(tmp_path / "unequal.npz")
    here.run(1.0)
    with pytest.raises(
        CheckpointError, match=r"'ab': the checkpoint has a weight for each synapse"
    ):
        here.restore(tmp_path / "unequal.npz")
    assert here.time == 1.0 and np.array_equal(here["ab"]["weight"], np.full(20, 3.0))


@pytest.mark.parametrize("delay", [pg.Uniform(0.1, 6.0), pg.Gamma(2.0, 1.0)], ids=str)
def test_delays_that_are_drawn_look_back_alike_on_both_backends(tmp_path, delay):
    def network():
        net = pg.Network(dt=0.1, seed=3)
        cells = net.population("cells", 12, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
        net.current(cells, pg.Uniform(400.0, 900.0))
        stdp = pg.PairSTDP(pg.ExponentialCurrent(5.0), w_max=100.0)
        net.connect(
            cells, cells, stdp, pg.FixedProbability(0.3), weight=30.0, delay=delay, name="l"
        )
        net.record(cells.spikes)
        return net

    for first, second in (("reference", "cpp"), ("cpp", "reference")):
        one, other = (network().compile(b, precision="float64") for b in (first, second))
        one.run(25.0)
        one.save(tmp_path / "state.npz", overwrite=True)
        other.restore(tmp_path / "state.npz")
        left, right = one.run(25.0), other.run(25.0)
        assert len(left.spikes["cells"]) and helpers.same_spikes(left, right)
        np.testing.assert_allclose(one["l"]["weight"], other["l"]["weight"], rtol=1e-9)
