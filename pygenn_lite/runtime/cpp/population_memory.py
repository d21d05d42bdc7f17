"""Memory and initial values of populations, and the arguments that their kernels get."""

from __future__ import annotations

import ctypes as c
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import PopulationBinding
from pygenn_lite.codegen.plan.partition import BLOCK, Partition
from pygenn_lite.codegen.program.signature import NeuronSignature
from pygenn_lite.codegen.structure.structures import is_spike_source
from pygenn_lite.declaration.inputs import StepCurrent
from pygenn_lite.declaration.population import Population
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.arrays import COMMON, SMALL_ALIGNMENT, Arenas, ArraysOfOne, NeuronArray
from pygenn_lite.runtime.cpp.instance_records import InstanceRecords, Repeated
from pygenn_lite.runtime.values.philox import stream_of
from pygenn_lite.runtime.values.population_values import (
    Numbers,
    PopulationValues,
    check_parameter,
    check_poisson,
    check_refractory_steps,
)
from pygenn_lite.runtime.values.spike_trains import NO_TRAIN, SpikeTrain, repeated_spikes

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.input_tables import PoissonRates, TimedTable


@dataclass
class Exposed:
    """Values of a variable in the last steps, which plastic synapses read with a delay: slot
    ``step & mask``."""

    ring: npt.NDArray[Any]  # [mask + 1, stride]
    repeated: npt.NDArray[Any]  # as spikes left it that another of the same neuron and step follows

    @property
    def mask(self) -> int:
        """Slots - 1 (a power of two)."""
        return len(self.ring) - 1

    @property
    def stride(self) -> int:
        """Values from one slot to the next."""
        return int(self.ring.shape[1])


@dataclass
class ArgumentTables:
    """What the arguments of one shard point to."""

    arrays: Any
    poisson: Any
    timed: Any


@dataclass
class InstancePlace:
    """Where the populations of an instance lie, and what they have in place.

    Attributes
    ----------
    index : int
        Number of the instance.
    memory : ArraysOfOne
    records : InstanceRecords
    partition : Partition
    arenas : Arenas
    dtype : dtype
    dt : float
        ms.
    ring_slots : int
        How many steps of exposed variables are kept (a power of two).
    is_new : bool
        Whether nothing has been put there yet.
    """

    index: int
    memory: ArraysOfOne
    records: InstanceRecords
    partition: Partition
    arenas: Arenas
    dtype: np.dtype[Any]
    dt: float
    ring_slots: int
    is_new: bool


NOTHING_REPEATED = Repeated(NO_TRAIN, {}, abi.Repeats())
DRAWN_AT_ONCE = 1 << 18  # neurons; a multiple of 4
WRITTEN = (
    "state",
    "refractory",
    "accumulator",
    "coupled",
)  # roles of arrays that kernels write in each step


class PopulationMemory:
    """All that one population of an instance keeps: arrays, and what lies in the records.

    Parameters
    ----------
    declared : Population
    binding : PopulationBinding
        Where its values come from.
    signature : NeuronSignature
        Of its kernels.
    place : InstancePlace
        Where it lies, and what it has in common with the other populations.
    seed : int
        For parameters that are drawn.
    """

    def __init__(
        self,
        declared: Population,
        binding: PopulationBinding,
        signature: NeuronSignature,
        *,
        place: InstancePlace,
        seed: int,
    ) -> None:
        self.name, self.size = declared.name, declared.size
        self.declared, self.binding = declared, binding
        self.partition, self.dt, self.dtype = place.partition, place.dt, place.dtype
        self.signature, self._place = signature, place
        self._seed = seed
        self.known = {v.symbol: v for v in signature.all_variables}
        called = {v.symbol: v.name for v in signature.all_variables}
        self.values = PopulationValues(declared, binding, called)
        memory = place.memory
        self.arrays: dict[str, NeuronArray] = {}
        for variable in signature.variables:
            name = variable.symbol
            dtype = self.dtype if variable.dtype == "real" else np.dtype(variable.dtype)
            if variable.addressed:
                self.arrays[name] = NeuronArray.in_arenas(place.arenas, self.name, name)
            elif variable.role in WRITTEN and name not in signature.exposed:
                self.arrays[name] = NeuronArray.in_shards(self.partition, self.name, dtype, memory)
            else:
                self.arrays[name] = NeuronArray.contiguous(self.partition, self.name, dtype, memory)
        self.scalar_index = {v.symbol: k for k, v in enumerate(signature.scalars)}
        self.scalars = memory.zeros(COMMON, len(signature.scalars), np.float64, SMALL_ALIGNMENT)
        self._repeated = self._repeated_spikes()
        self.exposed: dict[str, Exposed] = {}
        for name in signature.exposed:
            stride = -(-self.size // BLOCK) * BLOCK
            ring = memory.zeros(COMMON, place.ring_slots * stride, self.dtype)
            self.exposed[name] = Exposed(
                ring.reshape(place.ring_slots, stride),
                self._repeated.values.get(name, np.zeros(0, self.dtype)),
            )
        self.poisson = [p.name for p in binding.poisson]
        self.timed = [self._timed_table(timed) for timed in binding.timed]
        self._tables = self._argument_tables()
        if place.is_new:
            self._set_parameters(seed)

    @property
    def repeats(self) -> SpikeTrain:
        """Spikes of the declared train that another of the same neuron and step follows."""
        return self._repeated.spikes

    # ------------------------------------------------------------------ values

    def initialise(self, seed: int) -> None:
        """Initial states; no neuron is refractory."""
        for name, array in self.arrays.items():
            if self.known[name].role == "state":
                self._fill(array, self.binding.initial[name], name, seed)
            elif self.known[name].role in ("refractory", "accumulator", "coupled"):
                array.write(0)
        self.fill_rings()

    def fill_rings(self) -> None:
        """Before the start, synapses see the initial values."""
        for name, exposed in self.exposed.items():
            exposed.ring[:, : self.size] = self.arrays[name].whole()

    def expose_now(self, name: str, step: int) -> None:
        """A exposed variable was set between runs: spikes of this step carry the new value."""
        exposed = self.exposed[name]
        values = self.arrays[name].read()
        exposed.ring[step & exposed.mask, : self.size] = values
        now = self.repeats.steps == step
        exposed.repeated[now] = values[self.repeats.indices[now]]

    def repeats_argument(self) -> Any:
        """pgl_repeats of a train, None where no neuron has two spikes in a step."""
        return c.addressof(self._repeated.argument) if len(self.repeats) else None

    def prepare(self, function: Any) -> None:
        """Compute coefficients (propagators) from the parameters."""
        pointers = (c.c_void_p * max(len(self.arrays), 1))(
            *(
                a.address(0) if len(a.pieces) > 1 else a.pieces[0].ctypes.data
                for a in self.arrays.values()
            )
        )
        padded = -(-self.size // BLOCK) * BLOCK
        function(pointers, self.scalars.ctypes.data, padded, self.dt)
        self._check_refractory_steps()

    def _fill(self, array: NeuronArray, value: Any, name: str, seed: int) -> None:
        """Some neurons at a time, so that what is drawn in double precision stays small."""
        if isinstance(value, (int, float)):
            array.write(value)
            return
        for begin in range(0, self.size, DRAWN_AT_ONCE):
            part = (begin, min(begin + DRAWN_AT_ONCE, self.size))
            array.write_part(begin, self.values.numbers(value, name, seed, part))

    def _set_parameters(self, seed: int) -> None:
        for name, index in self.scalar_index.items():
            if self.known[name].role == "parameter":
                self.scalars[index] = float(self.binding.values[name])  # type: ignore[arg-type]
        for name, array in self.arrays.items():
            if self.known[name].role == "parameter":
                self._fill(array, self.binding.values[name], name, seed)
                check_parameter(self.declared, name, array.read())
        for name in self.poisson:
            self.rates(name)

    def _check_refractory_steps(self) -> None:
        name = "refractory_steps"
        if name in self.scalar_index:
            check_refractory_steps(self.name, self.scalars[self.scalar_index[name]], self.dt)
        elif name in self.arrays:
            check_refractory_steps(self.name, self.arrays[name].read(), self.dt)

    # ------------------------------------------------------------------ inputs

    def rates(self, name: str) -> PoissonRates:
        """What a Poisson input draws its counts from."""
        from pygenn_lite.runtime.cpp.input_tables import PoissonRates

        place = self._place
        declared = next(p for p in self.binding.poisson if p.name == name)

        def as_declared() -> PoissonRates:
            rate, sources = self.values.poisson(declared, self._seed)
            check_poisson(name, rate, sources, self.dt)
            return PoissonRates(name, rate, sources, size=self.size, dt=self.dt)

        return place.records.poisson(place.index, name, as_declared)

    def _timed_table(self, declared: StepCurrent) -> TimedTable:
        from pygenn_lite.runtime.cpp.input_tables import TimedTable

        return self._place.records.timed(
            self._place.index,
            declared.name,
            lambda: TimedTable(declared, self.size, self.dt, self.dtype),
        )

    def set_rates(self, name: str, rate: Numbers, sources: Numbers) -> None:
        """Other rates, from the next step on (they have been checked)."""
        from pygenn_lite.runtime.cpp.input_tables import PoissonRates

        rates = PoissonRates(name, rate, sources, size=self.size, dt=self.dt)
        before = self.rates(name)
        self._place.records.set_poisson(self._place.index, name, rates)
        self._serve(name)
        del before  # kernels might have been told of its tables until here

    def _serve(self, name: str) -> None:
        """Tell the kernels of a Poisson input's rates."""
        rates, k = self.rates(name), self.poisson.index(name)
        for s, tables in enumerate(self._tables):
            tables.poisson[k] = rates.argument(self._begin(s))

    # ------------------------------------------------------------------ arguments

    def arguments(self, seed: int) -> Any:
        """pgl_population_args of all shards."""
        args = (abi.PopulationArgs * len(self._tables))()
        for s, tables in enumerate(self._tables):
            for k, array in enumerate(self.arrays.values()):
                tables.arrays[k] = array.address(s)
            for k, table in enumerate(self.timed):
                tables.timed[k] = table.argument()
            args[s] = abi.PopulationArgs(
                arrays=c.addressof(tables.arrays),
                scalars=self.scalars.ctypes.data,
                poisson=c.addressof(tables.poisson),
                timed=c.addressof(tables.timed),
                count=self.partition.count(self.name, s),
                first=min(self._begin(s), self.size),
                seed=seed,
                stream=stream_of(f"population:{self.name}"),
                n_arrays=len(self.arrays),
                dt=self.dt,
            )
        for name in self.poisson:
            self._serve(name)
        return args

    def _argument_tables(self) -> list[ArgumentTables]:
        """Memory for what the arguments of each shard point to."""

        def room(kind: Any, count: int) -> Any:
            if not count:
                return (kind * 0)()
            size = count * c.sizeof(kind)
            memory = self._place.memory.zeros(COMMON, size, np.uint8, SMALL_ALIGNMENT)
            return (kind * count).from_buffer(memory)

        return [
            ArgumentTables(
                room(c.c_void_p, len(self.arrays)),
                room(abi.Poisson, len(self.poisson)),
                room(abi.Timed, len(self.timed)),
            )
            for _ in range(self.partition.shards)
        ]

    def _begin(self, shard: int) -> int:
        return int(self.partition.begin[self.name][shard])

    def _repeated_spikes(self) -> Repeated:
        def as_declared() -> Repeated:
            spikes = repeated_spikes(self.declared, self.dt)
            values = {n: np.zeros(len(spikes), self.dtype) for n in self.signature.exposed}
            argument = abi.Repeats(
                n=len(spikes),
                step=spikes.steps.ctypes.data,
                source=spikes.indices.ctypes.data,
            )
            return Repeated(spikes, values, argument)

        if not self.signature.exposed or not is_spike_source(self.declared):
            return NOTHING_REPEATED
        return self._place.records.repeated(self._place.index, self.name, as_declared)
