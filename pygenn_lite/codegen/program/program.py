"""The Program: what is to be computed, free of any target language.

A Program is a set of kernels and the schedule of a time step. A kernel has named arrays (one value
per neuron or synapse), named scalars (one value for all), and ordered lists of assignments whose
right-hand sides are SymPy expressions over those names. Backends render it; the reference
interpreter runs it as it stands.
Each structure prints itself in a form a scientist can read.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy

from pygenn_lite.codegen.program.schedule import NOTHING_TO_DO, Schedule
from pygenn_lite.codegen.program.signature import Variable


@dataclass(frozen=True)
class Assign:
    """``target = value``. A target that is no array of the kernel is a local temporary."""

    target: str
    value: sympy.Expr

    def __str__(self) -> str:
        return f"{self.target} = {self.value}"


@dataclass(frozen=True)
class Coefficient:
    """``name = value``: computed once before the run from parameters and the step ``dt``."""

    name: str
    value: sympy.Expr
    per_neuron: bool


@dataclass(frozen=True)
class LinearFlow:
    """The propagator of ``dx/dt = A x + B u`` over one step, u held: x' = P x + Q u.

    ``matrix`` holds A and B, ``outputs`` names the entries of P and Q that are kept (structural
    zeros are left out). They are computed numerically (so coinciding time constants are no special
    case); :mod:`pygenn_lite.codegen.systems.closed_form` gives the formulas for display and for
    any h.
    """

    variables: tuple[str, ...]
    inputs: tuple[str, ...]  # "1" is the constant
    matrix: tuple[tuple[int, int, sympy.Expr], ...]  # row, column (variables, inputs), entry
    outputs: tuple[tuple[int, int, str], ...]  # row, column, coefficient name
    per_neuron: tuple[str, ...]  # the coefficients that differ between neurons (or synapses)


@dataclass(frozen=True)
class Draw:
    """A random number per neuron and step, known in the step under ``name``."""

    name: str
    kind: str  # "normal" | "uniform"
    purpose: int


@dataclass(frozen=True)
class Jump:
    """``target += weight * count`` at the end of the step (Poisson input number ``index``)."""

    target: str
    weight: str
    index: int


@dataclass(frozen=True)
class Timed:
    """A current that changes in time, known in the step under ``name``."""

    name: str
    shared: bool


@dataclass(frozen=True)
class NeuronKernel:
    """One time step of a population.

    ``split``: between the flow and the threshold, plastic synapses jump what the threshold sees.
    """

    name: str
    arrays: tuple[Variable, ...]
    scalars: tuple[Variable, ...]
    coefficients: tuple[Coefficient, ...]
    flows: tuple[LinearFlow, ...]
    draws: tuple[Draw, ...]
    timed: tuple[Timed, ...]
    poisson: tuple[Jump, ...]
    step: tuple[Assign, ...]  # temporaries, then "<state>__next" for each state that changes
    changed: tuple[str, ...]  # states with a "__next"
    held: tuple[str, ...]
    accumulators: tuple[tuple[str, str], ...]  # state, accumulator array
    refractory: str | None  # None | "time" | "condition"
    refractory_condition: sympy.Expr | None
    threshold: sympy.Expr | None  # over states at the end of the step; t is the end of the step
    reset: tuple[Assign, ...]  # in order, each sees the ones before
    on_spike: tuple[Assign, ...]  # presynaptic traces, after the reset
    after: tuple[Assign, ...]  # postsynaptic traces, after delivery in the next step
    reset_draws: tuple[Draw, ...]
    after_in_source: bool  # spike source: `after` holds the presynaptic traces
    published: tuple[str, ...]
    checked: tuple[str, ...]  # states that must stay finite, in the order of blaming them
    watched: tuple[str, ...]  # those of `checked` that are looked at in every step
    integrators: tuple[tuple[str, str], ...]  # variable, integrator (for people)
    split: bool
    real: str

    def __str__(self) -> str:
        from pygenn_lite.codegen.program.describe import describe_neuron_kernel

        return describe_neuron_kernel(self)


@dataclass(frozen=True)
class SynapseKernel:
    """What happens at plastic synapses: at a presynaptic arrival, a postsynaptic spike, every step.

    Assignments are ordered; targets in ``synapse`` are per-synapse variables, targets in ``post``
    are added to (`value` is then the increment). Increments that ``on_pre`` gives to ``summed``
    variables go into the target's accumulators (``<variable>__sum`` in ``post``): the threshold
    sees them, so such a group's arrivals are handled before it is tested (``lead`` 1).

    ``couple`` is evaluated for every synapse in every step, before ``step`` changes the synapse:
    each value is added to the sum that ``sinks`` names for its target, a symbol in ``post`` (of an
    input, which the step reads, or an accumulator). ``dense``: synapses stand in a matrix
    (``transposed``: another group's, of which targets are the rows).
    """

    name: str
    synapse: tuple[str, ...]
    pre: tuple[str, ...]
    post: tuple[str, ...]
    held: tuple[str, ...]  # of `post`: on_post leaves them while the counter `refractory` runs
    summed: tuple[str, ...]
    scalars: tuple[str, ...]
    flows: tuple[LinearFlow, ...]  # over `elapsed` (event driven) or a step; known in decay or step
    decay: tuple[Assign, ...]  # event driven: brings variables up to date; uses `elapsed` (ms)
    on_pre: tuple[Assign, ...]
    on_post: tuple[Assign, ...]
    step: tuple[Assign, ...]
    integrators: tuple[tuple[str, str], ...]  # per-synapse variable, integrator (for people)
    real: str
    couple: tuple[Assign, ...] = ()
    sinks: tuple[tuple[str, str], ...] = ()
    dense: bool = False
    transposed: bool = False

    @property
    def lead(self) -> int:
        """Steps by which arrivals are handled earlier than at the beginning of their own step."""
        return 1 if self.summed else 0

    def __str__(self) -> str:
        from pygenn_lite.codegen.program.describe import describe_synapse_kernel

        return describe_synapse_kernel(self)


@dataclass(frozen=True)
class Program:
    """All kernels of a network, and the order in which they are called."""

    neurons: tuple[NeuronKernel, ...]
    synapses: tuple[SynapseKernel, ...]
    schedule: Schedule = NOTHING_TO_DO

    @property
    def real(self) -> str:
        """The type of all arithmetic: float or double."""
        types = [k.real for k in self.neurons] + [k.real for k in self.synapses]
        return types[0] if types else "float"

    def __str__(self) -> str:
        kernels = (str(kernel) for kernel in (*self.neurons, *self.synapses))
        return "\n\n".join([*kernels, str(self.schedule)])
