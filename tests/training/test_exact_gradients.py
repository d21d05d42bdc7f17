"""Exact gradients of compiled trials converge to those of ``pg.check_gradient`` as the step becomes
small, for networks that combine what has a price: delays, jumps of what the loss reads, outputs
that spike, thresholds and time constants of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.trial.generation import TrainingWishes, generate_training
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training.data.spike_dataset import SpikeDataset

L = pg.losses
DURATION, LABEL = 24.0, 1
TIMES, INDICES = np.array([1.0, 2.0, 4.0, 6.0, 7.0, 9.0]), np.array([0, 1, 0, 1, 0, 1])
RANDOM = np.random.default_rng(3)
W_IN, W_OUT = RANDOM.uniform(1.2, 2.6, (2, 4)), RANDOM.uniform(0.2, 0.6, (4, 2))
W_LOOP, W_SKIP = RANDOM.uniform(-0.2, 0.3, (4, 4)), RANDOM.uniform(0.2, 0.5, (2, 2))
DELAYS = np.array([1.0, 2.0, 3.0, 1.5] * 4).reshape(4, 4)
CURRENT = pg.ExponentialCurrent(5.0)
LEAKY = pg.NeuronModel("dV/dt = (I - V)/tau", parameters={"tau": 12.0})
ADAPTIVE = pg.NeuronModel(
    ["dV/dt = (I - V)/tau", "da/dt = -a/tau_a"],
    threshold="V > theta + a",
    reset=["V = V_r", "a = a + b"],
    parameters={"tau": 10.0, "theta": 1.0, "V_r": 0.1, "tau_a": 20.0, "b": 0.2},
)


HELD = pg.NeuronModel(  # often above the threshold when the refractory period ends
    "dV/dt = (I - V)/tau",
    threshold="V > theta",
    reset="V = V - theta",
    refractory="t_ref",
    clamp=(),
    parameters={"tau": 10.0, "theta": 0.5, "t_ref": 3.0},
)


SHORT = pg.NeuronModel(  # no step is refractory; a longer period would make one so
    "dV/dt = (I - V)/tau",
    threshold="V > theta",
    reset="V = V_r",
    refractory="2*t_ref",
    parameters={"tau": 10.0, "theta": 0.8, "V_r": 0.1, "t_ref": 0.0},
)


def lif(theta: float = 1.0, refractory: float | None = None) -> pg.NeuronModel:
    return pg.NeuronModel(
        "dV/dt = (I - V)/tau",
        threshold="V > theta",
        reset="V = V_r",
        refractory=refractory,
        parameters={"tau": 10.0, "theta": theta, "V_r": 0.1},
    )


def network(
    dt: float,
    out: pg.NeuronModel = LEAKY,
    *,
    hidden: pg.NeuronModel | None = None,
    synapse: pg.SynapseModel = CURRENT,
    loop: bool = False,
    **more: Any,
) -> pg.Network:
    """Two channels, four neurons that spike, two outputs; `more` are parameters of the neurons."""
    net = pg.Network(dt=dt, seed=1)
    source = net.spike_source("input", 2, TIMES, INDICES)
    cells = net.population("hidden", 4, hidden or lif(), parameters=more)
    outputs = net.population("out", 2, out)
    every = pg.AllToAll()
    net.connect(source, cells, CURRENT, every, weight=W_IN, delay=1.0, name="w_in")
    net.connect(cells, outputs, synapse, every, weight=W_OUT, delay=1.5, name="w_out")
    if loop:
        net.connect(cells, cells, CURRENT, every, weight=W_LOOP, delay=DELAYS, name="loop")
    return net


def skipping(dt: float) -> pg.Network:
    """Two groups into one receptor, one of them past the hidden layer."""
    net = network(dt)
    net.connect("input", "out", CURRENT, pg.AllToAll(), weight=W_SKIP, delay=2.0, name="skip")
    return net


NETWORKS: dict[str, Callable[[float], pg.Network]] = {
    "jumps of the voltage that is read": lambda dt: network(dt, synapse=pg.Delta()),
    "the same, with a threshold that is never reached": lambda dt: network(
        dt, lif(1e6), synapse=pg.Delta()
    ),
    "jumps that make outputs spike": lambda dt: network(dt, lif(0.5, 2.0), synapse=pg.Delta()),
    "time constants of their own, a loop with delays": lambda dt: network(
        dt, loop=True, tau=[8.0, 10.0, 12.0, 15.0]
    ),
    "adaptive, thresholds of their own": lambda dt: network(
        dt, hidden=ADAPTIVE, loop=True, theta=[0.9, 1.0, 1.1, 0.8]
    ),
    "past a layer": skipping,
    "refractory periods of 0": lambda dt: network(dt, hidden=SHORT, loop=True),
    "spikes that a refractory period holds back": lambda dt: network(dt, hidden=HELD),
}


def data() -> SpikeDataset:
    return SpikeDataset(
        times=TIMES.astype(np.float32),
        indices=INDICES.astype(np.uint32),
        begin=np.array([0, len(TIMES)]),
        channels=2,
        duration=DURATION,
        labels=np.array([LABEL]),
    )


def session(net: pg.Network, loss: Any, trainable: Any = "groups.*.weight") -> TrainingSession:
    return TrainingSession(
        net,
        loss=loss,
        steps=round(DURATION / net.dt),
        batch=1,
        precision="float64",
        trainable=trainable,
    )


def cross_entropy(variable: str) -> pg.TrialLoss:
    u = sympy.symbols("u0:2", real=True)
    integrals = {f"u{c}": pg.state_variable(variable, c) / DURATION for c in range(2)}
    return pg.TrialLoss(sympy.log(sum(map(sympy.exp, u))) - u[LABEL], integrals)


def errors(
    make: Callable[[float], pg.Network],
    variable: str,
    steps: tuple[float, ...],
    parameters: Any = None,
) -> list[dict[str, float]]:
    """By path of all that has a gradient, relative to it, for each length of a step."""
    report = pg.check_gradient(
        make(0.1), DURATION, loss=cross_entropy(variable), parameters=parameters
    )
    assert report.worst < 1e-5
    paths = [row.path for row in report.rows if "input" not in row.path]
    largest = max(np.linalg.norm(report.gradients[path]) for path in paths)
    found = []
    for dt in steps:
        made = session(make(dt), L.CrossEntropy(variable), paths)
        made.run(made.stage(data()))
        found.append({})
        for path in paths:
            wanted, value = np.ravel(report.gradients[path]), np.ravel(made.gradients[path])
            value = value if value.size == wanted.size else np.array([value.sum()])
            size = max(np.linalg.norm(wanted), 1e-2 * largest)
            found[-1][path] = float(np.linalg.norm(value - wanted) / size)
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_converge_to_those_of_events(name: str) -> None:
    coarse, fine = errors(NETWORKS[name], "out.V", (2.0**-5, 2.0**-8))
    worst = max(fine, key=lambda path: fine[path])
    assert fine[worst] < 0.03, (worst, coarse, fine)
    assert fine[worst] < 0.5 * max(coarse.values()), (worst, coarse, fine)


def test_a_loss_of_the_synaptic_current_itself() -> None:
    coarse, fine = errors(
        network, "out.w_out.I_syn", (2.0**-5, 2.0**-8), ("groups.*.weight", "groups.*.delay")
    )
    assert max(fine.values()) < 0.03 and max(coarse.values()) > 2 * max(fine.values())


def source(net: pg.Network, trainable: str = "groups.*.weight", **more: Any) -> str:
    """Of its program: nothing is compiled."""
    return generate_training(
        codegen.network_structure(net), TrainingWishes(trainable=(trainable,), **more)
    )[0]


@pytest.mark.parametrize(
    "loss",
    [
        L.MaximumCrossEntropy("out.V"),
        L.StepCrossEntropy("out.V"),
        L.Custom("out", "u", {"u": L.integral("V**2")}),
    ],
    ids=["maximum", "of each step", "square"],
)
def test_a_loss_that_jumps_with_arrivals_in_no_proportion_to_weights_is_refused(loss: Any) -> None:
    with pytest.raises(UnsupportedFeatureError, match=r"V, to which spikes add.*'out'"):
        source(network(0.5, synapse=pg.Delta()), loss=loss)
    assert source(network(0.5), loss=loss)
    # Where nobody asks for the times of spikes:
    assert source(network(0.5, synapse=pg.Delta()), "groups.w_out.weight", loss=loss)


def test_values_that_jump_with_arrivals_have_no_exact_gradient_outside() -> None:
    with pytest.raises(UnsupportedFeatureError, match=r"out\.V jumps where spikes arrive"):
        source(network(0.5, synapse=pg.Delta()), loss=None, outputs=("out.V",))
    assert source(network(0.5), loss=None, outputs=("out.V",))


def test_a_term_of_rates_moves_trained_thresholds_as_it_moves_potentials() -> None:
    net = network(0.5, hidden=lif(refractory=100.0), theta=[0.9, 1.0, 1.1, 1.2])
    path = "populations.hidden.parameters.theta"
    made = session(net, L.Rate("hidden", target=3.0), ["groups.w_in.weight", path])
    outcome = made.run(made.stage(data()))
    np.testing.assert_array_equal(outcome.spikes["hidden"], 1)
    # Of each spike the derivative by the count, per unit of V - theta: 1 - 3.
    np.testing.assert_allclose(made.gradients[path], 2.0, rtol=1e-9)
    assert np.all(made.gradients["groups.w_in.weight"] <= 0)
