"""NeuronModel: the equations of one kind of neuron."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from pygenn_lite import hooks
from pygenn_lite.declaration.domains import Domains
from pygenn_lite.declaration.integrator_records import IntegratorLike, check_integrator
from pygenn_lite.declaration.language.equations import (
    Equation,
    EquationsLike,
    Expression,
    ExpressionLike,
    parse_equations,
    parse_expression,
)
from pygenn_lite.declaration.language.names import check_label, check_name, nearest
from pygenn_lite.declaration.neuron_checks import NeuronCheck
from pygenn_lite.declaration.summary import line, listed, shortened
from pygenn_lite.declaration.values import Value, ValuesLike, as_values
from pygenn_lite.errors import Location, ModelError
from pygenn_lite.old_names import with_old_names
from pygenn_lite.records import dataclass


@with_old_names
@dataclass(frozen=True, init=False)
class NeuronModel:
    """Equations, threshold and reset of a neuron; immutable, hashable, picklable.

    Parameters
    ----------
    derivatives : str or mapping
        ``"dV/dt = (E_L - V + I)/tau"`` lines and auxiliary definitions
        ``"I_K = g*(E_K - V)"``; or a mapping of variables to expressions (text or SymPy). Time is
        in ms; ``t`` and ``dt`` are available; ``xi``, ``xi_name`` are white noise (1/sqrt(ms)).
    update : str or mapping
        Instead of derivatives: ordered assignments done once per step (a discrete model).
    threshold : str
        Condition for a spike, tested at the end of every step.
    reset : str or mapping
        Ordered assignments done at a spike.
    refractory : float or str
        A time (ms, a number or an expression of parameters) or a condition: after a spike the
        neuron is refractory for as long, or while the condition holds.
    parameters, initial : mapping
        Values: numbers (shared), arrays or distributions (one per neuron), expressions of ``i``,
        ``n``, ``x``, ``y``, ``z``.
    inputs : sequence of str
        Names that receive the summed contributions of synapses and currents (default ``I``).
    clamp : sequence of str
        Variables that are held constant while refractory (default: those in the threshold if
        `refractory` is a time).
    integrator : str or RungeKutta
        ``auto`` or one of exact, exponential_euler, rk4, heun, rk2, euler, euler_maruyama; or a
        tableau.
    name : str
        Name for messages.
    units : mapping of str to str
        Units of state variables for the axes of pictures, e.g. ``dict(V="mV")``: nothing is
        computed from them, and models that differ in them alone are equal.

    Raises
    ------
    EquationError, ModelError
        Naming the equation, the symbol and the hint.

    Examples
    --------
    >>> lif = pg.NeuronModel(
    ...     "dV/dt = (E_L - V + I)/tau", threshold="V > V_th", reset="V = E_L",
    ...     parameters=dict(tau=20.0, E_L=-65.0, V_th=-50.0), initial=dict(V=-65.0),
    ... )
    >>> lif.state_names, lif.inputs
    (('V',), ('I',))
    >>> pg.NeuronModel("dV/dt = (E_l - V)/tau", parameters=dict(tau=20.0, E_L=-65.0))
    Traceback (most recent call last):
    pygenn_lite.errors.EquationError: ...unknown symbol 'E_l'...did you mean 'E_L'?...
    """

    equations: tuple[Equation, ...]
    update: tuple[Equation, ...]
    threshold: Expression | None
    reset: tuple[Equation, ...]
    refractory: Expression | None
    parameters: tuple[tuple[str, Value], ...]
    initial: tuple[tuple[str, Value], ...]
    inputs: tuple[str, ...]
    clamp: tuple[str, ...]
    integrator: IntegratorLike
    name: str
    domains: Domains = field(default=(), compare=False, repr=False)  # the library's own
    units: tuple[tuple[str, str], ...] = field(default=(), compare=False, repr=False)

    def __init__(
        self,
        derivatives: EquationsLike = "",
        *,
        update: EquationsLike = "",
        threshold: ExpressionLike | None = None,
        reset: EquationsLike = "",
        refractory: ExpressionLike | None = None,
        parameters: ValuesLike = None,
        initial: ValuesLike = None,
        inputs: Iterable[str] | None = None,
        clamp: Iterable[str] | None = None,
        integrator: IntegratorLike = "auto",
        name: str = "",
        units: Mapping[str, str] | None = None,
    ) -> None:
        check_label(name, "neuron model", ModelError)
        where = Location.of("neuron model", name)

        def put(field: str, value: object) -> None:
            object.__setattr__(self, field, value)

        put("name", name)
        put("equations", parse_equations(derivatives, where.key("derivatives")))
        put("update", parse_equations(update, where.key("update"), assignments=True))
        put("threshold", _optional(threshold, where.key("threshold")))
        put("reset", parse_equations(reset, where.key("reset"), assignments=True))
        put("refractory", _optional(refractory, where.key("refractory")))
        put("parameters", as_values(parameters, "parameters", where))
        put("initial", as_values(initial, "initial", where))
        put("integrator", check_integrator(integrator, where.key("integrator")))
        own = {n for n, _ in (*self.parameters, *self.initial)}
        own |= {e.name for e in (*self.equations, *self.update)}
        default = () if "I" in own else ("I",)
        put("inputs", default if inputs is None else _names(inputs, "input", where))
        put("clamp", ())
        NeuronCheck(self, where, () if inputs is None else self.inputs).run()
        put("clamp", self._default_clamp() if clamp is None else _names(clamp, "variable", where))
        for clamped in self.clamp:
            if clamped not in self.state_names:
                raise ModelError(
                    f"clamp names {clamped!r}, which is not a state variable"
                    f"{nearest(clamped, self.state_names)}",
                    where=where,
                    hint=f"its state variables are {list(self.state_names)}",
                )
        put("units", _units({} if units is None else units, self.state_names, where))

    @property
    def state_names(self) -> tuple[str, ...]:
        """Variables with a derivative, then those that only update or reset assign."""
        names = [e.name for e in self.equations if e.kind == "derivative"]
        names += [e.name for e in (*self.update, *self.reset)]
        return tuple(dict.fromkeys(names))

    @property
    def symbols(self) -> set[str]:
        """All names that its equations, threshold, reset and refractory period read."""
        optional = (e for e in (self.threshold, self.refractory) if e is not None)
        expressions = (*self.equations, *self.update, *self.reset, *optional)
        return {symbol for expression in expressions for symbol in expression.symbols}

    @property
    def refractory_is_condition(self) -> bool:
        """Whether the refractory period is a condition rather than a time."""
        return self.refractory is not None and self.refractory.is_condition

    def parameter(self, name: str) -> Value:
        """Value of a parameter."""
        return dict(self.parameters)[name]

    def with_variables(
        self,
        derivatives: EquationsLike,
        *,
        parameters: ValuesLike = None,
        initial: ValuesLike = None,
    ) -> NeuronModel:
        """This model with further variables: a neuromodulator, a trace, a calcium level.

        Parameters
        ----------
        derivatives : str or mapping
            Their equations; they may read the model's own variables and inputs.
        parameters, initial : mapping
            Their parameters and start values (0 by default).

        Examples
        --------
        >>> cell = pg.LIF().with_variables("dd/dt = -d/tau_d", parameters=dict(tau_d=200.0))
        >>> cell.state_names
        ('V', 'd')
        """
        where = Location.of("neuron model", self.name).key("with_variables")
        added = parse_equations(derivatives, where.entry("derivatives"))
        if self.update:
            raise ModelError(
                f"{self.name or 'the model'} has an update rule, which takes no further equations",
                where=where,
                hint="write a model of your own with all updates in 'update', or take one with "
                "derivatives",
            )
        extended = NeuronModel(
            "\n".join(str(equation) for equation in (*self.equations, *added)),
            update="\n".join(str(equation) for equation in self.update),
            threshold=self.threshold,
            reset="\n".join(str(equation) for equation in self.reset),
            refractory=self.refractory,
            parameters=(*self.parameters, *as_values(parameters, "parameters", where)),
            initial=(*self.initial, *as_values(initial, "initial", where)),
            inputs=self.inputs,
            clamp=self.clamp,
            integrator=self.integrator,
            name=self.name,
            units=dict(self.units),
        )
        object.__setattr__(extended, "domains", self.domains)
        return extended

    def __repr__(self) -> str:
        spikes = f"spikes if {shortened(self.threshold.text, 40)}" if self.threshold else ""
        parameters = listed(name for name, _ in self.parameters)
        return line("NeuronModel", self.name, listed(self.state_names), spikes, parameters)

    def _repr_html_(self) -> str:
        return str(hooks.call("neuron_model_html", self))

    def _default_clamp(self) -> tuple[str, ...]:
        if self.refractory is None or self.refractory_is_condition or self.threshold is None:
            return ()
        return tuple(n for n in self.state_names if n in self.threshold.symbols)


def _optional(source: object, where: Location) -> Expression | None:
    if source is None or (isinstance(source, str) and not source):
        return None
    return parse_expression(source, where)


def _units(
    units: Mapping[str, str], known: tuple[str, ...], where: Location
) -> tuple[tuple[str, str], ...]:
    if not isinstance(units, Mapping):
        raise ModelError(f"units = {units!r}", where=where, hint='write for instance dict(V="mV")')
    for name, unit in units.items():
        if name not in known:
            raise ModelError(
                f"units name {name!r}, which is not a state variable{nearest(str(name), known)}",
                where=where,
                hint=f"its state variables are {list(known)}",
            )
        check_label(unit, "unit", ModelError)
    return tuple(units.items())


def _names(names: Iterable[str], what: str, where: Location) -> tuple[str, ...]:
    try:
        names = (names,) if isinstance(names, str) else tuple(names)
    except TypeError:
        raise ModelError(
            f"{names!r} names no {what}", where=where, hint="give a list of names"
        ) from None
    return tuple(check_name(n, what, where) for n in names)
