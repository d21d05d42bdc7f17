"""The synapses of a network as plain arrays, drawn by the compiled builder: the same ones, with the
same weights to the last bit, as a simulation of this precision has."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.delivery import StorePlan, codes_of
from pygenn_lite.codegen.plan.groups import GroupPlan, plan_groups
from pygenn_lite.codegen.plan.partition import Partition, make_partition
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.declaration.steps import LONGEST_DELAY, delay_steps, times_of
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.building import compile_code
from pygenn_lite.runtime.cpp.delivery import neuron_offsets
from pygenn_lite.runtime.cpp.shared_objects import Builder
from pygenn_lite.runtime.cpp.stores import Building, Store, StoredGroup, build_store
from pygenn_lite.runtime.values.group_description import (
    GroupDescription,
    Structure,
    check_weight_range,
    describe_group,
    known_synapses,
)
from pygenn_lite.runtime.values.philox import PURPOSE_WEIGHT
from pygenn_lite.runtime.values.weights import check_weights


@dataclass(frozen=True)
class DrawnSynapses:
    """Synapses of a group, ordered by source, then target, then delay.

    Attributes
    ----------
    pre, post : ndarray of int64
    steps : ndarray of int64
        Delays in steps.
    delay : ndarray of float64
        ms, as declared where they were declared as numbers: not rounded to steps.
    weight : ndarray of float64
        As a simulation keeps them.
    """

    pre: npt.NDArray[np.int64]
    post: npt.NDArray[np.int64]
    steps: npt.NDArray[np.int64]
    delay: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.pre)


class SynapseDrawer:
    """Draws the groups of a network, one after another.

    Parameters
    ----------
    network : Network
    dtype : dtype
        In which weights are kept.
    cache : bool
        Whether the builder may come from the compile cache.
    """

    def __init__(self, network: Network, dtype: np.dtype[np.floating], cache: bool = True) -> None:
        self.network, self.dtype = network, dtype
        self._plans = plan_groups(network)
        code = compile_code("", None, parts=("builder",), use_cache=cache)
        self._kept = code.temporary  # folders that go with their last user
        self._builder = Builder.load(code.parts["builder"])

    def draw(self, name: str) -> DrawnSynapses:
        """The synapses of a group.

        Raises
        ------
        NetworkError
            A delay is too long, a weight too large.
        """
        plan = self._plans[name]
        description = self._described(plan)
        check_weight_range(description, self.dtype)
        stored = self._stored(plan.group, description)
        if description.weight_later:
            stored.set_weights(self._late_weights(description, stored.read()[0]))
        structure, steps, weight = stored.read()
        pre, post = structure.pre.astype(np.int64), structure.post.astype(np.int64)
        delay = self._delays(description, steps.astype(np.int64))
        return DrawnSynapses(pre, post, steps.astype(np.int64), delay, weight)

    def _described(self, plan: GroupPlan) -> GroupDescription:
        populations, group = self.network.populations, plan.group
        return describe_group(
            plan,
            populations[group.source],
            populations[group.target],
            seed=self.network.seed,
            dt=self.network.dt,
            draw_structure=self._structure,
        )

    def _structure(self, description: GroupDescription) -> Structure:
        structure, _, _ = self._stored(description.group, description).read()
        return Structure(structure.pre.astype(np.int64), structure.post.astype(np.int64))

    def _stored(self, group: SynapseGroup, description: GroupDescription) -> StoredGroup:
        partition = self._partition(group)
        building = Building(
            partition, self.network.dt, LONGEST_DELAY, self.network.seed, 1, self.dtype
        )
        codes = "" if group.weight_precision == "full" else codes_of(group)
        store: Store = build_store(
            self._builder,
            StorePlan(group.source, (group.name,), codes=codes),
            [description],
            building,
            offsets=lambda member: neuron_offsets(partition),
            progress=lambda part: None,
        )
        return StoredGroup(store, 0, self.network.dt)

    def _partition(self, group: SynapseGroup) -> Partition:
        """Stores name targets with 16 bits: as many shards as that takes."""
        sizes = {group.target: self.network.populations[group.target].size}
        return make_partition(sizes, {group.target: 1}, 1)

    def _late_weights(
        self, description: GroupDescription, structure: Structure
    ) -> npt.NDArray[np.float64]:
        group, populations = description.group, self.network.populations
        source, target = populations[group.source], populations[group.target]
        synapses = known_synapses(group, structure, source, target, self.network.seed)
        weights = synapses.values(group.weight, PURPOSE_WEIGHT, "weight")
        check_weights(group, weights)
        return weights

    def _delays(
        self, description: GroupDescription, steps: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """In ms: as declared, in the order of the synapses; of drawn ones whole steps are known."""
        declared, structure = description.delay, description.structure
        if isinstance(declared, (int, float)):
            return np.full(len(steps), float(declared))
        if not isinstance(declared, np.ndarray) or structure is None:
            return times_of(steps, self.network.dt)
        given = delay_steps(declared, self.network.dt)
        order = np.lexsort((given, structure.post, structure.pre))
        return np.asarray(declared[order], np.float64)
