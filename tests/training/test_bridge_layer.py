"""A network between arrays: what bridges to PyTorch and JAX are made of."""

import builtins

import numpy as np
import pytest
from bridge_networks import (
    CHANNELS,
    CLASSES,
    CURRENTS,
    HIDDEN,
    LOOP,
    OPTIONS,
    SAMPLES,
    SPIKES,
    STEPS,
    network,
)

import pygenn_lite as pg
from pygenn_lite.errors import (
    ArgumentError,
    MissingPackageError,
    ShapeError,
    UnsupportedFeatureError,
)
from pygenn_lite.training.bridges.array_layer import ArrayLayer
from pygenn_lite.training.bridges.frameworks import _layer

DERIVATIVES = {"out.V": np.random.default_rng(5).normal(size=(SAMPLES, STEPS, CLASSES))}


def make(outputs=("out.V",), inputs=None, net=None, **options):
    return ArrayLayer(net or network(), outputs, inputs, {**OPTIONS, **options})


@pytest.fixture(scope="module")
def layer():
    return make()


def test_outputs_are_those_of_the_simulation(layer):
    _, outputs = layer.forward(layer.parameters, SPIKES)
    net = network()
    net.record(net.populations["out"]["V"])
    sim = net.compile(precision="float64", threads=1)
    for k in range(SAMPLES):
        sim.reset()
        sim["input"].replay(pg.SpikeTensor.dense(SPIKES.astype(int), 1.0), k)
        trace = sim.run(float(STEPS + 1)).traces["out"]["V"].values
        np.testing.assert_allclose(outputs["out.V"][k], trace[1:], rtol=1e-12, atol=1e-14)


def test_a_call_is_gone_back_through_after_another_one(layer):
    first, _ = layer.forward(layer.parameters, SPIKES)
    expected, by_x = layer.backward(first, layer.parameters, SPIKES, DERIVATIVES)
    call, _ = layer.forward(layer.parameters, SPIKES)
    other = {path: 2 * value for path, value in layer.parameters.items()}
    layer.forward(other, SPIKES[::-1])
    layer.forward(layer.parameters, SPIKES[:2, :7])
    for _ in range(2):
        found, again = layer.backward(call, layer.parameters, SPIKES, DERIVATIVES)
        np.testing.assert_array_equal(again, by_x)
        for path, values in found.items():
            np.testing.assert_array_equal(values, expected[path])
    assert any(np.any(values) for values in expected.values()) and np.any(by_x)


def test_trials_may_have_any_length(layer):
    _, long = layer.forward(layer.parameters, SPIKES)
    _, short = layer.forward(layer.parameters, SPIKES[:, :5])
    np.testing.assert_array_equal(short["out.V"], long["out.V"][:, :5])


def test_real_values_are_added_to_a_variable():
    layer = make(("hidden.spikes", "hidden.V"), "hidden.V", network(source=False), trainable=())
    assert layer.channels == HIDDEN and layer.parameters == {}
    _, outputs = layer.forward({}, CURRENTS)
    V, spikes = np.zeros(HIDDEN), np.zeros(HIDDEN)
    for step, current in enumerate(CURRENTS[0]):
        before = spikes
        V = 0.9 * (V + current) - before
        V = V + before @ LOOP
        spikes = (V > 1).astype(float)
        np.testing.assert_allclose(outputs["hidden.V"][0, step], V, rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(outputs["hidden.spikes"][0, step], spikes)


def test_the_network_is_given_back_with_other_values(layer):
    values = {path: value + 0.25 for path, value in layer.parameters.items()}
    net = layer.network_with(values)
    weights = net.compile(threads=1)["second"].connections().weight
    np.testing.assert_allclose(weights, values["groups.second.weight"].ravel())
    assert repr(layer) == "input -> out.V, 70 trained values"


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (dict(outputs=()), ArgumentError, "nothing is given out"),
        (
            dict(outputs=("hidden.spikes",), gradient="exact", surrogate=None),
            UnsupportedFeatureError,
            "no exact derivative",
        ),
        (dict(net=network(source=False)), ArgumentError, "0 spike sources"),
        (dict(surrogate="superspik"), ArgumentError, "did you mean 'superspike'"),
        (dict(inputs="hiden.V"), ArgumentError, "did you mean 'hidden'"),
        (dict(inputs="hidden.U"), ArgumentError, "no variable 'U'"),
        (dict(inputs="hidden"), ArgumentError, "not a spike source"),
        (dict(outputs=("out.U",)), ArgumentError, "no variable 'U'"),
    ],
)
def test_what_makes_no_layer_is_refused(wrong, error, message):
    with pytest.raises(error, match=message) as caught:
        make(**wrong)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (SPIKES + 0.5, ArgumentError, "numbers of spikes"),
        (-SPIKES, ArgumentError, "numbers of spikes"),
        (SPIKES[0], ShapeError, "shape"),
        (SPIKES[:, :, : CHANNELS - 1], ShapeError, rf"\(4, 12, {CHANNELS - 1}\)"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(layer, x, error, message):
    with pytest.raises(error, match=message) as caught:
        layer.forward(layer.parameters, x)
    assert caught.value.hint


def test_a_misspelt_option_of_a_layer_is_refused():
    with pytest.raises(ArgumentError, match="no option 'thread'; did you mean 'threads'"):
        _layer(network(), "out.V", None, {"thread": 2})


@pytest.mark.parametrize(("make", "package"), [(pg.as_torch, "torch"), (pg.as_jax, "jax")])
def test_a_framework_that_is_not_installed_is_named(make, package, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return real(name, *args, **kwargs)

    monkeypatch.setattr("pygenn_lite.optional.import_module", without)
    with pytest.raises(MissingPackageError, match=f"{package!r} is not installed") as caught:
        make(network(), "out.V")
    assert caught.value.hint == f"pip install {package}"
