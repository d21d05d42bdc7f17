"""From the structure of a network to its training program (see `trial_program`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field, replace

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import adjoint
from pygenn_lite.codegen.adjoint.neuron_adjoint import neuron_adjoint
from pygenn_lite.codegen.program.kernel import Assign, written_by
from pygenn_lite.codegen.program.neuron_kernel import neuron_kernels
from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.codegen.systems.network_systems import systems_of
from pygenn_lite.codegen.systems.sympy_errors import equations_of
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.trial.exact_spike import CROSSING, exact_spike
from pygenn_lite.codegen.trial.exact_step import exact_step
from pygenn_lite.codegen.trial.gradients_found import check_affine, check_trained
from pygenn_lite.codegen.trial.neuron_parts import NeuronParts, Priced
from pygenn_lite.codegen.trial.refusals import (
    refuse_for_events,
    refuse_group,
    refuse_population,
    refuse_smooth_delays,
)
from pygenn_lite.codegen.trial.smooth_code import refuse_jumps, refuse_without
from pygenn_lite.codegen.trial.smooth_step import SIGNED, smooth_step
from pygenn_lite.codegen.trial.surrogate import Surrogate
from pygenn_lite.codegen.trial.trial_program import (
    SPIKE,
    TrialGroup,
    TrialPopulation,
    TrialProgram,
)
from pygenn_lite.codegen.trial.value_places import ValuePlace, chosen, value_places
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

ADJOINTS = ("exact", "surrogate")


@dataclass(frozen=True)
class _Wishes:
    """What is trained.

    Attributes
    ----------
    places : tuple of ValuePlace
    groups : dict of str to TrialGroup
    needed : set of str
        Populations whose adjoints are needed.
    read : frozenset of (str, str)
        Populations and their states that a loss reads directly.
    """

    places: tuple[ValuePlace, ...]
    groups: dict[str, TrialGroup]
    needed: set[str] = field(default_factory=set)
    read: frozenset[tuple[str, str]] = frozenset()

    def symbols(self, population: str, kind: str) -> tuple[str, ...]:
        """Trained parameters or initial values of a population."""
        return tuple(p.symbol for p in self.places if (p.owner, p.kind) == (population, kind))

    def priced(self, population: str) -> Priced:
        """States to which groups add whose arrivals hand something back."""
        found = (
            group.into
            for group in self.groups.values()
            if group.target == population and (group.delay or group.source in self.needed)
        )
        read = frozenset(state for name, state in self.read if name == population)
        return Priced(tuple(dict.fromkeys(found)), read)


def trial_program(
    structure: NetworkStructure,
    trainable: str | Iterable[str] = "groups.*.weight",
    adjoint: str = "exact",
    surrogate: Surrogate | None = None,
    detach_reset: bool = False,
    read: Iterable[tuple[str, str]] = (),
) -> TrialProgram:
    """The training program of a network.

    Parameters
    ----------
    structure : NetworkStructure
    trainable : str or iterable of str
        Paths of values, with ``*`` for any characters: ``"groups.loop.weight"``.
    adjoint : str
        "exact": spikes are events; "surrogate": in every step they have a derivative.
    surrogate : Surrogate, optional
        Which one.
    detach_reset : bool
        With surrogates: nothing flows back through the reset to the threshold.
    read : iterable of (str, str)
        Populations and states that a loss integrates over time: it jumps where spikes add to them.

    Raises
    ------
    UnsupportedFeatureError
        Something cannot be trained, or a trained value has no gradient; by name.
    ArgumentError
        There is no such value; or surrogate gradients without a surrogate.
    """
    _check_adjoint(adjoint, surrogate)
    for group in structure.groups.values():
        refuse_group(structure, group)
    wishes = replace(_wishes(structure, trainable), read=frozenset(read))
    if surrogate is not None:
        refuse_smooth_delays(wishes.groups.values())
    return TrialProgram(
        _populations(structure, wishes, surrogate, detach_reset),
        tuple(n for n, binding in structure.populations.items() if binding.kernel is None),
        wishes.groups,
        adjoint,
        next((kernel.real for kernel in structure.kernels), "float"),
    )


def _check_adjoint(adjoint: str, surrogate: Surrogate | None) -> None:
    if adjoint not in ADJOINTS or (adjoint == "surrogate") != (surrogate is not None):
        raise ArgumentError(
            f"gradient {adjoint!r} with surrogate {surrogate!r}",
            where=Location.of("gradient"),
            hint='write gradient="exact"; or gradient="surrogate" and which',
        )


def _wishes(structure: NetworkStructure, trainable: str | Iterable[str]) -> _Wishes:
    places = value_places(structure)
    wanted = tuple(places[path] for path in chosen(places, trainable))
    weights, delays = ({p.owner for p in wanted if p.kind == k} for k in ("weight", "delay"))
    groups = {
        name: TrialGroup(
            name,
            group.source,
            group.target,
            group.target_variable + ("__sum" if group.lead else ""),
            group.lead,
            name in weights,
            name in delays,
        )
        for name, group in structure.groups.items()
    }
    needed = {p.owner for p in wanted if p.kind in ("parameter", "initial")}
    needed |= {group.target for group in groups.values() if group.weight or group.delay}
    while more := {g.target for g in groups.values() if g.source in needed} - needed:
        needed |= more
    return _Wishes(wanted, groups, needed)


def _populations(
    structure: NetworkStructure, wishes: _Wishes, surrogate: Surrogate | None, detach_reset: bool
) -> dict[str, TrialPopulation]:
    """Those with a model, in the order of the network."""
    systems, found = systems_of(structure).populations, {}
    for name, binding in structure.populations.items():
        if binding.kernel is None:
            continue
        kernel = structure.kernels[binding.kernel]
        with equations_of(kernel):
            kernels = neuron_kernels(kernel, f"neuron{binding.kernel}")
            refuse_population(name, kernel, systems[name], kernels)
            trained = wishes.symbols(name, "parameter")
            parts = NeuronParts.of(name, kernel, systems[name], kernels, trained)
            found[name] = _population(parts, wishes, surrogate, detach_reset)
    return found


def _population(
    parts: NeuronParts, wishes: _Wishes, surrogate: Surrogate | None, detach_reset: bool
) -> TrialPopulation:
    found = _forward_only(parts)
    if parts.name not in wishes.needed:
        return found
    initial = wishes.symbols(parts.name, "initial")
    priced = wishes.priced(parts.name)
    if surrogate is None:
        refuse_for_events(parts)
        found = _exact(found, parts, priced)
    else:
        found = _smooth(found, parts, priced.into, surrogate, detach_reset)
    found = replace(found, initial=initial)
    check_trained(parts, found)
    return found


def _forward_only(parts: NeuronParts) -> TrialPopulation:
    """A population without a way back."""
    return TrialPopulation(
        name=parts.name,
        states=parts.states,
        shared=parts.table(shared=True),
        own=parts.table(shared=False),
        timed=tuple((t.symbol, k, t.shared) for k, t in enumerate(parts.kernels.timed)),
        forward=parts.step.forward,
        spikes=parts.step.spikes,
        prepare_shared=parts.coefficients.shared,
        prepare_own=parts.coefficients.own,
        trained=parts.trained,
        called=parts.system.called,
    )


def _exact(found: TrialPopulation, parts: NeuronParts, priced: Priced) -> TrialPopulation:
    """Spikes are events."""
    neurons = neuron_adjoint(parts.system)
    refuse_without(neurons.without, parts.trained, parts.where)
    check_affine(parts, neurons, priced.into)
    back = exact_step(parts, neurons, priced)
    found = replace(
        found,
        adjoints=(*(adjoint(x).name for x in parts.differentiable), *back.carried),
        backward=back.backward,
        sent=back.sent,
        gradients=tuple(back.gradients),
    )
    if neurons.spike is not None:
        spike = exact_spike(parts, neurons, priced)
        found = replace(
            found,
            record=spike.record,
            recorded=spike.recorded,
            at_spike=spike.at_spike,
            crossing=symbol(CROSSING),
            gradients=tuple(dict.fromkeys((*back.gradients, *spike.gradients))),
        )
    return _completed(found, parts)


def _smooth(
    found: TrialPopulation,
    parts: NeuronParts,
    into: tuple[str, ...],
    surrogate: Surrogate,
    detach_reset: bool,
) -> TrialPopulation:
    """Every step has a derivative by its spike."""
    flows = {f"d{x}/dt": value for x, value in parts.system.f.items()}
    refuse_jumps(flows, parts.trained, parts.where)  # steps see coefficients made of parameters
    back = smooth_step(parts, surrogate, detach_reset=detach_reset)
    sent: dict[str, sympy.Expr] = {x: adjoint(x) for x in into}
    found = replace(
        found,
        smooth=parts.step.spikes,
        adjoints=tuple(adjoint(x).name for x in parts.differentiable),
        backward=back.backward,
        sent=sent,
        gradients=back.gradients,
    )
    if back.signed is None:
        return _completed(found, parts)
    at = next(k for k, s in enumerate(found.forward) if SPIKE in written_by(s))
    looked = Assign(SIGNED, back.signed)
    found = replace(found, forward=(*found.forward[:at], looked, *found.forward[at:]))
    return _completed(found, parts, (SIGNED,))


def _completed(
    found: TrialPopulation, parts: NeuronParts, also: tuple[str, ...] = ()
) -> TrialPopulation:
    """What is kept, values of `forward` `also`, and the way from coefficients to parameters."""
    read = parts.read_of(found.backward, more=found.sent.values())
    recorded = parts.read_of(found.record) - read
    own, shared = parts.coefficients.chain(found.gradients, parts.trained)
    return replace(
        found,
        before=(*also, *(x for part in (read, recorded) for x in parts.states if x in part)),
        kept=len(also) + len(read),
        chain_own=own,
        chain_shared=shared,
    )
