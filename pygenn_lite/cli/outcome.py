"""What came out of a run of the command line."""

from __future__ import annotations

import contextlib
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration import Network
from pygenn_lite.errors import SimulationError
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.result import Result
    from pygenn_lite.yaml_format import RunSettings

SUMMARY_FILE = "summary.json"


@dataclass
class Outcome:
    """What came out of a run, for the table, the summary and the JSON."""

    network: Network
    settings: RunSettings
    duration: float
    warmup: float
    simulation: Any
    result: Result
    scale: float = 1.0
    files: list[Path] = field(default_factory=list)
    peak_bytes: int = 0

    def rates(self) -> dict[str, float | None]:
        """Rates after the warm-up; unknown if the run was stopped before, or is too short."""
        if self.result.duration > self.warmup:
            with contextlib.suppress(SimulationError):
                return dict(self.result.rates(self.warmup))
        return dict.fromkeys(self.network.populations)

    def summary(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        result, simulation = self.result, self.simulation
        return {
            "network": self.network.name,
            "backend": simulation.backend,
            "threads": simulation.threads,
            "dt_ms": self.network.dt,
            "duration_ms": max(result.duration - self.warmup, 0.0),
            "warmup_ms": self.warmup,
            "build_seconds": simulation.build_seconds,
            "simulate_seconds": result.simulate_seconds,
            "real_time_factor": result.real_time_factor if result.duration else None,
            "peak_rss_mib": self.peak_bytes / 2**20,
            "synapses": simulation.synapse_count,
            "rates_hz": self.rates(),
            "files": [str(path) for path in self.files],
        }
