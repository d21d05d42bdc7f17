"""Neurons in steps against Spyx itself, where it is installed (pip install spyx): the same spikes
in the same steps."""

import numpy as np
import pytest
import spyx_steps
from test_known_answers_discrete import (
    FEEDBACK,
    FRAMES,
    NEURONS,
    WEIGHTS,
    network,
    rows,
    simulated,
)

import pygenn_lite as pg

spyx = pytest.importorskip("spyx.nn", reason="Spyx is not installed")
from flax import nnx  # noqa: E402
from jax import numpy as jnp  # noqa: E402
from spyx.phasor import ResonateFire  # noqa: E402

SHAPE = (NEURONS,)
RNGS = nnx.Rngs(0)


def with_values(layer, **values):
    for name, value in values.items():
        setattr(layer, name, nnx.Param(jnp.asarray(value, jnp.float32)))
    return layer


BETA, GAMMA = np.linspace(-0.1, 1.1, NEURONS), np.linspace(1.05, 0.4, NEURONS)
CASES = {
    "IF": (spyx.IF(SHAPE), pg.DiscreteIF(), "V"),
    "LIF": (with_values(spyx.LIF(SHAPE, rngs=RNGS), beta=BETA), pg.DiscreteLIF(beta=BETA), "V"),
    "ALIF": (
        with_values(spyx.ALIF(SHAPE, rngs=RNGS), beta=BETA, gamma=GAMMA),
        pg.DiscreteALIF(beta=BETA, gamma=GAMMA),
        "V",
    ),
    "CuBaLIF": (
        with_values(spyx.CuBaLIF(SHAPE, rngs=RNGS), alpha=GAMMA, beta=BETA),
        pg.DiscreteCuBaLIF(alpha=GAMMA, beta=BETA),
        "I_syn",
    ),
    "RIF": (
        with_values(spyx.RIF(SHAPE, rngs=RNGS), recurrent_w=FEEDBACK),
        pg.DiscreteIF(),
        "V",
    ),
    "RLIF": (
        with_values(spyx.RLIF(SHAPE, rngs=RNGS), beta=BETA, recurrent_w=FEEDBACK),
        pg.DiscreteLIF(beta=BETA),
        "V",
    ),
    "RCuBaLIF": (
        with_values(spyx.RCuBaLIF(SHAPE, rngs=RNGS), alpha=GAMMA, beta=BETA, recurrent_w=FEEDBACK),
        pg.DiscreteCuBaLIF(alpha=GAMMA, beta=BETA),
        "I_syn",
    ),
}
RESET_FREE = {
    "PSU_LIF": (
        with_values(spyx.PSU_LIF(SHAPE, rngs=RNGS), beta=BETA),
        pg.ResetFreeLIF(beta=BETA),
    ),
    "ResonateFire": (
        with_values(ResonateFire(SHAPE, lambda_init=0.1, rngs=RNGS), omega=BETA),
        pg.ResonateFire(decay=0.1, omega=BETA),
    ),
}


def spikes_of(layer):
    inputs = jnp.asarray(FRAMES @ WEIGHTS, jnp.float32)[:, None, :]  # time, batch, channels
    outputs, _ = spyx.run(layer, inputs)
    return np.asarray(outputs)[:, 0]


@pytest.mark.parametrize("name", CASES)
def test_a_neuron_spikes_in_the_steps_in_which_spyx_does(name):
    layer, model, target = CASES[name]
    expected = spikes_of(layer)
    result = simulated(network(model, target, recurrent=name.startswith("R")))
    assert 50 < expected.sum() < 0.9 * expected.size
    np.testing.assert_array_equal(rows(result.spikes["hidden"], len(FRAMES))[:-1], expected[1:])


@pytest.mark.parametrize("name", RESET_FREE)
def test_a_neuron_without_a_reset_spikes_in_the_same_step(name):
    layer, model = RESET_FREE[name]
    expected = spikes_of(layer)
    result = simulated(network(model, "V"))
    assert 50 < expected.sum() < 0.9 * expected.size
    np.testing.assert_array_equal(rows(result.spikes["hidden"], len(FRAMES)), expected)


def test_the_formulas_that_other_tests_use_are_those_of_spyx():
    inputs = jnp.asarray(FRAMES @ WEIGHTS, jnp.float32)[:, None, :]
    read_out, _ = spyx.run(with_values(spyx.LI(SHAPE, rngs=RNGS), beta=BETA), inputs)
    expected, _ = spyx_steps.run(spyx_steps.LI(BETA), FRAMES @ WEIGHTS)
    np.testing.assert_allclose(np.asarray(read_out)[:, 0], expected, rtol=1e-4, atol=1e-4)
    assert np.asarray(spyx.LI(SHAPE, rngs=RNGS).beta[...])[0] == np.float32(0.8)


def test_gradients_of_a_classifier_are_those_of_spyx():
    """Leaks are trained, too. The loss sums over the steps: the read-out's comes one step later."""
    import jax
    from spyx import axn, fn

    from pygenn_lite.runtime.training.session import TrainingSession

    second, labels = np.random.default_rng(2).normal(0, 0.05, (NEURONS, 3)), np.array([1])
    spike = axn.superspike(25)
    first_layer = nnx.Linear(len(WEIGHTS), NEURONS, use_bias=False, rngs=RNGS)
    hidden = with_values(spyx.LIF(SHAPE, activation=spike, rngs=RNGS), beta=BETA)
    last_layer = nnx.Linear(NEURONS, 3, use_bias=False, rngs=RNGS)
    read_out = spyx.LI((3,), beta=0.8, rngs=RNGS)
    with_values(first_layer, kernel=WEIGHTS), with_values(last_layer, kernel=second)
    graph, parameters = nnx.split(spyx.Sequential(first_layer, hidden, last_layer, read_out))
    frames = jnp.asarray(FRAMES, jnp.float32)[:, None]
    loss = fn.integral_crossentropy(smoothing=0.3, time_axis=0)

    def of(parameters):
        traces, _ = spyx.run(nnx.merge(graph, parameters), frames)
        return loss(traces, jnp.asarray(labels))

    value, gradient = jax.value_and_grad(of)(parameters)
    net = network(pg.DiscreteLIF(beta=BETA), "V")
    out = net.population("out", 3, pg.DiscreteLI(beta=0.8))
    net.connect(
        net.populations["hidden"], out, pg.Delta("x"), pg.AllToAll(), weight=second, delay=1.0
    )
    session = TrainingSession(
        net,
        loss=pg.losses.IntegralCrossEntropy("out.V", smoothing=0.3),
        steps=len(FRAMES) + 1,
        gradient="surrogate",
        surrogate=pg.surrogates.superspike(25),
        trainable=["groups.*.weight", "populations.*.parameters.beta"],
        threads=1,
    )
    data = np.concatenate([FRAMES, np.zeros((1, FRAMES.shape[1]))])[None].astype(int)
    outcome = session.run(session.stage(pg.data.from_dense(data, dt=1.0, labels=labels)))
    assert outcome.loss == pytest.approx(float(value), rel=1e-4)
    layers = gradient["layers"]
    expected = {
        "groups.input_hidden.weight": layers[0]["kernel"],
        "populations.hidden.parameters.beta": layers[1]["beta"],
        "groups.hidden_out.weight": layers[2]["kernel"],
        "populations.out.parameters.beta": layers[3]["beta"],
    }
    for path, values in expected.items():
        array = np.asarray(values[...])
        found = np.reshape(session.gradients[path], array.shape)
        np.testing.assert_allclose(found, array, rtol=2e-3, atol=2e-4, err_msg=path)
        assert np.abs(array).max() > 1e-2
