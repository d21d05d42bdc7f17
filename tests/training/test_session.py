"""Training sessions: what they run is the simulator's network, what they give are its gradients,
and nothing but values decides how they continue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from training_networks import STEPS, Samples, layers, samples

import pygenn_lite as pg
from pygenn_lite.codegen.trial.optimiser import Optimiser
from pygenn_lite.errors import ArgumentError, CheckpointError, ShapeError
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training import constraints, losses, optimisers

LOSS = losses.CrossEntropy("out.V")


def _session(net: pg.Network | None = None, **options: Any) -> TrainingSession:
    given = {"loss": LOSS, "steps": STEPS, "batch": 20, "optimiser": _adam(), **options}
    return TrainingSession(net or layers(), **given)


def _adam(rate: float = 5.0) -> Optimiser:
    return optimisers.Adam(rate)


@pytest.fixture(scope="module")
def session() -> Iterator[TrainingSession]:
    made = _session()
    made.start = made.state()  # type: ignore[attr-defined]
    yield made


@pytest.fixture(autouse=True)
def _from_the_start(request: pytest.FixtureRequest) -> None:
    if "session" in request.fixturenames:
        made = request.getfixturevalue("session")
        made.restore(made.start)


def test_training_lowers_the_loss(session):
    data = session.stage(samples())
    before = session.run(data, train=False)
    for epoch in range(40):
        session.run(data, np.random.default_rng(epoch).permutation(60))
    after = session.run(data, train=False)
    assert after.loss < 0.8 * before.loss
    assert np.mean(after.predictions == samples().labels) > 0.7


def test_evaluation_changes_nothing(session):
    data = session.stage(samples())
    session.run(data)
    before = session.state()
    session.run(data, np.arange(7), train=False)
    after = session.state()
    assert session.updates == 3
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], name)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_spikes_are_those_of_the_simulation_before_and_after_training(precision):
    made = _session(precision=precision)
    data, array = made.stage(samples(12)), samples(12).array
    for _ in range(2):
        outcome = made.run(data, train=False)
        net = made.trained_network()
        net.record(net.populations["hidden"].spikes)
        simulation = net.compile(threads=1, precision=precision)
        tensor = pg.SpikeTensor.dense(array, 1.0)
        for k in range(12):
            simulation.reset()
            simulation["source"].replay(tensor, k)
            spikes = simulation.run(float(STEPS)).spikes["hidden"]
            assert len(spikes.times) == outcome.spikes_per_sample["hidden"][k]
        made.run(data)


def test_gradients_are_central_differences_where_the_loss_is_smooth():
    net = pg.Network(dt=1.0, seed=1)
    source = net.spike_source("source", 9, [1.0], [0])
    out = net.population("out", 3, pg.LIF(V_th=1e6, tau=[18.0, 20.0, 25.0]))
    psc = pg.ExponentialCurrent(5.0)
    net.connect(source, out, psc, pg.AllToAll(), weight=pg.Normal(0.0, 80.0), name="w", delay=3.0)
    paths = [
        "groups.w.weight", "populations.out.parameters.tau",
        "groups.w.synapse.parameters.tau", "populations.out.initial.V",
    ]  # fmt: skip
    made = _session(net, trainable=paths, precision="float64", optimiser=None)
    data = made.stage(samples(30))
    made.run(data)
    gradients = {path: made.gradients[path] for path in paths}
    for path in paths:
        value, gradient = made.parameters[path], np.atleast_1d(gradients[path])
        flat = np.atleast_1d(value).ravel()
        for i in range(min(flat.size, 3)):
            step = 1e-4 * max(abs(flat[i]), 0.01)
            losses_of = []
            for sign in (1.0, -1.0):
                moved = flat.copy()
                moved[i] += sign * step
                made.set(path, moved.reshape(value.shape))
                losses_of.append(made.run(data, train=False).losses[-10:].mean())
            made.set(path, value)
            measured = (losses_of[0] - losses_of[1]) / (2 * step)
            assert gradient.ravel()[i] == pytest.approx(measured, rel=1e-5, abs=1e-10), path


def test_gradients_of_the_last_batch_are_means_over_its_samples():
    made = _session(batch=20, optimiser=None)
    data = made.stage(samples(30))
    made.run(data)  # the last batch has 10 samples
    last = made.gradients["groups.w_out.weight"]
    made.run(data, np.arange(20, 30))
    np.testing.assert_array_equal(last, made.gradients["groups.w_out.weight"])
    single = []
    for k in range(20, 30):
        made.run(data, [k])
        single.append(made.gradients["groups.w_out.weight"])
    np.testing.assert_allclose(last, np.mean(single, axis=0), rtol=1e-4, atol=1e-7)


def test_results_do_not_depend_on_threads_or_on_samples_in_flight():
    found = []
    for options in ({"threads": 1}, {"threads": 3}, {"threads": 2, "in_flight": 3}):
        made = _session(**options)
        data = made.stage(samples())
        outcomes = [made.run(data, np.random.default_rng(e).permutation(60)) for e in range(2)]
        found.append((made.state(), outcomes))
    (first, runs), *others = found
    for state, outcomes in others:
        for name, array in first.items():
            np.testing.assert_array_equal(array, state[name], name)
        for one, other in zip(runs, outcomes, strict=True):
            np.testing.assert_array_equal(one.losses, other.losses)


def test_surrogate_gradients_do_not_depend_on_which_samples_go_back_together():
    found, shape = [], pg.surrogates.superspike(25).scaled(15.0)
    for options in ({"threads": 1}, {"threads": 2}, {"threads": 1, "in_flight": 3}):
        made = _session(_wide(), gradient="surrogate", surrogate=shape, batch=11, **options)
        outcome = made.run(made.stage(samples(22)))
        found.append({"losses": outcome.losses, **made.gradients, **made.state()})
    for other in found[1:]:
        for name, array in found[0].items():
            np.testing.assert_array_equal(array, other[name], name)
    assert np.abs(found[0]["groups.loop.weight"]).max() > 0


def _wide() -> pg.Network:
    """A recurrent layer whose weights are more than the cache closest to a processor has."""
    net = pg.Network(dt=1.0, seed=3)
    source = net.spike_source("source", 9, [1.0], [0])
    hidden = net.population("hidden", 100, pg.LIF())
    out = net.population("out", 3, pg.LIF(V_th=1e6))
    psc, every = pg.ExponentialCurrent(5.0), pg.AllToAll()
    for name, pre, post, weight in (
        ("w_in", source, hidden, pg.Normal(250.0, 120.0)),
        ("loop", hidden, hidden, pg.Normal(0.0, 10.0)),
        ("w_out", hidden, out, pg.Normal(0.0, 60.0)),
    ):
        net.connect(pre, post, psc, every, weight=weight, delay=1.0, name=name)
    return net


def test_a_state_continues_bit_for_bit(session):
    data = session.stage(samples())
    session.run(data)
    kept = session.state()
    session.run(data)
    wanted = session.state()
    other = _session()
    other.restore(kept)
    assert other.updates == 3
    other.run(other.stage(samples()))
    for name, array in wanted.items():
        np.testing.assert_array_equal(array, other.state()[name], name)


def test_the_state_of_another_network_is_refused_and_changes_nothing(session):
    before = session.state()
    wrong = dict(before)
    wrong["value/groups.w_in.weights"] = wrong.pop("value/groups.w_in.weight")
    with pytest.raises(CheckpointError, match=r"lacks 'value/groups.w_in.weight'; did you mean"):
        session.restore(wrong)
    narrow = {**before, "value/groups.w_in.weight": np.zeros((9, 11))}
    with pytest.raises(CheckpointError, match=r"has shape \(9, 11\)"):
        session.restore(narrow)
    for name, wrong in (
        ("updates", -3), ("updates", 2.5), ("updates", "3"), ("updates", [1, 2]),
        ("value/groups.w_in.weight", np.full((9, 12), "3")),
        ("value/groups.w_in.weight", np.full((9, 12), 1j)),
        ("value/groups.w_in.weight", np.full((9, 12), 1e300)),
    ):  # fmt: skip
        with pytest.raises(CheckpointError, match=f"'{name}'"):
            session.restore({**before, name: wrong})
    for name, array in session.state().items():
        np.testing.assert_array_equal(array, before[name], name)


def test_tapes_grow_where_neurons_spike_more_than_there_is_room_for(session):
    data = session.stage(Samples(np.ones((8, STEPS, 9), np.uint8), np.arange(8) % 3))
    session.set("groups.w_in.weight", 4000.0)
    outcome = session.run(data, train=False)
    assert outcome.spikes_per_sample["hidden"].min() > 4 * 12
    again = session.run(data, train=False)
    np.testing.assert_array_equal(outcome.losses, again.losses)


def test_values_are_set_and_read_by_path(session):
    weights = np.arange(36, dtype=np.float32).reshape(12, 3)
    session.set("groups.w_out.weight", weights)
    np.testing.assert_array_equal(session.parameters["groups.w_out.weight"], weights)
    assert list(session.parameters) == ["groups.w_in.weight", "groups.w_out.weight"]
    with pytest.raises(ArgumentError, match=r"not trained; did you mean 'groups.w_out.weight'"):
        session.parameters["groups.w_outt.weight"]
    with pytest.raises(ShapeError, match=r"\(12, 3\)"):
        session.set("groups.w_out.weight", np.zeros((3, 12)))
    for wrong in (np.nan, 1e300):
        with pytest.raises(ArgumentError, match="NaN or infinite"):
            session.set("groups.w_out.weight", wrong)
    with pytest.raises(ArgumentError, match="not a number"):
        session.set("groups.w_out.weight", "large")


def test_bounds_hold_through_updates():
    made = _session(bounds={"groups.w_in.weight": (0.0, 300.0)})
    made.set("groups.w_in.weight", np.clip(made.parameters["groups.w_in.weight"], 0.0, 300.0))
    data = made.stage(samples())
    for _ in range(10):
        made.run(data, rates=np.full(3, 100.0))
    weights = made.parameters["groups.w_in.weight"]
    assert weights.min() == 0.0 and weights.max() == 300.0
    with pytest.raises(ArgumentError, match="between 0 and 300"):
        made.set("groups.w_in.weight", -1.0)


def test_the_trained_network_has_the_values_in_its_declaration(session):
    data = session.stage(samples())
    session.run(data)
    trained = session.trained_network()
    found = trained.compile(threads=1)["w_in"].connections()
    np.testing.assert_array_equal(found.weight, session.parameters["groups.w_in.weight"].ravel())


def test_memory_names_all_arrays(session):
    rows = session.memory()
    names = {(row.name, row.what.split(":")[0]) for row in rows}
    assert ("w_in", "weights") in names and ("Adam", "slots") in names
    assert any(row.name == "samples in flight" for row in rows)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trainable": "groups.w_inn.weight"}, "no value 'groups.w_inn.weight'; did you mean"),
        ({"steps": 0}, "steps = 0"),
        ({"batch": 2.5}, "batch = 2.5"),
        ({"gradient": "eprop"}, "gradient = 'eprop'"),
        ({"loss": "out.V"}, "is not a loss"),
        ({"bounds": {"groups.x.weight": (0.0, 1.0)}}, "which is not trained"),
        ({"bounds": {"groups.w_in.weight": 3.0}}, "groups.w_in.weight: bounds = "),
        ({"bounds": {"groups.w_in.weight": (1.0, "a")}}, "write the lower one first"),
        ({"rewiring": "w_in"}, "rewiring = 'w_in'"),
        ({"constraints": {"groups.*.weight": "sign"}}, "'sign' is not a constraint"),
        ({"constraints": {"groups.*.weight": constraints.Sign}}, r"pg.constraints.Sign\(\)"),
        ({"optimiser": optimisers.SGD(rates={"groups.win.weight": 2.0})}, "mean 'groups.w_in"),
        ({"optimiser": optimisers.SGD(rates={"groups.w_in.delay": 2.0})}, "rates of 'groups.w_in"),
        ({"optimiser": optimisers.SGD(rates={"*.dely": 2.0})}, "rates of '.*dely', which is not"),
        ({"optimiser": optimisers.SGD(decays=("w_in",))}, "decays of 'w_in'"),
        ({"loss": LOSS + losses.WeightPenalty("groups.x.weight", 1.0)}, "penalties of 'groups.x"),
        ({"input": "hidden"}, "not a spike source"),
        ({"longest_delay": -1.0}, "longest_delay = -1.0"),
        ({"longest_delay": 1e9}, "longest_delay = 1000000000.0"),
        ({"optimiser": "adam"}, "'adam' is not an optimiser"),
    ],
)
def test_options_that_make_no_sense_are_told(options, words):
    with pytest.raises(ArgumentError, match=words):
        _session(**options)


def test_rates_of_what_the_network_has_may_be_given_though_it_is_not_trained():
    _session(optimiser=optimisers.SGD(rates={"groups.*.delay": 100.0}))


def test_orders_and_rates_that_do_not_fit_are_told(session):
    data = session.stage(samples())
    with pytest.raises(ArgumentError, match="samples that the data does not have"):
        session.run(data, [0, 60])
    with pytest.raises(ArgumentError, match=r"rates of shape \(2,\) for 3 batches"):
        session.run(data, rates=[0.1, 0.1])
    with pytest.raises(ArgumentError, match="rates is complex"):
        session.run(data, rates=[1j, 1j, 1j])
    with pytest.raises(ArgumentError, match="the data does not have"):
        session.run(data, [[0], [1, 2]])
    with pytest.raises(ArgumentError, match="epoch = -1"):
        session.run(data, epoch=-1)
    with pytest.raises(ArgumentError, match="not staged data"):
        session.run(samples())


def test_data_staged_for_another_session_is_refused(session):
    other = _session(steps=STEPS + 1)
    with pytest.raises(ArgumentError, match="staged for another session"):
        session.run(other.stage(samples()))


def test_labels_out_of_range_are_refused(session):
    array = samples(3).array
    with pytest.raises(ArgumentError, match="label"):
        session.run(session.stage(Samples(array, np.array([0, 1, 3]))))
