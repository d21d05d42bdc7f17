"""Statements of a kernel as lines that templates write out: what kind each is, with its expressions
printed. How a value is reached in memory is up to the templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import sympy
from sympy.logic.boolalg import Boolean

from pygenn_lite.codegen.program.kernel import (
    Add,
    Assign,
    Elapsed,
    Emit,
    Kernel,
    LinearFlow,
    Propagate,
    Statement,
    Update,
    Where,
    everything,
    read_by,
    written_by,
)
from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.codegen.render.cpp_printer import CppPrinter
from pygenn_lite.records import dataclass

C_TYPES = {"real": "real", "uint16": "uint16_t", "uint32": "uint32_t"}


@dataclass(frozen=True)
class FlowView:
    """A matrix by the positions of its entries, and where its exponential's entries go."""

    size: int
    entries: tuple[tuple[int, str], ...]
    outputs: tuple[tuple[int, str], ...]
    h: str


@dataclass(frozen=True)
class Line:
    """One statement of generated code.

    Attributes
    ----------
    kind : str
        "const" (a temporary), "variable" (one that is assigned again), "set", "add" (to memory),
        "add_seen" (and to its value here), "flow", "elapsed", "where", "emit".
    target, value, type : str
    flow : FlowView or None
    body : tuple of Line
        Of "where".
    number : int
        Where a name of its own is needed.
    exact : bool
        Of "elapsed": whether it is needed in double precision, too.
    """

    kind: str
    target: str = ""
    value: str = ""
    type: str = "real"
    flow: FlowView | None = None
    body: tuple[Line, ...] = ()
    number: int = 0
    exact: bool = False


@dataclass(frozen=True)
class Pointer:
    """A variable in memory: its C type, position in its table, whether it is read or written."""

    symbol: str
    type: str
    index: int
    loaded: bool
    stored: bool


class Writer:
    """Writes the statements of one kernel as lines."""

    def __init__(self, kernel: Kernel, real: str = "real") -> None:
        self.kernel, self.real = kernel, real
        self.known = kernel.known
        self.integers = integer_types(kernel.variables)
        self.numbers = 0
        self.updates = Counter[str]()
        count = Counter(n for s in everything(kernel.body) if _binds(s) for n in written_by(s))
        self.again = {name for name, times in count.items() if times > 1}
        self.read: set[str] = set().union(*(read_by(s) for s in kernel.body))

    def lines(self, body: Iterable[Statement]) -> tuple[Line, ...]:
        """The lines of statements; those that say where a number comes from have none."""
        return self._lines(body, set())

    def expression(self, value: sympy.Basic, real: str | None = None) -> str:
        """A printed expression."""
        printer = CppPrinter(real or self.real, integers=self.integers)
        return str(printer.doprint(value))

    def _lines(self, body: Iterable[Statement], declared: set[str]) -> tuple[Line, ...]:
        result: list[Line] = []
        for statement in body:
            if isinstance(statement, Assign):
                result.append(self._assign(statement.target, statement.value, declared))
            elif isinstance(statement, Update):
                result += self._update(statement)
            elif isinstance(statement, Add):
                self.numbers += 1
                kind = "add_seen" if statement.target in self.read else "add"
                value = self.expression(statement.value)
                result.append(Line(kind, statement.target, value, number=self.numbers))
            elif isinstance(statement, Propagate):
                result.append(self._flow(statement))
            elif isinstance(statement, Elapsed):
                result.append(self._elapsed(statement))
            elif isinstance(statement, Where):
                condition = sympy.And(statement.condition, statement.late)
                inner = self._lines(statement.body, set(declared))
                result.append(Line("where", value=self.expression(condition), body=inner))
            elif isinstance(statement, Emit):
                result.append(Line("emit"))
        return tuple(result)

    def _assign(self, target: str, value: sympy.Basic, declared: set[str]) -> Line:
        variable = self.known.get(target)
        if variable is not None:
            return Line("set", target, self._stored(variable, value))
        type_ = "bool" if isinstance(value, Boolean) and not value.is_Symbol else self.real
        if target in declared:
            return Line("set", target, self.expression(value))
        declared.add(target)
        kind = "variable" if target in self.again else "const"
        return Line(kind, target, self.expression(value), type_)

    def _update(self, statement: Update) -> list[Line]:
        names = {n: self._following(n) for n, _ in statement.values}
        lines = [
            Line("const", names[n], self._stored(self.known[n], v), _type(self.known[n]))
            for n, v in statement.values
        ]
        return lines + [Line("set", n, names[n]) for n, _ in statement.values]

    def _following(self, name: str) -> str:
        """A name for what a variable becomes; a body may update it more than once."""
        self.updates[name] += 1
        return f"{name}__next" + (f"{self.updates[name]}" if self.updates[name] > 1 else "")

    def _stored(self, variable: Variable, value: sympy.Basic) -> str:
        kind = _type(variable)
        if kind == "real":
            return self.expression(value)
        return f"{kind}({self.expression(value, kind)})"

    def _flow(self, statement: Propagate) -> Line:
        spell = {"dt": "dt__exact"} | {
            s.name: f"{s.name}__exact"
            for s in everything(self.kernel.body)
            if isinstance(s, Elapsed)
        }
        printer = CppPrinter("double", lambda n: spell.get(n, n))
        return Line("flow", flow=flow_view(statement.flow, str(printer.doprint(statement.h))))

    def _elapsed(self, statement: Elapsed) -> Line:
        flows = [s.h for s in everything(self.kernel.body) if isinstance(s, Propagate)]
        exact = any(s.name == statement.name for h in flows for s in h.free_symbols)
        return Line("elapsed", statement.name, statement.stamp, exact=exact)


def flow_view(flow: LinearFlow, h: str) -> FlowView:
    """A flow's matrix and outputs, printed in double precision."""
    size = len(flow.variables) + len(flow.inputs)
    printer = CppPrinter("double")
    return FlowView(
        size,
        tuple((i * size + j, str(printer.doprint(value))) for i, j, value in flow.matrix),
        tuple((i * size + j, name) for i, j, name in flow.outputs),
        h,
    )


def pointers(kernel: Kernel, side: str, body: Iterable[Statement]) -> list[Pointer]:
    """Variables of one side that statements read or write, in the order of their table."""
    body = list(body)
    read: set[str] = set().union(*(read_by(s) for s in body))
    # What only some elements get is loaded, too: the others keep what they have.
    read |= {n for s in body if isinstance(s, Where) for n in written_by(s)}
    written = {n for s in everything(body) for n in written_by(s)}
    table = kernel.table(side)
    return [
        Pointer(v.symbol, _type(v), table[v.symbol], v.symbol in read, v.symbol in written)
        for v in kernel.variables
        if v.symbol in table and v.symbol in read | written
    ]


def integer_types(variables: Iterable[Variable]) -> Mapping[str, str]:
    """C types of integer variables."""
    return {v.symbol: _type(v) for v in variables if v.dtype != "real"}


def _type(variable: Variable) -> str:
    return C_TYPES[variable.dtype]


def _binds(statement: Statement) -> bool:
    return isinstance(statement, (Assign, Update))
