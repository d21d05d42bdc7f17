"""Describes groups whose synapses come and go to the backends' builders: all their places, of which
a synapse takes one each."""

from __future__ import annotations

import numpy as np

from pygenn_lite.codegen.plan.groups import GroupPlan, without_spread
from pygenn_lite.declaration.network import Network
from pygenn_lite.runtime.values.group_description import GroupDescription, Structure
from pygenn_lite.runtime.values.group_drawing import draw_group
from pygenn_lite.runtime.values.philox import stream_of
from pygenn_lite.runtime.values.slots import EMPTY, Slots


def describe_room(network: Network, plan: GroupPlan, seed: int) -> GroupDescription:
    """All places of a group as synapses for the builder to lay down: drawn by the host. Empty ones
    lead to the last neuron, so that targets are as wide as any that may be added."""
    group, last = plan.group, plan.n_post - 1
    slots = Slots.of(draw_group(network, group, seed), plan.n_pre, group.spare)
    return GroupDescription(
        group,
        plan.n_pre,
        plan.n_post,
        stream_of(f"group:{group.name}"),
        Structure(slots.source, np.where(slots.target == EMPTY, last, slots.target)),
        slots.weight,
        without_spread(group.delay),
        slots=slots,
    )
