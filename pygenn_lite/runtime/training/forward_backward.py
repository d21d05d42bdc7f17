"""Goes through trials forwards and, in another call, backwards: for losses that are computed
elsewhere. What a trial keeps for its way back stays in memory: all samples are in flight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.numeric import real_array
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.arrays import aligned_array
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.training.data_record import DataRecord
from pygenn_lite.runtime.training.group_arrays import GroupArrays
from pygenn_lite.runtime.training.program_runner import ProgramRunner
from pygenn_lite.runtime.training.run_order import Order
from pygenn_lite.runtime.training.staged_data import StagedData, StagedValues

Array = npt.NDArray[Any]
WHERE = Location("TrainingSession")


@dataclass(frozen=True, eq=False)
class Pending:
    """Trials that have been gone through forwards only.

    Attributes
    ----------
    data : StagedData
    order : Order
    run : int
        Which of the program's runs it was: a later one takes the memory.
    """

    data: StagedData
    order: Order
    run: int


class ForwardBackward:
    """Goes through trials of a program that gives out values of every step, and back.

    Parameters
    ----------
    runner : ProgramRunner
    """

    def __init__(self, runner: ProgramRunner) -> None:
        self.runner, self.signature = runner, runner.memory.signature
        populations = self.signature.populations
        self.sizes = {
            name: runner.memory.sizes[populations[number].name]
            for name, number in self.signature.loss.traces
        }
        self._pending: Pending | None = None

    @property
    def steps(self) -> int:
        """Of a trial."""
        return self.runner.memory.trial.steps

    def forward(self, data: StagedData, order: Order, watch: InterruptWatch) -> dict[str, Array]:
        """Values of every step, [samples, steps, neurons], by name.

        Raises
        ------
        InsufficientMemoryError
            So many samples do not fit into memory at the same time.
        KeyboardInterrupt
            Ctrl-C came meanwhile.
        """
        count = len(order.samples)
        outcome = self.runner.run(data, order, watch, at_least=count)
        if outcome.interrupted:
            raise KeyboardInterrupt
        self._pending = Pending(data, order, self.runner.runs)
        rows = outcome.outputs.reshape(count, self.steps, sum(self.sizes.values()))
        ends = np.cumsum(list(self.sizes.values()))[:-1]
        return dict(zip(self.sizes, np.split(rows, ends, axis=2), strict=True))

    def forget(self) -> None:
        """Values have changed: what has been gone through forwards has no way back."""
        self._pending = None

    def backward(
        self, derivatives: Mapping[str, npt.ArrayLike], watch: InterruptWatch
    ) -> dict[str, Array]:
        """Go back through the trials of the last `forward`.

        Parameters
        ----------
        derivatives : mapping of str to array, [samples, steps, neurons]
            Of the loss by what `forward` gave; of those that are left out: 0.
        watch : InterruptWatch

        Returns
        -------
        dict of str to ndarray
            Derivatives by the spikes of the data, [samples, steps, channels], and by real-valued
            inputs, [samples, steps, neurons].

        Raises
        ------
        ArgumentError
            There was no `forward`, or something else was run or changed since.
        """
        pending = self._pending
        if pending is None or pending.run != self.runner.runs:
            raise ArgumentError(
                "there is nothing to go back through"
                + (": another run came between" if pending is not None else ""),
                where=WHERE.key("backward"),
                hint="call forward() first, and backward() next",
            )
        self._pending = None
        count = len(pending.order.samples)
        given = self._given(derivatives, count)
        data, inputs = self._with_probes(pending.data)
        gradients = [self._room(value, count) for value in data.values]
        kept = DataRecord(data, gradients, given, self.runner.memory.numbers)
        self.runner.back(kept, pending.order, watch)
        named = {v.name: g[..., : v.size] for v, g in zip(data.values, gradients, strict=True)}
        found = {v.name: named[v.name] for v in pending.data.values}
        return found | {name: self._of_spikes(name, named) for name in inputs}

    def _given(self, derivatives: Mapping[str, npt.ArrayLike], count: int) -> Array:
        dtype = self.runner.memory.trial.dtype
        for name in derivatives:
            if name not in self.sizes:
                raise ArgumentError(
                    f"no output {name!r}{nearest(str(name), self.sizes)}",
                    where=WHERE.key("backward"),
                    hint=f"outputs are {', '.join(self.sizes)}",
                )
        shape = (count, self.steps, sum(self.sizes.values()))
        whole = aligned_array(shape, dtype)
        begin = 0
        for name, size in self.sizes.items():
            if name in derivatives:
                array = real_array(derivatives[name], dtype, f"{name!r}", WHERE.key("backward"))
                if array.shape != (count, self.steps, size):
                    raise ShapeError(
                        f"derivatives by {name!r} of shape {array.shape}",
                        where=WHERE.key("backward"),
                        hint=f"give (samples, steps, neurons): {(count, self.steps, size)}",
                    )
                whole[..., begin : begin + size] = array
            begin += size
        return whole

    # ------------------------------------------------------------------ derivatives by inputs

    def _with_probes(self, data: StagedData) -> tuple[StagedData, list[str]]:
        """The data with inputs of 0 wherever given spikes arrive: the derivatives by these make up
        those by the spikes."""
        memory = self.runner.memory
        given = [g for g in self._groups() if memory.populations[g.data.target].signature.adjoints]
        probes: dict[str, StagedValues] = {}
        for group in given:
            target = memory.populations[group.data.target]
            name = _probe(group)
            shape = (len(data), self.steps, target.stride)
            zeros = aligned_array(shape, memory.trial.dtype)
            number = memory.numbers[target.name]
            probes[name] = StagedValues(name, number, group.signature.into, target.size, zeros)
        values = (*data.values, *probes.values())
        named = list(dict.fromkeys(group.data.source for group in given))
        return data.with_values(values), named

    def _groups(self) -> list[GroupArrays]:
        groups = self.runner.memory.groups.values()
        return [g for g in groups if g.data.source in self.signature.given]

    def _room(self, value: StagedValues, count: int) -> Array:
        shape = (count, self.steps, value.values.shape[2])
        return aligned_array(shape, value.values.dtype)

    def _of_spikes(self, source: str, adjoints: Mapping[str, Array]) -> Array:
        """Derivatives by the spikes of a source: adjoints where they arrive, through weights."""
        memory = self.runner.memory
        count = next(iter(adjoints.values())).shape[0]
        found = np.zeros((count, self.steps, memory.sizes[source]), memory.trial.dtype)
        for group in self._groups():
            if group.data.source != source or _probe(group) not in adjoints:
                continue
            rows = adjoints[_probe(group)]
            for delay, weights in group.matrices():
                late = min(delay, self.steps)
                found[:, : self.steps - late] += rows[:, late:] @ weights.T
        return found


def _probe(group: GroupArrays) -> str:
    return f"{group.data.target}[{group.signature.into}]"
