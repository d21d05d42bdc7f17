"""What can be wrong with the equations of a neuron model."""

from __future__ import annotations

from typing import Protocol

from pygenn_lite.declaration.definitions import check_definitions
from pygenn_lite.declaration.language.constants import constant_value
from pygenn_lite.declaration.language.equations import Equation, Expression
from pygenn_lite.declaration.language.habits import symbol_hint
from pygenn_lite.declaration.language.names import check_name, nearest
from pygenn_lite.declaration.language.parser import parse_tree
from pygenn_lite.declaration.language.vocabulary import RANDOM
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import EquationError, Location, ModelError


class NeuronEquations(Protocol):
    """What of a neuron model is checked."""

    @property
    def equations(self) -> tuple[Equation, ...]: ...
    @property
    def update(self) -> tuple[Equation, ...]: ...
    @property
    def reset(self) -> tuple[Equation, ...]: ...
    @property
    def threshold(self) -> Expression | None: ...
    @property
    def refractory(self) -> Expression | None: ...
    @property
    def parameters(self) -> tuple[tuple[str, Value], ...]: ...
    @property
    def initial(self) -> tuple[tuple[str, Value], ...]: ...
    @property
    def inputs(self) -> tuple[str, ...]: ...
    @property
    def state_names(self) -> tuple[str, ...]: ...


class NeuronCheck:
    """The checks of one neuron model; `named` are the inputs that the user named."""

    def __init__(self, model: NeuronEquations, where: Location, named: tuple[str, ...]) -> None:
        self.model, self.where, self.named = model, where, named
        self.parameters = {n for n, _ in model.parameters}
        self.definitions = {e.name for e in model.equations if e.kind == "definition"}
        self.derivatives = {e.name for e in model.equations if e.kind == "derivative"}

    def run(self) -> None:
        """All of them.

        Raises
        ------
        EquationError, ModelError
            Naming the equation, the symbol and the hint.
        """
        model = self.model
        if model.update and self.derivatives:
            raise ModelError(
                "a model has either derivatives or an update rule",
                where=self.where,
                hint="put discrete assignments into 'update' alone",
            )
        self._spiking()
        self._unique()
        self._assigned()
        self._symbols()
        optional = (model.threshold, model.refractory)
        users = [*model.update, *model.reset, *(e for e in optional if e is not None)]
        check_definitions(model.equations, users, self.where)

    def _spiking(self) -> None:
        model = self.model
        for part, given in (("reset", model.reset), ("refractory", model.refractory)):
            if given and model.threshold is None:
                raise ModelError(
                    f"a {part} without a threshold: the neuron never spikes",
                    where=self.where.key(part),
                    hint=f"give a threshold such as 'V > V_th', or leave out {part}",
                )

    def _unique(self) -> None:
        seen: dict[str, str] = {}
        pairs = [(n, "parameter") for n, _ in self.model.parameters]
        pairs += [(e.name, "definition") for e in self.model.equations if e.kind == "definition"]
        pairs += [
            (e.name, "state variable") for e in self.model.equations if e.kind == "derivative"
        ]
        pairs += [(n, "input") for n in self.named]
        for name, kind in pairs:
            of_parameter = self.where.key("parameters").entry(name)
            check_name(name, kind, of_parameter if kind == "parameter" else self.where)
            if name in seen:
                raise ModelError(
                    f"{name!r} is used twice: as {seen[name]} and as {kind}",
                    where=self.where,
                    hint="give each its own name",
                )
            seen[name] = kind

    def _assigned(self) -> None:
        for equation in (*self.model.update, *self.model.reset):
            if equation.name in self.parameters:
                raise ModelError(
                    f"assignment to the parameter {equation.name!r}",
                    where=equation.where,
                    hint="parameters are constant; make it a state variable: give it an initial "
                    "value instead of a parameter",
                )
            if equation.name in self.definitions or equation.name in self.model.inputs:
                raise ModelError(
                    f"assignment to {equation.name!r}, which is computed by the equations",
                    where=equation.where,
                    hint="assign to a state variable; if it is one, write "
                    f"d{equation.name}/dt = ... instead of {equation.name} = ...",
                )
        initial = {n for n, _ in self.model.initial}
        for name in initial - set(self.model.state_names):
            raise ModelError(
                f"initial value for {name!r}, which is a state variable without an equation"
                if name not in self.parameters
                else f"initial value for the parameter {name!r}",
                where=self.where,
                hint=f"give it among the parameters: parameters={{{name!r}: ...}}"
                if name in self.parameters
                else f"write d{name}/dt = ... or assign it in reset or update"
                + nearest(name, self.model.state_names),
            )
        for equation in self.model.reset:
            if (
                equation.name not in self.derivatives
                and equation.name not in initial
                and equation.name not in {e.name for e in self.model.update}
            ):
                raise ModelError(
                    f"{equation.name!r} is a state variable without an equation"
                    f"{nearest(equation.name, self.derivatives)}",
                    where=equation.where,
                    hint=f"write d{equation.name}/dt = ..., or give it an initial value if only "
                    "resets change it",
                )

    def _symbols(self) -> None:
        model = self.model
        known = {*self.parameters, *self.definitions, *model.state_names, *model.inputs}
        known |= {"t", "dt"}
        for equation in model.equations:
            noise = equation.kind == "derivative"
            self._check(equation, known, str(equation), noise, random=False)
        for equation in (*model.update, *model.reset):
            self._check(equation, known, str(equation), False, random=True)
        for part, expression in (("threshold", model.threshold), ("refractory", model.refractory)):
            if expression is not None:
                self._check(expression, known, f"{part} {expression}", False, part == "threshold")
        if model.threshold is not None and not model.threshold.is_condition:
            raise EquationError(
                f"the threshold {model.threshold.text!r} is not a condition",
                where=model.threshold.where,
                hint="write for instance 'V > V_th'",
            )
        if model.refractory is not None:
            time = constant_value(parse_tree(model.refractory.text))
            if time is not None and time < 0:
                raise EquationError(
                    f"the refractory period {time} is negative",
                    where=model.refractory.where,
                    hint="give a time in ms, 0 or more",
                )

    def _check(
        self, expression: Expression, known: set[str], shown: str, noise: bool, random: bool
    ) -> None:
        for symbol in sorted(expression.symbols - known):
            if symbol == "xi" or symbol.startswith("xi_"):
                if noise:
                    continue
                raise EquationError(
                    f"white noise {symbol!r} outside a derivative, in {shown}",
                    where=expression.where or self.where,
                    hint="use randn() here",
                )
            hint = symbol_hint(symbol, expression.text, "neuron")
            raise EquationError(
                f"unknown symbol {symbol!r} in {shown}{'' if hint else nearest(symbol, known)}",
                where=expression.where or self.where,
                hint=hint or "declare it as a parameter, define it, or list it in inputs=(...)",
            )
        if not random and expression.functions & RANDOM:
            raise EquationError(
                f"rand() and randn() do not belong in {shown}",
                where=expression.where or self.where,
                hint="use white noise xi in derivatives; rand() in threshold, reset or update",
            )
