"""What is measured: variants of the cases, and the simulators that take part in each.

Standard library only: the peers' interpreters read this too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OURS = "pygenn_lite"
TITLES = {OURS: "pygenn_lite", "brian2": "Brian2 C++", "nest": "NEST", "genn": "GeNN CPU"}


@dataclass(frozen=True)
class Contestant:
    """One simulator with its number of threads and its precision."""

    simulator: str
    threads: int = 1
    precision: str = "float64"
    optional: bool = False  # takes part only with --all: hours, or tens of GiB

    @property
    def label(self) -> str:
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{TITLES[self.simulator]}, {threads}, {self.precision}"


@dataclass(frozen=True)
class Variant:
    """One network at one size, and who simulates it.

    `options` go to the case's functions. All simulate `warmup` ms unmeasured, then `duration` ms in
    every repeat. Rates of the populations in `checked` must agree with pygenn_lite's to the
    fraction `tolerance` or to `slack` Hz. `reach` is the wanted ratio: the time of the fastest peer
    with the same number of threads over ours.
    """

    name: str
    case: str
    title: str
    contestants: tuple[Contestant, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    dt: float = 0.1
    warmup: float = 200.0
    duration: float = 1000.0
    tolerance: float = 0.1
    slack: float = 0.0
    reach: float | None = None
    neurons: int = 0  # > 0: also tell ns per neuron and step
    real_time: bool = False  # judged by the real-time factor, not against peers
    reach_text: str = ""


@dataclass(frozen=True)
class Options:
    """What a case's function is given."""

    threads: int
    precision: str
    warmup: float
    duration: float
    dt: float
    seed: int
    directory: str  # for generated code
    case: Mapping[str, Any]


def field_of(
    *simulators: str, threads: tuple[int, ...] = (1, 2), precision: str = "float32"
) -> tuple[Contestant, ...]:
    """Contestants: ours at `precision`, GeNN at float32 with one thread, the others at float64."""
    found = []
    for count in threads:
        for simulator in (OURS, *simulators):
            if simulator == "genn":
                if count == 1:
                    found.append(Contestant("genn", 1, "float32"))
            else:
                found.append(
                    Contestant(simulator, count, precision if simulator == OURS else "float64")
                )
    return tuple(found)
