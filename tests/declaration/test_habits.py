"""What is usual in Brian2, GeNN, NEST or C++ is refused with what to write instead."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.codegen import network_structure
from pygenn_lite.declaration.language.habits import UNITS, block_hint, units_hint
from pygenn_lite.errors import PygennLiteError

VALUES = dict(tau=10.0, E=-65.0)


def neuron(derivatives="dV/dt = (E - V)/tau", **options):
    return pg.NeuronModel(derivatives, parameters=VALUES, **options)


def group(synapse=None, **options):
    net = pg.Network(dt=0.1)
    p = net.population("p", 4, pg.LIF(), positions=[0.0, 1.0, 2.0, 3.0])
    net.connect(p, p, synapse or pg.Delta(), pg.AllToAll(), **options)
    network_structure(net)  # as compiling does


def hint_of(declare, *arguments, **options):
    with pytest.raises(PygennLiteError) as caught:
        declare(*arguments, **options)
    return caught.value.hint


@pytest.mark.parametrize(
    ("derivatives", "hint"),
    [
        ("dV/dt = (E - V)/tau : volt", "write 'dV/dt = (E - V)/tau'; units"),
        ("dV/dt = (E - V)/tau : 1", "write 'dV/dt = (E - V)/tau'; units"),
        ("dV/dt = (E - V)/tau : volt/second", "write 'dV/dt = (E - V)/tau'; units"),
        (
            "dV/dt = (E - V)/tau : volt (unless refractory)",
            "write 'dV/dt = (E - V)/tau' with clamp=['V']; units",
        ),
        ("dV/dt = (E - V)/tau (unless refractory)", "write 'dV/dt = (E - V)/tau' with clamp=['V']"),
        (
            "dV/dt = (E - V)/tau : volt\nE : volt (constant)\ntau : second",
            "write 'dV/dt = (E - V)/tau' with parameters={'E': ..., 'tau': ...}",
        ),
        ("I_e : amp (shared)", "leave these lines out, and give parameters={'I_e': ...}"),
        ("dV/dt = (E - V + I)/tau\nI = 2*t : amp", "I = 2*t'; units"),
        (
            "d2V/dt2 = E - V",
            "write a second derivative as two equations: 'dV/dt = V_dot; dV_dot/dt",
        ),
        ("d^2V/dt^2 = E - V", "'dV/dt = V_dot; dV_dot/dt = E - V'"),
        ("V'' = E - V", "'dV/dt = V_dot; dV_dot/dt = E - V'"),
        ("V' = (E - V)/tau", "write 'dV/dt = (E - V)/tau'"),
        ("dV/dt = (E - $(V))/tau", "write 'dV/dt = (E - V)/tau'"),
        ("dV/dt = V > 0 ? 1 : 0", "write 'dV/dt = where(V > 0, 1, 0)'"),
        ("dV/dt = np.exp(-V)", "write 'dV/dt = exp(-V)'"),
        ("dV/dt = V*math.pi", "write 'dV/dt = V*pi'"),
        ("dV/dt = pow(V, 2)", "write x**y"),
        ("dV/dt = fmax(V, 0)", "write max(a, b)"),
        ("dV/dt = int(t > 5)", "write where(condition, 1, 0)"),
        ("dV/dt = (E - V)/tau*int(not_refractory)", "write where(condition, 1, 0)"),
        ("dV/dt = (E - V)/tau*not_refractory", "clamp=['V']"),
        ("dV/dt = (E - V + stim(t))/tau", "network.step_current(population, times, values"),
        ("dV/dt = (E - V + Isyn)/tau", "write I, or give inputs=['Isyn']"),
        ("dV/dt = V^2", "write ** instead of ^"),
        ("dV/dt = -V/(20*ms)", "write '-V / 20.0': times are in ms"),
        ("dV/dt = -V/20ms", "write 'dV/dt = -V/20.0': times are in ms"),
        ("dV/dt = 0.2*nA*V", "write '200.0 * V': currents in pA"),
    ],
)
def test_equations_in_other_notations_get_the_hint_that_fits(derivatives, hint):
    assert hint in hint_of(neuron, derivatives)


@pytest.mark.parametrize(
    ("options", "hint"),
    [
        (dict(threshold="V > -50*mV"), "write 'V > -50.0': voltages in mV"),
        (dict(threshold="V > -50 mV"), "write 'V > -50.0': voltages in mV"),
        (dict(threshold="V > 1 && t > 2"), "write 'V > 1 and t > 2'"),
        (dict(threshold="!(V < 1) || V != 2"), "write 'not (V < 1) or V != 2'"),
        (dict(threshold="V > 1", reset="V = -65*mV"), "write '-65.0': voltages in mV"),
        (dict(threshold="V > 1", refractory="5*ms"), "write '5.0': times are in ms"),
        (dict(threshold="V > 1", refractory="0.005 s"), "write '5.0': times are in ms"),
        (dict(threshold="V > 1", refractory="t - lastspike < 5"), "refractory=5.0 (ms)"),
    ],
)
def test_other_parts_of_a_model_do_so_too(options, hint):
    assert hint in hint_of(neuron, **options)


@pytest.mark.parametrize(
    ("declare", "hint"),
    [
        (lambda: pg.LIF(tau="20*ms"), "write '20.0': times are in ms"),
        (lambda: pg.LIF(tau="20 ms"), "write '20.0': times are in ms"),
        (lambda: pg.LIF(C="0.25*nF"), "write '250.0': capacitances in pF"),
        (lambda: group(delay="1.5*ms"), "write '1.5': times are in ms"),
        (lambda: group(weight="5*uS"), "write '5000.0': conductances in nS"),
        (lambda: group(weight="exp(-(i - j)**2)"), "i_pre (source) and i_post (target)"),
        (lambda: group(weight="1/N_post"), "target population is n_post"),
        (
            lambda: pg.Network().population("p", 4, pg.LIF(), initial={"V": "-65 + i/N"}),
            "the size of the population is n",
        ),
        (
            lambda: pg.Network().population("p", 4, pg.LIF(), initial={"V": "E_L + 5"}),
            "give the number of E_L",
        ),
        (lambda: pg.LIF(E_L="i // 2"), "floor(a/b)"),
        (lambda: pg.LIF(E_L="i % 2"), "a - b*floor(a/b)"),
        (lambda: pg.SynapseModel(on_pre="$(addToInSyn, $(g));"), "on_pre='I_syn += weight'"),
        (lambda: pg.SynapseModel(on_pre="addToPost(g)"), "on_pre='I_syn += weight'"),
        (lambda: pg.SynapseModel(on_pre="scalar dw = 2"), "write 'dw = 2'"),
        (lambda: pg.NeuronModel(update="$(V) += -$(V)*DT"), "write 'V += -V*DT'"),
        (lambda: pg.NeuronModel(update="V += -V*DT"), "the time step is dt"),
        (
            lambda: group(pg.SynapseModel(on_pre="x += w; V_post += x", variables={"x": 0.0})),
            "the weight of a synapse is called weight",
        ),
        (
            lambda: pg.SynapseModel(synapse_derivatives="dx/dt = -x : 1 (clock-driven)"),
            "write 'dx/dt = -x' with event_driven=False",
        ),
        (
            lambda: pg.load_network(
                "populations: {p: {size: 2, model: {LIF: {tau: 20*ms, V_th: -50}}}}"
            ),
            "write '20.0': times are in ms",
        ),
    ],
)
def test_values_and_synapses_do_so_too(declare, hint):
    assert hint in hint_of(declare)


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        (
            "dV/dt = -V/tau",
            "dV/dt = -V/tau : volt (unless refractory)",
            "write 'dV/dt = -V/tau' with clamp=['V']",
        ),
        ("run: {duration: 5}", "run:\n  duration: a : b", "text that holds ': ' stands in quotes"),
        ("dV/dt = -V/tau", "'dV/dt = -V/tau : volt'", "write 'dV/dt = -V/tau'; units"),
        ("tau: 20", "tau: 20*ms", "write '20.0': times are in ms"),
        ("tau: 20", "tau: 0.02 s", "write '20.0': times are in ms"),
        ("duration: 5", "duration: 0.1*second", "write '100.0': times are in ms"),
        ("weight: 1", "weight: exp(i - j)", "i_pre (source) and i_post (target)"),
        ("weight: 1", "weight: g", "name the number under 'constants:'"),
    ],
)
def test_files_do_so_too(old, new, hint):
    text = """
models: {m: {derivatives: dV/dt = -V/tau, parameters: {tau: 20}}}
populations: {p: {size: 2, model: m}}
connections:
  - {source: p, target: p, synapse: Delta, connectivity: all_to_all, weight: 1}
run: {duration: 5}
"""
    assert old in text
    assert hint in hint_of(pg.load_network, text.replace(old, new))


def test_the_variable_of_a_target_is_named_with_its_ending():
    synapse = pg.SynapseModel(on_pre="v_post += u", variables={"u": 1.0})
    with pytest.raises(PygennLiteError, match="did you mean 'V_post'"):
        group(synapse)


def test_noise_in_brians_form_is_the_same_noise():
    assert neuron("dV/dt = (E - V)/tau + 2*xi*tau**-0.5").equations
    assert neuron("dV/dt = (E - V)/tau + 2*sqrt(2/tau)*xi").equations


@pytest.mark.parametrize("unit", UNITS)
def test_a_number_with_any_unit_is_converted(unit):
    factor = UNITS[unit][0]
    for text in (f"3*{unit}", f"3 {unit}", f"3.0{unit}", f"{unit}*3"):
        written = float(units_hint(text).split("'")[1])
        assert written == pytest.approx(3 * factor, rel=1e-12)
    assert float(units_hint(f"-3/{unit}").split("'")[1]) == pytest.approx(-3 / factor)


@pytest.mark.parametrize(
    "text",
    ["dV/dt = (E - V)/tau", "V += (constant)", "dx/dt = -x*(shared - 1)", "a = b # c : volt", ""],
)
def test_what_is_written_here_is_no_habit(text):
    assert block_hint(text) == ""


def test_a_variable_may_be_called_like_a_unit():
    model = pg.NeuronModel("dV/dt = -V/ms", parameters={"ms": 20.0})
    assert dict(model.parameters) == {"ms": 20.0}


@pytest.mark.parametrize(
    "line",
    [
        "1" * 90_000,
        "V = " + "1" * 90_000 + " mV",
        "V = 1" + " " * 90_000 + "mV",
        "V = " + "1 ms " * 18_000,
        "V = " + "(" * 900 + "ms" + ")" * 900,
        "V = " + "-" * 950 + "ms",
        "V : " + "(" * 90_000,
        "V = " + "a:" * 40_000,
        "V = " + "x?" * 40_000 + ":",
        "$(" * 40_000,
        "V = " + "!" * 90_000,
    ],
)
def test_hostile_text_is_answered_at_once(line):
    start = time.process_time()
    with pytest.raises(PygennLiteError):
        pg.NeuronModel(line)
    assert time.process_time() - start < 1.0


@given(st.text("V=dt/ :()$?!&|'ms10.-+*nA,#;unless refractory\n", max_size=60))
def test_any_text_is_a_model_or_an_error_of_ours(text):
    try:
        pg.NeuronModel(text)
    except PygennLiteError as error:
        assert str(error).strip()
