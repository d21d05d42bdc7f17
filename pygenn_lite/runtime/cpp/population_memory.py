"""Memory and initial values of populations, and the arguments that their kernels get."""

from __future__ import annotations

import ctypes as c
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import PopulationInstance
from pygenn_lite.codegen.plan.partition import BLOCK, Partition
from pygenn_lite.codegen.program.signature import NeuronSignature, Variable
from pygenn_lite.codegen.structure.parts import OWN
from pygenn_lite.declaration.domains import check_numbers
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.population import Population
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.arrays import Arenas, NeuronArray, ShardMemory, aligned_zeros
from pygenn_lite.runtime.cpp.input_tables import PoissonTables, TimedTable
from pygenn_lite.runtime.values.philox import stream_of
from pygenn_lite.runtime.values.spike_trains import repeated_spikes
from pygenn_lite.runtime.values.value_arrays import Positions, neuron_values

LONGEST_REFRACTORY = 65535  # steps: the counter has 16 bits


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
WRITTEN = ("state", "refractory", "accumulator")  # roles of arrays that kernels write in each step


class PopulationMemory:
    """All that one population keeps.

    Parameters
    ----------
    declared : Population
    instance : PopulationInstance
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
        instance: PopulationInstance,
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
        self.declared, self.instance = declared, instance
        self.partition, self.dt, self.real = partition, dt, np.dtype(real)
        self.signature = signature
        self.known = {v.symbol: v for v in signature.all_variables}
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
        self._repeats_argument = self.repeats.as_repeats()
        for name in signature.published:
            stride = -(-self.size // BLOCK) * BLOCK
            ring = aligned_zeros(ring_slots * stride, self.real).reshape(ring_slots, stride)
            self.published[name] = Published(ring, np.zeros(len(self.repeats), self.real))
        self._kept: list[Any] = []  # memory that arguments point to
        self.poisson = [
            PoissonTables(
                p,
                self._numbers_or_one(p.rate, f"{p.name}:rate", seed),
                self._numbers_or_one(p.sources, f"{p.name}:sources", seed),
                size=self.size,
                dt=dt,
            )
            for p in instance.poisson
        ]
        self.timed = [TimedTable(t, self.size, dt, self.real) for t in instance.timed]
        self._set_parameters(seed)

    # ------------------------------------------------------------------ values

    def initialise(self, seed: int) -> None:
        """Initial states; no neuron is refractory."""
        for name, array in self.arrays.items():
            if self.known[name].role == "state":
                self._fill(array, self.instance.initial[name], name, seed)
            elif self.known[name].role in ("refractory", "accumulator"):
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

    def resolve(self, name: str) -> str:
        """Symbol of what a user calls ``name``, or the symbol itself.

        Raises
        ------
        SimulationError
            There is none, or several.
        """
        known = self.names()
        if name in known:
            return known[name]
        if name in self.known and self.known[name].is_public:
            return name
        found = [path for path, symbol in known.items() if self.known[symbol].name == name]
        if found:
            raise SimulationError(
                f"{name!r} is not unique in population {self.name!r}",
                hint=f"ask the synapse group, or for one of {found}",
            )
        shown = list(known)
        raise SimulationError(
            f"population {self.name!r} has no variable or parameter {name!r}{nearest(name, shown)}",
            hint=f"it has {shown}" if shown else "it has none: it replays spikes",
        )

    def names(self) -> dict[str, str]:
        """Variables and parameters that a user can get and set, with their symbols.

        The neuron's own come first. Those of receptors, traces and inputs have paths
        (``exc_inh.I_syn``, ``drive.weight``), one for each group or input that they belong to;
        those of receptors and traces go by their bare name, too, where there is one of that name
        only.
        """
        public = [v for v in self.signature.all_variables if v.is_public]
        named = {v.name: v.symbol for v in public if v.part == OWN}
        count = Counter(v.name for v in public if not v.part.is_input)
        for v in public:
            if not v.part.is_input and count[v.name] == 1:
                named.setdefault(v.name, v.symbol)
        for v in public:
            for path in self._paths(v):
                named.setdefault(path, v.symbol)
        return named

    def path(self, symbol: str) -> str:
        """What users call a variable."""
        variable = self.known[symbol]
        return next(iter(self._paths(variable)), variable.name)

    def _paths(self, variable: Variable) -> list[str]:
        return [f"{o}.{variable.name}" for o in self.instance.owners.get(variable.part, ())]

    def _fill(self, array: NeuronArray, value: Any, name: str, seed: int) -> None:
        """Some neurons at a time, so that what is drawn in double precision stays small."""
        if isinstance(value, (int, float)):
            array.write(value)
            return
        for begin in range(0, self.size, DRAWN_AT_ONCE):
            part = (begin, min(begin + DRAWN_AT_ONCE, self.size))
            array.write_part(begin, self._numbers(value, name, seed, part))

    def _numbers(
        self, value: Any, name: str, seed: int, part: tuple[int, int] | None = None
    ) -> npt.NDArray[np.float64]:
        return neuron_values(
            value,
            self.size,
            seed=seed,
            stream=f"population:{self.name}:{name}",
            positions=self.positions,
            part=part,
            where=self.instance.given_by.get(name) or self._where(name),
        )

    def _where(self, symbol: str) -> str:
        return f"population {self.name!r}: {self.known[symbol].name}"

    def _numbers_or_one(self, value: Any, name: str, seed: int) -> Any:
        if isinstance(value, (int, float)):
            return float(value)
        return self._numbers(value, name, seed)

    @property
    def positions(self) -> Positions:
        """Positions of the neurons, [size, dimensions]."""
        declared = self.declared.positions
        return None if declared is None else np.asarray(declared, dtype=np.float64)

    def _set_parameters(self, seed: int) -> None:
        for name, index in self.scalar_index.items():
            if self.known[name].role == "parameter":
                self.scalars[index] = float(self.instance.values[name])  # type: ignore[arg-type]
        for name, array in self.arrays.items():
            if self.known[name].role == "parameter":
                self._fill(array, self.instance.values[name], name, seed)
                self.check_parameter(name, array.read())

    def check_parameter(self, name: str, values: npt.NDArray[Any]) -> None:
        """Hold drawn values, or those set between runs, against the model's domains."""
        domains = getattr(self.declared.model, "domains", ())  # a spike source has none
        check_numbers(domains, name, values, f"population {self.name!r}", ArgumentError)

    def _check_refractory_steps(self) -> None:
        name = "refractory_steps"
        if name in self.scalar_index:
            steps = self.scalars[self.scalar_index[name]]
        elif name in self.arrays:
            steps = self.arrays[name].read()
        else:
            return
        bad = ~((steps >= 0) & (steps <= LONGEST_REFRACTORY))
        if np.any(bad):
            value = float(np.atleast_1d(steps)[np.atleast_1d(bad)][0]) * self.dt
            raise ArgumentError(
                f"a refractory period of {value:g} ms",
                where=f"population {self.name!r}: refractory",
                hint=f"it must lie between 0 and {LONGEST_REFRACTORY} steps of {self.dt} ms",
            )

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

    def checkpoint_arrays(self) -> Iterable[tuple[str, NeuronArray]]:
        """All arrays but those computed from others."""
        return [(n, a) for n, a in self.arrays.items() if self.known[n].role != "coefficient"]
