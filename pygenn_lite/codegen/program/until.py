"""When a loop of a schedule ends before its last pass."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from pygenn_lite.records import dataclass

RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Until:
    """A loop ends after a pass at whose end a shared signal compares so with a number."""

    signal: str
    relation: str  # "<", "<=", ">", ">="
    threshold: float

    def __post_init__(self) -> None:
        if self.relation not in RELATIONS:
            raise ValueError(f"{self.relation!r} is not one of {', '.join(RELATIONS)}")

    def holds(self, value: float) -> bool:
        """Whether the loop ends, where this is the signal."""
        return bool(RELATIONS[self.relation](value, self.threshold))

    def __str__(self) -> str:
        return f"until {self.signal} {self.relation} {self.threshold:g}"
