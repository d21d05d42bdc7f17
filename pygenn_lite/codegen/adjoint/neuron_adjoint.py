"""Derives the adjoint of a population: between events, at spikes, at the end of refractory
periods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import (
    ArrivalAdjoint,
    FlowAdjoint,
    ReleaseAdjoint,
    SpikeAdjoint,
    adjoint,
    adjoint_of_sent,
)
from pygenn_lite.codegen.adjoint.adjoint_records import NeuronAdjoint
from pygenn_lite.codegen.adjoint.arrivals import arrival, clamped_jump, composed
from pygenn_lite.codegen.adjoint.smoothness import Smoothness, derivative
from pygenn_lite.codegen.systems.linear import noise_symbols
from pygenn_lite.codegen.systems.signed_threshold import signed_threshold
from pygenn_lite.codegen.systems.system import T, symbol
from pygenn_lite.codegen.systems.system_records import NeuronSystem
from pygenn_lite.errors import Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

ZERO = sympy.S.Zero


def neuron_adjoint(system: NeuronSystem, carried: Iterable[str] = ()) -> NeuronAdjoint:
    """The adjoint of a population.

    Parameters
    ----------
    system : NeuronSystem
    carried : iterable of str
        States whose values spikes carry to synapses.

    Raises
    ------
    UnsupportedFeatureError
        Naming what cannot be differentiated.
    """
    _check(system)
    parts = _Parts.of(system, carried)
    found = NeuronAdjoint(
        system,
        parts.flow(parts.f),
        events=parts.events(),
        without=parts.smoothness.without,
        breaks=tuple(parts.smoothness.breaks),
        unforeseen=tuple(parts.smoothness.unforeseen),
    )
    if system.threshold is None:
        return found
    refractory = system.refractory is not None
    found = replace(
        found,
        clamped_flow=parts.flow(parts.clamped) if refractory else None,
        spike=parts.spike(),
        release=parts.release() if refractory else None,
    )
    return replace(found, without={**found.without, **_without_effect(found)})


def _without_effect(found: NeuronAdjoint) -> dict[str, str]:
    """Parameters of a refractory period that keeps nothing from moving, and of nothing else. (Where
    the threshold sees what is not clamped, spikes may come as soon as the period ends.)"""
    if found.release is None or found.release.price != 0:
        return {}
    assert found.spike is not None
    if not set(found.spike.slope) <= set(found.release.clamped):
        return {}
    others = (found.flow.gradients, found.spike.reset_gradients, found.spike.threshold_gradients)
    why = "what is clamped would not move: how long the refractory period is moves nothing"
    return {p: why for p in found.release.gradients if not any(p in other for other in others)}


def given_spikes(system: NeuronSystem, traces: Iterable[str], why: str) -> NeuronAdjoint:
    """The adjoint of a population whose spikes are data: of the traces of its spikes, which
    synapses may carry, and of nothing else."""
    kept = set(traces)
    own = replace(
        system,
        states=tuple(x for x in system.states if x in kept),
        f={x: value for x, value in system.f.items() if x in kept},
        reset=tuple((x, value) for x, value in system.reset if x in kept),
        events=(),
    )
    parts = _Parts.of(replace(own, threshold=None, g=None, refractory=None), kept)
    return NeuronAdjoint(
        own,
        parts.flow(parts.f),
        spike=parts.given_spike(),
        without={p.symbol: why for p in system.parameters if not _read_by_traces(p.symbol, own)},
        data=why,
    )


def _read_by_traces(name: str, system: NeuronSystem) -> bool:
    values = (*system.f.values(), *(value for _, value in system.reset))
    return any(symbol(name) in value.free_symbols for value in values)


def without_states(population: str) -> NeuronAdjoint:
    """The adjoint of a spike source that has no variables."""
    system = NeuronSystem(
        population, (), {}, (), None, None, "", (), (), None, False, (), (), (), {}, (), ()
    )
    return given_spikes(system, (), "a spike source")


def _check(system: NeuronSystem) -> None:
    where = Location.of("population", system.population)
    if system.update:
        raise UnsupportedFeatureError(
            "the model is an update per step, not a differential equation: there is no flow "
            "between spikes to be differentiated",
            where=where.key("update"),
            hint="write derivatives (for Izhikevich's neuron: scheme='equations')",
        )
    if system.threshold is not None and system.g is None:
        raise UnsupportedFeatureError(
            f"the threshold {system.threshold} has {system.no_g}",
            where=where.key("threshold"),
            hint="write the threshold as a comparison without random numbers, such as 'V > theta'",
        )
    known = {*system.states, *system.timed, *system.draws, "t", "dt"}
    known |= {p.symbol for p in system.parameters} | {name for name, _, _ in system.noise}
    for name, value in system.f.items():
        for s in sorted(value.free_symbols - set(noise_symbols(value)), key=str):
            if s.name not in known:
                raise UnsupportedFeatureError(
                    f"d{name}/dt depends on {system.called.get(s.name, s.name)}, which synapses "
                    "transmit in every step: such coupling is not differentiated",
                    where=where.about(f"d{name}/dt"),
                    hint="gradients flow through spikes: connect by synapses with on_pre",
                )


@dataclass(frozen=True)
class _Parts:
    """A system in the form that is differentiated, from which the parts of its adjoint follow."""

    system: NeuronSystem
    f: Mapping[str, sympy.Expr]
    smoothness: Smoothness
    carried: frozenset[str]

    @staticmethod
    def of(system: NeuronSystem, carried: Iterable[str]) -> _Parts:
        """Derivatives of all states below the threshold: 0 for those that only events change."""
        where = Location.of("population", system.population)
        names = (name for name, _, _ in system.noise)
        seen = set() if system.g is None else {s.name for s in system.g.free_symbols}
        free = system.refractory is None or seen & set(system.states) <= set(system.clamped)
        smoothness = Smoothness(
            frozenset((*system.states, *system.timed, *names)),
            frozenset(p.symbol for p in system.parameters),
            system.g if free else None,
        )
        f = {x: smoothness.form(system.f.get(x, ZERO), f"d{x}/dt", where) for x in system.states}
        return _Parts(system, f, smoothness, frozenset(carried))

    @property
    def where(self) -> Location:
        """The population."""
        return Location.of("population", self.system.population)

    @property
    def clamped(self) -> dict[str, sympy.Expr]:
        """Derivatives while the neuron is refractory."""
        return {x: ZERO if x in self.system.clamped else v for x, v in self.f.items()}

    @property
    def parameters(self) -> tuple[str, ...]:
        """Symbols that gradients are asked for."""
        return (*(p.symbol for p in self.system.parameters), *self.system.timed)

    def flow(self, f: Mapping[str, sympy.Expr]) -> FlowAdjoint:
        """Between events."""
        jacobian = {
            (i, j): value for i, v in f.items() for j in f if (value := derivative(v, j)) != 0
        }
        noise = {
            symbol(n): mean + std * symbol(f"normal__{n}") for n, mean, std in self.system.noise
        }
        drawn = {i: v.xreplace(noise) for i, v in f.items()} if noise else f
        gradients = {p: self._along(drawn, p) for p in self.parameters}
        moving = {T, *map(symbol, (*self.system.states, *self.system.timed))}
        return FlowAdjoint(
            f,
            jacobian,
            {p: value for p, value in gradients.items() if value != 0},
            not any(v.free_symbols & moving for v in jacobian.values()),
        )

    def _along(self, values: Mapping[str, sympy.Expr], by: str) -> sympy.Expr:
        """``lam . d values/d by``."""
        return sympy.Add(*(adjoint(x) * derivative(v, by) for x, v in values.items()))

    def spike(self) -> SpikeAdjoint:
        """At a crossing of the threshold."""
        g = self.smoothness.form(self.system.g, "threshold", self.where.key("threshold"))
        slope = {x: value for x in self.f if (value := derivative(g, x)) != 0}
        speed = sympy.Add(*(v * self.f[x] for x, v in slope.items())) + g.diff(T)
        if noise_symbols(speed):
            raise UnsupportedFeatureError(
                f"white noise moves what the threshold sees, {', '.join(slope)}: it has no speed "
                "at the crossing",
                where=self.where.key("threshold"),
                hint="leave the noise out, or give it as a current (net.noise_current)",
            )
        if not slope and g.diff(T) == 0:
            raise UnsupportedFeatureError(
                f"the threshold {self.system.threshold} sees no variable of the neuron",
                where=self.where.key("threshold"),
                hint="write a threshold such as 'V > theta'",
            )
        threshold = {p: value for p in self.parameters if (value := derivative(g, p)) != 0}
        after = self.clamped if self.system.refractory is not None else self.f
        return self._at_spike(after, g, slope, speed, threshold)

    def given_spike(self) -> SpikeAdjoint:
        """At a spike whose time is given."""
        return self._at_spike(self.f, None, {}, ZERO, {})

    def _at_spike(
        self,
        after: Mapping[str, sympy.Expr],
        g: sympy.Expr | None,
        slope: Mapping[str, sympy.Expr],
        speed: sympy.Expr,
        threshold: Mapping[str, sympy.Expr],
    ) -> SpikeAdjoint:
        where = self.where.key("reset")
        statements = (*self.system.reset, *self.system.after_spike)
        reset = {x: self.smoothness.form(v, x, where) for x, v in composed(statements).items()}
        there = {symbol(x): v for x, v in reset.items()}
        price, back, gradients = (
            ZERO,
            dict.fromkeys(self.f, ZERO),
            dict.fromkeys(self.parameters, ZERO),
        )
        for x in self.f:
            value, both = there.get(symbol(x), symbol(x)), adjoint(x)
            if x in self.carried:
                both += adjoint_of_sent(x)
            moved = derivative(value, "t")
            for j in self.f:
                by = derivative(value, j)
                back[j] += both * by
                moved += by * self.f[j]
            price += both * moved - adjoint(x) * after[x].xreplace(there)
            for p in self.parameters:
                gradients[p] += both * derivative(value, p)
        return SpikeAdjoint(
            g, slope, speed, reset, price, back,
            {p: v for p, v in gradients.items() if v != 0}, threshold,
        )  # fmt: skip

    def release(self) -> ReleaseAdjoint:
        """At the end of the refractory period."""
        system, where = self.system, self.where.key("refractory")
        price = sympy.Add(
            *(adjoint(x) * (v - self.f[x]) for x, v in self.clamped.items() if v != self.f[x])
        )
        if not system.refractory_is_condition:
            length = self.smoothness.form(system.refractory, "refractory", where)
            found = {p: v for p in self.parameters if (v := derivative(length, p)) != 0}
            return ReleaseAdjoint(system.clamped, length, None, {}, ZERO, price, found)
        lasts, why = signed_threshold(system.refractory)
        if lasts is None:
            raise UnsupportedFeatureError(
                f"the end of the refractory period {system.refractory} has {why}",
                where=where,
                hint="write a comparison, such as 'V > V_th'",
            )
        ends = self.smoothness.form(-lasts, "refractory", where)
        slope = {x: v for x in self.f if (v := derivative(ends, x)) != 0}
        speed = sympy.Add(*(v * self.clamped[x] for x, v in slope.items())) + ends.diff(T)
        found = {p: v for p in self.parameters if (v := derivative(ends, p)) != 0}
        return ReleaseAdjoint(system.clamped, None, ends, slope, speed, price, found)

    def events(self) -> dict[str, tuple[ArrivalAdjoint, ArrivalAdjoint]]:
        """Where events of Poisson inputs arrive."""
        found = {}
        for name, target, weight in self.system.events:
            jump = {target: symbol(target) + symbol(weight)}
            held = clamped_jump(jump, self.system.clamped)
            found[name] = (
                arrival(jump, self.f, (weight,)),
                arrival(held, self.clamped, (weight,)),
            )
        return found
