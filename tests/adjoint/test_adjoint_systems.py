"""Adjoints between events are systems that integrators take."""

from __future__ import annotations

import numpy as np
import sympy

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.adjoint.adjoint_system import adjoint_system
from pygenn_lite.codegen.systems.integrators import integrate
from pygenn_lite.codegen.systems.linear import exact_flow
from pygenn_lite.codegen.systems.system import build_system
from pygenn_lite.errors import Location
from pygenn_lite.runtime.reference.evaluation import propagators

NUMBERS = dict(tau=10.0, C=250.0, E_L=0.0, tau__r0=4.0, dt=0.3)


def derived(model: pg.NeuronModel, synapse: pg.SynapseModel):
    net = pg.Network()
    net.population("n", 2, model)
    net.connect("n", "n", synapse, pg.AllToAll(), weight=1.0, name="s")
    structure = codegen.network_structure(net)
    return structure, codegen.adjoint_of(structure).populations["n"]


def matrix(flow, size):
    """The propagator's entries over the variables of a flow."""
    found = propagators(flow, NUMBERS, 0.3)
    entries = np.zeros((size, size))
    for i, j, name in flow.outputs:
        if i < size and j < size:
            entries[i, j] = found[name]
    return entries


def test_the_adjoint_of_a_linear_flow_has_the_transposed_propagator():
    structure, neurons = derived(pg.LIF(), pg.AlphaCurrent(4.0))
    forward, _ = exact_flow(build_system(structure.kernels[0]), ["V", "I_syn__r0", "rise__r0"])
    system = adjoint_system(neurons)
    backward, _ = exact_flow(system, list(system.states))
    assert np.allclose(matrix(backward, 3), matrix(forward, 3).T, rtol=1e-12, atol=0)
    assert np.count_nonzero(matrix(backward, 3)) == 6


def test_a_running_loss_drives_it():
    _, neurons = derived(pg.LIF(), pg.ExponentialCurrent(4.0))
    step = integrate(adjoint_system(neurons, ("V",)), "auto", Location())
    assert set(step.integrators.values()) == {"exact"}
    assert any(
        sympy.Symbol("drive__V", real=True) in rule.value.free_symbols for rule in step.rules
    )


def test_forward_states_are_inputs_of_a_nonlinear_one():
    _, neurons = derived(pg.AdEx(), pg.ExponentialConductance(4.0))
    system = adjoint_system(neurons)
    assert set(system.forcings) == {"V", "g__r0"}
    assert not neurons.flow.linear
    step = integrate(system, "auto", Location())
    assert set(step.integrators) == set(system.states)


def test_clamped_variables_neither_decay_nor_receive():
    _, neurons = derived(pg.LIF(), pg.ExponentialCurrent(4.0))
    held = adjoint_system(neurons, clamped=True)
    lam = sympy.Symbol("lam__I_syn__r0", real=True)
    tau = sympy.Symbol("tau__r0", real=True)
    assert held.derivatives == {"lam__V": 0, "lam__I_syn__r0": -lam / tau}
