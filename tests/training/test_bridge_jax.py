"""A network as a function of JAX: outputs and gradients are those of the same network written in
JAX."""

import numpy as np
import pytest
from bridge_networks import (
    BETA,
    CLASSES,
    FIRST,
    HIDDEN,
    LEAK,
    LOOP,
    OPTIONS,
    SAMPLES,
    SECOND,
    SPIKES,
    STEPS,
    network,
)

import pygenn_lite as pg

jax = pytest.importorskip("jax", reason="JAX is not installed")
jnp = jax.numpy

OUT = np.random.default_rng(5).normal(size=(SAMPLES, STEPS, CLASSES))


@jax.custom_jvp
def spike(u):
    """1 above 0; its derivative is arctan(2)."""
    return jnp.where(u > 0, 1.0, 0.0)


@spike.defjvp
def _(primals, tangents):
    (u,), (du,) = primals, tangents
    return spike(u), du / (jnp.pi * (1 + (2 * jnp.pi * u) ** 2))


def written_in_jax(parameters, x):
    """The layer; see test_bridge_torch.py."""
    first, loop, second = (parameters[f"groups.{n}.weight"] for n in ("first", "loop", "second"))
    V, read_out = jnp.zeros((len(x), HIDDEN)), jnp.zeros((len(x), CLASSES))
    spikes = waiting = jnp.zeros((len(x), HIDDEN))
    outputs = []
    for step in range(x.shape[1]):
        read_out = LEAK * read_out + waiting @ second
        V = BETA * V - spikes + x[:, step] @ first + spikes @ loop
        waiting, spikes = spikes, spike(V - 1)
        outputs.append(read_out)
    return jnp.stack(outputs, axis=1)


@pytest.fixture(autouse=True)
def double():
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def loss_of(function):
    return lambda parameters, x: (function(parameters, x) * OUT).sum()


def shaped(parameters):
    values = {"first": FIRST, "loop": LOOP, "second": SECOND}
    return {path: parameters[path].reshape(values[path.split(".")[1]].shape) for path in parameters}


def test_outputs_and_gradients_are_those_of_the_same_layer_in_jax():
    layer = pg.as_jax(network(), "out.V", **OPTIONS)
    x = jnp.asarray(SPIKES)
    own = shaped(layer.parameters)
    np.testing.assert_allclose(
        layer(layer.parameters, x), written_in_jax(own, x), rtol=1e-10, atol=1e-12
    )
    plain = jax.grad(loss_of(layer), argnums=(0, 1))
    expected, expected_x = jax.grad(loss_of(written_in_jax), argnums=(0, 1))(own, x)
    for gradient in (plain, jax.jit(plain)):
        found, found_x = gradient(layer.parameters, x)
        np.testing.assert_allclose(found_x, expected_x, rtol=1e-9, atol=1e-12)
        for path, values in shaped(found).items():
            np.testing.assert_allclose(values, expected[path], rtol=1e-9, atol=1e-12)
            assert np.abs(values).max() > 1e-3


def test_a_layer_is_mapped_over_and_trained():
    layer = pg.as_jax(network(), ["out.V", "hidden.spikes"], **OPTIONS)
    x = jnp.asarray(SPIKES)
    halves = jax.vmap(lambda half: layer(layer.parameters, half))(x.reshape(2, 2, *x.shape[1:]))
    whole = layer(layer.parameters, x)
    for name, values in whole.items():
        np.testing.assert_array_equal(halves[name].reshape(values.shape), values)

    @jax.jit
    def step(parameters):
        def loss(parameters):
            return ((layer(parameters, x)["out.V"].mean(1) - 1.0) ** 2).mean()

        value, gradient = jax.value_and_grad(loss)(parameters)
        return value, jax.tree.map(lambda p, g: p - 0.1 * g, parameters, gradient)

    parameters, losses = layer.parameters, []
    for _ in range(30):
        value, parameters = step(parameters)
        losses.append(float(value))
    assert losses[-1] < 0.5 * losses[0]
    net = layer.network(parameters)
    weights = net.compile(threads=1)["second"].connections().weight
    np.testing.assert_allclose(weights, np.ravel(parameters["groups.second.weight"]), rtol=1e-6)
    assert repr(layer) == "JaxLayer(input -> out.V, hidden.spikes, 70 trained values)"
