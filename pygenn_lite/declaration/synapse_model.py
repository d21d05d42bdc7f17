"""SynapseModel: what synapses do to their targets, and how they learn."""

from __future__ import annotations

from dataclasses import field

from pygenn_lite import hooks
from pygenn_lite.declaration.definitions import check_definitions
from pygenn_lite.declaration.domains import Domains
from pygenn_lite.declaration.integrator_records import IntegratorLike, check_integrator
from pygenn_lite.declaration.language.equations import Equation, EquationsLike, parse_equations
from pygenn_lite.declaration.language.habits import symbol_hint
from pygenn_lite.declaration.language.names import check_label, check_name, nearest
from pygenn_lite.declaration.language.vocabulary import RANDOM
from pygenn_lite.declaration.summary import line, listed, shortened
from pygenn_lite.declaration.synaptic_trace import SynapticTrace
from pygenn_lite.declaration.values import Value, ValuesLike, as_values
from pygenn_lite.errors import EquationError, Location, ModelError
from pygenn_lite.records import dataclass


@dataclass(frozen=True, init=False)
class SynapseModel:
    """Postsynaptic response, transmission and plasticity of a synapse group.

    Parameters
    ----------
    derivatives : str or mapping
        Postsynaptic variables, one set per target neuron, e.g. ``"dI_syn/dt = -I_syn/tau"``.
        Groups onto one population with equal postsynaptic equations and parameters share them.
    inputs : str or mapping
        Contribution to the target's inputs, e.g. ``"I = g*(E_rev - V)"``; may read the target's
        state variables.
    continuous : str or mapping
        Transmission without spikes, evaluated for every synapse in every step:
        ``"I_post += weight*(V_pre - V_post)"``. What it adds to an input of the target is held
        over the step, what it adds to a variable of the target (or of the receptor) is added at
        the end of the step. Definitions ``s = ...`` may come before. Without `on_pre`, spikes then
        do nothing.
    on_pre, on_post : str or mapping
        Ordered assignments at an arriving presynaptic spike and at a postsynaptic spike. They may
        write ``weight``, per-synapse variables, ``I_syn += ...`` and ``V_post += ...``; they may
        read traces, ``X_pre``, ``X_post``, parameters, ``delay``, ``t``, ``dt``.
    pre_trace, post_trace : SynapticTrace
        Variables following the spikes of source and target neurons.
    synapse_derivatives : str or mapping
        Continuous dynamics of per-synapse variables.
    event_driven : bool
        Integrate them exactly from event to event, which asks for linear equations whose
        coefficients are constant in between, instead of in every step. The default, except where
        `continuous` is given.
    integrator : str
        How they are integrated in every step: "auto" (by the rules for neurons), "exact",
        "exponential_euler", "rk4", "heun", "rk2" or "euler". What they read of neurons is held
        during the step.
    parameters : mapping
        Numbers, shared by the group.
    initial : mapping
        Start values of the postsynaptic variables (default 0).
    variables : mapping
        Per-synapse variables besides ``weight``, with their start values.

    Raises
    ------
    EquationError, ModelError
        Naming the equation, the symbol and the hint.

    Examples
    --------
    >>> stdp = pg.SynapseModel(
    ...     "dI_syn/dt = -I_syn/tau_syn", inputs="I = I_syn",
    ...     on_pre="I_syn += weight; weight = clip(weight - 0.01*y, 0, w_max)",
    ...     on_post="weight = clip(weight + 0.01*x, 0, w_max)",
    ...     pre_trace=pg.SynapticTrace("dx/dt = -x/20", on_spike="x += 1"),
    ...     post_trace=pg.SynapticTrace("dy/dt = -y/20", on_spike="y += 1"),
    ...     parameters=dict(tau_syn=5.0, w_max=1.0),
    ... )
    >>> [str(each) for each in stdp.on_post]
    ['weight = clip(weight + 0.01 * x, 0, w_max)']
    """

    equations: tuple[Equation, ...]
    inputs: tuple[Equation, ...]
    continuous: tuple[Equation, ...]
    on_pre: tuple[Equation, ...]
    on_post: tuple[Equation, ...]
    pre_trace: SynapticTrace | None
    post_trace: SynapticTrace | None
    synapse_equations: tuple[Equation, ...]
    event_driven: bool
    integrator: IntegratorLike
    parameters: tuple[tuple[str, Value], ...]
    initial: tuple[tuple[str, Value], ...]
    variables: tuple[tuple[str, Value], ...]
    name: str
    domains: Domains = field(default=(), compare=False, repr=False)  # the library's own

    def __init__(
        self,
        derivatives: EquationsLike = "",
        *,
        inputs: EquationsLike = "",
        continuous: EquationsLike = None,
        on_pre: EquationsLike = None,
        on_post: EquationsLike = "",
        pre_trace: SynapticTrace | None = None,
        post_trace: SynapticTrace | None = None,
        synapse_derivatives: EquationsLike = "",
        event_driven: bool | None = None,
        integrator: IntegratorLike = "auto",
        parameters: ValuesLike = None,
        initial: ValuesLike = None,
        variables: ValuesLike = None,
        name: str = "",
    ) -> None:
        check_label(name, "synapse model", ModelError)
        where = Location.of("synapse model", name)
        for side, trace in (("pre_trace", pre_trace), ("post_trace", post_trace)):
            if trace is not None and not isinstance(trace, SynapticTrace):
                raise ModelError(
                    f"{side} is not a SynapticTrace but {type(trace).__name__}",
                    where=where,
                    hint=f"write {side}=SynapticTrace('dx/dt = -x/tau', on_spike='x += 1')",
                )
        values = {
            "name": name,
            "equations": parse_equations(derivatives, where.key("derivatives")),
            "inputs": parse_equations(inputs, where.key("inputs"), assignments=True),
            "continuous": _transmitted(continuous, where.key("continuous")),
            "on_pre": (),
            "on_post": parse_equations(on_post, where.key("on_post"), assignments=True),
            "pre_trace": pre_trace,
            "post_trace": post_trace,
            "synapse_equations": parse_equations(
                synapse_derivatives, where.key("synapse_derivatives")
            ),
            "event_driven": not continuous if event_driven is None else bool(event_driven),
            "integrator": check_integrator(integrator, where.key("integrator"), synapses=True),
            "parameters": as_values(parameters, "parameters", where),
            "initial": as_values(initial, "initial", where),
            "variables": as_values(variables, "variables", where),
        }
        if on_pre is None:
            on_pre = "" if values["continuous"] else "I_syn += weight"
        values["on_pre"] = parse_equations(on_pre, where.key("on_pre"), assignments=True)
        for key, value in values.items():
            object.__setattr__(self, key, value)
        _check(self, where)

    @property
    def state_names(self) -> tuple[str, ...]:
        """Postsynaptic variables."""
        return tuple(e.name for e in self.equations if e.kind == "derivative")

    @property
    def symbols(self) -> set[str]:
        """All names that its equations, assignments and traces read."""
        return {symbol for equation in self._code() for symbol in equation.symbols}

    @property
    def changes_weight(self) -> bool:
        """Whether synapses learn: an event or an equation of their own sets the weight."""
        own = (*self.on_pre, *self.on_post, *self.synapse_equations)
        return any(equation.name == "weight" for equation in own)

    @property
    def uses_weight(self) -> bool:
        """Whether anything reads or changes the weight."""
        return "weight" in self.symbols | {equation.name for equation in self._code()}

    @property
    def is_static(self) -> bool:
        """Whether a spike does nothing but add the weight to one variable."""
        if self.on_post or self.pre_trace or self.post_trace or self.variables:
            return False
        if self.continuous:
            return False
        if self.synapse_equations or len(self.on_pre) != 1:
            return False
        only = self.on_pre[0]
        return only.operator == "+=" and only.text == "weight" and only.name != "weight"

    def parameter(self, name: str) -> Value:
        """Value of a parameter."""
        return dict(self.parameters)[name]

    def __repr__(self) -> str:
        own = [n for n, _ in self.variables if n != "weight"]
        variables = [*self.state_names, *(f"{n} per synapse" for n in own)]
        plastic = "" if self.is_static else "events " + listed(str(e) for e in self.on_pre)
        if self.continuous and not self.on_pre:
            plastic = "in every step " + listed(str(e) for e in self.continuous)
        parameters = listed(name for name, _ in self.parameters)
        return line("SynapseModel", self.name, listed(variables), shortened(plastic), parameters)

    def _repr_html_(self) -> str:
        return str(hooks.call("synapse_model_html", self))

    def _code(self) -> list[Equation]:
        traces = [trace for trace in (self.pre_trace, self.post_trace) if trace]
        code = [*self.equations, *self.inputs, *self.continuous, *self.on_pre, *self.on_post]
        return [
            *code,
            *self.synapse_equations,
            *(e for t in traces for e in (*t.equations, *t.on_spike)),
        ]


def _check_integrator(model: SynapseModel, where: Location) -> None:
    if model.integrator == "auto":
        return
    if not model.synapse_equations:
        raise ModelError(
            f"integrator={model.integrator!r}, but synapses have nothing to integrate",
            where=where,
            hint="give synapse_derivatives; postsynaptic variables go with the neuron model, "
            "whose integrator is asked for there",
        )
    if model.event_driven and model.integrator != "exact":
        raise ModelError(
            f"integrator={model.integrator!r} goes from step to step, not from event to event",
            where=where,
            hint="set event_driven=False, or leave the integrator out",
        )


def _transmitted(given: EquationsLike, where: Location) -> tuple[Equation, ...]:
    """What is transmitted continuously; none where it is left out."""
    equations = parse_equations(given, where, assignments=True)
    if given not in (None, ()) and not equations:
        raise ModelError(
            "continuous transmission without an equation",
            where=where,
            hint="write continuous='I_post += weight*(V_pre - V_post)', or leave it out",
        )
    return equations


def _check(model: SynapseModel, where: Location) -> None:
    _check_integrator(model, where)
    seen: dict[str, str] = {}
    pairs = [(n, "parameter") for n, _ in model.parameters]
    pairs += [(n, "per-synapse variable") for n, _ in model.variables if n != "weight"]
    pairs += [(e.name, "postsynaptic variable") for e in model.equations]
    for trace in (model.pre_trace, model.post_trace):
        pairs += [(n, "trace variable") for n in trace.state_names] if trace else []
    for name, kind in pairs:
        check_name(name, kind, where)
        if name in seen:
            raise ModelError(
                f"{name!r} is used twice: as {seen[name]} and as {kind}",
                where=where,
                hint="give each its own name",
            )
        seen[name] = kind
    for name, value in model.parameters:
        if not isinstance(value, float):
            raise ModelError(
                f"parameter {name!r} of a synapse model must be one number",
                where=where,
                hint="values that differ between synapses are 'variables'",
            )
    _check_readable(model, where)
    parameters = {n for n, _ in model.parameters}
    own = parameters | {e.name for e in model.equations} | {"t", "dt"}
    for equation in model.equations:
        _known(equation, own, where)
    for trace in (model.pre_trace, model.post_trace):
        if trace:
            names = parameters | set(trace.state_names) | {"t", "dt"}
            names |= {e.name for e in trace.equations}
            for equation in (*trace.equations, *trace.on_spike):
                _known(equation, names, where)
    check_definitions(model.equations, model.inputs, where)
    check_definitions(model.synapse_equations, (*model.on_pre, *model.on_post), where)
    _check_continuous(model)
    variables = {n for n, _ in model.variables} | {"weight"}
    for equation in model.synapse_equations:
        if equation.kind == "derivative" and equation.name not in variables:
            raise ModelError(
                f"d{equation.name}/dt is given, but {equation.name!r} has no start value",
                where=where,
                hint=f"add it to variables, e.g. variables={{{equation.name!r}: 0.0}}",
            )
    for equation in (*model.continuous, *model.on_pre, *model.on_post):
        if equation.name in parameters:
            raise ModelError(
                f"assignment to the parameter {equation.name!r}",
                where=equation.where,
                hint="make it a per-synapse variable",
            )
    for name, _ in model.initial:
        if name not in model.state_names:
            raise ModelError(
                f"initial value for {name!r}, which is not a postsynaptic variable"
                f"{nearest(name, model.state_names)}",
                where=where,
                hint=f"its postsynaptic variables are {list(model.state_names)}",
            )
    _check_parameters_read(model, where)


def _check_continuous(model: SynapseModel) -> None:
    """Transmission adds to the target; weights change by their own equations."""
    if model.continuous and model.synapse_equations and model.event_driven:
        raise ModelError(
            "what is transmitted in every step cannot be known between events only",
            where=model.synapse_equations[0].where,
            hint="set event_driven=False, or leave event_driven out",
        )
    own = {name for name, _ in model.variables} | {"weight"}
    defined: set[str] = set()
    for equation in model.continuous:
        if equation.name in own:
            raise ModelError(
                f"{equation} changes the per-synapse variable {equation.name!r}",
                where=equation.where,
                hint=f"give its dynamics: synapse_derivatives='d{equation.name}/dt = ...', "
                "event_driven=False",
            )
        if equation.operator in ("*=", "/="):
            raise ModelError(
                f"{equation}: many synapses act on one target at once",
                where=equation.where,
                hint=f"write '{equation.name} += ...'",
            )
        if equation.operator == "=":
            if equation.name.endswith("_post") or equation.name in model.state_names:
                raise ModelError(
                    f"{equation} sets what many synapses act on at once",
                    where=equation.where,
                    hint=f"write '{equation.name} += ...'",
                )
            defined.add(equation.name)
        elif equation.name in defined:
            raise ModelError(
                f"{equation} changes the definition {equation.name!r}",
                where=equation.where,
                hint="give what is added a name of its own",
            )
    if model.continuous and all(e.operator == "=" for e in model.continuous):
        raise ModelError(
            "continuous transmission that adds to nothing",
            where=model.continuous[0].where,
            hint="add to an input or a variable of the target: 'I_post += ...'",
        )


def _check_parameters_read(model: SynapseModel, where: Location) -> None:
    """One that nothing reads is misspelt more often than not."""
    for name, _ in model.parameters:
        if name not in model.symbols:
            raise ModelError(
                f"nothing reads the parameter {name!r}{nearest(name, model.symbols)}",
                where=where,
                hint="use it in an equation, correct its name, or leave it out",
            )


def _check_readable(model: SynapseModel, where: Location) -> None:
    """What no kernel of synapses has: random numbers; between events, the delay."""
    for equation in model._code():
        for function in sorted(equation.functions & RANDOM):
            raise EquationError(
                f"{function}() in {equation}: synapses draw no random numbers",
                where=equation.where or where,
                hint="draw them in a neuron model, and read the variable as X_pre or X_post",
            )
    for equation in model.synapse_equations if model.event_driven else ():
        if "delay" in equation.symbols:
            raise EquationError(
                f"{equation} reads the delay, which is not known between events",
                where=equation.where or where,
                hint="set event_driven=False to integrate in every step",
            )


def _known(equation: Equation, known: set[str], where: Location) -> None:
    for symbol in sorted(equation.symbols - known):
        raise EquationError(
            f"unknown symbol {symbol!r} in {equation}{nearest(symbol, known)}",
            where=equation.where or where,
            hint=symbol_hint(symbol, equation.text, "synapse")
            or "declare it as a parameter or define it",
        )
