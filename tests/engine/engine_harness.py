"""Drives the engine through its C ABI with hand-written kernels: no generated code, no builder.

`Net` mirrors what the runtime does: it lays out padded arrays by shard, hands their addresses to
the engine and keeps them alive.
"""

from __future__ import annotations

import ctypes as c
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pygenn_lite.codegen.program.schedule import (
    Arrive,
    Call,
    Deliver,
    Fire,
    Op,
    Reduce,
    Sample,
    Send,
)
from pygenn_lite.runtime.cpp import abi, shared_objects
from pygenn_lite.runtime.cpp.schedule_ops import Numbers, engine_ops

FAULT_LEVEL = 1e6


def pointer(array: np.ndarray | None) -> int | None:
    return None if array is None else array.ctypes.data


def shard_bounds(size: int, shards: int) -> np.ndarray:
    """Blocks of 64 dealt out as evenly as they go."""
    blocks = math.ceil(size / 64)
    return np.array(
        [min(size, 64 * (blocks * s // shards)) for s in range(shards + 1)], dtype=np.uint32
    )


@dataclass
class Population:
    id: int
    size: int
    bounds: np.ndarray
    arrays: dict[str, list[np.ndarray]] = field(default_factory=dict)  # by shard

    def read(self, name: str) -> np.ndarray:
        return np.concatenate(
            [
                part[: self.bounds[s + 1] - self.bounds[s]]
                for s, part in enumerate(self.arrays[name])
            ]
        )

    def write(self, name: str, values: np.ndarray) -> None:
        for s, part in enumerate(self.arrays[name]):
            part[: self.bounds[s + 1] - self.bounds[s]] = values[
                self.bounds[s] : self.bounds[s + 1]
            ]


class Net:
    VARIABLES = ("V", "g", "acc", "drive", "after")

    def __init__(
        self,
        library: c.CDLL,
        *,
        threads: int = 1,
        shards: int = 1,
        min_delay: int = 1,
        max_delay: int = 16,
        real: Any = np.float32,
    ) -> None:
        self.library = library
        self.engine, self.synapses = (
            shared_objects.Engine(library),
            shared_objects.Synapses(library),
        )
        self.shards = shards
        self.real = np.dtype(real)
        self.kind = "float" if self.real.itemsize == 4 else "double"
        self.keep: list[Any] = []
        self.numbers = Numbers()
        self.kernels: list[Op] = []  # arrivals and what follows them, in the order of a step
        self.scheduled = False
        self.weights_of: dict[int, list[np.ndarray]] = {}
        self.stores: list[int] = []
        self.wide: dict[int, bool] = {}  # stores with 32-bit targets
        library.test_store.restype = c.c_void_p
        library.test_dense_store.restype = c.c_void_p
        library.test_calls.restype = c.c_int64
        self.handle = c.c_void_p(
            self.engine.engine_create(threads, shards, min_delay, max_delay, self.real.itemsize)
        )
        if not self.handle:
            raise ValueError(self.engine.last_error())

    def close(self) -> None:
        self.engine.engine_destroy(self.handle)
        for store in self.stores:
            self.library.test_store_free(c.c_void_p(store))
        self.stores = []

    def __enter__(self) -> Net:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self, result: int) -> int:
        if result < 0:
            raise ValueError(self.engine.last_error())
        return result

    def function(self, name: str | None) -> int | None:
        return shared_objects.symbol_address(self.library, name)

    # ------------------------------------------------------------ construction
    def population(
        self,
        size: int,
        *,
        drive: np.ndarray | float = 0.0,
        threshold: float = 1.0,
        update: str | None = "",
        after: str | None = None,
    ) -> Population:
        """update "": the test neuron; None: a bare source; else the name of a kernel."""
        bounds = shard_bounds(size, self.shards)
        population = Population(-1, size, bounds)
        for name in self.VARIABLES:
            population.arrays[name] = [
                np.zeros(64 * math.ceil((bounds[s + 1] - bounds[s]) / 64) + 64, dtype=self.real)
                for s in range(self.shards)
            ]
        population.write("drive", np.broadcast_to(np.asarray(drive, dtype=self.real), size))
        scalars = np.array([threshold, FAULT_LEVEL])
        args = (abi.PopulationArgs * self.shards)()
        for s in range(self.shards):
            table = (c.c_void_p * len(self.VARIABLES))(
                *(pointer(population.arrays[name][s]) for name in self.VARIABLES)
            )
            self.keep.append(table)
            args[s].arrays = c.addressof(table)
            args[s].scalars = pointer(scalars)
            args[s].count = int(bounds[s + 1] - bounds[s])
            args[s].first = int(bounds[s])
        self.keep += [population, scalars, args]
        population.id = self.check(
            self.engine.population_add(
                self.handle,
                size,
                pointer(bounds),
                self.function(f"test_update_{self.kind}" if update == "" else update),
                self.function(f"test_after_{self.kind}" if after == "" else after),
                args,
            )
        )
        name = f"p{population.id}"
        self.numbers.populations[name] = population.id
        if after is not None:
            kernel = f"test_after_{self.kind}" if after == "" else after
            self.kernels.append(Call(kernel, name, "spiking"))
        return population

    def source(self, size: int, steps: Any, indices: Any, **options: Any) -> Population:
        population = self.population(size, update=options.pop("update", None), **options)
        self.kernels = [op for op in self.kernels if op.of != f"p{population.id}"]
        steps = np.asarray(steps, dtype=np.int64)
        indices = np.asarray(indices, dtype=np.uint32)
        self.check(
            self.engine.source_set(
                self.handle, population.id, len(steps), pointer(steps), pointer(indices)
            )
        )
        return population

    def store(
        self,
        source: Population,
        target: Population,
        pre: Any,
        post: Any,
        delay: Any,
        weight: Any,
        *,
        weights: bool = True,
        wide: bool = False,
    ) -> c.c_void_p:
        pre, post, delay = (np.asarray(x, dtype=np.uint32) for x in (pre, post, delay))
        weight = np.broadcast_to(np.asarray(weight, dtype=float), pre.shape)
        order = np.lexsort((post, delay, pre))
        pre, post, delay = (np.ascontiguousarray(x[order]) for x in (pre, post, delay))
        weight = np.ascontiguousarray(weight[order])
        offset = np.zeros(self.shards, dtype=np.uint32)
        store = self.library.test_store(
            c.c_uint32(source.size),
            c.c_uint32(self.shards),
            c.c_void_p(pointer(target.bounds)),
            c.c_void_p(pointer(offset)),
            c.c_int64(len(pre)),
            c.c_void_p(pointer(pre)),
            c.c_void_p(pointer(post)),
            c.c_void_p(pointer(delay)),
            c.c_void_p(pointer(weight)),
            c.c_uint32(abi.STORE_WEIGHTS if weights else 0),
            c.c_int32(wide),
            c.c_int32(self.real.itemsize),
        )
        self.stores.append(store)
        self.wide[store] = wide
        return c.c_void_p(store)

    def dense_store(
        self,
        source: Population,
        target: Population,
        delay: int,
        weight: Any,
        *,
        weights: bool = True,
        autapses: bool = True,
    ) -> c.c_void_p:
        weight = np.ascontiguousarray(weight, dtype=float)
        offset = np.zeros(self.shards, dtype=np.uint32)
        store = self.library.test_dense_store(
            c.c_uint32(source.size),
            c.c_uint32(self.shards),
            c.c_void_p(pointer(target.bounds)),
            c.c_void_p(pointer(offset)),
            c.c_uint32(delay),
            c.c_void_p(pointer(weight)),
            c.c_uint32(abi.STORE_WEIGHTS if weights else 0),
            c.c_int32(autapses),
            c.c_int32(source is target),
            c.c_int32(self.real.itemsize),
        )
        self.stores.append(store)
        return c.c_void_p(store)

    def bases(self, population: Population, variable: str) -> Any:
        table = (c.c_void_p * self.shards)(*(pointer(a) for a in population.arrays[variable]))
        self.keep.append(table)
        return table

    def static(
        self, source: Population, target: Population, store: c.c_void_p, *, lead: int = 0
    ) -> int:
        arena = self.bases(target, "acc" if lead else "g")
        number = self.check(self.synapses.static_add(self.handle, source.id, store, arena, lead))
        self.numbers.deliveries[f"s{number}"] = number
        return number

    def general(
        self,
        source: Population,
        target: Population,
        store: c.c_void_p,
        on_pre: str | None = "",
        on_post: str | None = None,
        step: str | None = None,
        lead: int = 0,
    ) -> int:
        args = (abi.SynapseArgs * self.shards)()
        weights: list[np.ndarray] = []
        for s in range(self.shards):
            targets, weight, n = c.c_void_p(), c.c_void_p(), c.c_uint32()
            self.library.test_store_arrays(
                store, c.c_uint32(s), c.byref(targets), c.byref(weight), c.byref(n)
            )
            synapse = (c.c_void_p * 1)(weight)
            post = (c.c_void_p * 1)(pointer(target.arrays["g"][s]))
            self.keep += [synapse, post]
            args[s].synapse = c.addressof(synapse)
            args[s].post = c.addressof(post)
            args[s].target = targets
            args[s].wide_target = self.wide[store.value or 0]
            args[s].n_synapses = n
            args[s].first = int(target.bounds[s])
            real = c.c_float if self.real.itemsize == 4 else c.c_double
            kept = (real * n.value).from_address(weight.value) if n.value else (real * 0)()
            weights.append(np.frombuffer(kept, self.real))
        self.keep.append(args)
        number = self.check(
            self.synapses.synapse_add(
                self.handle,
                source.id,
                target.id,
                store,
                self.function(f"test_on_pre_{self.kind}" if on_pre == "" else on_pre),
                args,
                lead,
            )
        )
        name = f"g{number}"
        self.numbers.groups[name] = number
        self.weights_of[number] = weights
        if on_pre is not None:
            self.kernels.append(Arrive(name, lead))
        if on_post is not None:
            self.kernels.append(Call(on_post, name, "spiking"))
        if step is not None:
            self.kernels.append(Call(step, name))
        return number

    # ------------------------------------------------------------ recording
    def record_spikes(
        self, population: Population, begin: int = 0, end: int = -1, stride: int = 1
    ) -> int:
        end = population.size if end < 0 else end
        return self.check(self.engine.record_spikes(self.handle, population.id, begin, end, stride))

    def record(self, population: Population, variable: str, indices: Any, every: int = 1) -> int:
        indices = np.asarray(indices, dtype=np.uint32)
        return self.check(
            self.engine.record_variable(
                self.handle,
                population.id,
                self.bases(population, variable),
                pointer(indices),
                len(indices),
                every,
            )
        )

    def spikes(self, recorder: int) -> tuple[np.ndarray, np.ndarray]:
        n = self.check(self.engine.spikes_count(self.handle, recorder))
        steps, indices = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.uint32)
        self.check(
            self.engine.spikes_drain(self.handle, recorder, pointer(steps), pointer(indices))
        )
        return steps, indices

    def samples(self, recorder: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
        n = self.check(self.engine.samples_count(self.handle, recorder))
        steps, values = np.empty(n, dtype=np.int64), np.empty((n, columns), dtype=self.real)
        self.check(
            self.engine.samples_drain(self.handle, recorder, pointer(steps), pointer(values))
        )
        return steps, values

    # ------------------------------------------------------------ running
    def keep_of(self, number: int) -> Population:
        """The population of this number."""
        return next(k for k in self.keep if isinstance(k, Population) and k.id == number)

    def arguments_of(self, population: Population, scalars: int) -> Any:
        """Arguments of a kernel over all variables of a population, with scalars of its own."""
        args = (abi.PopulationArgs * self.shards)()
        for s in range(self.shards):
            table = (c.c_void_p * len(self.VARIABLES))(
                *(pointer(population.arrays[name][s]) for name in self.VARIABLES)
            )
            self.keep.append(table)
            args[s].arrays, args[s].scalars = c.addressof(table), scalars
            args[s].count = int(population.bounds[s + 1] - population.bounds[s])
            args[s].first = int(population.bounds[s])
        return args

    def weights(self, group: int) -> np.ndarray:
        """Weights of a group with kernels, shard by shard."""
        return np.concatenate([part.copy() for part in self.weights_of[group]])

    def step_ops(self) -> list[Op]:
        """A step: arrivals, own spikes, dynamics; recording; firing, sending."""

        def rank(op: Op) -> int:
            if isinstance(op, Arrive):
                return 0
            assert isinstance(op, Call)
            return (1 if op.on[0] == "g" else 2) if op.visit == "spiking" else 3

        early = sorted(self.kernels, key=rank)
        late = [op for op in early if isinstance(op, Arrive) and op.lead]
        return [
            *(Deliver(name) for name in self.numbers.deliveries),
            *(op for op in early if op not in late),
            Sample(),
            *late,
            *(Fire(name) for name in self.numbers.populations),
            *(Send(name) for name in self.numbers.populations),
        ]

    def schedule(self, step: list[Op], arguments: Any = None) -> None:
        ops = engine_ops(step, self.numbers, self.function, arguments)
        if any(isinstance(op, Reduce) for op in step):
            shared_objects.Programs(self.library).reductions_set(self.handle)
        self.check(self.engine.schedule_set(self.handle, ops, len(ops)))
        self.scheduled = True

    def ready(self) -> c.c_void_p:
        """The engine, told what a step consists of."""
        if not self.scheduled:
            self.schedule(self.step_ops())
        return self.handle

    def run(self, steps: int) -> int:
        return self.check(self.engine.run(self.ready(), steps))

    @property
    def step(self) -> int:
        return int(self.engine.step_get(self.handle))

    def stop(self) -> None:
        self.engine.stop(self.handle)

    def set_step(self, step: int) -> None:
        self.engine.step_set(self.handle, step)

    def fault(self) -> abi.Fault | None:
        fault = abi.Fault()
        return fault if self.engine.fault_get(self.handle, c.byref(fault)) else None

    def total(self, population: Population) -> int:
        totals = np.empty(population.id + 100, np.int64)
        self.check(self.engine.total_spikes(self.handle, pointer(totals)))
        return int(totals[population.id])

    def totals(self, population: Population) -> np.ndarray:
        counts = np.empty(population.size, dtype=np.uint32)
        self.check(self.engine.spike_totals(self.handle, population.id, pointer(counts)))
        return counts

    def in_flight(self, population: Population) -> tuple[np.ndarray, np.ndarray]:
        n = self.check(self.engine.inflight_count(self.handle, population.id))
        steps, indices = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.uint32)
        self.check(
            self.engine.inflight_export(
                self.handle, population.id, pointer(steps), pointer(indices)
            )
        )
        return steps, indices

    def put_in_flight(self, population: Population, spikes: tuple[np.ndarray, np.ndarray]) -> None:
        steps, indices = spikes
        self.check(
            self.engine.inflight_import(
                self.handle, population.id, len(steps), pointer(steps), pointer(indices)
            )
        )

    def calls(self) -> np.ndarray:
        """What the noting kernels noted since the last time: kind, step, index, source, delay."""
        out = np.empty(self.library.test_calls(None), dtype=np.int64)
        self.library.test_calls(c.c_void_p(pointer(out)))
        return out.reshape(-1, 5)


class Pool:
    """Threads on which engines run side by side."""

    def __init__(self, library: c.CDLL, threads: int) -> None:
        self.pool = shared_objects.Pool(library)
        self.run_one = shared_objects.symbol_address(library, "pgl_try_run")
        self.handle = c.c_void_p(self.pool.pool_create(threads))
        if not self.handle:
            raise ValueError(self.pool.last_error())

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.pool_destroy(self.handle)

    def stop(self) -> None:
        self.pool.pool_stop(self.handle)

    def run(self, nets: list[Net], steps: int) -> list[int]:
        """Steps that each did; -1 where it failed."""
        engines = (c.c_void_p * len(nets))(*(net.ready() for net in nets))
        done = (c.c_int64 * len(nets))()
        self.pool.check(
            self.pool.pool_run(self.handle, self.run_one, engines, len(nets), steps, done),
            "running",
        )
        return list(done)
