"""Derived formulas as functions of numbers: what a population or a synapse group computes forwards
and backwards, over one neuron or many copies of it.

Arguments come in a fixed order: states, adjoints (where there are any), time, parameters, then
what an event has besides. Each function gives the list of its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import sympy

from pygenn_lite.codegen.adjoint.adjoint_parts import (
    ArrivalAdjoint,
    FlowAdjoint,
    adjoint,
    adjoint_of_sent,
    of_source,
)
from pygenn_lite.codegen.adjoint.adjoint_records import NeuronAdjoint, SynapseAdjoint
from pygenn_lite.codegen.adjoint.smoothness import derivative
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.reference.evaluation import compiled_list

Function = Callable[..., list[Any]]
ZERO = sympy.S.Zero


def share(k: int) -> str:
    """The symbol of what a neuron contributes to an integral: 0 or 1; backwards, times the
    derivative of the loss by the integral."""
    return f"share__{k}"


@dataclass(frozen=True)
class Order:
    """In which order a population's functions take their arguments.

    Attributes
    ----------
    states, parameters : tuple of str
        Symbols; inputs that change in time stand among the parameters.
    constants : tuple of str
        ``dt``, the neuron's number, its shares in integrals.
    """

    states: tuple[str, ...]
    parameters: tuple[str, ...]
    constants: tuple[str, ...]

    @property
    def values(self) -> tuple[str, ...]:
        """Time and all that stays."""
        return ("t", *self.parameters, *self.constants)

    @property
    def forwards(self) -> tuple[str, ...]:
        """Arguments of functions of states."""
        return (*self.states, *self.values)

    @property
    def backwards(self) -> tuple[str, ...]:
        """Arguments of functions of states and adjoints."""
        return (*self.states, *(adjoint(x).name for x in self.states), *self.values)


class NeuronFunctions:
    """Of a population.

    Parameters
    ----------
    neurons : NeuronAdjoint
    integrands : mapping of int to sympy.Expr
        By number of the integral: what is integrated of each of its neurons.
    """

    def __init__(self, neurons: NeuronAdjoint, integrands: Mapping[int, sympy.Expr]) -> None:
        self.neurons, system = neurons, neurons.system
        self.integrals = tuple(integrands)
        self.running = [integrands[k] * symbol(share(k)) for k in self.integrals]
        self.loss = sympy.Add(*self.running)
        self.order = Order(
            tuple(neurons.flow.f),
            (*(p.symbol for p in system.parameters), *system.timed),
            ("dt", "neuron", *map(share, self.integrals)),
        )

    @cached_property
    def flows(self) -> tuple[Function, Function]:
        """Free, and while refractory: f of all states, then what is integrated."""
        return (self._flow(self.neurons.flow), self._flow(self._clamped))

    @cached_property
    def backflows(self) -> tuple[Function, Function]:
        """The same backwards: ``-f``, the rates of adjoints, and of gradients by parameters."""
        return (self._backflow(self.neurons.flow), self._backflow(self._clamped))

    @cached_property
    def threshold(self) -> Function:
        """g and its speed."""
        spike = self.neurons.spike
        assert spike is not None and spike.g is not None
        return compiled_list(self.order.forwards, [spike.g, spike.speed])

    @cached_property
    def reset(self) -> Function:
        """States after a spike."""
        assert self.neurons.spike is not None
        return compiled_list(self.order.forwards, self._after(self.neurons.spike.reset))

    @cached_property
    def length(self) -> Function:
        """Of the refractory period, ms."""
        assert self.neurons.release is not None
        return compiled_list(self.order.values, [self.neurons.release.length])

    @cached_property
    def ends(self) -> Function:
        """What becomes positive where the refractory period ends, and its speed."""
        assert self.neurons.release is not None
        return compiled_list(
            self.order.forwards, [self.neurons.release.ends, self.neurons.release.speed]
        )

    @cached_property
    def spike(self) -> Function:
        """Price, speed; by state the adjoint before, and the slope of g; by parameter the gradients
        of reset and of threshold. Takes the derivatives by sent values as well."""
        spike = self.neurons.spike
        assert spike is not None
        states, parameters = self.order.states, self.order.parameters
        after = {symbol(x): v for x, v in spike.reset.items()}
        values = [spike.price + self.loss - self.loss.xreplace(after), spike.speed]
        values += [spike.back[x] for x in states]
        values += [spike.slope.get(x, ZERO) for x in states]
        values += [spike.reset_gradients.get(p, ZERO) for p in parameters]
        values += [spike.threshold_gradients.get(p, ZERO) for p in parameters]
        sent = (adjoint_of_sent(x).name for x in states)
        return compiled_list((*self.order.backwards, *sent), values)

    @cached_property
    def release(self) -> Function:
        """Price, speed; the slope by state, the gradients by parameter."""
        release = self.neurons.release
        assert release is not None
        values = [release.price, release.speed]
        values += [release.slope.get(x, ZERO) for x in self.order.states]
        values += [release.gradients.get(p, ZERO) for p in self.order.parameters]
        return compiled_list(self.order.backwards, values)

    @cached_property
    def events(self) -> dict[str, ArrivalFunctions]:
        """Of events of Poisson inputs."""
        return {
            name: ArrivalFunctions(self, both, (), ()) for name, both in self.neurons.events.items()
        }

    @property
    def _clamped(self) -> FlowAdjoint:
        return self.neurons.clamped_flow or self.neurons.flow

    def _after(self, jump: Mapping[str, sympy.Expr]) -> list[sympy.Expr]:
        return [jump.get(x, symbol(x)) for x in self.order.states]

    def _flow(self, flow: FlowAdjoint) -> Function:
        return compiled_list(self.order.forwards, [*flow.f.values(), *self.running])

    def _backflow(self, flow: FlowAdjoint) -> Function:
        values = [-v for v in flow.f.values()]
        values += [v + derivative(self.loss, x) for x, v in flow.rates.items()]
        values += [flow.gradients.get(p, ZERO) for p in self.order.parameters]
        return compiled_list(self.order.backwards, values)


class ArrivalFunctions:
    """Of arrivals, free and while the target is refractory.

    Parameters
    ----------
    target : NeuronFunctions
    both : pair of ArrivalAdjoint
    own, carried : sequence of str
        Symbols of the synapse, and states of the source whose values spikes carry: the last
        arguments.
    """

    def __init__(
        self,
        target: NeuronFunctions,
        both: tuple[ArrivalAdjoint, ArrivalAdjoint],
        own: Sequence[str],
        carried: Sequence[str],
    ) -> None:
        self.target, self.both = target, both
        self.own, self.carried = tuple(own), tuple(carried)
        self.last = (*self.own, *map(of_source, self.carried))

    @staticmethod
    def of(
        synapses: SynapseAdjoint, target: NeuronFunctions, own: Iterable[str]
    ) -> ArrivalFunctions:
        """Of a synapse group."""
        carried = synapses.system.pre.values()
        both = (synapses.free, synapses.clamped)
        return ArrivalFunctions(target, both, tuple(own), tuple(carried))

    @cached_property
    def jumps(self) -> tuple[Function, Function]:
        """States of the target after an arrival."""
        first, second = (self._jump(arrival) for arrival in self.both)
        return first, second

    @cached_property
    def back(self) -> tuple[Function, Function]:
        """The price; by state the adjoint before; the gradients by parameter of the target, then of
        the synapse; the derivatives by carried values."""
        first, second = (self._back(arrival) for arrival in self.both)
        return first, second

    def _jump(self, arrival: ArrivalAdjoint) -> Function:
        order = self.target.order
        after = [arrival.jump.get(x, symbol(x)) for x in order.states]
        return compiled_list((*order.forwards, *self.last), after)

    def _back(self, arrival: ArrivalAdjoint) -> Function:
        order, loss = self.target.order, self.target.loss
        after = {symbol(x): v for x, v in arrival.jump.items()}
        values = [arrival.price + loss - loss.xreplace(after)]
        values += [arrival.back.get(x, adjoint(x)) for x in order.states]
        values += [arrival.gradients.get(p, ZERO) for p in (*order.parameters, *self.own)]
        values += [arrival.sent.get(x, ZERO) for x in self.carried]
        return compiled_list((*order.backwards, *self.last), values)
