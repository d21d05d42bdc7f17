"""What a card keeps of a synapse group: its synapses, their variables, and the records that tell
kernels where all of it lies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen import GroupBinding
from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.codegen.program.signature import SynapseSignature
from pygenn_lite.declaration.population import SynapseGroup, ends_of
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.declaration.values import Value
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.card_memory import CardArray
from pygenn_lite.runtime.cuda.card_synapses import CardSynapses
from pygenn_lite.runtime.cuda.inboxes import Inbox
from pygenn_lite.runtime.cuda.population_memory import CardPopulation
from pygenn_lite.runtime.values.known_synapses import KnownSynapses
from pygenn_lite.runtime.values.philox import PURPOSE_VARIABLES, GroupRandom
from pygenn_lite.runtime.values.weights import check_own_weights

Array = npt.NDArray[Any]
LAST_UPDATE = "last_update"


@dataclass
class GroupParts:
    """What a group is made of.

    Attributes
    ----------
    delivery : Delivery
    signature : SynapseSignature or None
        Of its kernels.
    adds : frozenset of str
        Of the signature's ``post``, what kernels add to by sums in whole numbers.
    source, target : CardPopulation
    synapses : sequence of CardSynapses
        Of each instance; where instances share them, the same again and again.
    seeds : sequence of int
        Of the connectivity, by instance.
    shared : bool
    """

    delivery: Delivery
    signature: SynapseSignature | None
    adds: frozenset[str]
    source: CardPopulation
    target: CardPopulation
    synapses: Sequence[CardSynapses]
    seeds: Sequence[int]
    shared: bool


@dataclass(frozen=True)
class Ends:
    """Addresses of the records of source and target population, by instance."""

    sources: Sequence[int]
    targets: Sequence[int]


class CardGroup:
    """One synapse group of all instances.

    Parameters
    ----------
    name : str
    parts : GroupParts
    """

    def __init__(self, name: str, parts: GroupParts) -> None:
        self.name, self.parts, self.place = name, parts, parts.target.place
        self.source, self.target, self.signature = parts.source, parts.target, parts.signature
        self.delivery, self.synapses = parts.delivery, list(parts.synapses)
        self.parent: CardGroup | None = None  # whose weights it has, transposed
        self.sets = 0  # bits of the sums that its transmission begins
        self.inboxes: dict[str, Inbox] = {}  # by entry of `post`, or what static synapses add to
        memory, instances = self.place.memory, self.place.instances
        signature = self.signature
        self.dtypes: dict[str, np.dtype[Any]] = {}
        self.variables: list[dict[str, CardArray]] = [{} for _ in range(instances)]
        self._initial: list[CardArray | None] = [None] * instances  # weights as they were built
        scalars = 0 if signature is None else len(signature.scalars)
        self.scalars = memory.array((instances, max(scalars, 1)), np.float64)
        if signature is not None:
            self._make_variables(signature)
        self._kept: list[Any] = []

    def _make_variables(self, signature: SynapseSignature) -> None:
        memory, real = self.place.memory, self.place.dtype
        self.dtypes = {
            v.symbol: real if v.dtype == "real" else np.dtype(v.dtype) for v in signature.variables
        }
        for k, name in enumerate(signature.scalar_names):
            for instance in range(self.place.instances):
                value = self.binding(instance).values[name]
                self.scalars.change()[instance, k] = float(value)  # type: ignore[arg-type]
        for instance, own in enumerate(self.variables):
            places = self.synapses[instance].places
            for name, dtype in self.dtypes.items():
                if name == "weight":
                    own[name] = self._own_weights(instance)
                else:
                    own[name] = memory.array(places, dtype)
            self.initialise(instance, first=True)

    def _own_weights(self, instance: int) -> CardArray:
        """Weights that change while it runs: those that were built, or a copy."""
        memory, synapses = self.place.memory, self.synapses[instance]
        built = synapses.weights
        if built is None:  # those of another group
            return memory.array(1, self.place.dtype)
        as_built = CardArray(memory, synapses.places, self.place.dtype, built)
        self._initial[instance] = as_built
        if not self.parts.shared and isinstance(self.declared(instance).weight, float):
            self._initial[instance] = None
            return as_built
        own = memory.array(synapses.places, self.place.dtype)
        own.copy_from(as_built)
        return own

    def binding(self, instance: int) -> GroupBinding:
        """Where its values come from."""
        return self.place.structures[instance].groups[self.name]

    def declared(self, instance: int) -> SynapseGroup:
        """Its declaration in an instance."""
        return self.place.networks[instance].groups[self.name]

    # ------------------------------------------------------------------ values

    def initialise(self, instance: int, *, first: bool = False) -> None:
        """Weights and variables as they were built and declared."""
        own = self.variables[instance]
        if "weight" in own and not first:
            initial, declared = self._initial[instance], self.declared(instance).weight
            if initial is not None:
                own["weight"].copy_from(initial)
            else:
                self.write(instance, "weight", float(declared))  # type: ignore[arg-type]
        given = self.binding(instance).initial.items()
        for k, (name, value) in enumerate((n, v) for n, v in given if n != "weight"):
            if isinstance(value, (int, float)):
                self.write(instance, name, value)
            else:
                drawn = self._drawn(instance, value, name, PURPOSE_VARIABLES + k)
                self.write(instance, name, drawn)
        if LAST_UPDATE in own:
            own[LAST_UPDATE].fill_zero()

    def _drawn(self, instance: int, value: Value, name: str, purpose: int) -> Array:
        """Initial values that differ between synapses, in canonical order."""
        description = self.synapses[instance].description
        structure = description.structure
        source, target = self.source.declared(instance), self.target.declared(instance)
        random = GroupRandom(self.parts.seeds[instance], f"group:{self.name}")
        ends = ends_of(description.group, source, target)
        if structure is None:
            pre, post, _ = self.synapses[instance].read()
            pairs = pre.astype(np.int64), post.astype(np.int64)
            return KnownSynapses(*pairs, None, ends, random).values(value, purpose, name)
        given = structure.pre, structure.post, structure.given
        values = KnownSynapses(*given, ends, random).values(value, purpose, name)
        # As declared so far; canonical order is by pre, post, and delay.
        steps = np.zeros(len(values), np.int64)
        if isinstance(description.delay, np.ndarray):
            steps = delay_steps(description.delay, self.place.dt)
        return np.asarray(values[np.lexsort((steps, structure.post, structure.pre))])

    def read(self, instance: int, name: str) -> Array:
        """One value per synapse in canonical order, as the last event at each left it."""
        if self.parent is not None:
            parent = self.parent.read(instance, "weight")
            matrix = parent.reshape(self.target.size, self.source.size)
            factor = np.asarray(self.binding(instance).factor, self.place.dtype)
            return np.asarray(matrix.T.ravel() * factor)
        own = self.variables[instance]
        if name not in own:
            return self.synapses[instance].read_weights()
        return own[name].host()[self.synapses[instance].positions()]

    def write(self, instance: int, name: str, values: npt.ArrayLike) -> None:
        """Set one value (checked), or one per synapse in canonical order."""
        own = self.variables[instance].get(name)
        if own is None:
            self._write_static(instance, values)
            return
        given = np.asarray(values, np.float64 if own.dtype.kind == "f" else None)
        with np.errstate(over="ignore"):
            if given.ndim:
                own.change()[self.synapses[instance].positions()] = given.astype(own.dtype)
            else:
                own.change()[:] = given.astype(own.dtype)

    def _write_static(self, instance: int, values: npt.ArrayLike) -> None:
        given = np.asarray(values, np.float64)
        if self.parts.shared and self.place.instances > 1:
            shared = [k for k, one in enumerate(self.synapses) if one is self.synapses[instance]]
            if len(shared) > 1:
                self.synapses[instance] = self.synapses[instance].with_own_weights()
        self.synapses[instance].write_weights(given)

    @contextlib.contextmanager
    def put_aside(self, instance: int) -> Iterator[None]:
        """Whatever happens to the variables of an instance meanwhile, they are as before then."""
        own, memory = self.variables[instance], self.place.memory
        copies = {name: memory.array(array.shape, array.dtype) for name, array in own.items()}
        for name, array in own.items():
            copies[name].copy_from(array)
        try:
            yield
        finally:
            for name, array in own.items():
                array.copy_from(copies[name])

    def check_weights(self, instance: int, weights: npt.NDArray[np.float64]) -> None:
        """Refuse weights that are right for the group, and that cannot be kept.

        Raises
        ------
        SimulationError
            Synapses that share an entry of a kernel, and differ.
        UnsupportedFeatureError
            Weights that all instances have in common.
        """
        if self.parts.shared and self.is_static:
            check_own_weights(self.synapses[instance].store)
        self.synapses[instance].check_weights(weights)

    def scalar(self, name: str) -> int:
        """The place of a shared parameter."""
        assert self.signature is not None
        return self.signature.scalar_names.index(name)

    @property
    def is_static(self) -> bool:
        """Whether its synapses add their weights and do nothing else."""
        return self.signature is None

    # ------------------------------------------------------------------ records

    def describe(self, out: Array, ends: Ends, parents: Sequence[int]) -> list[CardArray]:
        """Fill in pgl_synapses of each instance; returns what it points to, to be kept.

        Parameters
        ----------
        out : ndarray, [instances]
        ends : Ends
        parents : sequence of int
            Addresses of the records of the group whose weights it has, by instance; none.
        """
        memory, instances = self.place.memory, self.place.instances
        delivery, signature = self.delivery, self.signature
        pre = () if signature is None else signature.pre
        post = (delivery.adds_to,) if signature is None else signature.post
        own = max(len(self.dtypes), 1)
        tables = [
            memory.array((instances, max(n, 1)), np.uint64)
            for n in (own, len(post), len(pre), len(post))
        ]
        rows = [table.change() for table in tables]
        for k in range(instances):
            synapses, binding = self.synapses[k], self.binding(k)
            if signature is None and synapses.weights is not None:
                rows[0][k, 0] = synapses.weights.address
            for entry, name in enumerate(self.dtypes):
                rows[0][k, entry] = self.variables[k][name].address
            for entry, name in enumerate(post):
                internal = binding.post.get(name, name) if signature is not None else name
                rows[1][k, entry] = self.target.variables[internal].at(k)
                if name in self.inboxes:
                    inbox = self.inboxes[name]
                    rows[3][k, entry] = self.target.inboxes.record_of(k, inbox)
            for entry, name in enumerate(pre):
                rows[2][k, entry] = self.source.past.record_of(k, binding.pre[name])
            record = records.Synapses(
                **{name: table.at(k) for name, table in zip(_TABLES, tables, strict=True)},
                scalars=self.scalars.at(k),
                source=ends.sources[k],
                target=ends.targets[k],
                lead=delivery.lead,
                sets=self.sets,
                dt=self.place.dt,
                transpose_of=parents[k] if parents else 0,
                factor=binding.factor,
                **synapses.fields(),
            )
            out[k] = records.row_of(record)
        return tables


_TABLES = ("variables", "post", "pre", "inboxes")
