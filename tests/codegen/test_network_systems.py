"""What is kept of a network before anything is discretised: f, g, R, J of all its parts."""

from __future__ import annotations

import pytest
import sympy
from helpers_codegen import CURRENT, DELTA, LIF, STDP

import pygenn_lite as pg
from pygenn_lite.codegen import network_structure, systems_of
from pygenn_lite.codegen.systems.signed_threshold import signed_threshold
from pygenn_lite.declaration import AllToAll, Network, NeuronModel, SynapseModel
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.errors import ArgumentError


def expression(text: str) -> sympy.Expr:
    return parse_expression(text).sympy()


def network() -> Network:
    net = Network(dt=0.1, seed=1)
    net.population("cells", 4, LIF, parameters={"tau": [10.0, 11.0, 12.0, 13.0]})
    net.connect("cells", "cells", CURRENT, AllToAll(), weight=1.0, name="static")
    net.connect("cells", "cells", DELTA, AllToAll(), weight=1.0, name="delta")
    net.connect("cells", "cells", STDP, AllToAll(), weight=1.0, name="learning")
    net.poisson("cells", 10.0, weight=2.0, synapse=CURRENT, name="drive")
    net.noise_current("cells", 0.0, 1.0, name="noise")
    return net


def test_a_population_keeps_f_g_and_r_with_receptors_inputs_and_traces_put_in():
    cells = systems_of(network_structure(network())).populations["cells"]
    assert cells.f["V"] == expression("(E_L - V + I_syn__r0 + noise__0)/tau").xreplace({})
    assert cells.f["x__pre0"] == expression("-x__pre0/tau_x__pre0")
    assert cells.g == expression("V - V_th") and cells.no_g == ""
    assert cells.reset == (("V", expression("V_r")), ("x__pre0", expression("x__pre0 + 1")))
    assert cells.after_spike == (("y__post0", expression("y__post0 + 1")),)
    assert cells.refractory == expression("t_ref") and cells.clamped == ("V",)
    assert cells.events == (("drive", "I_syn__r0", "poisson__0_weight"),)
    assert cells.noise[0][0] == "noise__0"


def test_every_group_keeps_its_jumps_static_ones_too():
    groups = systems_of(network_structure(network())).groups
    for name, variable in (("static", "I_syn__r0"), ("delta", "V")):
        (jump,) = groups[name].on_arrival
        assert groups[name].static and jump.side == "target"
        assert jump.value == sympy.Symbol(variable, real=True) + expression("weight")
    learning = groups["learning"]
    assert [(j.variable, j.side) for j in learning.on_arrival] == [
        ("I_syn", "target"), ("weight", "synapse"),
    ]  # fmt: skip
    assert learning.on_arrival[1].value == expression("clip(weight - A*y, 0, w_max)")
    assert learning.on_post_spike[0].value == expression("clip(weight + A*x, 0, w_max)")
    assert learning.pre == {"x": "x__pre0"}
    assert learning.post == {"I_syn": "I_syn__r0", "y": "y__post0"}
    assert learning.variables == ("weight",)


def test_parameters_say_whose_they_are_and_how_many_values_they_have():
    systems = systems_of(network_structure(network()))
    known = systems.parameters
    assert not known["cells.tau"].shared and known["cells.V_th"].shared
    assert known["static.tau"].symbol == "tau__r0" == known["drive.tau"].symbol
    assert known["drive.weight"].symbol == "poisson__0_weight"
    assert not known["static.weight"].shared and not known["static.delay"].shared
    assert known["learning.A"].shared and "learning.weight" not in known
    assert not any(p.trainable for p in known.values())


def test_parameters_are_marked_as_trainable_by_path():
    systems = systems_of(network_structure(network()))
    chosen = systems.with_trainable(["cells.tau", "static.weight", "drive.tau"])
    marked = {p.path for p in chosen.parameters.values() if p.trainable}
    assert marked == {"cells.tau", "static.weight", "static.tau"}
    with pytest.raises(ArgumentError, match=r"did you mean 'cells\.V_th'"):
        systems.with_trainable(["cells.Vth"])


@pytest.mark.parametrize(
    ("condition", "g"),
    [
        ("V > V_th", "V - V_th"),
        ("V_th <= V", "V - V_th"),
        ("V < low", "low - V"),
        ("V > a and w > b", "min(V - a, w - b)"),
        ("V > a or w > b", "max(V - a, w - b)"),
        ("not (V > a)", "a - V"),
        ("V > where(w > 0, a, b)", "V - where(w > 0, a, b)"),
    ],
)
def test_a_threshold_becomes_a_number_that_is_positive_where_it_holds(condition, g):
    assert signed_threshold(expression(condition)) == (expression(g), "")


def test_thresholds_without_a_crossing_are_refused_by_name():
    g, reason = signed_threshold(expression("V == 1"))
    assert g is None and "not a crossing" in reason
    net = Network(dt=0.1)
    net.population("p", 2, NeuronModel("dV/dt = -V", threshold="rand() < 0.1"))
    system = systems_of(network_structure(net)).populations["p"]
    assert system.g is None and "rand()" in system.no_g and "rand()" in str(system)


def test_systems_print_themselves():
    text = str(systems_of(network_structure(network())))
    for line in (
        "population cells",
        "spikes where g = V - V_th > 0",
        "at a spike: V = V_r",
        "refractory for t_ref; clamped: V",
        "spikes of drive: I_syn__r0 += poisson__0_weight",
        "synapse group delta (cells -> cells)",
        "at an arrival: V = V + weight",
        "cells.tau, each",
    ):
        assert line in text, line


def test_dynamics_of_synapses_are_part_of_their_system():
    net = Network(dt=0.1)
    net.population("p", 2, LIF)
    synapse = SynapseModel(
        "dg/dt = -g/tau",
        inputs="I = g",
        on_pre="g += weight*u; u *= 0.5",
        synapse_derivatives="du/dt = (1 - u)/tau_u",
        parameters={"tau": 2.0, "tau_u": 9.0},
        variables={"u": 1.0},
    )
    net.connect("p", "p", synapse, AllToAll(), weight=1.0, name="s")
    system = systems_of(network_structure(net)).groups["s"]
    assert system.f == {"u": expression("(1 - u)/tau_u")} and system.variables == ("u",)
    assert "s.weight" in systems_of(network_structure(net)).parameters


def test_users_get_the_systems_of_a_network():
    net = network()
    systems = pg.systems(net)
    assert systems == systems_of(network_structure(net))
    called = systems.populations["cells"].called
    assert (called["I_syn__r0"], called["poisson__0_weight"]) == ("static.I_syn", "drive.weight")
    marked = pg.systems(net, trainable=["static.weight"]).parameters
    assert [path for path, parameter in marked.items() if parameter.trainable] == ["static.weight"]
    with pytest.raises(ArgumentError, match=r"no parameter 'static.wieght'.*'static.weight'"):
        pg.systems(net, trainable=["static.wieght"])


def test_an_equation_without_meaning_is_named_with_its_population():
    net = Network()
    net.population("odd", 1, NeuronModel("dV/dt = V/I"))  # nothing drives I
    with pytest.raises(pg.errors.EquationError, match=r"population 'odd': .*has no real value"):
        pg.systems(net)


def test_one_trainable_parameter_may_be_named_by_itself():
    net = pg.Network()
    net.population("cells", 2, pg.LIF())
    parameters = pg.systems(net, trainable="cells.tau").parameters
    assert [path for path, p in parameters.items() if p.trainable] == ["cells.tau"]


def test_systems_are_those_of_a_network():
    with pytest.raises(ArgumentError, match="5 is not a network"):
        pg.systems(5)
