"""The driver that emulates a card: launches, memory, faults that are kept, races found exactly."""

from __future__ import annotations

import gc
import struct
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from emulated import Emulated
from hypothesis import given, settings
from hypothesis import strategies as st

from pygenn_lite.errors import (
    ArgumentError,
    CompileError,
    DeviceError,
    InsufficientMemoryError,
    ToolchainError,
)
from pygenn_lite.runtime.cuda.drivers.base import Image, Launch
from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver

HERE = Path(__file__).parent
TEXT = """
#include "common/device.hpp"
struct Count { int64_t* step; int32_t* seen; };
PGL_KERNEL(count, Count, 64) {
  PGL_SHARED(int32_t, total, 1);
  if (pgl::thread() == 0) total[0] = 0;
  pgl::barrier();
  pgl::atomic_add(&total[0], 1);
  pgl::barrier();
  if (pgl::thread() == 0) pgl::atomic_add(args.seen, total[0]);
}
PGL_LOOP(next, Count, 64) {
  if (pgl::first() == 0) *args.step += 1;
}
PGL_KERNEL(broken, Count, 64) {
  if (pgl::thread() == 3) pgl::barrier();
}
"""


@pytest.fixture
def emulated() -> Emulated:
    return Emulated(TEXT)


# ------------------------------------------------------------------ launches
def test_a_launch_that_cannot_be_is_refused(emulated: Emulated) -> None:
    driver, kernel = emulated.driver, emulated.module.kernel("count")
    args = bytes(16)
    for grid, threads, given_args, options, message in (
        ((1, 1), 96, args, {}, "96 threads a block, the kernel takes 1 to 64"),
        ((1, 1), 40, args, {}, "40 threads a block, which is not a multiple of 32"),
        ((0, 1), 64, args, {}, "a grid of 0 x 1 blocks"),
        ((1, 1), 64, bytes(8), {}, "the kernel takes 16 bytes of arguments, 8 are given"),
        ((1, 1), 64, args, {"shared_bytes": 200_000}, "200000 bytes of shared memory are asked"),
        ((5, 1), 64, args, {"cooperative": True}, "5 blocks are to run at the same time"),
    ):
        with pytest.raises(DeviceError, match=f"kernel 'count': {message}"):
            driver.launch(kernel, grid, threads, given_args, **options)
    driver.synchronise()  # nothing has begun


def test_a_fault_is_kept_until_somebody_waits(emulated: Emulated) -> None:
    driver, module = emulated.driver, emulated.module
    step, seen = driver.allocate(8), driver.allocate(4)
    args = struct.pack("PP", step.address, seen.address)
    driver.launch(module.kernel("broken"), (1, 1), 64, args)
    driver.launch(module.kernel("next"), (1, 1), 64, args)  # does nothing
    out = np.full(1, -1, np.int64)
    with pytest.raises(DeviceError, match=r"kernel 'broken': .* thread 2 has left the"):
        driver.download(step.address, out)
    driver.download(step.address, out)
    assert out[0] == 0
    driver.launch(module.kernel("next"), (1, 1), 64, args)
    driver.synchronise()
    driver.download(step.address, out)
    assert out[0] == 1


def test_recorded_launches_are_done_in_their_order(emulated: Emulated) -> None:
    driver, module = emulated.driver, emulated.module
    step, seen = driver.allocate(8), driver.allocate(4)
    args = struct.pack("PP", step.address, seen.address)
    launches = [
        Launch(module.kernel("count"), (6, 1), 64, args),
        Launch(module.kernel("next"), (1, 1), 1, args),
    ]
    begin, end = driver.event(), driver.event()
    begin.record()
    driver.record(launches).run(10)
    end.record()
    steps, total = np.zeros(1, np.int64), np.zeros(1, np.int32)
    driver.download(step.address, steps)
    driver.download(seen.address, total)
    assert (steps[0], total[0]) == (10, 10 * 6 * 64)
    assert end.seconds_since(begin) > 0


def test_threads_of_the_program_can_launch_at_the_same_time(emulated: Emulated) -> None:
    seen = np.zeros((4, 1), np.int32)

    def run(i: int) -> None:
        for _ in range(30):
            one = np.zeros(1, np.int32)
            emulated.launch("count", (5, 1), 64, "PP", np.zeros(1, np.int64), one)
            seen[i] += one

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (seen == 30 * 5 * 64).all()


def test_more_blocks_and_threads_than_before(emulated: Emulated) -> None:
    for blocks, threads in ((1, 32), (200, 64), (2, 32), (4, 64)):
        seen = np.zeros(1, np.int32)
        emulated.launch("count", (blocks, 1), threads, "PP", np.zeros(1, np.int64), seen)
        assert seen[0] == blocks * threads


def test_what_is_said_of_the_card_and_its_kernels(emulated: Emulated) -> None:
    card, kernel = emulated.driver.card, emulated.module.kernel("count")
    assert (card.multiprocessors, card.compute_capability) == (4, 90)
    assert card.shared_per_block == 100 * 1024 and card.cooperative
    assert (kernel.name, kernel.report.threads, kernel.is_loop) == ("count", 64, False)
    assert emulated.module.kernel("next").is_loop
    assert emulated.driver.active_blocks(kernel, 64) == 1
    with pytest.raises(KeyError):
        emulated.module.kernel("none")
    with pytest.raises(DeviceError, match="there is no emulated card 1"):
        EmulatorDriver(1)


# ------------------------------------------------------------------ compiling
def test_what_is_compiled_is_found_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYGENN_LITE_CACHE", str(tmp_path))
    driver = EmulatorDriver()
    texts = {"a.cu": '#include "b.hpp"\n', "b.hpp": TEXT, "unused.hpp": "1"}
    made = [driver.compile(texts, "a.cu", cache=True) for _ in range(2)]
    assert [image.cached for image in made] == [False, True]
    assert made[0].path == made[1].path and tmp_path in Path(str(made[0].path)).parents
    assert set(made[0].kernels) == {"count", "next", "broken"}
    assert driver.compile({**texts, "unused.hpp": "2"}, "a.cu", cache=True).cached
    assert not driver.compile({**texts, "b.hpp": TEXT + "\n"}, "a.cu", cache=True).cached
    alone = driver.compile(texts, "a.cu", cache=False)
    assert not alone.cached and tmp_path not in Path(str(alone.path)).parents
    assert driver.load(alone).kernel("count").name == "count"


def test_what_does_not_compile_is_said_with_its_line(emulated: Emulated) -> None:
    with pytest.raises(CompileError, match=r"wrong\.cu:2:1: error: "):
        emulated.driver.compile({"wrong.cu": "\nnonsense;"}, "wrong.cu", cache=False)
    with pytest.raises(ToolchainError, match=r"'\.\./a\.cu' is not the name"):
        emulated.driver.compile({"../a.cu": ""}, "../a.cu", cache=False)
    with pytest.raises(DeviceError, match="the emulator cannot load code for sm_90"):
        emulated.driver.load(Image({}, "sm_90", binary=b"x"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "auto value = table[0]; args.seen[0] = value;",
            "deleted|cannot convert|no match|invalid|",
        ),
        ("pgl::atomic_add(reinterpret_cast<float*>(args.seen), 1.0f);", "atomics are for whole"),
        ("pgl::shuffle(int16_t(1), 0);", "values that are shuffled have 4 or 8 bytes"),
    ],
)
def test_what_would_mean_another_thing_on_a_card_does_not_compile(
    emulated: Emulated, line: str, message: str
) -> None:
    kernel = f"PGL_KERNEL(wrong, Count, 64) {{ PGL_SHARED(int32_t, table, 8); {line} }}\n"
    with pytest.raises(CompileError, match=message):
        emulated.driver.compile({"wrong.cu": TEXT + kernel}, "wrong.cu", cache=False)


# ------------------------------------------------------------------ memory
def test_memory_is_zero_and_copied() -> None:
    driver = EmulatorDriver()
    memory, other = driver.allocate(1000), driver.allocate(1000)
    out = np.ones(250, np.int32)
    driver.download(memory.address, out)
    assert not out.any() and memory.bytes == 1000 and memory.address % 16 == 0
    driver.upload(memory.address + 400, np.arange(10, dtype=np.int32))
    driver.copy(other.address, memory.address + 404, 36)
    driver.fill(other.address + 36, 4, 255)
    driver.download(other.address, out[:11])
    assert out[:11].tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, -1, 0]


def test_copies_beyond_an_array_are_refused() -> None:
    driver = EmulatorDriver()
    memory = driver.allocate(64)
    array = np.zeros(17, np.int32)
    with pytest.raises(DeviceError, match=r"upload of 68 bytes .* where 64 are left of an array"):
        driver.upload(memory.address, array)
    with pytest.raises(DeviceError, match=r"download of 68 bytes at .* where 60 are left"):
        driver.download(memory.address + 4, array)
    with pytest.raises(DeviceError, match="a fill of 1 bytes at address 0x0, where there is none"):
        driver.fill(0, 1)
    with pytest.raises(DeviceError, match="a copy of 65 bytes"):
        driver.copy(memory.address, memory.address, 65)
    with pytest.raises(ArgumentError, match="only contiguous arrays are copied"):
        driver.upload(memory.address, np.zeros((4, 4), np.int32)[:, :2])
    address = memory.address
    del memory
    gc.collect()
    with pytest.raises(DeviceError, match="keep the object that `allocate` gave"):
        driver.fill(address, 1)


def test_more_memory_than_there_is_is_refused() -> None:
    with pytest.raises(InsufficientMemoryError, match="10,000,000,000,000,000 bytes are asked for"):
        EmulatorDriver().allocate(10**16)


# ------------------------------------------------------------------ races, exactly
# Every thread of a block follows a script: rounds, each with one access of an element and, behind
# it, a barrier of the block, of the warps, or none.
SCRIPT = """
#include "common/device.hpp"
struct Script { const int32_t* what; const int32_t* element; const int32_t* behind; int32_t* out;
                int64_t rounds; };
PGL_KERNEL(follow, Script, 64) {
  PGL_SHARED(int32_t, table, 3);
  if (pgl::thread() < 3) table[pgl::thread()] = 0;
  pgl::barrier();
  int32_t sum = 0;
  for (int64_t round = 0; round < args.rounds; ++round) {
    const int64_t at = round * pgl::threads() + pgl::thread();
    const int32_t what = args.what[at], element = args.element[at], behind = args.behind[round];
    if (what == 1) sum += table[element];
    if (what == 2) table[element] = pgl::thread();
    if (what == 3) pgl::atomic_add(&table[element], 1);
    if (behind == 1) pgl::barrier();
    if (behind == 2) pgl::warp_barrier();
  }
  args.out[pgl::thread()] = sum;
}
"""
ROUNDS, THREADS = 5, 64


def has_race(what: np.ndarray, element: np.ndarray, behind: list[int]) -> bool:
    """From the definition: two accesses of an element by two threads, not both reads, not both
    atomic, with no barrier between that both threads were at."""
    accesses = [
        (round, thread, element[round, thread], what[round, thread])
        for round in range(ROUNDS)
        for thread in range(THREADS)
        if what[round, thread]
    ]
    for i, (round, thread, at, kind) in enumerate(accesses):
        for later, other, there, also in accesses[i + 1 :]:
            if at != there or thread == other or {kind, also} <= {1} or {kind, also} <= {3}:
                continue
            between = behind[round:later]
            ordered = 1 in between or (2 in between and thread // 32 == other // 32)
            if not ordered:
                return True
    return False


@pytest.fixture(scope="module")
def orders() -> list[Emulated]:
    return [Emulated(SCRIPT, backwards) for backwards in (False, True)]


@settings(max_examples=150)
@given(data=st.data())
def test_a_race_is_found_exactly_where_there_is_one(orders: list[Emulated], data: Any) -> None:
    what, element = (np.zeros((ROUNDS, THREADS), np.int32) for _ in range(2))
    threads = st.sampled_from([0, 1, 2, 31, 32, 33, 63])
    access = st.tuples(
        st.integers(0, ROUNDS - 1), threads, st.integers(0, 2), st.sampled_from([1, 1, 2, 3])
    )
    for round, thread, at, kind in data.draw(st.lists(access, min_size=2, max_size=9)):
        what[round, thread], element[round, thread] = kind, at
    behind = data.draw(st.lists(st.sampled_from([0, 1, 2, 2]), min_size=5, max_size=5))
    expected = has_race(what, element, behind)
    for emulated in orders:
        try:
            emulated.launch(
                *("follow", (1, 1), THREADS, "4Pq"),
                *(what, element, np.array(behind, np.int32), np.zeros(THREADS, np.int32), ROUNDS),
            )
        except DeviceError as error:
            assert "race on shared memory" in str(error)
            found = True
        else:
            found = False
        assert found == expected
