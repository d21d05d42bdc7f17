"""Periodic updates of a network: `every`."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.language.equations import EquationsLike, parse_equations
from pygenn_lite.declaration.language.names import check_name, nearest
from pygenn_lite.declaration.members import free_name
from pygenn_lite.declaration.network_recordings import WithRecordings
from pygenn_lite.declaration.numeric import Number, plain_number
from pygenn_lite.declaration.periodic_update import (
    PeriodicUpdate,
    check_update_of_group,
    check_update_of_population,
    update_location,
)
from pygenn_lite.declaration.population import Population, SubPopulation, SynapseGroup
from pygenn_lite.errors import NetworkError


class WithUpdates(WithRecordings):
    """Base of a network: declares what is done every so many ms."""

    def __init__(self) -> None:
        super().__init__()
        self.updates: list[PeriodicUpdate] = []

    def every(
        self,
        interval: Number,
        on: Population | SynapseGroup | str,
        assignments: EquationsLike,
        *,
        parameters: Mapping[str, Number] | None = None,
        name: str | None = None,
    ) -> PeriodicUpdate:
        """Do assignments at t = 0 and whenever `interval` has passed, after what arrives at that
        time and before variables are recorded.

        Parameters
        ----------
        interval : float
            ms, rounded to steps.
        on : Population, SynapseGroup or str
            Whose variables are assigned: states of neurons, or the weight and the variables of
            synapses.
        assignments : str
            Ordered assignments, e.g. ``"V = V_reset"`` or ``"weight *= 0.99"``. They read the
            variables of the neuron (with its parameters) or of the synapse, ``t`` and ``dt``;
            ``sum_weight`` is the sum of the weights of all synapses of the group onto the same
            neuron, and so are sums of other variables.
        parameters : mapping of str to float, optional
            Numbers that the assignments name.

        Raises
        ------
        NetworkError
            A name that is not known there; a parameter with a name that has a meaning there; an
            interval shorter than a step; a part of a population.

        Examples
        --------
        >>> net = pg.Network(dt=0.5, seed=1)
        >>> pre = net.spike_source("pre", 20, [], [])
        >>> post = net.population("post", 5, pg.LIF())
        >>> group = net.connect(
        ...     pre, post, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=pg.Uniform(0.0, 1.0),
        ... )
        >>> net.every(10.0, group, "weight *= total/sum_weight", parameters=dict(total=3.0))
        <PeriodicUpdate pre_post_every: pre_post every 10 ms>
        >>> sim = net.compile(threads=1)
        >>> result = sim.run(1.0)
        >>> weights = sim["pre_post"].connections().weight.reshape(20, 5)
        >>> np.allclose(weights.sum(axis=0), 3.0)
        True
        """
        owner = _owner(on)
        taken = {update.name for update in self.updates}
        if owner not in self.populations and owner not in self.groups:
            known = [*self.populations, *self.groups]
            raise NetworkError(
                f"no population or synapse group {owner!r}{nearest(str(owner), known)}",
                hint=f"there are {known}",
            )
        label = free_name(f"{owner}_every", taken) if name is None else name
        where = update_location(check_name(label, "periodic update"))
        if label in taken:
            raise NetworkError(f"there is an update {label!r} already", hint="choose another name")
        given = {
            check_name(n, "parameter", where): _finite(value, n)
            for n, value in (parameters or {}).items()
        }
        update = PeriodicUpdate(
            label,
            _finite(interval, "interval"),
            owner,
            parse_equations(assignments, where.key("assignments"), assignments=True),
            tuple(given.items()),
        )
        update.steps(self.dt)
        if owner in self.populations:
            check_update_of_population(update, self.populations[owner])
        else:
            check_update_of_group(update, self.groups[owner])
        self.updates.append(update)
        return update


def _owner(on: object) -> str:
    """The name of a whole population or synapse group."""
    if isinstance(on, SubPopulation):
        raise NetworkError(
            f"{on!r} is a part of a population; an update is done by all of it",
            hint="give these neurons a population of their own",
        )
    if not isinstance(on, (str, Population, SynapseGroup)):
        raise NetworkError(
            f"{on!r} is neither a population nor a synapse group",
            hint="give one, or its name",
        )
    return on if isinstance(on, str) else on.name


def _finite(value: object, name: str) -> float:
    number = plain_number(value)
    found = math.nan if number is None else as_float(number)
    if not math.isfinite(found):
        raise NetworkError(f"{name} = {value!r}", hint="give a finite number")
    return found
