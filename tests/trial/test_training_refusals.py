"""What cannot be trained is refused by name, with a place and a hint, before anything runs."""

from __future__ import annotations

import re
from typing import Any

import pytest

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.trial.surrogate import surrogate_of
from pygenn_lite.codegen.trial.trial_program import TrialProgram
from pygenn_lite.errors import ArgumentError, PygennLiteError, UnsupportedFeatureError

LIF = "dV/dt = (-V + I)/tau"


def network(f: Any = LIF, threshold: str | None = "V > 1", **more: Any) -> pg.Network:
    net = pg.Network(dt=0.5)
    reset = more.pop("reset", "V = 0") if threshold else ()
    synapse = more.pop("synapse", pg.ExponentialCurrent(5.0))
    parameters = more.pop("parameters", dict(tau=10.0))
    model = pg.NeuronModel(f, threshold=threshold, reset=reset, parameters=parameters, **more)
    cells = net.population("cells", 2, model)
    net.connect(cells, cells, synapse, pg.AllToAll(), weight=0.1, delay=1.0, name="loop")
    return net


def trial(
    net: pg.Network, trainable: Any = "groups.*.weight", *, smooth: bool = False
) -> TrialProgram:
    surrogate = surrogate_of("1/(1 + abs(u))**2") if smooth else None
    structure = codegen.network_structure(net)
    adjoint = "surrogate" if smooth else "exact"
    return codegen.trial_program(structure, trainable, adjoint, surrogate)


def refused(net: pg.Network, *more: Any, smooth: bool = False) -> PygennLiteError:
    with pytest.raises(UnsupportedFeatureError) as caught:
        trial(net, *more, smooth=smooth)
    assert caught.value.where and caught.value.hint
    return caught.value


@pytest.mark.parametrize("smooth", [False, True])
def test_a_jump_of_a_variable_in_its_flow(smooth: bool) -> None:
    error = refused(network("dV/dt = (heaviside(V - 0.5) - V + I)/tau"), smooth=smooth)
    assert "jumps with" in str(error) and "cells" in str(error)


def test_what_is_drawn() -> None:
    error = refused(network(threshold="rand() < V"))
    assert "random numbers" in str(error) and "cells" in str(error)
    noisy = network()
    noisy.noise_current("cells", mean=0.0, std=1.0)
    assert "noise" in str(refused(noisy))
    poisson = network()
    poisson.poisson("cells", 10.0, weight=0.1, synapse=pg.ExponentialCurrent(5.0), name="drive")
    assert "'drive'" in str(refused(poisson))
    white = network("dV/dt = (-V + I)/tau + 0.1*xi")
    assert "white noise" in str(refused(white))


def test_plastic_synapses() -> None:
    plastic = network(synapse=pg.PairSTDP())
    error = refused(plastic)
    assert "loop" in str(error) and "weight" in str(error)


def test_synapses_into_what_is_curved_have_no_exact_gradient() -> None:
    curved = network(
        "dV/dt = (V**2 + I)/tau", threshold="V > 4", reset="V = -1", synapse=pg.Delta()
    )
    error = refused(curved)
    assert "curved in V" in str(error)
    trial(curved, smooth=True)


def test_an_update_has_no_exact_gradient() -> None:
    discrete = network(None, update="V = 0.9*V + I", parameters={})
    assert "update" in str(refused(discrete))
    found = trial(discrete, smooth=True).populations["cells"]
    assert found.smooth and found.kept == 2


def test_a_condition_that_ends_the_refractory_period() -> None:
    longer = network(refractory="V > 0.5")
    assert "condition" in str(refused(longer))
    assert trial(longer, smooth=True).populations["cells"].smooth  # as the hint says
    clamped = network(refractory="V > 1", clamp=("V",))
    assert "condition" in str(refused(clamped))
    trial(network(refractory="V > 1", reset=()))  # spikes on the way up: nothing else happens


def test_a_trained_parameter_without_a_gradient_is_not_a_silent_zero() -> None:
    parameters = dict(tau=10.0, unused=1.0)
    net = network(f"{LIF} + 0*unused", parameters=parameters)
    error = refused(net, ["populations.cells.parameters.unused"])
    assert "unused has no gradient" in str(error)
    held = network(refractory="t_ref", parameters=dict(tau=10.0, t_ref=2.0))
    trial(held, "populations.cells.parameters.t_ref")
    error = refused(held, "populations.cells.parameters.t_ref", smooth=True)
    assert "t_ref has no gradient" in str(error) and "whole steps" in str(error)


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize(
    ("f", "text"),
    [
        ("dV/dt = (-V + I + where(t < p, p, 0))/tau", "jumps with it"),
        ("dV/dt = (-V + I)/where(p > 5, p, tau)", "jumps with it"),
        ("dV/dt = (-V + I)/floor(p + tau)", r"floor\(p \+ tau\) jumps with it"),
    ],
)
def test_a_trained_parameter_with_which_something_jumps(f: str, text: str, smooth: bool) -> None:
    net = network(f, parameters=dict(tau=10.0, p=4.0))
    error = refused(net, "populations.cells.parameters.p", smooth=smooth)
    assert "p has no gradient" in str(error) and re.search(text, str(error))
    trial(net, smooth=smooth)  # as long as it is not trained


def test_names_in_messages_are_those_of_the_user() -> None:
    error = refused(network(reset="V = where(I > 0.5, 0, 0.5)"), smooth=True)
    assert "__" not in str(error) and "loop.I_syn" in str(error)


def test_saturating_synapses() -> None:
    saturating = pg.SynapseModel(
        inputs="I += s", derivatives="ds/dt = -s/3", on_pre="s += weight*(1 - s)"
    )
    error = refused(network(synapse=saturating))
    assert "loop" in str(error) and "more than add their weight" in str(error)


def test_delays_have_no_surrogate_gradient() -> None:
    error = refused(network(), "groups.loop.*", smooth=True)
    assert "'loop': delay" in str(error) and 'gradient="exact"' in str(error)
    trial(network(), "groups.loop.*")


def test_values_that_are_not_there() -> None:
    with pytest.raises(ArgumentError, match=r"groups\.lop\.weight"):
        trial(network(), "groups.lop.weight")
    with pytest.raises(ArgumentError, match="surrogate"):
        codegen.trial_program(codegen.network_structure(network()), adjoint="surrogate")


def test_populations_that_nothing_trained_reaches_have_no_way_back() -> None:
    net = pg.Network(dt=0.5)
    first = net.population("first", 2, pg.LIF())
    second = net.population("second", 2, pg.LIF())
    net.connect(first, second, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=0.1, name="w")
    found = trial(net)
    assert found.populations["first"].adjoints == ()
    assert found.populations["second"].adjoints
    assert found.populations["second"].sent == {}  # nobody asks
