"""Networks whose records are put together by hand. NumPy arrays are the memory of the emulated
card: its addresses are those of the process."""

from __future__ import annotations

import ctypes as c
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.runtime.cuda import records
from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver
from pygenn_lite.runtime.cuda.meetings import orders

HERE = Path(__file__).parent
FUNCTIONS = (
    *("update", "after", "on_pre", "on_pre_ordered"),
    *("on_post", "on_post_ordered", "settle", "gather"),
)
ENGINE = {
    records.OP_DELIVER: "pgl_deliver",
    records.OP_SEND: "pgl_send",
    records.OP_SAMPLE: "pgl_sample",
    records.OP_REDUCE: "pgl_reduce",
    records.OP_COLLECT: "pgl_collect",
    records.OP_FOLD: "pgl_fold",
    records.OP_SORT: "pgl_sort",
    records.OP_TRAIN: "pgl_train",
    records.OP_ADVANCE: "pgl_advance",
    records.OP_FINISH: "pgl_finish",
}
Array = NDArray[Any]


@cache
def hand_made_kernels(
    real_bytes: int, backwards: bool, by_warps: bool = False
) -> tuple[EmulatorDriver, Any]:
    """The kernels of hand_made.cu; ``by_warps``: warps own targets, as on a card."""
    driver = EmulatorDriver(backwards=backwards)
    numbers = {
        "REAL_BYTES": real_bytes,
        "WALK_THREADS": 256,
        "WALK_BLOCKS": 2,
        "WALK_KINDS": -1,
        **({"OWNERS_ARE_WARPS": 1} if by_warps else {}),
    }
    text = "".join(f"#define PGL_{name} {number}\n" for name, number in numbers.items())
    text += (HERE / "hand_made.cu").read_text() + '#include "cuda/instances.cu"\n'
    return driver, driver.load(driver.compile({"hand_made.cu": text}, "hand_made.cu", cache=True))


class HandMade:
    """One network, in `instances` copies that differ in what a test makes different.

    Populations are called by number; what a record points to is kept under its name.
    """

    def __init__(self, real: type = np.float64, instances: int = 1, slots: int = 8) -> None:
        self.real, self.instances, self.slots = np.dtype(real), instances, slots
        self.kept: list[Any] = []
        self.populations: list[list[records.Population]] = [[] for _ in range(instances)]
        self.groups: list[list[records.Synapses]] = [[] for _ in range(instances)]
        self.samplers: list[list[records.Sampler]] = [[] for _ in range(instances)]
        self.logs: list[list[records.SpikeLog]] = [[] for _ in range(instances)]
        self.ends: list[tuple[int, int]] = []  # of each group
        self.arrays: dict[tuple[int, str, int], Array] = {}  # instance, name, number of its owner
        self.ops: list[records.CardOp] = []
        self.step, self.paused = np.zeros(1, np.int64), np.zeros(1, np.int32)
        self.fault = np.full(instances, records.NO_FAULT, np.uint64)
        self.fault_step = np.full(instances, -1, np.int64)
        self.halted = np.zeros(instances, np.int32)

    def at(self, what: Any) -> int:
        """The address of an array, or of a record, which is kept; 0 for None."""
        if what is None:
            return 0
        self.kept.append(what)
        return what.ctypes.data if isinstance(what, np.ndarray) else c.addressof(what)

    def pointers(self, *to: Any) -> int:
        return self.at(np.array([self.at(one) for one in to] or [0], np.uint64))

    def keep(self, instance: int, name: str, owner: int, array: Array) -> Array:
        self.arrays[instance, name, owner] = array
        return array

    # ------------------------------------------------------------------ parts
    def population(
        self,
        count: int,
        gain: float = 0.0,
        train: Sequence[tuple[int, int]] | None = None,
        past: bool = False,
        per_unit: float = 2.0**20,
        largest: int = 2**62,
        log: bool = False,
    ) -> int:
        """Variables "v" and "trace"; an inbox of "v" for static synapses, one for kernels."""
        number = len(self.populations[0])
        steps = np.array([step for step, _ in train or ()], np.int64)
        neurons = np.array([neuron for _, neuron in train or ()], np.uint32)
        pairs = list(train or ())
        again = [pair for pair, following in pairwise(pairs) if pair == following]
        for k in range(self.instances):

            def new(name: str, shape: Any, kind: Any, k: int = k) -> Array:
                return self.keep(k, name, number, np.zeros(shape, kind))

            v, trace = new("v", count, self.real), new("trace", count, self.real)
            later = new("later", (self.slots, count), np.int64)
            now = new("now", count, np.int64)
            inboxes = (records.Inbox * 2)()
            for inbox, box in ((inboxes[0], {"later": later}), (inboxes[1], {"now": now})):
                inbox.variable, inbox.mask = self.at(v), self.slots - 1
                inbox.per_unit, inbox.largest = per_unit, largest
                for field, array in box.items():
                    setattr(inbox, field, self.at(array))
            room = count + len(pairs)
            ring = new("past", (self.slots, count), self.real)
            one = records.Past(
                state=self.at(trace),
                base=self.at(ring),
                stride=count,
                mask=self.slots - 1,
                repeated=self.at(new("repeated", len(again) + 1, self.real)),
            )
            if again:
                one.repeats = self.at(
                    records.Repeats(
                        n=len(again),
                        step=self.at(np.array([step for step, _ in again], np.int64)),
                        source=self.at(np.array([neuron for _, neuron in again], np.uint32)),
                    )
                )
            self.keep(k, "scalars", number, np.array([gain], np.float64))
            self.populations[k].append(
                records.Population(
                    arrays=self.pointers(v, trace),
                    scalars=self.at(self.arrays[k, "scalars", number]),
                    dt=0.1,
                    count=count,
                    spikes=self.at(new("spikes", (self.slots, room), np.uint32)),
                    spike_counts=self.at(new("spike_counts", self.slots, np.uint32)),
                    slots_mask=self.slots - 1,
                    room=room,
                    train_steps=self.at(steps),
                    train_neurons=self.at(neurons),
                    train_size=len(pairs),
                    has_train=int(train is not None),
                    number=number,
                    totals=self.at(new("totals", count, np.uint32)),
                    total=self.at(new("total", 1, np.uint64)),
                    past=self.at(one),
                    inboxes=self.at(inboxes),
                    n_past=int(past),
                    n_inboxes=2,
                    train_next=self.at(new("train_next", 1, np.uint64)),
                )
            )
        return number

    def group(
        self,
        source: int,
        target: int,
        synapses: Sequence[tuple[int, int, int, float]],
        lead: int = 0,
        **more: Any,
    ) -> int:
        """(source, target, delay, weight) of each; laid down by source, then by delay, stable."""
        number = len(self.groups[0])
        self.ends.append((source, target))
        table = np.array(synapses, np.float64).reshape(-1, 4)
        table = table[np.lexsort((table[:, 2], table[:, 0]))]
        pre, post, delay = (table[:, k].astype(np.uint32) for k in range(3))
        by_target = np.lexsort((np.arange(len(pre)), pre, post)).astype(np.uint32)
        for k in range(self.instances):
            ends = self.populations[k][source], self.populations[k][target]
            weight = self.keep(k, "weight", number, table[:, 3].astype(self.real))
            inboxes = c.cast(ends[1].inboxes, c.POINTER(records.Inbox))
            inbox = inboxes[0] if more.get("static", True) else inboxes[1]
            v = self.arrays[k, "v", target]
            fields = {
                "variables": self.pointers(weight),
                "post": self.pointers(v),
                "inboxes": self.pointers(inbox),
                "row_begin": self.at(_begins(pre, ends[0].count)),
                "targets": self.at(post),
                "delays": self.at(delay.astype(np.uint16)),
                "sources": self.at(pre),
                "post_begin": self.at(_begins(np.sort(post), ends[1].count)),
                "post_position": self.at(by_target),
                "post_source": self.at(pre[by_target]),
                "n_source": ends[0].count,
                "n_target": ends[1].count,
                "n_synapses": len(pre),
                "min_delay": int(delay.min(initial=255)),
                "max_delay": int(delay.max(initial=1)),
                "lead": lead,
            }
            if more.get("past", False):
                fields["pre"] = self.at(np.array([ends[0].past], np.uint64))
            fields |= {
                name: value for name, value in more.items() if name not in ("static", "past")
            }
            self.groups[k].append(records.Synapses(**fields))
        return number

    def op(self, kind: int, index: int = 0, function: str = "", **more: Any) -> int:
        """One more operation of a step; its place."""
        number = FUNCTIONS.index(function) if function else records.NO_FUNCTION
        one = {"every": 1, "offset": 0, "function": number, **more}
        self.ops.append(records.CardOp(kind=kind, index=index, **one))
        return len(self.ops) - 1

    # ------------------------------------------------------------------ running
    def card(self) -> records.Card:
        """All records, as they are now. Where sources and targets lie is known only here."""
        instances = (records.Instance * self.instances)()
        for k, instance in enumerate(instances):
            populations = (records.Population * len(self.populations[k]))(*self.populations[k])
            size = c.sizeof(records.Population)
            for group, (source, target) in zip(self.groups[k], self.ends, strict=True):
                group.source = self.at(populations) + source * size
                group.target = self.at(populations) + target * size
            parts = {
                "populations": populations,
                "groups": (records.Synapses * len(self.groups[k]))(*self.groups[k]),
                "samplers": (records.Sampler * len(self.samplers[k]))(*self.samplers[k]),
                "logs": (records.SpikeLog * len(self.logs[k]))(*self.logs[k]),
            }
            for name, array in parts.items():
                setattr(instance, name, self.at(array))
                setattr(instance, f"n_{name}", len(array))
            instance.fault = self.at(self.fault[k:])
            instance.fault_step = self.at(self.fault_step[k:])
            instance.halted = self.at(self.halted[k:])
        ops = (records.CardOp * len(self.ops))(*self.ops)
        return records.Card(
            instances=self.at(instances),
            ops=self.at(ops),
            n_instances=self.instances,
            n_ops=len(self.ops),
            step=self.at(self.step),
            paused=self.at(self.paused),
        )

    def launch(self, first: int, count: int = 1, blocks: int = 1, backwards: bool = False) -> None:
        """Carries out operations that are alike, side by side."""
        op = self.ops[first]
        name = ENGINE.get(op.kind) or f"{FUNCTIONS[op.function]}_kernel"
        self.launch_kernel(
            name, records.Launch(self.at(self.card()), first, count), count, blocks, backwards
        )

    def launch_kernel(
        self, name: str, args: c.Structure, count: int = 1, blocks: int = 1, backwards: bool = False
    ) -> None:
        driver, kernels = hand_made_kernels(self.real.itemsize, backwards)
        grid = (1, 1) if name == "pgl_advance" else (blocks, count * self.instances)
        driver.launch(kernels.kernel(name), grid, 64, bytes(args))
        driver.synchronise()

    def run(self, steps: int, blocks: int = 1, backwards: bool = False) -> None:
        """Steps of all operations, one launch for each."""
        for _ in range(steps):
            for place in range(len(self.ops)):
                self.launch(place, 1, blocks, backwards)

    def walk(
        self, steps: int, threads: int = 64, backwards: bool = False, blocks: int | None = None
    ) -> None:
        """The same by one block for each instance."""
        each = np.array(orders(self.ops, threads), np.uint8)
        granted = np.zeros(1, np.int64)
        args = records.Walk(self.at(self.card()), self.at(granted), self.at(each), steps)
        driver, kernels = hand_made_kernels(self.real.itemsize, backwards)
        for name in ("pgl_grant", "pgl_walk_instances", "pgl_end_walk"):
            width = (blocks or self.instances) if name == "pgl_walk_instances" else 1
            driver.launch(kernels.kernel(name), (width, 1), threads, bytes(args))
        driver.synchronise()

    def spike(self, population: int, step: int, *neurons: int, instance: int = 0) -> None:
        """Neurons spiked at a step."""
        row = step & (self.slots - 1)
        self.arrays[instance, "spikes", population][row, : len(neurons)] = neurons
        self.arrays[instance, "spike_counts", population][row] = len(neurons)

    def spiked(self, population: int, step: int, instance: int = 0) -> list[int]:
        """Who did, as their row has them."""
        row = step & (self.slots - 1)
        count = int(self.arrays[instance, "spike_counts", population][row])
        return self.arrays[instance, "spikes", population][row, :count].tolist()


def _begins(of: Array, count: int) -> Array:
    """Where the entries of each of `count` owners begin; `of` ascends."""
    return np.searchsorted(of, np.arange(count + 1)).astype(np.uint32)
