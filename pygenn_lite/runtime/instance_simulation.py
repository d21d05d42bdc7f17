"""Many instances of a network in one simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration.numeric import Whole, whole_number
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.instances import LAST_SEED, check_seeds
from pygenn_lite.runtime.simulation import Simulation
from pygenn_lite.runtime.views.instance_axis import InstancesView

if TYPE_CHECKING:
    from pygenn_lite.runtime.results.instance_results import InstanceResults
    from pygenn_lite.runtime.views.instance_view import View


class InstanceSimulation(Simulation):
    """Instances of a network that run side by side. Made by ``network.compile(instances=n)``.

    Each has a seed, states, spikes and random numbers of its own and does, bit for bit, what a
    single simulation of ``network.with_values(...)`` with its seed does. All that `Simulation` has
    works here, with an axis of instances: ``simulation["exc"]["V"]`` has shape (instances, n),
    ``run`` gives :class:`InstanceResults`, ``simulation.instances[k]`` is one instance.
    """

    _axis = True

    @property
    def populations(self) -> dict[str, InstancesView]:  # type: ignore[override]
        """All populations by name."""
        return {n: InstancesView(self._of(n)) for n in self._instances[0].populations}

    @property
    def groups(self) -> dict[str, InstancesView]:  # type: ignore[override]
        """All synapse groups by name."""
        return {n: InstancesView(self._of(n)) for n in self._instances[0].groups}

    @property
    def inputs(self) -> dict[str, InstancesView]:  # type: ignore[override]
        """All inputs by name."""
        return {
            n: InstancesView([one.inputs[n] for one in self._instances])
            for n in self._instances[0].inputs
        }

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._compiled_seeds = self.seeds

    def __getitem__(self, name: str) -> InstancesView:  # type: ignore[override]
        return InstancesView(self._of(name))

    def _of(self, name: str) -> list[View]:
        return [one[name] for one in self._instances]

    if TYPE_CHECKING:  # what comes back has the axis; the runs are those of the base class

        def run(self, *args: Any, **kwargs: Any) -> InstanceResults:  # type: ignore[override]
            """As of `Simulation`."""

        def step(self, n: Whole = 1) -> InstanceResults:  # type: ignore[override]
            """As of `Simulation`."""

    @property
    def seeds(self) -> list[int]:
        """Of the instances: those they were compiled with, or those of the last ``reset``."""
        return [one.seed for one in self._device.instances]

    def reset(self, seed: Whole | None = None, *, seeds: Sequence[Whole] | None = None) -> None:
        """Back to the start: initial states and, in plastic groups, initial weights.

        Parameters
        ----------
        seed : int, optional
            Of the first instance; the others have seed + 1, ...
        seeds : sequence of int, optional
            One for each; by default those with which they were compiled.
        """
        count = len(self._instances)
        if seed is not None and seeds is not None:
            raise ArgumentError("seed and seeds are given", hint="give one of them")
        if seeds is not None:
            self._reset(check_seeds(seeds, count))
            return
        if seed is None:
            self._reset(self._compiled_seeds)
            return
        first = whole_number(seed)
        if first is None or not 0 <= first < LAST_SEED:
            raise ArgumentError(
                f"seed = {seed!r} is not a valid seed", hint="give a whole number >= 0"
            )
        self._reset([(first + k) % LAST_SEED for k in range(count)])
