"""What arrives at a neuron: synapses per neuron, charge per spike, and currents for what is lost.

For K synapses of mean weight m and standard deviation s, whose sources fire at r spikes per ms,
through a current that decays with tau, the drive has the

    mean      K r tau m
    variance  K r tau/2 (m^2 + s^2)

(Campbell's theorem). In general tau is the charge ``Q``, the integral of the current that one
spike of weight 1 makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pygenn_lite.declaration import Network, PoissonInput, SynapseGroup, SynapseModel
from pygenn_lite.declaration.population import ends_of
from pygenn_lite.errors import Location
from pygenn_lite.scaling.moments import cannot


def in_degree(network: Network, group: SynapseGroup, where: Location) -> float:
    """Synapses per target neuron; their expected number where chance decides.

    Raises
    ------
    NetworkError
        The rule does not tell before it is drawn.
    """
    source, target = network.populations[group.source], network.populations[group.target]
    ends = ends_of(group, source, target)
    count = group.connectivity.count(ends)
    if count is None:
        name = type(group.connectivity.plain).__name__
        hint = f"give {name} a method expected(self, n_pre, n_post)"
        raise cannot(where, f"the rule {name} does not tell its number of synapses", hint)
    return count.total / ends.n_post


def events_of(one: PoissonInput, where: Location) -> float:
    """Events of a Poisson input at a neuron, per second.

    Raises
    ------
    NetworkError
        Rate or sources differ between neurons.
    """
    if not isinstance(one.rate, float) or not isinstance(one.sources, float):
        raise cannot(where, "rate and sources must be plain numbers")
    return one.rate * one.sources


class LostCurrents:
    """Mean currents that a scaled network lacks, by population and input."""

    def __init__(self) -> None:
        self._lost: dict[tuple[str, str], float] = {}

    def add(self, synapse: SynapseModel, target: str, lost: float, where: Location) -> None:
        """Note that so much arrives less at every neuron: weight times spikes per second."""
        for name, charge in charges(synapse, where).items():
            key = target, name
            self._lost[key] = self._lost.get(key, 0.0) + 1e-3 * charge * lost

    def restore(self, network: Network) -> None:
        """Add them as constant currents named ``restore_POPULATION``."""
        for (target, name), current in self._lost.items():
            label = f"restore_{target}" if name == "I" else f"restore_{target}_{name}"
            network.current(target, current, name, name=label)


@lru_cache(maxsize=1024)
def charges(synapse: SynapseModel, where: Location) -> Mapping[str, float]:
    """Integral over time of each input's current after one spike of weight 1.

    For receptor variables ``x' = A x`` that jump by ``b`` and give ``c x`` it is ``-c A^-1 b``.

    Raises
    ------
    NetworkError
        The synapse is not a linear current.
    """
    name = synapse.name or "the synapse"
    if not synapse.is_static or not synapse.inputs:
        raise cannot(where, f"{name} is not a static current")
    import sympy

    states = [sympy.Symbol(key, real=True) for key in synapse.state_names]
    slopes = sympy.Matrix(
        [reduced(synapse, each) for each in synapse.equations if each.kind == "derivative"]
    )
    jump = sympy.Matrix([int(key == synapse.on_pre[0].name) for key in synapse.state_names])
    outputs = sympy.Matrix([reduced(synapse, each) for each in synapse.inputs])
    dynamics, reading = slopes.jacobian(states), outputs.jacobian(states)
    free = set().union(*(entry.free_symbols for entry in (*dynamics, *reading)))
    constant = (slopes - dynamics * sympy.Matrix(states)).applyfunc(sympy.simplify)
    if free or any(constant) or not any(jump) or dynamics.det() == 0:
        hint = "only currents that do not depend on the neuron can be scaled"
        raise cannot(where, f"{name} is not a linear current (a conductance, say)", hint)
    totals: dict[str, float] = {}
    charge = -reading * dynamics.inv() * jump
    for each, value in zip(synapse.inputs, charge, strict=True):
        totals[each.name] = totals.get(each.name, 0.0) + float(value)
    return MappingProxyType(totals)


def reduced(synapse: SynapseModel, equation: Any) -> Any:
    """An equation without definitions, with numbers for parameters."""
    import sympy

    numbers = {sympy.Symbol(key, real=True): value for key, value in synapse.parameters}
    definitions = {
        sympy.Symbol(each.name, real=True): each.sympy()
        for each in synapse.equations
        if each.kind == "definition"
    }
    expression = equation.sympy()
    for _ in range(len(definitions) + 1):
        expression = expression.subs(definitions)
    return expression.subs(numbers)
