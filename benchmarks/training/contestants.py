"""Who trains the task: each function returns one that goes through a batch by its number, forwards,
backwards and with Adam's update, and returns its mean loss.

All have 700 inputs, 256 current-based leaky neurons whose reset subtracts, and 20 leaky read-outs;
the loss is the cross-entropy of the sums of their potentials. Frameworks are imported where they
are used.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from task import CHANNELS, CLASSES, HIDDEN, TAU_MEM, TAU_SYN, Task, samples, weights

Batch = Callable[[int], float]
RATE, READ_OUT = 1e-4, 0.9


def spyx(task: Task) -> Batch:
    """Spyx: superspike(25), one XLA program per batch, data packed along time on the device."""
    import jax
    import optax
    from flax import nnx
    from jax import numpy as jnp
    from spyx import fn
    from spyx import nn as snn

    frames, labels = samples(task)
    packed = jnp.asarray(
        np.packbits(frames, axis=1).reshape(task.batches, task.batch, -1, CHANNELS)
    )
    targets = jnp.asarray(labels.reshape(task.batches, task.batch))
    initial, rngs = weights(task), nnx.Rngs(0)
    kind = snn.RCuBaLIF if task.recurrent else snn.CuBaLIF
    first = nnx.Linear(CHANNELS, HIDDEN, use_bias=False, rngs=rngs)
    hidden = kind((HIDDEN,), alpha=task.alpha, beta=task.beta, rngs=rngs)
    second = nnx.Linear(HIDDEN, CLASSES, use_bias=False, rngs=rngs)
    first.kernel.value, second.kernel.value = (
        jnp.asarray(initial[name]) for name in ("input", "output")
    )
    if task.recurrent:
        hidden.recurrent_w.value = jnp.asarray(initial["hidden"])
    model = snn.Sequential(first, hidden, second, snn.LI((CLASSES,), beta=READ_OUT, rngs=rngs))
    graph, parameters = nnx.split(model)
    rule = optax.adam(RATE)
    cross_entropy = fn.integral_crossentropy(smoothing=0.0, time_axis=0)

    def loss_of(parameters: Any, bits: Any, target: Any) -> Any:
        x = jnp.unpackbits(bits, axis=1)[:, : task.steps].astype(jnp.float32)
        traces, _ = snn.run(nnx.merge(graph, parameters), jnp.swapaxes(x, 0, 1))
        return cross_entropy(traces, target)

    @jax.jit
    def update(parameters: Any, state: Any, bits: Any, target: Any) -> Any:
        loss, gradient = jax.value_and_grad(loss_of)(parameters, bits, target)
        changes, state = rule.update(gradient, state)
        return optax.apply_updates(parameters, changes), state, loss

    kept = [parameters, rule.init(parameters)]

    def batch(number: int) -> float:
        k = number % task.batches
        *kept[:], loss = update(*kept, packed[k], targets[k])
        return float(loss)

    return batch


def snntorch(task: Task) -> Batch:
    """snnTorch: Synaptic neurons, fast_sigmoid(25); the input layer for all steps at once."""
    import snntorch as snn
    import torch
    from snntorch import surrogate

    frames, labels = samples(task)
    initial = {name: torch.tensor(values.T) for name, values in weights(task).items()}
    first = torch.nn.Linear(CHANNELS, HIDDEN, bias=False)
    second = torch.nn.Linear(HIDDEN, CLASSES, bias=False)
    layers = [first, second]
    neuron = dict(alpha=task.alpha, beta=task.beta, spike_grad=surrogate.fast_sigmoid(slope=25))
    if task.recurrent:
        hidden = snn.RSynaptic(linear_features=HIDDEN, **neuron)
        layers.append(hidden.recurrent)
        torch.nn.init.zeros_(hidden.recurrent.bias)
    else:
        hidden = snn.Synaptic(**neuron)
    with torch.no_grad():
        for layer, name in zip(layers, ("input", "output", "hidden"), strict=False):
            layer.weight.copy_(initial[name])
    read_out = snn.Leaky(beta=READ_OUT, reset_mechanism="none")
    rule = torch.optim.Adam([p for layer in layers for p in layer.parameters()], RATE)
    inputs = torch.tensor(frames.reshape(task.batches, task.batch, task.steps, CHANNELS))
    targets = torch.tensor(labels.reshape(task.batches, task.batch))

    def traces(x: Any) -> Any:
        currents = first(x.float().transpose(0, 1))
        states = hidden.reset_mem()  # spikes first where it is recurrent
        potential, total = read_out.reset_mem(), 0.0
        for current in currents:
            states = hidden(current, *states)
            _, potential = read_out(second(states[0]), potential)
            total = total + potential
            states = states if task.recurrent else states[1:]
        return total

    def batch(number: int) -> float:
        k = number % task.batches
        rule.zero_grad()
        loss = torch.nn.functional.cross_entropy(traces(inputs[k]), targets[k])
        loss.backward()
        rule.step()
        return float(loss)

    return batch


def network(task: Task, surrogate: bool, longest: int = 1) -> Any:
    """Ours: the same network as Spyx has, or with exact gradients its continuous counterpart; with
    delays from the input, drawn for each synapse, of up to `longest` steps."""
    import pygenn_lite as pg

    drawn, net = weights(task), pg.Network(dt=task.dt, seed=1)
    source = net.spike_source("input", CHANNELS, [], [])
    if surrogate:
        hidden = net.population(
            "hidden", HIDDEN, pg.DiscreteCuBaLIF(alpha=task.alpha, beta=task.beta)
        )
        out = net.population("out", CLASSES, pg.DiscreteLI(beta=READ_OUT))
        into, at_out, unit = pg.Delta("I_syn"), pg.Delta("x"), 1.0
    else:
        neuron = pg.NeuronModel(
            "dV/dt = (I - V)/tau_m",
            threshold="V > 1",
            reset="V = V - 1",
            parameters=dict(tau_m=TAU_MEM),
            initial=dict(V=0.0),
        )
        leaky = pg.NeuronModel(
            "dV/dt = -V/tau_m",
            parameters=dict(tau_m=-task.dt / np.log(READ_OUT)),
            initial=dict(V=0.0),
        )
        hidden = net.population("hidden", HIDDEN, neuron)
        out = net.population("out", CLASSES, leaky)
        into, at_out = pg.ExponentialCurrent(TAU_SYN), pg.Delta("V")
        # so that a spike adds as much to the potential as in steps
        unit = (TAU_MEM - TAU_SYN) / TAU_SYN / (task.beta - task.alpha)
    every, delay = pg.AllToAll(), task.dt
    if longest > 1:
        steps = np.random.default_rng(3).integers(1, longest + 1, drawn["input"].shape)
        delay = steps * task.dt
    net.connect(
        source, hidden, into, every, weight=drawn["input"] * unit, delay=delay, name="first"
    )
    if task.recurrent:
        net.connect(
            hidden, hidden, into, every, weight=drawn["hidden"] * unit, delay=task.dt, name="loop"
        )
    net.connect(hidden, out, at_out, every, weight=drawn["output"], delay=task.dt, name="second")
    return net


def ours(task: Task, surrogate: bool = False, longest: int = 1) -> Batch:
    """pygenn_lite: one fused program per batch; delays of up to `longest` steps are trained."""
    import pygenn_lite as pg
    from pygenn_lite.runtime.training.session import TrainingSession

    frames, labels = samples(task)
    delays = {"trainable": ["groups.*.weight", "groups.first.delay"]} if longest > 1 else {}
    session = TrainingSession(
        network(task, surrogate, longest),
        loss=pg.losses.IntegralCrossEntropy("out.V", smoothing=0.0),
        steps=task.steps,
        batch=task.batch,
        gradient="surrogate" if surrogate else "exact",
        surrogate=pg.surrogates.superspike(25) if surrogate else None,
        optimiser=pg.optimisers.Adam(RATE, rates={"groups.*.delay": 100.0} if delays else {}),
        longest_delay=longest * task.dt if delays else None,
        **delays,
    )
    number, steps, channels = np.nonzero(frames)
    data = pg.data.SpikeDataset(
        times=(steps * task.dt).astype(np.float32),
        indices=channels.astype(np.uint32),
        begin=np.searchsorted(number, np.arange(len(frames) + 1)),
        channels=CHANNELS,
        duration=1000.0,
        labels=labels,
    )
    staged = session.stage(data)

    def batch(number: int) -> float:
        first = number % task.batches * task.batch
        outcome = session.run(staged, np.arange(first, first + task.batch))
        batch.spikes = float(outcome.spikes_per_sample["hidden"].mean())  # type: ignore[attr-defined]
        return float(outcome.losses.mean())

    return batch


def ours_surrogate(task: Task) -> Batch:
    """The network of Spyx, its gradient too."""
    return ours(task, surrogate=True)


CONTESTANTS: dict[str, Callable[[Task], Batch]] = {
    "pygenn_lite, exact": ours,
    "pygenn_lite, surrogate": ours_surrogate,
    "pygenn_lite, exact, delays to 8 steps": partial(ours, longest=8),
    "pygenn_lite, exact, delays to 512 steps": partial(ours, longest=512),
    "Spyx": spyx,
    "snnTorch": snntorch,
}
OF_PEERS = ("Spyx", "snnTorch")
WITH_DELAYS = tuple(name for name in CONTESTANTS if "delays" in name)
