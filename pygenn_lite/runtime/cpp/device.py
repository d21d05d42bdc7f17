"""The C++ backend's device: compiled code, threads, and the instances that run on them."""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.extension_rows import extension_rows
from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows, within_plan
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.runtime.cpp.arrays import InstanceArrays
from pygenn_lite.runtime.cpp.building import CompiledCode
from pygenn_lite.runtime.cpp.device_memory import DeviceMemory
from pygenn_lite.runtime.cpp.instance import CppInstance
from pygenn_lite.runtime.cpp.instance_records import InstanceRecords
from pygenn_lite.runtime.cpp.loaded import LoadedCode
from pygenn_lite.runtime.cpp.network_memory import InCommon, NetworkMemory
from pygenn_lite.runtime.cpp.recorders import Recorders
from pygenn_lite.runtime.device import BuildRequest, Device
from pygenn_lite.runtime.layout import layout_of
from pygenn_lite.runtime.recording import recording_requests

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.connecting import ProgressPart
    from pygenn_lite.runtime.cpp.instance_pool import InstancePool

PIECE_SECONDS = 0.15  # wall time that several instances run before a wish to stop is heard
SETTLE_EVERY = 2**31  # steps: synapses tell times of their events modulo twice that


class CppDevice(Device):
    """Everything of compiled networks that lives in memory.

    Parameters
    ----------
    request : BuildRequest
    code : CompiledCode
    plan : NetworkPlan
        Of one instance, for the threads that each gets.
    threads : int
        Of all instances.
    progress : callable
        Gets the part of the connecting that is done, 0 to 1.
    """

    backend = "cpp"

    def __init__(
        self,
        request: BuildRequest,
        code: CompiledCode,
        plan: NetworkPlan,
        threads: int,
        progress: ProgressPart,
    ) -> None:
        network, structure = request.network, request.structure
        self.threads, self.dtype = threads, np.dtype(request.precision)
        self.loaded = LoadedCode.load(code)
        self.code = self.loaded.report()
        self.layout = layout_of(network, structure, code.signatures, self.dtype)
        self.requests = recording_requests(network)
        # Whole instances go to threads as long as there are enough of them.
        count = len(request.networks)
        self.plan = plan
        self.pool: InstancePool | None = None
        self._stop_wanted, self._piece = False, 1  # steps that all instances do between two looks
        if count > 1:
            from pygenn_lite.runtime.cpp.instance_pool import InstancePool

            assert self.loaded.pool is not None  # compiled for every device of several instances
            self.pool = InstancePool(self.loaded.pool, self.loaded.engine, min(threads, count))
        plan.check_instances(count, request.shared, request.own_weights)
        started = time.perf_counter()
        self._records = InstanceRecords.of(self.loaded.engine, count)
        self._memory = DeviceMemory(request, self._in_common(request))
        self._instances = CppInstances(self._memory)
        for k in range(count):
            self._build(k, lambda part, k=k: progress((k + part) / count))  # type: ignore[misc]
        self.connect_seconds = time.perf_counter() - started

    @property
    def memories(self) -> list[NetworkMemory]:
        """Of the instances."""
        return [self._memory[k] for k in range(len(self._memory))]

    def _in_common(self, request: BuildRequest) -> InCommon:
        engine, count = self.loaded.engine, len(self._records.seeds)
        return InCommon(
            loaded=self.loaded,
            layout=self.layout,
            numbers={name: k for k, name in enumerate(self.layout.populations)},
            recorders=Recorders(engine, self.requests, self.dtype),
            plan=self.plan,
            arrays=InstanceArrays(self.plan.partition.shards, count),
            records=self._records,
            shared=request.shared,
            own_weights=request.own_weights,
        )

    def _build(self, index: int, progress: ProgressPart) -> None:
        memory = self._memory.build(index, progress)  # held here until it is filled
        with within_plan(memory.plan.rows):
            self._instances[index].initialise(memory.network.seed)

    @property
    def instances(self) -> CppInstances:
        """All of them."""
        return self._instances

    @property
    def step(self) -> int:
        """The present step: of the instances that have not failed."""
        failed = self._records.failed
        return self._records.step(failed.index(False) if False in failed else 0)

    def run(self, steps: int) -> int:
        """Advance by up to so many steps; returns how many were done."""
        if self.programs is not None:
            self.programs.before_run()
        done = 0
        while done < steps:
            until_settling = SETTLE_EVERY - self.step % SETTLE_EVERY
            wanted = min(steps - done, until_settling)
            advanced = self._advance(wanted)
            done += advanced
            if self.step % SETTLE_EVERY == 0:
                self._settle()
            if advanced < wanted:
                break
        return done

    def _settle(self) -> None:
        for instance in self._instances:
            for group in self.layout.groups:
                instance.settle(group)

    def _advance(self, steps: int) -> int:
        engine, records = self.loaded.engine, self._records
        if self.pool is None:
            done = int(engine.run(records.pointers[0], steps))
            if done < 0:
                from pygenn_lite.runtime.cpp.instance_pool import raise_failure

                raise_failure(engine.last_error())
            return done
        done, self._stop_wanted = 0, False
        while done < steps and not self._stop_wanted:
            done += self._advance_all(self.pool, min(self._piece, steps - done))
            if all(records.failed):
                break
        return done

    def _advance_all(self, pool: InstancePool, steps: int) -> int:
        """Advance several instances: all that do not fail reach one step."""
        records = self._records
        started = time.perf_counter()
        alive = [k for k, failed in enumerate(records.failed) if not failed]
        each = pool.run([records.pointers[k] for k in alive], steps)
        found = set(self.failed())
        for k, own in zip(alive, each, strict=True):
            records.failed[k] = own < steps or k in found
        seconds = time.perf_counter() - started
        if seconds < PIECE_SECONDS / 2 and steps == self._piece:
            self._piece *= 2
        elif seconds > PIECE_SECONDS and self._piece > 1:
            self._piece //= 2
        whole = [own for own in each if own == steps]
        return max(whole or each, default=0)

    def spike_totals(self) -> npt.NDArray[np.int64]:
        """Spikes since the start (or the last reset), [instance, population]."""
        pointers = self._records.pointers
        totals = np.zeros((len(pointers), len(self.layout.populations)), np.int64)
        self.loaded.engine.call("totals_of", pointers, len(pointers), totals.ctypes.data)
        return totals

    def failed(self) -> list[int]:
        """Instances of which a variable stopped being finite."""
        pointers = self._records.pointers
        found = np.zeros(len(pointers), np.uint8)
        self.loaded.engine.faults_of(pointers, len(pointers), found.ctypes.data)
        failed: list[int] = found.nonzero()[0].tolist()
        return failed

    def stop(self) -> None:
        """End ``run`` early. Several instances end together, with the piece of the run that they
        are at."""
        if self.pool is None:
            self.loaded.engine.stop(self._records.pointers[0])
        else:
            self._stop_wanted = True

    def memory_rows(self) -> MemoryRows:
        """What takes how many bytes, as it is."""
        rows = MemoryRows()
        for k in range(len(self._memory)):
            memory = self._memory[k]
            rows += _population_rows(memory)
            sums = self._records.sums.get(k)
            for one in () if sums is None else sums.planned:
                size = memory.populations[one.population].size
                rows.append(MemoryRow(one.population, one.what, size, 16 * size))
            for store in memory.stores if self._memory.owns_synapses(k) else ():
                members = ", ".join(store.plan.groups)
                count = sum(memory.groups[n].size for n in store.plan.groups)
                rows.append(MemoryRow(members, store.contents, count, store.nbytes))
            for store in memory.stores:
                own = self._records.weights.get((k, store.plan.groups))
                if own is not None:
                    members, count = ", ".join(store.plan.groups), own.nbytes // self.dtype.itemsize
                    rows.append(MemoryRow(members, "weights of an instance", count, own.nbytes))
            for name, synapses in memory.synapses.items():
                if synapses.nbytes:
                    count = memory.groups[name].size
                    rows.append(MemoryRow(name, "synapse variables", count, synapses.nbytes))
            described = memory.plan.described
            if described.extension is not None:
                rows += extension_rows(
                    memory.network, self.dtype, described.extension, memory.plan.groups
                )
        return rows


class CppInstances(Sequence[CppInstance]):
    """The instances of a device, each made when it is asked for."""

    def __init__(self, memory: DeviceMemory) -> None:
        self._memory = memory
        self._made: weakref.WeakValueDictionary[int, CppInstance] = weakref.WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._memory)

    @overload
    def __getitem__(self, index: int) -> CppInstance: ...
    @overload
    def __getitem__(self, index: slice) -> list[CppInstance]: ...

    def __getitem__(self, index: int | slice) -> CppInstance | list[CppInstance]:
        if isinstance(index, slice):
            return [self[k] for k in range(len(self))[index]]
        k = range(len(self))[index]
        found = self._made.get(k)
        if found is None:
            found = self._made[k] = CppInstance(self._memory, k)
        return found


def _population_rows(instance: NetworkMemory) -> list[MemoryRow]:
    rows = []
    for name, memory in instance.populations.items():
        for variable, array in memory.arrays.items():
            what = f"{variable} ({memory.known[variable].role})"
            rows.append(MemoryRow(name, what, memory.size, array.nbytes))
        for variable, exposed in memory.exposed.items():
            ring = exposed.ring
            rows.append(MemoryRow(name, f"{variable} (past values)", ring.size, ring.nbytes))
            repeated = exposed.repeated
            if repeated.size:
                what = f"{variable} (spikes of one step)"
                rows.append(MemoryRow(name, what, repeated.size, repeated.nbytes))
    return rows
