"""Chunks: as large as is worth while, as small as memory and the end of the work want."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pygenn_lite.batch.chunks import Chunks
from pygenn_lite.batch.sweep_spec import Group, Run
from pygenn_lite.batch.work import ChunkReport


def group(first, count, key="a"):
    return Group(key, {}, [Run(k, f"{k:016x}", {}) for k in range(first, first + count)])


def report(runs, each, *, preparing=0.0, memory=0):
    seconds = each * len(runs) + preparing
    return ChunkReport("", len(runs), 0, seconds, preparing=preparing, bytes_each=memory)


def test_the_first_run_of_a_group_is_waited_for():
    chunks = Chunks([group(0, 10), group(10, 10, "b")], workers=8)
    first, second = chunks.next(), chunks.next()
    assert [run.index for run in first + second] == [0, 10] and chunks.next() is None
    chunks.learn(first, report(first, 1.0))
    assert [run.index for run in chunks.next()] == [1]  # a second each: one at a time


def test_compiling_does_not_count():
    chunks = Chunks([group(0, 1000)])
    first = chunks.next()
    chunks.learn(first, report(first, 0.001, preparing=20.0))
    assert chunks.seconds == pytest.approx(0.999) and len(chunks.next()) == 333


def test_chunks_take_a_second_and_become_small_at_the_end():
    chunks = Chunks([group(0, 100_000)], workers=4)
    first = chunks.next()
    chunks.learn(first, report(first, 0.01))
    sizes = []
    while (runs := chunks.next()) is not None:
        sizes.append(len(runs))
    assert sizes[0] == 100 and sizes[-1] <= 5 and sum(sizes) == 99_999
    assert sizes == sorted(sizes, reverse=True) and min(sizes[:-1]) >= 5  # 50 ms


def test_memory_limits_a_chunk():
    chunks = Chunks([group(0, 1000)], memory=1000)
    first = chunks.next()
    chunks.learn(first, report(first, 1e-4, memory=100))
    assert len(chunks.next()) == 10
    chunks = Chunks([group(0, 1000)], memory=10)
    first = chunks.next()
    chunks.learn(first, report(first, 1e-4, memory=100))
    assert len(chunks.next()) == 1


def test_what_is_to_be_done_again_comes_first():
    chunks = Chunks([group(0, 10)])
    first = chunks.next()
    chunks.lost(first)
    chunks.again([first])
    assert chunks.left == 10 and chunks.next() == first and chunks.left == 9


@given(
    sizes=st.lists(st.integers(1, 50), min_size=1, max_size=4),
    seconds=st.lists(st.floats(1e-5, 10.0), min_size=1, max_size=9),
    workers=st.integers(1, 9),
)
def test_each_run_is_in_one_chunk(sizes, seconds, workers):
    groups, first = [], 0
    for k, size in enumerate(sizes):
        groups.append(group(first, size, str(k)))
        first += size
    chunks, seen, under_way = Chunks(groups, workers), [], []
    while chunks.left or under_way:
        while len(under_way) < workers and (runs := chunks.next()):
            assert len({one.key for one in groups for run in runs if run in one.runs}) == 1
            seen += [run.index for run in runs]
            under_way.append(runs)
        done = under_way.pop(0)
        chunks.learn(done, report(done, seconds[len(seen) % len(seconds)]))
    assert sorted(seen) == list(range(first))
