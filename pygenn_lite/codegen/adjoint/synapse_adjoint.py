"""Derives the adjoint of a synapse group: what becomes of adjoints where its spikes arrive."""

from __future__ import annotations

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import of_source, of_synapse
from pygenn_lite.codegen.adjoint.adjoint_records import NeuronAdjoint, SynapseAdjoint
from pygenn_lite.codegen.adjoint.arrivals import arrival, clamped_jump, composed
from pygenn_lite.codegen.adjoint.smoothness import Smoothness
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.systems.system_records import SynapseSystem
from pygenn_lite.errors import Location, UnsupportedFeatureError


def synapse_adjoint(
    system: SynapseSystem, source: NeuronAdjoint, target: NeuronAdjoint
) -> SynapseAdjoint:
    """The adjoint of a group.

    Raises
    ------
    UnsupportedFeatureError
        Naming what cannot be differentiated.
    """
    _check(system)
    names: dict[sympy.Basic, sympy.Expr] = {
        symbol(p.symbol): symbol(of_synapse(p.symbol)) for p in system.parameters
    }
    carried = {of_source(state): state for state in system.pre.values()}
    names |= {symbol(n): symbol(of_source(state)) for n, state in system.pre.items()}
    names |= {symbol(n): symbol(state) for n, state in system.post.items()}
    own = tuple(of_synapse(p.symbol) for p in system.parameters)
    smoothness = Smoothness(frozenset((*target.system.states, *carried)), frozenset(own))
    where = Location.of("synapse group", system.group).key("on_pre")
    jump = composed(
        (
            system.post.get(step.variable, step.variable),
            smoothness.form(step.value.xreplace(names), step.variable, where),
        )
        for step in system.on_arrival
    )
    held = target.clamped_flow or target.flow
    kept = clamped_jump(jump, target.system.clamped)
    return SynapseAdjoint(
        system,
        free=arrival(jump, target.flow.f, own, carried),
        clamped=arrival(kept, held.f, own, carried),
        called={
            **target.system.called,
            **{of_source(state): f"{n}_pre" for n, state in system.pre.items()},
            **{
                f"sent__{x}": f"sent[{source.system.called.get(x, x)}]" for x in system.pre.values()
            },
        },
        without=smoothness.without,
    )


def _check(system: SynapseSystem) -> None:
    where = Location.of("synapse group", system.group)
    if system.transmitted:
        raise UnsupportedFeatureError(
            f"{', '.join(system.transmitted)}: what is transmitted in every step is not "
            "differentiated",
            where=where.key("continuous"),
            hint="gradients flow through spikes: connect by synapses with on_pre",
        )
    if system.weights_of:
        raise UnsupportedFeatureError(
            f"it has the weights of {system.weights_of!r}, transposed: such weights are not "
            "differentiated",
            where=where,
            hint="give the group weights of its own",
        )
    changing = [*system.variables, *(j.variable for j in system.on_post_spike)]
    if changing:
        raise UnsupportedFeatureError(
            f"{', '.join(dict.fromkeys(changing))} of each synapse changes while the network runs: "
            "plasticity is not differentiated",
            where=where,
            hint="use synapses whose variables stay, such as ExponentialCurrent",
        )
