"""Memory and initial values of populations, and the arguments that their kernels get."""

from __future__ import annotations

import ctypes as c
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import PopulationBinding
from pygenn_lite.codegen.plan.partition import BLOCK, Partition
from pygenn_lite.codegen.program.signature import NeuronSignature
from pygenn_lite.declaration.population import Population
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.arrays import Arenas, NeuronArray, ShardMemory, aligned_zeros
from pygenn_lite.runtime.cpp.input_tables import PoissonTables, TimedTable
from pygenn_lite.runtime.values.philox import stream_of
from pygenn_lite.runtime.values.population_values import (
    PopulationValues,
    check_parameter,
    check_refractory_steps,
)
from pygenn_lite.runtime.values.spike_trains import repeated_spikes


@dataclass
class Published:
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


DRAWN_AT_ONCE = 1 << 18  # neurons; a multiple of 4
WRITTEN = (
    "state",
    "refractory",
    "accumulator",
    "coupled",
)  # roles of arrays that kernels write in each step


class PopulationMemory:
    """All that one population keeps.

    Parameters
    ----------
    declared : Population
    binding : PopulationBinding
        Where its values come from.
    signature : NeuronSignature
        Of its kernels.
    partition : Partition
    arenas : Arenas
    memory : ShardMemory
    real : dtype
    dt : float
        ms.
    seed : int
        For parameters that are drawn.
    ring_slots : int
        How many steps of published variables are kept (a power of two).
    """

    def __init__(
        self,
        declared: Population,
        binding: PopulationBinding,
        signature: NeuronSignature,
        *,
        partition: Partition,
        arenas: Arenas,
        memory: ShardMemory,
        real: npt.DTypeLike,
        dt: float,
        seed: int,
        ring_slots: int,
    ) -> None:
        self.name, self.size = declared.name, declared.size
        self.declared, self.binding = declared, binding
        self.partition, self.dt, self.real = partition, dt, np.dtype(real)
        self.signature = signature
        self.known = {v.symbol: v for v in signature.all_variables}
        called = {v.symbol: v.name for v in signature.all_variables}
        self.values = PopulationValues(declared, binding, called)
        self.arrays: dict[str, NeuronArray] = {}
        for variable in signature.variables:
            name = variable.symbol
            dtype = self.real if variable.dtype == "real" else np.dtype(variable.dtype)
            if variable.addressed:
                self.arrays[name] = NeuronArray.in_arenas(arenas, self.name, name)
            elif variable.role in WRITTEN and name not in signature.published:
                self.arrays[name] = NeuronArray.in_shards(partition, self.name, dtype, memory)
            else:
                self.arrays[name] = NeuronArray.contiguous(partition, self.name, dtype)
        self.scalar_index = {v.symbol: k for k, v in enumerate(signature.scalars)}
        self.scalars = aligned_zeros(len(signature.scalars), np.float64)
        self.published: dict[str, Published] = {}
        self.repeats = repeated_spikes(declared, dt)
        self._repeats_argument = abi.Repeats(
            n=len(self.repeats),
            step=self.repeats.steps.ctypes.data,
            source=self.repeats.indices.ctypes.data,
        )
        for name in signature.published:
            stride = -(-self.size // BLOCK) * BLOCK
            ring = aligned_zeros(ring_slots * stride, self.real).reshape(ring_slots, stride)
            self.published[name] = Published(ring, np.zeros(len(self.repeats), self.real))
        self._kept: list[Any] = []  # memory that arguments point to
        self.poisson = [
            PoissonTables(p.name, *self.values.poisson(p, seed), size=self.size, dt=dt)
            for p in binding.poisson
        ]
        self.timed = [TimedTable(t, self.size, dt, self.real) for t in binding.timed]
        self._set_parameters(seed)

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
        for name, published in self.published.items():
            published.ring[:, : self.size] = self.arrays[name].whole()

    def publish_now(self, name: str, step: int) -> None:
        """A published variable was set between runs: spikes of this step carry the new value."""
        published = self.published[name]
        values = self.arrays[name].read()
        published.ring[step & published.mask, : self.size] = values
        now = self.repeats.steps == step
        published.repeated[now] = values[self.repeats.indices[now]]

    def repeats_argument(self) -> Any:
        """pgl_repeats of a train, None where no neuron has two spikes in a step."""
        return c.addressof(self._repeats_argument) if len(self.repeats) else None

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

    def _check_refractory_steps(self) -> None:
        name = "refractory_steps"
        if name in self.scalar_index:
            check_refractory_steps(self.name, self.scalars[self.scalar_index[name]], self.dt)
        elif name in self.arrays:
            check_refractory_steps(self.name, self.arrays[name].read(), self.dt)

    # ------------------------------------------------------------------ arguments

    def arguments(self, seed: int) -> Any:
        """pgl_population_args of all shards."""
        shards = self.partition.shards
        args = (abi.PopulationArgs * shards)()
        self._kept = [args]
        for tables in self.poisson:
            tables.served.clear()
        for s in range(shards):
            pointers = (c.c_void_p * max(len(self.arrays), 1))(
                *(a.address(s) for a in self.arrays.values())
            )
            poisson = (abi.Poisson * max(len(self.poisson), 1))()
            for k, tables in enumerate(self.poisson):
                tables.serve(poisson, k, int(self.partition.begin[self.name][s]))
            timed = (abi.Timed * max(len(self.timed), 1))(*(t.argument() for t in self.timed))
            self._kept += [pointers, poisson, timed]
            args[s] = abi.PopulationArgs(
                arrays=c.addressof(pointers),
                scalars=self.scalars.ctypes.data,
                poisson=c.addressof(poisson),
                timed=c.addressof(timed),
                count=self.partition.count(self.name, s),
                first=min(int(self.partition.begin[self.name][s]), self.size),
                seed=seed,
                stream=stream_of(f"population:{self.name}"),
                dt=self.dt,
            )
        return args
