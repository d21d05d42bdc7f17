"""Everything of an input can be changed between runs, without compiling again."""

import helpers_runtime as helpers
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import EquationError, PygennLiteError, ShapeError, SimulationError
from pygenn_lite.runtime.cpp import building as build

pytestmark = pytest.mark.usefixtures("backend")

CELL = pg.NeuronModel(
    "dV/dt = (I - V)/tau\nIm = 0*V", parameters=dict(tau=10.0), initial=dict(V=0.0)
)
TIMES = np.arange(0.0, 10.0, 2.5)


def network(rate=100.0, weight=0.5, sources=3, current=1.0, std=0.2, values=(0.0, 1.0, 2.0, 3.0)):
    net = pg.Network(dt=0.1, seed=4)
    cells = net.population("cells", 70, CELL)
    net.poisson(cells, 20.0, weight=0.1, variable="V", name="other")
    net.poisson(cells, rate, weight=weight, variable="V", sources=sources)
    net.current(cells, 0.25, name="first")
    net.current(cells, current)
    net.noise_current(cells, 0.1, std)
    net.step_current(cells, TIMES, np.asarray(values))
    net.record(cells["V"])
    return net


def traces(sim):
    return sim.run(10.0).traces["cells"]["V"].values


CHANGES = [
    ("poisson_cells", "rate", dict(rate=900.0)),
    ("poisson_cells", "rate", dict(rate=9e5)),
    ("poisson_cells", "rate", dict(rate=np.linspace(0.0, 500.0, 70))),
    ("poisson_cells", "sources", dict(sources=8)),
    ("poisson_cells", "weight", dict(weight=-2.0)),
    ("current_cells", "value", dict(current=-3.0)),
    ("noise_cells", "std", dict(std=0.0)),
    ("step_cells", "values", dict(values=(4.0, 0.0, -1.0, 2.0))),
]


@pytest.mark.parametrize(("name", "what", "change"), CHANGES)
def test_a_changed_input_is_as_if_declared_so(name, what, change, monkeypatch):
    expected = traces(network(**change).compile(threads=1))
    sim = network().compile(threads=2)
    monkeypatch.setattr(build, "compile_source", None)  # nothing is compiled from here on
    before = traces(sim)
    sim[name][what] = next(iter(change.values()))
    assert np.allclose(np.asarray(sim[name][what]), next(iter(change.values())))
    sim.reset()
    assert np.array_equal(traces(sim), expected)
    assert not np.array_equal(before, expected)
    sim.reset(seed=9)  # makes a new engine; the change stays
    sim.reset()
    assert np.array_equal(traces(sim), expected)


def test_rates_per_neuron_can_be_set_one_by_one():
    sim = network(rate=np.full(70, 100.0)).compile()
    sim["poisson_cells"]["rate"][3] = 0.0
    sim["poisson_cells"]["rate"][10:] *= 2.0
    rates = np.asarray(sim["poisson_cells"]["rate"])
    assert rates[3] == 0.0 and rates[0] == 100.0 and np.all(rates[10:] == 200.0)


def test_changes_come_along_in_checkpoints(tmp_path):
    sim = network().compile()
    sim["poisson_cells"]["rate"] = 777.0
    sim["step_cells"]["values"] = [1.0, 2.0, 5.0, -4.0]
    sim["current_cells"]["value"] = 0.5
    sim.run(4.2)
    sim.save(tmp_path / "point.npz")
    again = network().compile(threads=2)
    again["poisson_cells"]["rate"] = np.full(70, 3.0)
    again.restore(tmp_path / "point.npz")
    assert np.asarray(again["poisson_cells"]["rate"]) == 777.0
    assert np.array_equal(traces(again), traces(sim))


@pytest.mark.parametrize(
    ("name", "what", "value", "error"),
    [
        ("poisson_cells", "rate", -1.0, SimulationError),
        ("poisson_cells", "rate", np.nan, SimulationError),
        ("poisson_cells", "rate", 1e300, SimulationError),
        ("poisson_cells", "rate", [1.0, 2.0], ShapeError),
        ("poisson_cells", "rate", "fast", EquationError),
        ("poisson_cells", "sources", -1, SimulationError),
        ("poisson_cells", "weight", np.inf, SimulationError),
        ("poisson_cells", "speed", 1.0, SimulationError),
        ("noise_cells", "std", -1.0, SimulationError),
        ("noise_cells", "std", "much", EquationError),
        ("step_cells", "values", [1.0, 2.0], ShapeError),
        ("step_cells", "values", np.nan, SimulationError),
        ("no_such_input", "rate", 1.0, SimulationError),
    ],
)
def test_what_cannot_be_set_is_refused_and_changes_nothing(name, what, value, error):
    sim = network().compile()
    with pytest.raises(error):
        sim[name][what] = value
    assert np.array_equal(traces(sim), traces(network().compile()))


def test_a_standard_deviation_is_not_negative_either_by_index():
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 4, CELL)
    net.noise_current(cells, 0.0, np.full(4, 0.5))
    view = net.compile()["noise_cells"]
    for index in (slice(None), 2, ...):
        with pytest.raises(SimulationError, match="negative"):
            view["std"][index] = -1.0
    assert set(np.asarray(view["std"])) == {np.float32(0.5)}
    view["std"][1:] = 0.25
    assert np.asarray(view["std"]).tolist() == [0.5, 0.25, 0.25, 0.25]


@pytest.mark.parametrize("rate", [1e30, 1e13])
def test_rates_that_cannot_be_counted_are_refused(rate):
    with pytest.raises(PygennLiteError, match="too many"):
        network(rate=rate).compile()


def test_spikes_late_in_time_never_come_and_do_not_wrap_around():
    net = pg.Network()
    source = net.spike_source("source", 2, [0.3, 1e300], [0, 1])
    cells = net.population("cells", 2, CELL)
    net.step_current(cells, [1e300], [1.0])
    net.record(source.spikes, cells["V"])
    result = net.compile().run(1.0)
    assert result.spikes["source"].times.tolist() == [0.3]
    assert not result.traces["cells"]["V"].values.any()


def test_steps_and_seeds_that_are_none_are_refused():
    sim = helpers.balanced_network(neurons=50).compile()
    for steps in (-1, 2.5, "x", None, True):
        with pytest.raises(SimulationError, match="steps"):
            sim.step(steps)
    for seed in (-1, 2**64, "a", 1.5):
        with pytest.raises(SimulationError, match="seed"):
            sim.reset(seed)
    with pytest.raises(SimulationError):
        sim.run(10**400)


def test_a_checkpoint_replaces_no_device(tmp_path):
    import os

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    sim = helpers.balanced_network(neurons=50).compile()
    with pytest.raises(SimulationError, match="not a regular file"):
        sim.save(pipe)
    assert pipe.is_fifo()


def test_delays_by_expression_below_a_step_are_refused():
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 3, CELL)
    synapse = pg.SynapseModel(on_pre="V_post += weight")
    net.connect(cells, cells, synapse, pg.AllToAll(), delay="i_pre - 1")
    with pytest.raises(PygennLiteError, match=r"(?s)negative.*max\(0.1"):
        net.compile()
