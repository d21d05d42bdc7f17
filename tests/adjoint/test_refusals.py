"""What has no gradient is refused by name, with the place and what to write instead."""

from __future__ import annotations

import pytest

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.errors import ArgumentError, UnsupportedFeatureError

LIF = dict(threshold="V > 1", reset="V = 0")


def of(model: pg.NeuronModel, synapse: pg.SynapseModel | None = None) -> pg.Network:
    """A neuron, onto itself where there is a synapse."""
    net = pg.Network(dt=0.1, seed=1)
    net.population("n", 2, model)
    if synapse is not None:
        net.connect("n", "n", synapse, pg.AllToAll(), weight=0.1, name="s")
    return net


def model(equations: str, **other: object) -> pg.NeuronModel:
    return pg.NeuronModel(equations, **{**LIF, **other})


def with_noise(net: pg.Network) -> pg.Network:
    net.noise_current("n", mean=0.0, std=1.0)
    return net


REFUSED = {
    "drawn threshold": (
        of(pg.GIF(), pg.ExponentialCurrent(5.0)), "threshold", "it is drawn, with rand()"),
    "update": (of(pg.Izhikevich()), "update", "an update per step"),
    "jump of f": (of(model("dV/dt = sign(V) + I")), "dV/dt", "jumps with V, in sign(V)"),
    "case that jumps": (
        of(model("dV/dt = where(V > 0.5, 2, 1) + I")), "dV/dt", "jumps with V"),
    "jump of an input": (
        of(model("dV/dt = floor(J) - V; dJ/dt = -J")), "dV/dt", "jumps with J"),
    "jump of a reset": (of(model("dV/dt = 1 - V", reset="V = where(V > 2, 0.5, 0)")), "reset",
        "V = where(V > 2, 0.5, 0) jumps with V"),
    "white noise": (of(model("dV/dt = 1 - V + 0.1*xi")), "threshold", "no speed at the crossing"),
    "threshold without variables": (
        of(model("dV/dt = 1 - V", threshold="theta > 1", parameters=dict(theta=0.0))),
        "threshold", "sees no variable"),
    "gap junction": (of(model("dV/dt = I - V"), pg.GapJunction()), "dV/dt", "depends on coupled.I"),
    "plasticity": (
        of(pg.LIF(), pg.PairSTDP()), "synapse group 's'", "weight of each synapse changes"),
    "jump at an arrival": (
        of(model("dV/dt = 2 - V"), pg.SynapseModel(on_pre="V_post += weight*heaviside(V_post)")),
        "on_pre", "jumps with V"),
    "noise current": (with_noise(of(pg.LIF())), "population 'n'", "a noise current is drawn"),
    "random reset": (of(model("dV/dt = 2 - V", reset="V = 0.1*rand()")), "reset", "at random"),
    "jumps at unknown times": (
        of(model("dV/dt = where(sin(t) > 0, 2, 1) - V")), "population 'n'", "not known beforehand"),
}  # fmt: skip


@pytest.mark.parametrize(("net", "where", "what"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_differentiated_is_named(net, where, what):
    with pytest.raises(UnsupportedFeatureError) as caught:
        pg.check_gradient(net)
    assert where in str(caught.value.where) or where in caught.value.where.equation
    assert what in caught.value.message and caught.value.hint


def adjoint_of(net: pg.Network, trainable: str | list[str] | tuple[()]) -> str:
    return str(codegen.adjoint_of(codegen.network_structure(net), trainable))


def test_a_parameter_at_which_something_jumps_has_no_gradient_of_its_own():
    parameters = dict(t_on=5.0, tau=10.0)
    net = of(model("dV/dt = (where(t > t_on, 2, 0) - V)/tau", parameters=parameters))
    report = pg.check_gradient(net, 20.0)
    assert report.spikes and report.worst < 1e-6
    (why,) = report.without.values()
    assert list(report.without) == ["populations.n.parameters.t_on"] and "jumps with it" in why
    assert "no gradient of populations.n.parameters.t_on" in str(report)
    with pytest.raises(UnsupportedFeatureError, match="t_on has no gradient"):
        adjoint_of(net, "n.t_on")
    with pytest.raises(ArgumentError, match="t_on has no gradient"):
        pg.check_gradient(net, 20.0, parameters="populations.n.parameters.t_on")
    assert "dL/dtau" in adjoint_of(net, "n.tau")


def test_a_refractory_period_that_clamps_nothing_moves_the_spikes_that_it_holds_back():
    held = pg.NeuronModel(
        "dV/dt = (6 - V)/tau",
        threshold="V > 1",
        reset="V = V - 1",
        refractory="t_ref",
        clamp=(),
        parameters=dict(tau=10.0, t_ref=3.0),
    )
    report = pg.check_gradient(of(held), 20.0)
    assert report.spikes > 4 and report.worst < 1e-6
    assert report.gradients["populations.n.parameters.t_ref"] > 1


def test_a_refractory_period_in_which_what_is_clamped_would_not_move_says_so():
    still = model("dV/dt = 0*V", refractory="t_ref", parameters=dict(t_ref=3.0))
    report = pg.check_gradient(of(still, pg.Delta()), 5.0)
    assert "would not move" in report.without["populations.n.parameters.t_ref"]


def test_spikes_that_are_drawn_and_that_nothing_reaches_are_data():
    net = of(pg.LIF(tau=10.0, C=10.0, E_L=0.0, V_th=1.0, V_r=0.0))
    net.population("p", 3, pg.PoissonNeuron(rate=150.0))
    net.connect(
        "p", "n", pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=1.0, delay=1.0, name="in"
    )
    report = pg.check_gradient(net, 30.0)
    assert report.spikes > 8 and report.worst < 1e-6
    assert "drawn" in report.without["populations.p.parameters.rate"]
    assert report["groups.in.delay"].count == 6
    with pytest.raises(UnsupportedFeatureError, match="no signed form"):
        adjoint_of(net, "p.rate")


def test_what_is_not_on_the_way_of_a_gradient_is_data():
    net = of(pg.GIF(), pg.ExponentialCurrent(5.0))
    net.population("out", 1, pg.LIF())
    net.population("beside", 1, pg.Izhikevich())
    net.connect("n", "out", pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=10.0, name="w")
    net.connect("out", "beside", pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=10.0, name="b")
    with pytest.raises(UnsupportedFeatureError, match="no signed form"):
        adjoint_of(net, ())
    with pytest.raises(UnsupportedFeatureError, match="an update per step"):
        adjoint_of(net, "w.weight")
    del net.groups["b"]
    text = adjoint_of(net, ["w.weight", "out.tau"])
    assert "data: nothing in the population or before it is trained" in text
    assert "dL/dweight += lam[w.I_syn]" in text and "synapse group s" not in text


def test_a_network_that_is_too_large_says_what_is_fine():
    net = pg.Network()
    net.population("n", 1000, pg.LIF())
    with pytest.raises(ArgumentError, match="1,000 neurons are too many") as caught:
        pg.check_gradient(net)
    assert "100 neurons" in caught.value.hint
    net = pg.Network()
    net.population("n", 100, pg.LIF())
    net.connect("n", "n", pg.Delta(), pg.AllToAll(), weight=0.1)
    with pytest.raises(ArgumentError, match="10,000 synapses are too many"):
        pg.check_gradient(net)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (dict(duration=-1.0), "a duration of -1.0 ms"),
        (dict(parameters="populations.n.size"), "populations.n.size has no gradient"),
        (dict(parameters="populations.n.parameters.taw"), "did you mean 'tau'"),
    ],
)
def test_arguments_are_checked(given, said):
    with pytest.raises(pg.PygennLiteError, match=said):
        pg.check_gradient(of(pg.LIF()), **{"duration": 10.0, **given})


def test_what_is_not_a_network_is_refused():
    with pytest.raises(ArgumentError, match="is not a network"):
        pg.check_gradient("brunel")


def test_a_row_that_a_report_does_not_have_is_told_with_the_nearest():
    net = of(model("dV/dt = (1.5 - V)/tau", parameters={"tau": 10.0}))
    report = pg.check_gradient(net, duration=5.0)
    with pytest.raises(
        ArgumentError, match=r"no row of populations\.n\.parameters\.taw(?s:.)*mean"
    ):
        report["populations.n.parameters.taw"]


def test_a_neuron_that_its_reset_leaves_above_the_threshold():
    net = of(model("dV/dt = 2 - V", reset="V = 1.5"))
    with pytest.raises(pg.errors.SimulationError, match=r"spikes without end at 0\.69"):
        pg.check_gradient(net, 10.0)


def epsp(weight: float) -> pg.Network:
    """A neuron whose one EPSP peaks at V = 0.2 weight/e, at 10 ms."""
    net = pg.Network(dt=0.1)
    net.spike_source("in", 1, [1.0], [0])
    net.population("n", 1, pg.LIF(tau=10.0, C=10.0, E_L=0.0, V_th=1.0, V_r=0.0))
    net.connect(
        "in", "n", pg.ExponentialCurrent(10.0), pg.OneToOne(), weight=weight, delay=1.0, name="s"
    )
    return net


PEAK = 2.718281828459045  # the weight whose EPSP just reaches the threshold


def test_a_spike_that_is_about_to_vanish_is_found():
    with pytest.raises(pg.errors.SimulationError) as caught:
        pg.check_gradient(epsp(PEAK * (1 + 1e-11)), 30.0)
    message = str(caught.value)
    assert "spike 0 of neuron 0 of 'n'" in message and "vanishes" in message
    assert "groups.s.weight" in message or "populations.n" in message


def test_near_tangential_spikes_are_guarded_and_counted():
    assert pg.check_gradient(epsp(1.5 * PEAK), 30.0).tangential == 0
    report = pg.check_gradient(epsp(PEAK * (1 + 2e-7)), 30.0, parameters="groups.s.weight")
    assert report.spikes == 2 and report.tangential == 1  # with that of the source
    assert "1 of them near-tangential" in str(report)
    assert abs(report["groups.s.weight"].adjoint[0]) < abs(report["groups.s.weight"].differences[0])
