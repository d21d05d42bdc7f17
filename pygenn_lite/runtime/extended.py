"""A simulation that was compiled together with an extension, as who has made the extension drives
it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.program.extension import NETWORK, Extension
from pygenn_lite.declaration.network import Network
from pygenn_lite.runtime.backends import choose_backend
from pygenn_lite.runtime.compilation import Options, compile_with
from pygenn_lite.runtime.instances import InstanceOptions
from pygenn_lite.runtime.simulation import Simulation

Array = npt.NDArray[Any]
ALONE = InstanceOptions()


class Extended:
    """A simulation with schedules of its own.

    Attributes
    ----------
    simulation : Simulation
    """

    def __init__(self, simulation: Simulation) -> None:
        programs = simulation._device.programs
        assert programs is not None  # compiled with an extension
        self.simulation, self._programs = simulation, programs

    def run(
        self, schedule: str, data: Mapping[str, Any] | None = None, duration: float = 0.0
    ) -> Mapping[str, int]:
        """Go through a schedule.

        Parameters
        ----------
        schedule : str
            Its name.
        data : mapping of str to SpikeTensor or array
            What its operations name; the first axis of arrays is that of samples.
        duration : float
            Of loops over steps that do not say how many, ms.

        Returns
        -------
        mapping of str to int
            The passes that there were of each kind of loop, steps left out.

        Raises
        ------
        ArgumentError
            No such schedule; missing data; a sample that is not there.
        SimulationError
            A record of spikes is full.
        """
        return self.simulation._run_schedule(schedule, data, duration).passes

    def read(self, owner: str, name: str, instance: int = 0) -> Array:
        """A copy of a variable of the network or the extension: one value for each neuron or
        synapse (by source, then target, then delay)."""
        return self._programs.read(instance, owner, name)

    def write(self, owner: str, name: str, values: npt.ArrayLike, instance: int = 0) -> None:
        """Set a variable of the network or the extension."""
        self._programs.write(instance, owner, name, values)

    def signal(self, name: str, instance: int = 0) -> float:
        """A shared signal."""
        return float(np.asarray(self.read(NETWORK, name, instance)))


def compile_extended(
    network: Network,
    extension: Extension,
    backend: str = "auto",
    asked: InstanceOptions = ALONE,
    **options: Any,
) -> Extended:
    """Compile a network together with an extension.

    Parameters
    ----------
    network : Network
    extension : Extension
    backend : str
    asked : InstanceOptions
        Instances, their seeds and values.
    **options
        As of :class:`~pygenn_lite.runtime.compilation.Options`.

    Raises
    ------
    ValueError
        The extension speaks of what is not there.
    """
    chosen = Options(extension=extension, **options)
    return Extended(compile_with(network, choose_backend(backend), asked, chosen))
