"""Sizes of blocks are chosen by occupancy, evenness and what a kernel waits for; timed once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime import compile_cache
from pygenn_lite.runtime.cuda.block_size import (
    KernelNeeds,
    choose_block_size,
    rank_block_sizes,
)

H100 = (90, 132)
LARGE = 10_000_000  # elements


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYGENN_LITE_CACHE", str(tmp_path))


def test_a_kernel_that_waits_for_memory_gets_a_full_multiprocessor() -> None:
    best = rank_block_sizes(*H100, KernelNeeds(LARGE, registers=32))[0]
    assert best.occupancy.fraction == 1 and best.evenness > 0.99


def test_a_kernel_that_computes_does_not_pay_for_occupancy() -> None:
    sizes = (512, 640)  # 16 and 20 warps; registers leave room for one block
    computes = rank_block_sizes(*H100, KernelNeeds(LARGE, 96, waits_for="arithmetic"), sizes)
    waits = rank_block_sizes(*H100, KernelNeeds(LARGE, 96, waits_for="memory"), sizes)
    assert [each.speed for each in computes] == [1, 1]
    assert waits[0].threads == 640 and waits[0].speed > waits[1].speed


def test_a_kernel_that_waits_at_barriers_gets_several_blocks() -> None:
    needs = KernelNeeds(LARGE, registers=64, waits_for="barriers")
    one, four = 1024, 256  # both fill the registers
    best, other = rank_block_sizes(*H100, needs, (one, four))
    assert (best.threads, best.occupancy.blocks) == (four, 4)
    assert (other.threads, other.occupancy.blocks) == (one, 1)
    assert (best.speed, other.speed) == (4 / 5, 1 / 2)  # while one waits, the others run


def test_work_is_spread_evenly() -> None:
    """133 blocks of 1,024 threads keep 131 multiprocessors waiting for one."""
    needs = KernelNeeds(133 * 1024, registers=16)
    found = {each.threads: each for each in rank_block_sizes(*H100, needs)}
    assert found[1024].evenness == pytest.approx(133 / 264)
    assert found[64].evenness == pytest.approx(133 * 1024 / (132 * 17 * 64))
    assert rank_block_sizes(*H100, needs)[0].evenness > 0.9


def test_few_elements_are_spread_over_many_multiprocessors() -> None:
    best = rank_block_sizes(*H100, KernelNeeds(5_000, registers=32))[0]
    assert best.threads == 64 and best.blocks == 79


def test_shared_memory_of_threads_counts() -> None:
    needs = KernelNeeds(LARGE, registers=32, shared_bytes=1000, shared_per_thread=400)
    ranked = rank_block_sizes(*H100, needs)
    assert max(each.threads for each in ranked) * 400 <= 227 << 10
    assert ranked[0].occupancy.limited_by == "shared memory"


@given(st.integers(1, 10**8), st.integers(0, 255), st.integers(1, 200))
def test_scores_are_shares(elements: int, registers: int, multiprocessors: int) -> None:
    for each in rank_block_sizes(80, multiprocessors, KernelNeeds(elements, registers)):
        assert 0 < each.evenness <= 1 and 0 < each.speed <= 1
        assert each.blocks * each.threads >= elements > (each.blocks - 1) * each.threads


def test_the_reason_is_told() -> None:
    assert choose_block_size(*H100, KernelNeeds(LARGE, 40), sizes=(256,)).reason == (
        "256 threads: 6 blocks a multiprocessor, 75% of its warps, limited by registers; "
        "10,000,000 elements are 39,063 blocks for 132 multiprocessors, 296 each, which is 100% "
        "even; it waits for memory, so that more warps are of use"
    )


def test_the_best_few_are_timed_once_and_the_fastest_is_kept() -> None:
    timed: list[int] = []

    def time_it(threads: int) -> float:
        timed.append(threads)
        return {256: 2e-6}.get(threads, 5e-6)

    sizes = (128, 192, 256, 384, 1024)
    needs = KernelNeeds(LARGE, registers=40)
    likely = {each.threads for each in rank_block_sizes(*H100, needs, sizes)[:4]}
    assert 256 in likely

    def choose(identity: str) -> int:
        found = choose_block_size(*H100, needs, sizes=sizes, time_it=time_it, identity=identity)
        assert found.seconds == 2e-6 and "timed: 2 us, the fastest of 4" in found.reason
        return found.threads

    assert choose("a card, a kernel") == 256
    assert set(timed) == likely and len(timed) == 4
    assert choose("a card, a kernel") == 256 and len(timed) == 4
    assert choose("another card") == 256 and len(timed) == 8
    assert choose("") == 256 and len(timed) == 12
    for one in compile_cache.open_cache().glob("blocksize-*"):
        (one / "choice.json").write_text("{}")  # damaged: measured again
    assert choose("a card, a kernel") == 256 and len(timed) == 16


def test_what_was_timed_counts_for_its_sizes_and_its_card_alone() -> None:
    timed: list[int] = []

    def choose(multiprocessors: int, *sizes: int) -> None:
        choose_block_size(
            90, multiprocessors, KernelNeeds(LARGE, registers=40), sizes=sizes, identity="a kernel",
            time_it=lambda threads: timed.append(threads) or 1e-6,  # type: ignore[func-returns-value]
        )  # fmt: skip

    choose(132, 128, 256)
    choose(132, 64, 96)
    assert timed == [128, 256, 64, 96]
    choose(114, 64, 96)
    assert timed == [128, 256, 64, 96, 64, 96]
    choose(114, 96, 64)
    assert len(timed) == 6


def test_what_fits_no_card_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"no block .* sm_90 .*of 64 threads: by shared memory"):
        rank_block_sizes(*H100, KernelNeeds(10, 32, shared_bytes=300 << 10))
    with pytest.raises(ArgumentError, match="choose one of memory, arithmetic, barriers"):
        KernelNeeds(10, 32, waits_for="luck")
    with pytest.raises(ArgumentError, match="elements=0"):
        KernelNeeds(0, 32)
