"""The C++ backend's device: compiled code, threads, and the instances that run on them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.runtime.cpp.arrays import ShardMemory
from pygenn_lite.runtime.cpp.building import CompiledCode
from pygenn_lite.runtime.cpp.connecting import ProgressPart
from pygenn_lite.runtime.cpp.instance import CppInstance
from pygenn_lite.runtime.cpp.instance_pool import InstancePool, raise_failure
from pygenn_lite.runtime.cpp.loaded import LoadedCode
from pygenn_lite.runtime.device import BuildRequest
from pygenn_lite.runtime.layout import layout_of
from pygenn_lite.runtime.recording import recording_requests

SETTLE_EVERY = 2**31  # steps: synapses tell times of their events modulo twice that


class CppDevice:
    """Everything of compiled networks that lives in memory: a
    :class:`~pygenn_lite.runtime.device.Device`.

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
        self.threads, self.real = threads, np.dtype(request.precision)
        self.loaded = LoadedCode.load(code)
        self.code = self.loaded.report()
        self.layout = layout_of(network, structure, code.signatures, self.real)
        self.requests = recording_requests(network)
        # Whole instances go to threads as long as there are enough of them.
        count = len(request.networks)
        self.plan, self._shared = plan, request.shared
        self._pool = InstancePool(self.loaded.engine, min(threads, count)) if count > 1 else None
        plan.check_instances(count, request.shared)
        started = time.perf_counter()
        memory = ShardMemory(plan.partition.shards)
        self.instances: list[CppInstance] = []
        for k in range(count):
            self._build(request, k, memory, lambda part, k=k: progress((k + part) / count))  # type: ignore[misc]
        self.connect_seconds = time.perf_counter() - started

    def _build(
        self, request: BuildRequest, index: int, memory: ShardMemory, progress: ProgressPart
    ) -> None:
        seeds = request.connectivity_seeds
        self.instances.append(
            CppInstance(
                request.networks[index],
                request.structures[index],
                self.loaded,
                self.layout,
                self.requests,
                self.plan.of_instance(request.networks[index], request.structures[index]),
                progress=progress,
                connectivity_seed=seeds[index] if seeds else request.networks[index].seed,
                memory=memory,
                shared=request.shared,
                like=self.instances[0] if request.shared and index else None,
            )
        )

    @property
    def step(self) -> int:
        """The present step: of the instances that have not failed."""
        alive = (one for one in self.instances if not one.failed)
        return next(alive, self.instances[0]).clock.step()

    def set_step(self, step: int, seeds: Sequence[int]) -> None:
        """Go to a step, without spikes in flight."""
        for instance, seed in zip(self.instances, seeds, strict=True):
            instance.set_step(step, seed)

    def initialise(self, seeds: Sequence[int]) -> None:
        """Initial values, plastic groups as built, step 0."""
        for instance, seed in zip(self.instances, seeds, strict=True):
            instance.initialise(seed)

    def run(self, steps: int) -> int:
        """Advance by up to so many steps; returns how many were done."""
        done = 0
        while done < steps:
            until_settling = SETTLE_EVERY - self.step % SETTLE_EVERY
            wanted = min(steps - done, until_settling)
            advanced = self._advance(wanted)
            done += advanced
            if self.step % SETTLE_EVERY == 0:
                for instance in self.instances:
                    for synapses in instance.synapses.values():
                        synapses.settle_now()
            if advanced < wanted:
                break
        return done

    def _advance(self, steps: int) -> int:
        if self._pool is None:
            engine = self.loaded.engine
            done = int(engine.run(self.instances[0].pointer, steps))
            if done < 0:
                raise_failure(engine.last_error())
            return done
        alive = [one for one in self.instances if not one.failed]
        each = self._pool.run([one.pointer for one in alive], steps)
        for instance, own in zip(alive, each, strict=True):
            instance.failed = own < steps or instance.fault() is not None
        whole = [own for own in each if own == steps]
        return max(whole or each, default=0)

    def stop(self) -> None:
        """End ``run`` early. Several instances finish what they are at: all reach one step."""
        if len(self.instances) == 1:
            self.loaded.engine.stop(self.instances[0].pointer)

    def _owns(self, instance: CppInstance) -> bool:
        """Whether the synapses of an instance are its own, and not those of the first."""
        return not self._shared or instance is self.instances[0]

    def memory_rows(self) -> MemoryRows:
        """What takes how many bytes, as it is."""
        rows = MemoryRows()
        for instance in self.instances:
            rows += _population_rows(instance)
            for store in (
                instance.stores if not self._shared or instance is self.instances[0] else ()
            ):
                members = ", ".join(store.plan.groups)
                count = sum(instance.groups[n].size for n in store.plan.groups)
                rows.append(MemoryRow(members, store.contents, count, store.nbytes))
            for name, synapses in instance.synapses.items():
                if synapses.nbytes:
                    count = instance.groups[name].size
                    rows.append(MemoryRow(name, "synapse variables", count, synapses.nbytes))
        return rows


def _population_rows(instance: CppInstance) -> list[MemoryRow]:
    rows = []
    for name, memory in instance.populations.items():
        for variable, array in memory.arrays.items():
            what = f"{variable} ({memory.known[variable].role})"
            rows.append(MemoryRow(name, what, memory.size, array.nbytes))
        for variable, published in memory.published.items():
            ring = published.ring
            rows.append(MemoryRow(name, f"{variable} (past values)", ring.size, ring.nbytes))
            repeated = published.repeated
            if repeated.size:
                what = f"{variable} (spikes of one step)"
                rows.append(MemoryRow(name, what, repeated.size, repeated.nbytes))
    return rows
