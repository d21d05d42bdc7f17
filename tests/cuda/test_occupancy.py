"""Occupancy agrees with NVIDIA's own calculator, and what limits it is named."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.cuda.occupancy import (
    ARCHITECTURES,
    active_blocks,
    architecture,
    architecture_table,
    occupancy,
)

CASES = Path(__file__).parent / "data" / "occupancy_cases.csv"


def test_all_answers_of_the_maker_are_reproduced() -> None:
    lines = CASES.read_text().splitlines()
    cases = [tuple(map(int, row.values())) for row in csv.DictReader(lines[1:])]
    assert len(cases) == 3000 and {case[0] for case in cases} <= set(ARCHITECTURES)
    wrong = [case for case in cases if active_blocks(*case[:5]) != case[5]]
    assert wrong == []


@pytest.mark.parametrize(
    ("numbers", "blocks", "limit"),
    [
        ((90, 1024, 32, 0), 2, "warps"),
        ((90, 32, 16, 0), 32, "blocks"),
        ((90, 256, 40, 0), 6, "registers"),
        ((90, 128, 32, 100 << 10), 2, "shared memory"),
        ((90, 1024, 64, 227 << 10), 1, "registers"),
        ((90, 32, 16, 228 << 10), 0, "shared memory"),  # one KiB is the system's
        ((75, 32, 16, 64 << 10), 1, "shared memory"),
        ((90, 1024, 65, 0), 0, "registers"),
    ],
)
def test_what_limits_a_kernel_is_named(
    numbers: tuple[int, int, int, int], blocks: int, limit: str
) -> None:
    found = occupancy(*numbers)
    assert (found.blocks, found.limited_by) == (blocks, limit)
    assert found.warps == blocks * -(-numbers[1] // 32)
    assert f"limited by {limit}" in str(found)


def test_occupancy_is_told_in_words() -> None:
    assert str(occupancy(90, 256, 40, 0)) == (
        "6 blocks a multiprocessor, 75% of its warps, limited by registers"
    )
    assert str(occupancy(90, 1024, 64, 0)).startswith("1 block a multiprocessor, 50%")


@given(
    st.sampled_from(sorted(ARCHITECTURES)),
    st.integers(1, 1024),
    st.integers(0, 255),
    st.integers(0, 230 << 10),
    st.integers(-1, 100),
)
def test_more_of_anything_never_lets_more_blocks_run(
    card: int, threads: int, registers: int, shared: int, carveout: int
) -> None:
    blocks = active_blocks(card, threads, registers, shared, carveout)
    assert 0 <= blocks <= architecture(card).blocks
    assert blocks * threads <= architecture(card).threads
    assert active_blocks(card, threads, min(255, registers + 8), shared, carveout) <= blocks
    assert active_blocks(card, min(1024, threads + 32), registers, shared, carveout) <= blocks
    assert active_blocks(card, threads, registers, shared + 1024, -1) <= active_blocks(
        card, threads, registers, shared, -1
    )


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((91, 64, 32, 0), "compute capability 91 is unknown"),
        ((70, 64, 32, 0), "known are 7.5, 8.0"),
        ((90, 0, 32, 0), "threads=0: a block has 1 to 1024 of them"),
        ((90, 1025, 32, 0), "threads=1025"),
        ((90, 64, 256, 0), "registers=256: a thread has at most 255 of them"),
        ((90, 64, -1, 0), "registers=-1"),
        ((90, 64, 32, -1), "shared_bytes=-1 is negative"),
        ((90, 64, 32, 0, 101), "carveout_percent=101 is neither -1 nor between 0 and 100"),
    ],
)
def test_what_no_kernel_can_have_is_refused(numbers: tuple[int, ...], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        active_blocks(*numbers)


def test_the_table_lists_every_architecture() -> None:
    lines = architecture_table().splitlines()
    assert len(lines) == 1 + len(ARCHITECTURES)
    assert lines[1].split() == ["sm_75", "32", "16", "64", "KiB", "64", "KiB", "0", "B"]
    assert "sm_90            64      32        228 KiB             227 KiB    1024 B" in lines
    for each in ARCHITECTURES.values():
        assert each.carveouts[-1] == each.shared_bytes
