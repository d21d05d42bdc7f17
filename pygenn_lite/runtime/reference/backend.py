"""The reference backend: a network interpreted with NumPy. Needs no compiler; slow."""

from __future__ import annotations

import time

from pygenn_lite import codegen
from pygenn_lite.codegen.program.sign import signatures_of
from pygenn_lite.runtime.device import BuildRequest, Report
from pygenn_lite.runtime.reference.device import ReferenceDevice


class ReferenceBackend:
    """The interpreter, offered like any other backend."""

    name = "reference"

    def is_available(self) -> bool:
        """Never for "auto": it is hundreds of times slower than compiled code."""
        return False

    def build(self, request: BuildRequest, report: Report) -> ReferenceDevice:
        """Derive the update rules, draw the synapses."""
        started = time.perf_counter()
        report("deriving update rules", 0, 1)
        program = codegen.derive_program(request.structure, request.extension)
        signatures = signatures_of(program)
        report("deriving update rules", 1, 1)
        device = ReferenceDevice(
            request,
            program,
            signatures,
            time.perf_counter() - started,
            lambda part: report("connecting", round(part * 1000) / 10, 100),
        )
        if request.extension is not None:
            from pygenn_lite.runtime.reference.programs import ReferencePrograms

            device.programs = ReferencePrograms(device, program, request.extension, request.shared)
        return device
