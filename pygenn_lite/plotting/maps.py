"""Pictures over neurons instead of time: weights by source and target, and what lies where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.old_names import with_old_arguments
from pygenn_lite.plotting.axes import check_count, check_time, muted, new_axes, plain, titled
from pygenn_lite.plotting.colors import population_color
from pygenn_lite.plotting.style import styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

    from pygenn_lite.declaration.population import Population
    from pygenn_lite.runtime.results.result import Result

MOST_CELLS = 400  # of a matrix along one side: about as many as a picture has dots


@styled
def weight_matrix(
    synapses: Any,
    ax: Axes | None = None,
    *,
    shape: tuple[int, int] | None = None,
    most_cells: int = MOST_CELLS,
) -> Axes:
    """Draw the weights of a synapse group as a matrix, one row for each source neuron.

    Several synapses between the same two neurons are added up; pairs without a synapse stay empty.
    Of large groups a cell stands for several neurons and shows their weights per pair.

    Parameters
    ----------
    synapses : synapse group or Connections
        A group of a simulation (``sim["exc_inh"]``) or its ``connections()``.
    ax : Axes, optional
        Where to draw; a new figure by default.
    shape : pair of int, optional
        Source and target neurons; by default those of the group, or up to the last with a synapse.
    most_cells : int
        Cells along one side at most.
    """
    most_cells = check_count(most_cells, "most_cells")
    ax = new_axes(ax, (5.0, 4.2))
    connections, shape = _connections(synapses, shape)
    block = max(1, -(-max(shape) // most_cells))
    cells = tuple(-(-side // block) for side in shape)
    total, number = _summed(connections, block, cells)
    neurons = (
        np.diff(np.minimum(np.arange(n + 1) * block, side))
        for n, side in zip(cells, shape, strict=True)
    )
    values = np.ma.masked_array(total / np.outer(*neurons), mask=number == 0)
    low, high = _limits(values)
    ends = (-0.5, cells[1] * block - 0.5, cells[0] * block - 0.5, -0.5)
    image = ax.imshow(
        values, cmap="RdBu_r" if low < 0 < high else "viridis", vmin=low, vmax=high, aspect="auto",
        interpolation="nearest", origin="upper", extent=ends,
    )  # fmt: skip
    ax.set_xlim(-0.5, shape[1] - 0.5)
    ax.set_ylim(shape[0] - 0.5, -0.5)
    _whole_numbers(ax)
    each = "weight" if block == 1 else f"weight per pair of {block} x {block} neurons"
    ax.figure.colorbar(image, ax=ax, label=each)
    name = plain(getattr(synapses, "name", ""))
    ax.set_xlabel("target neuron")
    ax.set_ylabel("source neuron")
    titled(
        ax, f"weights of {name}" if name else "weights", counted(len(connections.weight), "synapse")
    )
    return ax


@styled
@with_old_arguments("plotting.spatial_map")
def spatial_map(
    population: Population,
    values: ArrayLike | Result | None = None,
    ax: Axes | None = None,
    *,
    label: str = "",
    warmup: float = 0.0,
) -> Axes:
    """Draw the neurons of a population where they are, coloured by a value or by their rate.

    Positions in one dimension are drawn against the values, those in three from above (x and y).

    Parameters
    ----------
    population : Population
        Declared with positions.
    values : array_like, shape (size,), or Result, optional
        One value for each neuron, such as ``sim["exc"]["V"]``; or a result, for the rates of the
        neurons whose spikes were recorded (Hz).
    ax : Axes, optional
        Where to draw; a new figure by default.
    label : str
        What the values are, with their unit.
    warmup : float
        ms at the start of the run that rates leave out.
    """
    places = _positions(population)
    numbers, known = _values(population, values, warmup)
    label = label or ("rate (Hz)" if hasattr(values, "spikes") else "value")
    flat = places.shape[1] == 1
    ax = new_axes(ax, (6.0, 3.0) if flat else (5.0, 4.2))
    color = population_color(population.name)
    size = float(np.clip(2e4 / max(len(places), 1), 2.0, 40.0))
    if flat:
        heights = np.zeros(len(places)) if numbers is None else numbers
        ax.scatter(places[known, 0], heights[known], s=size, color=color, linewidths=0)
        ax.set_ylabel("" if numbers is None else label)
    else:
        x, y = places[:, 0], places[:, 1]
        ax.scatter(x[~known], y[~known], s=size, color=muted(), alpha=0.3, linewidths=0)
        chosen: Any = {"color": color}
        if numbers is not None:
            chosen = {"c": numbers[known], "cmap": "viridis"}
        dots = ax.scatter(x[known], y[known], s=size, linewidths=0, rasterized=True, **chosen)
        ax.set_aspect("equal")
        ax.set_ylabel("y")
        if numbers is not None:
            ax.figure.colorbar(dots, ax=ax, label=label)
    ax.set_xlabel("x")
    depth = "seen along z" if places.shape[1] == 3 else ""
    titled(ax, f"{counted(len(places), 'neuron')} of {plain(population.name)}", depth)
    return ax


def _connections(synapses: Any, shape: tuple[int, int] | None) -> tuple[Any, tuple[int, int]]:
    connections = synapses.connections() if hasattr(synapses, "connections") else synapses
    if not all(hasattr(connections, name) for name in ("pre", "post", "weight")):
        raise ArgumentError(
            f"{repr(synapses)[:80]} has no synapses",
            where=Location.of("weight_matrix"),
            hint="give a synapse group of a simulation, such as sim['exc_inh']",
        )
    least = tuple(
        int(side.max()) + 1 if len(side) else 0 for side in (connections.pre, connections.post)
    )
    shape = tuple(shape or getattr(synapses, "shape", None) or least)
    if len(shape) != 2 or min(shape) < 1 or any(s < n for s, n in zip(shape, least, strict=True)):
        raise ArgumentError(
            f"shape = {shape!r} does not hold the synapses",
            where=Location.of("weight_matrix"),
            hint=f"give at least {least}: source and target neurons",
        )
    return connections, (int(shape[0]), int(shape[1]))


def _summed(connections: Any, block: int, cells: tuple[int, ...]) -> tuple[Any, Any]:
    """Sums of weights and numbers of synapses, by cell."""
    place = (connections.pre.astype(np.int64) // block) * cells[1] + connections.post // block
    place = place.astype(np.int64)
    total = np.bincount(place, connections.weight, minlength=cells[0] * cells[1])
    number = np.bincount(place, minlength=cells[0] * cells[1])
    return total.reshape(cells), number.reshape(cells)


def _limits(values: Any) -> tuple[float, float]:
    """Ends of the colours: around zero alike where there are both signs."""
    if not values.count():
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    if low < 0 < high:
        high = max(-low, high)
        low = -high
    return (low, high) if low < high else (min(low, 0.0), max(high, 0.0, low + 1e-12))


def _whole_numbers(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def _positions(population: Population) -> Any:
    positions = getattr(population, "positions", None)
    if positions is None:
        raise ArgumentError(
            f"population {getattr(population, 'name', population)!r} has no positions",
            where=Location.of("spatial_map"),
            hint="declare it with positions=array of shape (size, 1 to 3)",
        )
    places = np.asarray(getattr(positions, "array", positions), dtype=float)
    return places[:, None] if places.ndim == 1 else places


def _values(population: Population, values: Any, warmup: float) -> tuple[Any, Any]:
    """One number for each neuron (None: no values), and of which neurons it is known."""
    every = np.ones(population.size, dtype=bool)
    if values is None:
        return None, every
    if hasattr(values, "spikes"):
        return _neuron_rates(population, values, warmup)
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"{repr(values)[:80]} are not valid values of neurons",
            where=Location.of("spatial_map"),
            hint="give one number for each neuron, or a result",
        ) from None
    if numbers.shape != (population.size,):
        raise ArgumentError(
            f"values of shape {numbers.shape} for {population.size} neurons",
            where=Location.of("spatial_map"),
            hint="give one value for each neuron",
        )
    return numbers, every


def _neuron_rates(population: Population, result: Result, warmup: float) -> tuple[Any, Any]:
    from pygenn_lite.plotting.spikes import recorded_populations, spikes_after

    recorded_populations(result, [population.name])
    train = result.spikes[population.name]
    seconds = (result.duration - check_time(warmup, "warmup", 0.0)) / 1000.0
    if seconds <= 0:
        raise ArgumentError(
            f"nothing is left after {warmup:g} ms", where=Location.of("spatial_map")
        )
    _, neurons = spikes_after(result, population.name, warmup)
    counts = np.bincount(neurons, minlength=population.size)
    known = np.ones(population.size, dtype=bool)
    if train.recorded is not None:
        known[:] = False
        known[np.asarray(train.recorded, dtype=np.int64)] = True
    return counts / seconds, known
