"""Renders optimisers of training as structures of C++ (templates/training/optimiser.hpp.jinja)."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.program.kernel import names_in
from pygenn_lite.codegen.render.cpp_printer import CppPrinter
from pygenn_lite.codegen.render.environment import environment
from pygenn_lite.codegen.trial.optimiser_code import SharedRule, shared_rule
from pygenn_lite.codegen.trial.update_rule import SHARED, UpdateRule
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class StatementView:
    """An assignment; `declared`: the first to a temporary."""

    target: str
    value: str
    declared: bool


@dataclass(frozen=True)
class OptimiserView:
    """What the template needs of one optimiser.

    Attributes
    ----------
    name : str
        Of the structure.
    title : str
        The rule as people read it, one line each.
    slots : tuple of str
    given : tuple of (str, str)
        What `once` reads: a name, and where it comes from.
    once : tuple of (str, str)
        Names and values.
    body : tuple of StatementView
    """

    name: str
    title: tuple[str, ...]
    slots: tuple[str, ...]
    given: tuple[tuple[str, str], ...]
    once: tuple[tuple[str, str], ...]
    body: tuple[StatementView, ...]


def render_optimiser(rules: Iterable[UpdateRule]) -> str:
    """The structures ``Optimiser0``, ``Optimiser1``, ... of rules, in namespace pgl::training.

    Each has ``kSlots``; ``once(update, array)``, what is the same for all values of an array
    (an `OptimiserUpdate` and a `TrainedArray` of templates/training/optimise.hpp); and
    ``step(at, once)`` over ``at.value()``, ``at.gradient()`` and ``at.slot(k)``.
    """
    views = [_view(f"Optimiser{k}", shared_rule(rule)) for k, rule in enumerate(rules)]
    return environment().get_template("training/optimiser.hpp.jinja").render(views=views)


def _view(name: str, made: SharedRule) -> OptimiserView:
    once = CppPrinter("double", _spelled)
    body = CppPrinter("real", lambda n: f"once.{n}" if n in known else _spelled(n))
    known = {s.target for s in made.once}
    return OptimiserView(
        name,
        tuple(str(made.rule).splitlines()),
        tuple(map(_spelled, made.rule.slots)),
        _given(made),
        tuple((s.target, str(once.doprint(s.value))) for s in made.once),
        tuple(_statements(made, body)),
    )


def _given(made: SharedRule) -> tuple[tuple[str, str], ...]:
    read = set().union(*(names_in(s.value) for s in made.once))
    sources = {
        "rate": "update.rate * array.rate_factor",
        "number": "update.number",
        "weight_decay": "update.weight_decay * array.decay_factor",
    }
    assert set(sources) == set(SHARED)
    sources |= {s: f"update.settings[{k}]" for k, s in enumerate(made.rule.settings)}
    return tuple((_spelled(n), source) for n, source in sources.items() if n in read)


def _statements(made: SharedRule, printer: CppPrinter) -> Iterable[StatementView]:
    declared = {"value", "gradient", *made.rule.slots}
    for statement in made.body:
        yield StatementView(
            _spelled(statement.target),
            str(printer.doprint(statement.value)),
            statement.target not in declared,
        )
        declared.add(statement.target)


def _spelled(name: str) -> str:
    """Users may call a slot `double`."""
    return f"{name}_"
