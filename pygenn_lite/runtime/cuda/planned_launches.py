"""By which launches the operations of a step are carried out on a card: plain data, known without
one. Operations that are alike and stand side by side become one launch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.operations import Operation

MOST_IN_LAUNCH = 65535  # blocks in y: operations times instances
# Groups whose rows are drawn at every spike have a kernel of their own, which takes more registers.
STORED, DRAWN = "pgl_deliver", "pgl_deliver_drawn"
_KERNELS = {
    records.OP_DELIVER: (STORED, "weights of spikes are added to what arrives later"),
    records.OP_COLLECT: ("pgl_collect", "what arrives is added to neurons"),
    records.OP_SEND: ("pgl_send", "spikes are counted, recorded and sent"),
    records.OP_SAMPLE: ("pgl_sample", "variables are recorded"),
    records.OP_REDUCE: ("pgl_reduce", "one number of many neurons"),
    records.OP_FINISH: ("pgl_finish", "one number of many neurons, known to all"),
    records.OP_FOLD: ("pgl_fold", "what synapses have added is added to neurons"),
    records.OP_SORT: ("pgl_sort", "spikes are sorted"),
    records.OP_TRAIN: ("pgl_train", "spikes of trains"),
    records.OP_ADVANCE: ("pgl_advance", "the step ends"),
}
_ROLES = {
    records.OP_ARRIVE: "arrivals at synapses",
    records.OP_FIRE: "neurons come to the next step",
    records.OP_NEURONS: "a kernel over neurons",
    records.OP_SPIKING_NEURONS: "a kernel over neurons that spiked",
    records.OP_SYNAPSES: "a kernel over synapses",
    records.OP_SPIKING_TARGETS: "a kernel over synapses onto neurons that spiked",
    records.OP_ONCE: "a kernel over shared signals",
    records.OP_TRACE: "traces of a train",
}
_ARITHMETIC = (records.OP_FIRE, records.OP_NEURONS)
_ONE_BLOCK = (records.OP_SORT, records.OP_FINISH, records.OP_ADVANCE, records.OP_ONCE)
BLOCK = 128  # threads of kernels with one block


@dataclass(frozen=True)
class PlannedLaunch:
    """One launch: operations that are alike, side by side in the list.

    Attributes
    ----------
    kernel : str
    module : str
        "engine" or "network".
    role : str
        What it does, for people.
    of : tuple of str
        Populations or groups.
    first, count : int
        Which operations.
    elements : int
        What the largest of them has to do in an instance, one thread each.
    waits_for : {"memory", "arithmetic", "barriers"}
    threads : int
        Of a block, where that is fixed; 0: to be chosen.
    blocks : int
        In x, where that is fixed; 0: to be chosen.
    for_all : bool
        Whether it is done once for all instances, not in each.
    """

    kernel: str
    module: str
    role: str
    of: tuple[str, ...]
    first: int
    count: int
    elements: int
    waits_for: str = "memory"
    threads: int = 0
    blocks: int = 0
    for_all: bool = False


def planned_launches(
    ops: Sequence[Operation], plan: NetworkPlan, instances: int, first: int = 0
) -> list[PlannedLaunch]:
    """The launches that carry out a list of operations.

    Parameters
    ----------
    ops : sequence of Operation
    plan : NetworkPlan
        Of one instance.
    instances : int
    first : int
        The place of the first operation in the card's list.

    Raises
    ------
    UnsupportedFeatureError
        More instances than a launch can have.
    """
    most = MOST_IN_LAUNCH // instances
    if not most:
        raise UnsupportedFeatureError(
            f"{instances:,} instances on one card; {MOST_IN_LAUNCH:,} are the most",
            hint="run so many at a time",
        )
    launches, at = [], first
    for _, some in groupby(ops, key=lambda op: op.alike):
        alike = list(some)
        for begin in range(0, len(alike), most):
            part = alike[begin : begin + most]
            launches.append(replace(_launch(part, plan), first=at))
            at += len(part)
    return launches


def _launch(ops: Sequence[Operation], plan: NetworkPlan) -> PlannedLaunch:
    kind = ops[0].kind
    kernel, role = _KERNELS.get(kind, (f"{ops[0].function}_kernel", _ROLES.get(kind, "")))
    if kernel == STORED and ops[0].turn:
        kernel = DRAWN
    single = kind in _ONE_BLOCK
    return PlannedLaunch(
        kernel,
        "engine" if kind in _KERNELS else "network",
        role,
        tuple(op.of for op in ops if op.of),
        0,
        len(ops),
        max(_elements(op, plan) for op in ops),
        "arithmetic" if kind in _ARITHMETIC else "barriers" if single else "memory",
        BLOCK if single else 0,
        1 if single else 0,
        kind == records.OP_ADVANCE,
    )


def _elements(op: Operation, plan: NetworkPlan) -> int:
    """What an operation has to do in an instance, one thread each: neurons, or synapses of spikes
    (one neuron in a hundred is taken to spike)."""
    network = plan.described.network
    if op.of in network.populations:
        return max(network.populations[op.of].size, 1)
    if op.of not in plan.groups:
        return 1
    group = plan.groups[op.of]
    if op.kind in (records.OP_DELIVER, records.OP_ARRIVE):
        return max(round(group.count / 100), min(group.n_pre, 32), 1)
    if op.kind == records.OP_SPIKING_TARGETS:
        return max(group.n_post, 1)
    return max(round(group.count), group.n_post, 1)
