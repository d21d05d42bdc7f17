"""Where the memory of a sample in flight lies in its slot."""

from __future__ import annotations

from collections.abc import Sequence

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training import training_records as records

ALIGNMENT = 64


@dataclass(frozen=True)
class Shape:
    """How many numbers a population keeps, of each neuron (`recorded`: of each spike).

    Attributes
    ----------
    states, before, adjoints, gradients, recorded : int
    kept : int
        How many of `before` are kept of every step, the first of them.
    spikes, smooth : bool
    """

    states: int = 0
    before: int = 0
    adjoints: int = 0
    gradients: int = 0
    recorded: int = 0
    kept: int = 0
    spikes: bool = False
    smooth: bool = False


GIVEN = Shape()  # of populations without a model


def lay_out_slots(
    program: records.Program,
    populations: Sequence[records.Population],
    groups: Sequence[records.Group],
    shapes: Sequence[Shape],
    scratch: int,
) -> int:
    """Write the offsets into the records; the bytes of a slot, also into ``program.slot_bytes``.

    Parameters
    ----------
    program : Program
        With ``steps`` and ``real_bytes``.
    populations, groups
        With sizes, strides, room for spikes, and what is kept of them.
    shapes : sequence of Shape
        Of the populations.
    scratch : int
        Reals of the loss.
    """
    slot = _Slot(int(program.real_bytes))
    steps = int(program.steps)
    program.status = slot.take(64)
    program.scratch = slot.reals(scratch)
    for number, (of, shape) in enumerate(zip(populations, shapes, strict=True)):
        longest = max((int(g.longest) for g in groups if g.target == number), default=0)
        of.neuron_steps = slot.odd_lines(-(-2 * (steps + longest) // 16) * 16) // 2
        _lay_out_population(slot, of, shape, steps)
    for group in groups:
        _lay_out_group(slot, group, populations[group.source], populations[group.target])
    program.slot_bytes = slot.size
    return slot.size


class _Slot:
    """Memory given out piece by piece."""

    def __init__(self, real_bytes: int) -> None:
        self.real_bytes, self.size = real_bytes, 0

    def take(self, n_bytes: int) -> int:
        """Where a piece begins."""
        begin = self.size
        self.size += -(-n_bytes // ALIGNMENT) * ALIGNMENT
        return begin

    def reals(self, n: int) -> int:
        return self.take(n * self.real_bytes)

    def odd_lines(self, reals: int) -> int:
        """So many, or more to make an odd number of cache lines."""
        line = ALIGNMENT // self.real_bytes
        return reals + line * (1 - reals // line % 2)

    def words(self, n: int) -> int:
        return self.take(4 * n)


def _lay_out_population(slot: _Slot, of: records.Population, shape: Shape, steps: int) -> None:
    if of.sorted:
        of.row_begin, of.row_step = slot.words(of.n + 1), slot.words(of.room)
    if of.input != records.NONE:
        return
    of.state = slot.reals(shape.states * of.stride)
    of.before = slot.reals((shape.before - shape.kept) * of.stride)
    of.history = slot.reals(shape.kept * of.stride * steps)
    of.counts = slot.words(of.stride)
    if shape.spikes:
        of.begin, of.index = slot.words(steps + 2), slot.words(of.room)
        of.recorded = slot.reals(shape.recorded * of.room)
        of.flags, of.left = slot.words(-(-of.n // 32) * 32), slot.words(of.stride)
        of.back = slot.reals(of.stride if shape.smooth else of.room)
    of.adjoint = slot.reals(shape.adjoints * of.stride)
    of.sums = slot.reals(shape.gradients * of.stride)
    of.sent_now = slot.reals(shape.adjoints * of.stride if of.sent else 0)
    of.kept_stride = slot.odd_lines(of.stride)
    of.kept_rows = slot.reals(of.kept.bit_count() * steps * of.kept_stride)
    of.sent_rows = slot.reals(of.sent_kept.bit_count() * of.stride * of.neuron_steps * 2)


def _lay_out_group(
    slot: _Slot, group: records.Group, source: records.Population, target: records.Population
) -> None:
    if group.ring and group.layout == records.DENSE and source.input != records.NONE:
        group.waiting = slot.reals(target.stride * target.neuron_steps)  # of all steps
    elif group.ring or group.dropout:
        group.waiting = slot.reals(max(1, group.ring) * target.stride)
    if group.dropout:
        group.dropped, group.listed = slot.words(source.n), slot.words(64)
    if group.layout == records.SHARED and group.wanted & records.WEIGHTS:
        group.sums = slot.reals(group.n_weights)
