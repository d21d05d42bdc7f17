"""Says by name where single precision swallows what a step, a spike or a clock adds, and which
probabilities cannot be drawn.

A float32 keeps 24 bits: what is added to x and is less than x/2^24 leaves no trace, and what is
little more is rounded to a multiple of that. Everything here is found from the text of the model
and its values, evaluated in double precision; no kernel knows of it, and SymPy is not needed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.structure.parts import OWN
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.declaration.language.evaluation import evaluate
from pygenn_lite.errors import EquationError, PygennLiteWarning, full_text
from pygenn_lite.runtime.model_values import ModelPart, model_parts, stride_of

if TYPE_CHECKING:
    from pygenn_lite.runtime.device import Device, Instance
    from pygenn_lite.runtime.layout import NetworkLayout, StoredVariable

Array = npt.NDArray[np.float64]

BITS = 2.0**-24  # half the distance between neighbours, as a part of a value
TOLERATED = 0.01  # by how much rounding may shift a rate of change
TOLERATED_OF_A_SPIKE = 0.1  # the same of single changes, whose errors cancel in part
SLOWEST = BITS / TOLERATED  # the least part of a value that a step should change
LONGEST_CLOCK = int(0.1 / BITS)  # steps, until which t is right within a tenth of a step
HINT = "compile with precision='float64'"
_CHANCE = re.compile(r"rand\(\) <=? (.*)")
_SLOW = (
    "changes so slowly (by {:.1g} of itself in a step) that rounding to float32 shifts its rate by "
    "more than 1 %"
)


class PrecisionChecks:
    """The checks of one device in single precision; each variable is named once."""

    def __init__(self, device: Device) -> None:
        self.device, self.layout = device, device.layout
        self.instance = device.instances[0]
        self.single = device.dtype == np.float32
        self.told: set[tuple[str, str]] = set()
        self.ramps: dict[str, list[tuple[str, Array]]] = {}  # what grows by as much in every step
        self.clocks = [*_clocks(self.instance)]
        self._clean: set[tuple[Any, ...]] = set()  # kernels and shared parameters without fault
        self.parameters_set(self.layout.populations)
        self._rules()

    def parameters_set(self, populations: Iterable[str]) -> None:
        """Look for variables that change too slowly, now that parameters are known."""
        for name in populations:
            self._look_at_population(name)

    def _look_at_population(self, population: str) -> None:
        index = self.instance.structure.populations[population].kernel
        if index is None:
            return
        layout = self.layout.populations[population]
        structure = self.instance.structure.kernels[index]
        self.ramps[population] = []
        shared = [v for v in layout.variables.values() if v.shared and v.role == "parameter"]
        alike = (index, *(float(self.instance.read(variable)) for variable in shared))
        if alike in self._clean:
            return
        told = len(self.told)
        for part in model_parts(structure, self.instance, layout):
            for name, text in part.derivatives() if self.single else ():
                self._look_at(population, part, name, text)
            if part.part == OWN and structure.threshold is not None:
                self._look_at_chance(population, part, structure.threshold)
        self.run_ended()
        differ = any(v.role == "parameter" and not v.shared for v in layout.variables.values())
        if not differ and not self.ramps[population] and told == len(self.told):
            self._clean.add(alike)

    def _rules(self) -> None:
        """Look for rules whose changes vanish beside the weights they change."""
        plastic = [name for name, group in self.layout.groups.items() if group.plastic]
        for name in plastic if self.single else ():
            for variable, part in _stepped(self.instance, name):
                if part < SLOWEST:
                    self._tell(f"synapse group {name!r}", variable, _SLOW.format(part))
            for variable, change, value in _changes_of_a_spike(self.instance, self.layout, name):
                if 0 < change < BITS / TOLERATED_OF_A_SPIKE * value:
                    self._tell(
                        f"synapse group {name!r}",
                        variable,
                        f"changes by about {change:.1g} at a spike, where float32 rounds "
                        f"{value:.3g} to multiples of {2 * BITS * value:.1g}",
                    )

    def run_begins(self, end: int) -> None:
        """Before a run: will the clock be read at times that single precision cannot tell apart?"""
        if self.single and end > LONGEST_CLOCK:
            reach = LONGEST_CLOCK * self.instance.network.dt
            for owner, text in self.clocks:
                self._tell(
                    owner,
                    text,
                    f"reads t in float32, which from {reach:.3g} ms on is wrong by more than a "
                    "tenth of a step",
                )

    def run_ended(self) -> None:
        """Have variables that grow steadily become too large for what is added to them?"""
        for population, ramps in self.ramps.items():
            for name, increment in ramps:
                if (population, name) in self.told:
                    continue
                layout = self.layout.populations[population]
                state = self.instance.read(layout.variables[name])
                values = np.abs(state[:: stride_of(layout.size)])
                lost = (increment > 0) & (values * SLOWEST > increment)
                if np.any(lost):
                    self._tell_of(
                        population,
                        name,
                        f"grows by {np.min(increment[lost]):.1g} in a step, where float32 "
                        f"rounds {values[lost].max():.3g} so coarsely that its rate is off by more "
                        "than 1 %",
                    )

    def _look_at(self, population: str, part: ModelPart, name: str, text: str) -> None:
        """One derivative: how much of itself does the variable change in a step?"""
        internal = part.part.symbol(name)
        dt, size = self.instance.network.dt, part.layout.size
        size = -(-size // stride_of(size))
        at = [np.broadcast_to(part.value(text, {name: x}), size) for x in (0.0, 1.0, 2.0)]
        if not np.all(np.isfinite(at)):
            return
        rate, bend = at[1] - at[0], at[2] - 2 * at[1] + at[0]
        noise = 1e-15 * (np.abs(at[0]) + np.abs(at[1]) + np.abs(at[2]))
        straight = np.abs(bend) <= 1e-6 * np.abs(rate) + 4 * noise
        lost = np.abs(rate) * dt
        slow = straight & (np.abs(rate) > noise) & (lost < SLOWEST)
        if np.any(slow):
            self._tell_of(
                population,
                internal,
                _SLOW.format(lost[slow].min()),
            )
        elif not np.any(np.abs(rate) > noise) and part.is_constant(text):
            self.ramps[population].append((internal, np.abs(at[0]) * dt))

    def _look_at_chance(self, population: str, part: ModelPart, threshold: str) -> None:
        """Is the probability of a spike in a step, where parameters alone decide it, one that can
        be drawn?"""
        found = _CHANCE.fullmatch(threshold)
        if found is None or not part.is_constant(found[1]):
            return
        try:
            chance = np.atleast_1d(part.value(found[1], {}))
        except (EquationError, KeyError):
            return
        owner, shown = f"population {population!r}", f"{threshold}"
        if np.any(chance > 1):
            self._tell(
                owner,
                shown,
                f"holds in every step: the probability would be {chance.max():.3g}",
                hint="use a smaller dt, or lower rates",
            )
        rare = (chance > 0) & (chance < SLOWEST)
        if self.single and np.any(rare):
            self._tell(
                owner,
                shown,
                f"holds with a probability of {chance[rare].min():.1g} in a step, which float32 "
                f"draws in multiples of {BITS:.1g}",
            )

    def _tell_of(self, population: str, internal: str, what: str) -> None:
        """A variable of a population, with what else would help to find it."""
        integrator = self.layout.populations[population].integrators.get(internal, "")
        groups = [
            name
            for name, group in self.instance.structure.groups.items()
            if (group.target == population and internal in group.receptor.values())
            or (group.target == population and internal in group.post.values())
            or (group.source == population and internal in group.pre.values())
        ]
        owner = f"population {population!r}"
        variable = self.layout.populations[population].variables[internal]
        if variable.part != OWN and groups:
            owner = f"synapse group {groups[0]!r}"
        shown = f" (integrator {integrator})" if integrator else ""
        self._tell(owner, variable.called, f"{what}{shown}", (population, internal))

    def _tell(
        self,
        owner: str,
        variable: str,
        what: str,
        key: tuple[str, str] | None = None,
        hint: str = HINT,
    ) -> None:
        key = key or (owner, variable)
        if key not in self.told:
            self.told.add(key)
            text = full_text(f"{variable!r} {what}", owner, hint)
            warnings.warn(text, PygennLiteWarning, stacklevel=2)


def _clocks(instance: Instance) -> Iterator[tuple[str, str]]:
    """Statements at spikes that read t (those of every step compute it in double precision)."""
    for name, link in instance.structure.populations.items():
        if link.kernel is None:
            continue
        structure = instance.structure.kernels[link.kernel]
        traces = (s for trace in structure.traces for s in trace.on_spike)
        for target, operator, text in (*structure.reset, *traces):
            if "t" in parse_expression(text).symbols:
                yield f"population {name!r}", f"{target} {operator} {text}"
    for name, group in instance.network.groups.items():
        model = group.synapse
        for equation in (*model.on_pre, *model.on_post, *model.synapse_equations):
            if "t" in equation.symbols:
                yield f"synapse group {name!r}", str(equation)


def _changes_of_a_spike(
    instance: Instance, layout: NetworkLayout, name: str
) -> Iterator[tuple[str, float, float]]:
    """(variable, change at a spike that finds all traces at 1, size) of a group's variables."""
    model = instance.network.groups[name].synapse
    variables = layout.groups[name].variables.values()
    # A little below: a weight at its bound is not held to change by what rounding makes of that.
    values = {v.name: 0.999 * _typical(instance, v) for v in variables}
    known = _known(instance, name)
    for statements in (model.on_pre, model.on_post):
        now = {**known, **values}
        for equation in statements:
            old = now.get(equation.name)
            if old is None:
                continue
            try:
                value = float(evaluate(equation, now))
            except EquationError:  # it reads neurons
                continue
            steps = {"+=": old + value, "-=": old - value, "*=": old * value, "=": value}
            now[equation.name] = steps.get(equation.operator, old)
        for variable, old in values.items():
            yield variable, abs(now[variable] - old), abs(old)


def _stepped(instance: Instance, name: str) -> Iterator[tuple[str, float]]:
    """(variable, part of itself that it loses in a step) of what is integrated in every step."""
    model = instance.network.groups[name].synapse
    if model.event_driven:
        return
    structure = instance.structure
    kernel = structure.groups[name].kernel
    assert kernel is not None
    variables = structure.synapse_kernels[kernel].synapse
    known = {**dict.fromkeys(variables, 0.0), **_known(instance, name)}
    for equation in model.synapse_equations:
        try:
            at = [float(evaluate(equation, {**known, equation.name: x})) for x in (0.0, 1.0, 2.0)]
        except EquationError:
            continue
        rate = abs(at[1] - at[0])
        straight = abs(at[2] - 2 * at[1] + at[0]) <= 1e-6 * rate
        if equation.kind == "derivative" and straight and rate > 0:
            yield equation.name, rate * instance.network.dt


def _known(instance: Instance, name: str) -> dict[str, float]:
    """What statements of a group read besides its variables: traces stand at 1."""
    model, dt = instance.network.groups[name].synapse, instance.network.dt
    known: dict[str, float] = {n: v for n, v in model.parameters if isinstance(v, float)}
    known |= {"t": 0.0, "dt": dt, "delay": dt}
    for trace in (model.pre_trace, model.post_trace):
        known |= dict.fromkeys(trace.state_names if trace else (), 1.0)
    return known


def _typical(instance: Instance, variable: StoredVariable) -> float:
    """Mean of what is not 0 in the beginning, or 0; from the declaration where it says so."""
    link, group = instance.structure.groups[variable.owner], variable.owner
    declared = link.initial.get(variable.name, 0.0)
    if variable.name == "weight":
        declared = instance.network.groups[group].weight
    if isinstance(declared, (int, float)):
        return float(declared)
    if isinstance(declared, Distribution):
        return declared.mean_value()
    values = instance.read(variable, stored=True)
    found = values[values != 0]
    return float(np.mean(found, dtype=np.float64)) if found.size else 0.0
