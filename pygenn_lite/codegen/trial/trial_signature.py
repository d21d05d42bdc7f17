"""What the runtime needs to know of a compiled training program: names and numbers, as plain data
that is kept as JSON beside the shared object. A program that is in the cache needs no SymPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pygenn_lite.codegen.program.kept_record import KeptRecord, with_tuples
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.trial_program import TrialGroup, TrialPopulation, TrialProgram


@dataclass(frozen=True)
class PopulationSignature:
    """A population with a model; see `TrialPopulation`.

    Attributes
    ----------
    name : str
    states, shared, own, adjoints, gradients, initial, trained : tuple of str
        Symbols, in the order of the rows that kernels number.
    timed : tuple of (str, int, bool)
    before, kept, recorded : int
        How many values are kept before a step (the first `kept` of every step), and with a spike.
    spikes, smooth : bool
    """

    name: str
    states: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    timed: tuple[tuple[str, int, bool], ...] = ()
    before: int = 0
    kept: int = 0
    recorded: int = 0
    spikes: bool = False
    smooth: bool = False
    adjoints: tuple[str, ...] = ()
    gradients: tuple[str, ...] = ()
    initial: tuple[str, ...] = ()
    trained: tuple[str, ...] = ()


@dataclass(frozen=True)
class GroupSignature:
    """A synapse group; see `TrialGroup`.

    Attributes
    ----------
    name, source, target : str
    into : int
        Number of the target's state that arrivals add to, and of its adjoint.
    lead : int
        Steps by which they are added earlier.
    weight, delay : bool
        Whether they are trained.
    """

    name: str
    source: str
    target: str
    into: int
    lead: int = 0
    weight: bool = False
    delay: bool = False


@dataclass(frozen=True)
class LossSignature:
    """What a loss gives and takes.

    Attributes
    ----------
    output : str
        The population of whose neurons a sample's outputs are.
    target_kind : str
        "labels", "values", "traces" or "".
    metrics : tuple of str
        Numbers of each sample besides the loss.
    compared : tuple of str
        Populations whose neurons are compared with labels or targets.
    traces : tuple of (str, int)
        In place of a loss: what is given out of every step, and the number of its population.
    """

    output: str = ""
    target_kind: str = ""
    metrics: tuple[str, ...] = ()
    traces: tuple[tuple[str, int], ...] = ()
    compared: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrialSignature(KeptRecord):
    """A training program.

    Attributes
    ----------
    real : str
        "float" or "double".
    adjoint : str
        "exact" or "surrogate".
    populations : tuple of PopulationSignature
        In the order of their numbers; those of `given` are numbered after them.
    given : tuple of str
    groups : tuple of GroupSignature
    loss : LossSignature
    """

    real: str
    adjoint: str
    populations: tuple[PopulationSignature, ...]
    given: tuple[str, ...]
    groups: tuple[GroupSignature, ...]
    loss: LossSignature = LossSignature()

    @property
    def numbers(self) -> dict[str, int]:
        """Of populations, by name."""
        return {
            name: k for k, name in enumerate([*(p.name for p in self.populations), *self.given])
        }

    @classmethod
    def recalled(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Fields, of what `to_json` gave."""
        return {
            **with_tuples(data, ("given",)),
            "populations": tuple(_population(one) for one in data["populations"]),
            "groups": tuple(GroupSignature(**one) for one in data["groups"]),
            "loss": _loss(data["loss"]),
        }


def signature_of_trial(program: TrialProgram, loss: LossSignature) -> TrialSignature:
    """Of a program, with the loss that is compiled together with it."""
    return TrialSignature(
        program.real,
        program.adjoint,
        tuple(_signed(population) for population in program.populations.values()),
        tuple(program.given),
        tuple(_signed_group(program, group) for group in program.groups.values()),
        loss,
    )


def _signed(population: TrialPopulation) -> PopulationSignature:
    return PopulationSignature(
        population.name,
        tuple(population.states),
        tuple(population.shared),
        tuple(population.own),
        tuple(population.timed),
        len(population.before),
        population.kept,
        len(population.recorded),
        population.spikes,
        population.smooth,
        tuple(population.adjoints),
        tuple(population.gradients),
        tuple(population.initial),
        tuple(population.trained),
    )


def _signed_group(program: TrialProgram, group: TrialGroup) -> GroupSignature:
    into = program.populations[group.target].states.index(group.into)
    return GroupSignature(
        group.name, group.source, group.target, into, group.lead, group.weight, group.delay
    )


def _population(data: Mapping[str, Any]) -> PopulationSignature:
    listed = ("states", "shared", "own", "adjoints", "gradients", "initial", "trained")
    timed = tuple((s, int(k), bool(shared)) for s, k, shared in data["timed"])
    return PopulationSignature(**{**with_tuples(data, listed), "timed": timed})


def _loss(data: Mapping[str, Any]) -> LossSignature:
    traces = tuple((name, int(number)) for name, number in data["traces"])
    return LossSignature(**{**with_tuples(data, ("metrics", "compared")), "traces": traces})
