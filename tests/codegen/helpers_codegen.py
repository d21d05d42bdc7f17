"""Small networks and shortcuts for the tests of code generation."""

from __future__ import annotations

from typing import Any

from pygenn_lite.codegen import derive_program, network_structure
from pygenn_lite.codegen.program.program import NeuronKernels, Program
from pygenn_lite.codegen.systems.system import System, build_system
from pygenn_lite.declaration import Network, NeuronModel, OneToOne, SynapseModel, SynapticTrace

LIF = NeuronModel(
    "dV/dt = (E_L - V + I)/tau",
    threshold="V > V_th",
    reset="V = V_r",
    refractory="t_ref",
    parameters={"tau": 20.0, "E_L": -49.0, "V_th": -50.0, "V_r": -60.0, "t_ref": 5.0},
    initial={"V": -60.0},
)
ADEX = NeuronModel(
    "dV/dt = (-g_L*(V - E_L) + g_L*D*exp((V - V_T)/D) - w + I)/C; dw/dt = (a*(V - E_L) - w)/tau_w",
    threshold="V > 0",
    reset="V = V_r; w += b",
    parameters={
        "C": 281.0, "g_L": 30.0, "E_L": -70.6, "D": 2.0, "V_T": -50.4, "tau_w": 144.0,
        "a": 4.0, "b": 80.5, "V_r": -70.6,
    },
    initial={"V": -70.6},
)  # fmt: skip
CURRENT = SynapseModel(
    "dI_syn/dt = -I_syn/tau", inputs="I = I_syn", parameters={"tau": 5.0}, name="current"
)
ALPHA = SynapseModel(
    "dI_syn/dt = (z - I_syn)/tau; dz/dt = -z/tau",
    inputs="I = I_syn",
    on_pre="z += weight",
    parameters={"tau": 3.0},
)
CONDUCTANCE = SynapseModel(
    "dg/dt = -g/tau",
    inputs="I = g*(E_rev - V)",
    on_pre="g += weight",
    parameters={"tau": 5.0, "E_rev": 0.0},
)
DELTA = SynapseModel(on_pre="V_post += weight")
STDP = SynapseModel(
    "dI_syn/dt = -I_syn/tau",
    inputs="I = I_syn",
    on_pre="I_syn += weight; weight = clip(weight - A*y, 0, w_max)",
    on_post="weight = clip(weight + A*x, 0, w_max)",
    pre_trace=SynapticTrace("dx/dt = -x/tau_x", on_spike="x += 1"),
    post_trace=SynapticTrace("dy/dt = -y/tau_x", on_spike="y += 1"),
    parameters={"tau": 5.0, "A": 0.01, "w_max": 1.0, "tau_x": 20.0},
)


def one_population(model: NeuronModel, *synapses: SynapseModel, size: int = 10) -> Network:
    """A population with one-to-one groups onto itself."""
    network = Network(dt=0.1, seed=1)
    population = network.population("p", size, model)
    for synapse in synapses:
        network.connect(population, population, synapse, OneToOne())
    return network


def program_of(network: Network, **options: Any) -> Program:
    """The derived Program."""
    return derive_program(network_structure(network, **options))


def kernel_of(model: NeuronModel, *synapses: SynapseModel) -> NeuronKernels:
    """The neuron kernel of a population with these synapses."""
    return program_of(one_population(model, *synapses)).neurons[0]


def system_of(model: NeuronModel, *synapses: SynapseModel) -> System:
    """The joint continuous system."""
    return build_system(network_structure(one_population(model, *synapses)).kernels[0])
