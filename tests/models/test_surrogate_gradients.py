"""Surrogate gradients of classifiers made of neurons in steps, against the reverse pass through
Spyx's formulas in NumPy."""

import numpy as np
import pytest
import spyx_steps as spyx
from taped import Taped, taped

import pygenn_lite as pg
from pygenn_lite.runtime.training.session import TrainingSession

STEPS, CHANNELS, HIDDEN, CLASSES, SAMPLES = 30, 12, 7, 4, 5
RNG = np.random.default_rng(11)
FRAMES = (RNG.random((SAMPLES, STEPS, CHANNELS)) < 0.2).astype(float)
LABELS = RNG.integers(0, CLASSES, SAMPLES)
VALUES = {
    "first": RNG.normal(0.08, 0.4, (CHANNELS, HIDDEN)),
    "loop": RNG.normal(0, 0.3, (HIDDEN, HIDDEN)),
    "second": RNG.normal(0, 0.02, (HIDDEN, CLASSES)),
    "alpha": np.linspace(0.3, 0.95, HIDDEN),
    "beta": np.linspace(-0.1, 1.1, HIDDEN),  # beyond [0, 1] at both ends
    "gamma": np.linspace(1.05, 0.4, HIDDEN),
    "V_th": np.array(0.9),
    "leak": np.linspace(0.5, 0.95, CLASSES),
}


def superspike(u):
    return 1 / (1 + 25 * np.abs(u)) ** 2


def arctan(u):
    return 1 / (np.pi * (1 + (2 * np.pi * u) ** 2))


SHAPES = {"superspike": superspike, "arctan": arctan}
# Spyx's step, how many states, our model, where arrivals go, what it has besides V_th.
NEURONS = {
    "IF": (lambda v: spyx.IF(v["V_th"]), 1, pg.DiscreteIF, "V", ()),
    "LIF": (lambda v: spyx.LIF(v["beta"], v["V_th"]), 1, pg.DiscreteLIF, "V", ("beta",)),
    "ALIF": (
        lambda v: spyx.ALIF(v["beta"], v["gamma"], v["V_th"]),
        2,
        pg.DiscreteALIF,
        "V",
        ("beta", "gamma"),
    ),
    "CuBaLIF": (
        lambda v: spyx.CuBaLIF(v["alpha"], v["beta"], v["V_th"]),
        2,
        pg.DiscreteCuBaLIF,
        "I_syn",
        ("alpha", "beta"),
    ),
}


def by_formulas(surrogate):
    """The mean loss of the samples; by neuron and value, and of the read-out's leak, gradients."""
    values = {
        name: {key: Taped(value, surrogate=surrogate) for key, value in VALUES.items()}
        for name in NEURONS
    }
    leak, total, losses = Taped(VALUES["leak"]), taped(0.0), []
    for frames, label in zip(FRAMES, LABELS, strict=True):
        logits = sum_of_read_out(frames, values, leak, surrogate)
        z = logits.value[0]
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        losses.append(-np.log(p[label]))
        total = total + (logits * ((p - np.eye(CLASSES)[label]) / SAMPLES)) @ np.ones((CLASSES, 1))
    total.backward(1.0)
    found = {name: {k: v.gradient for k, v in of.items()} for name, of in values.items()}
    return np.mean(losses), found, leak.gradient


def sum_of_read_out(frames, values, leak, surrogate):
    """Of a sample, over all steps: (1, classes)."""
    layers, states = {}, {}
    for name, (make, n_states, *_) in NEURONS.items():
        layers[name] = spyx.recurrent(make(values[name]), values[name]["loop"])
        zeros = (np.zeros((1, HIDDEN)) for _ in range(n_states))
        states[name] = tuple(Taped(zero, surrogate=surrogate) for zero in zeros)
    read_out, out, total = spyx.LI(leak), (taped(np.zeros((1, CLASSES))),), 0.0
    for frame in frames:
        arrived = taped(0.0)
        for name, layer in layers.items():
            spikes, states[name] = layer(frame[None] @ values[name]["first"], states[name])
            arrived = arrived + spikes @ values[name]["second"]
        V, out = read_out(arrived, out)
        total = total + V
    return total


def session_of(surrogate):
    """The same: every neuron in a population of its own, with a group to itself."""
    net = pg.Network(dt=1.0, seed=1)
    source = net.spike_source("input", CHANNELS, [], [])
    out = net.population("out", CLASSES, pg.DiscreteLI(beta=VALUES["leak"]))
    paths = ["groups.*.weight", "populations.out.parameters.beta"]
    for name, (_, _, make, target, own) in NEURONS.items():
        model = make(**{key: VALUES[key] for key in own}, V_th=float(VALUES["V_th"]))
        hidden = net.population(name, HIDDEN, model)
        into, at_out = pg.Delta(target), pg.Delta("x")
        groups = {"first": (source, hidden, into), "loop": (hidden, hidden, into)}
        for key, ends in {**groups, "second": (hidden, out, at_out)}.items():
            net.connect(*ends, pg.AllToAll(), weight=VALUES[key], delay=1.0, name=f"{key}_{name}")
        paths += [f"populations.{name}.parameters.{key}" for key in (*own, "V_th")]
    return TrainingSession(
        net,
        loss=pg.losses.IntegralCrossEntropy("out.V", smoothing=0.0),
        steps=STEPS + 2,
        batch=SAMPLES,
        gradient="surrogate",
        surrogate=pg.surrogates.as_surrogate(surrogate),
        trainable=paths,
        precision="float64",
        threads=1,
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_loss_and_gradients_are_those_of_a_reverse_pass_through_spyx_s_formulas(shape):
    loss, expected, leak = by_formulas(SHAPES[shape])
    session = session_of(shape)
    # There the first step looks at the threshold before anything has come in: here it is a step of
    # its own. And the read-out comes a step later.
    frames = np.zeros((SAMPLES, STEPS + 2, CHANNELS), int)
    frames[:, 1:-1] = FRAMES
    outcome = session.run(session.stage(pg.data.from_dense(frames, dt=1.0, labels=LABELS)))
    assert outcome.loss == pytest.approx(loss, rel=1e-12)
    found = session.gradients
    for name, (*_, own) in NEURONS.items():
        for key in ("first", "loop", "second"):
            assert_close(found[f"groups.{key}_{name}.weight"], expected[name][key])
            assert np.abs(expected[name][key]).max() > 1e-3
        for key in (*own, "V_th"):
            assert_close(found[f"populations.{name}.parameters.{key}"], expected[name][key])
        for key in {"alpha", "beta", "gamma"} & set(own):  # clipped at both ends
            beyond = (VALUES[key] <= 0) | (VALUES[key] >= 1)
            assert not expected[name][key][beyond].any() and expected[name][key][~beyond].all()
    assert_close(found["populations.out.parameters.beta"], leak)


def assert_close(found, expected):
    np.testing.assert_allclose(
        np.reshape(found, np.shape(expected)), expected, rtol=1e-8, atol=1e-11
    )
