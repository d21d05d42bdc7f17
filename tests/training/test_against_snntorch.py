"""A classifier moved over from snnTorch: spikes, read-outs and gradients are the same, a step later
for each layer below."""

import numpy as np
import pytest
from bridge_networks import (
    BETA,
    CHANNELS,
    CLASSES,
    FIRST,
    HIDDEN,
    LEAK,
    OPTIONS,
    SAMPLES,
    SECOND,
    SPIKES,
    STEPS,
)

import pygenn_lite as pg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
snn = pytest.importorskip("snntorch", reason="snnTorch is not installed")
LATER = 2  # steps between a spike of the hidden layer and what it does to the read-out


def moved_over():
    net = pg.Network(dt=1.0, seed=1)
    inputs = net.spike_source("input", CHANNELS, [], [])
    hidden = net.population("hidden", HIDDEN, pg.DiscreteLIF(beta=BETA))
    out = net.population("out", CLASSES, pg.DiscreteLI(beta=LEAK))
    dense = pg.AllToAll()
    net.connect(inputs, hidden, pg.Delta("V"), dense, weight=FIRST, delay=1.0, name="first")
    net.connect(hidden, out, pg.Delta("x"), dense, weight=SECOND, delay=1.0, name="second")
    return net


def of_snntorch(first, second):
    hidden = snn.Leaky(beta=BETA, spike_grad=snn.surrogate.fast_sigmoid(slope=25))
    read_out = snn.Leaky(beta=LEAK, reset_mechanism="none")
    V, out, spikes, traces = hidden.reset_mem(), read_out.reset_mem(), [], []
    for x in torch.tensor(SPIKES, dtype=torch.float32).unbind(1):
        spike, V = hidden(x @ first, V)
        _, out = read_out(spike @ second, out)
        spikes.append(spike)
        traces.append(out)
    return torch.stack(spikes, 1), torch.stack(traces, 1)


def test_outputs_and_gradients_are_those_of_snntorch():
    options = {**OPTIONS, "surrogate": "superspike", "detach_reset": True}
    layer = pg.as_torch(moved_over(), ["hidden.spikes", "out.V"], **options)
    own = [torch.tensor(w, dtype=torch.float32, requires_grad=True) for w in (FIRST, SECOND)]
    spikes, traces = of_snntorch(*own)
    x = np.concatenate([SPIKES, np.zeros((SAMPLES, LATER, CHANNELS))], axis=1)
    found = layer(torch.tensor(x, dtype=torch.float32))
    torch.testing.assert_close(found["hidden.spikes"][:, :STEPS], spikes)
    torch.testing.assert_close(found["out.V"][:, LATER:], traces, rtol=1e-5, atol=1e-6)
    assert 0.1 < spikes.mean() < 0.9
    weights = torch.randn(SAMPLES, STEPS, CLASSES)
    (found["out.V"][:, LATER:] * weights).sum().backward()
    (traces * weights).sum().backward()
    for name, values in zip(("first", "second"), own, strict=True):
        gradient = layer.paths[f"groups.{name}.weight"].grad.reshape(values.shape).float()
        torch.testing.assert_close(gradient, values.grad, rtol=1e-4, atol=1e-5)
