"""What is refused changes nothing: assignments to several instances, and checkpoints."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import PygennLiteError

pytestmark = pytest.mark.usefixtures("backend")


def network(**weights):
    net = pg.Network(dt=0.5, seed=4)
    cells = net.population("cells", 5, pg.LIF(t_ref=2.0), initial={"V": pg.Uniform(-60.0, -50.0)})
    source = net.spike_source("source", 2, [1.0], [0])
    current = pg.ExponentialCurrent(5.0)
    net.connect(source, cells, current, pg.AllToAll(), weight=pg.Uniform(50.0, 90.0), name="from")
    stdp = pg.PairSTDP(current, w_max=100.0)
    net.connect(cells, cells, stdp, pg.AllToAll(), weight=30.0, delay=1.5, name="learning")
    net.poisson(cells, 2000.0, weight=5.0, variable="V", name="drive")
    net.noise_current(cells, std=1.0, name="noise")
    net.step_current(cells, [0.0, 5.0], [0.0, 10.0], name="steps")
    net.record(cells.spikes)
    return net


def everything(sim):
    """All that can be seen."""
    values = {"time": np.array(sim.time)}
    for parts in (sim.populations, sim.groups, sim.inputs):
        for part, view in parts.items():
            for name in view.names:
                values[f"{part}.{name}"] = np.array(view[name])
    for population in ("cells", "source"):
        values[f"counts of {population}"] = sim.populations[population].spike_counts()
    return values


def assert_unchanged(sim, before):
    after = everything(sim)
    assert after.keys() == before.keys()
    for name, values in before.items():
        assert np.array_equal(after[name], values), name


LAST_IS_WRONG = {
    "a state": ("cells", "V", [np.full(5, -60.0), np.full(5, -61.0), np.full(5, np.nan)]),
    "a shared parameter": ("cells", "tau", [10.0, 20.0, -1.0]),
    "a rate": ("drive", "rate", [1.0, 2.0, -3.0]),
    "rates of each neuron": ("drive", "rate", [np.ones(5), np.ones(5), -np.ones(5)]),
    "what a population keeps for an input": ("drive", "weight", [1.0, 2.0, np.inf]),
    "a standard deviation": ("noise", "std", [1.0, 2.0, -1.0]),
    "values of a current": ("steps", "values", [[1.0, 2.0], [1.0, 2.0], [1.0, np.nan]]),
    "plastic weights": ("learning", "weight", [np.full(25, w) for w in (1.0, 2.0, np.nan)]),
    "static weights": ("from", "weight", [np.full(10, w) for w in (1.0, 2.0, np.inf)]),
    "a parameter of synapses": ("learning", "w_max", [200.0, 210.0, -1.0]),
}


@pytest.mark.filterwarnings("ignore:.*cut at its first change")  # before it is refused
@pytest.mark.parametrize("case", LAST_IS_WRONG)
def test_values_of_several_instances_are_set_for_all_or_for_none(case):
    part, name, values = LAST_IS_WRONG[case]
    sim = network().compile(instances=3)
    sim.run(5.0)
    before = everything(sim)
    with pytest.raises(PygennLiteError):
        sim[part][name] = values
    assert_unchanged(sim, before)
    sim[part][name] = [values[0], values[1], values[0]]  # as a list of three it is right
    assert np.allclose(np.asarray(sim[part][name])[1], values[1])


def test_samples_are_chosen_for_all_instances_or_for_none():
    tensor = pg.SpikeTensor([([1.0], [0]), ([2.0, 3.0], [1, 1])], size=2)
    sim, other = (network().compile(instances=3) for _ in range(2))
    for one in (sim, other):
        one.run(5.0)
        one["source"].replay(tensor, [0, 1, 0])
    with pytest.raises(PygennLiteError):
        sim["source"].replay(tensor, [1, 0, 2])
    assert [len(r.spikes["cells"]) for r in sim.run(20.0)] == [
        len(r.spikes["cells"]) for r in other.run(20.0)
    ]
    assert np.array_equal(sim["source"].spike_counts(), other["source"].spike_counts())


def changed_file(path, changes):
    """The checkpoint with other arrays in it."""
    with np.load(path) as file:
        content = dict(file)
    for name, change in changes.items():
        content[name] = change(content[name])
    other = path.with_name("changed.npz")
    np.savez(other, **content)
    return other


WRONG = {
    "weights that are not finite": {"2/changed/from": lambda w: np.full_like(w, np.inf)},
    "a refractory period that cannot be counted": {
        "2/populations/cells/t_ref": lambda t: np.full_like(t, 1e9)
    },
    "spikes of the future": {"2/spikes/cells/steps": lambda s: s + 1000},
    "spikes of neurons that are not there": {"2/spikes/cells/indices": lambda i: i + 1000},
    "a train of neurons that are not there": {"2/replayed/source/indices": lambda i: i + 1000},
    "a train that is not in order": {"2/replayed/source/steps": lambda s: s[::-1].copy()},
}


@pytest.mark.parametrize("case", WRONG)
def test_a_checkpoint_that_is_refused_changes_nothing(case, tmp_path):
    sim = network().compile(instances=3)
    sim["from"]["weight"] = 70.0
    sim["source"].replay(pg.SpikeTensor([([1.0, 6.0], [0, 1])], size=2), 0)
    sim["drive"]["weight"] = 40.0
    sim.run(10.0)
    assert sim["cells"].spike_counts().sum()
    sim.save(tmp_path / "point.npz")
    wrong = changed_file(tmp_path / "point.npz", WRONG[case])
    other = network().compile(instances=3, seeds=[14, 15, 16])
    twin = network().compile(instances=3, seeds=[14, 15, 16])
    for one in (sim, other, twin):
        one.reset(seeds=[7, 8, 9])
        one["cells"]["tau"] = 15.0
        one.run(7.5)
    before = everything(sim)
    with pytest.raises(PygennLiteError):
        sim.restore(wrong)
    assert_unchanged(sim, before)
    assert sim.seeds == [7, 8, 9] and sim.time == 7.5


def test_a_run_goes_on_after_a_refused_checkpoint_as_if_nothing_had_been(tmp_path):
    sim, twin = (network().compile(instances=2) for _ in range(2))
    sim.run(5.0)
    sim.save(tmp_path / "point.npz")
    wrong = changed_file(
        tmp_path / "point.npz", {"1/populations/cells/t_ref": lambda t: np.full_like(t, 1e9)}
    )
    twin.run(5.0)
    for one in (sim, twin):
        one["cells"]["t_ref"] = 3.0
        one["drive"]["weight"] = 20.0
    with pytest.raises(PygennLiteError, match="refractory"):
        sim.restore(wrong)
    for mine, other in zip(sim.run(20.0), twin.run(20.0), strict=True):
        assert len(other.spikes["cells"])
        assert np.array_equal(mine.spikes["cells"].steps, other.spikes["cells"].steps)
        assert np.array_equal(mine.spikes["cells"].indices, other.spikes["cells"].indices)
