"""The part of the interface between a Simulation and a backend that schedules of extensions go
through (the rest is in device.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy.typing as npt

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.extension import Extension
    from pygenn_lite.codegen.program.schedule import Op

Array = npt.NDArray[Any]


class Programs(Protocol):
    """What a device offers beside running its networks, where they have an extension: the parts of
    schedules that a :class:`~pygenn_lite.runtime.schedule_walker.ScheduleWalker` goes through. All
    is done in each instance.

    Attributes
    ----------
    extension : Extension
    simulated : tuple of Op
        What a step of the simulation does.
    """

    extension: Extension
    simulated: tuple[Op, ...]

    def before_run(self) -> None:
        """Whoever lets the device run by itself calls this first."""
        ...

    def simulate(self, ops: tuple[Op, ...], steps: int) -> None:
        """So many steps of a simulation that consist of these operations.

        Raises
        ------
        SimulationError
            A record of spikes is full.
        NumericalError
            A variable stopped being finite.
        """
        ...

    def walk(self, ops: tuple[Op, ...], first: int, count: int, direction: int) -> None:
        """Steps in which nobody fires: from `first` on (1), or the same ones backwards (-1). The
        device stays at its step."""
        ...

    def once(self, ops: tuple[Op, ...]) -> None:
        """Operations between runs."""
        ...

    def restart(self) -> None:
        """Initial states, step 0; spikes are recorded anew. Weights, parameters and what the
        extension adds stay."""
        ...

    def simulates_again(self) -> None:
        """The next steps are those of the simulation."""
        ...

    def read(self, instance: int, owner: str, name: str) -> Array:
        """A copy of a variable of the network or the extension: shape () of a shared one."""
        ...

    def write(self, instance: int, owner: str, name: str, values: npt.ArrayLike) -> None:
        """Set a variable of the network or the extension."""
        ...
