"""Renders populations of a training program: a structure of functions of one neuron, whose memory
is reached through what they are handed (`At` in templates/training)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

import sympy
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.passes.reserved_names import spelled
from pygenn_lite.codegen.program.kernel import (
    Add,
    Assign,
    Body,
    Propagate,
    Update,
    names_in,
    read_by,
    written_by,
)
from pygenn_lite.codegen.render.cpp_printer import CppPrinter
from pygenn_lite.codegen.render.environment import environment
from pygenn_lite.codegen.render.statements import FlowView, flow_view
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.trial.coefficients import GRADIENT
from pygenn_lite.codegen.trial.straight_line import needed
from pygenn_lite.codegen.trial.trial_program import (
    BACK,
    SPIKE,
    TANGENTIAL,
    Chain,
    FlowGradient,
    TrialPopulation,
)
from pygenn_lite.records import dataclass

TAKEN = frozenset(("at", "real", "x", "matrix", "gradient"))  # names of the template's own


@dataclass(frozen=True)
class CodeLine:
    """One line: its text; or a flow, whose outputs go into `names`."""

    text: str = ""
    flow: FlowView | None = None
    back: bool = False
    names: tuple[tuple[int, str], ...] = ()
    seeds: tuple[tuple[int, str], ...] = ()
    stores: tuple[str, ...] = ()


@dataclass(frozen=True)
class FunctionView:
    """A function: what it reads first, its lines, what it says at the end."""

    reads: tuple[CodeLine, ...]
    lines: tuple[CodeLine, ...]
    result: str = ""


def render_trial_population(
    population: TrialPopulation, struct: str, *, replayed: bool = False
) -> str:
    """The structure of a population, called `struct`; `replayed`: its spikes may be given, so that
    ``at.decides`` has the last word on them."""
    view = _View(population, replayed)
    return (
        environment()
        .get_template("training/population.hpp.jinja")
        .render(struct=struct, population=population, view=view)
    )


class _View:
    """A population's functions."""

    def __init__(self, population: TrialPopulation, replayed: bool = False) -> None:
        self.population, self.replayed = population, replayed
        places = {
            **_places("at.shared", population.shared),
            **_places("at.own", population.own),
            **{name: f"at.timed({k})" for k, (name, _, _) in enumerate(population.timed)},
        }
        self.common = {**places, "t": "at.t()", "dt": "at.dt()"}
        self.states = _places("at.state", population.states)
        self.before = _places("at.before", population.before)
        self.adjoints = _places("at.adjoint", population.adjoints)
        self.recorded = _places("at.recorded", population.recorded)

    @property
    def forward(self) -> FunctionView:
        """States to the end of the step."""
        population = self.population
        written = {n for s in population.forward for n in written_by(s)}
        reads = [CodeLine(f"real {_name(x)} = {self.states[x]};") for x in population.states]
        kept = {x: CodeLine(f"{to} = {_name(x)};") for x, to in self.before.items()}
        reads += [line for x, line in kept.items() if x in population.states]
        reads += _reads(population.forward, self.common)
        lines = _sequence(population.forward, set(population.states))
        if self.replayed:
            lines = [_decided(line) for line in lines]
        lines += [CodeLine(f"{to} = {_name(x)};") for x, to in self.states.items() if x in written]
        lines += [line for x, line in kept.items() if x not in population.states]
        return FunctionView(tuple(reads), tuple(lines), SPIKE if population.spikes else "false")

    @property
    def record(self) -> FunctionView:
        """What is kept with a spike."""
        body = self.population.record
        reads = _reads(body, {**self.common, **self.before})
        lines = _straight(body, self.recorded, {})
        if any(TANGENTIAL in written_by(s) for s in body):
            lines.append(CodeLine(f"at.count_tangential({TANGENTIAL});"))
        return FunctionView(tuple(reads), tuple(lines))

    @property
    def crossing(self) -> FunctionView:
        """Where in the step the threshold is crossed."""
        value = self.population.crossing
        assigns = [s for s in self.population.record if isinstance(s, Assign)]
        body = needed(assigns, names_in(value))
        reads = _reads(body, {**self.common, **self.before})
        return FunctionView(tuple(reads), tuple(_straight(body, {}, {})), _printed(value))

    @property
    def at_spike(self) -> FunctionView:
        """Adjoints from after a spike to before it."""
        known = {**self.common, **self.adjoints, **self.recorded, BACK: "at.back()"}
        return self._backwards(self.population.at_spike, known)

    @property
    def backward(self) -> FunctionView:
        """Adjoints from the end of the step to its beginning."""
        known = {**self.common, **self.adjoints, **self.before}
        known |= {BACK: "at.back()", SPIKE: "at.spiked()"}
        return self._backwards(self.population.backward, known)

    def _backwards(self, body: Body, known: Mapping[str, str]) -> FunctionView:
        gradients = {n: f"at.gradient({k}, " for k, n in enumerate(self.population.gradients)}
        lines = _straight(body, self.adjoints, gradients)
        return FunctionView(tuple(_reads(body, known)), tuple(lines))

    @property
    def sent(self) -> list[tuple[int, FunctionView]]:
        """By the number of a state: what goes back per unit of weight."""
        found = []
        known = {**self.common, **self.adjoints, **self.before}
        for x, value in self.population.sent.items():
            reads = _reads((Assign("", value),), known)
            number = self.population.states.index(x)
            lines, product = _without_divisions(value, {*self.population.shared, "dt"})
            found.append((number, FunctionView(tuple(reads), tuple(lines), _printed(product))))
        return found

    @property
    def shared_decide(self) -> bool:
        """Whether there is a comparison of nothing but shared values in what is done each step."""
        population = self.population
        bodies = (*population.forward, *population.record, *population.backward)
        values = [v for s in bodies for v in _values_of(s)] + [*population.sent.values()]
        parts = {part for v in values for part in v.atoms(Relational, sympy.Min, sympy.Max)}
        return any(names_in(p) and names_in(p) <= {*population.shared, "dt"} for p in parts)

    @property
    def gradient_places(self) -> list[tuple[bool, int]]:
        """Of each gradient: whether its symbol is shared, and its number there."""
        shared, own = self.population.shared, self.population.own
        return [
            (True, shared.index(n)) if n in shared else (False, own.index(n))
            for n in self.population.gradients
        ]

    @property
    def coefficients(self) -> list[tuple[str, FunctionView]]:
        """Functions in double precision, by name."""
        population = self.population
        values = {
            **_places("at.shared", population.shared),
            **_places("at.own", population.own),
        }
        known = {**values, "dt": "at.dt()"}
        known |= {GRADIENT + n: place.replace("(", "_gradient(") for n, place in values.items()}
        found = []
        for name in ("prepare_shared", "prepare_own", "chain_own", "chain_shared"):
            body: Chain = getattr(population, name)
            written = {n for s in body if isinstance(s, (Assign, Propagate)) for n in written_by(s)}
            inputs = {n: place for n, place in known.items() if n not in written}
            reads = _reads(body, inputs, "double")
            lines = [line for s in body for line in _in_double(s, known)]
            found.append((name, FunctionView(tuple(reads), tuple(lines))))
        return found


def _places(function: str, names: Iterable[str]) -> dict[str, str]:
    return {name: f"{function}({k})" for k, name in enumerate(names)}


def _name(name: str) -> str:
    clashes = name in TAKEN or any(spelled(name, of) != name for of in ("cpp", "cuda"))
    return f"{name}__u" if clashes else name


def _printed(value: sympy.Basic, real: str = "real") -> str:
    return str(CppPrinter(real, _name).doprint(value))


def _without_divisions(value: sympy.Expr, shared: Set[str]) -> tuple[list[CodeLine], sympy.Expr]:
    """An expression that multiplies where it divided by what all neurons share: the reciprocals,
    which compilers take out of the loop over neurons, and what is left."""
    powers = [p for p in value.atoms(sympy.Pow) if p.exp == -1 and names_in(p) <= shared]
    lines, instead = [], {}
    for k, power in enumerate(sorted(powers, key=str)):
        name = f"per{k}__"
        instead[power] = symbol(name)
        lines.append(CodeLine(f"const real {name} = {_printed(power)};"))
    return lines, value.xreplace(instead)


def _type(value: sympy.Basic, real: str = "real") -> str:
    return "bool" if isinstance(value, Boolean) and not value.is_Symbol else real


def _read(statement: object) -> set[str]:
    if not isinstance(statement, FlowGradient):
        return read_by(statement)  # type: ignore[arg-type]
    seeds = {GRADIENT + name for _, _, name in statement.flow.outputs}
    return seeds | names_in(statement.h, *(v for _, _, v in statement.flow.matrix))


def _reads(body: Chain, known: Mapping[str, str], real: str = "real") -> list[CodeLine]:
    """Values that a body reads, under their names."""
    used = {n for s in body for n in _read(s)}
    return [
        CodeLine(f"const {'bool' if name == SPIKE else real} {_name(name)} = {place};")
        for name, place in known.items()
        if name in used
    ]


def _values_of(statement: object) -> list[sympy.Basic]:
    """What a statement assigns or adds."""
    if isinstance(statement, Update):
        return [value for _, value in statement.values]
    return [statement.value] if isinstance(statement, (Assign, Add)) else []


def _decided(line: CodeLine) -> CodeLine:
    """Whether a neuron spikes, where given spikes may say otherwise."""
    before, equals, value = line.text.partition(f" {SPIKE} = ")
    if not equals:
        return line
    return CodeLine(f"{before}{equals}at.decides({value.removesuffix(';')});")


def _sequence(body: Body, states: set[str]) -> list[CodeLine]:
    """Assignments of which some come again."""
    count: dict[str, int] = {}
    for statement in body:
        for name in written_by(statement):
            count[name] = count.get(name, 0) + 1
    declared, lines = set(states), []
    for statement in body:
        if isinstance(statement, Assign):
            kind = "" if statement.target in declared else _type(statement.value) + " "
            if kind and count[statement.target] == 1:
                kind = f"const {kind}"
            declared.add(statement.target)
            value = _printed(statement.value)
            lines.append(CodeLine(f"{kind}{_name(statement.target)} = {value};"))
        elif isinstance(statement, Update):
            names = [(n, f"{n}__next{len(lines)}") for n, _ in statement.values]
            for (_, following), (_, value) in zip(names, statement.values, strict=True):
                lines.append(CodeLine(f"const real {following} = {_printed(value)};"))
            lines += [CodeLine(f"{_name(n)} = {following};") for n, following in names]
    return lines


def _straight(
    body: Body, places: Mapping[str, str], gradients: Mapping[str, str]
) -> list[CodeLine]:
    """Temporaries, what is added to gradients, and what is stored."""
    lines = []
    for statement in body:
        if isinstance(statement, Assign):
            value, kind = _printed(statement.value), _type(statement.value)
            lines.append(CodeLine(f"const {kind} {_name(statement.target)} = {value};"))
        elif isinstance(statement, Add):
            lines.append(CodeLine(f"{gradients[statement.target]}{_printed(statement.value)});"))
        elif isinstance(statement, Update):
            lines += [CodeLine(f"{places[n]} = {_printed(v)};") for n, v in statement.values]
    return lines


def _in_double(statement: object, places: Mapping[str, str]) -> list[CodeLine]:
    if isinstance(statement, Assign):
        name, value = _name(statement.target), _printed(statement.value, "double")
        return [
            CodeLine(f"const double {name} = {value};"),
            CodeLine(f"{places[statement.target]} = {name};"),
        ]
    if isinstance(statement, Add):
        place = places[GRADIENT + statement.target]
        return [CodeLine(f"{place} += {_printed(statement.value, 'double')};")]
    if isinstance(statement, Propagate):
        view = _flow(statement)
        stores = tuple(f"{places[name]} = {name};" for _, name in view.outputs)
        return [CodeLine(flow=view, names=view.outputs, stores=stores)]
    assert isinstance(statement, FlowGradient)
    view = _flow(Propagate(statement.flow, statement.h))
    names = tuple((i * view.size + j, name) for i, j, name in statement.entries)
    seeds = tuple((at, GRADIENT + name) for at, name in view.outputs)
    return [CodeLine(flow=view, back=True, names=names, seeds=seeds)]


def _flow(statement: Propagate) -> FlowView:
    view = flow_view(statement.flow, _printed(statement.h, "double"))
    size = view.size
    entries = tuple((i * size + j, _printed(v, "double")) for i, j, v in statement.flow.matrix)
    return FlowView(size, entries, view.outputs, view.h)
