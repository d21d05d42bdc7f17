"""Schedules of an extension on the reference backend: their operations in plain NumPy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.program.extension import NETWORK, Extension, SpikeRecord
from pygenn_lite.codegen.program.extension_ops import Gather, Keep, Recall, Redeliver
from pygenn_lite.codegen.program.kernel import Kernel
from pygenn_lite.codegen.program.program import Program
from pygenn_lite.codegen.program.schedule import Call, Loop, Op, Schedule
from pygenn_lite.runtime.fault_errors import fault_error
from pygenn_lite.runtime.layout import variable_of
from pygenn_lite.runtime.record_rooms import RecordUse, check_rooms
from pygenn_lite.runtime.reference.device import ReferenceDevice
from pygenn_lite.runtime.reference.evaluation import Names
from pygenn_lite.runtime.reference.instance import ReferenceInstance
from pygenn_lite.runtime.reference.kernels import run_kernel, written

Array = npt.NDArray[Any]
Neurons = npt.NDArray[np.int64]
NOBODY = np.empty(0, np.int64)


class ReferencePrograms:
    """A :class:`~pygenn_lite.runtime.device_programs.Programs`.

    Parameters
    ----------
    device : ReferenceDevice
    program : Program
    extension : Extension
    shared : bool
        Whether the instances have the weights of static groups in common: what changes them is done
        once.
    """

    def __init__(
        self, device: ReferenceDevice, program: Program, extension: Extension, shared: bool = False
    ) -> None:
        self.device, self.extension, self.shared = device, extension, shared
        self._weights = {k.name for k in program.added if "weight" in written(k)}
        self.instances = [InstancePrograms(one, program, extension) for one in device.instances]
        self.simulated = device.instances[0].schedule.step

    def before_run(self) -> None:
        """Nothing: interpreters have their schedule."""

    def simulate(self, ops: tuple[Op, ...], steps: int) -> None:
        """So many steps of a simulation that consist of these operations."""
        self._schedule(ops)
        self.device.run(steps)
        for k, one in enumerate(self.instances):
            check_rooms((RecordUse(r, k, n) for r, n in one.tape.used()), self.device.step)
            if one.instance.found is not None:
                axis = len(self.instances) > 1
                raise fault_error(self.device, k, one.instance.found, axis)
            one.instance.drain(None)

    def walk(self, ops: tuple[Op, ...], first: int, count: int, direction: int) -> None:
        """Steps in which nobody fires."""
        for one in self.instances:
            one.walk(ops, first, count, direction)

    def once(self, ops: tuple[Op, ...]) -> None:
        """Operations between runs."""
        first = self.instances[0].instance
        for op in ops:
            first.do(op, first.step_number)
            for one in self.instances[1:]:
                if self._is_done_once(op):
                    weights = first.groups[op.of].variables["weight"]
                    one.instance.groups[op.of].variables["weight"] = weights.copy()
                else:
                    one.instance.do(op, one.instance.step_number)

    def _is_done_once(self, op: Op) -> bool:
        """Whether it changes weights that all instances have in common."""
        if not self.shared or not isinstance(op, Call) or op.kernel not in self._weights:
            return False
        group = self.instances[0].instance.groups.get(op.on)
        return group is not None and not group.plastic

    def restart(self) -> None:
        """Initial states, step 0; spikes are recorded anew."""
        for one in self.instances:
            replayed = dict(one.instance.replayed)
            one.instance.initialise(one.instance.seed, first=True)
            for population, train in replayed.items():
                one.instance.replay(population, train)
            one.forget()

    def simulates_again(self) -> None:
        """The next steps are those of the simulation."""
        self._schedule(self.simulated)

    def read(self, instance: int, owner: str, name: str) -> Array:
        """A copy of a variable."""
        one = self.instances[instance]
        if owner == NETWORK:
            return np.array(one.instance.signals[name])
        if (owner, name) in one.added:
            return np.array(one.place(owner)[name], self.device.dtype)
        return one.instance.read(variable_of(self.device.layout, owner, name))

    def write(self, instance: int, owner: str, name: str, values: npt.ArrayLike) -> None:
        """Set a variable."""
        one = self.instances[instance]
        if owner == NETWORK:
            one.instance.signals[name] = float(np.asarray(values))
        elif (owner, name) in one.added:
            held = one.place(owner)
            held[name] = np.array(np.broadcast_to(one.rounded(values), np.shape(held[name])))
        else:
            one.instance.write(variable_of(self.device.layout, owner, name), values)

    def _schedule(self, ops: tuple[Op, ...]) -> None:
        for one in self.instances:
            one.instance.schedule = Schedule((Loop("steps", ops),))


class Tape:
    """Recorded spikes of one instance, by step, with the values that they carry."""

    def __init__(self, instance: ReferenceInstance, records: Sequence[SpikeRecord]) -> None:
        self.instance = instance
        self.records = {record.population: record for record in records}
        self.spikes: dict[tuple[str, int], tuple[Neurons, dict[str, Array]]] = {}
        instance.witnesses.append(self._add)

    def clear(self) -> None:
        """Forget all."""
        self.spikes.clear()

    def at(self, population: str, step: int) -> tuple[Neurons, dict[str, Array]]:
        """Who spiked at ``t_step``, and the values that go with them."""
        return self.spikes.get((population, step), (NOBODY, {}))

    def used(self) -> list[tuple[SpikeRecord, int]]:
        """How many spikes each record has had to hold."""
        count = dict.fromkeys(self.records, 0)
        for (name, _), (neurons, _values) in self.spikes.items():
            count[name] += len(neurons)
        return [(self.records[name], n) for name, n in count.items()]

    def recall(self, step: int) -> None:
        """The spikes at ``t_step`` are the latest; what they carry is back in its place."""
        for name, record in self.records.items():
            neurons, values = self.at(name, step)
            self.instance.last_spikes[name] = neurons
            for carried, back in record.values:
                if neurons.size:
                    self.instance.populations[name].names[back][neurons] = values[carried]

    def _add(self, step: int, population: str, neurons: Neurons) -> None:
        record = self.records.get(population)
        if record is not None and neurons.size:
            names = self.instance.populations[population].names
            values = {name: np.array(names[name][neurons]) for name, _ in record.values}
            self.spikes[population, step] = neurons, values


class InstancePrograms:
    """Variables and operations of an extension in one instance."""

    def __init__(self, instance: ReferenceInstance, program: Program, extension: Extension) -> None:
        self.instance, self.extension = instance, extension
        self.added = {(v.owner, v.name) for v in extension.variables}
        for variable in extension.variables:
            if variable.owner == NETWORK:
                instance.signals[variable.name] = variable.initial
            else:
                held = self.place(variable.owner)
                held[variable.name] = np.full(self._size(variable.owner), variable.initial)
        self.tape = Tape(instance, extension.spikes)
        self.kept: dict[tuple[str, int], list[Array]] = {}
        self._gathered: dict[tuple[Gather, int, int], int] = defaultdict(int)
        kernels = {kernel.name: kernel for kernel in program.added}
        for name, on in extension.calls:
            if name in kernels:
                instance.offer(name, on, self._caller(kernels[name], on))
        instance.others = self._other

    def place(self, owner: str) -> Names:
        """Where the variables of a population or group are held."""
        if owner in self.instance.populations:
            return self.instance.populations[owner].names
        return self.instance.groups[owner].variables

    def rounded(self, values: npt.ArrayLike) -> Array:
        """As the device keeps numbers."""
        return np.asarray(values, np.float64).astype(self.instance.dtype).astype(np.float64)

    def _size(self, owner: str) -> int:
        if owner in self.instance.populations:
            return self.instance.populations[owner].size
        return len(self.instance.groups[owner].pre)

    def forget(self) -> None:
        """Recorded spikes, and what was gathered for them."""
        self.tape.clear()
        self._gathered.clear()

    # ------------------------------------------------------------------ steps

    def walk(self, ops: tuple[Op, ...], first: int, count: int, direction: int) -> None:
        """Steps in which nobody fires."""
        steps = range(first, first + count)
        gathers = [op for op in ops if isinstance(op, Gather) and op.back]
        for step in steps if direction > 0 else reversed(steps):
            self.tape.recall(step + 1)
            self._give_back(gathers, step + 1)
            for op in ops:
                if step % op.every == op.offset:
                    self.instance.do(op, step)
        self.tape.recall(self.instance.step_number)

    def _give_back(self, gathers: Sequence[Gather], step: int) -> None:
        """What was gathered for the spikes at ``t_step`` stands where their kernel reads it."""
        for adding in (False, True):  # several may give to the same place
            for op in gathers:
                source = self.instance.groups[op.group].source
                spiked = range(source.size) if op.of_all else self.tape.at(source.name, step)[0]
                for neuron in map(int, spiked):
                    total = 0.0
                    if adding:
                        total = self._gathered.pop((op, step, neuron), 0) / op.scale
                    before = source.names[op.back][neuron] if adding else 0.0
                    source.names[op.back][neuron] = self.rounded(before + self.rounded(total))

    # ------------------------------------------------------------------ operations

    def _other(self, op: Op, step: int) -> bool:
        """Operations that only extensions have; whether this is one."""
        if isinstance(op, Keep):
            names = self.instance.populations[op.population].names
            self.kept[self._slot(op, step)] = [np.array(names[n]) for n in op.variables]
        elif isinstance(op, Recall):
            names = self.instance.populations[op.population].names
            values = self.kept.get(self._slot(op, step))
            for k, name in enumerate(op.variables):
                names[name] = np.zeros_like(names[name]) if values is None else values[k].copy()
        elif isinstance(op, Gather):
            self._gather(op, step)
        elif isinstance(op, Redeliver):
            self._redeliver(op, step)
        else:
            return False
        return True

    def _slot(self, op: Keep | Recall, step: int) -> tuple[str, int]:
        record = next(r for r in self.extension.states if r.name == op.record)
        return op.record, step // op.every % record.room

    def _arrivals(self, group: str, step: int, factor: str) -> list[tuple[int, int, int, float]]:
        """Synapses at which recorded spikes arrived at ``t_step``: synapse, when and by whom it was
        sent, the value of the spike."""
        own = self.instance.groups[group]
        found = []
        for delay in sorted(set(own.delay.tolist())):
            neurons, values = self.tape.at(own.source.name, step - delay)
            carried = values[factor] if factor and neurons.size else np.ones(len(neurons))
            for neuron, value in zip(neurons.tolist(), carried.tolist(), strict=True):
                for k in own.arrivals.outgoing[neuron]:
                    if own.delay[k] == delay:
                        found.append((k, step - delay, neuron, value))
        return found

    def _gather(self, op: Gather, step: int) -> None:
        own = self.instance.groups[op.group]
        if op.of_all:
            values = own.target.names[op.values]
            for k, (i, j, delay) in enumerate(zip(own.pre, own.post, own.delay, strict=True)):
                self._sum(
                    op, step - int(delay), int(i), float(own.variables["weight"][k] * values[j])
                )
            return
        weight = own.variables["weight"]
        values = own.target.names[op.values] if op.back else None
        of = own.target.names[op.gradient_of] if op.gradient else None
        for k, sent, neuron, factor in self._arrivals(op.group, step, op.factor):
            j = own.post[k]
            if of is not None:
                gradient = own.variables[op.gradient]
                own_factor = factor * weight[k] if op.weighted else factor
                gradient[k] = self.rounded(gradient[k] + own_factor * of[j])
            if values is not None:
                self._sum(op, sent, neuron, float(weight[k]) * float(values[j]))

    def _sum(self, op: Gather, sent: int, neuron: int, value: float) -> None:
        """To the sum for a spike of a neuron, in whole multiples of the unit."""
        scaled = value * op.scale
        self._gathered[op, sent, neuron] += int(scaled + (0.5 if scaled >= 0 else -0.5))

    def _redeliver(self, op: Redeliver, step: int) -> None:
        own = self.instance.groups[op.group]
        into, weight = own.target.names[op.into], own.variables["weight"]
        for k, _, _, factor in self._arrivals(op.group, step, op.factor):
            into[own.post[k]] = self.rounded(into[own.post[k]] + factor * weight[k])

    # ------------------------------------------------------------------ kernels

    def _caller(self, kernel: Kernel, on: str) -> Any:
        if on == NETWORK:
            return lambda _, step: self._on_network(kernel, step)
        if on in self.instance.groups:
            return lambda _, step: self._on_group(kernel, on, step)
        return lambda _, step: self._on_population(kernel, on, step)

    def _on_network(self, kernel: Kernel, step: int) -> None:
        dt = self.instance.network.dt
        names: Names = {**self.instance.signals, "t": step * dt, "dt": dt}
        run_kernel(kernel, names, _NOTHING, None)
        for name in written(kernel):
            self.instance.signals[name] = float(names[name])

    def _on_population(self, kernel: Kernel, on: str, step: int) -> None:
        population = self.instance.populations[on]
        if kernel.domain.visit == "spiking":
            some = np.unique(self.instance.last_spikes[on])
            if not some.size:
                return
            population.run_for(kernel, step, some, self.instance.signals)
        else:
            population.run(kernel, step, self.instance.signals)
        for name in written(kernel):
            if population.names[name].dtype.kind == "f":
                population.names[name] = self.rounded(population.names[name])

    def _on_group(self, kernel: Kernel, on: str, step: int) -> None:
        group = self.instance.groups[on]
        group.visit(kernel, step, self.instance.signals)
        for name in written(kernel):
            group.variables[name] = self.rounded(group.variables[name])


_NOTHING: Any = None  # kernels over signals ask nothing of what is around
