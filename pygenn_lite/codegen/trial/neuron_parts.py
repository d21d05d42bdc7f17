"""What the parts of a population's training program are derived from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy

from pygenn_lite.codegen.passes.shared_subexpressions import share_subexpressions
from pygenn_lite.codegen.program.kernel import (
    Add,
    Assign,
    Body,
    Kernel,
    Update,
    names_in,
    read_by,
)
from pygenn_lite.codegen.program.program import NeuronKernels
from pygenn_lite.codegen.structure.structures import PopulationStructure
from pygenn_lite.codegen.systems.rules import Next, Rule
from pygenn_lite.codegen.systems.system import DT, T, symbol
from pygenn_lite.codegen.systems.system_records import NeuronSystem
from pygenn_lite.codegen.trial.coefficients import Coefficients
from pygenn_lite.codegen.trial.smooth_code import smooth_statements
from pygenn_lite.codegen.trial.straight_line import StraightStep, needed, straight_step
from pygenn_lite.codegen.trial.trial_text import Speech
from pygenn_lite.errors import Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

SHARED = re.compile(r"c\d+__")  # names of shared subexpressions
COUNTER = "refractory"
AT_END = {T: T + DT}


@dataclass(frozen=True)
class Priced:
    """States that spikes add to, of whose arrivals somebody asks what it costs if they are later:
    a trained delay, or a source with a gradient.

    Attributes
    ----------
    into : tuple of str
        As groups point to them, sums of a step among them.
    read : frozenset of str
        States that the loss reads directly: it adds to these prices.
    """

    into: tuple[str, ...]
    read: frozenset[str] = frozenset()


@dataclass(frozen=True)
class NeuronParts:
    """A population with a model.

    Attributes
    ----------
    name : str
    structure : PopulationStructure
    system : NeuronSystem
    kernels : NeuronKernels
    step : StraightStep
    states : tuple of str
        Those with a derivative, then the refractory counter.
    trained : tuple of str
        Symbols of parameters whose gradients are asked for.
    coefficients : Coefficients
    traced : tuple of str
        Symbols of `trained`, and the coefficients that they move.
    """

    name: str
    structure: PopulationStructure
    system: NeuronSystem
    kernels: NeuronKernels
    step: StraightStep
    states: tuple[str, ...]
    trained: tuple[str, ...]
    coefficients: Coefficients
    traced: tuple[str, ...]

    @staticmethod
    def of(
        name: str,
        structure: PopulationStructure,
        system: NeuronSystem,
        kernels: NeuronKernels,
        trained: Iterable[str],
    ) -> NeuronParts:
        """Its step as straight-line code, and what training parameters touches."""
        roles = {v.symbol: v.role for v in kernels.variables}
        smooth = [s for s, role in roles.items() if role in ("state", "accumulator")]
        counter = [s for s, role in roles.items() if role == COUNTER]
        coefficients = Coefficients.of(kernels.kernels["prepare"])
        wanted = tuple(trained)
        moved = coefficients.moved_by(wanted)
        known = [v.symbol for v in (*kernels.scalars, *kernels.variables)]
        states = (*smooth, *counter)
        return NeuronParts(
            name,
            structure,
            system,
            kernels,
            straight_step(kernels.kernels["update"].body, states),
            states,
            wanted,
            coefficients,
            tuple(s for s in known if s in moved or s in wanted),
        )

    @property
    def where(self) -> Location:
        """The population."""
        return Location.of("population", self.name)

    @property
    def kernel(self) -> Kernel:
        """The kernel of the step."""
        return self.kernels.kernels["update"]

    @property
    def differentiable(self) -> tuple[str, ...]:
        """States with a derivative."""
        return tuple(x for x in self.states if x != COUNTER)

    @property
    def spikes_on_the_way_up(self) -> bool:
        """Whether refractoriness is no more than to have crossed the threshold: a neuron spikes
        whenever it rises through it, and nothing else changes at its end."""
        same = self.system.refractory == self.system.threshold
        return self.structure.refractory_is_condition and same and not self.system.clamped

    def table(self, *, shared: bool) -> tuple[str, ...]:
        """Parameters and coefficients, one for all or one for each, in their order."""
        side = self.kernels.scalars if shared else self.kernels.variables
        return tuple(v.symbol for v in side if v.role in ("parameter", "coefficient"))

    def smooth(self, statements: Iterable[Assign]) -> tuple[Assign, ...]:
        """Statements in a form that can be differentiated.

        Raises
        ------
        UnsupportedFeatureError
            One of them jumps with a state, or with a trained parameter.
        """
        rules = tuple(statements)
        counts = [s.target for s in rules if s.target.split("__")[0] == COUNTER]
        try:
            return smooth_statements(rules, self.differentiable, self.where, self.trained, counts)
        except UnsupportedFeatureError as error:
            say = Speech(self.system.called)
            raise UnsupportedFeatureError(
                say(error.message), where=error.where, hint=error.hint
            ) from None

    def body(
        self,
        given: Iterable[Assign],
        updates: Mapping[str, sympy.Expr],
        gradients: Mapping[str, sympy.Expr] = {},
        also: Iterable[str] = (),
    ) -> Body:
        """A body that assigns what is needed of `given`, and what is named in `also`; then adds to
        gradients, and updates. What is computed more than once is computed once."""
        read = names_in(*updates.values(), *gradients.values())
        first = needed(given, {*read, *also})
        rules: list[Rule] = [*first, *(Next(n, v) for n, v in updates.items())]
        rules += [Next(f"add__{n}", v) for n, v in gradients.items()]
        shared = _without_signs(share_subexpressions(rules, "c"))
        found: list[Assign | Update | Add] = [r for r in shared if isinstance(r, Assign)]
        values = [(r.target, r.value) for r in shared if isinstance(r, Next)]
        adds = [(n, v) for n, v in values if n.startswith("add__")]
        found += [Add(n.removeprefix("add__"), v) for n, v in adds]
        if updates:
            found.append(Update(tuple((n, v) for n, v in values if n in updates)))
        return tuple(found)

    def read_of(self, *bodies: Body, more: Iterable[sympy.Basic] = ()) -> set[str]:
        """States that bodies read."""
        read = {n for body in bodies for s in body for n in read_by(s)} | names_in(*more)
        return read & set(self.states)


def _without_signs(rules: Iterable[Rule]) -> list[Rule]:
    """Shared subexpressions that are no more than another value with its sign changed are put back
    where they are used."""
    plain: dict[sympy.Basic, sympy.Basic] = {}
    found = []
    for rule in rules:
        value = rule.value.xreplace(plain)
        if isinstance(rule, Assign) and SHARED.fullmatch(rule.target) and (-value).is_Symbol:
            plain[symbol(rule.target)] = value
        else:
            found.append(replace(rule, value=value))
    return found
