"""The reference backend's device: interpreters side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.extension_rows import extension_rows
from pygenn_lite.codegen.plan.groups import plan_groups
from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.codegen.plan.network_plan import plan_network
from pygenn_lite.codegen.program.program import Program
from pygenn_lite.codegen.program.signature import Signatures
from pygenn_lite.runtime.device import BuildRequest, CodeReport, Device
from pygenn_lite.runtime.layout import layout_of
from pygenn_lite.runtime.recording import recording_requests
from pygenn_lite.runtime.reference.instance import ReferenceInstance


class ReferenceDevice(Device):
    """Interpreted networks in memory.

    Parameters
    ----------
    request : BuildRequest
    program : Program
    signatures : Signatures
        Of its kernels.
    seconds : float
        What deriving them took.
    progress : callable
        Gets the part of the connecting that is done, 0 to 1.
    """

    backend = "reference"
    threads = 1

    def __init__(
        self,
        request: BuildRequest,
        program: Program,
        signatures: Signatures,
        seconds: float,
        progress: Callable[[float], None],
    ) -> None:
        self.dtype = np.dtype(request.precision)
        self.code = CodeReport(seconds=seconds)
        self.layout = layout_of(request.network, request.structure, signatures, self.dtype)
        self.requests = recording_requests(request.network)
        # Nothing lies in memory as planned here; what a plan refuses or lets share is said alike.
        self.plan = plan_network(
            Described(
                request.network,
                request.structure,
                signatures,
                self.dtype,
                accumulator=request.accumulator,
            ),
            threads=1,
        )
        self._stop_wanted = False
        started = time.perf_counter()
        seeds = request.connectivity_seeds or tuple(n.seed for n in request.networks)
        self._instances: list[ReferenceInstance] = []
        for network, structure, seed in zip(
            request.networks, request.structures, seeds, strict=True
        ):
            progress(len(self._instances) / len(seeds))
            plan = self.plan.of_instance(network, structure)
            self._instances.append(
                ReferenceInstance(plan, program, self.layout, self.requests, seed)
            )
        progress(1.0)
        self.connect_seconds = time.perf_counter() - started

    @property
    def instances(self) -> Sequence[ReferenceInstance]:
        """All of them."""
        return self._instances

    @property
    def step(self) -> int:
        """The present step: of the instances that have not failed."""
        alive = (one for one in self._instances if not one.found)
        return next(alive, self._instances[0]).step_number

    def run(self, steps: int) -> int:
        """Advance by up to so many steps; returns how many were done."""
        self._stop_wanted = False
        for done in range(steps):
            alive = [instance for instance in self._instances if not instance.found]
            if self._stop_wanted or not alive:
                return done
            for instance in alive:
                instance.advance()
        return steps

    def stop(self) -> None:
        """End ``run`` early."""
        self._stop_wanted = True

    def memory_rows(self) -> MemoryRows:
        """What takes how many bytes: arrays of NumPy, not what Python adds to them."""
        rows = MemoryRows()
        for instance in self._instances:
            for name, population in instance.populations.items():
                for variable in self.layout.populations[name].variables.values():
                    if not variable.shared:
                        what = f"{variable.name} ({variable.role})"
                        rows.append(MemoryRow(name, what, population.size, 8 * population.size))
            for sums in () if instance.whole is None else instance.whole.planned:
                size = instance.populations[sums.population].size
                rows.append(MemoryRow(sums.population, sums.what, size, 8 * size))
            for name, group in instance.groups.items():
                count = len(group.pre)
                each = 8 * (3 + len(group.variables))  # source, target, delay
                rows.append(MemoryRow(name, "synapses", count, each * count))
            if self.programs is not None:
                network, double = instance.network, np.dtype(np.float64)
                groups = plan_groups(network)
                rows += extension_rows(network, double, self.programs.extension, groups)
        return rows
