"""Weights that keep what arrives at a neuron when its numbers of synapses change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from pygenn_lite.declaration import FrozenArray, Network, PoissonInput, SynapseGroup, SynapseModel
from pygenn_lite.declaration.language.names import check_choice, nearest
from pygenn_lite.declaration.numeric import Whole, plain_number
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.records import dataclass
from pygenn_lite.scaling.drive import LostCurrents, events_of, in_degree
from pygenn_lite.scaling.moments import cannot, mean_of, rescaled

KEPT = ("mean", "variance", "both")
SPREADS = ("sqrt", "proportional")


def scale_weights(
    network: Network,
    *,
    sizes: float | Mapping[str, Whole] | None = None,
    like: Network | None = None,
    keep: str | Mapping[str, str] = "mean",
    spread: str = "sqrt",
    rates: Mapping[str, float] | None = None,
) -> Network:
    """Weights with which neurons get what they got when they had other numbers of synapses.

    K synapses of mean weight m and standard deviation s, whose sources fire at r, bring a drive of
    mean ``K r tau m`` and variance ``K r tau/2 (m^2 + s^2)``. When K becomes ``a K``:

    - ``keep="mean"``: m becomes m/a, s becomes s/sqrt(a). The mean of the drive stays, and so does
      the part of its variance that comes from the spread of the weights, in time
      (``K r tau/2 s^2``) as between neurons (``K s^2 (r tau)^2``); the part of the single spikes,
      ``K r tau/2 m^2``, becomes 1/a of it. With ``spread="proportional"`` s becomes s/a as well,
      and all of the variance 1/a of it.
    - ``keep="variance"``: m and s become 1/sqrt(a) of themselves. The variance stays, the mean
      becomes sqrt(a) of itself: for networks in which excitation and inhibition cancel.
    - ``keep="both"``: weights as for the variance, and a constant current for the mean that is
      lost: ``Q K r m (1 - sqrt(a))`` with the charge Q that one spike of weight 1 brings.

    Parameters
    ----------
    network : Network
        It stays as it is.
    sizes : float or mapping of str to int, optional
        New sizes of populations, or a factor for all of them. Rules stay as they are declared: with
        a fixed probability the number of synapses per neuron follows the sizes, with a fixed
        in-degree it does not change.
    like : Network, optional
        Instead of `sizes`: a network with the same projections, whose weights are taken, scaled
        from its numbers of synapses to those of `network`.
    keep : str or mapping of str to str
        What is kept, or what by name of the synapse group or Poisson input (``*`` stands for any
        characters); those that are not named keep their weights.
    spread : {"sqrt", "proportional"}
        With what the standard deviation of weights goes down where the mean is kept.
    rates : mapping of str to float
        Rates by population, Hz: for ``keep="both"``.

    Returns
    -------
    Network
        With other weights, and for ``keep="both"`` with one current ``restore_POPULATION`` each.

    Raises
    ------
    NetworkError
        What cannot be scaled, by name: numbers of synapses that only drawing tells, weights that
        would change their sign, synapses on which the weight does not act linearly.

    Notes
    -----
    The 1/K and 1/sqrt(K) rules: van Vreeswijk and Sompolinsky, Science 274 (1996). Currents for the
    lost mean: van Albada, Helias and Diesmann, PLoS Comput. Biol. 11 (2015). Weights per synapse
    (arrays) are stretched about their mean; formulas are multiplied by the factor of the mean.
    Synapses that learn are scaled only where `keep` names them: their start weights, not their
    bounds.

    Examples
    --------
    >>> net = pg.Network(seed=1)
    >>> exc, inh = net.population("exc", 100, pg.LIF()), net.population("inh", 25, pg.LIF())
    >>> group = net.connect(
    ...     exc, inh, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.1),
    ...     weight=pg.Normal(20.0, 2.0),
    ... )
    >>> large = pg.scale_weights(net, sizes={"exc": 400}, keep="mean")
    >>> large["exc"].size, large["exc_inh"].weight
    (400, Normal(mean=5.0, std=1.0))
    >>> pg.scale_weights(net, sizes=4.0, keep="variance")["exc_inh"].weight
    Normal(mean=10.0, std=1.0)
    """
    if (sizes is None) == (like is None):
        raise NetworkError(
            "give either sizes or like",
            where=Location("scale_weights"),
            hint="sizes={'exc': 8000} changes sizes, like=other takes the weights of another "
            "network",
        )
    check_choice(spread, SPREADS, "spread", Location("scale_weights"), NetworkError)
    before, after = (network, _resized(network, sizes)) if like is None else (like, network)
    return _Weights(before, after, _kept(after, keep), spread, rates, isinstance(keep, str)).run()


def _resized(network: Network, sizes: Any) -> Network:
    """The network with populations of other sizes."""
    where = Location("scale_weights", path=("sizes",))
    if not isinstance(sizes, Mapping):
        factor = plain_number(sizes)
        if factor is None or not 0 < factor < 1e6:
            raise NetworkError(
                f"sizes = {sizes!r}", where=where, hint="give a factor or {'exc': 8000}"
            )
        sizes = {
            name: max(1, round(each.size * float(factor)))
            for name, each in network.populations.items()
        }
    for name in sizes:
        if name not in network.populations:
            known = network.populations
            raise NetworkError(
                f"sizes: there is no population {name!r}{nearest(str(name), known)}", where=where
            )
    return network.with_values({f"populations.{name}.size": n for name, n in sizes.items()})


def _kept(network: Network, keep: Any) -> dict[str, str]:
    """What to keep, by the name of a synapse group or Poisson input."""
    poisson = [one.name for one in network.inputs if isinstance(one, PoissonInput)]
    names = [*network.groups, *poisson]
    where = Location("scale_weights", path=("keep",))
    chosen = {"*": keep} if not isinstance(keep, Mapping) else dict(keep)
    found: dict[str, str] = {}
    for pattern, kind in chosen.items():
        check_choice(kind, KEPT, "keep", where, NetworkError)
        matching = [name for name in names if fnmatchcase(name, str(pattern))]
        if not matching and isinstance(keep, Mapping):
            meant = nearest(str(pattern), names)
            raise NetworkError(
                f"keep: there is no synapse group or Poisson input {pattern!r}{meant}",
                where=where,
                hint=f"there are {names}",
            )
        found.update(dict.fromkeys(matching, kind))
    return found


@dataclass(frozen=True)
class _Weights:
    """One scaling: networks with the old and the new numbers of synapses."""

    before: Network
    after: Network
    kept: dict[str, str]
    spread: str
    rates: Mapping[str, float] | None
    everything: bool  # nothing was named

    def run(self) -> Network:
        if self.rates is not None and "both" not in self.kept.values():
            raise NetworkError(
                "rates are given, but no current is to make up for a mean",
                where=Location("scale_weights"),
                hint="write keep='both', or leave out rates",
            )
        lost, weights = LostCurrents(), {}
        for name, kind in self.kept.items():
            if name in self.after.groups:
                weights[f"groups.{name}.weight"] = self._group(self.after.groups[name], kind, lost)
            else:
                one = next(each for each in self.after.inputs if each.name == name)
                assert isinstance(one, PoissonInput)
                weights[f"inputs.{name}.weight"] = self._poisson(one, kind, lost)
        scaled = self.after.with_values(weights)
        lost.restore(scaled)
        return scaled

    def _group(self, new: SynapseGroup, kind: str, lost: LostCurrents) -> Any:
        where = Location.of("synapse group", new.name)
        old = self.before.groups.get(new.name)
        if old is None or (old.source, old.target) != (new.source, new.target):
            raise _missing(where, f"from '{new.source}' to '{new.target}'")
        numbers = in_degree(self.before, old, where), in_degree(self.after, new, where)
        ratio = _ratio(numbers, where)
        if ratio == 1.0 and old.synapse == new.synapse:
            return old.weight
        _check_synapse(old.synapse, new.synapse, where)
        if new.synapse.changes_weight and self.everything:
            raise cannot(
                where,
                "its synapses learn, and the bounds of their weights would stay",
                f"name what is to be scaled: keep={{'{new.name}': '{kind}', ...}} scales the start "
                "weights; without it they stay",
            )
        if kind == "both":
            arriving = numbers[0] * self._rate(new.source, where) * mean_of(old.weight, where)
            lost.add(new.synapse, new.target, (1 - math.sqrt(ratio)) * arriving, where)
        return self._scaled(old.weight, ratio, kind, where)

    def _poisson(self, new: PoissonInput, kind: str, lost: LostCurrents) -> Any:
        where = Location.of("input", new.name)
        found = [each for each in self.before.inputs if each.name == new.name]
        if not found or not isinstance(found[0], PoissonInput) or found[0].target != new.target:
            raise _missing(where, f"onto '{new.target}'")
        old = found[0]
        if (old.rate, old.sources, old.synapse) == (new.rate, new.sources, new.synapse):
            return old.weight
        events = events_of(old, where), events_of(new, where)
        ratio = _ratio(events, where)
        _check_synapse(old.synapse, new.synapse, where)
        if kind == "both":
            if new.synapse is None:
                raise cannot(where, "its events are not currents", "give it a current synapse")
            arriving = events[0] * mean_of(old.weight, where)
            lost.add(new.synapse, new.target, (1 - math.sqrt(ratio)) * arriving, where)
        return self._scaled(old.weight, ratio, kind, where)

    def _scaled(self, weight: Any, ratio: float, kind: str, where: Location) -> Any:
        root = 1 / math.sqrt(ratio)
        of_mean = 1 / ratio if kind == "mean" else root
        of_std = of_mean if self.spread == "proportional" else root
        if isinstance(weight, FrozenArray) and not weight.array.size:
            return weight
        return rescaled(weight, of_mean, of_std, where)

    def _rate(self, source: str, where: Location) -> float:
        rate = plain_number((self.rates or {}).get(source))
        if rate is None or not 0 <= rate < math.inf:
            raise NetworkError(
                f"the rate of '{source}' is not known",
                where=where,
                hint=f"give rates={{'{source}': 5.0, ...}}, in Hz, for keep='both'",
            )
        return float(rate)


def _missing(where: Location, between: str) -> NetworkError:
    return NetworkError(
        f"the other network has none of this name {between}",
        where=where,
        hint="name those that both have: keep={'exc_exc': 'mean', ...}",
    )


def _ratio(numbers: tuple[float, float], where: Location) -> float:
    """New number over old."""
    if numbers[0] == numbers[1]:
        return 1.0
    if 0 in numbers:
        raise cannot(
            where,
            f"{numbers[0]:g} synapses or events per neuron become {numbers[1]:g}",
            "no weight makes up for none; leave it out of keep",
        )
    return numbers[1] / numbers[0]


def _check_synapse(old: SynapseModel | None, new: SynapseModel | None, where: Location) -> None:
    """Equal synapses, on which the weight acts linearly."""
    if old != new:
        raise cannot(
            where,
            "the synapse models of the two networks differ",
            "make them equal, or leave it out",
        )
    if new is None or new.is_static:
        return
    import sympy

    weight = sympy.Symbol("weight", real=True)
    acting = (*new.continuous, *new.on_pre, *new.inputs)
    for each in acting:
        if each.name != "weight" and sympy.simplify(each.sympy().diff(weight, 2)) != 0:
            raise cannot(where, f"the weight does not act linearly: {each}")
