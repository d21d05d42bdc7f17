"""Lays down the variables of a population's kernels, in ABI order."""

from __future__ import annotations

from collections.abc import Sequence

from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.codegen.structure.parts import COUPLED, NUMERIC, Names
from pygenn_lite.codegen.structure.structures import PopulationStructure
from pygenn_lite.codegen.systems.integrators import Step
from pygenn_lite.codegen.systems.rules import Coefficient
from pygenn_lite.codegen.systems.system import System

# Where a spike is within its step: the signed threshold as the step begins; then, of the latest
# spike, the part of the step and the speed per ms.
BEFORE, OFFSET, SPEED = "threshold__before", "spike_offset", "spike_speed"


def neuron_variables(
    structure: PopulationStructure,
    system: System,
    step: Step,
    coefficients: Sequence[Coefficient],
) -> tuple[Variable, ...]:
    """Those with one value per neuron: states, sums, the counter, parameters, coefficients."""
    names = structure.names
    arrays = [_declared(n, names, "state", addressed=n in structure.arena) for n in system.states]
    for n in structure.accumulated:
        name, part = names[n]
        arrays.append(Variable(f"{n}__sum", name, part, "accumulator", addressed=True))
    arrays += [_declared(COUPLED.symbol(n), names, "coupled") for n in structure.coupled]
    if structure.refractory is not None:
        arrays.append(_numeric("refractory", "refractory", dtype="uint16"))
    parameters = [n for n, shared in system.parameters.items() if not shared]
    arrays += [_declared(n, names, "parameter") for n in parameters]
    arrays += [_numeric(c.name, "coefficient") for c in coefficients if c.per_neuron]
    arrays += [_numeric(n, "coefficient") for flow in step.flows for n in flow.per_neuron]
    if structure.crossing:
        arrays += [_numeric(n, "crossing") for n in (BEFORE, OFFSET, SPEED)]
    return tuple(arrays)


def neuron_scalars(
    structure: PopulationStructure,
    system: System,
    step: Step,
    coefficients: Sequence[Coefficient],
) -> tuple[Variable, ...]:
    """Shared ones: parameters, then coefficients."""
    parameters = [n for n, shared in system.parameters.items() if shared]
    computed = [c.name for c in coefficients if not c.per_neuron]
    for flow in step.flows:
        computed += [n for _, _, n in flow.outputs if n not in flow.per_neuron]
    return (
        *(_declared(n, structure.names, "parameter", shared=True) for n in parameters),
        *(_numeric(n, "coefficient", shared=True) for n in computed),
    )


def _declared(
    symbol: str, names: Names, role: str, *, shared: bool = False, addressed: bool = False
) -> Variable:
    """A variable or parameter that the user knows, by its symbol."""
    name, part = names[symbol]
    return Variable(symbol, name, part, role, shared=shared, addressed=addressed)


def _numeric(name: str, role: str, *, dtype: str = "real", shared: bool = False) -> Variable:
    return Variable(name, name, NUMERIC, role, dtype, shared)
