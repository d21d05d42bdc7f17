"""Goes through the schedules of an extension, the same way on every backend: loops, what is due in
which pass, when a loop ends, which sample each instance gets. What is done in steps, and between
them, is done by the device (:class:`~pygenn_lite.runtime.device_programs.Programs`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.program.extension import NETWORK
from pygenn_lite.codegen.program.extension_ops import (
    Combine,
    Present,
    Restart,
    Shuffle,
    expanded,
)
from pygenn_lite.codegen.program.schedule import Loop, Op
from pygenn_lite.declaration.spike_tensor import SpikeTensor
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.values.philox import philox, stream_of
from pygenn_lite.runtime.values.spike_trains import SpikeTrain, check_replay

Array = npt.NDArray[Any]
BETWEEN_RUNS = (Combine, Present, Restart, Shuffle)  # what is done here
HOW = {"sum": np.add, "mean": np.add, "max": np.maximum}


class ScheduleWalker:
    """One run of a schedule.

    Parameters
    ----------
    device : Device
        Built with an extension.
    name : str
        Of the schedule.
    data : mapping of str to SpikeTensor or array
        What its operations name.
    steps : int
        Of loops over steps that do not say how many.

    Attributes
    ----------
    passes : dict of str to int
        How many passes there were of each kind of loop, steps left out.

    Raises
    ------
    ArgumentError
        There is no such schedule, or data is missing.
    """

    def __init__(
        self,
        device: Device,
        name: str,
        data: Mapping[str, Any] | None = None,
        steps: int = 0,
    ) -> None:
        programs = device.programs
        known = {} if programs is None else programs.extension.schedules
        if programs is None or name not in known:
            raise ArgumentError(
                f"there is no schedule {name!r}",
                hint=f"there are: {', '.join(known)}" if known else "compile with an extension",
            )
        self.device, self.programs, self.steps = device, programs, steps
        self.data = dict(data or {})
        self._kept: list[Any] = []
        self.schedule = expanded(known[name], programs.simulated)
        self.passes: dict[str, int] = {}
        self.began = device.step  # the step of the last restart
        self._shuffled = 0
        self._check_data(name)

    def run(self) -> None:
        """Go through the whole schedule."""
        try:
            for loop in self.schedule.loops:
                self._repeat(loop, None)
        finally:
            self.programs.simulates_again()

    # ------------------------------------------------------------------ loops

    def _repeat(self, loop: Loop, block: tuple[int, int] | None) -> None:
        if loop.over == "steps":
            self._steps(loop, block)
            return
        if loop.over == "blocks":
            for first, end in self._blocks(loop):
                self._body(loop, 0, (first, end))
            return
        for number in range(1 if loop.count is None else loop.count):
            self.passes[loop.over] = self.passes.get(loop.over, 0) + 1
            self._body(loop, number, block)
            if loop.until is not None and loop.until.holds(self._signal(loop.until.signal)):
                return

    def _steps(self, loop: Loop, block: tuple[int, int] | None) -> None:
        ops = cast(tuple[Op, ...], loop.body)  # the same object each time: devices remember it
        now = self.device.step
        if block is not None:
            self.programs.walk(ops, block[0], block[1] - block[0], loop.direction)
        elif loop.direction < 0:
            count = now - self.began if loop.count is None else loop.count
            self.programs.walk(ops, now - count, count, -1)
        else:
            self.programs.simulate(ops, self.steps if loop.count is None else loop.count)

    def _blocks(self, loop: Loop) -> list[tuple[int, int]]:
        """First steps and ends; whole blocks are counted from the last restart."""
        now = self.device.step
        cuts = range(self.began, now, loop.size)
        blocks = [(first, min(first + loop.size, now)) for first in cuts]
        return blocks[::-1] if loop.direction < 0 else blocks

    def _body(self, loop: Loop, number: int, block: tuple[int, int] | None) -> None:
        due = [p for p in loop.body if isinstance(p, Loop) or number % p.every == p.offset]
        for kind, parts in groupby(due, key=_kind):
            if kind == "once":
                self.programs.once(self._same(tuple(p for p in parts if isinstance(p, Op))))
                continue
            for part in parts:
                if isinstance(part, Loop):
                    self._repeat(part, block)
                else:
                    self._between(part, number)

    def _same(self, ops: tuple[Op, ...]) -> tuple[Op, ...]:
        """The tuple that stood for these operations before: devices remember what it became. Its
        `every` was of passes."""
        for known, made in self._kept:
            if known == ops:
                return made  # type: ignore[no-any-return]
        made = tuple(_at_once(op) for op in ops)
        self._kept.append((ops, made))
        return made

    # ------------------------------------------------------------------ between runs

    def _between(self, op: Op, number: int) -> None:
        if isinstance(op, Restart):
            self.programs.restart()
            self.began = self.device.step
        elif isinstance(op, Shuffle):
            self._shuffle(op)
        elif isinstance(op, Combine):
            self._combine(op)
        elif isinstance(op, Present):
            for k in range(len(self.device.instances)):
                self._present(op, k, number)

    def _present(self, op: Present, instance: int, number: int) -> None:
        at = number * len(self.device.instances) + instance
        given = self.data[op.data]
        order = self.data[op.order] if op.order else range(len(given))
        if at >= len(order):
            raise ArgumentError(
                f"pass {number} of a loop asks for sample number {at}: there are {len(order)}",
                where=Location.of("data", op.order or op.data),
                hint="let the loop over batches have fewer passes",
            )
        sample = int(order[at])
        one = self.device.instances[instance]
        if isinstance(given, SpikeTensor):
            dt = one.network.dt
            steps, indices = given.train(sample, dt)
            one.replay(op.into, SpikeTrain(self.began + steps, indices))
            return
        variable = op.variable or "values"
        self.programs.write(instance, op.into, variable, np.asarray(given)[sample])

    def _shuffle(self, op: Shuffle) -> None:
        order = np.asarray(self.data[op.order])
        seed, stream = self.device.instances[0].network.seed, stream_of(f"shuffle:{op.order}")
        words = philox(seed, np.arange(-(-len(order) // 4)), self._shuffled, 0, stream)
        self._shuffled += 1
        places = np.argsort(words.reshape(-1)[: len(order)], kind="stable")
        self.data[op.order] = order[places]

    def _combine(self, op: Combine) -> None:
        count = len(self.device.instances)
        total = self.programs.read(0, op.on, op.variable)
        for k in range(1, count):
            total = HOW[op.how](total, self.programs.read(k, op.on, op.variable))
        if op.how == "mean":
            total = total / np.asarray(count, total.dtype)
        for k in range(count):
            value = total if k == 0 or op.into == "all" else np.zeros_like(total)
            self.programs.write(k, op.on, op.variable, value)

    def _signal(self, name: str) -> float:
        return float(self.programs.read(0, NETWORK, name))

    # ------------------------------------------------------------------ checks

    def _check_data(self, schedule: str) -> None:
        network = self.device.instances[0].network
        for op in self.schedule.ops:
            if not isinstance(op, (Present, Shuffle)):
                continue
            names = [op.data, op.order] if isinstance(op, Present) else [op.order]
            for name in filter(None, names):
                if name not in self.data:
                    raise ArgumentError(
                        f"schedule {schedule!r} needs data {name!r}", hint=f"pass {name}=..."
                    )
            if isinstance(op, Present):
                given = self.data[op.data]
                if isinstance(given, SpikeTensor):
                    source = network.populations[op.into]
                    check_replay(source, given, network.dt, Location.of("data", op.data))
                elif np.ndim(given) == 0:
                    raise ShapeError(
                        "one number where there should be one for each sample",
                        where=Location.of("data", op.data),
                        hint="give an array whose first axis is that of samples",
                    )


def _kind(part: Op | Loop) -> str:
    if isinstance(part, Loop):
        return "loop"
    return "between" if isinstance(part, BETWEEN_RUNS) else "once"


def _at_once(op: Op) -> Op:
    return replace(op, every=1, offset=0)
