"""What is derived of a network for its gradients: the adjoint of each population and of each
synapse group, which print themselves as formulas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import (
    ArrivalAdjoint,
    FlowAdjoint,
    ReleaseAdjoint,
    SpikeAdjoint,
    of_synapse,
)
from pygenn_lite.codegen.adjoint.formulas import (
    Speech,
    arrival_lines,
    flow_lines,
    instead,
    release_lines,
    spike_lines,
)
from pygenn_lite.codegen.systems.system_records import (
    NetworkSystems,
    NeuronSystem,
    Parameter,
    SynapseSystem,
)
from pygenn_lite.errors import Location
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class NeuronAdjoint:
    """A population.

    Attributes
    ----------
    system : NeuronSystem
    flow : FlowAdjoint
        While neurons are not refractory.
    clamped_flow : FlowAdjoint or None
        While they are.
    spike : SpikeAdjoint or None
    release : ReleaseAdjoint or None
    events : mapping of str to tuple
        By Poisson input: how its events arrive, free and while refractory.
    without : mapping of str to str
        By symbol: parameters without a gradient, and why.
    data : str
        Why its spikes are given data, not differentiated; "": they are not.
    breaks : tuple of sympy.Expr
        Times at which its dynamics jump, over parameters.
    unforeseen : tuple of str
        What in them jumps at times that are not known beforehand.
    """

    system: NeuronSystem
    flow: FlowAdjoint
    clamped_flow: FlowAdjoint | None = None
    spike: SpikeAdjoint | None = None
    release: ReleaseAdjoint | None = None
    events: Mapping[str, tuple[ArrivalAdjoint, ArrivalAdjoint]] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)
    data: str = ""
    breaks: tuple[sympy.Expr, ...] = ()
    unforeseen: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The population."""
        return self.system.population

    def __str__(self) -> str:
        system = self.system
        say = Speech({**{p.symbol: p.name for p in system.parameters}, **system.called})
        lines = [f"population {self.name}"]
        if self.data:
            lines.append(f"  its spikes are data: {self.data}")
        lines += flow_lines(self.flow, self.clamped_flow if system.clamped else None, say)
        if self.spike is not None and (self.spike.g is not None or self.spike.reset):
            lines += spike_lines(self.spike, say)
        if self.release is not None and self.release.clamped:
            lines += release_lines(self.release, say)
        for name, (free, _) in self.events.items():
            lines += [
                f"  where an event of {name} arrives",
                *arrival_lines(free, say, delayed=False),
            ]
        lines += [f"  no gradient of {say.name(p)}: {why}" for p, why in self.without.items()]
        return "\n".join(lines)


@dataclass(frozen=True)
class SynapseAdjoint:
    """A synapse group.

    Attributes
    ----------
    system : SynapseSystem
    free, clamped : ArrivalAdjoint
        While the target is not refractory, and while it is. Symbols of the synapse end in
        ``__synapse``; others are states of the target, and ``carried__X`` those of the source.
    called : mapping of str to str
        What users call symbols of the target and of what is carried.
    without : mapping of str to str
        By symbol: parameters without a gradient, and why.
    """

    system: SynapseSystem
    free: ArrivalAdjoint
    clamped: ArrivalAdjoint
    called: Mapping[str, str] = field(default_factory=dict)
    without: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The group."""
        return self.system.group

    def __str__(self) -> str:
        system = self.system
        names = {of_synapse(p.symbol): p.name for p in system.parameters}
        say = Speech({**names, **self.called})
        lines = [
            f"synapse group {system.group} ({system.source} -> {system.target})",
            "  where a spike arrives (lam on the right: just after, on the left: before)",
        ]
        free, held = (arrival_lines(a, say, delayed=True) for a in (self.free, self.clamped))
        lines += free
        if held != free:
            lines.append("  while the target is refractory, instead")
            lines += instead(free, held)
        lines += [f"  no gradient of {say.name(p)}: {why}" for p, why in self.without.items()]
        return "\n".join(lines)


@dataclass(frozen=True)
class NetworkAdjoint:
    """The adjoints of a network, by names of populations and groups."""

    systems: NetworkSystems
    populations: Mapping[str, NeuronAdjoint]
    groups: Mapping[str, SynapseAdjoint]

    def without_gradient(self) -> Iterator[tuple[Location, Parameter, str]]:
        """Parameters that have none, each with where it is declared and why."""
        for name, neurons in self.populations.items():
            for p in neurons.system.parameters:
                if p.symbol in neurons.without:
                    where = Location.of("population", name).key("parameters")
                    yield where, p, neurons.without[p.symbol]
        for name, synapses in self.groups.items():
            for p in synapses.system.parameters:
                if of_synapse(p.symbol) in synapses.without:
                    where = Location.of("synapse group", name)
                    yield where, p, synapses.without[of_synapse(p.symbol)]

    def __str__(self) -> str:
        return "\n\n".join(str(a) for a in (*self.populations.values(), *self.groups.values()))
