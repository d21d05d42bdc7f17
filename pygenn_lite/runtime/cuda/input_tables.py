"""What kernels on a card read of Poisson inputs, of currents that change in time, and of trains;
changeable between runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.inputs import StepCurrent
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.card_memory import CardArray, CardMemory
from pygenn_lite.runtime.values.philox import stream_of
from pygenn_lite.runtime.values.poisson import ONE_RATE_KIND, RATES_KIND, TABLE_KIND, poisson_table
from pygenn_lite.runtime.values.population_values import Numbers
from pygenn_lite.runtime.values.spike_trains import LAST_STEP, NO_TRAIN, SpikeTrain

Array = npt.NDArray[Any]


class PoissonTables:
    """One Poisson input of all instances.

    Parameters
    ----------
    memory : CardMemory
    name : str
    size : int
        Neurons of the target.
    dt : float
        ms.
    given : sequence of (rate, sources)
        Of each instance: one number, or one per neuron (they have been checked).
    """

    def __init__(
        self,
        memory: CardMemory,
        name: str,
        size: int,
        dt: float,
        given: Sequence[tuple[Numbers, Numbers]],
    ) -> None:
        self.name, self.stream = name, stream_of(f"input:{name}")
        self._memory, self._size, self._dt = memory, size, dt
        self._given = list(given)
        self._rates: CardArray | None = None  # [instances, size]
        self._tables: dict[float, tuple[CardArray, CardArray] | None] = {}  # by expected count

    def given(self, instance: int) -> tuple[Numbers, Numbers]:
        """Rate and sources."""
        return self._given[instance]

    def set(self, instance: int, rate: Numbers, sources: Numbers) -> None:
        """Others, from the next step on."""
        self._given[instance] = (rate, sources)

    def kind(self, instance: int) -> int:
        """The kind of pgl_poisson of an instance; nothing is brought to the card for it."""
        expected = self._expected(instance)
        if expected.ndim:
            return RATES_KIND
        return ONE_RATE_KIND if self._table(float(expected)) is None else TABLE_KIND

    def record(self, instance: int) -> records.Poisson:
        """pgl_poisson of an instance."""
        expected = self._expected(instance)
        if expected.ndim:
            if self._rates is None:
                shape = (len(self._given), self._size)
                self._rates = self._memory.array(shape, np.float64)
            self._rates.change()[instance] = expected
            return records.Poisson(RATES_KIND, self.stream, rates=self._rates.at(instance))
        one = float(expected)
        tables = self._table(one)
        if tables is None:
            return records.Poisson(ONE_RATE_KIND, self.stream, one)
        threshold, alias = tables
        return records.Poisson(
            TABLE_KIND, self.stream, one, threshold=threshold.address, alias=alias.address
        )

    def _expected(self, instance: int) -> Array:
        """Spikes in a step: one number, or one per neuron."""
        rate, sources = self._given[instance]
        with np.errstate(over="ignore", invalid="ignore"):
            return np.asarray(np.asarray(rate) * np.asarray(sources) * (self._dt / 1000.0))

    def _table(self, expected: float) -> tuple[CardArray, CardArray] | None:
        if expected not in self._tables:
            made = poisson_table(expected)
            self._tables[expected] = made and (
                self._memory.holding(made[0], np.uint32),
                self._memory.holding(made[1], np.uint32),
            )
        return self._tables[expected]


class TimedTables:
    """One current that changes in time, in all instances.

    Parameters
    ----------
    memory : CardMemory
    declared : sequence of StepCurrent
        One for each instance.
    size : int
        Neurons of the target.
    dt : float
        ms.
    dtype : dtype
    """

    def __init__(
        self,
        memory: CardMemory,
        declared: Sequence[StepCurrent],
        size: int,
        dt: float,
        dtype: np.dtype[Any],
    ) -> None:
        self._memory = memory
        self._begin: list[CardArray] = []
        self._values: list[CardArray] = []
        self.size = size
        for one in declared:
            begin = np.clip(nearest_steps(one.times.array, dt), -LAST_STEP, LAST_STEP)
            self._begin.append(memory.holding(begin, np.int64))
            self._values.append(memory.holding(one.values.array, dtype))

    def values(self, instance: int) -> Array:
        """The values, as declared: one per time, or one per time and neuron."""
        return self._values[instance].host().copy()

    def set(self, instance: int, values: npt.ArrayLike) -> None:
        """Other values for the same times, from the next step on."""
        table = self._values[instance]
        table.put(np.asarray(values, table.dtype))

    def record(self, instance: int) -> records.Timed:
        """pgl_timed of an instance."""
        begin, values = self._begin[instance], self._values[instance]
        stride = 0 if len(values.shape) == 1 else self.size
        return records.Timed(begin.shape[0], begin.address, values.address, stride)


class Trains:
    """The trains of a spike source in all instances.

    Parameters
    ----------
    memory : CardMemory
    declared : sequence of SpikeTrain
        One for each instance.
    """

    def __init__(self, memory: CardMemory, declared: Sequence[SpikeTrain]) -> None:
        self._memory, self._declared = memory, list(declared)
        self.replayed: list[SpikeTrain | None] = [None] * len(declared)
        self._kept: list[tuple[CardArray, CardArray] | None] = [None] * len(declared)
        self._alike: dict[int, tuple[CardArray, CardArray]] = {}  # most instances have the same

    def now(self, instance: int) -> SpikeTrain:
        """What an instance replays."""
        other = self.replayed[instance]
        return self._declared[instance] if other is None else other

    def replay(self, instance: int, train: SpikeTrain | None) -> None:
        """Another train from the next step on; None: the declared one."""
        self.replayed[instance], self._kept[instance] = train, None

    @property
    def most_at_once(self) -> int:
        """The most spikes that a train has in a step."""
        return max((most_at_once(train) for train in self._declared), default=0)

    def record(self, instance: int) -> dict[str, int]:
        """What pgl_population says of the train."""
        kept = self._kept[instance]
        if kept is None:
            kept = self._kept[instance] = self._upload(self.now(instance))
        steps, neurons = kept
        return {
            "train_steps": steps.address,
            "train_neurons": neurons.address,
            "train_size": steps.shape[0],
            "has_train": 1,
        }

    def _upload(self, train: SpikeTrain) -> tuple[CardArray, CardArray]:
        known = self._alike.get(id(train))
        if known is not None:
            return known
        made = (
            self._memory.holding(train.steps, np.int64),
            self._memory.holding(train.indices, np.uint32),
        )
        if any(train is declared for declared in self._declared):
            self._alike[id(train)] = made
        return made


def most_at_once(train: SpikeTrain) -> int:
    """The most spikes of a step."""
    if train is NO_TRAIN or not len(train):
        return 0
    steps = train.steps[train.steps < LAST_STEP]
    if not len(steps):
        return 0
    return int(np.unique(steps, return_counts=True)[1].max())
