"""Resolves the names in plastic synapse code: which are per-synapse variables, which are read from
the source population (through rings, as they arrive with a delay), which belong to the target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pygenn_lite.codegen.structure.population_assembly import Attached
from pygenn_lite.codegen.structure.structures import GroupBinding, SynapseStructure, statements
from pygenn_lite.declaration.connectivity import AllToAll, Transpose
from pygenn_lite.declaration.language.equations import Equation
from pygenn_lite.declaration.language.habits import symbol_hint
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.values import Value
from pygenn_lite.errors import Location, ModelError, NetworkError, UnsupportedFeatureError

if TYPE_CHECKING:
    from pygenn_lite.codegen.structure.population_assembly import PopulationAssembly

BUILT_IN = frozenset({"t", "dt", "delay"})


def general_group(
    group: SynapseGroup,
    source: PopulationAssembly,
    target: PopulationAssembly,
    receptor: Attached,
    real: str,
) -> tuple[GroupBinding, SynapseStructure]:
    """Resolve a group whose synapses do more than add a constant weight."""
    model, rule = group.synapse, group.connectivity
    pre = source.trace("pre", model.pre_trace, model) if model.pre_trace else Attached()
    post = target.trace("post", model.post_trace, model) if model.post_trace else Attached()
    source.belongs(pre.part, group.name)
    target.belongs(post.part, group.name)
    synapse = ("weight", *(n for n, _ in model.variables if n != "weight"))
    names = _Names(group, source, target, (receptor, pre, post), synapse)
    sinks = names.couple(model.continuous)
    for equation in model.on_pre:
        names.resolve(equation)
        names.sum_up(equation)
    for equation in model.on_post:
        names.resolve(equation)
        names.guard(equation)
    names.define(model.synapse_equations)
    for equation in model.synapse_equations:
        names.resolve(equation)
    for internal in names.pre.values():
        source.exposed[internal] = None

    event_driven = bool(model.synapse_equations) and model.event_driven
    stored = (*synapse, "last_update") if event_driven else synapse
    structure = SynapseStructure(
        name=group.name,
        on_pre=statements(model.on_pre),
        on_post=statements(model.on_post),
        equations=statements(model.synapse_equations),
        event_driven=event_driven,
        integrator="auto" if event_driven else str(model.integrator),
        synapse=stored,
        pre=tuple(sorted(names.pre)),
        post=tuple(sorted(names.post)),
        clamped=tuple(sorted(names.clamped)),
        summed=tuple(sorted(names.summed)),
        scalars=tuple(sorted(names.scalars)),
        real=real,
        continuous=statements(model.continuous),
        sinks=sinks,
        dense=is_dense(group),
        transposed=isinstance(rule, Transpose),
    )
    every_step = bool(model.continuous or model.synapse_equations) and not event_driven
    binding = GroupBinding(
        name=group.name,
        kind="general",
        source=group.source,
        target=group.target,
        lead=1 if names.summed else 0,
        values=names.scalars,
        initial={"weight": group.weight, **dict(model.variables)},
        receptor={**receptor.symbols, **post.symbols},
        pre_trace=pre.symbols,
        receptor_part=receptor.part,
        pre_part=pre.part,
        post_part=post.part,
        pre={s: names.pre[s] for s in structure.pre},
        post={s: names.post[s] for s in structure.post},
        needs_transposed=bool(model.on_post),
        needs_sources=every_step and not model.continuous,
        needs_delays=bool(model.on_post) or every_step,
        dense=structure.dense,
        transpose_of=rule.of if isinstance(rule, Transpose) else "",
        factor=rule.factor if isinstance(rule, Transpose) else 1.0,
    )
    return binding, structure


def is_dense(group: SynapseGroup) -> bool:
    """Whether the synapses of a general group are stored as a matrix: where asked for, and where
    values are transmitted in every step between all pairs."""
    if isinstance(group.connectivity, Transpose):
        return True
    if group.storage != "auto":
        return group.storage == "dense"
    one_delay = isinstance(group.delay, (int, float))
    return bool(group.synapse.continuous) and one_delay and isinstance(group.connectivity, AllToAll)


def check_transpose(group: SynapseGroup, groups: Mapping[str, SynapseGroup]) -> None:
    """A group with the weights of another must be able to have them.

    Raises
    ------
    NetworkError
        Saying what is wrong with this group or with the other.
    """
    rule, model = group.connectivity, group.synapse
    if not isinstance(rule, Transpose):
        return
    where, other = Location.of("synapse group", group.name), groups.get(rule.of)
    if other is None:
        raise NetworkError(
            f"there is no synapse group {rule.of!r}{nearest(rule.of, groups)}",
            where=where,
            hint=f"there are {list(groups)}",
        )
    if isinstance(other.connectivity, Transpose):
        first, factor = other.connectivity.of, rule.factor * other.connectivity.factor
        raise NetworkError(
            f"{rule.of!r} is the transpose of {first!r}: it has no weights of its own",
            where=where,
            hint=f"connect this group with the synapses of {first!r} and {factor:g} times its "
            "weights, or transpose that group",
        )
    if group.storage not in ("auto", "dense"):
        raise NetworkError(
            f"storage={group.storage!r}, but the synapses are those of {rule.of!r}, a matrix",
            where=where.entry("storage"),
            hint="leave storage='auto'",
        )
    if (other.source, other.target) != (group.target, group.source):
        raise NetworkError(
            f"{rule.of!r} leads from {other.source!r} to {other.target!r}: its transpose leads "
            f"from {other.target!r} to {other.source!r}",
            where=where,
            hint="exchange source and target",
        )
    complete = isinstance(other.connectivity, AllToAll) and (
        other.connectivity.autapses or other.source != other.target
    )
    if other.synapse.is_static or not is_dense(other) or not complete:
        raise NetworkError(
            f"the weights of {rule.of!r} are not a matrix of all pairs",
            where=where,
            hint="connect it with AllToAll(), one delay, and continuous transmission or "
            "storage='dense'",
        )
    own = model.on_pre or model.on_post or model.synapse_equations or model.variables
    if not model.continuous or own:
        raise NetworkError(
            "a transposed group has no synapses of its own: it transmits continuously, and neither "
            "reacts to spikes nor learns",
            where=where,
            hint="use a model such as RateSynapse()",
        )
    if not isinstance(group.delay, (int, float)):
        raise NetworkError(
            "a transposed group has one delay for all synapses",
            where=where.entry("delay"),
            hint="give one number",
        )
    if group.weight != 1.0:
        raise NetworkError(
            f"a weight is given, but the weights are those of {rule.of!r}",
            where=where,
            hint=f"write Transpose(of={rule.of!r}, factor=...)",
        )


class _Names:
    """Sorts the symbols of one group's code by where they live."""

    def __init__(
        self,
        group: SynapseGroup,
        source: PopulationAssembly,
        target: PopulationAssembly,
        attached: tuple[Attached, Attached, Attached],  # receptor, traces of both sides
        synapse: tuple[str, ...],
    ) -> None:
        self.group, self.source, self.target = group, source, target
        self.receptor, self.pre_trace, self.post_trace = (a.symbols for a in attached)
        self.synapse = set(synapse)
        self.parameters = dict(group.synapse.parameters)
        self.pre: dict[str, str] = {}
        self.post: dict[str, str] = {}
        self.scalars: dict[str, Value] = {}
        self.clamped: set[str] = set()
        self.summed: set[str] = set()

    def couple(self, equations: Iterable[Equation]) -> tuple[tuple[str, str], ...]:
        """Resolve continuous transmission; what it adds to, and the symbol of each one's sum."""
        own, sinks = set(self.synapse), {}
        for equation in equations:
            for symbol in sorted(equation.symbols):
                self._read(symbol, equation)
            name = equation.name
            if equation.operator == "=":
                self.synapse.add(name)  # a definition, known to the statements below it
                continue
            internal = self.target.coupled_target(name.removesuffix("_post"), self.receptor)
            if internal is None or (name not in self.receptor and not name.endswith("_post")):
                raise ModelError(
                    f"{name!r} cannot be added to in {equation}{nearest(name, self._sink_names())}",
                    where=_where(self.group.synapse, equation),
                    hint=f"add to one of {self._sink_names()}",
                )
            sinks[name] = f"{name}__sum"
            self.post[sinks[name]] = internal
        self.synapse = own
        return tuple(sorted(sinks.items()))

    def _sink_names(self) -> list[str]:
        if self.target.is_source:
            return list(self.receptor)
        model = self.target.population.model
        return [*(f"{n}_post" for n in (*model.inputs, *model.state_names)), *self.receptor]

    def sum_up(self, equation: Equation) -> None:
        """What on_pre adds to variables that the threshold sees goes into their sums."""
        name = equation.name
        if name in self.post and self.target.plastic_target(self.post[name]):
            self.summed.add(name)
            self.post[f"{name}__sum"] = f"{self.post[name]}__sum"

    def guard(self, equation: Equation) -> None:
        """What on_post adds to clamped variables waits for the end of refractoriness."""
        model = self.target.population.model
        if model.refractory and self.post.get(equation.name) in model.clamp:
            self.clamped.add(equation.name)
            self.post["refractory"] = "refractory"

    def define(self, equations: Iterable[Equation]) -> None:
        """Definitions, which equations may use wherever they stand."""
        self.synapse.update(e.name for e in equations if e.kind == "definition")

    def resolve(self, equation: Equation) -> None:
        self._target(equation)
        for symbol in sorted(equation.symbols):
            self._read(symbol, equation)

    def _target(self, equation: Equation) -> None:
        name = equation.name
        if name in self.synapse:
            return
        self._read(name, equation)
        if name not in self.post:
            raise ModelError(
                f"{name!r} cannot be assigned here",
                where=_where(self.group.synapse, equation),
                hint="assign to 'weight', a per-synapse variable, a postsynaptic variable "
                "or 'X_post'",
            )
        if equation.operator not in ("+=", "-="):
            raise ModelError(
                f"{name!r} belongs to the target neuron, on which many synapses act at once",
                where=_where(self.group.synapse, equation),
                hint=f"write '{name} += ...'",
            )

    def _read(self, symbol: str, equation: Equation) -> None:
        if symbol in self.synapse or symbol in BUILT_IN:
            return
        if symbol in self.parameters:
            self.scalars[symbol] = self.parameters[symbol]
        elif symbol in self.pre_trace:
            self.pre[symbol] = self.pre_trace[symbol]
        elif symbol in self.post_trace:
            self.post[symbol] = self.post_trace[symbol]
        elif symbol in self.receptor:
            self.post[symbol] = self.receptor[symbol]
        elif not self._neuron_variable(symbol):
            known = [*self.synapse, *self.parameters, *self.pre_trace, *self.post_trace]
            known += [*self.receptor, *self._neuron_names()]
            raise ModelError(
                f"unknown symbol {symbol!r} in {equation}{nearest(symbol, known)}",
                where=_where(self.group.synapse, equation),
                hint=symbol_hint(symbol, equation.text, "synapse")
                or f"known here: {sorted(known)}",
            )

    def _neuron_variable(self, symbol: str) -> bool:
        for suffix, side in (("_pre", self.source), ("_post", self.target)):
            if not symbol.endswith(suffix) or side.is_source:
                continue
            bare = symbol.removesuffix(suffix)
            if bare in side.population.model.state_names:
                (self.pre if suffix == "_pre" else self.post)[symbol] = bare
                return True
            if bare in dict(side.population.model.parameters):
                value = side.values[bare]
                if not isinstance(value, (int, float)):
                    raise UnsupportedFeatureError(
                        f"{symbol!r} is a parameter with one value per neuron; synapse code can "
                        "read shared parameters and state variables",
                        where=Location.of("synapse group", self.group.name),
                        hint=f"make {bare!r} a state variable: give it an initial value instead, "
                        f"and d{bare}/dt = 0",
                    )
                self.scalars[symbol] = value
                return True
        return False

    def _neuron_names(self) -> list[str]:
        names = []
        for suffix, side in (("_pre", self.source), ("_post", self.target)):
            if not side.is_source:
                names += [n + suffix for n in side.population.model.state_names]
        return names


def _where(model: SynapseModel, equation: Equation) -> Location:
    return equation.where or Location.of("synapse model", model.name)
