"""Gradients add up: over samples, over losses, over synapses that share a weight, over neurons that
share a parameter; and the layout of synapses in memory is of no account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen.trial.surrogate import surrogate_of
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.runtime.values.group_drawing import draw_group

L = pg.losses
STEPS, COUNT, CHANNELS = 40, 3, 18
RANDOM = np.random.default_rng(4)
SPIKES = (RANDOM.random((COUNT, STEPS, CHANNELS)) < 0.08).astype(np.uint8)
LABELS = np.array([0, 1, 1])
W_IN, W_OUT = RANDOM.uniform(0.2, 0.9, (CHANNELS, 6)), RANDOM.normal(0.0, 0.4, (6, 2))
W_LOOP, DELAYS = RANDOM.normal(0.0, 0.3, (6, 6)), RANDOM.integers(1, 6, (6, 6)).astype(float)
CURRENT = pg.ExponentialCurrent(5.0)
EVERY = pg.AllToAll()
PAIRS = pg.PairList(*np.divmod(np.arange(36), 6))
ADAPTIVE = pg.NeuronModel(
    ["dV/dt = (I - V)/tau", "da/dt = -a/tau_a"],
    threshold="V > theta + a",
    reset=["V = 0", "a = a + b"],
    refractory=1.0,
    parameters={"tau": 10.0, "tau_a": 20.0, "b": 0.2, "theta": 1.0},
)
LEAKY = pg.NeuronModel("dV/dt = (I - V)/tau", parameters={"tau": 12.0})
ALL = ("groups.*.weight", "groups.*.delay", "groups.*.synapse.*", "populations.*")
VOLTAGE = L.CrossEntropy("out.V", shape="exponential")


def network(loop: str = "dense", tau: Any = 10.0) -> pg.Network:
    net = pg.Network(dt=1.0, seed=1)
    source = net.spike_source("input", CHANNELS, [], [])
    hidden = net.population("hidden", 6, ADAPTIVE, parameters={"tau": tau})
    out = net.population("out", 2, LEAKY)
    net.connect(source, hidden, CURRENT, EVERY, weight=W_IN, name="w_in")
    if loop == "listed":
        net.connect(
            hidden, hidden, CURRENT, PAIRS, weight=W_LOOP.ravel(), delay=DELAYS.ravel(), name="loop"
        )
    else:
        net.connect(hidden, hidden, CURRENT, EVERY, weight=W_LOOP, delay=DELAYS, name="loop")
    net.connect(hidden, out, CURRENT, EVERY, weight=W_OUT, name="w_out")
    return net


def made(
    net: pg.Network,
    loss: Any = VOLTAGE,
    *,
    smooth: bool = False,
    trainable: Any = None,
    **more: Any,
) -> TrainingSession:
    if smooth:
        more |= {"gradient": "surrogate", "surrogate": surrogate_of("1/(1 + 2*abs(u))**2")}
    return TrainingSession(
        net, loss=loss, steps=STEPS, batch=COUNT, precision="float64",
        trainable=trainable or wanted(smooth), **more,
    )  # fmt: skip


def gradients(session: TrainingSession, order: Any = None) -> dict[str, Any]:
    """Means over some samples, by path."""
    data = session.stage(pg.data.from_dense(SPIKES, 1.0, labels=LABELS))
    outcome = session.run(data, order)
    assert next(iter(outcome.spikes.values())).sum() > 5
    return dict(session.gradients)


def agree(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    assert set(found) == set(wanted)
    for path, value in wanted.items():
        scale = max(np.abs(value).max(), 1e-12)
        np.testing.assert_allclose(found[path], value, rtol=1e-9, atol=1e-9 * scale, err_msg=path)


def wanted(smooth: bool) -> tuple[str, ...]:
    """All that has a gradient."""
    return tuple(path for path in ALL if not (smooth and path == "groups.*.delay"))


@pytest.mark.parametrize("smooth", [False, True])
def test_the_gradient_of_a_batch_is_the_mean_of_those_of_its_samples(smooth: bool) -> None:
    session = made(network(), smooth=smooth)
    together = gradients(session)
    alone = [gradients(session, [k]) for k in range(COUNT)]
    agree(together, {p: np.mean([one[p] for one in alone], axis=0) for p in together})
    assert all(np.any(value != 0) for value in together.values())


@pytest.mark.parametrize("smooth", [False, True])
def test_the_gradient_of_a_sum_of_losses_is_the_sum_of_theirs(smooth: bool) -> None:
    other = L.CrossEntropy("out.V", shape="exp(-2*t/T)", smoothing=0.2)
    first, second = (gradients(made(network(), loss, smooth=smooth)) for loss in (VOLTAGE, other))
    both = gradients(made(network(), 0.5 * VOLTAGE + 3.0 * other, smooth=smooth))
    agree(both, {p: 0.5 * first[p] + 3.0 * second[p] for p in first})


@pytest.mark.parametrize("smooth", [False, True])
def test_the_gradient_of_a_shared_parameter_is_the_sum_over_neurons(smooth: bool) -> None:
    path = "populations.hidden.parameters.tau"
    shared, own = (gradients(made(network(tau=t), smooth=smooth)) for t in (10.0, [10.0] * 6))
    assert np.ndim(shared[path]) == 0
    agree(shared, {**own, path: np.sum(own[path])})


@pytest.mark.parametrize("smooth", [False, True])
def test_a_list_of_all_pairs_has_the_gradients_of_a_matrix(smooth: bool) -> None:
    dense, listed = (gradients(made(network(kind), smooth=smooth)) for kind in ("dense", "listed"))
    agree({p: np.reshape(v, dense[p].shape) for p, v in listed.items()}, dense)


@pytest.mark.parametrize("smooth", [False, True])
def test_the_gradient_of_a_kernel_is_the_sum_over_its_synapses(smooth: bool) -> None:
    kernel = np.random.default_rng(0).uniform(0.3, 1.0, (2, 2, 2, 2))

    def convolution(shared: bool) -> pg.Network:
        net = pg.Network(dt=1.0, seed=4)
        image = net.spike_source("input", (2, 3, 3), [], [])
        maps = net.population("maps", (2, 2, 2), ADAPTIVE)
        out = net.population("out", 2, LEAKY)
        rule = pg.Convolution(2, shared=shared)
        net.connect(image, maps, CURRENT, rule, weight=kernel, delay=2.0, name="conv")
        weight = np.random.default_rng(1).normal(0.0, 0.4, (8, 2))
        net.connect(maps, out, CURRENT, EVERY, weight=weight, name="w_out")
        return net

    path = "groups.conv.weight"
    both = [
        made(convolution(shared), smooth=smooth, trainable="groups.*.weight")
        for shared in (True, False)
    ]
    found, single = (gradients(session)[path] for session in both)
    net = both[0].network
    drawn = draw_group(net, net.groups["conv"], net.seed)
    order = np.lexsort((drawn.post, drawn.pre))
    pre, post = np.asarray(drawn.pre)[order], np.asarray(drawn.post)[order]
    entries = net.groups["conv"].connectivity.entries(pre, post)
    summed = np.bincount(entries, single.ravel(), kernel.size)
    np.testing.assert_allclose(found.ravel(), summed, rtol=1e-9, atol=1e-12)
    assert np.all(found != 0)


@pytest.mark.parametrize("smooth", [False, True])
def test_gradients_under_dropout_are_those_of_the_network_that_is_left(smooth: bool) -> None:
    shares = {"w_in": 0.3, "loop": 0.4, "w_out": 0.25}
    dropped = made(network(), smooth=smooth, dropout=shares)
    found = gradients(dropped, [1])
    left, factors = made(network(), smooth=smooth), {}
    for name, share in shares.items():
        path = f"groups.{name}.weight"
        kept = np.any(found[path] != 0, axis=1, keepdims=True) / (1.0 - share)
        assert 0 < np.count_nonzero(kept) < len(kept)
        left.set(path, left.parameters[path] * kept)
        factors[path] = kept
    others = gradients(left, [1])
    agree(found, {p: value * factors.get(p, 1.0) for p, value in others.items()})
