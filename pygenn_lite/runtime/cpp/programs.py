"""Schedules of an extension on the C++ backend: their parts as lists of operations that the engine,
or what is compiled beside it (templates/cpp/engine/programs.cpp), carries out."""

from __future__ import annotations

import ctypes as c
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.program.extension import Extension
from pygenn_lite.codegen.program.extension_ops import Gather, Keep, Recall, Redeliver
from pygenn_lite.codegen.program.schedule import Call, Op, Reduce, build_schedule
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.cpp import abi, shared_objects
from pygenn_lite.runtime.cpp.device import CppDevice
from pygenn_lite.runtime.cpp.extension_memory import ExtensionMemory, pointers
from pygenn_lite.runtime.cpp.network_memory import NetworkMemory
from pygenn_lite.runtime.cpp.schedule_ops import Numbers, engine_ops, reduction
from pygenn_lite.runtime.fault_errors import fault_error
from pygenn_lite.runtime.layout import variable_of
from pygenn_lite.runtime.record_rooms import RecordUse, check_rooms

Array = npt.NDArray[Any]


class CppPrograms:
    """A :class:`~pygenn_lite.runtime.device_programs.Programs`.

    Parameters
    ----------
    device : CppDevice
        Where its instances have the weights of a static group in common, kernels that change them
        run for the first instance alone.
    extension : Extension
    """

    def __init__(self, device: CppDevice, extension: Extension) -> None:
        self.device, self.extension = device, extension
        self.instances = [InstancePrograms(one, extension) for one in device.memories]
        first = self.instances[0].instance
        schedule = build_schedule(first.structure, first.loaded.code.signatures)
        if first.index in first.records.sums:
            schedule = schedule.with_collection()
        self.simulated = extension.simulated(schedule).step
        self._wanted = self.simulated

    @property
    def library(self) -> shared_objects.Programs:
        """What is compiled for extensions that have schedules."""
        programs = self.device.loaded.programs
        assert programs is not None
        return programs

    def before_run(self) -> None:
        """Engines that were made since get what a step consists of."""
        for one in self.instances:
            one.schedule(self._wanted)

    def simulate(self, ops: tuple[Op, ...], steps: int) -> None:
        """So many steps of a simulation that consist of these operations."""
        self._schedule(ops)
        try:
            done = self.device.run(steps)
        except SimulationError:
            self._check_rooms()
            raise
        for k, one in enumerate(self.device.instances):
            found = one.fault() if done < steps or len(self.instances) > 1 else None
            if found is not None:
                raise fault_error(self.device, k, found, len(self.instances) > 1)
        for one in self.device.instances:
            one.drain(None)

    def walk(self, ops: tuple[Op, ...], first: int, count: int, direction: int) -> None:
        """Steps in which nobody fires."""
        lists = [one.ops(ops, self._leaves_out(k)) for k, one in enumerate(self.instances)]
        if len(lists) == 1 or self.device.pool is None:
            for one, own in zip(self.instances, lists, strict=True):
                what = "going through recorded steps"
                self.library.check(
                    self.library.walk(
                        one.memory.instance.pointer,
                        one.gathers,
                        own,
                        len(own),
                        first,
                        count,
                        direction,
                    ),
                    what,
                )
            return
        walks = (abi.Walking * len(lists))(
            *(
                abi.Walking(
                    engine=one.memory.instance.pointer,
                    gathers=one.gathers,
                    ops=c.addressof(own),
                    n=len(own),
                )
                for one, own in zip(self.instances, lists, strict=True)
            )
        )
        self.device.pool.walk(self.library, walks, (first, count, direction))

    def once(self, ops: tuple[Op, ...]) -> None:
        """Operations between runs."""
        self.walk(ops, self.device.step, 1, 0)

    def restart(self) -> None:
        """Initial states, step 0; spikes are recorded anew."""
        for k, one in enumerate(self.instances):
            one.begin()
            self.device.instances[k].set_step(0, one.instance.seed)
            one.record()

    def simulates_again(self) -> None:
        """The next steps are those of the simulation."""
        self._schedule(self.simulated)

    def read(self, instance: int, owner: str, name: str) -> Array:
        """A copy of a variable."""
        memory, one = self.instances[instance].memory, self.device.instances[instance]
        if memory.owns(owner, name):
            return memory.read(owner, name)
        return one.read(variable_of(self.device.layout, owner, name))

    def write(self, instance: int, owner: str, name: str, values: npt.ArrayLike) -> None:
        """Set a variable."""
        memory, one = self.instances[instance].memory, self.device.instances[instance]
        if memory.owns(owner, name):
            memory.write(owner, name, values)
        else:
            one.write(variable_of(self.device.layout, owner, name), values)

    def _schedule(self, ops: tuple[Op, ...]) -> None:
        self._wanted = ops
        self.before_run()

    def _leaves_out(self, instance: int) -> frozenset[str]:
        """Groups whose weights belong to the first instance."""
        first = self.instances[0].instance
        if not first.shared or instance == 0:
            return frozenset()
        own = first.records.weights
        static = (name for name, d in first.plan.deliveries.items() if d.is_static)
        return frozenset(name for name in static if (instance, (name,)) not in own)

    def _check_rooms(self) -> None:
        uses = []
        for k, one in enumerate(self.instances):
            for record in self.extension.spikes:
                number = one.instance.common.numbers[record.population]
                uses.append(RecordUse(record, k, one.instance.call("tape_count", number)))
        check_rooms(uses, self.device.step)


class InstancePrograms:
    """Operations of an extension's schedules for the engine of one instance."""

    def __init__(self, instance: NetworkMemory, extension: Extension) -> None:
        self.instance, self.extension = instance, extension
        self.memory = ExtensionMemory(instance, extension)
        self.numbering = _numbering(instance)
        self.kernels = {k.name: k for k in instance.loaded.code.signatures.added}
        self._ops: dict[int, tuple[tuple[Op, ...], int, Any]] = {}
        self._tapes: Any = None
        self._scheduled: tuple[int, int] | None = None  # an engine, and its operations
        self.gathers = 0  # none, where there are no schedules to go through
        programs = instance.loaded.programs
        if programs is not None:
            self.gathers = programs.check(programs.gathers_create(), "making room for sums")
            weakref.finalize(self, programs.library.pgl_gathers_destroy, self.gathers)

    def schedule(self, ops: tuple[Op, ...]) -> None:
        """Let steps of the simulation consist of these operations."""
        wanted = self.instance.pointer, id(ops)
        if wanted != self._scheduled:
            own = self.ops(ops)
            programs = self.instance.loaded.programs
            if programs is not None:
                programs.reductions_set(self.instance.pointer)
            self.instance.call("schedule_set", own, len(own))
            self._scheduled = wanted

    def begin(self) -> None:
        """States as declared to begin."""
        for memory in self.instance.populations.values():
            memory.initialise(self.instance.seed)

    def record(self) -> None:
        """Spikes are recorded from now on."""
        instance = self.instance
        programs = instance.loaded.programs
        assert programs is not None
        programs.gathers_clear(self.gathers)
        if self._tapes is None:
            self._tapes = self._described()
        instance.call("tape_start", self._tapes)

    def _described(self) -> Any:
        """pgl_tape of each population that is recorded."""
        tapes: list[int | None] = []
        for population in self.instance.common.numbers:
            record = self.extension.record_of(population)
            if record is None:
                tapes.append(None)
                continue
            columns = []
            for side in (0, 1):
                names = [pair[side] for pair in record.values]
                tables = [self.memory.neuron_table(population, n, "a record") for n in names]
                columns.append(self.memory.keep(pointers([p for t in tables for p in t])))
            tape = abi.Tape(
                room=record.room,
                n=len(record.values),
                values=c.addressof(columns[0]),
                back=c.addressof(columns[1]),
            )
            tapes.append(c.addressof(self.memory.keep(tape)))
        return pointers(tapes)

    def ops(self, ops: tuple[Op, ...], left_out: frozenset[str] = frozenset()) -> Any:
        """A list of ``pgl_op``, made once for each engine."""
        known = self._ops.get(id(ops))
        if known is not None and known[1] == self.instance.pointer:
            return known[2]
        kept = [op for op in ops if not self._changes(op, left_out)]
        made = engine_ops(kept, self.numbering, self._address, self._arguments(kept), self._other)
        self._ops[id(ops)] = (ops, self.instance.pointer, made)
        return made

    def _changes(self, op: Op, groups: frozenset[str]) -> bool:
        """Whether it is a kernel that changes the weights of one of these groups."""
        if not isinstance(op, Call) or op.on not in groups or op.kernel not in self.kernels:
            return False
        return "weight" in self.kernels[op.kernel].written

    def _address(self, kernel: str | None) -> int | None:
        return self.instance.loaded.address(kernel)

    def _arguments(self, ops: Sequence[Op]) -> dict[tuple[str, str], Any]:
        """Arguments of kernels and descriptions of reductions."""
        found: dict[tuple[str, str], Any] = {}
        for op in ops:
            if isinstance(op, Call) and op.kernel in self.kernels:
                found[op.kernel, op.on] = self.memory.arguments(self.kernels[op.kernel], op.on)
            elif isinstance(op, Reduce):
                found[op.into, op.population] = self.memory.keep(self._reduction(op))
        return found

    def _reduction(self, op: Reduce) -> abi.Reduction:
        memory, of = self.memory, op.population
        values = memory.neuron_table(of, op.variable, "a reduction") if op.variable else None
        names = [n for n in (op.into, op.index_into) if n]
        size = self.instance.populations[of].size
        mask = memory.neuron_table(of, op.mask, "a reduction") if op.mask else None
        return reduction(op, size, values, {n: memory.signal(n) for n in names}, mask=mask)

    def _other(self, op: Op) -> abi.Op | None:
        """Operations that only extensions have."""
        if isinstance(op, (Keep, Recall)):
            return self._kept(op)
        if isinstance(op, (Gather, Redeliver)):
            return self._gather(op)
        return None

    def _kept(self, op: Keep | Recall) -> abi.Op:
        memory = self.memory
        record = next(r for r in self.extension.states if r.name == op.record)
        tables = [memory.neuron_table(op.population, n, op.record) for n in op.variables]
        arrays = memory.keep(pointers([p for table in tables for p in table]))
        cut = self.instance.partition
        counts = np.array([cut.count(op.population, s) for s in range(cut.shards)], np.uint32)
        memory.keep(counts)
        room = memory.keep(pointers([a.ctypes.data for a in memory.states[op.record]]))
        kept = abi.Kept(
            n=len(op.variables),
            real_bytes=self.instance.dtype.itemsize,
            every=op.every,
            slots=record.room,
            shards=cut.shards,
            counts=counts.ctypes.data,
            arrays=c.addressof(arrays),
            room=c.addressof(room),
        )
        programs = self.instance.loaded.programs
        assert programs is not None
        name = "pgl_keep" if isinstance(op, Keep) else "pgl_recall"
        return abi.Op(
            kind=abi.OP_SHARD,
            every=op.every,
            offset=op.offset,
            function=shared_objects.symbol_address(programs.library, name),
            args=c.addressof(memory.keep(kept)),
        )

    def _gather(self, op: Gather | Redeliver) -> abi.Op:
        memory, numbering = self.memory, self.numbering
        delivery = self.instance.plan.deliveries[op.group]
        factor = -1
        if op.factor:
            record = self.extension.record_of(delivery.source)
            factor = -1 if record is None else record.place[op.factor]
        described = abi.Gather(general=not delivery.is_static, factor=factor, scale=1.0)
        asker = f"the way back through {op.group!r}"
        if isinstance(op, Redeliver):
            described.again = c.addressof(memory.target_table(op.group, op.into, asker))
        else:
            described.scale, described.of_all = op.scale, op.of_all
            described.weighted = op.weighted
            if op.back:
                values = memory.target_table(op.group, op.values, asker)
                described.values = c.addressof(values)
                back = memory.neuron_table(delivery.source, op.back, asker)
                described.back = c.addressof(back)
            if op.gradient:
                of = memory.target_table(op.group, op.gradient_of, asker)
                described.gradient_of = c.addressof(of)
                gradient = memory.synapse_table(op.group, op.gradient, asker)
                described.gradient = c.addressof(gradient)
        numbers = numbering.deliveries if delivery.is_static else numbering.groups
        return abi.Op(
            kind=abi.OP_GATHER,
            index=numbers[op.group],
            every=op.every,
            offset=op.offset,
            args=c.addressof(memory.keep(described)),
        )


def _numbering(instance: NetworkMemory) -> Numbers:
    """What an engine calls things: as they were handed to it (see engine_setup)."""
    static = [store for store in instance.stores if not store.plan.general]
    return Numbers(
        dict(instance.common.numbers),
        {m.group.name: k for k, store in enumerate(static) for m in store.members},
        {name: k for k, name in enumerate(instance.synapses)},
    )
