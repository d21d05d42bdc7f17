"""The present step of an instance, for whoever must not keep its memory alive."""

from __future__ import annotations

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.instance_records import InstanceRecords


@dataclass(frozen=True)
class Clock:
    """Tells the step of the engine that an instance has now."""

    records: InstanceRecords
    index: int

    def step(self) -> int:
        """The present step; 0 before there is an engine."""
        return self.records.step(self.index)
