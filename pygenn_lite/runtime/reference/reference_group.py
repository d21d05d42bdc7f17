"""Synapse groups in the reference interpreter: plain loops over synapses, one queue of arrivals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.codegen.program.program import Assign, SynapseKernel
from pygenn_lite.codegen.structure.structures import GroupInstance
from pygenn_lite.declaration.connectivity import Ends
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import UnsupportedFeature
from pygenn_lite.runtime.reference.evaluation import Names, evaluate, execute, propagators
from pygenn_lite.runtime.reference.reference_population import ReferencePopulation
from pygenn_lite.runtime.values.connections import Connections
from pygenn_lite.runtime.values.drawing import draw_pairs, listed_pairs
from pygenn_lite.runtime.values.philox import GroupRandom


def declared_synapses(group: SynapseGroup, n_pre: int, n_post: int, dt: float) -> Connections:
    """Synapses of a rule without chance, with one weight and one delay (in the rule's order)."""
    rule = group.connectivity
    ends = Ends(n_pre, n_post, group.source == group.target, where=f"synapse group {group.name!r}")
    without_chance = rule.complete or rule.numbered(n_pre) is not None
    numbers = (float,) if rule.by_builder else (float, FrozenArray)
    delay = dt if group.delay is None else group.delay
    if not (without_chance and isinstance(group.weight, numbers) and isinstance(delay, numbers)):
        raise UnsupportedFeature(
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
        instance: GroupInstance,
        synapses: Connections,
        kernel: SynapseKernel | None,
        populations: dict[str, ReferencePopulation],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        """``initial``: values of variables that are drawn or given one by one."""
        self.instance, self.kernel, self.dt = instance, kernel, network.dt
        self.source, self.target = populations[instance.source], populations[instance.target]
        self.pre = np.asarray(synapses.pre, np.int64)
        self.post = np.asarray(synapses.post, np.int64)
        self.delay = delay_steps(synapses.delay, self.dt)
        self.variables: dict[str, NDArray[np.float64]] = {
            "weight": np.array(synapses.weight, np.float64)
        }
        if kernel is not None:
            for name in kernel.synapse:
                if name not in self.variables:
                    start = {**instance.initial, **(initial or {})}.get(name, 0.0)
                    if not isinstance(start, (int, float, np.ndarray)):
                        raise UnsupportedFeature(f"initial value {start!r} of a synapse variable")
                    self.variables[name] = np.full(self.pre.size, start, np.float64)
            self.scalars: Names = {n: float(_number(instance.values[n])) for n in kernel.scalars}
        self.parent: ReferenceGroup | None = None  # whose weights it has, transposed
        self.mirrored = np.zeros(0, np.int64)  # synapses of the parent, by synapse
        self.outgoing: dict[int, list[int]] = defaultdict(list)
        self.incoming: dict[int, list[int]] = defaultdict(list)
        for k in np.lexsort((self.delay, self.post, self.pre)):
            self.outgoing[int(self.pre[k])].append(int(k))
            self.incoming[int(self.post[k])].append(int(k))
        self.queue: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def set_out_again(self, spikes: Mapping[int, NDArray[np.int64]], now: int) -> None:
        """Spikes of the past, by step, are put back on their way; what has arrived is left out."""
        self.queue.clear()
        for step, neurons in spikes.items():
            self.send(step, neurons)
        for arrival in [k for k in self.queue if k < now + self.instance.lead]:
            del self.queue[arrival]

    def mirror(self, parent: ReferenceGroup) -> None:
        """Take the weights of another group, in the opposite direction."""
        place = {(i, j): k for k, (i, j) in enumerate(zip(parent.pre, parent.post, strict=True))}
        pairs = zip(self.post, self.pre, strict=True)
        self.parent, self.mirrored = parent, np.array([place[pair] for pair in pairs], np.int64)

    def send(self, step: int, spikes: NDArray[np.int64]) -> None:
        """Spikes of the source at ``t_step`` set out; several of one neuron one after another."""
        sent: dict[int, int] = defaultdict(int)
        for neuron in map(int, spikes):
            for k in self.outgoing[neuron]:
                self.queue[step + int(self.delay[k])].append((k, sent[neuron]))
            sent[neuron] += 1

    def deliver_static(self, step: int) -> None:
        """Arrivals at ``t_step`` (or, for sums added at the end of the step, one step later)."""
        total = self.target.names[self.instance.target_variable + "__sum" * self.instance.lead]
        for k, _ in self.queue.pop(step + self.instance.lead, ()):
            total[self.post[k]] += self.variables["weight"][k]

    def deliver_plastic(self, step: int) -> None:
        """Arrivals at ``t_step``: on_pre of each synapse."""
        for k, nth in self.queue.pop(step, ()):
            assert self.kernel is not None
            self._event(self.kernel.on_pre, k, step, nth)

    def learn_backwards(self, step: int, spikes: NDArray[np.int64]) -> None:
        """The target's spikes at ``t_step``: on_post of each synapse."""
        if self.kernel is not None and self.kernel.on_post:
            for neuron in spikes:
                for k in self.incoming[int(neuron)]:
                    self._event(self.kernel.on_post, k, step)

    def couple(self, step: int) -> None:
        """Continuous transmission of what arrives at ``t_{step+1}``, added up for each target."""
        if self.kernel is None or not self.kernel.couple:
            return
        names, sinks = self._of_all(step, step + 1), dict(self.kernel.sinks)
        for assign in self.kernel.couple:
            total = self.target.names[self.instance.post[sinks[assign.target]]]
            np.add.at(total, self.post, evaluate(assign.value, names))

    def _of_all(self, step: int, arrival: int) -> Names:
        """All that code can read at ``t_step``, of all synapses; of sources, what arrives at
        ``t_arrival``."""
        names: Names = {**self.scalars, **self.variables, "t": step * self.dt, "dt": self.dt}
        names["delay"] = self.delay * self.dt
        if self.parent is not None:
            names["weight"] = self.instance.factor * self.parent.variables["weight"][self.mirrored]
        sent = list(zip(arrival - self.delay, self.pre, strict=True))
        for name, internal in self.instance.pre.items():
            names[name] = np.array([self.source.published_at(s, internal, i) for s, i in sent])
        for name, internal in self._read_of_target():
            names[name] = self.target.names[internal][self.post]
        return names

    def advance(self, step: int) -> None:
        """Continuous dynamics that are not event driven, of all synapses at once."""
        if self.kernel is None or not self.kernel.step:
            return
        names = self._of_all(step, step)
        for flow in self.kernel.flows:
            names |= propagators(flow, names, self.dt)
        execute(self.kernel.step, names)
        for assign in self.kernel.step:
            name = assign.target.removesuffix("__next")
            self.variables[name] = np.array(np.broadcast_to(names[assign.target], self.pre.size))

    def values_at(self, step: int) -> dict[str, NDArray[np.float64]]:
        """Variables as an event at ``t_step`` would find them."""
        if self.parent is not None:
            weight = self.parent.variables["weight"][self.mirrored]
            return {"weight": self.instance.factor * weight}
        if self.kernel is None or not self.kernel.decay:
            return {name: values.copy() for name, values in self.variables.items()}
        names: Names = {**self.scalars, **self.variables, "dt": self.dt}
        names["elapsed"] = (step - self.variables["last_update"]) * self.dt
        settled = self._settled(names)
        return {name: np.array(settled.get(name, old)) for name, old in self.variables.items()}

    def _event(
        self, assigns: tuple[Assign, ...], k: int, step: int, nth: int | None = None
    ) -> None:
        assert self.kernel is not None
        names = self._names(k, step, nth)
        if "last_update" in self.variables:
            names["elapsed"] = (step - self.variables["last_update"][k]) * self.dt
            names |= self._settled(names)
            self.variables["last_update"][k] = step
        for assign in assigns:
            if assign.target not in self.kernel.post:
                execute([assign], names)
                continue
            increment = evaluate(assign.value, names)
            if assigns is self.kernel.on_pre and assign.target in self.kernel.summed:
                sink = self.instance.post[f"{assign.target}__sum"]
            elif assign.target in self.kernel.held and self.target.refractory[self.post[k]]:
                continue
            else:
                sink = self.instance.post[assign.target]
            names[assign.target] += increment
            self.target.names[sink][self.post[k]] += increment
        for name in self.variables:
            if name != "last_update":
                self.variables[name][k] = names[name]

    def _settled(self, names: Names) -> Names:
        """Event-driven variables after `elapsed`, all from their values before."""
        assert self.kernel is not None
        for flow in self.kernel.flows:
            names |= propagators(flow, names, names["elapsed"])
        return {a.target: evaluate(a.value, names) for a in self.kernel.decay}

    def _names(self, k: int, step: int, nth: int | None) -> Names:
        """All that code of synapse `k` can read at ``t_step``; `nth`: of its source's spikes that
        were sent at one time, the one that arrives."""
        assert self.kernel is not None
        sent = step - int(self.delay[k])
        names: Names = {**self.scalars, "t": step * self.dt, "dt": self.dt}
        names["delay"] = int(self.delay[k]) * self.dt
        names |= {name: float(values[k]) for name, values in self.variables.items()}
        for name, internal in self.instance.pre.items():
            names[name] = self.source.published_at(sent, internal, int(self.pre[k]), nth)
        for name, internal in self._read_of_target():
            names[name] = float(self.target.names[internal][self.post[k]])
        return names

    def _read_of_target(self) -> list[tuple[str, str]]:
        """Symbols that stand for variables of the target neuron, with their internal names."""
        return [(n, v) for n, v in self.instance.post.items() if n != "refractory"]


def _number(value: Any) -> float:
    if isinstance(value, (int, float)):
        return float(value)
    raise UnsupportedFeature(f"parameter {value!r} of a synapse group is not a number")
