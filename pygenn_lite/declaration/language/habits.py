"""What those who come from Brian2, GeNN, NEST or C++ write, and what to write here instead.

Nothing of it is accepted: an equation has one form. But where the meaning is plain, a refusal says
exactly what to write.
"""

from __future__ import annotations

import ast
import re

from pygenn_lite.declaration.summary import shortened

_TIME, _VOLTAGE, _CURRENT = "times are in ms", "voltages in mV", "currents in pA"
_CAPACITY, _CONDUCTANCE = "capacitances in pF", "conductances in nS"
_RESISTANCE, _RATE = "resistances in GOhm (mV/pA)", "rates in Hz"
# Name of a unit -> how many of the package's own unit it is, and what that is.
UNITS: dict[str, tuple[float, str]] = {
    "us": (1e-3, _TIME),
    "ms": (1.0, _TIME),
    "second": (1e3, _TIME),
    "msecond": (1.0, _TIME),
    "uV": (1e-3, _VOLTAGE),
    "mV": (1.0, _VOLTAGE),
    "volt": (1e3, _VOLTAGE),
    "mvolt": (1.0, _VOLTAGE),
    "pA": (1.0, _CURRENT),
    "nA": (1e3, _CURRENT),
    "uA": (1e6, _CURRENT),
    "amp": (1e12, _CURRENT),
    "namp": (1e3, _CURRENT),
    "pF": (1.0, _CAPACITY),
    "nF": (1e3, _CAPACITY),
    "uF": (1e6, _CAPACITY),
    "pS": (1e-3, _CONDUCTANCE),
    "nS": (1.0, _CONDUCTANCE),
    "uS": (1e3, _CONDUCTANCE),
    "mS": (1e6, _CONDUCTANCE),
    "siemens": (1e9, _CONDUCTANCE),
    "nsiemens": (1.0, _CONDUCTANCE),
    "Mohm": (1e-3, _RESISTANCE),
    "MOhm": (1e-3, _RESISTANCE),
    "Gohm": (1.0, _RESISTANCE),
    "GOhm": (1.0, _RESISTANCE),
    "ohm": (1e-9, _RESISTANCE),
    "Hz": (1.0, _RATE),
    "kHz": (1e3, _RATE),
    "hertz": (1.0, _RATE),
}
# Characters of text that is looked at: longer text is not a habit, and may be hostile.
LONGEST = 1000
UNITS_HINT = "units are not written: give the number alone (ms, mV, pA, pF, nS; rates in Hz)"
# Units whose names are too short to be told from variables, except right behind a number.
_SHORT = {"s": UNITS["second"], "V": UNITS["volt"], "A": UNITS["amp"]}
_NUMBER = r"(?<![\w.])(\d++(?:\.\d*+)?(?:[eE][-+]?\d++)?|\.\d++)"
_QUANTITY = re.compile(rf"{_NUMBER}\s*+({'|'.join([*UNITS, *_SHORT])})\b", re.ASCII)
_FUNCTIONS = {
    "int": "write where(condition, 1, 0) for a condition, floor(x) for a number",
    "bool": "write a condition, such as x > 0",
    "float": "write the expression alone",
    "pow": "write x**y",
    "fmax": "write max(a, b)",
    "fmin": "write min(a, b)",
    "fabs": "write abs(x)",
    "ln": "write log(x)",
    "rint": "write floor(x + 0.5)",
    "round": "write floor(x + 0.5)",
    "expm1": "write exp(x) - 1, or x*exprel(x), which is exact near 0",
    "addToPost": "write on_pre='I_syn += weight' and inputs='I = I_syn'",
    "addToInSyn": "write on_pre='I_syn += weight' and inputs='I = I_syn'",
    "gennrand_uniform": "write rand()",
    "gennrand_normal": "write randn()",
}
_INDICES = "indices are i_pre (source) and i_post (target)"
_SYMBOLS = {  # by where they stand
    "neuron": {
        "lastspike": "give the refractory period as a time: refractory=5.0 (ms)",
        "not_refractory": "name what is clamped while refractory: clamp=['V']",
        "DT": "the time step is dt",
        "Isyn": "what synapses add up is the input I: write I, or give inputs=['Isyn']",
    },
    "synapse": {
        "w": "the weight of a synapse is called weight; other variables are declared: "
        "variables={'w': ...}",
        "lastspike": "let a trace keep the time: post_trace=SynapticTrace(on_spike='last = t')",
        "DT": "the time step is dt",
    },
    "value of neurons": {"N": "the size of the population is n"},
    "value of synapses": {
        "i": _INDICES,
        "j": _INDICES,
        "N_pre": "the size of the source population is n_pre",
        "N_post": "the size of the target population is n_post",
    },
}
_FLAGS = {
    "unless refractory": "clamp=[{name!r}]",
    "event-driven": "event_driven=True",
    "clock-driven": "event_driven=False",
}
_STATEMENT = re.compile(
    r"(?P<body>.*?)(?::(?P<unit>[^:?=()]*))?(?:\((?P<flags>[a-z\- ,]+)\)\s*)?\Z",
    re.ASCII | re.DOTALL,
)
_KNOWN_FLAGS = {*_FLAGS, "constant", "shared", "summed", "linked", "constant over dt"}


def units_hint(text: str) -> str:
    """``"write 'V > -50.0': voltages in mV"`` for text that holds units, else nothing."""
    plain, found = _without_units(text) if len(text) <= LONGEST else ("", [])
    if not found:
        return ""
    return f"write {_shown(plain)}: {', '.join(dict.fromkeys(found))}; {UNITS_HINT}"


def symbol_hint(symbol: str, text: str, place: str) -> str:
    """What to write instead of a symbol that is not known, in an expression of a "neuron", a
    "synapse", a "value of neurons" or a "value of synapses"; nothing if there is no better advice
    than a list of what is known."""
    if symbol in UNITS:
        return units_hint(text) or UNITS_HINT
    return _SYMBOLS[place].get(symbol, "")


def function_hint(name: str, arguments: str) -> str:
    """The same for a function that is not known, called with arguments."""
    if arguments.strip() == "t" and name not in _FUNCTIONS:
        return (
            f"values that change in time are an input: network.step_current(population, times, "
            f"values, input='I'), and I instead of {name}(t)"
        )
    return _FUNCTIONS.get(name, "")


def text_hint(text: str) -> str:
    """What to write instead of text that is not an expression; nothing if its meaning is not
    clear."""
    if len(text) > LONGEST:
        return ""
    if "addTo" in text:
        return _FUNCTIONS["addToInSyn"]
    plain = _translated(text)
    if plain:
        return f"write {_shown(plain)}"
    if re.search(r"[^/]//[^/]", text):
        return "write floor(a/b) for a // b"
    if "%" in text:
        return "write a - b*floor(a/b) for a % b"
    return units_hint(text)


def line_hint(line: str) -> str:
    """The same for a line that is not an equation, such as ``V' = ...`` or ``$(V) += ...``."""
    if len(line) > LONGEST:
        return ""
    prime = re.match(r"\s*([A-Za-z]\w*)\s*'\s*=\s*(.*)\Z", line, re.ASCII | re.DOTALL)
    if prime:
        return f"write {_shown(f'd{prime[1]}/dt = {prime[2]}')}"
    second = re.match(
        r"\s*(?:d\^?2\s*([A-Za-z]\w*?)\s*/\s*dt\s*\^?2|([A-Za-z]\w*)\s*'')\s*=\s*(.*)\Z",
        line, re.ASCII | re.DOTALL,
    )  # fmt: skip
    if second:
        name = second[1] or second[2]
        two = f"d{name}/dt = {name}_dot; d{name}_dot/dt = {second[3]}"
        return f"write a second derivative as two equations: {_shown(two)}"
    typed = re.match(
        r"\s*(?:const\s+)?(?:scalar|double|float|int)\s+(\w+\s*=.*)\Z", line, re.DOTALL
    )
    if typed:
        return f"write {_shown(typed[1])}, among the derivatives where it is a definition"
    sides = re.match(r"([^=<>!?]*?)\s*([-+*/]?=)(?!=)\s*(.*)\Z", line, re.DOTALL)
    if sides and (_translated(sides[1]) or _translated(sides[3])):
        left, right = (_translated(sides[k]) or sides[k] for k in (1, 3))
        return f"write {_shown(f'{left} {sides[2]} {right}')}"
    return text_hint(line)


def _translated(text: str) -> str:
    """Text in this notation; nothing if it is so already, or its meaning is not plain."""
    plain = re.sub(r"\$\(\s*(\w+)\s*\)", r"\1", text)
    plain = re.sub(r"&&", " and ", plain)
    plain = re.sub(r"\|\|", " or ", plain)
    plain = re.sub(r"!(?!=)\s*", "not ", plain)
    plain = re.sub(r"\b(?:np|numpy|math|sympy)\.(\w+)", r"\1", plain)
    choice = re.fullmatch(r"([^?:]+)\?([^?:]+):([^?:]+)", plain)
    if choice:
        condition, yes, no = (part.strip() for part in choice.groups())
        plain = f"where({condition}, {yes}, {no})"
    plain = " ".join(plain.split())
    return plain if plain != " ".join(text.split()) else ""


def block_hint(source: str) -> str:
    """What to write instead of Brian2's equations, with their units and flags; nothing if it is
    none.

    Examples
    --------
    >>> block_hint("dV/dt = -V/tau : volt (unless refractory)")
    "write 'dV/dt = -V/tau' with clamp=['V']; units are not written"
    """
    if len(source) > 10 * LONGEST:
        return ""
    statements = [part for line in source.splitlines() for part in line.split("#")[0].split(";")]
    equations: list[str] = []
    declared: list[str] = []
    options: list[str] = []
    foreign = False
    for statement in (part.strip() for part in statements if part.strip()):
        found = _STATEMENT.match(statement) if "?" not in statement else None
        flags = {f.strip() for f in (found["flags"] or "").split(",")} - {""} if found else set()
        body = found["body"].strip() if found else ""
        plain = not flags <= _KNOWN_FLAGS or body[-1:] in ("", *"=+-*/(,<>")
        if found is None or plain or (found["unit"] is None and not flags):
            equations.append(statement)
            continue
        foreign = True
        name = re.match(r"d?(\w+?)(?:/dt)?\s*(?:=|\Z)", body, re.ASCII)
        if "=" in body:
            equations.append(body)
        elif name and re.fullmatch(r"\w+", body, re.ASCII):
            declared.append(body)
        else:
            return ""
        for flag in flags & _FLAGS.keys():
            options.append(_FLAGS[flag].format(name=name[1] if name else "V"))
    if not foreign:
        return ""
    if declared:
        names = ", ".join(f"{name!r}: ..." for name in declared)
        options.append(f"parameters={{{names}}} (or inputs=[...] for what synapses drive)")
    given = " and ".join(dict.fromkeys(options))
    if not equations:
        return f"leave these lines out, and give {given}; units are not written"
    advice = f"write {_shown(chr(10).join(equations))}{' with ' if given else ''}{given}"
    return f"{advice}; units are not written"


def _without_units(text: str) -> tuple[str, list[str]]:
    """Text with numbers in the package's own units, and which these are."""
    found: list[str] = []

    def converted(match: re.Match[str]) -> str:
        factor, kind = UNITS.get(match[2]) or _SHORT[match[2]]
        found.append(kind)
        return repr(float(f"{float(match[1]) * factor:.12g}"))

    plain = _QUANTITY.sub(converted, text)
    try:
        tree = ast.parse(" ".join(plain.split()), mode="eval")
        remover = _UnitRemover()
        tree = ast.fix_missing_locations(remover.visit(tree))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return plain, found
    return (ast.unparse(tree) if remover.found else plain), [*found, *remover.found]


class _UnitRemover(ast.NodeTransformer):
    """Multiplies numbers by the units behind them."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        divides = isinstance(node.op, ast.Div)
        if not divides and not isinstance(node.op, ast.Mult):
            return node
        sides = (node.left, node.right)
        for unit, other in (sides[::-1], sides if not divides else sides[::-1]):
            if not getattr(unit, "was_unit", False):
                continue
            factor = float(ast.literal_eval(unit))
            number = _constant(other)
            if number is not None:
                value = number / factor if divides else number * factor
                return ast.Constant(float(f"{value:.12g}"))
            return other if factor == 1.0 else node
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in UNITS:
            return node
        factor, kind = UNITS[node.id]
        self.found.append(kind)
        constant = ast.Constant(factor)
        constant.was_unit = True  # type: ignore[attr-defined]
        return constant


def _constant(node: ast.expr) -> float | None:
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if isinstance(node, ast.UnaryOp) and negative else node
    if not isinstance(inner, ast.Constant) or not isinstance(inner.value, (int, float)):
        return None
    return -float(inner.value) if negative else float(inner.value)


def _shown(text: str) -> str:
    return repr(shortened(text, 200))
