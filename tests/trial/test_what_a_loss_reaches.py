"""What a loss does not depend on, whatever happens in a trial, is not trained: its gradient would
be a silent 0. And what compiled trials do not replay is refused before anything is compiled."""

from __future__ import annotations

from typing import Any

import pytest

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.trial.generation import TrainingWishes, generate_training
from pygenn_lite.codegen.trial.surrogate import surrogate_of
from pygenn_lite.errors import UnsupportedFeatureError

L = pg.losses
CELL = pg.NeuronModel(
    ["dV/dt = (-V + I)/tau", "dx/dt = (V - x)/k", "da/dt = -a/tau_a"],
    threshold="V > theta + a",
    reset=["V = 0", "a = a + b"],
    parameters=dict(tau=10.0, k=5.0, tau_a=30.0, b=0.1, theta=1.0),
)


def network() -> pg.Network:
    """A chain to `out`, and a population beside it that nobody reads."""
    net = pg.Network(dt=0.5)
    source = net.spike_source("source", 2, [], [])
    hidden, out, beside = (net.population(name, 2, CELL) for name in ("hidden", "out", "beside"))
    every = pg.AllToAll()
    net.connect(source, hidden, pg.ExponentialCurrent(5.0), every, weight=1.0, name="w_in")
    net.connect(hidden, out, pg.ExponentialCurrent(4.0), every, weight=1.0, name="w_out")
    net.connect(hidden, beside, pg.ExponentialCurrent(3.0), every, weight=1.0, name="w_beside")
    return net


def trained(trainable: Any, loss: Any, smooth: bool, outputs: tuple[str, ...] = ()) -> None:
    surrogate = surrogate_of("1/(1 + abs(u))**2") if smooth else None
    gradient = "surrogate" if smooth else "exact"
    wishes = TrainingWishes(loss, (trainable,), gradient, surrogate, outputs=outputs)
    generate_training(codegen.network_structure(network()), wishes)


VOLTAGE = L.CrossEntropy("out.V")
REACHED = [
    "groups.w_in.*",
    "groups.w_out.weight",
    "groups.w_out.synapse.parameters.tau",
    "populations.hidden.parameters.theta",
    "populations.hidden.parameters.tau_a",
    "populations.hidden.initial.a",
    "populations.out.initial.V",
]
BESIDE = [
    "groups.w_beside.weight",
    "groups.w_beside.synapse.parameters.tau",
    "groups.w_beside.synapse.initial.I_syn",
    "populations.beside.parameters.theta",
    "populations.beside.initial.V",
    "populations.out.initial.x",  # it sees V, and nothing sees it
    "populations.out.parameters.k",
    "populations.hidden.initial.x",
]


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("path", BESIDE)
def test_what_the_loss_does_not_read_is_not_trained(path: str, smooth: bool) -> None:
    with pytest.raises(UnsupportedFeatureError, match=r"has no gradient: nothing that the loss"):
        trained(path, VOLTAGE, smooth)


@pytest.mark.parametrize("path", REACHED)
def test_what_the_loss_reads_is(path: str) -> None:
    trained(path, VOLTAGE, smooth=False)


def test_delays_and_what_is_read_through_further_variables() -> None:
    trained("groups.w_out.delay", VOLTAGE, smooth=False)
    with pytest.raises(UnsupportedFeatureError, match=r"groups\.w_beside\.delay has no gradient"):
        trained("groups.w_beside.delay", VOLTAGE, smooth=False)
    trained("populations.out.parameters.k", L.CrossEntropy("out.x"), smooth=False)


@pytest.mark.parametrize("smooth", [False, True])
def test_losses_of_spikes_reach_what_makes_them(smooth: bool) -> None:
    first = L.FirstSpikeMeanSquare("out", separation=2.0)
    for path in ("groups.w_in.weight", "populations.hidden.parameters.b"):
        trained(path, first, smooth)
    trained("groups.w_beside.weight", VOLTAGE + L.Rate("beside", target=10.0), smooth)
    trained("groups.w_beside.weight", VOLTAGE + L.SilentMargin("beside", margin=0.1), smooth)
    with pytest.raises(UnsupportedFeatureError, match="has no gradient"):
        trained("groups.w_beside.weight", first, smooth)


@pytest.mark.parametrize("smooth", [False, True])
def test_outputs_reach_what_they_are_made_of(smooth: bool) -> None:
    for outputs in (("out.V",), ("out.spikes",)):
        trained("groups.w_in.weight", None, smooth, outputs)
        with pytest.raises(UnsupportedFeatureError, match="has no gradient"):
            trained("groups.w_beside.weight", None, smooth, outputs)


def test_currents_that_change_at_given_times_are_refused_by_name() -> None:
    net = network()
    net.step_current("hidden", [0.0, 5.0], [0.0, 0.2], name="ramp")
    with pytest.raises(UnsupportedFeatureError, match=r"population 'hidden'.*'ramp'"):
        generate_training(
            codegen.network_structure(net), TrainingWishes(VOLTAGE, ("groups.*.weight",))
        )


@pytest.mark.parametrize(
    ("loss", "outputs"),
    [
        (L.IntegralCrossEntropy("out.V"), ()),
        (L.MaximumCrossEntropy("out.V"), ()),
        (None, ("out.V",)),
    ],
    ids=["integral", "maximum", "outputs"],
)
def test_surrogates_take_losses_of_what_arrivals_jump(loss: Any, outputs: tuple[str, ...]) -> None:
    """Also of a population without a threshold, in which nothing is replaced."""
    net = pg.Network(dt=1.0)
    source = net.spike_source("source", 2, [], [])
    hidden = net.population("hidden", 2, pg.DiscreteCuBaLIF())
    out = net.population("out", 2, pg.DiscreteLI())
    net.connect(source, hidden, pg.Delta("I_syn"), pg.AllToAll(), weight=1.0, name="w_in")
    net.connect(hidden, out, pg.Delta(), pg.AllToAll(), weight=1.0, name="w_out")
    surrogate = surrogate_of("1/(1 + abs(u))**2")
    wishes = TrainingWishes(loss, ("groups.*.weight",), "surrogate", surrogate, outputs=outputs)
    assert generate_training(codegen.network_structure(net), wishes)[0]
