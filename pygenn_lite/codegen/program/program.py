"""The Program: what is to be computed, free of any target language.

A Program is the kernels of all populations and groups. Backends render them; the reference
interpreter runs them as they stand. Each structure prints itself in a form a scientist can read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.codegen.program.kernel import Kernel, LinearFlow
from pygenn_lite.codegen.program.schedule import NOTHING_TO_DO, Schedule
from pygenn_lite.codegen.program.signature import TimedSignature, Variable
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class NeuronKernels:
    """The kernels of a population.

    Attributes
    ----------
    name : str
    kernels : dict of str to Kernel
        "integrate" (only where plastic synapses jump what the threshold sees: what remains of a
        step is then in "update"), "update", "after" (what follows a spike one step later; of a
        spike source, at its spikes), "prepare" (coefficients).
    variables, scalars : tuple of Variable
        One value per neuron, and shared ones, in ABI order.
    flows : tuple of LinearFlow
    poisson : tuple of str
        Symbols that Poisson inputs add to.
    timed : tuple of TimedSignature
    exposed, checked : tuple of str
    integrators : tuple of (str, str)
        Variable and integrator, for people.
    real : str
    """

    name: str
    kernels: dict[str, Kernel]
    variables: tuple[Variable, ...]
    scalars: tuple[Variable, ...]
    flows: tuple[LinearFlow, ...]
    poisson: tuple[str, ...]
    timed: tuple[TimedSignature, ...]
    exposed: tuple[str, ...]
    checked: tuple[str, ...]
    integrators: tuple[tuple[str, str], ...]
    real: str

    def __str__(self) -> str:
        from pygenn_lite.codegen.program.describe import describe_kernels

        head = [f"neuron kernel {self.name} ({self.real})"]
        return describe_kernels(head, self.integrators, self.flows, self.kernels)


@dataclass(frozen=True)
class SynapseKernels:
    """The kernels of a group whose synapses do more than add a constant weight.

    Attributes
    ----------
    name : str
    kernels : dict of str to Kernel
        "on_pre" (arrivals), "on_post" (spikes of the target), "couple" (continuous transmission),
        "step" (every step), "settle" (what brings variables that are integrated between events up
        to date).
    lead : int
        Steps by which arrivals are handled earlier than at the beginning of their own step.
    variables, scalars : tuple of Variable
        One value per synapse, and shared ones, in ABI order.
    pre, post : tuple of str
        Symbols of source and target neurons, in ABI order.
    sinks : tuple of str
        Of `post`, the sums that "couple" adds to: of an input, which the step reads, or an
        accumulator.
    flows : tuple of LinearFlow
    integrators : tuple of (str, str)
    real : str
    """

    name: str
    kernels: dict[str, Kernel]
    lead: int
    variables: tuple[Variable, ...]
    scalars: tuple[Variable, ...]
    pre: tuple[str, ...]
    post: tuple[str, ...]
    flows: tuple[LinearFlow, ...]
    integrators: tuple[tuple[str, str], ...]
    real: str
    sinks: tuple[str, ...] = ()

    @property
    def step_name(self) -> str:
        """The function of what happens in every step: "couple", then "step"."""
        return f"{self.name}_step"

    def __str__(self) -> str:
        from pygenn_lite.codegen.program.describe import describe_kernels

        variables = ", ".join(v.symbol for v in self.variables)
        head = [f"synapse kernel {self.name} ({self.real})", f"  per synapse: {variables}"]
        return describe_kernels(head, self.integrators, self.flows, self.kernels)


@dataclass(frozen=True)
class Program:
    """All kernels of a network, what its groups deliver, and the order in which all is done.

    Attributes
    ----------
    neurons : tuple of NeuronKernels
    synapses : tuple of SynapseKernels
    schedule : Schedule
        Of the simulation.
    deliveries : dict of str to Delivery
        By group.
    added : tuple of Kernel
        What an extension brings along.
    """

    neurons: tuple[NeuronKernels, ...]
    synapses: tuple[SynapseKernels, ...]
    schedule: Schedule = NOTHING_TO_DO
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    added: tuple[Kernel, ...] = ()

    @property
    def real(self) -> str:
        """The type of all arithmetic: float or double."""
        types = [k.real for k in self.neurons] + [k.real for k in self.synapses]
        return types[0] if types else "float"

    @property
    def kernels(self) -> Iterator[Kernel]:
        """All kernels: of populations, of groups, of an extension."""
        for own in self.neurons:
            yield from own.kernels.values()
        for group in self.synapses:
            yield from group.kernels.values()
        yield from self.added

    def __str__(self) -> str:
        kernels = (str(kernel) for kernel in (*self.neurons, *self.synapses, *self.added))
        return "\n\n".join([*kernels, str(self.schedule)])
