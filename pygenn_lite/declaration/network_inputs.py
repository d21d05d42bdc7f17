"""Inputs of a network: `poisson`, `current`, `step_current`, `noise_current`."""

from __future__ import annotations

from numpy.typing import ArrayLike

from pygenn_lite.declaration.inputs import (
    CurrentInput,
    NoiseCurrent,
    PoissonInput,
    StepCurrent,
)
from pygenn_lite.declaration.members import AnyPopulation, part_of, whole_of
from pygenn_lite.declaration.network_parts import (
    declare_current,
    declare_noise_current,
    declare_poisson,
    declare_step_current,
)
from pygenn_lite.declaration.network_updates import WithUpdates
from pygenn_lite.declaration.spreading import spread, spread_array, spread_columns
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.values import ValueLike
from pygenn_lite.errors import Location
from pygenn_lite.old_names import with_old_arguments


class WithInputs(WithUpdates):
    """Base of a network: declares its inputs."""

    def poisson(
        self,
        target: AnyPopulation,
        rate: ValueLike,
        *,
        weight: ValueLike,
        synapse: SynapseModel | None = None,
        variable: str | None = None,
        sources: ValueLike = 1,
        name: str | None = None,
    ) -> PoissonInput:
        """Drive every neuron of `target` by `sources` independent Poisson trains of `rate` Hz.

        A part of a population, ``exc[:5]``, is driven alone; its values are numbers or arrays of as
        many as it has neurons. So are the targets of the other inputs.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 10, pg.LIF())
        >>> drive = net.poisson(
        ...     cells, 8.0, sources=1000, weight=87.8, synapse=pg.ExponentialCurrent(0.5)
        ... )
        >>> drive.name
        'poisson_cells'
        """
        population, part = self._receiver(whole_of(target)), part_of(target)
        name = self._input_name(name, f"poisson_{population.name}")
        where = Location.of("Poisson input", name)
        declared = declare_poisson(
            name, population, spread(rate, part, where.entry("rate")),
            weight=spread_array(weight, part, where.entry("weight")), synapse=synapse,
            variable=variable, sources=spread_array(sources, part, where.entry("sources")),
        )  # fmt: skip
        return self._add_input(declared, part)

    def current(
        self,
        target: AnyPopulation,
        value: ValueLike,
        input: str = "I",
        *,
        name: str | None = None,
    ) -> CurrentInput:
        """Add a constant current (a number, or one per neuron)."""
        population, part = self._input_target(whole_of(target), input), part_of(target)
        name = self._input_name(name, f"current_{population.name}")
        declared = declare_current(name, population, spread(value, part, Location(name)), input)
        return self._add_input(declared, part)

    def step_current(
        self,
        target: AnyPopulation,
        times: ArrayLike,
        values: ArrayLike,
        input: str = "I",
        *,
        name: str | None = None,
    ) -> StepCurrent:
        """Add a current that is ``values[k]`` from ``times[k]`` (ms) on.

        Parameters
        ----------
        times : array, shape (k,)
            Increasing.
        values : array, shape (k,) or (k, size)
            Shared, or one column per neuron.
        """
        population, part = self._input_target(whole_of(target), input), part_of(target)
        name = self._input_name(name, f"step_{population.name}")
        declared = declare_step_current(
            name, population, times, spread_columns(values, part, Location(name)), input
        )
        return self._add_input(declared, part)

    @with_old_arguments("Network.noise_current")
    def noise_current(
        self,
        target: AnyPopulation,
        mean: ValueLike = 0.0,
        std: ValueLike = 1.0,
        input: str = "I",
        *,
        name: str | None = None,
    ) -> NoiseCurrent:
        """Add a Gaussian current, drawn anew for every neuron and step."""
        population, part = self._input_target(whole_of(target), input), part_of(target)
        name = self._input_name(name, f"noise_{population.name}")
        declared = declare_noise_current(
            name,
            population,
            spread(mean, part, Location(name)),
            spread(std, part, Location(name)),
            input,
        )
        return self._add_input(declared, part)
