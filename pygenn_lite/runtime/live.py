"""What is part of a simulation in this process, and cannot leave it."""

from __future__ import annotations

from typing import NoReturn

from pygenn_lite.errors import SimulationError


class Live:
    """Base of what reads and writes a simulation's memory: neither copied nor pickled."""

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise SimulationError(
            f"{self!r} is part of a running simulation and cannot be copied or pickled",
            hint=self._instead(),
        )

    def _instead(self) -> str:
        return "send its values as arrays, e.g. numpy.array(simulation['exc']['V'])"
