"""Losses of a trial: any function of spike times and of time integrals over variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import sympy

from pygenn_lite.codegen.adjoint.smoothness import refuse_corners
from pygenn_lite.declaration.language.equations import parse_expression
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass

WHERE = Location("loss")
_VARIABLE = re.compile(r"(\w+)\.(\w+(?:\.\w+)?)(?:\[(\d+)\])?")
_SPIKE = re.compile(r"(\w+)\.spike\[(\d+),(\d+)\]")
ExpressionLike: TypeAlias = "sympy.Expr | str"


def spike_time(population: str, neuron: int = 0, number: int = 0) -> sympy.Symbol:
    """The time of a spike, ms, as a symbol for losses.

    Parameters
    ----------
    population : str
    neuron : int
    number : int
        Which of its spikes, from 0.

    Examples
    --------
    >>> first, second = pg.spike_time("out", 0), pg.spike_time("out", 1)
    >>> loss = (first - second - 5.0)**2
    """
    return sympy.Symbol(f"{population}.spike[{int(neuron)},{int(number)}]", real=True)


def state_variable(path: str, neuron: int | None = None) -> sympy.Symbol:
    """A variable of a population over time, as a symbol for losses.

    Parameters
    ----------
    path : str
        "out.V"; or "out.GROUP.I_syn", what a synapse group has on its targets.
    neuron : int, optional
        One of its neurons; without it an expression holds for each of them, and is summed.

    Examples
    --------
    >>> loss = (pg.state_variable("out.V") - 0.5)**2
    """
    index = "" if neuron is None else f"[{int(neuron)}]"
    return sympy.Symbol(f"{path}{index}", real=True)


@dataclass(frozen=True)
class Integrand:
    """What is integrated over time, of the neurons of one population.

    Attributes
    ----------
    population : str
    neuron : int or None
        One of them; None: the sum over all.
    variables : mapping of sympy.Symbol to str
        Symbols of the expression, and the variables that they stand for.
    value : sympy.Expr
        Of these, of ``t`` (ms) and of ``neuron``, the number of the neuron.
    """

    population: str
    neuron: int | None
    variables: Mapping[sympy.Symbol, str]
    value: sympy.Expr


@dataclass(frozen=True, init=False)
class TrialLoss:
    """A loss of a trial: a function of spike times and of integrals over time.

    Parameters
    ----------
    total : sympy expression or str
        Of the names of the integrals, and of :func:`spike_time`.
    integrals : mapping of str to sympy expression
        By name: what is integrated over the trial, of the variables (:func:`state_variable`) of one
        population, of ``t`` and of ``neuron``.

    Raises
    ------
    ArgumentError
        A symbol stands for nothing, or an integral mixes neurons.
    UnsupportedFeatureError
        The loss has a corner or a jump.

    Examples
    --------
    >>> import sympy
    >>> u, v = sympy.symbols("u v")
    >>> integrals = {"u": pg.state_variable("out.V", 0)/50, "v": pg.state_variable("out.V", 1)/50}
    >>> cross_entropy = pg.TrialLoss(sympy.log(1 + sympy.exp(v - u)), integrals)
    """

    total: sympy.Expr
    integrals: tuple[tuple[str, Integrand], ...]
    spikes: tuple[tuple[sympy.Symbol, tuple[str, int, int]], ...]

    def __init__(
        self, total: ExpressionLike, integrals: Mapping[str, ExpressionLike] | None = None
    ) -> None:
        given = {n: _integrand(n, _expression(v)) for n, v in (integrals or {}).items()}
        value = _expression(total)
        refuse_corners(value, "the loss", WHERE)
        spikes = {}
        for s in sorted(value.free_symbols, key=str):
            found = _SPIKE.fullmatch(s.name)
            if found:
                spikes[s] = (found[1], int(found[2]), int(found[3]))
            elif s.name not in given:
                raise ArgumentError(
                    f"{s.name} is neither an integral nor the time of a spike",
                    where=WHERE,
                    hint='write pg.spike_time("out", 0), or name it in integrals',
                )
        plain = {s: sympy.Symbol(s.name, real=True) for s in value.free_symbols}
        object.__setattr__(self, "total", value.xreplace(plain))
        object.__setattr__(self, "integrals", tuple(given.items()))
        object.__setattr__(self, "spikes", tuple((plain[s], at) for s, at in spikes.items()))


def as_loss(given: Any) -> TrialLoss:
    """A loss as users give it: an expression of spike times alone is the loss, one of variables is
    integrated over time.

    Raises
    ------
    ArgumentError
        It is neither, or both.
    """
    if isinstance(given, TrialLoss):
        return given
    value = _expression(given)
    times = {s for s in value.free_symbols if _SPIKE.fullmatch(s.name)}
    if times and times != value.free_symbols:
        raise ArgumentError(
            "the loss mixes spike times with variables, which have a value at every time",
            where=WHERE,
            hint="say what is integrated: pg.TrialLoss(total, integrals={name: expression})",
        )
    if times:
        return TrialLoss(value)
    return TrialLoss(sympy.Symbol("integral", real=True), {"integral": value})


def _expression(given: Any) -> sympy.Expr:
    if isinstance(given, sympy.Expr):
        return given
    if isinstance(given, str):
        value = parse_expression(given, WHERE).sympy()
        assert isinstance(value, sympy.Expr)
        return value
    raise ArgumentError(
        f"{given!r} is not a loss",
        where=WHERE,
        hint='give a SymPy expression of pg.spike_time("out") or pg.state_variable("out.V"), or a '
        "pg.TrialLoss",
    )


def _integrand(name: str, value: sympy.Expr) -> Integrand:
    refuse_corners(value, f"integral {name}", WHERE)
    variables, owners = {}, set()
    for s in sorted(value.free_symbols, key=str):
        if s.name in ("t", "neuron"):
            continue
        found = _VARIABLE.fullmatch(s.name)
        if not found:
            raise ArgumentError(
                f"integral {name}: {s.name} is not a variable of a population",
                where=WHERE,
                hint='write pg.state_variable("out.V")',
            )
        variables[s] = found[2]
        owners.add((found[1], None if found[3] is None else int(found[3])))
    if len(owners) != 1:
        raise ArgumentError(
            f"integral {name} is over variables of {len(owners)} populations or neurons",
            where=WHERE,
            hint="give each an integral of its own; the total may combine them",
        )
    ((population, neuron),) = owners
    plain = {s: sympy.Symbol(s.name, real=True) for s in value.free_symbols}
    return Integrand(
        population, neuron, {plain[s]: v for s, v in variables.items()}, value.xreplace(plain)
    )
