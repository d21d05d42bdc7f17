"""Sums of arrivals in whole numbers: the same bits on every backend, whatever the order and the
number of threads; a resolution that is told; sums that do not fit are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen.plan.accumulators import plan_sums, unit_of
from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.errors import ArgumentError, NumericalError

# Keeps what arrives, and nothing happens to it: V is the sum of all arrivals so far.
KEEPS = pg.NeuronModel("dV/dt = 0*V", threshold="V > 1e30", reset="V = 0")
STEPS = 20


def summing(rule: pg.Connectivity, weight: object, **options: object) -> pg.Network:
    """100 sources with given trains, some of them together, onto 70 neurons that keep all."""
    rng = np.random.default_rng(5)
    times = rng.integers(1, STEPS - 2, 600) * 0.1
    net = pg.Network(dt=0.1, seed=2)
    trains = net.spike_source("trains", 100, times=times, indices=rng.integers(0, 100, 600))
    cells = net.population("cells", 70, KEEPS)
    net.connect(trains, cells, pg.Delta(), rule, weight=weight, name="arriving", **options)
    return net


def run(net: pg.Network, backend: str, **options: object) -> tuple[np.ndarray, pg.Simulation]:
    sim = net.compile(backend, precision="float64", progress=False, **options)
    sim.run(STEPS * 0.1, progress=False)
    return sim["cells"]["V"][:], sim


CASES = {
    "drawn": (pg.FixedProbability(0.3), pg.Normal(0.3, 0.2), {}),
    "one weight": (pg.FixedProbability(0.3), 0.1, {}),
    "matrix": (pg.AllToAll(), pg.Normal(0.0, 1.0), {"storage": "dense"}),
    "matrix, one weight": (pg.AllToAll(), -0.7, {}),
    "procedural": (pg.FixedOutDegree(20), pg.Uniform(0.0, 3.0), {"storage": "procedural"}),
    "half": (pg.FixedProbability(0.3), pg.Uniform(0.0, 1.0), {"weight_precision": "float16"}),
    "delays": (pg.FixedInDegree(30), pg.Normal(1.0, 1.0), {"delay": pg.Uniform(0.1, 0.8)}),
}


@pytest.mark.parametrize("case", CASES)
def test_sums_are_whole_multiples_of_the_unit(backend: str, case: str) -> None:
    """Known answer: each weight to the nearest multiple, arrivals counted by hand."""
    rule, weight, options = CASES[case]
    net = summing(rule, weight, **options)
    found, sim = run(net, backend, accumulator="int32")
    synapses = sim.groups["arriving"].connections()
    unit = unit_of(float(np.abs(synapses.weight).max()))
    whole = np.rint(synapses.weight / unit)
    spikes = net.populations["trains"].model
    sent = np.rint(spikes.times.array / net.dt).astype(int)
    expected = np.zeros(70)
    for step, source in zip(sent, spikes.indices.array, strict=True):
        mine = synapses.pre == source
        mine &= step + np.rint(synapses.delay / net.dt) <= STEPS
        np.add.at(expected, synapses.post[mine], whole[mine])
    assert np.any(expected)
    np.testing.assert_array_equal(found, expected * unit)


@pytest.mark.parametrize("case", CASES)
def test_backends_and_threads_give_the_same_bits(case: str) -> None:
    rule, weight, options = CASES[case]
    net = summing(rule, weight, **options)
    reference, _ = run(net, "reference", accumulator="int32")
    for threads in (1, 2):
        compiled, _ = run(net, "cpp", accumulator="int32", threads=threads)
        np.testing.assert_array_equal(compiled, reference)


def test_the_order_of_groups_does_not_matter(backend: str) -> None:
    """In real numbers it does: 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1. A card always sums in whole
    numbers."""

    def sums(weights: tuple[float, ...], accumulator: str) -> float:
        net = pg.Network(dt=0.1, seed=1)
        one = net.spike_source("one", 1, times=[0.1], indices=[0])
        cells = net.population("cells", 1, KEEPS)
        for k, weight in enumerate(weights):
            net.connect(one, cells, pg.Delta(), pg.AllToAll(), weight=weight, name=f"g{k}")
        return float(run(net, backend, accumulator=accumulator)[0][0])

    assert sums((0.1, 0.2, 0.3), "int32") == sums((0.3, 0.2, 0.1), "int32")
    alike = sums((0.1, 0.2, 0.3), "float") == sums((0.3, 0.2, 0.1), "float")
    assert alike == (backend == "cuda")


def test_currents_take_sums_too(backend: str) -> None:
    """Where the threshold does not see the jump, the sum goes into the variable itself."""
    net = pg.Network(dt=0.1, seed=1)
    one = net.spike_source("one", 2, times=[0.1, 0.1], indices=[0, 1])
    cells = net.population("cells", 3, pg.LIF())
    net.connect(one, cells, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=0.75)

    def potentials(accumulator: str) -> np.ndarray:
        sim = net.compile(backend, precision="float64", accumulator=accumulator, progress=False)
        sim.run(1.0, progress=False)
        return np.asarray(sim["cells"]["V"][:])

    real, whole = potentials("float"), potentials("int32")
    np.testing.assert_array_equal(real, whole)  # 0.75 is a multiple of the unit
    assert real.max() > -70.0


def test_synapses_with_code_of_their_own_add_real_numbers(backend: str) -> None:
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", 5, pg.LIF())
    net.connect(cells, cells, pg.PairSTDP(), pg.AllToAll(), weight=0.5)
    net.current(cells, 600.0)
    net.record(cells.spikes)
    spikes = [
        net.compile(backend, accumulator=accumulator, progress=False)
        .run(30.0, progress=False)
        .spikes["cells"]
        for accumulator in ("float", "int32")
    ]
    assert len(spikes[0]) and np.array_equal(spikes[0].steps, spikes[1].steps)


def test_too_large_a_sum_ends_the_run(backend: str) -> None:
    net = pg.Network(dt=0.1, seed=1)
    trains = net.spike_source("trains", 2000, times=np.full(2000, 0.3), indices=np.arange(2000))
    cells = net.population("cells", 3, KEEPS)
    pairs = np.stack([np.arange(2000), np.full(2000, 1)], axis=1)
    net.connect(trains, cells, pg.Delta(), pg.PairList(pairs[:, 0], pairs[:, 1]), weight=1.99)
    sim = net.compile(backend, accumulator="int32", progress=False)
    with pytest.raises(NumericalError) as caught:
        sim.run(2.0, progress=False)
    text = str(caught.value)
    assert "population 'cells', neuron 1" in text and "0.4 ms" in text and "32 bits" in text
    assert "accumulator='float'" in text
    fine = net.compile(backend, progress=False)
    fine.run(2.0, progress=False)
    assert fine["cells"]["V"][1] == pytest.approx(2000 * 1.99, rel=1e-5)


def test_units_follow_weights_that_are_set(backend: str) -> None:
    net = summing(pg.FixedProbability(0.3), 1.0)
    sim = net.compile(backend, precision="float64", accumulator="int32", progress=False)
    sim.groups["arriving"].weight = 2.0**-30
    sim.run(STEPS * 0.1, progress=False)
    values = sim["cells"]["V"][:] * 2.0**30
    assert values.max() > 0 and np.array_equal(values, np.rint(values))


def test_inspect_tells_the_resolution(backend: str) -> None:
    net = summing(pg.FixedProbability(0.3), 0.5)
    sim = net.compile(backend, accumulator="int32", progress=False)
    assert "resolution 2^-21 = 4.77e-07, up to 1.02e+03" in str(sim.inspect())


@pytest.mark.compiled("the plan of memory")
def test_the_plan_counts_the_memory_of_sums(backend: str) -> None:
    net = summing(pg.FixedProbability(0.3), 0.5)
    sims = {
        accumulator: net.compile(backend, accumulator=accumulator, progress=False)
        for accumulator in ("float", "int32")
    }
    rows = {
        accumulator: [r for r in sim._device.plan.rows if "whole" in r.what]
        for accumulator, sim in sims.items()
    }
    assert rows["float"] == []
    assert [(r.name, r.count, r.bytes) for r in rows["int32"]] == [("cells", 70, 16 * 70)]


def test_a_checkpoint_moves_between_accumulators(backend: str, tmp_path: Path) -> None:
    """Between steps nothing is left in the sums."""
    net = summing(pg.FixedProbability(0.3), 0.5, delay=0.4)
    whole = net.compile(backend, precision="float64", accumulator="int32", progress=False)
    whole.run(1.0, progress=False)
    real = net.compile(backend, precision="float64", progress=False)
    whole.save(tmp_path / "checkpoint")
    real.restore(tmp_path / "checkpoint")
    for sim in (whole, real):
        sim.run(1.0, progress=False)
    np.testing.assert_array_equal(whole["cells"]["V"][:], real["cells"]["V"][:])


def test_instances_have_sums_of_their_own() -> None:
    net = summing(pg.FixedProbability(0.3), pg.Normal(0.3, 0.2))
    options = dict(precision="float64", accumulator="int32", progress=False)
    for connectivity in ("own", "shared"):
        both = net.compile("cpp", instances=2, connectivity=connectivity, **options)
        both.run(STEPS * 0.1, progress=False)
        one = net.compile("cpp", **options)
        one.run(STEPS * 0.1, progress=False)
        np.testing.assert_array_equal(both["cells"]["V"][0], one["cells"]["V"][:])


@pytest.mark.usefixtures("backend")
def test_an_unknown_accumulator_is_refused() -> None:
    net = summing(pg.AllToAll(), 1.0)
    with pytest.raises(ArgumentError, match="choose one of float, int32"):
        net.compile(accumulator="int16")


def test_a_unit_is_a_power_of_two_below_a_millionth_of_the_largest_weight() -> None:
    for largest in (1e-12, 0.3, 1.0, 1.5, 87.8, 1e6):
        unit = unit_of(largest)
        assert np.frexp(unit)[0] == 0.5
        assert largest * 2.0**-21 < unit <= largest * 2.0**-20
    sums = plan_sums(
        [Delivery("a", "x", "y", "V__sum"), Delivery("b", "z", "y", "V__sum")], {"a": 1, "b": 8}
    )
    assert [(s.groups, s.unit) for s in sums] == [(("a", "b"), 2.0**-17)]
