"""A network written as YAML comes back equal."""

import numpy as np
import pytest
from helpers_yaml import SMALL
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from networks_yaml import SIZE, distributions, formulas, networks, rules, usable

import pygenn_lite as pg
from pygenn_lite.models import CONTINUOUS, NEURONS, PLASTICITY, SYNAPSES, network_names
from pygenn_lite.yaml_format import RunSettings, dump_network, load_network


@pytest.mark.parametrize("name", network_names())
def test_every_network_of_the_library_comes_back_equal(name):
    net, run = load_network(name)
    again, run_again = load_network(dump_network(net, run))
    assert again == net
    assert hash(again) == hash(net)
    assert (run_again.duration, run_again.warmup) == (run.duration, run.warmup)
    assert run_again.reference_rates == run.reference_rates


def test_what_was_written_is_written_the_same_again():
    text = dump_network(*load_network(SMALL))
    assert dump_network(*load_network(text)) == text


def test_every_model_of_the_library_comes_back_equal():
    net = pg.Network(name="1e5")
    for name, make in NEURONS.items():
        net.population(name, 3, make())
    target = net.populations["LIFConductance"]
    for make in (*SYNAPSES.values(), *CONTINUOUS.values(), *PLASTICITY.values()):
        net.connect(target, target, make(), pg.AllToAll())
    assert load_network(dump_network(net))[0] == net


def full_network():
    net = pg.Network(dt=0.5, seed=2**63, name="null")
    model = pg.NeuronModel(
        "dV/dt = (k - V + I + J_in)/tau + xi\nk = 2*tau", threshold="V > 1 and t > 3",
        reset="V = 0; w += 1", refractory="w > 3", parameters=dict(tau=pg.Gamma(2, 3)),
        initial=dict(V="sin(i)", w=0), inputs=("I", "J_in"), name="a b",
        integrator="euler_maruyama",
    )  # fmt: skip
    a = net.population("a", 4, model, positions=np.arange(8.0).reshape(4, 2))
    b = net.population("true", 4, model, initial=dict(V=[1, 2, 3, 1e-30]), parameters=dict(tau=3))
    s = net.spike_source("s", 3, [0.1, 7.0], [2, 0])
    synapse = pg.SynapseModel(
        on_pre="w += 1; weight = clip(w, 0, x)", on_post="weight -= y", inputs="J_in = 3*q",
        derivatives="dq/dt = -q/tau", parameters=dict(tau=2), variables=dict(w=pg.Normal(0, 1)),
        pre_trace=pg.SynapticTrace("dx/dt = -x/tau", "x += 1"), synapse_derivatives="dw/dt = -w",
        post_trace=pg.SynapticTrace(on_spike="y = t", initial=dict(y=-1)), event_driven=False,
    )  # fmt: skip
    net.connect(a, b, synapse, pg.PairList([0, 1], [2, 3]), weight=[0.1, 0.2], delay=[0.5, 1.0])
    net.connect(a, a, pg.Delta(), pg.DistanceDependent("exp(-distance)", 3.0), weight="distance")
    net.connect(
        s, a, pg.Delta(), pg.FixedTotalNumber(5, multapses=False), name="null",
        delay=pg.TruncatedNormal(2, 1, 0.5), storage="procedural",
    )  # fmt: skip
    net.poisson(a, [1.0, 2, 3, 4], weight=pg.Uniform(0, 1), synapse=synapse, sources=3)
    net.current(a, "i * 2", "J_in")
    net.step_current(b, [0, 1], [[1, 2, 3, 4], [5, 6, 7, 8]])
    net.step_current(b, [0, 1], [0, 1], name="step")
    net.noise_current(b, 1.0, pg.LogNormal(0, 1))
    net.record(a.spikes[1:3], b["V"][::2], interval=3.5)
    net.record(net.groups["a_true"]["q"][:2])
    return net


def test_every_part_of_the_vocabulary_comes_back_equal():
    net = full_network()
    assert load_network(dump_network(net))[0] == net


def test_groups_without_synapses_come_back_too():
    net = pg.Network(seed=1)
    a = net.population("a", 4, pg.LIF())
    rules = [
        pg.FixedProbability(0.0), pg.FixedTotalNumber(0), pg.FixedTotalNumber(probability=0.0),
        pg.FixedInDegree(0), pg.FixedOutDegree(0), pg.DistanceDependent("0"),
    ]  # fmt: skip
    for rule in rules:
        net.connect(a, a, pg.Delta(), rule)
    net.record(a.spikes)
    assert load_network(dump_network(net))[0] == net


def test_a_population_may_be_called_all():
    net = pg.Network(dt=0.1)
    everybody, other = net.population("all", 5, pg.LIF()), net.population("other", 5, pg.LIF())
    receptor = pg.ExponentialCurrent(5.0)
    net.connect(everybody, other, receptor, pg.AllToAll())
    net.connect(other, everybody, receptor, pg.AllToAll())
    net.poisson(everybody, rate=5.0, weight=1.0, synapse=receptor)
    net.record(everybody.spikes)
    again = load_network(dump_network(net))[0]
    assert again == net and list(again.groups) == ["all_other", "other_all"]


# Without shrinking: the networks are small already, and what fails is seen from the message.
ANY = dict(
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@settings(max_examples=12, **ANY)
@pytest.mark.filterwarnings("ignore:.*nothing in the synapse model reads it")
@given(networks())
def test_any_network_comes_back_equal_and_is_written_the_same_again(net):
    text = dump_network(net)
    again = load_network(text)[0]
    assert again == net
    assert hash(again) == hash(net)
    assert dump_network(again) == text


def one_group(weight, rule):
    net = pg.Network(dt=0.1)
    space = np.arange(2.0 * SIZE).reshape(SIZE, 2)
    p = net.population("p", SIZE, pg.LIF(), positions=space)
    net.connect(p, p, pg.Delta(), rule, weight=weight, delay=1.0)
    return net


@settings(max_examples=60, **ANY)
@given(usable(formulas(["i_pre", "i_post", "n_post", "y_pre", "distance"])))
def test_any_formula_of_a_weight_comes_back_equal(text):
    net = one_group(text, pg.AllToAll())
    assert load_network(dump_network(net))[0] == net


@settings(max_examples=60, deadline=None)
@given(distributions(), rules())
def test_any_distribution_and_any_rule_comes_back_equal(distribution, rule):
    try:
        net = one_group(distribution, rule)
    except pg.errors.DeclarationError:  # limits that lie too far out
        return
    assert load_network(dump_network(net))[0] == net


@pytest.mark.parametrize("text", ["sin(2*pi*i/n)", "pi", "i + pi", "where(i > pi, 1, -pi)"])
def test_pi_is_known_in_values_of_a_file(text):
    net = pg.Network(dt=0.1)
    net.population("p", 4, pg.LIF(), initial={"V": text})
    assert load_network(dump_network(net))[0] == net
    written = f"populations: {{p: {{size: 4, model: LIF, initial: {{V: '{text}'}}}}}}"
    assert load_network(written)[0].populations == net.populations


def test_a_constant_of_a_file_cannot_hide_pi():
    with pytest.raises(pg.errors.FileFormatError, match="'pi' has a meaning in formulas"):
        load_network("constants: {pi: 3}\npopulations: {p: {size: 4, model: LIF}}")


def test_a_variable_called_spikes_is_told_from_the_spikes():
    net = pg.Network(dt=0.1)
    model = pg.NeuronModel("dspikes/dt = -spikes/10", threshold="spikes > 1", reset="spikes = 0")
    p = net.population("p", 4, model)
    net.record(p["spikes"][:2], p.spikes)
    again = load_network(dump_network(net))[0]
    assert again == net
    assert [type(r.what).__name__ for r in again.recordings] == ["VariableOf", "SpikesOf"]


finite = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30)


@settings(max_examples=60, deadline=None)
@given(
    name=st.text(max_size=20),
    dt=st.floats(1e-6, 1e3),
    seed=st.integers(0, 2**64 - 1),
    start=st.lists(finite, min_size=3, max_size=3),
    weight=finite,
    duration=st.floats(0, 1e9),
    description=st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40),
)
def test_numbers_and_texts_come_back_exactly(name, dt, seed, start, weight, duration, description):
    name = "".join(c for c in name if c.isprintable())
    net = pg.Network(dt=dt, seed=seed, name=name)
    exc = net.population("exc", 3, pg.LIF(), initial={"V": start})
    net.connect(exc, exc, pg.Delta(), pg.AllToAll(), weight=weight)
    run = RunSettings(duration=duration, description=description)
    again, run_again = load_network(dump_network(net, run))
    assert again == net
    assert run_again.duration == run.duration
    assert run_again.description == run.description


def test_inputs_of_parts_come_back_as_inputs_of_parts():
    net = pg.Network()
    cells = net.population("cells", 6, pg.LIF())
    net.poisson(cells[:3], 5.0, weight=[1.0, 2.0, 3.0], variable="V", name="same")
    net.poisson(cells[[4, 1]], [5.0, 6.0], weight=1.0, variable="V", sources=[3, 4], name="each")
    net.current(cells[2], 7.0, name="one")
    net.step_current(cells[1::2], [0.0, 1.0], [1.0, 2.0], name="steps")
    net.step_current(cells[:2], [0.0, 1.0], [[1.0, 2.0], [3.0, 4.0]], name="columns")
    net.noise_current(cells[3:], mean=[1.0, 2.0, 3.0], std=0.5, name="noise")
    again, _ = pg.load_network(pg.dump_network(net))
    assert again == net
    assert [one.part for one in again.inputs] == [one.part for one in net.inputs]
    assert again.inputs[2].part is not None
    changed = [one.with_values({"inputs.one.value": 8.0}) for one in (net, again)]
    assert changed[0] == changed[1]  # one number set later holds for the part alone
    assert changed[1].inputs[2].value.array.tolist() == [0, 0, 8, 0, 0, 0]


def test_an_input_whose_values_reach_beyond_its_part_is_written_as_one_of_the_population():
    net = pg.Network()
    cells = net.population("cells", 4, pg.LIF())
    net.current(cells[:2], 1.0, name="drive")
    wider = net.with_values({"inputs.drive.value": [1.0, 2.0, 3.0, 4.0]})
    again, _ = pg.load_network(pg.dump_network(wider))
    assert again == wider and again.inputs[0].part is None


def test_files_name_the_part_that_an_input_is_for():
    text = """
populations: {cells: {size: 4, model: LIF}}
inputs:
  - current: {target: {population: cells, neurons: "1:3"}, value: [5, 6]}
"""
    net, _ = pg.load_network(text)
    assert net.inputs[0].value.array.tolist() == [0, 5, 6, 0]
    with pytest.raises(
        pg.errors.FileFormatError, match=r"<text>:4.*should be \{population: NAME, neurons"
    ):
        pg.load_network(text.replace("population: cells, ", ""))
