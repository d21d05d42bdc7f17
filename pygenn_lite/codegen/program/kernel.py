"""Kernels: ordered statements over the elements of a domain, free of any target language.

A kernel names its variables (in ABI order) and lists what is done to each element of its domain.
Right-hand sides are SymPy expressions over the variables, over temporaries of the statements
before, and over ``t`` (ms), ``dt`` and, at synapses, ``delay`` (ms). Any kernel that is well formed
renders and is interpreted; renderers and interpreters do not know kernels by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sympy

from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.codegen.program.text import shown
from pygenn_lite.records import dataclass

VISITS = {
    "population": ("all", "spiking", "once"),
    "synapses": ("all", "arrival", "target"),
    "network": ("once",),
}


@dataclass(frozen=True)
class Domain:
    """What a kernel runs over.

    Attributes
    ----------
    kind : str
        "population" (its neurons), "synapses" (of a group) or "network" (shared values alone).
    visit : str
        Which elements, and when: "all" of them in a step; "spiking" neurons, given as a list;
        synapses at which spikes arrive ("arrival") or whose target spiked ("target"); "once",
        outside of steps and in double precision, where parameters have changed.
    """

    kind: str
    visit: str = "all"

    def __post_init__(self) -> None:
        if self.visit not in VISITS.get(self.kind, ()):
            raise ValueError(f"{self.kind!r} cannot be visited by {self.visit!r}")

    def __str__(self) -> str:
        return f"{self.kind}, {self.visit}"


@dataclass(frozen=True)
class Assign:
    """``target = value``. A target that is not a variable of the kernel is a temporary, known to
    the statements that follow in the same body."""

    target: str
    value: sympy.Basic

    def __str__(self) -> str:
        return f"{self.target} = {shown(self.value)}"


@dataclass(frozen=True)
class Update:
    """Assignments done at once: every value is computed from what was before."""

    values: tuple[tuple[str, sympy.Expr], ...]

    def __str__(self) -> str:
        return "\n".join(f"{target} <- {shown(value)}" for target, value in self.values)


@dataclass(frozen=True)
class Add:
    """``target += value`` for a variable of the target neuron, which other synapses add to, too.
    Statements that follow see the sum."""

    target: str
    value: sympy.Expr

    def __str__(self) -> str:
        return f"{self.target} += {shown(self.value)}"


@dataclass(frozen=True)
class Draw:
    """A random number per neuron and step, known under ``name``."""

    name: str
    kind: str  # "normal" | "uniform"
    purpose: int

    def __str__(self) -> str:
        return f"{self.name} ~ {self.kind}"


@dataclass(frozen=True)
class Count:
    """Spikes of the population's Poisson input number ``index`` in this step."""

    name: str
    index: int

    def __str__(self) -> str:
        return f"{self.name} = spikes of Poisson input {self.index}"


@dataclass(frozen=True)
class TimedValue:
    """Value of the population's known current number ``index`` in this step."""

    name: str
    index: int
    shared: bool

    def __str__(self) -> str:
        return f"{self.name} = known current {self.index}"


@dataclass(frozen=True)
class LinearFlow:
    """The propagator of ``dx/dt = A x + B u`` over a time h, u held: x' = P x + Q u.

    ``matrix`` holds A and B, ``outputs`` names the entries of P and Q that are kept (structural
    zeros are left out). They are computed numerically (so coinciding time constants are not a
    special case); :mod:`pygenn_lite.codegen.systems.closed_form` gives the formulas for display and
    for any h.
    """

    variables: tuple[str, ...]
    inputs: tuple[str, ...]  # "1" is the constant
    matrix: tuple[tuple[int, int, sympy.Expr], ...]  # row, column (variables, inputs), entry
    outputs: tuple[tuple[int, int, str], ...]  # row, column, coefficient name
    per_neuron: tuple[str, ...]  # the coefficients that differ between neurons (or synapses)
    while_refractory: bool = False  # of variables that depend on clamped ones, for that time

    def over(self, h: sympy.Expr) -> Propagate:
        """The statement that computes the coefficients for a time h (ms), which may differ between
        elements."""
        return Propagate(self, h)


@dataclass(frozen=True)
class Propagate:
    """The coefficients of a flow over ``h`` ms: variables of the kernel, or temporaries."""

    flow: LinearFlow
    h: sympy.Expr

    def __str__(self) -> str:
        names = ", ".join(name for _, _, name in self.flow.outputs)
        return f"{names} = entries of exp({self.h}*A)"


@dataclass(frozen=True)
class Elapsed:
    """``name`` = ms since the step in ``stamp``, which becomes the present one."""

    name: str
    stamp: str

    def __str__(self) -> str:
        return f"{self.name} = time since {self.stamp}"


@dataclass(frozen=True)
class Check:
    """These must be finite, or the step is a fault of the first of them, counted in the order of
    the kernel's `checked`. `watched`: as many of them as must be looked at in every step."""

    variables: tuple[str, ...]
    watched: tuple[str, ...]

    def __str__(self) -> str:
        return f"finite: {', '.join(self.variables)}"


@dataclass(frozen=True)
class Where:
    """A body for the few elements for which `condition` holds, and `late`.

    Attributes
    ----------
    condition : sympy.Basic
    body : tuple of statements
    late : sympy.Basic
        A further condition, which seldom fails where the first one holds: it may be looked at for
        these elements alone.
    """

    condition: sympy.Basic
    body: tuple[Statement, ...]
    late: sympy.Basic = sympy.true

    def __str__(self) -> str:
        both = shown(sympy.And(self.condition, self.late))
        inner = "\n".join(str(s) for s in self.body).replace("\n", "\n  ")
        return f"where {both}:\n  {inner}" if self.body else f"where {both}: nothing"


@dataclass(frozen=True)
class Emit:
    """This neuron spikes.

    Attributes
    ----------
    carries : tuple of str
        Variables of the neuron whose values go with the spike into a record of it, such as where
        in the step it was.
    """

    carries: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"spike({', '.join(self.carries)})" if self.carries else "spike"


Statement = (
    Assign | Update | Add | Draw | Count | TimedValue | Propagate | Elapsed | Check | Where | Emit
)
Body = tuple[Statement, ...]


@dataclass(frozen=True)
class Kernel:
    """Statements over a domain.

    Attributes
    ----------
    name : str
        Of the function.
    domain : Domain
    variables : tuple of Variable
        All that the body may read or write; those of one table of the ABI in its order.
    body : tuple of statements
    real : str
        "float" or "double": the type of real variables.
    fires : bool
        Whether it is asked for spikes, and hands back how many there were.
    ahead : int
        Of synapses in a visit of all: variables of sources are seen as they arrive so many steps
        later.
    matrix : bool
        Synapses stand in a matrix: rows source, columns target.
    transposed : bool
        In another group's, of which targets are the rows.
    scattered : bool
        Shared variables stand one by one in different places: each by its address, behind the
        elements' own in their table.
    """

    name: str
    domain: Domain
    variables: tuple[Variable, ...]
    body: Body
    real: str = "float"
    fires: bool = False
    ahead: int = 0
    matrix: bool = False
    transposed: bool = False
    scattered: bool = False

    def __post_init__(self) -> None:
        check_kernel(self)

    def __str__(self) -> str:
        inner = "\n".join(str(s) for s in self.body).replace("\n", "\n    ")
        return f"  {self.name} ({self.domain}):\n    {inner}"

    @property
    def known(self) -> dict[str, Variable]:
        """Variables by symbol."""
        return {v.symbol: v for v in self.variables}

    def table(self, side: str, shared: bool = False) -> dict[str, int]:
        """Positions in one table of the ABI: of the elements' own variables, shared ones, those of
        source or target neurons."""
        chosen = [v for v in self.variables if v.side == side and v.shared == shared]
        first = len(self.table(side)) if shared and self.scattered else 0
        return {v.symbol: first + k for k, v in enumerate(chosen)}

    @property
    def checked(self) -> tuple[str, ...]:
        """Variables that must be finite."""
        return next((s.variables for s in self.body if isinstance(s, Check)), ())

    @property
    def watched(self) -> tuple[str, ...]:
        """Those of them that are looked at in every step."""
        return next((s.watched for s in self.body if isinstance(s, Check)), ())


def everything(body: Iterable[Statement]) -> Iterator[Statement]:
    """All statements, those inside others after them."""
    for statement in body:
        yield statement
        if isinstance(statement, Where):
            yield from everything(statement.body)


def read_by(statement: Statement) -> set[str]:
    """Names that a statement reads (of `Where`: its conditions and its body)."""
    if isinstance(statement, Assign):
        return names_in(statement.value)
    if isinstance(statement, Add):
        return names_in(statement.value)
    if isinstance(statement, Update):
        return names_in(*(value for _, value in statement.values))
    if isinstance(statement, Propagate):
        return names_in(statement.h, *(value for _, _, value in statement.flow.matrix))
    if isinstance(statement, Elapsed):
        return {statement.stamp, "dt"}
    if isinstance(statement, Check):
        return set(statement.variables)
    if isinstance(statement, Emit):
        return set(statement.carries)
    if isinstance(statement, Where):
        inner = set().union(*(read_by(s) for s in statement.body))
        return names_in(statement.condition, statement.late) | inner
    return set()


def written_by(statement: Statement) -> tuple[str, ...]:
    """Names that a statement gives a value to, in order."""
    if isinstance(statement, (Assign, Add)):
        return (statement.target,)
    if isinstance(statement, Update):
        return tuple(target for target, _ in statement.values)
    if isinstance(statement, Propagate):
        return tuple(name for _, _, name in statement.flow.outputs)
    if isinstance(statement, Elapsed):
        return (statement.name, statement.stamp)
    if isinstance(statement, (Draw, Count, TimedValue)):
        return (statement.name,)
    if isinstance(statement, Where):
        return tuple(dict.fromkeys(n for s in statement.body for n in written_by(s)))
    return ()


def names_in(*values: sympy.Basic | None) -> set[str]:
    """Names of the symbols of expressions."""
    return {s.name for value in values if value is not None for s in value.free_symbols}


def check_kernel(kernel: Kernel) -> None:
    """Refuse a kernel that could not run.

    Raises
    ------
    ValueError
        Naming the kernel and the statement.
    """
    known, domain = kernel.known, kernel.domain
    defined = {*known, "t", "dt"} | ({"delay"} if domain.kind == "synapses" else set())

    def check(body: Body, defined: set[str]) -> None:
        for statement in body:
            unknown = _own_reads(statement) - defined
            if unknown:
                _refuse(kernel, statement, f"{sorted(unknown)} is not known there")
            for name in written_by(statement):
                _check_target(kernel, statement, known.get(name))
            if isinstance(statement, Where):
                check(statement.body, set(defined))
            else:
                defined |= set(written_by(statement))

    check(kernel.body, defined)
    if not kernel.fires and any(isinstance(s, (Emit, Check)) for s in everything(kernel.body)):
        raise ValueError(f"kernel {kernel.name!r} has spikes or faults, and nobody asks for them")
    added = {s.target for s in everything(kernel.body) if isinstance(s, Add)}
    read = set().union(*(read_by(s) for s in kernel.body))
    if domain == Domain("synapses") and added & read:
        raise ValueError(
            f"kernel {kernel.name!r} reads {sorted(added & read)}, to which synapses add in no "
            "particular order"
        )


def _own_reads(statement: Statement) -> set[str]:
    if isinstance(statement, Where):
        return names_in(statement.condition, statement.late)
    return read_by(statement)


def _check_target(kernel: Kernel, statement: Statement, variable: Variable | None) -> None:
    adds, domain = isinstance(statement, Add), kernel.domain
    if adds and (variable is None or variable.side != "target" or domain.kind != "synapses"):
        _refuse(kernel, statement, "only variables of target neurons are added to")
    if variable is None or adds:
        return
    if variable.side != "own":
        _refuse(kernel, statement, f"{variable.symbol!r} belongs to other neurons")
    if variable.shared and domain.visit != "once":
        _refuse(kernel, statement, f"{variable.symbol!r} is shared by all elements")


def _refuse(kernel: Kernel, statement: Statement, why: str) -> None:
    raise ValueError(f"kernel {kernel.name!r}, {statement}: {why}")
