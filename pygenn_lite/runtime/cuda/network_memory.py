"""All that a card keeps of the instances of a network, and the records that kernels find it by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.card_rows import slots_ahead
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.program.schedule import Call, Op
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.card_memory import CardArray, CardMemory
from pygenn_lite.runtime.cuda.card_synapses import CardSynapses
from pygenn_lite.runtime.cuda.code import CardCode
from pygenn_lite.runtime.cuda.drivers.base import Driver
from pygenn_lite.runtime.cuda.population_memory import CardPopulation, Place
from pygenn_lite.runtime.cuda.recorders import Recorders
from pygenn_lite.runtime.cuda.synapse_memory import CardGroup, Ends, GroupParts
from pygenn_lite.runtime.layout import NetworkLayout
from pygenn_lite.runtime.recording import Requests

Array = npt.NDArray[Any]
BLOCK, MOST_BLOCKS = 128, 16  # threads of a block; blocks of a multiprocessor


class Describes(Protocol):
    """What has records of its own that are made from the network's."""

    def describe(self, populations: Array, groups: Array) -> None:
        """Fill them in, from those of populations and groups by instance."""


@dataclass(frozen=True)
class Connected:
    """The synapses of all instances.

    Attributes
    ----------
    plan : NetworkPlan
        With what drawing has told; the longest delay is that of all instances.
    synapses : mapping of str to sequence of CardSynapses
        By group, of each instance.
    seeds : sequence of int
        Of the connectivity, by instance.
    shared : bool
        Whether all instances have the same synapses.
    """

    plan: NetworkPlan
    synapses: Mapping[str, Sequence[Any]]
    seeds: Sequence[int]
    shared: bool


class CardNetwork:
    """The instances of a network on a card.

    Attributes
    ----------
    driver : Driver
    code : CardCode
    plan : NetworkPlan
    place : Place
    populations : dict of str to CardPopulation
    groups : dict of str to CardGroup
    recorders : Recorders
    seeds, connectivity_seeds : list of int
        Of initial values and noise, and of the synapses, by instance.
    extension : Describes or None

    Parameters
    ----------
    place : Place
    code : CardCode
    connected : Connected
    layout : NetworkLayout
    requests : Requests
    whole_sums : bool
        Whether sums of arrivals must fit 32 bits whatever the accumulator.
    """

    def __init__(
        self,
        place: Place,
        code: CardCode,
        connected: Connected,
        layout: NetworkLayout,
        requests: Requests,
        *,
        whole_sums: bool = False,
    ) -> None:
        self.place, self.code, self.layout = place, code, layout
        self.plan, self.shared = connected.plan, connected.shared
        self.connectivity_seeds = list(connected.seeds)
        self.seeds = [network.seed for network in place.networks]
        signatures, structure = code.signatures, place.structures[0]
        self.populations = {
            name: CardPopulation(
                place,
                name,
                number,
                signatures.of_population(structure.populations[name].kernel),
            )
            for number, name in enumerate(layout.populations)
        }
        self.groups: dict[str, CardGroup] = {}
        for name, delivery in self.plan.deliveries.items():
            kernel = structure.groups[name].kernel
            signature = None if kernel is None else signatures.synapses[kernel]
            ends = self.populations[delivery.source], self.populations[delivery.target]
            events = () if signature is None else (signature.on_pre, signature.on_post)
            adds = frozenset[str]().union(*map(code.source.sums, events))
            parts = GroupParts(
                delivery, signature, adds, *ends, connected.synapses[name], connected.seeds,
                connected.shared,
            )  # fmt: skip
            self.groups[name] = CardGroup(name, parts)
        for name, group in self.groups.items():
            parent = structure.groups[name].transpose_of
            group.parent = self.groups[parent] if parent else None
        self._make_inboxes(whole_sums or self.plan.described.accumulator == "int32")
        memory, instances = place.memory, place.instances
        self.status = Status(memory, instances)
        self.recorders = Recorders(place, self.populations, layout, requests)
        sizes = len(self.populations), max(len(self.groups), 1)
        self._of_instances = [
            memory.array((instances, n), records.dtype_of(kind))
            for n, kind in zip(sizes, (records.Population, records.Synapses), strict=True)
        ]
        self._instances = memory.array(instances, records.dtype_of(records.Instance))
        self.card = memory.array(1, records.dtype_of(records.Card))
        self._cards = memory.array(instances, records.dtype_of(records.Card))  # each of one
        self.are_records_new = True
        self.extension: Describes | None = None
        self._kept: list[Any] = []

    @property
    def driver(self) -> Driver:
        """Who talks to the card."""
        return self.place.memory.driver

    @property
    def memory(self) -> CardMemory:
        """Its arrays."""
        return self.place.memory

    @property
    def instances(self) -> int:
        """How many there are."""
        return self.place.instances

    def number_of(self, name: str) -> int:
        """What operations call a population or group."""
        names = self.populations if name in self.populations else self.groups
        return list(names).index(name)

    # ------------------------------------------------------------------ sums of arrivals

    def _make_inboxes(self, whole: bool) -> None:
        slots = slots_ahead(self.plan.max_delay)
        for name, group in self.groups.items():
            inboxes, binding = group.target.inboxes, group.binding(0)
            if group.is_static:
                variable = group.delivery.adds_to
                group.inboxes[variable] = inboxes.add(
                    variable, name, static=True, whole=whole, slots=slots
                )
                continue
            for entry in sorted(group.parts.adds):
                group.inboxes[entry] = inboxes.add(
                    binding.post.get(entry, entry), name, static=False, whole=False, slots=1
                )

    def fit_sums(self, instances: Iterable[int]) -> None:
        """Take units for the weights that some instances have."""
        known: dict[int, float] = {}  # by synapses, which instances may share
        for instance in instances:
            largest = {}
            for name, group in self.groups.items():
                synapses = group.synapses[instance]
                if group.inboxes and id(synapses) not in known:
                    known[id(synapses)] = self._largest_weight(synapses)
                largest[name] = known.get(id(synapses), 0.0)
            for population in self.populations.values():
                self.are_records_new |= population.inboxes.fit(instance, largest)

    def _largest_weight(self, synapses: CardSynapses) -> float:
        """The largest size of a weight, found on the card where it keeps them one by one."""
        if synapses.weights is None:
            return synapses.largest_weight()
        found, driver = self.memory.array(1, np.uint64), self.driver
        kernel = self.code.modules["engine"].kernel("pgl_largest")
        blocks = max(
            1, min(-(-synapses.places // BLOCK), MOST_BLOCKS * driver.card.multiprocessors)
        )
        sizes = records.Sizes(synapses.weights.address, synapses.places, found.address)
        driver.launch(kernel, (blocks, 1), BLOCK, bytes(sizes))
        return float(found.host().view(np.float64)[0])

    def begin_sums(self, step: Sequence[Op]) -> None:
        """Tell each group which sums of continuous transmission it begins: the first that acts on
        an input in a step sets its sum, the others add to it."""
        begun: set[tuple[str, str]] = set()
        for op in step:
            group = self.groups.get(op.of)
            if not isinstance(op, Call) or group is None or group.signature is None:
                continue
            if op.kernel != group.signature.step:
                continue
            group.sets = 0
            for k, sink in enumerate(group.signature.sinks):
                internal = group.binding(0).post[sink]
                target = (group.target.name, internal)
                if group.target.known[internal].role == "coupled" and target not in begun:
                    begun.add(target)
                    group.sets |= 1 << k

    # ------------------------------------------------------------------ records

    def send(self) -> None:
        """Bring all that was changed on the host to the card."""
        if self.are_records_new:
            self._describe()
            self.are_records_new = False
        self.memory.send()

    def instance_records(self) -> list[int]:
        """Addresses of the records of the instances."""
        return [self._instances.at(k) for k in range(self.instances)]

    def population_records(self, name: str) -> list[int]:
        """Addresses of the records of a population, by instance."""
        return self._records_of(self._of_instances[0], name)

    def group_records(self, name: str) -> list[int]:
        """Addresses of the records of a group, by instance."""
        return self._records_of(self._of_instances[1], name)

    def _records_of(self, table: CardArray, name: str) -> list[int]:
        offset = self.number_of(name) * table.dtype.itemsize
        return [table.at(k) + offset for k in range(self.instances)]

    def _describe(self) -> None:
        kept: list[Any] = []
        populations, groups = (table.change() for table in self._of_instances)
        for k, population in enumerate(self.populations.values()):
            kept += population.describe(self.seeds, populations[:, k])
        for k, group in enumerate(self.groups.values()):
            ends = Ends(
                self.population_records(group.source.name),
                self.population_records(group.target.name),
            )
            parents = [] if group.parent is None else self.group_records(group.parent.name)
            kept += group.describe(groups[:, k], ends, parents)
        kept += self.recorders.describe()
        if self.extension is not None:
            self.extension.describe(populations, groups)
        rows = self._instances.change()
        for k in range(self.instances):
            record = records.Instance(
                populations=self._of_instances[0].at(k),
                groups=self._of_instances[1].at(k),
                n_populations=len(self.populations),
                n_groups=len(self.groups),
                **self.recorders.fields(k),
                **self.status.fields(k),
            )
            rows[k] = records.row_of(record)
        self._kept = kept  # what kernels that still run have been told of goes only now

    def set_ops(self, ops: CardArray, count: int) -> None:
        """Tell the card what a step consists of: the first ``count`` of these operations."""
        record = records.Card(
            instances=self._instances.address,
            ops=ops.address,
            n_instances=self.instances,
            n_ops=count,
            step=self.status.step_address,
            paused=self.status.paused_address,
        )
        row, alone = self.card.change(), self._cards.change()
        row[0] = records.row_of(record)
        alone[:] = row[0]
        alone["instances"] = [self._instances.at(k) for k in range(self.instances)]
        alone["n_instances"] = 1

    def card_of_one(self, instance: int) -> int:
        """The address of a pgl_card that has one of the instances only."""
        return self._cards.at(instance)


class Status:
    """Step, pause and faults, as the card has them.

    Parameters
    ----------
    memory : CardMemory
    instances : int
    """

    _HEAD = 16  # bytes before `halted`

    def __init__(self, memory: CardMemory, instances: int) -> None:
        self._memory, self._instances = memory, instances
        self._head = memory.array(self._HEAD + 4 * instances, np.uint8)
        self._fault = memory.array(instances, np.uint64)
        self._fault_step = memory.array(instances, np.int64)
        self.forget_faults()

    @property
    def step_address(self) -> int:
        """Of the present step."""
        return self._head.address

    @property
    def paused_address(self) -> int:
        """Of the pause."""
        return self._head.address + 8

    def fields(self, instance: int) -> dict[str, int]:
        """What pgl_instance says of it."""
        return {
            "fault": self._fault.at(instance),
            "fault_step": self._fault_step.at(instance),
            "halted": self._head.address + self._HEAD + 4 * instance,
        }

    def read(self) -> tuple[int, bool, Array]:
        """The present step, whether it pauses, and which instances are halted (waits)."""
        head = np.empty(self._head.shape, np.uint8)
        self._memory.driver.download(self._head.address, head)
        halted = head[self._HEAD :].view(np.int32) != 0
        return int(head[:8].view(np.int64)[0]), bool(head[8:12].view(np.int32)[0]), halted

    def set_step(self, step: int) -> None:
        """Go to a step."""
        self._memory.driver.upload(self.step_address, np.array([step], np.int64))

    def resume(self) -> None:
        """Records have room again."""
        self._memory.driver.fill(self.paused_address, 4, 0)

    def set_halted(self, halted: Array) -> None:
        """Let these instances do nothing, and the others continue."""
        address = self._head.address + self._HEAD
        self._memory.driver.upload(address, np.ascontiguousarray(halted, np.int32))

    def forget_faults(self) -> None:
        """No variable of any instance has stopped being finite."""
        self._fault.put(np.uint64(records.NO_FAULT))  # type: ignore[arg-type]
        self._fault.send()
        self.set_halted(np.zeros(self._instances, np.int32))
        self.resume()

    def faults(self) -> tuple[Array, Array]:
        """By instance: what was found, as pgl_instance says, all ones: nothing; at which step."""
        found, steps = np.empty(self._instances, np.uint64), np.empty(self._instances, np.int64)
        self._memory.driver.download(self._fault.address, found)
        self._memory.driver.download(self._fault_step.address, steps)
        return found, steps
