"""The null backend: everything up to the compiler, and nothing after it. For tests of generated
code and of plans, on machines without a compiler too."""

from __future__ import annotations

import time

from pygenn_lite import codegen
from pygenn_lite.runtime.device import BuildRequest, Report
from pygenn_lite.runtime.null.device import NullDevice


class NullBackend:
    """Renders C++ and plans its memory."""

    name = "null"

    def is_available(self) -> bool:
        """Never for "auto"."""
        return False

    def build(self, request: BuildRequest, report: Report) -> NullDevice:
        """Derive, render and plan."""
        started = time.perf_counter()
        report("generating", 0, 1)
        code = codegen.generate(request.structure, request.extension)
        report("generating", 1, 1)
        return NullDevice(request, code, time.perf_counter() - started)
