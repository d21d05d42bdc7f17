"""Gathers what a population carries: its neuron model, the receptors of its incoming groups, the
traces that plastic groups ask for, and its inputs. Equal receptors and traces are shared: groups
whose postsynaptic equations and parameters agree jump the same variables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from pygenn_lite.codegen.structure.parts import COUPLED, Part
from pygenn_lite.codegen.structure.structures import (
    PopulationBinding,
    PopulationStructure,
    ReceptorStructure,
    TraceStructure,
    is_spike_source,
    statements,
)
from pygenn_lite.declaration.inputs import (
    CurrentInput,
    Input,
    NoiseCurrent,
    PoissonInput,
    StepCurrent,
)
from pygenn_lite.declaration.language.equations import Equation
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.population import Population
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.synaptic_trace import SynapticTrace
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Attached:
    """A receptor or trace as a group sees it: which part of the population it is (None: it has
    none), and the symbols of its variables by the names that the group's model gives them."""

    part: Part | None = None
    symbols: dict[str, str] = field(default_factory=dict)


class PopulationAssembly:
    """Collects the parts of one population, then yields its structure and its data."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self.is_source = is_spike_source(population)
        self.values: dict[str, Value] = {}
        self.initial: dict[str, Value] = {}
        self.receptors: dict[tuple[object, ...], tuple[int, ReceptorStructure]] = {}
        self.traces: dict[tuple[object, ...], tuple[int, TraceStructure]] = {}
        self.arena: dict[str, None] = {}
        self.accumulated: dict[str, None] = {}
        self.exposed: dict[str, None] = {}
        self.coupled: dict[str, None] = {}
        self.split = False
        self.poisson: list[tuple[PoissonInput, str]] = []
        self.timed: list[StepCurrent] = []
        self.currents: list[CurrentInput] = []
        self.noise: list[NoiseCurrent] = []
        self.given_by: dict[str, Location] = {}
        self.owners: dict[Part, list[str]] = {}
        if not self.is_source:
            self.values.update(_merged(population.model.parameters, population.parameters))
            self.initial.update(dict.fromkeys(population.model.state_names, 0.0))
            self.initial.update(_merged(population.model.initial, population.initial))

    # ------------------------------------------------------------------ parts

    def receptor(self, model: SynapseModel) -> Attached:
        """Symbols of the model's postsynaptic variables, added on first use."""
        equations = statements(model.equations)
        inputs = statements(model.inputs)
        used = _used_parameters(model.parameters, (*model.equations, *model.inputs))
        states = tuple(e.name for e in model.equations if e.kind == "derivative")
        initial = tuple((n, v) for n, v in model.initial if n in states)
        if not equations and not inputs:
            return Attached()
        key = (equations, inputs, tuple(used.items()), initial)
        if key not in self.receptors:
            index = len(self.receptors)
            self.receptors[key] = (
                index,
                ReceptorStructure(equations, inputs, states, tuple(used)),
            )
            part = Part("receptor", index)
            for name, value in used.items():
                self.values[part.symbol(name)] = value
            for name in states:
                self.initial[part.symbol(name)] = dict(initial).get(name, 0.0)
            self._check_inputs(model)
        part = Part("receptor", self.receptors[key][0])
        return Attached(part, {name: part.symbol(name) for name in states})

    def trace(self, side: str, trace: SynapticTrace, model: SynapseModel) -> Attached:
        """Symbols of a trace's variables, added on first use."""
        used = _used_parameters(model.parameters, (*trace.equations, *trace.on_spike))
        structure = TraceStructure(
            side,
            statements(trace.equations),
            statements(trace.on_spike),
            tuple(trace.state_names),
            tuple(used),
        )
        initial = tuple(trace.initial)
        key = (structure, tuple(used.items()), initial)
        if key not in self.traces:
            index = sum(known.side == side for _, known in self.traces.values())
            self.traces[key] = (index, structure)
            part = Part(side, index)
            for name, value in used.items():
                self.values[part.symbol(name)] = value
            for name in trace.state_names:
                self.initial[part.symbol(name)] = dict(initial).get(name, 0.0)
        part = Part(side, self.traces[key][0])
        return Attached(part, {name: part.symbol(name) for name in trace.state_names})

    def add_input(self, declared: Input) -> None:
        """Attach a declared input."""
        if isinstance(declared, PoissonInput):
            self._give(Part("poisson", len(self.poisson)), declared, weight="weight")
            for what in ("rate", "sources"):
                self.given_by[f"{declared.name}:{what}"] = Location.of(
                    "input", declared.name
                ).entry(what)
            self.poisson.append((declared, self._poisson_target(declared)))
            return
        if declared.input not in self.population.model.inputs:
            raise NetworkError(
                f"the neuron model has no input {declared.input!r}",
                where=Location.of("population", self.population.name),
                hint=f"its inputs are {list(self.population.model.inputs)}",
            )
        if isinstance(declared, CurrentInput):
            self._give(Part("current", len(self.currents)), declared, value="value")
            self.currents.append(declared)
        elif isinstance(declared, StepCurrent):
            self._give(Part("timed", len(self.timed)), declared)
            self.timed.append(declared)
        elif isinstance(declared, NoiseCurrent):
            self._give(Part("noise", len(self.noise)), declared, mean="mean", std="std")
            self.noise.append(declared)

    def static_target(self, variable: str) -> int:
        """Register a variable that static synapses add to; returns the lead: 0 for direct jumps,
        1 for sums added at the end of a step (where the threshold must see the jump at once)."""
        if variable in self._seen_by_threshold():
            self.accumulated[variable] = None
            return 1
        self.arena[variable] = None
        return 0

    def plastic_target(self, variable: str) -> bool:
        """Register a variable that plastic synapses add to; returns whether the threshold must see
        the jump at once, so that it goes into a sum, too."""
        if variable not in self._seen_by_threshold():
            return False
        self.accumulated[variable] = None
        self.split = True
        return True

    def coupled_target(self, bare: str, receptor: dict[str, str]) -> str | None:
        """Register what continuous transmission adds to; returns the symbol of its sum: of an input
        (held over the step), or of a variable (added at the end of the step); None if the
        population has neither."""
        if bare in receptor or (not self.is_source and bare in self.population.model.state_names):
            variable = receptor.get(bare, bare)
            self.accumulated[variable] = None
            return f"{variable}__sum"
        if not self.is_source and bare in self.population.model.inputs:
            self.coupled[bare] = None
            return COUPLED.symbol(bare)
        return None

    # ------------------------------------------------------------------ results

    def structure(self, real: str, check_finite: bool) -> PopulationStructure | None:
        """The structure, or None for a spike source that carries nothing."""
        model = self.population.model
        if self.is_source and not self.traces:
            return None
        return PopulationStructure(
            name=self.population.name,
            equations=() if self.is_source else statements(model.equations),
            update=() if self.is_source else statements(model.update),
            threshold=None if self.is_source or not model.threshold else model.threshold.text,
            reset=() if self.is_source else statements(model.reset),
            refractory=None if self.is_source or not model.refractory else model.refractory.text,
            refractory_is_condition=not self.is_source and model.refractory_is_condition,
            clamp=() if self.is_source else tuple(model.clamp),
            integrator="auto" if self.is_source else str(model.integrator),
            states=() if self.is_source else tuple(model.state_names),
            parameters=tuple((name, _shared(value)) for name, value in self._parameters()),
            inputs=() if self.is_source else tuple(model.inputs),
            receptors=tuple(structure for _, structure in self.receptors.values()),
            traces=self._traces("pre") + self._traces("post"),
            arena=tuple(sorted(self.arena)),
            accumulated=tuple(sorted(self.accumulated)),
            poisson=tuple((target, _shared(p.weight)) for p, target in self.poisson),
            currents=tuple((c.input, _shared(c.value)) for c in self.currents),
            timed=tuple((c.input, c.values.array.ndim == 1) for c in self.timed),
            coupled=tuple(sorted(self.coupled)),
            noise=tuple((c.input, _shared(c.mean), _shared(c.std)) for c in self.noise),
            exposed=tuple(sorted(self.exposed)),
            split=self.split,
            is_source=self.is_source,
            real=real,
            check_finite=check_finite,
        )

    def binding(self, kernel: int | None) -> PopulationBinding:
        """The population's data."""
        return PopulationBinding(
            name=self.population.name,
            kernel=kernel,
            values=self.values,
            initial=self.initial,
            poisson=tuple(p for p, _ in self.poisson),
            timed=tuple(self.timed),
            exposed=tuple(sorted(self.exposed)),
            given_by=self.given_by,
            owners={part: tuple(names) for part, names in self.owners.items()},
        )

    # ------------------------------------------------------------------ helpers

    def _give(self, part: Part, declared: Input, **given: str) -> None:
        self.owners[part] = [declared.name]
        for name, what in given.items():
            self.values[part.symbol(name)] = getattr(declared, what)
            self.given_by[part.symbol(name)] = Location.of("input", declared.name).entry(what)

    def belongs(self, part: Part | None, group: str) -> None:
        """Note that a group uses a receptor or trace."""
        if part is not None:
            self.owners.setdefault(part, []).append(group)

    def _traces(self, side: str) -> tuple[TraceStructure, ...]:
        return tuple(trace for _, trace in self.traces.values() if trace.side == side)

    def _parameters(self) -> Iterable[tuple[str, Value]]:
        if self.is_source:
            return []
        own = {name for name, _ in self.population.model.parameters}
        return [(name, value) for name, value in self.values.items() if name in own]

    def _seen_by_threshold(self) -> set[str]:
        """Internal names on which threshold, reset or refractory depend, and clamped ones."""
        model = self.population.model
        seen = set(model.clamp)
        for expression in (model.threshold, model.refractory):
            if expression is not None:
                seen |= expression.symbols
        for equation in model.reset:
            seen |= equation.symbols | {equation.name}
        definitions = {e.name: e for e in model.equations if e.kind == "definition"}
        pending = [name for name in seen if name in definitions]
        while pending:
            new = definitions.pop(pending.pop()).symbols - seen
            seen |= new
            pending += [name for name in new if name in definitions]
        if seen & set(model.inputs):  # an input is the sum of all receptors' contributions
            for index, structure in self.receptors.values():
                seen |= {Part("receptor", index).symbol(name) for name in structure.states}
        return seen

    def _check_inputs(self, model: SynapseModel) -> None:
        for equation in model.inputs:
            if equation.name not in self.population.model.inputs:
                raise NetworkError(
                    f"the synapse model drives the input {equation.name!r}, which the neuron model "
                    f"of population {self.population.name!r} does not have",
                    where=Location(f"inputs of {_shown(model)}", path=("inputs",)),
                    hint=f"use {equation.name} in the neuron's equations (its inputs are "
                    f"{list(self.population.model.inputs)}), or choose another synapse model",
                )
            known = {n for n, _ in model.parameters} | {e.name for e in model.equations}
            known |= {"t", "dt", *self.population.model.state_names}
            known |= {n for n, _ in self.population.model.parameters}
            for symbol in sorted(equation.symbols - known):
                raise NetworkError(
                    f"unknown symbol {symbol!r} in {equation}{nearest(symbol, known)}",
                    where=Location(
                        f"inputs of {_shown(model)} on population {self.population.name!r}",
                        (("population", self.population.name),),
                        ("inputs",),
                    ),
                    hint=f"known here: {sorted(known)}",
                )

    def _poisson_target(self, declared: PoissonInput) -> str:
        if declared.synapse is None:
            if declared.variable not in self.population.model.state_names:
                raise NetworkError(
                    f"population {self.population.name!r} has no state variable "
                    f"{declared.variable!r}",
                    hint=f"its variables are {list(self.population.model.state_names)}",
                )
            return str(declared.variable)
        if not declared.synapse.is_static:
            raise NetworkError(
                "a Poisson input needs a static synapse model (on_pre = 'X += weight')",
                hint="use a population of Poisson neurons and connect it",
            )
        self.belongs(self.receptor(declared.synapse).part, declared.name)
        return jump_target(declared.synapse, self)


def jump_target(model: SynapseModel, target: PopulationAssembly) -> str:
    """Internal name of the variable that a static model's ``X += weight`` adds to."""
    name = model.on_pre[0].name
    receptor = target.receptor(model)
    if name in receptor.symbols:
        return receptor.symbols[name]
    bare = name.removesuffix("_post")
    if bare in target.population.model.state_names:
        return bare
    raise NetworkError(
        f"the synapse model adds to {name!r}, which population {target.population.name!r} "
        "does not have",
        where=_shown(model),
        hint=f"its variables are {list(target.population.model.state_names)}",
    )


def _merged(
    first: Iterable[tuple[str, Value]], second: Iterable[tuple[str, Value]]
) -> dict[str, Value]:
    return {**dict(first), **dict(second)}


def _used_parameters(
    parameters: Iterable[tuple[str, Value]], equations: Iterable[Equation]
) -> dict[str, Value]:
    used: set[str] = set()
    for equation in equations:
        used |= equation.symbols
    return {name: value for name, value in parameters if name in used}


def _shown(model: SynapseModel) -> Location:
    return Location.of("synapse model", model.name)


def _shared(value: Value) -> bool:
    return isinstance(value, (int, float))
