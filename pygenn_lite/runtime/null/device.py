"""The null backend's device: what would run, and what it would take."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pygenn_lite.codegen import GeneratedCode
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.codegen.plan.network_plan import plan_network
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.device import BuildRequest, CodeReport, Device
from pygenn_lite.runtime.layout import layout_of
from pygenn_lite.runtime.null.instance import NullInstance
from pygenn_lite.runtime.recording import recording_requests


class NullDevice(Device):
    """Networks that were rendered and planned."""

    backend = "null"
    threads = 1
    step = 0
    connect_seconds = 0.0

    def __init__(self, request: BuildRequest, code: GeneratedCode, seconds: float) -> None:
        network, structure = request.network, request.structure
        self.dtype = np.dtype(request.precision)
        self.code = CodeReport(source=lambda: code.source, seconds=seconds)
        self.layout = layout_of(network, structure, code.signatures, self.dtype)
        self.requests = recording_requests(network)
        described = Described(
            network,
            structure,
            code.signatures,
            self.dtype,
            request.extension,
            request.accumulator,
        )
        self.plan = plan_network(described)
        seeds = request.connectivity_seeds or tuple(n.seed for n in request.networks)
        counts = {name: round(group.count) for name, group in self.plan.groups.items()}
        self._instances = [
            NullInstance(own, of_own, self.layout, seed, counts)
            for own, of_own, seed in zip(request.networks, request.structures, seeds, strict=True)
        ]

    @property
    def instances(self) -> Sequence[NullInstance]:
        """All of them."""
        return self._instances

    def set_step(self, step: int, seeds: Sequence[int]) -> None:
        """Refused: time does not advance."""
        self.run(step)

    def run(self, steps: int) -> int:
        """Refused, but for no steps.

        Raises
        ------
        UnsupportedFeatureError
            Always.
        """
        if steps:
            raise UnsupportedFeatureError(
                "the null backend renders and plans a network, and runs nothing",
                hint="compile with backend='cpp' or backend='reference'",
            )
        return 0

    def stop(self) -> None:
        """Nothing runs."""

    def memory_rows(self) -> MemoryRows:
        """What it would take, with expected numbers of synapses."""
        return MemoryRows(self.plan.rows)
