"""The C++ backend's device: compiled code, threads, and the instances that run on them."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.cpp.building import CompiledCode
from pygenn_lite.runtime.cpp.connecting import ProgressPart
from pygenn_lite.runtime.cpp.instance import CppInstance
from pygenn_lite.runtime.cpp.loaded import LoadedCode
from pygenn_lite.runtime.device import BuildRequest
from pygenn_lite.runtime.layout import layout_of
from pygenn_lite.runtime.planning import cut_network
from pygenn_lite.runtime.recording import recording_requests

NO_MEMORY = "not enough memory"  # the engine's words
SETTLE_EVERY = 2**31  # steps: synapses tell times of their events modulo twice that


class CppDevice:
    """Everything of compiled networks that lives in memory: a
    :class:`~pygenn_lite.runtime.device.Device`.

    Parameters
    ----------
    request : BuildRequest
    code : CompiledCode
    threads : int
    progress : callable
        Gets the part of the connecting that is done, 0 to 1.
    """

    backend = "cpp"

    def __init__(
        self, request: BuildRequest, code: CompiledCode, threads: int, progress: ProgressPart
    ) -> None:
        network, structure = request.network, request.structure
        self.threads, self.real = threads, np.dtype(request.precision)
        self.loaded = LoadedCode.load(code)
        self.code = self.loaded.report()
        self.layout = layout_of(network, structure, code.signatures, self.real)
        self.requests = recording_requests(network)
        self.partition = cut_network(network, structure, code.signatures, threads)
        started = time.perf_counter()
        count = len(request.networks)
        self.instances: list[CppInstance] = [
            CppInstance(
                own,
                of_own,
                self.loaded,
                self.layout,
                self.requests,
                self.partition,
                threads=threads,
                real=self.real,
                progress=lambda part, k=k: progress((k + part) / count),  # type: ignore[misc]
            )
            for k, (own, of_own) in enumerate(
                zip(request.networks, request.structures, strict=True)
            )
        ]
        self.connect_seconds = time.perf_counter() - started

    @property
    def step(self) -> int:
        """The present step."""
        return self.instances[0].clock.step()

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
        engine = self.loaded.engine
        for instance in self.instances:
            done = int(engine.run(instance.pointer, steps))
            if done < 0:
                message = engine.last_error()
                if NO_MEMORY in message:
                    raise MemoryError
                raise SimulationError(f"running the simulation: {message}")
            steps = done
        return steps

    def stop(self) -> None:
        """End ``run`` early."""
        for instance in self.instances:
            self.loaded.engine.stop(instance.pointer)

    def memory_rows(self) -> MemoryRows:
        """What takes how many bytes, as it is."""
        rows = MemoryRows()
        for instance in self.instances:
            rows += _population_rows(instance)
            for store in instance.stores:
                members = [m.group.name for m in store.plan.members]
                count = sum(instance.groups[n].size for n in members)
                rows.append(MemoryRow(", ".join(members), "synapses", count, store.nbytes))
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
