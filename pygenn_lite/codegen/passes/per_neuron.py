"""Takes out of expressions over synapses what depends on one neuron alone.

A synapse reads its own variables, its source neuron and its target neuron. ``weight*f(V_pre)``
asks for f once for each source, not once for each synapse: parts that depend on one side are named
and computed beforehand, and only what is left is computed for every pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field, replace

import sympy
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.program.kernel import Add
from pygenn_lite.codegen.systems.rules import Next, Rule
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.records import dataclass

Parts = dict[sympy.Expr, sympy.Symbol]


@dataclass(frozen=True)
class PairSum:
    """``sink_j += factor_j * sum over i of first_ij * second_ij``."""

    sink: str
    factor: sympy.Expr
    first: sympy.Expr
    second: sympy.Expr


@dataclass
class NeuronParts:
    """Parts of expressions by the neuron they depend on.

    Attributes
    ----------
    prefix : str
        Of their names: ``{prefix}pre0__``, ``{prefix}post0__``.
    pre, post, pair : set of str
        Names that belong to source neurons, to target neurons, to synapses; all others are shared.
    of_source, of_target : dict
        The parts found so far, with their names.
    """

    prefix: str
    pre: set[str]
    post: set[str]
    pair: set[str]
    of_source: Parts = field(default_factory=dict)
    of_target: Parts = field(default_factory=dict)
    _known: dict[sympy.Basic, sympy.Expr] = field(default_factory=dict)

    def rules(self, rules: Iterable[Rule]) -> list[Rule]:
        """The same rules (each temporary once, in order) with named parts; temporaries that depend
        on one side become parts themselves."""
        result: list[Rule] = []
        for rule in rules:
            value = self.named(rule.value.xreplace(self._known))
            kept = isinstance(rule, Next) or rule.target in self.pair
            if not kept and not self._sides(value) & {"pair"}:
                self._known[symbol(rule.target)] = rule.value.xreplace(self._known)
                continue
            if not isinstance(rule, Next):
                self.pair.add(rule.target)
            result.append(replace(rule, value=value))
        return result

    def sums(self, assigns: Iterable[Add]) -> list[PairSum]:
        """What is added to each target, as a factor of the target times a sum over its synapses."""
        return [self._sum(assign.target, assign.value) for assign in assigns]

    def named(self, value: sympy.Expr) -> sympy.Expr:
        """An expression with the names of parts in it."""
        sides = self._sides(value)
        if not sides or value in self.of_source.values() or value in self.of_target.values():
            return value
        number = not isinstance(value, (Boolean, ExprCondPair)) or value.is_Symbol
        if number and sides == {"pre"}:
            return self._part(self.of_source, value, "pre")
        if number and sides == {"post"}:
            return self._part(self.of_target, value, "post")
        if isinstance(value, (sympy.Add, sympy.Mul)):
            return value.func(*(self.named(a) for a in self._grouped(value)))
        return value.func(*(self.named(a) for a in value.args)) if value.args else value

    def _sum(self, sink: str, value: sympy.Expr) -> PairSum:
        """The target's factors and shared ones are multiplied once per target."""
        factor, first, second = sympy.S.One, sympy.S.One, sympy.S.One
        for part in sympy.Mul.make_args(sympy.factor_terms(value)):
            sides = self._sides(part)
            if sides <= {"post"}:
                factor *= part
            elif sides == {"pre"}:
                first *= part
            else:
                second *= part
        if first is sympy.S.One and isinstance(second, sympy.Mul):
            own = [a for a in second.args if a.is_Symbol and a.name in self.pair]
            first = own[0] if own else first
            second = second / first
        return PairSum(sink, factor, self.named(first), self.named(second))

    def _grouped(self, value: sympy.Expr) -> Sequence[sympy.Expr]:
        """Terms (or factors) joined by the side they depend on; shared ones go with a side."""
        groups: dict[str, list[sympy.Expr]] = {"pre": [], "post": [], "": []}
        others: list[sympy.Expr] = []
        for part in value.args:
            sides = self._sides(part)
            name = "" if not sides else next(iter(sides)) if len(sides) == 1 else "pair"
            groups.get(name, others).append(part)
        shared = groups.pop("")
        for group in groups.values():
            if group:
                group += shared
                shared = []
        joined = [value.func(*group) for group in groups.values() if group]
        return [*joined, *shared, *others]

    def _sides(self, value: sympy.Basic) -> set[str]:
        names = {s.name for s in value.free_symbols}
        own = {s.name for s in self.of_source.values()}, {s.name for s in self.of_target.values()}
        sides = {"pre": self.pre | own[0], "post": self.post | own[1], "pair": self.pair}
        found = {side for side, members in sides.items() if names & members}
        return {"pair"} if len(found) > 1 else found

    def _part(self, parts: Parts, value: sympy.Expr, side: str) -> sympy.Symbol:
        if value not in parts:
            parts[value] = symbol(f"{self.prefix}{side}{len(parts)}__")
        return parts[value]
