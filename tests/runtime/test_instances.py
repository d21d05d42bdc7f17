"""Instances of a network in one simulation: each does what a single simulation with its seed and
its values does, bit for bit; results, views, files and checkpoints have an axis for them."""

from __future__ import annotations

import gc
import signal

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import (
    ArgumentError,
    CheckpointError,
    DeclarationError,
    FileFormatError,
    InsufficientMemoryError,
    NetworkError,
    NumericalError,
    PygennLiteWarning,
    ShapeError,
    SimulationError,
)
from pygenn_lite.runtime import run_loop

pytestmark = pytest.mark.usefixtures("backend")

SEEDS = [5, 6, 7, 8]
VALUES = {
    "populations.exc.parameters.tau": [10.0, 15.0, 20.0, 25.0],
    "populations.exc.initial.V": [
        pg.Uniform(-65.0, -55.0), "-60 + 0.01*i", np.linspace(-65, -51, 60), -58.0
    ],
    "inputs.drive.rate": [8.0, 9.0, 8.0, 9.0],
    "inputs.push.value": [0.0, 10.0, 20.0, 30.0],
    "populations.source.spike_source": [
        ([1.0, 5.0], [0, 1]), ([2.0], [2]), ([], []), (np.arange(20.0), np.arange(20) % 3)
    ],
}  # fmt: skip


def network(seed=5, *, plastic=True):
    net = pg.Network(dt=0.1, seed=seed, name="small")
    exc = net.population("exc", 60, pg.LIF(), initial={"V": np.full(60, -60.0)})
    inh = net.population("inh", 15, pg.LIF())
    source = net.spike_source("source", 3, [1.0], [0])
    current = pg.ExponentialCurrent(5.0)
    net.connect(
        exc, inh, current, pg.FixedProbability(0.3), weight=pg.Normal(80.0, 5.0),
        delay=pg.Uniform(0.5, 2.0),
    )  # fmt: skip
    net.connect(source, exc, current, pg.AllToAll(), weight=100.0)
    if plastic:
        stdp = pg.PairSTDP(current, w_max=100.0)
        net.connect(
            exc, exc, stdp, pg.FixedProbability(0.3), weight=pg.Uniform(20.0, 40.0),
            delay=pg.Uniform(0.5, 3.0), name="learning",
        )  # fmt: skip
    net.poisson(
        exc, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5), name="drive"
    )
    net.current(exc, 0.0, name="push")
    net.record(exc.spikes, inh.spikes, exc["V"][:3])
    return net


def single(index, *, connectivity_seed=None, values=VALUES):
    """The simulation that instance ``index`` should equal."""
    own = {path: each[index] for path, each in values.items()}
    net = network().with_values({**own, "network.seed": SEEDS[index]})
    return net.compile(threads=1, connectivity_seed=connectivity_seed)


def assert_same(one, other):
    assert set(one.spikes) == set(other.spikes) == {"exc", "inh"}
    for population, train in one.spikes.items():
        assert len(train)
        assert np.array_equal(train.steps, other.spikes[population].steps)
        assert np.array_equal(train.indices, other.spikes[population].indices)
    traces = one.traces["exc"]["V"], other.traces["exc"]["V"]
    assert np.array_equal(traces[0].times, traces[1].times)
    assert np.array_equal(traces[0].values, traces[1].values)
    assert np.array_equal(one.counts.steps, other.counts.steps)
    for population, totals in one.counts.totals.items():
        assert np.array_equal(totals, other.counts.totals[population])
    for group, weights in one.weights.items():
        assert np.array_equal(weights, other.weights[group])
    assert one.rates() == other.rates()
    assert (one.start_step, one.stop_step) == (other.start_step, other.stop_step)


SINGLE = {}  # by backend: made once


@pytest.fixture
def alone(backend):
    """What single simulations give, for own and for shared connectivity."""
    if backend not in SINGLE:
        SINGLE[backend] = {
            shared: [
                single(k, connectivity_seed=5 if shared else None).run(150.0, keep_weights=True)
                for k in range(4)
            ]
            for shared in (False, True)
        }
    return SINGLE[backend]


# ---------------------------------------------------------------------- the same bits


@pytest.mark.long("18,000 steps")
@pytest.mark.parametrize("threads", [1, 2, 3, 9])
@pytest.mark.parametrize("connectivity", ["own", "shared"])
def test_an_instance_is_what_a_single_simulation_is(alone, connectivity, threads):
    sim = network().compile(
        instances=4, seeds=SEEDS, values=VALUES, connectivity=connectivity, threads=threads
    )
    results = sim.run(150.0, keep_weights=True)
    assert len(results) == 4 and results.seeds == tuple(SEEDS)
    for k in range(4):
        assert_same(results[k], alone[connectivity == "shared"][k])
    first, other = results[0].spikes["exc"], results[1].spikes["exc"]
    assert not np.array_equal(first.steps, other.steps)


@pytest.mark.parametrize("connectivity", ["own", "shared"])
def test_an_instance_of_a_small_network_is_a_single_simulation(connectivity):
    net = pg.Network(dt=0.5, seed=3)
    cells = net.population("cells", 6, pg.LIF(), initial={"V": pg.Uniform(-60.0, -50.0)})
    stdp = pg.PairSTDP(pg.ExponentialCurrent(5.0), w_max=100.0)
    net.connect(cells, cells, stdp, pg.FixedProbability(0.5), weight=pg.Uniform(20.0, 40.0))
    net.poisson(cells, 2000.0, weight=5.0, variable="V")
    net.record(cells.spikes, cells["V"])
    path, shared = "populations.cells.parameters.tau", connectivity == "shared"
    sim = net.compile(instances=3, values={path: [10.0, 15.0, 20.0]}, connectivity=connectivity)
    results = sim.run(40.0, keep_weights=True)
    assert sim["cells"]["V"].shape == (3, 6)
    for k in (0, 2):
        own = net.with_values({path: 10.0 + 5 * k, "network.seed": 3 + k})
        one = own.compile(connectivity_seed=3 if shared else None)
        single = one.run(40.0, keep_weights=True)
        assert len(single.spikes["cells"])
        assert np.array_equal(results[k].spikes["cells"].steps, single.spikes["cells"].steps)
        assert np.array_equal(results[k].spikes["cells"].indices, single.spikes["cells"].indices)
        assert np.array_equal(
            results[k].traces["cells"]["V"].values, single.traces["cells"]["V"].values
        )
        assert np.array_equal(results[k].weights["cells_cells"], single.weights["cells_cells"])


def test_seeds_follow_that_of_the_network_and_alone_make_a_difference():
    sim = network().compile(instances=3)
    assert sim.seeds == [5, 6, 7]
    results = sim.run(50.0)
    for k in range(3):
        one = network(seed=5 + k).compile(threads=1).run(50.0)
        assert_same(results[k], one)


def test_shared_connectivity_is_drawn_once_with_the_seed_that_is_given():
    sims = [
        network().compile(instances=2, connectivity="shared", connectivity_seed=seed)
        for seed in (5, 11)
    ]
    pre = [[one["learning"].connections().pre for one in sim.instances] for sim in sims]
    assert np.array_equal(pre[0][0], pre[0][1]) and np.array_equal(pre[1][0], pre[1][1])
    assert not np.array_equal(pre[0][0], pre[1][0])
    single = network(seed=6).compile(connectivity_seed=11)["learning"].connections()
    assert np.array_equal(single.pre, pre[1][1])


def test_one_instance_has_the_axis_too():
    sim = network().compile(instances=1)
    assert isinstance(sim.run(10.0), pg.InstanceResults) and sim["exc"]["V"].shape == (1, 60)


def test_runs_go_on_and_can_be_joined():
    sim = network().compile(instances=4, seeds=SEEDS, values=VALUES)
    first, second = sim.run(20.0), sim.run(15.0)
    joined = first + second
    for k in range(4):
        one = single(k)
        assert_same(joined[k], one.run(20.0) + one.run(15.0))
    with pytest.raises(ArgumentError, match="cannot be joined"):
        first + first[:2]


# ---------------------------------------------------------------------- the axis


def test_results_stack():
    results = network().compile(instances=4, values=VALUES).run(100.0)
    values = results.traces["exc"]["V"].values
    assert values.shape == (4, 1000, 3)
    assert np.array_equal(values[2], results[2].traces["exc"]["V"].values)
    assert results.rates()["exc"].tolist() == [r.rates()["exc"] for r in results]
    assert results.dt == 0.1 and results.duration == 100.0 and not results.interrupted
    part = results[1:3]
    assert len(part) == 2 and part.seeds == (6, 7)
    assert repr(results) == "<InstanceResults: 100 ms of 4 instances of small>"
    assert results[3].provenance["seed"] == 8 and results[3].provenance["instance"] == 3


def test_values_have_an_axis_to_read_and_to_set():
    sim = network().compile(instances=4, values=VALUES)
    assert sim["exc"]["V"].shape == (4, 60)
    assert np.asarray(sim["exc"]["tau"]).tolist() == [10.0, 15.0, 20.0, 25.0]
    assert np.asarray(sim["drive"]["rate"]).tolist() == [8.0, 9.0, 8.0, 9.0]
    sim["exc"]["V"] = -57.0
    sim["exc"]["V"][2] = np.arange(60.0)
    assert np.all(np.asarray(sim["exc"]["V"])[[0, 1, 3]] == -57.0)
    assert np.array_equal(sim.instances[2]["exc"]["V"], np.arange(60.0, dtype=np.float32))
    sim["exc"]["tau"] = [11.0, 12.0, 13.0, 14.0]
    assert float(sim.instances[3]["exc"]["tau"]) == 14.0
    sim["drive"]["rate"] = [1.0, 2.0, 3.0, 4.0]
    assert float(sim.instances[1]["drive"]["rate"]) == 2.0
    sim["drive"]["rate"] = np.ones((4, 60))
    assert sim["drive"]["rate"].shape == (4, 60)
    with pytest.raises(ShapeError, match="4 instances"):
        sim["drive"]["rate"] = [1.0, 2.0]
    with pytest.raises(ShapeError, match="do not fit"):
        sim["exc"]["V"] = np.zeros((3, 60))
    assert sim["exc"].spike_counts().shape == (4, 60) and sim["exc"].size == 60
    assert list(sim.populations) == ["exc", "inh", "source"] and sim.names == sim.instances[0].names
    with pytest.raises(SimulationError, match="no variable or parameter 'W'"):
        sim["exc"]["W"]
    with pytest.raises(ArgumentError, match="did you mean 'exc'"):
        sim["exd"]


def test_what_is_drawn_between_runs_follows_the_seed_of_each():
    sim = network().compile(instances=4, seeds=SEEDS)
    sim["exc"]["V"] = pg.Uniform(-65.0, -55.0)
    for k in (0, 3):
        one = network(seed=SEEDS[k]).compile()
        one["exc"]["V"] = pg.Uniform(-65.0, -55.0)
        assert np.array_equal(one["exc"]["V"], sim.instances[k]["exc"]["V"])


def test_synapses_that_differ_in_number_are_looked_at_one_by_one():
    sim = network().compile(instances=2)
    with pytest.raises(SimulationError, match=r"simulation\.instances\[0\]\['learning'\]"):
        np.asarray(sim["learning"]["weight"])
    assert len(sim.instances[1]["learning"]["weight"]) == sim["learning"].size[1]
    shared = network().compile(instances=2, connectivity="shared")
    assert shared["learning"]["weight"].shape == (2, shared["learning"].size)


def test_plastic_weights_are_set_for_all_instances_that_share_their_synapses():
    sim = network().compile(instances=2, connectivity="shared")
    sim["learning"]["weight"] = 3.0  # plastic: each has its own
    assert np.all(np.asarray(sim["learning"]["weight"]) == 3.0)
    own = network().compile(instances=2)
    own.instances[1]["exc_inh"]["weight"] = 3.0
    assert not np.any(np.asarray(own.instances[0]["exc_inh"]["weight"]) == 3.0)


def test_reset_takes_seeds():
    sim = network().compile(instances=4, seeds=SEEDS, values=VALUES)
    first = sim.run(50.0)
    sim.reset()
    for k, again in enumerate(sim.run(50.0)):
        assert_same(again, first[k])
    sim.reset(seeds=SEEDS[::-1])
    assert sim.seeds == SEEDS[::-1]
    sim.reset(20)
    assert sim.seeds == [20, 21, 22, 23]
    with pytest.raises(ArgumentError, match="2 seeds for 4 instances"):
        sim.reset(seeds=[1, 2])
    with pytest.raises(ArgumentError, match="seed and seeds"):
        sim.reset(1, seeds=SEEDS)


# ---------------------------------------------------------------------- files


@pytest.mark.long("12,000 steps")
def test_results_are_saved_and_streamed_with_their_axis(tmp_path, alone):
    sim = network().compile(instances=4, seeds=SEEDS, values=VALUES)
    results = sim.run(150.0, keep_weights=True)
    results.save(tmp_path / "saved.h5")
    sim.reset()
    streamed = sim.run(150.0, keep_weights=True, stream_to=tmp_path / "streamed.h5")
    for read in (streamed, *map(pg.load_instances, (tmp_path / "saved.h5", streamed.path))):
        assert read.seeds == tuple(SEEDS) and len(read) == 4
        for k in range(4):
            assert_same(read[k], alone[False][k])
            assert read[k].name == "small" and not read[k].interrupted
            assert read[k].provenance["seed"] == SEEDS[k]
        assert read.traces["exc"]["V"].values.shape == (4, 1500, 3)
    with pytest.raises(FileFormatError, match="4 instances"):
        pg.load_result(tmp_path / "saved.h5")
    results[0].save(tmp_path / "one.h5")
    with pytest.raises(FileFormatError, match="without instances"):
        pg.load_instances(tmp_path / "one.h5")


def test_checkpoints_hold_all_instances(tmp_path):
    sim = network().compile(instances=4, seeds=SEEDS, values=VALUES)
    sim.run(15.0)
    sim.save(tmp_path / "all.npz")
    rest = sim.run(20.0)
    again = network().compile(instances=4, seeds=SEEDS, values=VALUES, threads=3)
    again.restore(tmp_path / "all.npz")
    for k, result in enumerate(again.run(20.0)):
        assert_same(result, rest[k])
    for other in (
        network().compile(instances=4, seeds=SEEDS),
        network().compile(instances=3, seeds=SEEDS[:3]),
        network().compile(instances=4, seeds=SEEDS, values=VALUES, connectivity="shared"),
    ):
        with pytest.raises(CheckpointError, match="another network"):
            other.restore(tmp_path / "all.npz")


# ---------------------------------------------------------------------- faults


def unstable():
    net = pg.Network(dt=0.1, seed=1)
    model = pg.NeuronModel("dV/dt = a*V*V", parameters={"a": 0.0}, initial={"V": 1.0})
    cells = net.population("cells", 3, model)
    net.record(cells["V"])
    return net


def test_one_instance_that_fails_does_not_take_the_others_with_it(tmp_path):
    values = {"populations.cells.parameters.a": [0.0, 10.0, 0.001, 20.0]}
    sim = unstable().compile(instances=4, values=values, threads=2)
    for stream_to in (None, tmp_path / "run.h5"):
        with pytest.raises(NumericalError, match="instance 1, population 'cells', neuron 0") as e:
            sim.run(50.0, stream_to=stream_to)
        assert "1 other instance (3)" in str(e.value)
        assert sorted(e.value.by_instance) == [1, 3]
        results = e.value.result
        assert sorted(results.failed) == [1, 3] and results[1].interrupted
        for k in (0, 2):
            assert results[k].duration == 50.0 and not results[k].interrupted
            assert len(results[k].traces["cells"]["V"].times) == 500
        assert 0 < results[3].duration < results[1].duration < 5.0
        assert len(results[1].traces["cells"]["V"]) == results[1].stop_step
        with pytest.raises(SimulationError, match=r"some ended early"):
            results.traces["cells"]["V"]
        device = sim._device
        assert device.failed() == [k for k in range(4) if device.instances[k].fault()] == [1, 3]
        with pytest.raises(SimulationError, match="2 instances failed in an earlier run"):
            sim.run(1.0)
        sim.reset()
    sim["cells"]["a"] = 0.0
    assert not sim.run(5.0).failed


def test_spikes_of_all_instances_are_those_of_each():
    sim = network(plastic=False).compile(instances=3, seeds=[5, 6, 7])
    sim.run(50.0)
    device = sim._device
    found = device.spike_totals()
    assert found.shape == (3, len(sim.network.populations)) and found.any()
    for one, own in zip(device.instances, found, strict=True):
        np.testing.assert_array_equal(own, one.spike_totals())
        wanted = [one.spike_counts(name).sum() for name in sim.network.populations]
        np.testing.assert_array_equal(own, wanted)


def test_a_run_in_which_all_fail_ends():
    sim = unstable().compile(instances=2, values={"populations.cells.parameters.a": [10.0, 20.0]})
    with pytest.raises(NumericalError) as caught:
        sim.run(1e5)
    assert len(caught.value.result.failed) == 2


@pytest.mark.parametrize("count", [1, 4])
def test_ctrl_c_ends_all_instances_at_one_step_before_their_chunk_is_over(monkeypatch, count):
    monkeypatch.setattr(run_loop, "CHUNK_SECONDS", 1e9)  # chunks double until the end
    net = network(plastic=False)
    sim, whole = (net.compile(instances=count, threads=1) for _ in range(2))
    uninterrupted = whole.run(80.0)
    device, ran = sim._device, []
    owner = getattr(device, "pool", None) or device  # who does pieces of a run
    advance = owner.run

    def interrupted(*arguments):
        ran.append(arguments[-1])
        if len(ran) == 9:
            signal.raise_signal(signal.SIGINT)
        return advance(*arguments)

    monkeypatch.setattr(owner, "run", interrupted)
    with pytest.warns(PygennLiteWarning, match="interrupted at"):
        results = sim.run(80.0)
    monkeypatch.undo()
    assert len(ran) == 9 and results.interrupted
    assert {result.stop_step for result in results} == {sum(ran)} and sum(ran) < 800
    rest = sim.run(80.0 - results.duration)
    for one, other in zip((results + rest), uninterrupted, strict=True):
        assert one.stop_step == other.stop_step == 800
        for population, train in other.spikes.items():
            assert np.array_equal(one.spikes[population].steps, train.steps)
            assert np.array_equal(one.spikes[population].indices, train.indices)
        assert np.array_equal(one.traces["exc"]["V"].values, other.traces["exc"]["V"].values)


def test_a_callback_may_stop_all():
    sim = network().compile(instances=3)
    results = sim.run(100.0, callback=lambda sim: sim.stop(), interval=20.0)
    assert results.interrupted and [r.duration for r in results] == [20.0] * 3


# ---------------------------------------------------------------------- sinks


class Everything(pg.Sink):
    def begin(self, run):
        self.run, self.spikes, self.samples, self.counts, self.steps = run, {}, {}, [], []

    def add_spikes(self, instance, population, steps, indices):
        self.spikes.setdefault((instance, population), []).append((steps.copy(), indices.copy()))

    def add_samples(self, instance, owner, variable, steps, values):
        self.samples.setdefault((instance, owner, variable), []).append(values.copy())

    def add_counts(self, instance, step, totals):
        self.counts.append((instance, step, totals["exc"]))

    def reached(self, step):
        self.steps.append(step)

    def end(self, step, interrupted):
        self.ended = step, interrupted


@pytest.mark.parametrize(
    "keep", [True, pytest.param(False, marks=pytest.mark.long("6,000 steps once more"))]
)
def test_a_sink_gets_all_that_is_recorded(keep):
    sim, sink = network().compile(instances=2, seeds=SEEDS[:2]), Everything()
    results = sim.run(150.0, sinks=[sink], keep=keep)
    sim.reset()
    expected = sim.run(150.0)
    assert (sink.run.instances, sink.run.sizes["exc"], sink.run.stop_step) == (2, 60, 1500)
    assert sink.run.spikes["exc"] == range(60)
    for k in range(2):
        for name in ("exc", "inh"):
            steps, indices = map(np.concatenate, zip(*sink.spikes[k, name], strict=True))
            assert np.array_equal(steps, expected[k].spikes[name].steps)
            assert np.array_equal(indices, expected[k].spikes[name].indices)
        values = np.concatenate(sink.samples[k, "exc", "V"])
        assert np.array_equal(values, expected[k].traces["exc"]["V"].values)
        if keep:
            assert_same(results[k], expected[k])
        else:
            assert not results[k].spikes and not results[k].traces
            assert results[k].rates() == expected[k].rates()
    assert sink.steps == sorted(sink.steps) and sink.steps[-1] == 1500
    assert sink.ended == (1500, False)
    assert {step for _, step, _ in sink.counts} >= {0, 1000, 1500}


def test_a_sink_works_without_instances_and_beside_a_file(tmp_path):
    sim, sink = network().compile(), Everything()
    result = sim.run(50.0, sinks=[sink], stream_to=tmp_path / "run.h5")
    got = np.concatenate([steps for steps, _ in sink.spikes[0, "exc"]])
    assert np.array_equal(got, result.spikes["exc"].steps)
    with pytest.raises(ArgumentError, match="Everything is not a sink"):
        sim.run(1.0, sinks=[Everything])
    with pytest.raises(ArgumentError, match="give one of them"):
        sim.run(1.0, keep=False, stream_to=tmp_path / "other.h5")


def test_what_a_sink_raises_ends_the_run_and_keeps_the_result():
    class Failing(pg.Sink):
        def reached(self, step):
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough") as caught:
        network().compile(instances=2).run(50.0, sinks=[Failing()])
    assert len(caught.value.result) == 2


# ---------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"instances": 0}, ArgumentError, "instances = 0"),
        ({"instances": 2.5}, ArgumentError, "instances = 2.5"),
        ({"seeds": [1, 2]}, ArgumentError, "write instances=2"),
        ({"values": {}}, ArgumentError, "write instances="),
        ({"connectivity": "shared"}, ArgumentError, "write instances="),
        ({"instances": 2, "connectivity": "some"}, DeclarationError, "own, shared"),
        ({"instances": 2, "seeds": [1]}, ArgumentError, "1 seeds for 2 instances"),
        ({"instances": 2, "seeds": [1, -1]}, DeclarationError, "not a valid seed"),
        ({"instances": 2, "seeds": 7}, ArgumentError, "not a list of seeds"),
        ({"instances": 2, "connectivity_seed": 7}, ArgumentError, "connectivity='shared'"),
        ({"instances": 2, "values": [1]}, ArgumentError, "not a mapping"),
    ],
)
def test_arguments_that_make_no_sense_are_named(arguments, error, message):
    with pytest.raises(error) as caught:
        network().compile(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "values", "error", "message"),
    [
        ("populations.exc.parameters.taw", [1, 2], NetworkError, "did you mean 'tau'"),
        ("populations.exc.parameters.tau", [1, 2, 3], ShapeError, "3 values for 2 instances"),
        ("populations.exc.parameters.tau", 10.0, ShapeError, "give a list of 2"),
        ("populations.exc.initial.V", pg.Normal(), ShapeError, "give a list of 2"),
        ("populations.exc.initial.V", np.zeros((2, 7)), ShapeError, "needs (60,)"),
        ("populations.exc.parameters.tau", [10.0, -1.0], DeclarationError, "must be positive"),
        ("populations.exc.parameters.tau", [10.0, pg.Normal(9.0)], NetworkError, "instance 1"),
        ("populations.exc.size", [10, 20], NetworkError, "a size is part of the structure"),
        ("populations.exc.model", [pg.LIF(), pg.LIF()], NetworkError, "a model is part"),
        ("network.dt", [0.1, 0.2], NetworkError, "a time step holds for all"),
        ("network.seed", [1, 2], NetworkError, "write seeds=[...]"),
        ("groups.exc_inh.storage", ["auto", "sparse"], NetworkError, "the way synapses are stored"),
        ("groups.source_exc.synapse.parameters.tau", [5.0, 6.0], NetworkError, "groups.*.synapse"),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_are_named_by_their_path(path, values, error, message):
    with pytest.raises(error) as caught:
        network().compile(instances=2, values={path: values})
    assert f"values ({path})" in str(caught.value) and message in str(caught.value)


@pytest.mark.parametrize("path", ["delay", "connectivity.p"])
def test_synapses_that_are_shared_cannot_differ(path):
    net, full = network(), f"groups.exc_inh.{path}"
    values = {full: [0.5, 0.7]}
    with pytest.raises(NetworkError, match="write connectivity='own'"):
        net.compile(instances=2, values=values, connectivity="shared")
    sim = net.compile(instances=2, values=values)
    one = net.with_values({full: 0.7, "network.seed": 6}).compile()
    assert_equal = np.array_equal(
        sim.instances[1]["exc_inh"].connections().weight, one["exc_inh"].connections().weight
    )
    assert assert_equal


@pytest.mark.compiled("the plan of memory")
def test_more_instances_than_fit_are_refused_with_the_number_that_does(monkeypatch):
    from pygenn_lite.codegen.plan import memory

    monkeypatch.setattr(memory, "available_memory", lambda: (64 << 20) + 100_000)
    with pytest.raises(
        InsufficientMemoryError, match=r"1,000 instances need about .* MiB"
    ) as caught:
        network().compile(instances=1000)
    fit = int(caught.value.hint.split()[0])
    assert 1 <= fit < 20 and "connectivity='shared'" in caught.value.hint
    assert len(network().compile(instances=fit).instances) == fit


@pytest.mark.compiled("what lies in memory")
def test_memory_says_what_all_instances_take():
    alone, many = network().compile(threads=1), network().compile(instances=8, threads=1)
    shared = network().compile(instances=8, threads=1, connectivity="shared")

    def total(sim):
        return sum(row.bytes for row in sim.memory())

    assert total(many) > 7 * total(alone) > total(shared)


def test_one_weight_for_all_is_set_where_the_instances_have_different_numbers_of_synapses():
    sim = network(plastic=True).compile(instances=2, seeds=[5, 6])
    assert len(set(sim["learning"].size)) == 2
    for given in (30.0, pg.Uniform(1.0, 2.0)):
        sim["learning"]["weight"] = given
        for k in range(2):
            alone = network(5 + k).compile()
            alone["learning"]["weight"] = given
            found = sim.instances[k]["learning"]["weight"]
            assert np.array_equal(found, alone["learning"]["weight"])


def test_positions_of_connected_neurons_are_shared_with_their_synapses():
    net = pg.Network(seed=1)
    places = np.linspace(0.0, 1.0, 20)[:, None]
    cells = net.population("cells", 20, pg.LIF(), positions=places)
    rule = pg.DistanceDependent("exp(-5*distance)")
    net.connect(cells, cells, pg.Delta(), rule, name="near")
    values = {"populations.cells.positions": [places, 2 * places]}
    with pytest.raises(NetworkError, match=r"cells\.positions\): positions may decide.*'near'"):
        net.compile(instances=2, values=values, connectivity="shared")
    own = net.compile(instances=2, seeds=[1, 1], values=values)
    alone = net.with_values({"populations.cells.positions": 2 * places}).compile()
    assert len(own.instances[1]["near"]) == len(alone["near"]) < len(own.instances[0]["near"])


def test_recorded_weights_of_different_numbers_of_synapses_are_looked_at_one_by_one():
    net = network()
    net.record(net["learning"]["weight"], interval=10.0)
    result = net.compile(instances=2).run(20.0)
    with pytest.raises(SimulationError, match="different numbers of synapses in 'learning'"):
        result.traces["learning"]["weight"]
    assert result[0].traces["learning"]["weight"].values.shape[1] > 0


def test_a_slice_without_instances_is_shown():
    result = network(plastic=False).compile(instances=2).run(1.0)
    assert repr(result[2:]) == "<InstanceResults: no instances>" and len(result[2:]) == 0


@pytest.mark.compiled("names for what lies in arrays of the device")
def test_names_for_the_memory_of_an_instance_are_made_when_they_are_asked_for():
    from pygenn_lite.runtime.cpp.network_memory import NetworkMemory
    from pygenn_lite.runtime.views.instance_view import InstanceView

    def kept(kind):
        gc.collect()
        return sum(isinstance(one, kind) for one in gc.get_objects())

    before = kept(NetworkMemory), kept(InstanceView)
    sim = network().compile(instances=12, connectivity="shared")
    sim.run(10.0)
    assert kept(NetworkMemory) - before[0] <= 2 and kept(InstanceView) - before[1] <= 1
    voltages = np.array(sim["exc"]["V"])
    assert kept(NetworkMemory) - before[0] == kept(InstanceView) - before[1] == 12
    more = sim.run(0.1)  # samples are those of the beginning of a step
    assert np.array_equal(voltages[:, :3], [r.traces["exc"]["V"].values[0] for r in more])


def test_a_kernel_is_set_in_all_instances_or_in_each(backend):
    """As `sim["maps"]["weight"] = kernel` sets it in one simulation."""
    net = pg.Network(dt=0.5)
    image = net.spike_source("image", (1, 4, 4), [], [])
    maps = net.population("maps", (1, 2, 2), pg.LIF())
    net.connect(image, maps, pg.Delta(), pg.Convolution(3), weight=np.ones((1, 1, 3, 3)), name="c")
    sim = net.compile(backend, threads=1, instances=2, precision="float64")
    kernel = np.arange(9.0).reshape(1, 1, 3, 3)
    sim["c"]["weight"] = kernel
    single = net.compile(backend, threads=1, precision="float64")
    single["c"]["weight"] = kernel
    expected = single["c"]["weight"][:]
    np.testing.assert_array_equal(sim["c"]["weight"][:], [expected, expected])
    sim["c"]["weight"] = np.stack([kernel, 2 * kernel])
    np.testing.assert_array_equal(sim["c"]["weight"][:], [expected, 2 * expected])
    with pytest.raises(pg.errors.ShapeError):
        sim["c"]["weight"] = np.stack([kernel] * 3)
