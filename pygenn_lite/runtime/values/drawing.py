"""Synapses drawn by the host, the same ones as the compiled builder draws: for the reference
interpreter, and for rules that only Python can draw. One function here stands for one case in
templates/cpp/engine/rules.hpp.

Random words of a rule are those of the group's stream with purpose 0 and the number of the row (the
source; the target where rows are drawn by target) as the step. Word ``64 b + 16 k + c`` of a row is
word ``k`` of the call for element ``16 b + c``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity import Connectivity, Ends, Indices, NativeRule
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.values.compiled_math import log, unit
from pygenn_lite.runtime.values.philox import PURPOSE_STRUCTURE, GroupRandom, philox
from pygenn_lite.runtime.values.splitting import shared_out

Words = npt.NDArray[np.uint32]
Pairs = tuple[Indices, Indices]
CELLS_AT_ONCE = 1 << 22


def draw_pairs(rule: Connectivity, ends: Ends, random: GroupRandom) -> Pairs:
    """Sources and targets of all synapses: row by row, each row in the order of drawing."""
    native = rule.native(ends.n_pre, ends.n_post)
    if native is None:
        return sorted_by_source(*listed_pairs(rule, ends, random))[:2]
    return _NATIVE[native.kind](_Task(native, ends, random))


def listed_pairs(rule: Connectivity, ends: Ends, random: GroupRandom) -> Pairs:
    """The same in the order in which arrays of weights and delays list them."""
    inner = rule.inner(ends)
    if inner is None:
        return rule.pairs(ends, random) if rule.by_python else draw_pairs(rule, ends, random)
    return rule.placed(*listed_pairs(*inner, random), ends)


def sorted_by_source(pre: Indices, post: Indices) -> tuple[Indices, Indices, Indices]:
    """Pairs ordered by source, those of one source as they were; and where each had been."""
    order = np.argsort(pre, kind="stable")
    return pre[order].astype(np.int64), post[order].astype(np.int64), order


def row_words(random: GroupRandom, rows: Indices, count: int, purpose: int) -> Words:
    """The first words of some rows, shape (rows, count)."""
    blocks, steps = -(-count // 64), np.asarray(rows)[:, None]
    words = philox(random.seed, np.arange(16 * blocks)[None, :], steps, purpose, random.stream)
    in_blocks = words.reshape(len(rows), blocks, 16, 4).swapaxes(2, 3)
    return in_blocks.reshape(len(rows), 64 * blocks)[:, :count]


@dataclass(frozen=True)
class _Task:
    """A native rule, its populations, its random numbers."""

    rule: NativeRule
    ends: Ends
    random: GroupRandom

    @property
    def skips_self(self) -> bool:
        return self.ends.same_population and not self.rule.autapses

    @property
    def targets(self) -> int:
        """That one source can have."""
        return self.ends.n_post - (1 if self.skips_self and self.ends.n_post else 0)

    @property
    def sources(self) -> int:
        """That one target can have."""
        return self.ends.n_pre - (1 if self.skips_self and self.ends.n_pre else 0)

    def without_self(self, row: Indices, drawn: Indices) -> Indices:
        """Numbers from the row's own on stand for the next neuron."""
        drawn = drawn.astype(np.int64)
        return drawn + (drawn >= row) if self.skips_self else drawn


def _all_to_all(task: _Task) -> Pairs:
    n, each = task.ends.n_pre, task.targets
    pre, post = np.repeat(np.arange(n), each), np.tile(np.arange(each), n)
    return pre, task.without_self(pre, post)


def _one_to_one(task: _Task) -> Pairs:
    everyone = np.arange(task.ends.n_pre)
    return everyone, everyone


def _fixed_probability(task: _Task) -> Pairs:
    """The gaps between targets are geometric."""
    p, universe = task.rule.p, task.targets
    if p <= 0.0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    if p >= 1.0:
        return _all_to_all(task)
    failing = -(p + p * p / 2 + p * p * p / 3) if p < 1e-5 else log(np.float64(1.0 - p))
    inverse_log = 1.0 / float(failing)
    found_pre: list[Indices] = [np.zeros(0, np.int64)]
    found_post: list[Indices] = [np.zeros(0, np.int64)]
    rows = np.arange(task.ends.n_pre)
    at_once = max(1, CELLS_AT_ONCE // max(int(universe * p) + 64, 1))
    for some in np.split(rows, np.arange(at_once, len(rows), at_once)):
        pre, post = _skip_ahead(task, some, inverse_log)
        found_pre.append(pre)
        found_post.append(post)
    pre, post = np.concatenate(found_pre), np.concatenate(found_post)
    return pre, task.without_self(pre, post)


def _skip_ahead(task: _Task, rows: Indices, inverse_log: float) -> Pairs:
    universe, position = task.targets, np.full(len(rows), -1, np.int64)
    found_pre, found_post = [], []
    active, block = np.arange(len(rows)) if universe else np.arange(0), 0
    while len(active):
        elements = block * 16 + np.arange(16)
        words = philox(
            task.random.seed,
            elements[None, :],
            rows[active][:, None],
            PURPOSE_STRUCTURE,
            task.random.stream,
        )
        uniform = unit(words.swapaxes(1, 2).reshape(len(active), 64))
        gaps = np.minimum(np.floor(log(uniform) * inverse_log), 4294967295.0) + 1.0
        places = position[active][:, None] + np.cumsum(gaps.astype(np.int64), axis=1)
        which, _ = inside = np.nonzero(places < universe)
        found_pre.append(rows[active][which])
        found_post.append(places[inside])
        position[active] = places[:, -1]
        active, block = active[places[:, -1] < universe], block + 1
    pre = np.concatenate([np.zeros(0, np.int64), *found_pre])
    post = np.concatenate([np.zeros(0, np.int64), *found_post])
    order = np.argsort(pre, kind="stable")
    return pre[order], post[order]


def _fixed_total(task: _Task) -> Pairs:
    room = 0 if task.rule.multapses else task.targets
    random = task.random
    degrees = shared_out(random.seed, random.stream, task.rule.n, task.ends.n_pre, room)
    return _numbers(task, degrees, task.targets)


def _fixed_out(task: _Task) -> Pairs:
    return _numbers(task, np.full(task.ends.n_pre, task.rule.n), task.targets)


def _fixed_in(task: _Task) -> Pairs:
    """Drawn by target, then ordered by source."""
    post, pre = _numbers(task, np.full(task.ends.n_post, task.rule.n), task.sources)
    return sorted_by_source(pre, post)[:2]


def _numbers(task: _Task, degrees: npt.NDArray[np.int64], universe: int) -> Pairs:
    """For each row so many neurons out of `universe`."""
    draw = _with_repetition if task.rule.multapses else _distinct
    found_row: list[Indices] = [np.zeros(0, np.int64)]
    found: list[Indices] = [np.zeros(0, np.int64)]
    rows = np.flatnonzero(degrees)
    cells = int(degrees.max(initial=0)) if task.rule.multapses else universe
    at_once = max(1, CELLS_AT_ONCE // max(cells, 64))
    for some in np.split(rows, np.arange(at_once, len(rows), at_once)):
        row, drawn = draw(task, some, degrees[some], universe)
        found_row.append(row)
        found.append(drawn)
    row, drawn = np.concatenate(found_row), np.concatenate(found)
    return row, task.without_self(row, drawn)


def _with_repetition(
    task: _Task, rows: Indices, degrees: npt.NDArray[np.int64], universe: int
) -> Pairs:
    count = int(degrees.max(initial=0))
    words = row_words(task.random, rows, count, PURPOSE_STRUCTURE).astype(np.uint64)
    wanted = np.arange(count)[None, :] < degrees[:, None]
    drawn = ((words * np.uint64(universe)) >> np.uint64(32)).astype(np.int64)
    return np.repeat(rows, degrees), drawn[wanted]


def _distinct(task: _Task, rows: Indices, degrees: npt.NDArray[np.int64], universe: int) -> Pairs:
    """Floyd's method, ascending; of more than half of the universe, those left out are drawn."""
    turned = degrees > universe // 2
    draws = np.where(turned, universe - degrees, degrees)
    count = int(draws.max(initial=0))
    words = row_words(task.random, rows, count, PURPOSE_STRUCTURE).astype(np.uint64)
    chosen = np.zeros((len(rows), universe), bool)
    for i in range(count):
        some = np.flatnonzero(draws > i)
        top = universe - draws[some] + i
        value = ((words[some, i] * (top + 1).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)
        value = np.where(chosen[some, value], top, value)
        chosen[some, value] = True
    which, drawn = np.nonzero(chosen != turned[:, None])
    return rows[which], drawn


_NATIVE: dict[str, Callable[[_Task], Pairs]] = {
    "all_to_all": _all_to_all,
    "one_to_one": _one_to_one,
    "fixed_probability": _fixed_probability,
    "fixed_total": _fixed_total,
    "fixed_in": _fixed_in,
    "fixed_out": _fixed_out,
}
