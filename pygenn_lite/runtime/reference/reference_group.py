"""Synapse groups in the reference interpreter: their variables, and plain loops over synapses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen.program.kernel import Draw, Kernel
from pygenn_lite.codegen.program.program import Program
from pygenn_lite.codegen.structure.structures import GroupBinding
from pygenn_lite.declaration.connectivity import Ends
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.reference.delivery import Arrivals, WholeSums, add_weights, run_on_pre
from pygenn_lite.runtime.reference.evaluation import Names
from pygenn_lite.runtime.reference.kernels import run_kernel, written
from pygenn_lite.runtime.reference.reference_population import ReferencePopulation
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.drawing import draw_pairs, listed_pairs
from pygenn_lite.runtime.values.philox import GroupRandom

STAMP = "last_update"


def declared_synapses(group: SynapseGroup, n_pre: int, n_post: int, dt: float) -> Connections:
    """Synapses of a rule without chance, with one weight and one delay (in the rule's order)."""
    rule = group.connectivity
    ends = Ends(
        n_pre, n_post, group.source == group.target, where=Location.of("synapse group", group.name)
    )
    without_chance = rule.complete or rule.numbered(n_pre) is not None
    numbers = (float,) if rule.by_builder else (float, FrozenArray)
    delay = dt if group.delay is None else group.delay
    if not (without_chance and isinstance(group.weight, numbers) and isinstance(delay, numbers)):
        raise UnsupportedFeatureError(
            f"the reference interpreter needs the synapses of group {group.name!r} as arrays",
            hint="pass connections={name: simulation[name].connections()}",
        )
    random = GroupRandom(0, f"group:{group.name}")  # nothing is drawn
    pre, post = (draw_pairs if rule.complete else listed_pairs)(rule, ends, random)
    return Connections(
        pre.astype(np.int64),
        post.astype(np.int64),
        _per_synapse(delay, pre.size),
        _per_synapse(group.weight, pre.size),
    )


def _per_synapse(value: Any, count: int) -> NDArray[np.float64]:
    array = value.array if isinstance(value, FrozenArray) else value
    return np.array(np.broadcast_to(array, count), np.float64)


class ReferenceGroup:
    """Synapses of one group and the spikes on their way through them."""

    def __init__(
        self,
        network: Network,
        binding: GroupBinding,
        synapses: Connections,
        program: Program,
        populations: dict[str, ReferencePopulation],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        """``initial``: values of variables that are drawn or given one by one."""
        self.binding, self.dt = binding, network.dt
        own = None if binding.kernel is None else program.synapses[binding.kernel]
        self.own, self.plastic = own, own is not None
        self.delivery = program.deliveries[binding.name]
        self.kernels: dict[str, Kernel] = {} if own is None else own.kernels
        self.source, self.target = populations[binding.source], populations[binding.target]
        self.pre = np.asarray(synapses.pre, np.int64)
        self.post = np.asarray(synapses.post, np.int64)
        self.delay = delay_steps(synapses.delay, self.dt)
        self.variables: dict[str, NDArray[np.float64]] = {
            "weight": np.array(synapses.weight, np.float64)
        }
        self.scalars: Names = {}
        if own is not None:
            for name in (v.symbol for v in own.variables):
                if name not in self.variables:
                    start = {**binding.initial, **(initial or {})}.get(name, 0.0)
                    if not isinstance(start, (int, float, np.ndarray)):
                        raise UnsupportedFeatureError(
                            f"initial value {start!r} of a synapse variable"
                        )
                    self.variables[name] = np.full(self.pre.size, start, np.float64)
            self.scalars = {v.symbol: _number(binding.values[v.symbol]) for v in own.scalars}
        self.parent: ReferenceGroup | None = None  # whose weights it has, transposed
        self.mirrored = np.zeros(0, np.int64)  # synapses of the parent, by synapse
        self.arrivals = Arrivals(self.pre, self.post, self.delay)
        self.incoming: dict[int, list[int]] = defaultdict(list)
        for k in np.lexsort((self.delay, self.post, self.pre)):
            self.incoming[int(self.post[k])].append(int(k))

    def set_out_again(self, spikes: Mapping[int, NDArray[np.int64]], now: int) -> None:
        """Spikes of the past, by step, are put back on their way; what has arrived is left out."""
        self.arrivals.put_back(spikes, now + self.delivery.lead)

    def mirror(self, parent: ReferenceGroup) -> None:
        """Take the weights of another group, in the opposite direction."""
        place = {(i, j): k for k, (i, j) in enumerate(zip(parent.pre, parent.post, strict=True))}
        pairs = zip(self.post, self.pre, strict=True)
        self.parent, self.mirrored = parent, np.array([place[pair] for pair in pairs], np.int64)

    def _weight_of_parent(self) -> NDArray[np.float64]:
        assert self.parent is not None
        weights = self.parent.variables["weight"][self.mirrored]
        return np.asarray(self.binding.factor * weights)

    def deliver(self, step: int, whole: WholeSums | None = None) -> None:
        """Weights of what arrives at ``t_step``, added to the target or to sums in whole
        numbers."""
        if whole is not None:
            weight = self.variables["weight"]
            whole.add(self.arrivals.take(step), self.delivery, self.post, weight)
            return
        total = self.target.names[self.delivery.adds_to]
        add_weights(self.arrivals.take(step), total, self.post, self.variables["weight"])

    def arrive(self, step: int) -> None:
        """What arrives at ``t_step``: on_pre of each synapse."""
        arrivals = self.arrivals.take(step)
        if "on_pre" in self.kernels:
            kernel = self.kernels["on_pre"]
            run_on_pre(arrivals, lambda k, nth: self._event(kernel, k, step, nth))

    def send(self, step: int, spikes: NDArray[np.int64]) -> None:
        """Spikes of the source at ``t_step`` are sent."""
        self.arrivals.send(step, spikes)

    def update_on_post(self, step: int, spikes: NDArray[np.int64]) -> None:
        """The target's spikes at ``t_step``: on_post of each synapse."""
        if "on_post" in self.kernels:
            for neuron in spikes:
                for k in self.incoming[int(neuron)]:
                    self._event(self.kernels["on_post"], k, step)

    def couple(self, step: int) -> None:
        """Continuous transmission of what arrives at ``t_{step+1}``, added up for each target."""
        if "couple" in self.kernels:
            self.visit(self.kernels["couple"], step)

    def advance(self, step: int) -> None:
        """Continuous dynamics that are not event driven, of all synapses at once."""
        if "step" in self.kernels:
            self.visit(self.kernels["step"], step)

    def visit(self, kernel: Kernel, step: int, more: Names | None = None) -> None:
        """Run a kernel over all synapses; `more`: further values that it may read."""
        self.variables.update(self._visited(kernel, step, more))

    def values_at(self, step: int) -> dict[str, NDArray[np.float64]]:
        """Variables as an event at ``t_step`` would find them."""
        if self.parent is not None:
            return {"weight": self._weight_of_parent()}
        values = {name: old.copy() for name, old in self.variables.items()}
        if "settle" in self.kernels:
            settled = self._visited(self.kernels["settle"], step)
            values |= {name: new for name, new in settled.items() if name != STAMP}
        return values

    def _visited(
        self, kernel: Kernel, step: int, more: Names | None = None
    ) -> dict[str, NDArray[np.float64]]:
        """What a kernel over all synapses makes of their variables."""
        names: Names = {**(more or {}), **self.scalars, **self.variables}
        names |= {"t": step * self.dt, "dt": self.dt}
        names["delay"] = self.delay * self.dt
        if self.parent is not None:
            names["weight"] = self._weight_of_parent()
        if kernel.table("source"):
            pre = self.binding.pre
            sent = list(zip(step + kernel.ahead - self.delay, self.pre, strict=True))
            for name in kernel.table("source"):
                values = [self.source.exposed_at(s, pre.get(name, name), i) for s, i in sent]
                names[name] = np.array(values)
        for name in kernel.table("target"):
            names[name] = self.target_array(name)[self.post]
        run_kernel(kernel, names, _Synapses(self, step, self.post), self.pre.size)
        return {name: np.full(self.pre.size, names[name]) for name in written(kernel)}

    def target_array(self, name: str) -> NDArray[np.float64]:
        """What kernels of the group call a variable of target neurons, of all of them."""
        array: NDArray[np.float64] = self.target.names[self.binding.post.get(name, name)]
        return array

    def _event(self, kernel: Kernel, k: int, step: int, nth: int | None = None) -> None:
        names = self._names(k, step, nth)
        run_kernel(kernel, names, _Synapses(self, step, self.post[k : k + 1]), None)
        for name in written(kernel):
            self.variables[name][k] = names[name]

    def _names(self, k: int, step: int, nth: int | None) -> Names:
        """All that code of synapse `k` can read at ``t_step``; `nth`: of its source's spikes that
        were sent at one time, the one that arrives."""
        sent = step - int(self.delay[k])
        names: Names = {**self.scalars, "t": step * self.dt, "dt": self.dt}
        names["delay"] = int(self.delay[k]) * self.dt
        names |= {name: float(values[k]) for name, values in self.variables.items()}
        for name, internal in self.binding.pre.items():
            names[name] = self.source.exposed_at(sent, internal, int(self.pre[k]), nth)
        for name, internal in self.binding.post.items():
            names[name] = float(self.target.names[internal][self.post[k]])
        return names


@dataclass
class _Synapses:
    """Some synapses in one step, as statements ask for them."""

    group: ReferenceGroup
    step: int
    targets: NDArray[np.int64]

    def draw(self, draw: Draw) -> Any:
        raise AssertionError("synapses draw no numbers")

    def count(self, index: int) -> Any:
        raise AssertionError("synapses have no Poisson inputs")

    def timed(self, index: int) -> Any:
        raise AssertionError("synapses have no currents")

    def add(self, target: str, value: Any) -> None:
        np.add.at(self.group.target_array(target), self.targets, value)

    def elapsed(self, stamp: Any) -> Any:
        return (self.step - stamp) * self.group.dt


def _number(value: Any) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    raise UnsupportedFeatureError(f"parameter {value!r} of a synapse group is not a number")
