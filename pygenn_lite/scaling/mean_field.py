"""Stationary rates of a declared network in the diffusion approximation, self-consistently."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration import Network, PoissonInput, SynapseModel
from pygenn_lite.declaration.inputs import CurrentInput, NoiseCurrent
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.models import PoissonNeuron
from pygenn_lite.records import dataclass
from pygenn_lite.scaling.drive import charges, events_of, in_degree, reduced
from pygenn_lite.scaling.lif_membrane import Membrane, membrane_of, not_mean_field
from pygenn_lite.scaling.moments import mean_of, std_of
from pygenn_lite.scaling.siegert import siegert_rate

Floats = NDArray[np.float64]
_PATIENCE = 500.0  # in units of the relaxation of the rates


def mean_field_rates(
    network: Network, start: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Stationary rates of all populations of leaky integrate-and-fire neurons.

    The rates solve ``r = Siegert(mu(r), sigma(r))`` with, over all K synapses of mean weight m and
    standard deviation s through which a neuron gets spikes at r,

        mu = rest + tau sum(K r J m),   sigma^2 = tau sum(K r J^2 (m^2 + s^2)),

    where J is what one spike of weight 1 does to V: 1 for `Delta`, gain times charge for an
    exponential current, whose time constant shifts threshold and reset (see `siegert_rate`).

    Parameters
    ----------
    network : Network
        Leaky integrate-and-fire neurons, found by their equations; static delta synapses or
        exponential currents; Poisson inputs and neurons, constant and noise currents.
    start : mapping of str to float
        Rates to begin with, Hz; all 0 by default. Where there are several stationary states, it
        decides to which one the rates relax.

    Returns
    -------
    dict of str to float
        Hz, by population; those of Poisson neurons are the given ones.

    Raises
    ------
    NetworkError
        A part of the network has no mean field, by name; or the rates do not become stationary.

    Notes
    -----
    Brunel, J. Comput. Neurosci. 8 (2000), equations 4, 5 and 21; the rates relax by
    ``dr/ds = -r + Siegert(r)`` and are then solved for. Numbers of synapses are expected ones;
    their differences between neurons, correlations of sources and the time step are left out. Of
    currents with different time constants the mean of ``sqrt(tau)`` is taken, weighted by their
    shares of the variance.

    Examples
    --------
    >>> net = pg.Network(dt=0.1, seed=1)
    >>> cells = net.population("cells", 100, pg.LIF())
    >>> drive = net.poisson(
    ...     cells, 8.0, sources=2000, weight=87.8, synapse=pg.ExponentialCurrent(0.5)
    ... )
    >>> round(pg.scaling.mean_field_rates(net)["cells"])
    102
    """
    field = MeanField(network)
    return field.solve(start)


@dataclass(frozen=True)
class Channel:
    """Spikes that reach a population.

    Attributes
    ----------
    source : int or None
        Number of the population that sends them; None: from outside.
    target : int
    events : float
        Synapses per neuron, or from outside events per ms.
    jump, variance : float
        Mean and mean square of what one spike does to V, mV and mV^2.
    root : float
        sqrt of the synaptic time constant over that of the membrane.
    """

    source: int | None
    target: int
    events: float
    jump: float
    variance: float
    root: float


class MeanField:
    """The equations of one network. Rates are per ms."""

    def __init__(self, network: Network) -> None:
        self.network = network
        poisson = PoissonNeuron()
        self.given: dict[str, float] = {}
        self.membranes: list[Membrane] = []
        self.names: list[str] = []
        for name, population in network.populations.items():
            model = population.model
            if getattr(model, "threshold", None) == poisson.threshold:
                self.given[name] = _poisson_rate(population)
                continue
            self.names.append(name)
            self.membranes.append(membrane_of(population))
        self.mean = np.array([one.rest for one in self.membranes])
        self.square = np.zeros(len(self.names))  # sigma^2
        for one in network.inputs:
            self._input(one)
        self.channels = [*self._from_outside(), *self._from_groups()]
        if network.updates:
            raise not_mean_field(Location("network"), "values change in its updates")

    def solve(self, start: Mapping[str, float] | None = None) -> dict[str, float]:
        """Stationary rates, Hz, by population."""
        first = np.array([(start or {}).get(name, 0.0) for name in self.names]) * 1e-3
        rates = self._stationary(first) if self.names else first
        found = dict(zip(self.names, map(float, 1e3 * rates), strict=True)) | self.given
        return {name: found[name] for name in self.network.populations}

    def response(self, rates: Floats) -> Floats:
        """Rates that neurons would have, if all populations had these."""
        mean, square = self.mean.copy(), self.square.copy()
        roots = np.zeros(len(self.names))
        for one in self.channels:
            tau = self.membranes[one.target].tau
            events = one.events * (1.0 if one.source is None else rates[one.source])
            mean[one.target] += tau * events * one.jump
            square[one.target] += tau * events * one.variance
            roots[one.target] += tau * events * one.variance * one.root
        shift = np.divide(roots, square, out=np.zeros_like(roots), where=square > 0)
        tau_, V_th, V_r, t_ref = np.array(
            [(one.tau, one.V_th, one.V_r, one.t_ref) for one in self.membranes]
        ).T
        hertz = siegert_rate(
            mean, np.sqrt(square), tau=tau_, V_th=V_th, V_r=V_r, t_ref=t_ref,
            tau_syn=shift**2 * tau_,
        )  # fmt: skip
        return hertz * 1e-3

    def _stationary(self, first: Floats) -> Floats:
        from scipy.integrate import solve_ivp
        from scipy.optimize import root

        def slope(_: float, rates: Floats) -> Floats:
            return self.response(np.maximum(rates, 0.0)) - rates

        def settled(_: float, rates: Floats) -> float:
            return float(np.max(np.abs(slope(0.0, rates))) - 1e-9)

        settled.terminal = True  # type: ignore[attr-defined]
        way = solve_ivp(
            slope, (0.0, _PATIENCE), first, method="LSODA", rtol=1e-6, atol=1e-10, events=settled
        )
        last = np.maximum(way.y[:, -1], 0.0)
        near = root(lambda rates: slope(0.0, rates), last, tol=1e-13)
        close = np.all(np.abs(near.x - last) <= 1e-3 * np.abs(last) + 1e-6)
        rates: Floats = np.maximum(near.x if close else last, 0.0)
        if np.max(np.abs(slope(0.0, rates))) > 1e-6 + 1e-4 * np.max(rates):
            raise NetworkError(
                "the mean-field rates do not become stationary",
                where=Location("network"),
                hint="they oscillate: give start=, or simulate",
            )
        return rates

    # ------------------------------------------------------------------ what arrives

    def _input(self, one: Any) -> None:
        where = Location.of("input", one.name)
        if isinstance(one, PoissonInput):
            return
        if one.target in self.given or not isinstance(one, (CurrentInput, NoiseCurrent)):
            raise not_mean_field(where, "its current is not stationary")
        target = self.names.index(one.target)
        membrane = self.membranes[target]
        gain = membrane.tau * membrane.gains[one.input]
        mean, std = (one.value, 0.0) if isinstance(one, CurrentInput) else (one.mean, one.std)
        if not isinstance(mean, float) or not isinstance(std, float):
            raise not_mean_field(where, "its values differ between neurons")
        self.mean[target] += gain * mean
        # One value per step: white noise of this variance times dt.
        self.square[target] += (gain * std) ** 2 * self.network.dt / membrane.tau

    def _from_outside(self) -> list[Channel]:
        found = []
        for one in self.network.inputs:
            if isinstance(one, PoissonInput):
                where = Location.of("input", one.name)
                events = events_of(one, where) * 1e-3
                found.append(self._channel(one, one.target, events, where))
        return found

    def _from_groups(self) -> list[Channel]:
        found = []
        for group in self.network.groups.values():
            where = Location.of("synapse group", group.name)
            degree = in_degree(self.network, group, where)
            channel = self._channel(group, group.target, degree, where)
            if group.source in self.given:
                events = degree * self.given[group.source] * 1e-3
                found.append(replace(channel, events=events))
            else:
                found.append(replace(channel, source=self.names.index(group.source)))
        return found

    def _channel(self, one: Any, target: str, events: float, where: Location) -> Channel:
        if target in self.given:
            raise not_mean_field(where, f"'{target}' fires at a given rate")
        number = self.names.index(target)
        membrane = self.membranes[number]
        variable = getattr(one, "variable", None)
        jump, tau = (1.0, 0.0) if variable else _effect(one.synapse, membrane, where)
        if variable and variable != membrane.variable:
            raise not_mean_field(where, f"its events act on '{variable}'")
        mean, std = mean_of(one.weight, where), std_of(one.weight, where)
        square = jump**2 * (mean**2 + std**2)
        return Channel(None, number, events, jump * mean, square, math.sqrt(tau / membrane.tau))


def _poisson_rate(population: Any) -> float:
    where = Location.of("population", population.name)
    rate = {**dict(population.model.parameters), **dict(population.parameters)}["rate"]
    return mean_of(rate, where)


def _effect(synapse: SynapseModel, membrane: Membrane, where: Location) -> tuple[float, float]:
    """What one spike of weight 1 does to V in total, and the time constant of its current."""
    if synapse.is_static and not synapse.inputs and not synapse.equations:
        if synapse.on_pre[0].name == f"{membrane.variable}_post":
            return 1.0, 0.0
        raise not_mean_field(where, f"its spikes do not act on '{membrane.variable}'")
    slopes = [each for each in synapse.equations if each.kind == "derivative"]
    if len(slopes) != 1:
        name = synapse.name or "its synapse"
        raise not_mean_field(where, f"{name} is neither a delta nor an exponential current")
    found = charges(synapse, where)
    jump = sum(membrane.gains.get(name, 0.0) * charge for name, charge in found.items())
    return jump, _decay(synapse, slopes[0])


@lru_cache(maxsize=1024)
def _decay(synapse: SynapseModel, slope: Any) -> float:
    """Time constant of a receptor with one variable."""
    from sympy import Symbol

    return -1.0 / float(reduced(synapse, slope).diff(Symbol(slope.name, real=True)))
