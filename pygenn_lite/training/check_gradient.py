"""``pg.check_gradient``: proves the derived gradients of a network by differences."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.origins import located_in
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.training.bound_loss import BoundLoss, FixedLoss, GivenLoss
from pygenn_lite.training.differences import differences
from pygenn_lite.training.event_backward import gradient
from pygenn_lite.training.event_simulation import simulate
from pygenn_lite.training.gradient_report import GradientReport, GradientRow
from pygenn_lite.training.parameter_table import Entry
from pygenn_lite.training.replay import Perturbation, replay
from pygenn_lite.training.small_network import SmallNetwork
from pygenn_lite.training.small_network_builder import small_network
from pygenn_lite.training.trial_loss import as_loss
from pygenn_lite.training.value_paths import paths_of

Array = npt.NDArray[np.float64]
WHERE = Location("check_gradient")
MOST = 40  # numbers of one parameter that are compared


def check_gradient(
    network: Network,
    duration: float = 60.0,
    loss: Any = None,
    parameters: str | Iterable[str] | None = None,
) -> GradientReport:
    """Compare the gradients that are derived from a network's equations with central differences.

    The trial is simulated from event to event in double precision: spikes where the threshold is
    crossed, arrivals at their real times (in a simulation in steps the loss would jump, and
    differences would mean nothing). Then it is gone through backwards by the derived adjoint.

    Parameters
    ----------
    network : Network
        A small one.
    duration : float
        ms.
    loss : sympy expression, str or TrialLoss, optional
        Of spike times (:func:`spike_time`); or of variables (:func:`state_variable`), which is then
        integrated over time. By default a fixed weighted sum of all spike times and of the time
        integrals of the squares of each population's first variable.
    parameters : str or iterable of str, optional
        Paths of values, with ``*`` for any characters; by default all that have a gradient.

    Returns
    -------
    GradientReport
        Printable: a row per parameter. ``worst`` is the largest relative error, ``gradients`` has
        the gradient of each.

    Raises
    ------
    UnsupportedFeatureError
        What cannot be differentiated, by name; or the loss is not smooth.
    ArgumentError
        The network is too large, or there is no such parameter.
    SimulationError
        A spike appears or vanishes where a parameter changes ever so little.

    Notes
    -----
    Wunderlich and Pehle, Sci. Rep. 11 (2021), generalised to any equations. Of a parameter with
    more than 40 values, 40 are compared.

    Examples
    --------
    >>> net = pg.Network(dt=0.1, seed=1)
    >>> cells = net.population("cells", 2, pg.LIF(tau=[10.0, 12.0]))
    >>> bias = net.current(cells, 500.0)
    >>> group = net.connect(cells, cells, pg.ExponentialCurrent(5.0), pg.AllToAll(),
    ...                     weight=20.0, delay=1.5)
    >>> pg.check_gradient(net, duration=30.0).worst < 1e-5
    True
    """
    _check(network, duration)
    with located_in(network.origins):
        chosen: BoundLoss = FixedLoss() if loss is None else GivenLoss(as_loss(loss))
        small = small_network(network, float(duration), chosen.integrands)
        rows = _wanted(network, small, parameters)
        tape = simulate(small, float(duration))
        chosen.bind(small, tape)
        base = replay(small, tape, _unchanged())
        found = gradient(small, tape, chosen.slopes(base))
        compared = [_compared(entry) for entry in rows]
        numbers = np.concatenate(
            [np.array(c) + e.first for c, e in zip(compared, rows, strict=True)]
        )
        measured = differences(small, tape, chosen.values, numbers.astype(np.int64))
    ends = np.cumsum([len(c) for c in compared])[:-1]
    parts = zip(
        rows, compared, np.split(measured.values, ends), np.split(measured.noise, ends), strict=True
    )
    return GradientReport(
        rows=tuple(
            GradientRow(
                e.path, e.count, np.array(c), found.values[e.first + np.array(c)], value, noise
            )
            for e, c, value, noise in parts
        ),
        gradients={e.path: _of(found.values, e) for e in small.table.entries.values()},
        loss=float(chosen.values(base)[0]),
        duration=float(duration),
        spikes=len(tape.emissions),
        tangential=found.tangential,
        without=without_gradient(network, small),
    )


def _check(network: Network, duration: float) -> None:
    if not isinstance(network, Network):
        raise ArgumentError(f"{network!r} is not a network", hint="give a pg.Network")
    if not (np.ndim(duration) == 0 and np.isfinite(duration) and duration > 0):
        raise ArgumentError(
            f"a duration of {duration!r} ms", where=WHERE, hint="give a positive number of ms"
        )


def _unchanged() -> Perturbation:
    return Perturbation(np.array([-2]), np.zeros(1))


def _compared(entry: Entry) -> list[int]:
    """Which numbers of a parameter are compared: all, or some evenly spread."""
    if entry.count <= MOST:
        return list(range(entry.count))
    return [round(k * (entry.count - 1) / (MOST - 1)) for k in range(MOST)]


def _of(values: Array, entry: Entry) -> float | Array:
    own = values[entry.first : entry.first + entry.count]
    return float(own[0]) if entry.shared else own.copy()


def without_gradient(network: Network, small: SmallNetwork) -> dict[str, str]:
    """Parameters that have no gradient, by path, and why."""
    without = small.adjoint.without_gradient()
    return {paths_of(network, p)[0]: why for _, p, why in without}


def _wanted(
    network: Network, small: SmallNetwork, parameters: str | Iterable[str] | None
) -> list[Entry]:
    entries, without = small.table.entries, without_gradient(network, small)
    if parameters is None:
        return [e for e in entries.values() if e.path not in without]
    known = {path: e for e in entries.values() for path in (e.path, *e.others)}
    chosen: dict[str, Entry] = {}
    for asked in (parameters,) if isinstance(parameters, str) else parameters:
        places = [str(place) for place in network.values.matching(asked)]
        matching = [known[path] for path in places if path in known]
        if not matching or any(e.path in without for e in matching if asked == e.path):
            why = without.get(asked, "the spikes and variables do not depend on it smoothly")
            raise ArgumentError(
                f"{asked} has no gradient: {why}{nearest(asked, known)}",
                where=WHERE.key("parameters"),
                hint=f"those with a gradient are {', '.join(list(entries)[:12])}",
            )
        chosen |= {e.path: e for e in matching if e.path not in without}
    return list(chosen.values())
