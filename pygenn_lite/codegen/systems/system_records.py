"""What the continuous systems of a network are: for each population and group, f, g, R and J.

Between events a neuron's state follows ``dx/dt = f``; it spikes when its signed threshold ``g``
becomes positive, then ``x = R(x)``; a spike that arrives through a group changes variables of its
target, of the synapse or of traces by ``J``. Integrators discretise these systems; adjoints are
derived from them. Nothing of numerics is in here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace

import sympy

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Parameter:
    """A number that systems depend on.

    Attributes
    ----------
    owner : str
        The population, group or input that has it.
    name : str
        What its owner calls it.
    symbol : str
        How the expressions of its population or group spell it.
    shared : bool
        One value for all neurons (or synapses), else one for each.
    trainable : bool
        Whether gradients with respect to it are asked for.
    others : tuple of str
        Further owners: groups that share a receptor or trace share its parameters.
    """

    owner: str
    name: str
    symbol: str
    shared: bool
    trainable: bool = False
    others: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Owner and name."""
        return f"{self.owner}.{self.name}"

    @property
    def paths(self) -> tuple[str, ...]:
        """The same for each owner."""
        return tuple(f"{owner}.{self.name}" for owner in (self.owner, *self.others))


@dataclass(frozen=True)
class Jump:
    """``variable`` becomes ``value`` at an event.

    Attributes
    ----------
    variable : str
        Symbol in the system of its owner.
    side : str
        "synapse" or "target".
    value : sympy.Expr
        Over symbols of the group (see `SynapseSystem.pre` and `post`); earlier jumps of the same
        event have been done.
    """

    variable: str
    side: str
    value: sympy.Expr


@dataclass(frozen=True)
class NeuronSystem:
    """What a population computes.

    Attributes
    ----------
    population : str
    states : tuple of str
        Symbols of state variables: the neuron's, then those of receptors and traces.
    f : dict of str to sympy.Expr
        Derivatives by state; a state without one stays as it is between events.
    update : tuple of (str, sympy.Expr)
        A discrete model's ordered assignments, once per step.
    threshold : sympy.Basic or None
        The condition as declared, inputs and definitions put in.
    g : sympy.Expr or None
        The same as a number that is positive where the neuron spikes.
    no_g : str
        Why a threshold has no `g`.
    reset : tuple of (str, sympy.Expr)
        R: ordered assignments at a spike, traces of presynaptic spikes at the end.
    after_spike : tuple of (str, sympy.Expr)
        Traces of postsynaptic spikes: as `reset`, once synapses have seen them without.
    refractory : sympy.Expr or None
        Its length in ms, or (`refractory_is_condition`) the condition for which it lasts.
    clamped : tuple of str
        States that do not move in it.
    noise : tuple of (str, sympy.Expr, sympy.Expr)
        Symbol, mean and standard deviation of noise currents (drawn anew in each step).
    timed : tuple of str
        Symbols of currents known beforehand.
    draws : dict of str to str
        Symbols that stand for rand() and randn() in `update`, `threshold` and `reset`.
    events : tuple of (str, str, str)
        Poisson inputs: input, state that it adds to, symbol of its weight.
    parameters : tuple of Parameter
    called : dict of str to str
        What users call symbols, where that is not the same: ``I_syn__r0`` is ``exc_inh.I_syn``.
    """

    population: str
    states: tuple[str, ...]
    f: dict[str, sympy.Expr]
    update: tuple[tuple[str, sympy.Expr], ...]
    threshold: sympy.Basic | None
    g: sympy.Expr | None
    no_g: str
    reset: tuple[tuple[str, sympy.Expr], ...]
    after_spike: tuple[tuple[str, sympy.Expr], ...]
    refractory: sympy.Expr | None
    refractory_is_condition: bool
    clamped: tuple[str, ...]
    noise: tuple[tuple[str, sympy.Expr, sympy.Expr], ...]
    timed: tuple[str, ...]
    draws: dict[str, str]
    events: tuple[tuple[str, str, str], ...]
    parameters: tuple[Parameter, ...]
    called: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"population {self.population}"]
        lines += [f"  d{name}/dt = {value}" for name, value in self.f.items()]
        lines += [f"  each step: {name} = {value}" for name, value in self.update]
        if self.threshold is not None:
            shown = (
                f"g = {self.g} > 0" if self.g is not None else f"{self.threshold}  ({self.no_g})"
            )
            lines.append(f"  spikes where {shown}")
        lines += [f"  at a spike: {name} = {value}" for name, value in self.reset]
        lines += [f"  after a spike: {name} = {value}" for name, value in self.after_spike]
        if self.refractory is not None:
            how = "while" if self.refractory_is_condition else "for"
            lines.append(
                f"  refractory {how} {self.refractory}; clamped: {', '.join(self.clamped)}"
            )
        lines += [f"  {name} ~ normal({mean}, {std})" for name, mean, std in self.noise]
        lines += [f"  spikes of {source}: {v} += {weight}" for source, v, weight in self.events]
        return "\n".join([*lines, *_parameter_lines(self.parameters)])


@dataclass(frozen=True)
class SynapseSystem:
    """What the synapses of a group do.

    Attributes
    ----------
    group, source, target : str
    static : bool
        Whether an arrival only adds the weight to one variable of the target.
    variables : tuple of str
        Per-synapse variables that change; the weight among them where it learns.
    f : dict of str to sympy.Expr
        Their derivatives.
    on_arrival : tuple of Jump
        J where a spike of the source arrives.
    on_post_spike : tuple of Jump
        J at the target's spikes.
    pre, post : dict of str to str
        Symbols of these expressions that stand for states of the source (as they were when the
        spike was sent) and of the target, with their symbols there.
    parameters : tuple of Parameter
        Weight (where it does not learn) and delay among them.
    transmitted : dict of str to sympy.Expr
        What is added continuously to inputs (``I_post``) or variables of the target.
    weights_of, factor : str, float
        The group whose weights, transposed and times the factor, are this one's; "": its own.
    """

    group: str
    source: str
    target: str
    static: bool
    variables: tuple[str, ...]
    f: dict[str, sympy.Expr]
    on_arrival: tuple[Jump, ...]
    on_post_spike: tuple[Jump, ...]
    pre: dict[str, str]
    post: dict[str, str]
    parameters: tuple[Parameter, ...]
    transmitted: dict[str, sympy.Expr] = field(default_factory=dict)
    weights_of: str = ""
    factor: float = 1.0

    def __str__(self) -> str:
        lines = [f"synapse group {self.group} ({self.source} -> {self.target})"]
        if self.weights_of:
            lines.append(f"  weight = {self.factor:g}*transpose({self.weights_of}.weight)")
        lines += [f"  d{name}/dt = {value}" for name, value in self.f.items()]
        lines += [f"  transmitted: {name} += {v}" for name, v in self.transmitted.items()]
        for when, jumps in (
            ("at an arrival", self.on_arrival),
            ("at a spike of the target", self.on_post_spike),
        ):
            lines += [f"  {when}: {jump.variable} = {jump.value}" for jump in jumps]
        return "\n".join([*lines, *_parameter_lines(self.parameters)])


@dataclass(frozen=True)
class NetworkSystems:
    """The systems of a network, by names of populations and groups."""

    populations: dict[str, NeuronSystem]
    groups: dict[str, SynapseSystem]

    @property
    def parameters(self) -> dict[str, Parameter]:
        """All parameters, by each of their paths."""
        systems: list[NeuronSystem | SynapseSystem] = [*self.populations.values()]
        systems += self.groups.values()
        return {path: p for system in systems for p in system.parameters for path in p.paths}

    def with_trainable(self, paths: str | Iterable[str]) -> NetworkSystems:
        """The same with the named parameters marked as trainable, and no others.

        Raises
        ------
        ArgumentError
            There is no such parameter.
        """
        wanted, known = {paths} if isinstance(paths, str) else set(paths), self.parameters
        for path in sorted(wanted - known.keys()):
            raise ArgumentError(
                f"no parameter {path!r}{nearest(path, known)}",
                where=Location.of("trainable"),
                hint=f"parameters are {', '.join(known)}",
            )

        def marked(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
            return tuple(replace(p, trainable=not wanted.isdisjoint(p.paths)) for p in parameters)

        return NetworkSystems(
            {n: replace(s, parameters=marked(s.parameters)) for n, s in self.populations.items()},
            {n: replace(s, parameters=marked(s.parameters)) for n, s in self.groups.items()},
        )

    def __str__(self) -> str:
        return "\n\n".join(str(s) for s in (*self.populations.values(), *self.groups.values()))


def _parameter_lines(parameters: Iterable[Parameter]) -> list[str]:
    shown = [
        f"{p.path}{'' if p.name == p.symbol else f' ({p.symbol})'}"
        f"{'' if p.shared else ', each'}{', trainable' if p.trainable else ''}"
        for p in parameters
    ]
    return [f"  parameters: {'; '.join(shown)}"] if shown else []
