"""Weights of another group, transposed: always current, compiled and interpreted."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_oracle import assert_equal_runs, reference, run_compiled

import pygenn_lite as pg
from pygenn_lite.errors import ConnectivityError, NetworkError, PygennLiteError

pytestmark = pytest.mark.usefixtures("backend")

UNIT = pg.RateNeuron(tau=5.0)
LEARNING = pg.SynapseModel(
    continuous="I_post += weight*r_pre",
    synapse_derivatives="dweight/dt = eta*(r_post - 0.1*weight)*r_pre",
    parameters=dict(eta=0.02),
    name="learning",
)
DOWN = pg.SynapseModel(continuous="I_post += weight*tanh(r_pre)*(1 - r_post)")


def network(sizes: tuple[int, int] = (5, 19), up: pg.SynapseModel = LEARNING) -> pg.Network:
    net = pg.Network(dt=0.1, seed=4)
    start = dict(r=pg.Uniform(-1.0, 1.0))
    a = net.population("a", sizes[0], UNIT, initial=start)
    b = net.population("b", sizes[1], UNIT, initial=start)
    # The transposed group may be declared first: what it reads is what stood there before the step.
    net.connect(b, a, DOWN, pg.Transpose("up", factor=-0.5), name="down", delay=0.2)
    net.connect(a, b, up, pg.AllToAll(), weight=pg.Normal(0.0, 0.3), name="up")
    net.current(a, 0.3)
    return net


def test_feedback_follows_the_weights_that_learn() -> None:
    found = run_compiled(network(), 80)
    assert_equal_runs(found, reference(network(), 80, found), 1e-11)


def test_weights_are_those_of_the_other_group_at_each_time() -> None:
    sim = network().compile(precision="float64")
    for _ in range(3):
        sim.run(3.0)
        up = sim["up"]["weight"][:].reshape(5, 19)
        down = sim["down"].connections()
        np.testing.assert_array_equal(down.weight.reshape(19, 5), -0.5 * up.T)
        np.testing.assert_array_equal(down.pre, np.repeat(np.arange(19), 5))


@pytest.mark.compiled("threads")
@pytest.mark.parametrize("up", [LEARNING, pg.RateSynapse()], ids=["learning", "fixed"])
def test_results_do_not_depend_on_the_number_of_threads(up: pg.SynapseModel) -> None:
    runs = []
    for threads in (1, 2, 3):
        sim = network((300, 400), up).compile(threads=threads)
        sim.run(2.0)
        runs.append((sim["a"]["r"][:], sim["b"]["r"][:]))
    for other in runs[1:]:
        for one, two in zip(runs[0], other, strict=True):
            assert np.array_equal(one, two)


def test_weights_are_set_at_the_group_that_has_them(tmp_path) -> None:
    sim = network().compile(precision="float64")
    with pytest.raises(PygennLiteError):
        sim["down"]["weight"] = 1.0
    sim["up"]["weight"] = 0.25
    assert np.all(sim["down"].connections().weight == -0.125)
    sim.run(1.0)
    sim.save(tmp_path / "half.npz")
    again = network().compile(precision="float64")
    again.restore(tmp_path / "half.npz")
    sim.run(1.0)
    again.run(1.0)
    assert np.array_equal(sim["a"]["r"][:], again["a"]["r"][:])
    sim.reset()
    new = network().compile(precision="float64")
    assert np.array_equal(sim["up"]["weight"][:], new["up"]["weight"][:])


def test_files_hold_transposed_groups() -> None:
    net = network()
    assert pg.load_network(pg.dump_network(net))[0] == net


@pytest.mark.parametrize(
    ("rule", "changes", "message"),
    [
        (pg.Transpose("upp"), {}, "no synapse group 'upp'"),
        (pg.Transpose("up"), dict(source="a", target="b"), "leads from 'a' to 'b'"),
        (pg.Transpose("sparse"), {}, "not a matrix of all pairs"),
        (pg.Transpose("up"), dict(synapse=LEARNING), "no synapses of its own"),
        (pg.Transpose("up"), dict(synapse=pg.ExponentialCurrent()), "no synapses of its own"),
        (pg.Transpose("up"), dict(weight=2.0), "the weights are those of 'up'"),
        (pg.Transpose("up"), dict(storage="sparse"), "storage='sparse', but .* those of 'up'"),
        (
            pg.Transpose("down"),
            dict(source="a", target="b"),
            "'down' is the transpose of 'up': it has no weights of its own",
        ),
        (pg.Transpose("up"), dict(delay=pg.Uniform(0.1, 1.0)), "delay: .* one delay"),
    ],
)
def test_what_cannot_be_transposed_is_told(
    rule: pg.Transpose, changes: dict[str, object], message: str
) -> None:
    net = network()
    net.connect("a", "b", pg.RateSynapse(), pg.FixedProbability(0.5), name="sparse")
    given = {"source": "b", "target": "a", "synapse": pg.RateSynapse(), **changes}
    net.connect(**given, connectivity=rule, name="wrong")
    with pytest.raises(NetworkError, match=message) as caught:
        net.compile()
    assert caught.value.hint


def test_who_transposes_a_transpose_learns_which_group_to_take() -> None:
    net = network()
    net.connect("a", "b", pg.RateSynapse(), pg.Transpose("down", factor=4.0), name="again")
    with pytest.raises(NetworkError, match="'down' is the transpose of 'up'") as caught:
        net.compile()
    assert "the synapses of 'up' and -2 times its weights" in str(caught.value.hint)


@pytest.mark.parametrize("factor", [float("nan"), float("inf"), "2", [1.0]])
def test_a_factor_is_a_finite_number(factor: object) -> None:
    with pytest.raises(ConnectivityError, match="factor = "):
        pg.Transpose("up", factor=factor)
