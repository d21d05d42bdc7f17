"""The C++ backend: generates, compiles, and brings a device up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pygenn_lite import codegen
from pygenn_lite.codegen.plan.delivery import codes_of
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.network_plan import one_worker, plan_network
from pygenn_lite.codegen.program.schedule import Reduce
from pygenn_lite.runtime.cpp.building import compile_code
from pygenn_lite.runtime.cpp.device import CppDevice
from pygenn_lite.runtime.device import BuildRequest, Report
from pygenn_lite.runtime.processors import available_cpus

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.extension import Extension


class CppBackend:
    """C++ for this machine, with threads (templates/cpp)."""

    name = "cpp"

    def is_available(self) -> bool:
        """Always: where there is no compiler, building says what to do about it."""
        return True

    def build(self, request: BuildRequest, report: Report) -> CppDevice:
        """Generate, compile, connect and load."""
        network, structure, extension = request.network, request.structure, request.extension
        kernels = bool(structure.kernels or structure.synapse_kernels or extension)
        code = compile_code(
            structure.key if extension is None else f"{structure.key} {extension.key}",
            (lambda: codegen.generate(structure, extension)) if kernels else None,
            parts=parts_of(request),
            use_cache=request.cache,
            progress=lambda what: report(f"compiling {what}", 0, 1),
        )
        for what in code.compiled:
            report(f"compiling {what}", 1, 1)
        cpus, count = available_cpus(), len(request.networks)
        dtype = np.dtype(request.precision)
        described = Described(
            network, structure, code.signatures, dtype, extension, request.accumulator
        )
        plan = plan_network(described, request.threads, cpus)
        threads = plan.threads
        if request.threads is None and count > 1:
            threads = max(threads, min(cpus, count))
        if one_worker(described):
            threads = min(threads, count)
        device = CppDevice(
            request,
            code,
            plan.for_threads(max(1, threads // count)),
            threads,
            lambda part: report("connecting", round(part * 1000) / 10, 100),
        )
        if extension is not None:
            from pygenn_lite.runtime.cpp.programs import CppPrograms

            device.programs = CppPrograms(device, extension)
        return device


def parts_of(request: BuildRequest) -> list[str]:
    """What a network needs of what is the same for all: templates/cpp/engine/*.cpp by name, the
    engine first."""
    groups, extension = request.network.groups, request.extension
    coded = request.accumulator != "float" or any(codes_of(g) for g in groups.values())
    wanted = {
        "engine": True,
        "builder": bool(groups),
        "synapses": bool(groups),
        "coded_delivery": bool(groups) and coded,
        "pool": len(request.networks) > 1,
        "programs": extension is not None and _needs_programs(extension),
    }
    return [part for part, needed in wanted.items() if needed]


def _needs_programs(extension: Extension) -> bool:
    reduces = any(isinstance(op, Reduce) for op in extension.in_step)
    return bool(extension.schedules) or reduces
