"""What an extension's variables are for whoever drives a simulation with one, on a card."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from pygenn_lite.codegen.program.extension import Extension
from pygenn_lite.codegen.program.schedule import Op
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.cuda.device import CardDevice
from pygenn_lite.runtime.cuda.extension_memory import ExtensionMemory
from pygenn_lite.runtime.layout import variable_of

Array = npt.NDArray[Any]


class CardPrograms:
    """A :class:`~pygenn_lite.runtime.device_programs.Programs` of an extension that does something
    within steps; schedules of its own are refused when a network is compiled.

    Parameters
    ----------
    device : CardDevice
    memory : ExtensionMemory
    simulated : tuple of Op
        What a step of the simulation does.
    """

    def __init__(
        self, device: CardDevice, memory: ExtensionMemory, simulated: tuple[Op, ...]
    ) -> None:
        self._device, self._memory, self.simulated = device, memory, simulated
        self.extension: Extension = memory.extension

    def before_run(self) -> None:
        """The card has been told what a step consists of."""

    def simulate(self, ops: tuple[Op, ...], steps: int) -> None:
        """Refused."""
        raise no_schedules()

    def walk(self, ops: tuple[Op, ...], first: int, count: int, direction: int) -> None:
        """Refused."""
        raise no_schedules()

    def once(self, ops: tuple[Op, ...]) -> None:
        """Refused."""
        raise no_schedules()

    def restart(self) -> None:
        """Refused."""
        raise no_schedules()

    def simulates_again(self) -> None:
        """It never did anything else."""

    def read(self, instance: int, owner: str, name: str) -> Array:
        """A copy of a variable of the network or the extension."""
        if self._memory.owns(owner, name):
            return self._memory.read(instance, owner, name)
        one = self._device.instances[instance]
        return one.read(variable_of(self._device.layout, owner, name))

    def write(self, instance: int, owner: str, name: str, values: npt.ArrayLike) -> None:
        """Set a variable of the network or the extension."""
        if self._memory.owns(owner, name):
            self._memory.write(instance, owner, name, values)
        else:
            one = self._device.instances[instance]
            one.write(variable_of(self._device.layout, owner, name), values)


def no_schedules(names: str = "") -> UnsupportedFeatureError:
    """The error for schedules of an extension."""
    which = f" ({names})" if names else ""
    return UnsupportedFeatureError(
        f"the CUDA backend does not run schedules of an extension yet{which}",
        hint="use backend='cpp' or backend='reference'",
    )
