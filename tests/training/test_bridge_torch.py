"""A network as a module of PyTorch: outputs and gradients are those of the same network written in
PyTorch."""

import numpy as np
import pytest
from bridge_networks import (
    BETA,
    CLASSES,
    CURRENTS,
    FIRST,
    HIDDEN,
    LEAK,
    LOOP,
    OPTIONS,
    SAMPLES,
    SECOND,
    SPIKES,
    STEPS,
    TRAINABLE,
    network,
)

import pygenn_lite as pg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

OUT = torch.tensor(np.random.default_rng(5).normal(size=(SAMPLES, STEPS, CLASSES)))


class Spike(torch.autograd.Function):
    """arctan(2)."""

    @staticmethod
    def forward(ctx, u):
        ctx.save_for_backward(u)
        return (u > 0).to(u)

    @staticmethod
    def backward(ctx, gradient):
        (u,) = ctx.saved_tensors
        return gradient / (torch.pi * (1 + (2 * torch.pi * u) ** 2))


def written_in_torch(x, first, loop, second, beta, leak):
    """The layer, step by step. What arrives with the threshold's step is in V at its end; the
    read-out takes in spikes two steps after the one at whose end they were found."""
    V, read_out = torch.zeros(len(x), HIDDEN), torch.zeros(len(x), CLASSES)
    spikes = waiting = torch.zeros(len(x), HIDDEN)
    outputs = []
    for step in range(x.shape[1]):
        read_out = leak.clip(0, 1) * read_out + waiting @ second
        V = beta.clip(0, 1) * V - spikes + x[:, step] @ first + spikes @ loop
        waiting, spikes = spikes, Spike.apply(V - 1)
        outputs.append(read_out)
    return torch.stack(outputs, dim=1)


@pytest.fixture(autouse=True)
def double():
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def parameters():
    numbers = [FIRST, LOOP, SECOND, np.full(HIDDEN, BETA), np.full(CLASSES, LEAK)]
    return [torch.tensor(values, requires_grad=True) for values in numbers]


def test_outputs_and_gradients_are_those_of_the_same_layer_in_torch():
    layer = pg.as_torch(network(), "out.V", trainable=TRAINABLE, **OPTIONS)
    x, own_x = (torch.tensor(SPIKES, requires_grad=True) for _ in range(2))
    own = parameters()
    y, expected = layer(x), written_in_torch(own_x, *own)
    torch.testing.assert_close(y, expected, rtol=1e-10, atol=1e-12)
    (y * OUT).sum().backward()
    (expected * OUT).sum().backward()
    torch.testing.assert_close(x.grad, own_x.grad, rtol=1e-9, atol=1e-12)
    names = [
        *(f"groups.{name}.weight" for name in ("first", "loop", "second")),
        *(f"populations.{name}.parameters.beta" for name in ("hidden", "out")),
    ]
    assert sorted(layer.paths) == sorted(names)
    for name, values in zip(names, own, strict=True):
        found = layer.paths[name].grad
        expected = values.grad.sum() if found.ndim < values.ndim else values.grad
        torch.testing.assert_close(found.reshape(expected.shape), expected, rtol=1e-9, atol=1e-12)
        assert expected.abs().max() > 1e-3


def test_a_layer_stands_between_layers_of_torch():
    torch.manual_seed(1)
    net = network(source=False)
    outputs = ["hidden.spikes", "out.V"]
    layer = pg.as_torch(net, outputs, inputs="hidden.V", **OPTIONS)
    before, after = torch.nn.Linear(4, HIDDEN), torch.nn.Linear(CLASSES, 2)
    optimiser = torch.optim.Adam(
        [*before.parameters(), *layer.parameters(), *after.parameters()], 0.01
    )
    x, target = torch.randn(SAMPLES, STEPS, 4), torch.randn(SAMPLES, 2)
    losses = []
    for _ in range(60):
        optimiser.zero_grad()
        found = layer(before(x))
        loss = (after(found["out.V"].mean(1)) - target).square().mean()
        loss = loss + 1e-3 * found["hidden.spikes"].sum(1).mean()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert before.weight.grad.abs().max() > 0
    assert losses[-1] < 0.3 * losses[0]
    trained = layer.network()
    weights = trained.compile(threads=1)["second"].connections().weight
    found = layer.paths["groups.second.weight"].detach().numpy()
    np.testing.assert_allclose(weights, found.ravel(), rtol=1e-6)


def test_derivatives_by_real_values_are_those_of_torch():
    layer = pg.as_torch(network(source=False), "hidden.spikes", inputs="hidden.V", **OPTIONS)
    x, own_x = (torch.tensor(CURRENTS, requires_grad=True) for _ in range(2))
    weights = torch.tensor(np.random.default_rng(6).normal(size=CURRENTS.shape))
    y = layer(x)
    V = spikes = torch.zeros(SAMPLES, HIDDEN)
    steps = []
    for step in range(STEPS):
        V = BETA * (V + own_x[:, step]) - spikes + spikes @ torch.tensor(LOOP)
        spikes = Spike.apply(V - 1)
        steps.append(spikes)
    expected = torch.stack(steps, dim=1)
    torch.testing.assert_close(y, expected)
    (y * weights).sum().backward()
    (expected * weights).sum().backward()
    torch.testing.assert_close(x.grad, own_x.grad, rtol=1e-9, atol=1e-12)


def test_a_module_is_saved_and_loaded():
    layer = pg.as_torch(network(), "out.V", **OPTIONS)
    state = {name: values + 1 for name, values in layer.state_dict().items()}
    layer.load_state_dict(state)
    assert "groups__first__weight" in state and "70 trained values" in repr(layer)
    weights = layer.network().compile(threads=1)["first"].connections().weight
    np.testing.assert_allclose(weights, (FIRST + 1).ravel(), rtol=1e-6)
