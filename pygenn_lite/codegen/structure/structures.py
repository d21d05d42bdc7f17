"""What of a network decides its generated code, separated from what is mere data.

Two populations with equal :class:`PopulationStructure` share one kernel; two groups with equal
:class:`SynapseStructure` share one. Values (parameters, weights, sizes, rates, seeds, dt) never
enter. Everything here works on names and text: a network whose kernels are in the compile cache is
brought up without SymPy.

Inside a kernel every variable has one symbol, which :mod:`.parts` spells.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import field
from functools import cached_property

from pygenn_lite.codegen.structure.parts import COUPLED, OWN, Names, Part
from pygenn_lite.declaration.inputs import PoissonInput, StepCurrent
from pygenn_lite.declaration.language.equations import Equation
from pygenn_lite.declaration.population import Population
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import Location
from pygenn_lite.records import dataclass

Statement = tuple[str, str, str]  # variable, operator, text; for derivatives operator is "'"


@dataclass(frozen=True)
class ReceptorStructure:
    """Postsynaptic variables that one or several synapse groups share on a target population."""

    equations: tuple[Statement, ...]
    inputs: tuple[Statement, ...]
    states: tuple[str, ...]
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class TraceStructure:
    """Variables driven by a neuron's own spikes, read by plastic synapses."""

    side: str  # "pre" | "post"
    equations: tuple[Statement, ...]
    on_spike: tuple[Statement, ...]
    states: tuple[str, ...]
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class PopulationStructure:
    """All that a neuron kernel is generated from."""

    name: str = field(compare=False, repr=False)  # of the first such population, for messages
    equations: tuple[Statement, ...]
    update: tuple[Statement, ...]
    threshold: str | None
    reset: tuple[Statement, ...]
    refractory: str | None
    refractory_is_condition: bool
    clamp: tuple[str, ...]
    integrator: str
    states: tuple[str, ...]
    parameters: tuple[tuple[str, bool], ...]  # name, shared by the whole population?
    inputs: tuple[str, ...]
    receptors: tuple[ReceptorStructure, ...]
    traces: tuple[TraceStructure, ...]
    arena: tuple[str, ...]  # internal names that static synapses add to directly
    accumulated: tuple[str, ...]  # internal names that receive jumps through an accumulator
    poisson: tuple[tuple[str, bool], ...]  # internal target, weight shared?
    currents: tuple[tuple[str, bool], ...]  # input, shared?
    timed: tuple[tuple[str, bool], ...]
    coupled: tuple[str, ...]  # inputs that continuous transmission adds to
    noise: tuple[tuple[str, bool, bool], ...]  # input, mean shared?, std shared?
    exposed: tuple[str, ...]
    split: bool  # plastic synapses jump what the threshold sees
    is_source: bool
    real: str
    check_finite: bool
    crossing: str = ""  # how spikes are located within their steps, where that is asked for

    @cached_property
    def names(self) -> Names:
        """What users call each variable and parameter, and the part that it belongs to, by
        symbol."""
        parts: list[tuple[Part, tuple[str, ...]]] = [
            (OWN, (*self.states, *(n for n, _ in self.parameters)))
        ]
        for k, receptor in enumerate(self.receptors):
            parts.append((Part("receptor", k), (*receptor.states, *receptor.parameters)))
        for part, trace in self.numbered_traces:
            parts.append((part, (*trace.states, *trace.parameters)))
        for kind, number, given in (
            ("poisson", len(self.poisson), ("weight",)),
            ("current", len(self.currents), ("value",)),
            ("timed", len(self.timed), ("value",)),
            ("noise", len(self.noise), ("value", "mean", "std")),
        ):
            parts += [(Part(kind, k), given) for k in range(number)]
        parts.append((COUPLED, self.coupled))
        return {part.symbol(n): (n, part) for part, names in parts for n in names}

    @property
    def numbered_traces(self) -> list[tuple[Part, TraceStructure]]:
        """Traces with their parts: each side is numbered by itself."""
        count = Counter[str]()
        numbered = []
        for trace in self.traces:
            numbered.append((Part(trace.side, count[trace.side]), trace))
            count[trace.side] += 1
        return numbered


@dataclass(frozen=True)
class SynapseStructure:
    """All that the kernels of a plastic (or otherwise general) synapse group are generated from."""

    name: str = field(compare=False, repr=False)
    on_pre: tuple[Statement, ...]
    on_post: tuple[Statement, ...]
    equations: tuple[Statement, ...]
    event_driven: bool
    integrator: str
    synapse: tuple[str, ...]  # per-synapse variables, "weight" first
    pre: tuple[str, ...]  # symbols read from the source population's rings
    post: tuple[str, ...]  # symbols that are arrays over the target shard
    clamped: tuple[str, ...]  # of these, those whose jumps in on_post wait for refractoriness
    summed: tuple[str, ...]  # of these, those whose jumps in on_pre go through accumulators
    scalars: tuple[str, ...]
    real: str
    continuous: tuple[Statement, ...] = ()
    sinks: tuple[tuple[str, str], ...] = ()  # what `continuous` adds to -> the symbol of its sum
    dense: bool = False  # stored as a matrix: rows source, columns target
    transposed: bool = False  # the weights are another group's, whose rows are this one's targets


@dataclass
class PopulationBinding:
    """What binds a population to its kernel: where each of the values comes from."""

    name: str
    kernel: int | None
    values: dict[str, Value]
    initial: dict[str, Value]
    poisson: tuple[PoissonInput, ...] = ()
    timed: tuple[StepCurrent, ...] = ()
    exposed: tuple[str, ...] = ()
    given_by: dict[str, Location] = field(
        default_factory=dict
    )  # for messages: the input of a value
    # Names of the groups that use a receptor or trace, or of the input.
    owners: dict[Part, tuple[str, ...]] = field(default_factory=dict)


@dataclass
class GroupBinding:
    """What binds a synapse group to its kernels, or to the variable that static synapses add to."""

    name: str
    kind: str  # "static" | "general"
    source: str
    target: str
    target_variable: str = ""  # static: internal name of the arena variable
    lead: int = 0
    kernel: int | None = None
    values: dict[str, Value] = field(default_factory=dict)
    initial: dict[str, Value] = field(default_factory=dict)
    receptor: dict[str, str] = field(default_factory=dict)
    pre_trace: dict[str, str] = field(default_factory=dict)
    receptor_part: Part | None = None  # of the target
    pre_part: Part | None = None  # of the source: the trace of its spikes
    post_part: Part | None = None  # of the target: the trace of its spikes
    pre: dict[str, str] = field(default_factory=dict)
    post: dict[str, str] = field(default_factory=dict)
    needs_transposed: bool = False
    needs_sources: bool = False
    needs_delays: bool = False
    dense: bool = False
    transpose_of: str = ""  # the group whose weights it has
    factor: float = 1.0  # of these


@dataclass
class NetworkStructure:
    """The unique kernels of a network and how its populations and groups use them."""

    kernels: tuple[PopulationStructure, ...]
    synapse_kernels: tuple[SynapseStructure, ...]
    populations: dict[str, PopulationBinding]
    groups: dict[str, GroupBinding]

    @property
    def reads_changing_weights(self) -> bool:
        """Whether a group has the weights of another one that change while it runs."""
        return any(
            g.transpose_of and self.weights_change(g.transpose_of) for g in self.groups.values()
        )

    def weights_change(self, group: str) -> bool:
        """Whether the weights of a group with kernels of its own change while it runs."""
        kernel = self.groups[group].kernel
        if kernel is None:
            return False
        structure = self.synapse_kernels[kernel]
        code = (*structure.equations, *structure.on_pre, *structure.on_post)
        return any(name == "weight" for name, _, _ in code)

    @cached_property
    def key(self) -> str:
        """Digest of all that generated code depends on (the compile cache adds its own)."""
        text = repr((self.kernels, self.synapse_kernels))
        return hashlib.sha256(text.encode()).hexdigest()


def is_spike_source(population: Population) -> bool:
    """Whether the population replays given spike trains instead of computing neurons."""
    return type(population.model).__name__ == "SpikeSource"


def statements(equations: Iterable[Equation]) -> tuple[Statement, ...]:
    """Equations as plain text triples."""
    return tuple((e.name, "'" if e.kind == "derivative" else e.operator, e.text) for e in equations)
