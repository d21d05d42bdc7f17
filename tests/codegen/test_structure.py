"""What decides the generated code, and what does not."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from helpers_codegen import ADEX, CONDUCTANCE, CURRENT, DELTA, LIF, STDP, one_population, program_of

from pygenn_lite.codegen import generate, network_structure
from pygenn_lite.declaration import (
    AllToAll,
    FixedProbability,
    Network,
    NeuronModel,
    OneToOne,
    SynapseModel,
    SynapticTrace,
    Uniform,
)
from pygenn_lite.errors import ModelError, NetworkError, PygennLiteError


def driven(seed=0, dt=0.1, size=10, tau=20.0, weight=1.0, rate=100.0, syn_tau=5.0) -> Network:
    network = Network(dt=dt, seed=seed)
    p = network.population("p", size, LIF, parameters={"tau": tau})
    synapse = SynapseModel(
        "dI_syn/dt = -I_syn/tau", inputs="I = I_syn", parameters={"tau": syn_tau}
    )
    network.connect(p, p, synapse, FixedProbability(0.5), weight=weight)
    network.poisson(p, rate, weight=weight, synapse=synapse)
    return network


def key(network: Network, **options) -> str:
    return network_structure(network, **options).key


@pytest.mark.parametrize(
    "other",
    [{"seed": 5}, {"dt": 0.5}, {"size": 999}, {"tau": 3.0}, {"weight": -2.0}, {"rate": 7.0},
     {"syn_tau": 9.0}],
)  # fmt: skip
def test_values_do_not_enter_the_cache_key(other):
    assert key(driven()) == key(driven(**other))


def test_structure_and_precision_enter_the_cache_key():
    keys = {
        key(driven()),
        key(driven(tau=Uniform(10, 20))),
        key(driven(), precision="float64"),
        key(driven(), check_finite=False),
        key(one_population(LIF, CURRENT)),
        key(one_population(LIF, CONDUCTANCE)),
        key(one_population(LIF, CURRENT, STDP)),
        key(one_population(ADEX, CURRENT)),
    }
    assert len(keys) == 8


def test_names_of_populations_do_not_enter_the_cache_key():
    first, second = Network(), Network()
    first.population("a", 10, LIF)
    second.population("b", 10, LIF)
    assert key(first) == key(second)


def test_five_hundred_equal_populations_share_one_kernel():
    network = Network()
    populations = [
        network.population(f"p{k}", 10 + k, LIF, parameters={"tau": 10.0 + k}) for k in range(500)
    ]
    for a, b in zip(populations, populations[1:] + populations[:1], strict=True):
        network.connect(a, b, CURRENT, FixedProbability(0.1), weight=1.0)
    structure = network_structure(network)
    assert len(structure.kernels) == 1
    assert {p.kernel for p in structure.populations.values()} == {0}
    assert structure.key == key(one_population(LIF, CURRENT))


def test_equal_plastic_groups_share_one_kernel():
    network = Network()
    a, b = network.population("a", 10, LIF), network.population("b", 10, LIF)
    for source, target in ((a, b), (b, a), (a, a), (b, b)):
        network.connect(source, target, STDP, AllToAll(), weight=0.5)
    structure = network_structure(network)
    assert len(structure.synapse_kernels) == 1
    assert len(structure.kernels) == 1


def test_groups_with_equal_postsynaptic_equations_share_a_receptor():
    network = Network()
    a, b = network.population("a", 10, LIF), network.population("b", 10, LIF)
    network.connect(a, b, CURRENT, OneToOne())
    network.connect(b, b, CURRENT, OneToOne())
    slower = SynapseModel("dI_syn/dt = -I_syn/tau", inputs="I = I_syn", parameters={"tau": 9.0})
    network.connect(a, b, slower, OneToOne())
    structure = network_structure(network)
    kernel = structure.kernels[structure.populations["b"].kernel]
    assert len(kernel.receptors) == 2
    targets = [structure.groups[g].target_variable for g in ("a_b", "b_b", "a_b_2")]
    assert targets == ["I_syn__r0", "I_syn__r0", "I_syn__r1"]


def test_jumps_of_what_the_threshold_sees_are_summed_and_others_go_straight():
    structure = network_structure(one_population(LIF, CURRENT, DELTA))
    assert {g: i.lead for g, i in structure.groups.items()} == {"p_p": 0, "p_p_2": 1}
    assert structure.kernels[0].accumulated == ("V",)
    assert structure.kernels[0].arena == ("I_syn__r0",)


def test_what_plastic_synapses_add_is_summed_too_where_the_threshold_sees_it():
    plastic = SynapseModel(on_pre="V_post += weight; weight *= 0.9")
    structure = network_structure(one_population(LIF, plastic))
    (synapse,) = structure.synapse_kernels
    assert synapse.summed == ("V_post",) and synapse.post == ("V_post", "V_post__sum")
    assert structure.groups["p_p"].lead == 1
    assert structure.kernels[0].split and structure.kernels[0].accumulated == ("V",)
    elsewhere = SynapseModel(
        "dI_syn/dt = -I_syn", inputs="I = I_syn", on_pre="I_syn += weight; weight *= 0.9"
    )
    structure = network_structure(one_population(LIF, elsewhere))
    assert structure.synapse_kernels[0].summed == () and structure.groups["p_p"].lead == 0
    assert not structure.kernels[0].split


def test_jumps_after_a_spike_ask_whether_it_made_the_neuron_refractory():
    backwards = SynapseModel(on_pre="weight *= 0.9", on_post="V_post += weight")
    (clamped,) = network_structure(one_population(LIF, backwards)).synapse_kernels
    assert clamped.clamped == ("V_post",)
    assert clamped.post == ("V_post", "refractory")
    free = NeuronModel("dV/dt = -V", threshold="V > 1", reset="V = 0")
    (other,) = network_structure(one_population(free, backwards)).synapse_kernels
    assert other.clamped == ()


def test_deriving_needs_no_values():
    structure = network_structure(driven())
    for instance in structure.populations.values():
        instance.values.clear()
        instance.initial.clear()
    assert generate(structure).source


def test_a_spike_source_has_a_kernel_only_where_traces_are_asked_for():
    network = Network()
    source = network.spike_source("s", 5, [1.0], [0])
    target = network.population("p", 5, LIF)
    network.connect(source, target, CURRENT, OneToOne())
    assert network_structure(network).populations["s"].kernel is None
    network.connect(source, target, STDP, OneToOne())
    structure = network_structure(network)
    kernel = program_of(network).neurons[structure.populations["s"].kernel]
    assert [a.target for a in kernel.kernels["after"].body] == ["x__pre0"]


def test_an_input_that_the_neuron_does_not_have_is_refused():
    model = NeuronModel("dV/dt = J - V", inputs=("J",))
    with pytest.raises(NetworkError, match="drives the input 'I'") as caught:
        network_structure(one_population(model, CURRENT))
    assert "['J']" in caught.value.hint


def test_messages_list_the_names_that_the_user_wrote():
    def refused(model):
        with pytest.raises(PygennLiteError, match="unknown symbol 'E_rew'") as caught:
            network_structure(one_population(LIF, CURRENT, STDP, model))
        assert "__" not in str(caught.value)
        assert "did you mean 'E_rev'" in str(caught.value)

    refused(
        SynapseModel(
            "dg/dt = -g/tau",
            inputs="I = g*(E_rew - V) + E_rev",
            on_pre="g += weight",
            parameters={"tau": 5.0, "E_rev": 0.0},
        )
    )
    refused(SynapseModel(on_pre="V_post += weight*E_rew - E_rev", parameters={"E_rev": 0.0}))


def test_a_misspelt_parameter_is_told_with_what_equations_read():
    with pytest.raises(ModelError, match=r"nothing reads the parameter 'E_rev'; did.*'E_rew'"):
        SynapseModel(on_pre="V_post += weight*E_rew", parameters={"E_rev": 0.0})


def test_internal_names_are_no_symbols_for_users():
    model = SynapseModel("dg/dt = -g", inputs="I = g*tau__r0", on_pre="g += weight")
    with pytest.raises(NetworkError, match="unknown symbol 'tau__r0'"):
        network_structure(one_population(LIF, CURRENT, model))


def test_an_unknown_symbol_in_synapse_code_is_named_with_the_nearest():
    model = SynapseModel(
        on_pre="V_post += weight*releas", pre_trace=SynapticTrace(on_spike="release = 1")
    )
    with pytest.raises(Exception, match="did you mean 'release'"):
        network_structure(one_population(LIF, model))


def test_the_structure_is_found_without_sympy_for_models_given_as_text():
    script = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from pygenn_lite.declaration import *\n"
        "from pygenn_lite.models import LIF, ExponentialCurrent, PairSTDP\n"
        "from pygenn_lite.codegen import network_structure\n"
        "net = Network()\n"
        "p = net.population('p', 10, LIF())\n"
        "net.connect(p, p, PairSTDP(ExponentialCurrent(5.0)), AllToAll())\n"
        "net.poisson(p, 10.0, weight=1.0, variable='V')\n"
        "assert network_structure(net).key\n"
        "for name in ('sympy', 'jinja2', 'scipy'):\n"
        "    assert name not in sys.modules, name\n"
    )
    subprocess.run([sys.executable, "-c", script, *sys.path], check=True)


def test_signatures_list_arrays_and_scalars_in_the_order_of_the_code():
    net = driven(tau=np.linspace(10, 20, 10))
    net.connect("p", "p", STDP, AllToAll(), weight=1.0)
    code = generate(network_structure(net))
    (neuron,), (synapse,) = code.signatures.neurons, code.signatures.synapses
    assert neuron.poisson == ("I_syn__r0",)
    neurons, synapses = code.source.split("synapse0_", 1)
    for source, table, listed, known in (
        (neurons, "arrays", [v.symbol for v in neuron.variables], "V I_syn__r0"),
        (neurons, "scalars", [v.symbol for v in neuron.scalars], "E_L V_th V_r"),
        (synapses, "synapse", [v.symbol for v in synapse.variables], "weight"),
        (synapses, "post", synapse.post, "y"),
        (synapses, "scalars", synapse.scalar_names, "A w_max"),
    ):
        taken = set(re.findall(rf" (\w+) = [^;\n]*\bargs->{table}\[(\d+)\][);]", source))
        names = {(re.sub("_base$|_$", "", name), int(position)) for name, position in taken}
        assert {name for name, _ in names} >= set(known.split()), table
        assert names <= {(name, position) for position, name in enumerate(listed)}, table
