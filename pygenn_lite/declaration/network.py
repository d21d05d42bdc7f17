"""Network: the declaration as a whole. It grows by `population`, `connect`, ... ; all its parts are
immutable, and it is equal to another network with equal parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pygenn_lite.declaration.checks import (
    check_delay,
    check_neuron_value,
    check_numbers,
    check_synapse_value,
)
from pygenn_lite.declaration.connectivity import STORAGE, Connectivity
from pygenn_lite.declaration.inputs import (
    CurrentInput,
    Input,
    NoiseCurrent,
    PoissonInput,
    TimedCurrent,
)
from pygenn_lite.declaration.names import check_choice, check_name, nearest
from pygenn_lite.declaration.neuron import NeuronModel
from pygenn_lite.declaration.population import (
    Population,
    SpikesOf,
    SpikeSource,
    SynapseGroup,
    VariableOf,
)
from pygenn_lite.declaration.synapse import SynapseModel
from pygenn_lite.declaration.values import FrozenArray, as_value, as_values
from pygenn_lite.errors import NetworkError, ShapeError


@dataclass(frozen=True)
class Recording:
    """What is recorded, and every how many steps (variables)."""

    what: SpikesOf | VariableOf
    every: int = 1


@dataclass(frozen=True)
class NetworkDeclaration:
    """All of a network, immutable: the key of equality, hashing and caching."""

    dt: float
    seed: int
    name: str
    populations: tuple[Population, ...]
    groups: tuple[SynapseGroup, ...]
    inputs: tuple[Input, ...]
    recordings: tuple[Recording, ...]


class Network:
    """A network under declaration.

    Parameters
    ----------
    dt : float
        Time step in ms.
    seed : int
        Seed of all random numbers, 0 to 2^64 - 1.
    name : str
        For messages and files.
    """

    def __init__(self, dt: float = 0.1, seed: int = 0, name: str = "") -> None:
        if isinstance(dt, bool) or not isinstance(dt, (int, float)) or not 0 < dt < 1e6:
            raise NetworkError(f"dt = {dt!r} is no time step", cure="give a positive time in ms")
        if (
            isinstance(seed, bool)
            or not isinstance(seed, (int, np.integer))
            or not 0 <= seed < 2**64
        ):
            raise NetworkError(f"seed = {seed!r} is no seed", cure="give a whole number >= 0")
        self.dt, self.seed, self.name = float(dt), int(seed), str(name)
        self.populations: dict[str, Population] = {}
        self.groups: dict[str, SynapseGroup] = {}
        self.inputs: list[Input] = []
        self.recordings: list[Recording] = []

    # ------------------------------------------------------------------ declaring

    def population(
        self,
        name: str,
        size: int,
        model: NeuronModel,
        *,
        initial: Any = None,
        parameters: Any = None,
        positions: Any = None,
    ) -> Population:
        """Add `size` neurons of a model.

        Parameters
        ----------
        initial, parameters : mapping
            Values that differ from the model's.
        positions : array, shape (size, 1..3)
            For expressions of x, y, z and distance-dependent connectivity.
        """
        where = f"population {name!r}"
        self._new_name(name, "population")
        if not isinstance(model, NeuronModel):
            raise NetworkError(
                f"{type(model).__name__} is no neuron model",
                where=where,
                cure="give a NeuronModel; spike trains go through spike_source()",
            )
        population = Population(
            name,
            _size(size, where),
            model,
            as_values(initial, "initial", where),
            as_values(parameters, "parameters", where),
            _positions(positions, size, where),
        )
        known = {"initial": model.state_names, "parameters": tuple(n for n, _ in model.parameters)}
        for field, names in known.items():
            for key, _ in getattr(population, field):
                if key not in names:
                    raise NetworkError(
                        f"{field}: the model has no {key!r}{nearest(key, names)}",
                        where=where,
                        cure=f"it has {list(names)}",
                    )
        merged = {**dict(model.parameters), **dict(population.parameters)}
        merged.update({**dict(model.initial), **dict(population.initial)})
        for key, value in merged.items():
            check_neuron_value(value, population, key, where)
        self.populations[name] = population
        return population

    def spike_source(self, name: str, size: int, times: Any, indices: Any) -> Population:
        """Add a population that replays spikes: neuron ``indices[k]`` at ``times[k]`` (ms)."""
        where = f"spike source {name!r}"
        self._new_name(name, "population")
        size = _size(size, where)
        t = check_numbers(times, "times", where)
        i = np.asarray(indices)
        if t.ndim != 1 or t.shape != i.shape:
            raise ShapeError(
                f"times {t.shape} and indices {i.shape} must be one-dimensional and alike",
                where=where,
                cure="give one index per time",
            )
        if t.size and (not np.all(np.isfinite(t)) or t.min() < 0):
            raise NetworkError("spike times must be finite and not negative", where=where)
        if i.size and (not np.issubdtype(i.dtype, np.integer) or i.min() < 0 or i.max() >= size):
            raise NetworkError(
                "a spike index is out of range",
                where=where,
                cure=f"whole numbers from 0 to {size - 1}",
            )
        source = SpikeSource(FrozenArray(t), FrozenArray(i.astype(np.int64)))
        self.populations[name] = Population(name, size, source)
        return self.populations[name]

    def connect(
        self,
        source: Population | str,
        target: Population | str,
        synapse: SynapseModel,
        connectivity: Connectivity,
        *,
        weight: Any = 1.0,
        delay: Any = None,
        name: str | None = None,
        storage: str = "auto",
    ) -> SynapseGroup:
        """Add synapses from `source` to `target`.

        Parameters
        ----------
        weight : Value
            A number, an array (one per synapse, explicit rules), a distribution, or an expression
            of i_pre, i_post, x_pre, ..., distance.
        delay : Value
            ms, at least dt (the default); rounded to steps.
        storage : {"auto", "sparse", "dense", "procedural"}
            Procedural synapses are not stored but drawn again at every spike.
        """
        pre, post = self._population(source), self._population(target)
        if name is None:
            name = base = f"{pre.name}_{post.name}"
            count = 2
            while name in self.groups or name in self.populations:
                name, count = f"{base}_{count}", count + 1
        where = f"synapse group {name!r}"
        self._new_name(name, "synapse group")
        if not isinstance(synapse, SynapseModel):
            raise NetworkError(f"{type(synapse).__name__} is no synapse model", where=where)
        if not isinstance(connectivity, Connectivity):
            raise NetworkError(
                f"{type(connectivity).__name__} is no connectivity rule",
                where=where,
                cure="e.g. FixedProbability(0.1)",
            )
        connectivity.validate(pre.size, post.size, pre.name == post.name, where)
        group = SynapseGroup(
            name,
            pre.name,
            post.name,
            synapse,
            connectivity,
            as_value(weight, f"{where}: weight"),
            as_value(self.dt if delay is None else delay, f"{where}: delay"),
            check_choice(storage, STORAGE, "storage", where, NetworkError),
            post.size,
        )
        check_synapse_value(group.weight, group, pre, post, "weight")
        check_synapse_value(group.delay, group, pre, post, "delay")
        check_delay(group.delay, self.dt, where)
        self.groups[name] = group
        return group

    def poisson(
        self,
        target: Population | str,
        rate: Any,
        *,
        weight: Any,
        synapse: SynapseModel | None = None,
        variable: str | None = None,
        sources: Any = 1,
        name: str | None = None,
    ) -> PoissonInput:
        """Drive every neuron of `target` by `sources` independent Poisson trains of `rate` Hz."""
        population = self._population(target)
        name = self._input_name(name, f"poisson_{population.name}")
        where = f"Poisson input {name!r}"
        if (synapse is None) == (variable is None):
            raise NetworkError(
                "give either a synapse model or a variable",
                where=where,
                cure="e.g. variable='V' for voltage jumps, or synapse=ExponentialCurrent(5.0)",
            )
        declared = PoissonInput(
            name,
            population.name,
            as_value(rate, f"{where}: rate"),
            as_value(weight, f"{where}: weight"),
            as_value(sources, f"{where}: sources"),
            variable,
            synapse,
        )
        for what in ("rate", "weight", "sources"):
            value = getattr(declared, what)
            check_neuron_value(value, population, what, where)
            low = value.array.min(initial=0) if isinstance(value, FrozenArray) else value
            if what != "weight" and isinstance(low, (float, np.number)) and low < 0:
                raise NetworkError(f"negative {what} {low}", where=where, cure="give values >= 0")
        self.inputs.append(declared)
        return declared

    def current(
        self, target: Population | str, value: Any, input: str = "I", *, name: str | None = None
    ) -> CurrentInput:
        """Add a constant current (a number, or one per neuron)."""
        population = self._input_target(target, input)
        name = self._input_name(name, f"current_{population.name}")
        declared = CurrentInput(name, population.name, input, as_value(value, name))
        check_neuron_value(declared.value, population, "value", f"current {name!r}")
        self.inputs.append(declared)
        return declared

    def timed_current(
        self,
        target: Population | str,
        times: Any,
        values: Any,
        input: str = "I",
        *,
        name: str | None = None,
    ) -> TimedCurrent:
        """Add a current that is ``values[k]`` from ``times[k]`` (ms) on.

        Parameters
        ----------
        times : array, shape (k,)
            Rising.
        values : array, shape (k,) or (k, size)
            Shared, or one column per neuron.
        """
        population = self._input_target(target, input)
        name = self._input_name(name, f"timed_{population.name}")
        where = f"timed current {name!r}"
        t, v = check_numbers(times, "times", where), check_numbers(values, "values", where)
        if t.ndim != 1 or v.shape not in ((len(t),), (len(t), population.size)):
            raise ShapeError(
                f"times {t.shape} and values {v.shape} do not fit",
                where=where,
                cure=f"values need shape ({t.size},) or ({t.size}, {population.size})",
            )
        if not (np.all(np.isfinite(t)) and np.all(np.isfinite(v))) or np.any(np.diff(t) <= 0):
            raise NetworkError("times must rise, all values be finite", where=where)
        declared = TimedCurrent(name, population.name, input, FrozenArray(t), FrozenArray(v))
        self.inputs.append(declared)
        return declared

    def noise_current(
        self,
        target: Population | str,
        mean: Any = 0.0,
        sd: Any = 1.0,
        input: str = "I",
        *,
        name: str | None = None,
    ) -> NoiseCurrent:
        """Add a Gaussian current, drawn anew for every neuron and step."""
        population = self._input_target(target, input)
        name = self._input_name(name, f"noise_{population.name}")
        declared = NoiseCurrent(
            name, population.name, input, as_value(mean, name), as_value(sd, name)
        )
        for what in ("mean", "sd"):
            check_neuron_value(getattr(declared, what), population, what, f"noise {name!r}")
        low = declared.sd.array.min() if isinstance(declared.sd, FrozenArray) else declared.sd
        if isinstance(low, (float, np.number)) and low < 0:
            raise NetworkError(
                f"negative sd {low}", where=f"noise {name!r}", cure="give values >= 0"
            )
        self.inputs.append(declared)
        return declared

    def record(self, *things: SpikesOf | VariableOf | Population, every: int = 1) -> None:
        """Record ``population.spikes``, ``population["V"]``, a postsynaptic variable
        ``group["I_syn"]``, or slices of them.

        `every`: steps between samples of variables."""
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise NetworkError(f"every = {every!r}", where="record", cure="a whole number >= 1")
        for thing in things:
            if isinstance(thing, Population):
                thing = thing.spikes
            if not isinstance(thing, (SpikesOf, VariableOf)):
                raise NetworkError(
                    f"cannot record {thing!r}",
                    where="record",
                    cure="e.g. exc.spikes or exc['V'][:10]",
                )
            self._population(thing.population)
            if isinstance(thing, VariableOf) and thing.group not in ("", *self.groups):
                raise NetworkError(f"no synapse group {thing.group!r} in this network")
            self.recordings.append(Recording(thing, every))

    # ------------------------------------------------------------------ as a value

    def declaration(self) -> NetworkDeclaration:
        """The network as one immutable value."""
        return NetworkDeclaration(
            self.dt,
            self.seed,
            self.name,
            tuple(self.populations.values()),
            tuple(self.groups.values()),
            tuple(self.inputs),
            tuple(self.recordings),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Network) and self.declaration() == other.declaration()

    def __hash__(self) -> int:
        return hash(self.declaration())

    def __repr__(self) -> str:
        lines = [f"Network {self.name!r}, dt {self.dt} ms, seed {self.seed}"]
        lines += [
            f"  {p.name}: {p.size} x {p.model.name or 'neurons'}" for p in self.populations.values()
        ]
        lines += [
            f"  {g.name}: {g.source} -> {g.target}, {g.synapse.name}, {g.connectivity}"
            for g in self.groups.values()
        ]
        lines += [f"  {i.name}: {type(i).__name__} -> {i.target}" for i in self.inputs]
        return "\n".join(lines)

    def compile(self, **options: Any) -> Any:
        """Derive, compile and load: see :func:`pygenn_lite.runtime.simulation.compile_network`."""
        from importlib import import_module  # the one upward step: a convenience of the face

        return import_module("pygenn_lite.runtime.simulation").compile_network(self, **options)

    # ------------------------------------------------------------------ helpers

    def _new_name(self, name: str, what: str) -> None:
        check_name(name, what, reserved=False)
        if name in self.populations or name in self.groups:
            raise NetworkError(
                f"the name {name!r} is used twice", where=what, cure="give each its own name"
            )

    def _input_name(self, name: str | None, base: str) -> str:
        taken = {i.name for i in self.inputs}
        if name is not None:
            check_name(name, "input", reserved=False)
            if name in taken:
                raise NetworkError(f"the name {name!r} is used twice", where="input")
            return name
        name, count = base, 2
        while name in taken:
            name, count = f"{base}_{count}", count + 1
        return name

    def _population(self, which: Population | str) -> Population:
        name = which.name if isinstance(which, Population) else which
        if name not in self.populations or (
            isinstance(which, Population) and self.populations[name] is not which
        ):
            raise NetworkError(
                f"no population {name!r} in this network{nearest(str(name), self.populations)}",
                cure=f"its populations are {list(self.populations)}",
            )
        return self.populations[name]

    def _input_target(self, target: Population | str, input: str) -> Population:
        population = self._population(target)
        known = () if isinstance(population.model, SpikeSource) else population.model.inputs
        if input not in known:
            raise NetworkError(
                f"no input {input!r}{nearest(input, known)}",
                where=f"population {population.name!r}",
                cure=f"its inputs are {list(known)}",
            )
        return population


def _size(size: object, where: str) -> int:
    if (
        isinstance(size, bool)
        or not isinstance(size, (int, np.integer))
        or not 1 <= size < 2**32 - 64
    ):
        raise NetworkError(
            f"size = {size!r}", where=where, cure="give a whole number from 1 to 2^32"
        )
    return int(size)


def _positions(positions: Any, size: int, where: str) -> FrozenArray | None:
    if positions is None:
        return None
    array = np.asarray(positions, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[0] != size or not 1 <= array.shape[1] <= 3:
        raise ShapeError(
            f"positions have shape {array.shape}", where=where, cure=f"give ({size}, 1 to 3)"
        )
    return FrozenArray(array)
