"""Checkpoints: the same spikes afterwards, and nothing else accepted."""

import json
import zipfile

import helpers_runtime as helpers
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import CheckpointError, SimulationError

pytestmark = pytest.mark.usefixtures("backend")


@pytest.fixture
def neurons(backend):
    """A size that the backend simulates in a second."""
    return 1000 if backend == "cpp" else 30


@pytest.mark.parametrize("network", [helpers.balanced_network, helpers.plastic_network])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_restored_run_goes_on_with_the_same_spikes(tmp_path, network, neurons, threads):
    def make():
        return network(neurons=neurons)

    sim = make().compile(threads=1)
    sim.run(23.4)
    sim.save(tmp_path / "point.npz")
    undisturbed = sim.run(50.0)
    assert all(len(t) for t in undisturbed.spikes.values())

    again = make().compile(threads=threads)
    again.run(17.0)
    again.restore(tmp_path / "point.npz")
    assert again.time == 23.4
    resumed = again.run(50.0)
    assert helpers.same_spikes(resumed, undisturbed)
    for name, group in sim.groups.items():
        assert np.array_equal(group["weight"], again[name]["weight"])
    for name, population in sim.populations.items():
        for variable in population.names:
            assert np.array_equal(population[variable], again[name][variable])


def test_the_seed_of_the_noise_and_set_values_come_along(tmp_path, neurons):
    sim = helpers.balanced_network(neurons=neurons).compile()
    sim.reset(seed=5)
    sim["exc"]["t_ref"] = 2.0
    sim["exc_inh"]["weight"] = np.linspace(1.0, 3.0, len(sim["exc_inh"]))
    sim.run(50.0)
    sim.save(tmp_path / "point.npz")
    undisturbed = sim.run(50.0)
    again = helpers.balanced_network(neurons=neurons).compile()
    again.restore(tmp_path / "point.npz")
    assert helpers.same_spikes(again.run(50.0), undisturbed)


@pytest.mark.parametrize("weight", [pg.Normal(2.0, 0.2), 2.0])
def test_static_weights_are_again_as_when_the_checkpoint_was_written(tmp_path, weight):
    def make():
        net = pg.Network(dt=0.1, seed=6)
        exc = net.population("exc", 100, helpers.LIF)
        net.connect(
            exc, exc, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.1), weight=weight, name="g"
        )
        return net.compile()

    sim = make()
    drawn = np.asarray(sim["g"]["weight"])
    sim.save(tmp_path / "drawn.npz")
    sim["g"]["weight"] = 7.0
    sim.save(tmp_path / "seven.npz")
    sim["g"]["weight"] = 9.0
    sim.restore(tmp_path / "seven.npz")
    assert set(np.asarray(sim["g"]["weight"])) == {7.0}
    sim.reset()  # keeps the weights of static groups
    assert set(np.asarray(sim["g"]["weight"])) == {7.0}
    sim.restore(tmp_path / "drawn.npz")
    assert np.array_equal(sim["g"]["weight"], drawn)
    sim.save(tmp_path / "again.npz")
    other = make()
    other.restore(tmp_path / "seven.npz")
    other.restore(tmp_path / "again.npz")
    assert np.array_equal(other["g"]["weight"], drawn)


def test_weights_that_are_refused_change_nothing(tmp_path):
    sim = helpers.balanced_network().compile()
    before = np.asarray(sim["exc_inh"]["weight"])
    with pytest.raises(SimulationError, match="not finite"):
        sim["exc_inh"]["weight"] = np.nan
    assert "exc_inh" not in sim.instances[0].changed_weights
    assert np.array_equal(sim["exc_inh"]["weight"], before)


def test_trains_go_on_where_they_were(tmp_path):
    def make():
        net = pg.Network(dt=0.1)
        source = net.spike_source("source", 3, np.arange(1.0, 100.0), np.arange(99) % 3)
        cells = net.population("cells", 10, helpers.LIF)
        net.connect(
            source, cells, pg.ExponentialCurrent(tau=5.0), pg.AllToAll(), weight=3.0, delay=5.0
        )
        net.record(source.spikes, cells.spikes)
        return net.compile()

    sim = make()
    sim.run(50.0)
    sim.save(tmp_path / "point.npz")
    undisturbed = sim.run(50.0)
    again = make()
    again.restore(tmp_path / "point.npz")
    resumed = again.run(50.0)
    assert resumed.spikes["source"].times.tolist() == list(np.arange(51.0, 100.0))
    assert helpers.same_spikes(resumed, undisturbed)


def test_several_spikes_of_one_step_that_are_on_their_way_keep_what_each_carries(tmp_path):
    def make():
        net = pg.Network(dt=0.1)
        source = net.spike_source("source", 1, [1.0, 9.0, 9.0, 9.0], [0, 0, 0, 0])
        cells = net.population("cells", 1, helpers.LIF)
        synapse = pg.TsodyksMarkram(pg.ExponentialCurrent(tau=5.0))
        net.connect(source, cells, synapse, pg.AllToAll(), weight=0.3, delay=5.0)
        net.record(cells["V"])
        return net.compile()

    sim = make()
    sim.run(10.0)
    sim.save(tmp_path / "point.npz")
    undisturbed = sim.run(10.0).traces["cells"]["V"].values
    again = make()
    again.restore(tmp_path / "point.npz")
    assert np.array_equal(again.run(10.0).traces["cells"]["V"].values, undisturbed)


def test_parameters_of_a_group_come_along(tmp_path, neurons):
    sim = helpers.plastic_network(neurons=neurons).compile()
    sim["learning"]["tau_plus"] = 3.0
    sim["learning"]["w_max"] = 0.7
    sim.save(tmp_path / "point.npz")
    undisturbed = sim.run(60.0)
    again = helpers.plastic_network(neurons=neurons).compile()
    again.restore(tmp_path / "point.npz")
    assert float(again["learning"]["w_max"]) == pytest.approx(0.7)
    assert helpers.same_spikes(again.run(60.0), undisturbed)
    assert np.array_equal(again["learning"]["weight"], sim["learning"]["weight"])


@pytest.mark.parametrize(
    "other",
    [
        lambda: helpers.balanced_network(seed=2).compile(),
        lambda: helpers.balanced_network(neurons=1100).compile(),
        lambda: helpers.balanced_network().compile(precision="float64"),
        lambda: helpers.plastic_network().compile(),
    ],
)
def test_another_network_refuses_the_checkpoint_and_stays_as_it_was(tmp_path, other):
    sim = helpers.balanced_network().compile()
    sim.save(tmp_path / "point.npz")
    simulation = other()
    simulation.run(10.0)
    with pytest.raises(CheckpointError, match="another network"):
        simulation.restore(tmp_path / "point.npz")
    assert simulation.time == 10.0


def test_what_is_recorded_does_not_matter(tmp_path):
    sim = helpers.balanced_network().compile()
    sim.run(10.0)
    sim.save(tmp_path / "point.npz")
    silent = helpers.balanced_network(recorded=False).compile()
    silent.restore(tmp_path / "point.npz")
    assert silent.time == 10.0


@pytest.mark.parametrize("content", [None, b"", b"PK nonsense"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "other.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"other\.npz"):
        helpers.plastic_network().compile().restore(path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: np.save(path, np.arange(3)),
        lambda path: np.savez(path, header=np.frombuffer(b"[1, 2]", np.uint8)),
        lambda path: np.savez(path, header=np.frombuffer(b"no JSON", np.uint8)),
        lambda path: np.savez(path, other=np.arange(3)),
        lambda path: path.mkdir(),
    ],
)
def test_arrays_of_others_are_refused(tmp_path, write):
    write(tmp_path / "other.npy")
    (path,) = tmp_path.iterdir()
    with pytest.raises(CheckpointError, match=r"other\.npy"):
        helpers.plastic_network().compile().restore(path)


def test_a_truncated_checkpoint_is_refused(tmp_path):
    sim = helpers.plastic_network().compile()
    sim.save(tmp_path / "point.npz")
    whole = (tmp_path / "point.npz").read_bytes()
    (tmp_path / "point.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError):
        sim.restore(tmp_path / "point.npz")


def test_spikes_that_cannot_be_put_back_are_named(tmp_path):
    sim = helpers.balanced_network().compile()
    sim.run(20.0)
    sim.save(tmp_path / "point.npz")
    with np.load(tmp_path / "point.npz") as file:
        content = dict(file)
    for change, message in (
        (lambda steps: steps + 1000, "lies in the future"),
        (lambda steps: steps[1:], "without a time"),
    ):
        changed = {**content, "0/spikes/exc/steps": change(content["0/spikes/exc/steps"])}
        np.savez(tmp_path / "wrong.npz", **changed)
        with pytest.raises(SimulationError, match=message):
            sim.restore(tmp_path / "wrong.npz")
    sim.restore(tmp_path / "point.npz")
    assert sim.run(5.0).duration == 5.0


def test_an_archive_with_code_in_it_is_refused(tmp_path):
    np.savez(tmp_path / "evil.npz", header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CheckpointError):
        helpers.plastic_network().compile().restore(tmp_path / "evil.npz")


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    sim = helpers.plastic_network().compile()
    path = tmp_path / "point.npz"
    sim.save(path)
    before = path.read_bytes()

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array", full)
    with pytest.raises(CheckpointError, match="No space left"):
        sim.save(path, overwrite=True)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_of_the_start_keeps_the_spikes_at_the_start(tmp_path):
    net = pg.Network(dt=0.1)
    source = net.spike_source("s", 1, [0.0, 1.0], [0, 0])
    net.record(source.spikes)
    sim = net.compile()
    sim.save(tmp_path / "point.npz")
    sim.run(5.0)
    sim.restore(tmp_path / "point.npz")
    assert sim.run(5.0).spikes["s"].times.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("threads", [1, 3])
def test_counts_of_spikes_go_on_where_they_were(tmp_path, neurons, threads):
    sim = helpers.balanced_network(neurons=neurons).compile(threads=2)
    sim.run(30.0)
    sim.save(tmp_path / "point.npz")
    counts = sim["exc"].spike_counts()
    rates = sim.run(30.0).rates()
    assert counts.any()
    again = helpers.balanced_network(neurons=neurons).compile(threads=threads)
    again.restore(tmp_path / "point.npz")
    assert np.array_equal(again["exc"].spike_counts(), counts)
    assert again.run(30.0).rates() == rates
    assert np.array_equal(again["exc"].spike_counts(), sim["exc"].spike_counts())


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("0/populations/exc/V", lambda a: a[:7]),
        ("0/populations/exc/tau", lambda a: np.zeros(3)),
        ("0/spikes/exc/steps", lambda a: a[None]),
        ("0/spikes/exc/counts", lambda a: a[:7]),
        ("0/inputs/poisson_exc/rate", lambda a: np.zeros((2, 2))),
        ("0/populations/exc/V/past", lambda a: a[:, :-1]),
        ("0/populations/exc/V/past", lambda a: a[:0]),
        ("0/groups/learning/weight", lambda a: a[:-1]),
        ("0/groups/learning/weight", lambda a: a.astype(str)),
        ("0/groups/learning/tau_plus", lambda a: np.zeros((2, 9))),
    ],
)
def test_arrays_that_do_not_fit_are_refused_before_anything_changes(tmp_path, name, change):
    sim = helpers.plastic_network().compile()
    sim.run(20.0)
    sim.save(tmp_path / "point.npz")
    with np.load(tmp_path / "point.npz") as file:
        content = dict(file)
    name = name if name in content else next(n for n in content if n.endswith("/past"))
    np.savez(tmp_path / "wrong.npz", **{**content, name: change(content[name])})
    sim.run(5.0)
    with pytest.raises(CheckpointError, match="wrong"):
        sim.restore(tmp_path / "wrong.npz")
    assert sim.time == 25.0


@pytest.mark.parametrize("wrong", [{"step": "x"}, {"step": -1}, {"seeds": [None]}])
def test_a_header_without_a_step_is_refused(tmp_path, wrong):
    sim = helpers.plastic_network().compile()
    sim.save(tmp_path / "point.npz")
    with np.load(tmp_path / "point.npz") as file:
        content = dict(file)
    header = {**json.loads(content["header"].tobytes()), **wrong}
    content["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(tmp_path / "wrong.npz", **content)
    with pytest.raises(CheckpointError):
        sim.restore(tmp_path / "wrong.npz")


def test_an_array_that_is_longer_than_it_says_is_refused(tmp_path):
    sim = helpers.plastic_network().compile()
    sim.save(tmp_path / "point.npz")
    with (
        zipfile.ZipFile(tmp_path / "point.npz") as whole,
        zipfile.ZipFile(tmp_path / "longer.npz", "w") as longer,
    ):
        for name in whole.namelist():
            more = b"more" if name == "0/populations/exc/tau.npy" else b""
            longer.writestr(name, whole.read(name) + more)
    with pytest.raises(CheckpointError, match="'0/populations/exc/tau' is longer than it says"):
        sim.restore(tmp_path / "longer.npz")
