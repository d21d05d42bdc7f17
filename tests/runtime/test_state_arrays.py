"""Variables of a simulation are arrays: to read, to compute with, and to assign."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, PygennLiteError

pytestmark = pytest.mark.usefixtures("backend")

CELL = pg.NeuronModel(
    "dV/dt = (E - V + I)/tau", threshold="V > 50", parameters=dict(E=-65.0, tau=10.0)
)
SIZE = 6


def network(seed=3):
    net = pg.Network(dt=0.1, seed=seed)
    space = np.arange(2.0 * SIZE).reshape(SIZE, 2)
    p = net.population(
        "p", SIZE, CELL, initial=dict(V=0.0), parameters=dict(E="-65 - i"), positions=space
    )
    net.connect(p, p, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=pg.Uniform(1, 2), name="g")
    plastic = pg.PairSTDP(pg.ExponentialCurrent(5.0))
    net.connect(p, p, plastic, pg.AllToAll(), weight=pg.Uniform(0, 1), name="stdp")
    net.current(p, np.arange(SIZE), name="drive")
    net.poisson(p, 5.0, weight=1.0, variable="V", name="noise")
    net.noise_current(p, 0.0, 1.0, name="white")
    return net  # fmt: skip


@pytest.fixture
def sim():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield network().compile(threads=1)


def test_reductions_and_methods_are_those_of_the_values(sim):
    sim["p"]["V"] = [3.0, -1.0, 2.0, 5.0, 0.0, 4.0]
    state = sim["p"]["V"]
    values = np.asarray(state)
    for name in ("max", "min", "sum", "mean", "std", "var", "argmax", "argmin", "all", "any"):
        assert getattr(state, name)() == getattr(values, name)()
        assert getattr(np, name)(state) == getattr(np, name)(values)
    assert state.tolist() == list(state) == values.tolist()
    assert (state.ndim, state.shape, len(state), state.size) == (1, (SIZE,), SIZE, SIZE)
    assert state.astype(int).dtype.kind == "i" and state.copy() is not state
    assert sorted(state) == sorted(values) and 5.0 in state
    assert "max" in dir(state)
    assert np.array_equal(np.concatenate([state, state]), [*values, *values])
    assert (state[[0, 2]] == values[[0, 2]]).all() and (state[values > 2] > 2).all()


def test_arithmetic_gives_arrays_and_assignment_in_place_writes(sim):
    v = sim["p"]["V"]
    v[...] = np.arange(SIZE)
    assert (2 * v + 1 == 2.0 * np.arange(SIZE) + 1).all()
    assert ((v > 2) == (np.arange(SIZE) > 2)).all()
    assert np.exp(-v)[0] == 1.0
    sim["p"]["V"][:] += 1
    sim["p"]["V"] *= 2
    sim["p"]["V"][1:3] -= 1
    assert sim["p"]["V"].tolist() == [2, 3, 5, 8, 10, 12]
    np.add.at(sim["p"]["V"], [0, 0], 1)
    np.multiply(v, 2, out=v)
    assert v.tolist() == [8, 6, 10, 16, 20, 24]
    v[v > 15] = 0
    assert v.tolist() == [8, 6, 10, 0, 0, 0]


def test_a_shared_value_is_a_number(sim):
    tau = sim["p"]["tau"]
    assert tau.shape == () and float(tau) == 10.0 and int(tau) == 10 and bool(tau)
    assert f"{tau:.1f}" == "10.0" and tau.item() == 10.0 and tau.max() == 10.0
    sim["p"]["tau"] = np.array(5, np.int64)
    sim["p"]["tau"] *= 2
    assert tau == 10.0


def test_masks_choose_and_masked_indices_are_refused(sim):
    v = sim["p"]["V"]
    mask = np.arange(SIZE) % 2 == 0
    v[mask] = 7.0
    assert v.tolist() == [7, 0, 7, 0, 7, 0] and v[mask].tolist() == [7, 7, 7]
    index = np.ma.array([0, 1], mask=[0, 1])
    for act in (lambda: v[index], lambda: v.__setitem__(index, 1.0)):
        with pytest.raises(PygennLiteError, match="masked entries"):
            act()
    assert v.tolist() == [7, 0, 7, 0, 7, 0]


@pytest.mark.parametrize("name", ["sort", "fill", "put", "resize", "partition"])
def test_methods_that_would_change_a_copy_only_are_refused(sim, name):
    with pytest.raises(PygennLiteError, match="copy of the values only"):
        getattr(sim["p"]["V"], name)()
    with pytest.raises(AttributeError):
        sim["p"]["V"].nothing  # noqa: B018


def test_a_formula_is_assigned_as_declared(sim):
    i = np.arange(SIZE)
    sim["p"]["V"] = "-65 + i/n + x*pi"
    assert np.allclose(sim["p"]["V"], -65 + i / SIZE + 2 * i * np.pi)
    sim["p"]["V"][2:4] = "100*i"
    assert sim["p"]["V"][2:4].tolist() == [200.0, 300.0]
    sim["p"]["tau"] = "2*10"
    assert sim["p"]["tau"] == 20.0
    sim["p"]["E"] = "-i"
    assert sim["p"]["E"].tolist() == (-i).tolist()
    sim["drive"]["value"] = "where(i > 2, 1, 0)"
    assert sim["drive"]["value"].sum() == 3
    sim["noise"]["rate"] = "5 + i"
    assert sim["noise"]["rate"].tolist() == (5.0 + i).tolist()
    for group in ("g", "stdp"):
        sim[group]["weight"] = "0.1*i_pre + 0.01*i_post"
        pairs = sim[group].connections()
        assert np.allclose(sim[group]["weight"], 0.1 * pairs.pre + 0.01 * pairs.post)
        assert np.allclose(pairs.weight, sim[group]["weight"])
    sim["g"]["weight"] = "exp(-distance)"
    distance = np.hypot(
        2.0 * (pairs.pre.astype(int) - pairs.post), 2.0 * (pairs.pre.astype(int) - pairs.post)
    )
    assert np.allclose(sim["g"]["weight"], np.exp(-distance))  # fmt: skip


def test_a_distribution_is_drawn_from_seed_name_and_time(sim):
    def drawn(simulation, name="V"):
        simulation["p"][name] = pg.Uniform(-65.0, -50.0)
        return np.array(simulation["p"][name])

    first = drawn(sim)
    assert len(set(first)) == SIZE and first.min() >= -65 and first.max() <= -50
    assert (drawn(sim) == first).all()
    assert (drawn(network().compile(threads=2)) == first).all()
    assert (drawn(sim, "E") != first).all()
    other = network(seed=4).compile(threads=1)
    assert (drawn(other) != first).all()
    other.reset(seed=3)
    assert (drawn(other) == first).all()
    sim.step()
    assert (drawn(sim) != first).all()


def test_a_distribution_is_drawn_the_same_after_a_checkpoint(sim, tmp_path):
    sim.run(1.0)
    sim.save(tmp_path / "point.npz")
    sim["p"]["V"] = pg.Normal(0, 1)
    sim["stdp"]["weight"] = pg.Uniform(0, 1)
    other = network().compile(threads=2)
    other.restore(tmp_path / "point.npz")
    other["stdp"]["weight"] = pg.Uniform(0, 1)
    other["p"]["V"] = pg.Normal(0, 1)
    assert (other["p"]["V"] == sim["p"]["V"]).all()
    assert (other["stdp"]["weight"] == sim["stdp"]["weight"]).all()


def test_drawn_weights_have_the_distribution_and_differ_by_synapse(sim):
    for group in ("g", "stdp"):
        sim[group]["weight"] = pg.Uniform(0.25, 0.75)
        values = np.array(sim[group]["weight"])
        assert len(set(values)) == SIZE**2
        assert values.min() >= 0.25 and values.max() <= 0.75 and 0.4 < values.mean() < 0.6


@pytest.mark.parametrize(
    ("owner", "name", "given", "message"),
    [
        ("p", "V", "-65 + j", "unknown symbol 'j'"),
        ("p", "V", "i > 2", "true or false"),
        ("p", "V", "rand()", "rand"),
        ("p", "V", "1/i", "element 0 is inf"),
        ("p", "tau", "i", "all share this value"),
        ("p", "tau", pg.Uniform(1, 2), "all share this value"),
        ("p", "V", np.ma.array([1.0] * SIZE, mask=[1] + [0] * (SIZE - 1)), "masked entries"),
        ("p", "V", [1j] * SIZE, "complex"),
        ("p", "V", [True] * SIZE, "true or false"),
        ("p", "V", ["1"] * SIZE, "text"),
        ("p", "V", None, "not a number"),
        ("p", "V", [1.0, 2.0], "do not fit"),
        ("p", "V", np.nan, "NaN or infinity"),
        ("g", "weight", "i_pre + i", "unknown symbol 'i'"),
        ("g", "weight", [True] * SIZE**2, "true or false"),
        ("stdp", "weight", 1j, "complex"),
        ("noise", "rate", "5 + q", "unknown symbol 'q'"),
        ("noise", "rate", "-i", "negative"),
        ("noise", "rate", {"a": 1}, "not a number"),
        ("white", "std", np.ma.masked, "masked|not a number"),
    ],
)
def test_what_cannot_be_assigned_is_refused_in_words(sim, owner, name, given, message):
    before = np.array(sim[owner][name])
    with pytest.raises(PygennLiteError, match=message):
        sim[owner][name] = given
    assert (np.array(sim[owner][name]) == before).all()


@pytest.mark.parametrize("index", [SIZE, [0, SIZE], "a", np.ones(SIZE + 1, bool)])
def test_a_place_that_is_not_there_is_refused_as_such_not_as_a_wrong_shape(sim, index):
    with pytest.raises(ArgumentError, match=r"ind") as caught:
        sim["p"]["V"][index] = -60.0
    assert f"from 0 to {SIZE - 1}" in caught.value.hint


def test_numpy_scalars_are_durations_steps_threads_and_seeds():
    for number in (np.float32(1.0), np.float64(1.0), np.int64(1), np.array(1.0), np.array(1)):
        sim = network().compile(threads=number if number.dtype.kind == "i" else 1)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = sim.run(number, warmup=np.float32(0.5))
            assert result.duration == 1.0 and result.rates(number * 0) == result.rates()
            assert sim.step(np.int32(2)).duration == pytest.approx(0.2)
            sim.reset(seed=np.int64(7))  # fmt: skip
    for wrong in (True, "1", 1j, None, np.array([1.0]), np.nan, -1):
        with pytest.raises(PygennLiteError, match="not a valid duration"):
            sim.run(wrong)


def test_a_simulation_and_its_views_say_what_to_send_instead(sim):
    sim.run(1.0)
    for thing in (sim, sim["p"], sim["g"], sim["noise"], sim["p"]["V"]):
        for act in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(PygennLiteError, match="cannot be copied or pickled") as caught:
                act(thing)
            wanted = "send the Network" if thing is sim else "numpy.array"
            assert wanted in caught.value.hint


def test_the_network_and_the_result_of_a_simulation_can_be_sent(tmp_path):
    net = network()
    net.record(net.populations["p"].spikes, net.populations["p"]["V"])
    sim = net.compile(threads=1)
    assert pickle.loads(pickle.dumps(sim.network)) == net
    kept, streamed = sim.run(1.0), sim.run(1.0, stream_to=tmp_path / "r.h5")
    for result in (kept, streamed):
        for again in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
            assert (again.traces["p"]["V"].values == result.traces["p"]["V"].values).all()
            assert (again.spikes["p"].steps == result.spikes["p"].steps).all()
            assert again.rates() == result.rates()
