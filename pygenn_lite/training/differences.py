"""Central differences of a loss, by going through a trial again with numbers a little changed.

Each number gets four copies, at two distances on either side; the formula of fourth order is
used, and what it differs by from that of second order says how far both are to be trusted. The
distance is such that no spike moves by more than some microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import Location, SimulationError
from pygenn_lite.records import dataclass
from pygenn_lite.training.parameter_table import Entry, ParameterTable
from pygenn_lite.training.replay import Outcome, Perturbation, replay
from pygenn_lite.training.small_network import SmallNetwork
from pygenn_lite.training.tape import Tape

Array = npt.NDArray[np.float64]
Loss = Callable[[Outcome], Array]

FARTHEST = 2e-3  # ms: no spike is moved farther
RELATIVE = 1e-3  # of a number's size: the largest distance
PROBE = 1e-7  # of a number's size: to see how far spikes move
AT_ONCE = 400  # copies
SHRINKS = 3  # times that a distance is made ten times less where spikes appear or vanish
STEPS = np.array([-2.0, -1.0, 1.0, 2.0])


@dataclass(frozen=True)
class Differences:
    """Derivatives by some numbers.

    Attributes
    ----------
    values : ndarray
    noise : ndarray
        About what rounding and the finite distance leave uncertain.
    """

    values: Array
    noise: Array


def differences(
    network: SmallNetwork, tape: Tape, loss: Loss, numbers: npt.NDArray[np.int64]
) -> Differences:
    """Central differences of a loss by numbers of the table.

    Raises
    ------
    SimulationError
        However little a number is changed, a spike appears or vanishes.
    """
    values, noise = np.zeros(len(numbers)), np.zeros(len(numbers))
    sizes = sizes_of(network.table)
    for begin in range(0, len(numbers), AT_ONCE // len(STEPS)):
        some = numbers[begin : begin + AT_ONCE // len(STEPS)]
        distance = _distances(network, tape, some, sizes[some])
        part = slice(begin, begin + len(some))
        values[part], noise[part] = _at(network, tape, loss, some, distance)
    return Differences(values, noise)


def sizes_of(table: ParameterTable) -> Array:
    """What changes of each number are measured by: its own size, or that of its like."""
    sizes, values = np.ones(len(table)), table.values
    for entry in table.entries.values():
        own = np.abs(values[entry.first : entry.first + entry.count])
        sizes[entry.first : entry.first + entry.count] = _size(entry, own)
    return sizes


def _size(entry: Entry, own: Array) -> Array | float:
    if entry.kind in ("delay", "time"):
        return 1.0  # ms
    largest = float(own.max(initial=0.0))
    if entry.kind == "weight":
        return largest or 1.0
    return np.maximum(own, 1e-2 * largest if largest else 1.0)


def _distances(
    network: SmallNetwork, tape: Tape, numbers: npt.NDArray[np.int64], sizes: Array
) -> Array:
    """How far each number is moved: so that spikes move by FARTHEST, at most."""
    moved = replay(
        network, tape, Perturbation(numbers, network.table.values[numbers] + PROBE * sizes)
    )
    shift = np.zeros(len(numbers))
    for time, emission in zip(moved.spikes, tape.emissions, strict=True):
        shift = np.fmax(shift, np.abs(time - emission.time))
    per_size = shift / PROBE
    farthest: Array = sizes * np.minimum(RELATIVE, FARTHEST / np.maximum(per_size, 1e-12))
    return farthest


def _at(
    network: SmallNetwork,
    tape: Tape,
    loss: Loss,
    numbers: npt.NDArray[np.int64],
    distance: Array,
) -> tuple[Array, Array]:
    base = network.table.values[numbers]
    for _ in range(SHRINKS):
        values = base[:, None] + distance[:, None] * STEPS
        outcome = replay(
            network, tape, Perturbation(np.repeat(numbers, len(STEPS)), values.ravel())
        )
        broken = _broken(outcome, len(STEPS))
        if not any(broken):
            break
        distance = np.where([bool(b) for b in broken], distance / 10, distance)
    else:
        at = next(k for k, b in enumerate(broken) if b)
        raise SimulationError(
            f"{broken[at]} where {path_of(network.table, int(numbers[at]))} changes from "
            f"{base[at]:.6g} by {10 * distance[at]:.2g}: the loss jumps there, and differences "
            "mean nothing",
            where=Location("check_gradient"),
            hint="change the network a little, such as its weights or the seed, or leave this "
            "parameter out",
        )
    found = loss(outcome).reshape(len(numbers), len(STEPS))
    exact = values - base[:, None]
    first = (found[:, 2] - found[:, 1]) / (exact[:, 2] - exact[:, 1])
    second = (found[:, 3] - found[:, 0]) / (exact[:, 3] - exact[:, 0])
    result = (4 * first - second) / 3
    rounding = 5e-14 * np.max(np.abs(found), axis=1) / distance
    return result, rounding + 1e-3 * np.abs(first - second)


def _broken(outcome: Outcome, steps: int) -> list[str]:
    """By number: what went wrong in one of its copies."""
    rows: Sequence[list[str]] = np.reshape(outcome.broken, (-1, steps)).tolist()
    return [next(filter(None, row), "") for row in rows]


def path_of(table: ParameterTable, number: int) -> str:
    """The path of a number, with its place where there are several."""
    for entry in table.entries.values():
        if number in entry.numbers:
            return entry.path if entry.shared else f"{entry.path}[{number - entry.first}]"
    raise AssertionError(number)
