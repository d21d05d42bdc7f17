"""What a device of the C++ backend keeps of its instances besides arrays: engines, seeds, and what
was set for some of them."""

from __future__ import annotations

import ctypes as c
import weakref
from array import array
from collections.abc import Callable, MutableSequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy.typing as npt

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp import abi, shared_objects
from pygenn_lite.runtime.values.spike_trains import SpikeTrain

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.input_tables import PoissonRates, TimedTable
    from pygenn_lite.runtime.cpp.own_weights import OwnWeights

Made = TypeVar("Made")


@dataclass(frozen=True)
class Repeated:
    """Spikes of a train that another of the same neuron and step follows, and what each of them
    left of the exposed variables."""

    spikes: SpikeTrain
    values: dict[str, npt.NDArray[Any]]
    argument: abi.Repeats


@dataclass
class InstanceRecords:
    """Of each instance, by its number.

    Attributes
    ----------
    engine : Engine
    pointers : array of pgl_engine
        NULL before an instance has been built.
    seeds : array of int
    schedule : int
        The pgl_schedule that engines have in common; 0: each has its own.
    failed : list of bool
        Whether a variable stopped being finite since the step was set: then it runs no more.
    replayed : dict
        Trains that spike sources replay instead of the declared ones, by population.
    sums : dict
        Sums of arrivals in whole numbers, where engines have them.
    weights : dict
        Of static stores, where instances have their own but share the synapses: by instance and the
        groups of the store.
    initial_weights : dict
        The same of groups with kernels, as declared: by instance and group.
    kept : dict
        Memory that arguments of engines point to, by instance and group.
    """

    engine: shared_objects.Engine
    pointers: Any
    seeds: MutableSequence[int]
    failed: list[bool]
    schedule: int = 0
    replayed: dict[int, dict[str, SpikeTrain]] = field(default_factory=dict)
    sums: dict[int, Any] = field(default_factory=dict)
    weights: dict[tuple[int, tuple[str, ...]], OwnWeights] = field(default_factory=dict)
    initial_weights: dict[tuple[int, str], list[npt.NDArray[Any]]] = field(default_factory=dict)
    kept: dict[tuple[int, str], Any] = field(default_factory=dict)
    _poisson: dict[str, list[PoissonRates | None]] = field(default_factory=dict)
    _alike: dict[tuple[str, float, float], PoissonRates] = field(default_factory=dict)
    _made: dict[tuple[int, str, str], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, engine: shared_objects.Engine, count: int) -> InstanceRecords:
        """Of so many instances that are not there yet."""
        pointers = (c.c_void_p * count)()
        records = cls(engine, pointers, array("Q", bytes(8 * count)), [False] * count)
        weakref.finalize(records, _destroy, engine.library.pgl_engine_destroy, pointers)
        return records

    def step(self, index: int) -> int:
        """The present step of an instance; 0 before there is an engine."""
        pointer = self.pointers[index]
        return int(self.engine.step_get(pointer)) if pointer else 0

    def replace_engine(self, index: int, pointer: int) -> None:
        """The engine of an instance from now on."""
        before, self.pointers[index] = self.pointers[index], pointer
        if before:
            self.engine.library.pgl_engine_destroy(before)

    def keep_schedule(self, pointer: int) -> None:
        """A schedule that engines have in common."""
        self.schedule = pointer
        weakref.finalize(self, self.engine.library.pgl_schedule_destroy, pointer)

    def poisson(self, index: int, name: str, make: Callable[[], PoissonRates]) -> PoissonRates:
        """The rates of an input; as declared before others are set."""
        rates = self._poisson.setdefault(name, [None] * len(self.seeds))
        found = rates[index]
        if found is None:
            found = make()
            if found.rates is None:  # most instances have the same
                rate, sources = map(float, found.given)
                found = self._alike.setdefault((name, rate, sources), found)
            rates[index] = found
        return found

    def set_poisson(self, index: int, name: str, rates: PoissonRates) -> None:
        """Other rates of an input."""
        self._poisson[name][index] = rates

    def timed(self, index: int, name: str, make: Callable[[], TimedTable]) -> TimedTable:
        """The table of a current that changes in time."""
        return self._once(index, "timed", name, make)

    def repeated(self, index: int, population: str, make: Callable[[], Repeated]) -> Repeated:
        """The repeated spikes of a train."""
        return self._once(index, "repeated", population, make)

    def _once(self, index: int, kind: str, name: str, make: Callable[[], Made]) -> Made:
        key = (index, kind, name)
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made


def _destroy(destroy: Callable[[int], object], pointers: Any) -> None:
    for pointer in pointers:
        if pointer:
            destroy(pointer)
