"""Memory and initial values of populations, and the arguments that their kernels get."""

from __future__ import annotations

import ctypes as c
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import PopulationInstance
from pygenn_lite.codegen.plan.partition import BLOCK, Partition
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

_ATTACHED = re.compile(r"__(r|pre|post)\d+\Z")  # to names of receptors and traces
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
    manifest : dict or None
        Of its kernel; None for a spike source that computes nothing.
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
        manifest: Mapping[str, Any] | None,
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
        self.manifest: Mapping[str, Any] = manifest or {}
        self.has_kernel = manifest is not None
        self.arrays: dict[str, NeuronArray] = {}
        self.roles: dict[str, str] = {}
        for entry in self.manifest.get("arrays", ()):
            name = entry["name"]
            self.roles[name] = entry["role"]
            dtype = self.real if entry["dtype"] == "real" else np.dtype(entry["dtype"])
            if entry["arena"]:
                self.arrays[name] = NeuronArray.in_arenas(arenas, self.name, name)
            elif entry["role"] in WRITTEN and name not in self.manifest["published"]:
                self.arrays[name] = NeuronArray.in_shards(partition, self.name, dtype, memory)
            else:
                self.arrays[name] = NeuronArray.contiguous(partition, self.name, dtype)
        scalars = self.manifest.get("scalars", ())
        self.scalar_index = {s["name"]: k for k, s in enumerate(scalars)}
        self.scalar_roles = {s["name"]: s["role"] for s in scalars}
        self.scalars = aligned_zeros(len(scalars), np.float64)
        self.published: dict[str, Published] = {}
        self.repeats = repeated_spikes(declared, dt)
        self._repeats_argument = self.repeats.as_repeats()
        for name in self.manifest.get("published", ()):
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
            if self.roles[name] == "state":
                self._fill(array, self.instance.initial[name], name, seed)
            elif self.roles[name] in ("refractory", "accumulator"):
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
        if not self.has_kernel:
            return
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
        """Internal name of what a user calls ``name``: also a variable or parameter of a receptor
        or trace, where only one has it.

        Raises
        ------
        SimulationError
            There is none, or several.
        """
        known = self.names()
        if name in known:
            return known[name]
        found = [n for n in known if n != name and _ATTACHED.sub("", n) == name]
        if found:
            raise SimulationError(
                f"{name!r} is not unique in population {self.name!r}",
                hint=f"ask the synapse group, or for one of {found}",
            )
        # As users wrote them, with a number only where that is needed (inputs have their own view).
        shown = [
            n
            for n in known
            if "__" not in n or (_ATTACHED.search(n) and _ATTACHED.sub("", n) not in known)
        ]
        raise SimulationError(
            f"population {self.name!r} has no variable or parameter {name!r}{nearest(name, shown)}",
            hint=f"it has {shown}" if shown else "it has none: it replays spikes",
        )

    def names(self) -> dict[str, str]:
        """Variables and parameters that a user can get and set, with their internal names.

        Those of receptors and traces have a number (``I_syn__r0``), and go without it, too, where
        there is one of that name only.
        """
        public = [n for n in (*self.arrays, *self.scalar_index) if self._is_public(n)]
        named = {n: n for n in public if "__" not in n}
        bare = Counter(_ATTACHED.sub("", n) for n in public)
        for name in public:
            short = _ATTACHED.sub("", name)
            if short != name and bare[short] == 1:
                named.setdefault(short, name)
        return {**named, **{n: n for n in public}}

    def _is_public(self, name: str) -> bool:
        role = self.roles.get(name) or self.scalar_roles[name]
        return role in ("state", "parameter")

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
            where=self.instance.given_by.get(name, f"population {self.name!r}: {name}"),
        )

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
            if self.scalar_roles[name] == "parameter":
                self.scalars[index] = float(self.instance.values[name])  # type: ignore[arg-type]
        for name, array in self.arrays.items():
            if self.roles[name] == "parameter":
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
        return [(n, a) for n, a in self.arrays.items() if self.roles[n] != "coefficient"]
