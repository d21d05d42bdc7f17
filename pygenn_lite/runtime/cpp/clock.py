"""The present step, for whoever must not keep the machine alive."""

from __future__ import annotations

from dataclasses import dataclass

from pygenn_lite.runtime.cpp import abi


@dataclass
class Clock:
    """Tells the step of the engine that is there now."""

    engine: abi.Engine
    pointer: int = 0

    def step(self) -> int:
        """The present step; 0 before there is an engine."""
        return int(self.engine.step_get(self.pointer)) if self.pointer else 0
