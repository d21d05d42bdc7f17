"""Makes a network smaller (or larger) and keeps the mean and variance of its neurons' inputs.

As the reference implementation of the cortical microcircuit does: numbers of neurons and numbers
of synapses per neuron are both multiplied by ``k``, weights divided by ``sqrt(k)`` (which keeps the
variance), and a direct current restores the mean: with the charge ``Q = integral of the current per
unit of weight`` (``tau`` of an exponential current),

    current = 1e-3 (1 - sqrt(k)) sum over sources (Q weight synapses rate),

where synapses per neuron, weights and rates are those of the full network (rates in Hz, times in
ms), and background sources count like any other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pygenn_lite.declaration import (
    Connectivity,
    Distribution,
    FrozenArray,
    Network,
    NeuronModel,
    PoissonInput,
    Population,
    SpikeSource,
    SynapseGroup,
    SynapseModel,
)
from pygenn_lite.declaration.connectivity import Ends
from pygenn_lite.declaration.inputs import CurrentInput, NoiseCurrent
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.declaration.population import ends_of
from pygenn_lite.declaration.recorded import SynapsesOf, resized
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.scaling.drive import LostCurrents, events_of, in_degree
from pygenn_lite.scaling.moments import cannot, mean_of, multiplied


def scale_network(network: Network, k: float, rates: Mapping[str, float]) -> Network:
    """Scale numbers of neurons and of synapses per neuron by ``k``, keeping mean and variance.

    Parameters
    ----------
    network : Network
        The full network. Its synapses must be static currents.
    k : float
        Factor, for instance 0.1.
    rates : mapping of str to float
        Rates of the full network by population, Hz.

    Returns
    -------
    Network
        A new network, with one current input (``restore_<population>``) per population.

    Raises
    ------
    NetworkError
        If a part of the network cannot be scaled, naming it.
    """
    factor = plain_number(k)
    if factor is None or not 0 < factor < 1e6:
        raise NetworkError(f"cannot scale by {k!r}", hint="give a factor such as 0.1")
    return _Scaling(network, float(factor), rates).run()


class _Scaling:
    """One scaling; collects the mean currents that are lost."""

    def __init__(self, network: Network, k: float, rates: Mapping[str, float]) -> None:
        self.full, self.k, self.rates = network, k, rates
        self.scaled = Network(network.dt, network.seed, network.name)
        self.lost = LostCurrents()

    def run(self) -> Network:
        for population in self.full.populations.values():
            self._population(population)
        for group in self.full.groups.values():
            self._group(group)
        for one in self.full.inputs:
            self._input(one)
        self.lost.restore(self.scaled)
        self.scaled.updates = list(self.full.updates)
        for recording in self.full.recordings:
            what = recording.what
            if isinstance(what, SynapsesOf):
                self.scaled.record(what, interval=recording.interval)
                continue
            size = self.scaled.populations[what.population].size
            self.scaled.record(resized(what, size), interval=recording.interval)
        return self.scaled

    def _population(self, population: Population) -> None:
        where = Location.of("population", population.name)
        if isinstance(population.model, SpikeSource):
            raise cannot(where, "given spike trains cannot be scaled")
        model: NeuronModel = population.model
        values = [*model.parameters, *model.initial, *population.parameters, *population.initial]
        for name, value in values:
            if isinstance(value, FrozenArray):
                raise cannot(where, f"'{name}' has one value per neuron", "use a distribution")
        if population.positions is not None:
            raise cannot(where, "neurons with positions cannot be scaled")
        self.scaled.population(
            population.name,
            self._size(population.name),
            model,
            initial=dict(population.initial),
            parameters=dict(population.parameters),
        )

    def _size(self, name: str) -> int:
        return max(1, round(self.full.populations[name].size * self.k))

    def _group(self, group: SynapseGroup) -> None:
        where = Location.of("synapse group", group.name)
        weight = self._weight(group.weight, where)
        rule = self._rule(group, where)
        inputs = in_degree(self.full, group, where)
        if group.source not in self.rates:
            raise NetworkError(
                f"the full-scale rate of '{group.source}' is not known",
                where=where,
                hint="write it under 'full_scale_rates:'",
            )
        arriving = mean_of(group.weight, where) * inputs * self.rates[group.source]
        self._restore(group.synapse, group.target, arriving, where)
        self.scaled.connect(
            group.source,
            group.target,
            group.synapse,
            rule,
            weight=weight,
            delay=None if group.one_step else group.delay,
            name=group.name,
            storage=group.storage,
            weight_precision=group.weight_precision,
            spare=group.spare,
        )

    def _input(self, one: Any) -> None:
        where = Location.of("input", one.name)
        if isinstance(one, CurrentInput) and not isinstance(one.value, FrozenArray):
            self.scaled.current(one.target, one.value, one.input, name=one.name)
            return
        if isinstance(one, NoiseCurrent):
            if not isinstance(one.mean, FrozenArray) and not isinstance(one.std, FrozenArray):
                self.scaled.noise_current(one.target, one.mean, one.std, one.input, name=one.name)
                return
        elif isinstance(one, PoissonInput):
            self._poisson(one, where)
            return
        elif getattr(one, "values", None) is not None and one.values.array.ndim == 1:
            self.scaled.step_current(
                one.target, one.times.array, one.values.array, one.input, name=one.name
            )
            return
        raise cannot(where, "it has one value per neuron", "use a distribution")

    def _poisson(self, one: PoissonInput, where: Location) -> None:
        if one.synapse is None:
            raise cannot(where, "its events are not currents", "give it a current synapse")
        events = events_of(one, where)
        assert isinstance(one.rate, float) and isinstance(one.sources, float)
        weight = self._weight(one.weight, where)
        self._restore(one.synapse, one.target, mean_of(one.weight, where) * events, where)
        # A single source stands for many whose sum is given as one rate: the rate is scaled then.
        single = one.sources == 1.0
        self.scaled.poisson(
            one.target,
            one.rate * self.k if single else one.rate,
            weight=weight,
            synapse=one.synapse,
            sources=1 if single else _number(one.sources, self.k, "sources", where),
            name=one.name,
        )

    def _restore(
        self, synapse: SynapseModel, target: str, arriving: float, where: Location
    ) -> None:
        self.lost.add(synapse, target, (1 - math.sqrt(self.k)) * arriving, where)

    def _weight(self, weight: Any, where: Location) -> Any:
        if not isinstance(weight, (float, Distribution)):
            raise cannot(where, "its weights are not numbers or a scalable distribution")
        return multiplied(weight, 1 / math.sqrt(self.k), where)

    def _ends(self, group: SynapseGroup, network: Network) -> Ends:
        source, target = network.populations[group.source], network.populations[group.target]
        return ends_of(group, source, target)

    def _rule(self, group: SynapseGroup, where: Location) -> Connectivity:
        rule, full = group.connectivity, self._ends(group, self.full)
        name = type(rule).__name__
        scaled = rule.scaled(self.k, full.n_pre, full.n_post)
        if not isinstance(scaled, Connectivity):
            hint = f"give {name} a method scaled(self, k, n_pre, n_post) that returns a rule"
            hint = "" if rule.yaml else hint
            raise cannot(where, f"the rule {name} cannot be scaled", hint)
        before, after = rule.count(full), scaled.count(self._ends(group, self.scaled))
        if before and after and before.total and not after.total:
            raise _nothing_left(before.total, "synapses", where)
        return scaled


def _number(full: float, factor: float, what: str, where: Location) -> int:
    """A number of synapses or sources, scaled. Where none would be left, neither would be the mean
    and the variance of what they bring."""
    number = round(full * factor)
    if full and not number:
        raise _nothing_left(full, f"{what} times {factor:g}", where)
    return number


def _nothing_left(full: float, what: str, where: Location) -> NetworkError:
    return cannot(where, f"of {full:g} {what} none are left", "choose a larger factor")
