"""The emulator finds faults of kernels, says where they are, and can be used further."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from emulated import Emulated

from pygenn_lite.errors import DeviceError

SOURCE = Path(__file__).parent / "faults.cu"
LINES = {
    f"{what} {kernel}": number
    for number, line in enumerate(SOURCE.read_text().splitlines(), 1)
    for what, kernel in re.findall(r"// (fault|other): (\w+)$", line)
}


def launch(
    emulated: Emulated, kernel: str, where: int = 0, blocks: int = 2, shared: int = 0
) -> np.ndarray:
    numbers, messages = np.zeros(128, np.int32), np.zeros((8, 4), np.uint32)
    emulated.launch(kernel, (blocks, 1), 128, "PPq", numbers, messages, where, shared=shared)
    return numbers


@pytest.fixture(params=["forwards", "backwards"])
def emulated(request: pytest.FixtureRequest) -> Emulated:
    return Emulated(SOURCE.read_text(), request.param == "backwards")


# Kernel, options, who is at fault (first block and lane run first), what the message says.
# {line}, {other}: the lines of the fault and of what it is about.
FAULTS = [
    ("divergent_barrier", {"where": 77}, "block 0, thread 77",
     "step 500: divergent barrier: thread 0 waits at the one in line {other}"),
    ("barrier_of_some", {"where": 100}, "block 0, thread 100",
     "the thread has left the kernel, while thread 0 waits at the barrier in line {line}"),
    ("extra_barrier", {}, "block 0, thread 64",
     "the thread has left the kernel, while thread 0 waits at the barrier in line {line}"),
    ("vote_of_some", {}, "block 0, thread 16",
     "lanes of warp 0 disagree: the thread waits at the barrier, while thread 0 votes in line "
     "{other}"),
    ("two_votes", {}, "block 0, thread 16",
     "lanes of warp 0 disagree: the thread votes, while thread 0 votes in line {other}"),
    ("vote_and_shuffle", {}, "block 0, thread 3",
     "lanes of warp 0 disagree: the thread shuffles, while thread 0 votes in line {line}"),
    ("leaves_a_vote", {}, "block 0, thread 31",
     "the thread has left the kernel, while thread 0 shuffles in line {line}"),
    ("vote_behind_leaving", {}, "block 0, thread 1",
     "lanes of warp 0 disagree: the thread shuffles, while thread 0 has left the kernel"),
    ("never_stored", {}, "block 1, thread 5",
     "step 12: nobody can move any more, since all wait:\n"
     "  block 1\n"
     "    threads 0 to 4: waiting at the barrier, line {other} of test.cu\n"
     "    thread 5: waiting for a message, line {line} of test.cu: step 12 is awaited, the message "
     "holds step 0\n"
     "    threads 6 to 127: waiting at the barrier, line {other} of test.cu"),
    ("overwritten", {}, "block 1, thread 0",
     "threads 0 to 127: waiting for a message, line {line} of test.cu: step 7 is awaited, the "
     "message holds step 8"),
    ("not_resident", {"blocks": 6}, "block 0, thread 0",
     "\n  2 blocks have not begun: only 4 run at the same time"),
    ("never_counted", {"blocks": 1}, "block 0, thread 0",
     "threads 0 to 127: waiting for a count, line {line} of test.cu: 4 is awaited, the counter is "
     "at 3"),
    ("by_hand", {}, "block 0, thread 0",
     "the thread has read or changed memory 67 million times without letting others run"),
    ("crooked_message", {}, "block 0, thread 0", "an address that is not a multiple of 16"),
    ("read_beside_write", {}, "block 0, thread 127",
     "race on shared memory: the thread reads table[0], which thread 0 has written in line "
     "{other}, without a barrier between"),
    ("two_writes", {}, "block 0, thread 1",
     "race on shared memory: the thread writes table[0], which thread 0 has written in line "
     "{line}"),
    ("atomic_beside_write", {}, "block 0, thread 1",
     "the thread atomically changes count[0], which thread 0 has written in line {other}"),
    ("read_beside_atomic", {}, "block 0, thread 100",
     "step 3: race on shared memory: the thread reads count[0], which threads of warp 3 have "
     "atomically changed in line {other}"),
    ("no_order_by_votes", {}, "block 0, thread 31",
     "the thread reads table[30], which thread 30 has written in line {other}"),
    ("order_within_a_warp_only", {}, "block 0, thread 66",
     "the thread reads far[0], which thread 32 has written in line {other}"),
    ("next_step_too_soon", {}, "block 0, thread 0",
     "step 2: race on shared memory: the thread writes total[0], which"),
    ("unwritten", {}, "block 0, thread 5",
     "the thread reads table[5], which nobody has written so far in this launch"),
    ("outside", {"where": 8}, "block 0, thread 3",
     "the index 8 is outside the shared array table, which has 8 elements"),
    ("outside", {"where": -1}, "block 0, thread 3", "the index -1 is outside"),
    ("too_large", {}, "block 0, thread 0",
     "more does not fit: shared arrays need 160000 bytes and the launch asked for 0 more; a block "
     "has at most 102400"),
    ("beyond_the_launch", {"shared": 128}, "block 0, thread 0",
     "b needs bytes 64 to 132 of the dynamic shared memory, the launch asked for 128"),
    ("overlapping", {"shared": 128}, "block 0, thread 0",
     "b overlaps a in the dynamic shared memory"),
    ("crooked_part", {"shared": 128}, "block 0, thread 0",
     "a begins at byte 4, which is not a multiple of its alignment, 8"),
    ("barrier_in_a_loop", {"where": 130}, "block 1, thread 2",
     "a barrier in barrier_in_a_loop, which is a PGL_LOOP"),
    ("vote_in_a_loop", {}, "block 0, thread 0", "which is a PGL_LOOP"),
    ("shared_in_a_loop", {}, "block 0, thread 0", "the shared array table in shared_in_a_loop"),
    ("wait_in_a_loop", {"where": 7}, "block 0, thread 7", "which is a PGL_LOOP"),
    ("outside_memory", {"where": 1}, "block 0, thread 127",
     "step 4: the thread writes at address 0x"),
    ("no_memory", {}, "block 0, thread 0", "the thread reads at address 0"),
    ("by_zero", {"where": 9}, "block 0, thread 0", "the thread divides a whole number by zero"),
    ("full_stack", {}, "block 0, thread 0", "the thread's stack is full"),
]  # fmt: skip


@pytest.mark.parametrize(("kernel", "options", "who", "says"), FAULTS)
def test_a_planted_fault_is_found(
    kernel: str, options: dict[str, int], who: str, says: str
) -> None:
    emulated = Emulated(SOURCE.read_text())
    with pytest.raises(DeviceError) as caught:
        launch(emulated, kernel, **options)
    line, other = LINES.get(f"fault {kernel}", 0), LINES.get(f"other {kernel}", 0)
    text = str(caught.value)
    assert text.startswith(f"kernel '{kernel}': {who}"), text
    assert says.format(line=line, other=other) in text, text
    assert caught.value.hint
    if kernel in ("no_memory", "by_zero", "full_stack"):
        assert "line" not in text  # it called nothing before
    else:
        assert f", line {line} of test.cu" in text or f", behind line {line} of test.cu" in text
        assert SOURCE.read_text().splitlines()[line - 1].strip() in text  # the line is quoted
    assert (launch(emulated, "faultless") == np.arange(127, -1, -1)).all()


# The last block, which the others wait for, would be the first.
@pytest.mark.parametrize("kernel", sorted({kernel for kernel, *_ in FAULTS} - {"not_resident"}))
def test_it_is_found_whoever_runs_first(kernel: str) -> None:
    options = next(options for name, options, *_ in FAULTS if name == kernel)
    with pytest.raises(DeviceError, match=rf"kernel '{kernel}': block \d+, thread \d+"):
        launch(Emulated(SOURCE.read_text(), backwards=True), kernel, **options)


def test_every_kernel_of_the_file_is_launched(emulated: Emulated) -> None:
    assert set(emulated.module.kernels) == {kernel for kernel, *_ in FAULTS} | {"faultless"}
