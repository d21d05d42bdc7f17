"""The primitives of kernels: known answers in the emulator, whatever the order of its threads; and
the same text compiles for cards."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from device_compiler import TEMPLATES, compile_for_device
from emulated import Emulated

from pygenn_lite.runtime.cuda.drivers.nvrtc import Target

SOURCE = Path(__file__).parent / "primitives.cu"


@pytest.fixture(params=["forwards", "backwards"])
def emulated(request: pytest.FixtureRequest) -> Emulated:
    return Emulated(SOURCE.read_text(), request.param == "backwards")


def test_threads_know_where_they_are(emulated: Emulated) -> None:
    seen = np.full((3 * 2 * 64, 8), -1, np.int32)
    emulated.launch("places", (3, 2), 64, "P", seen)
    index = np.arange(3 * 2 * 64)
    thread, block, block_y = index % 64, index // 64 % 3, index // (64 * 3)
    expected = (
        *(thread, block, block_y, thread % 32, thread // 32),
        *(block * 64 + thread, np.full_like(index, 3 * 64), np.full_like(index, 2)),
    )
    assert (seen == np.stack(expected, axis=1)).all()


def test_sums_and_scans(emulated: Emulated) -> None:
    values = np.random.default_rng(1).integers(-1000, 1000, 1000).astype(np.int32)
    total, prefixes = np.zeros(1, np.int64), np.zeros(1000, np.int32)
    emulated.launch("sums", (3, 1), 128, "PPPq", values, total, prefixes, 1000)
    assert total[0] == values.sum()
    for begin in range(0, 1000, 128):
        part = slice(begin, begin + 128)
        assert (prefixes[part] == np.cumsum(values[part])).all()


def test_histograms_with_atomics(emulated: Emulated) -> None:
    values = np.random.default_rng(2).integers(1, 2**32 - 1, 5000).astype(np.uint32)
    counts, extremes = np.zeros(50, np.int32), np.array([2**32 - 1, 0, 0], np.uint32)
    emulated.launch(
        "histogram", (4, 1), 96, "PPPqi4x", values, counts, extremes, 5000, 50, shared=200
    )
    assert (counts == np.bincount(values % 50, minlength=50)).all()
    assert extremes.tolist() == [values.min(), values.max(), np.bitwise_or.reduce(values)]


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_messages_between_blocks_in_a_ring(emulated: Emulated, blocks: int) -> None:
    steps = 9
    boxes, received = np.zeros((steps, blocks, 4), np.uint32), np.zeros((blocks, steps), np.uint32)
    emulated.launch("ring", (blocks, 1), 64, "PPi4x", boxes, received, steps, cooperative=True)
    step = np.arange(1, steps + 1)
    for block in range(blocks):
        assert (received[block] == (block - step) % blocks + step).all()


def test_the_warp_that_comes_last_sees_what_all_have_stored(emulated: Emulated) -> None:
    sums = np.zeros(3, np.int32)
    emulated.launch("lists", (3, 1), 128, "P", sums)
    assert (sums == 127 * 64).all()


def test_all_other_primitives(emulated: Emulated) -> None:
    signed32, counter = np.zeros(8, np.int32), np.zeros(2, np.uint32)
    signed32[7] = -9
    unsigned64, signed64 = np.zeros(8, np.uint64), np.zeros(8, np.int64)
    signed64[2] = -9
    doubles, floats = np.zeros(64), np.zeros(64, np.float32)
    arrays = (signed32, unsigned64, signed64, counter, doubles, floats)
    emulated.launch("others", (2, 1), 64, "6P", *arrays, shared=288)
    odd = 0xAAAAAAAA
    assert signed32.view(np.uint32)[0] == odd
    assert signed32[1:].tolist() == [16 + 100, 1 + 2, 300 + 40, -11, -128, -63, -1]
    assert unsigned64[:3].tolist() == [128 << 33, 2**64 - 1, 2**64 - 1]
    assert signed64[:3].tolist() == [-(128 << 33), -63, -5]
    assert 1 <= signed64[3] <= 128 and signed64[4] == 77
    assert counter.tolist() == [2, 0]
    thread = np.arange(64)
    table = np.where(thread < 32, 0.5 * (31 - thread), 0.0)
    assert (doubles == table + table[thread // 32 * 32 + 3]).all()
    assert (floats == 2 * (thread // 32 * 32 + (thread + 1) % 32)).all()


def test_loops(emulated: Emulated) -> None:
    x, y = np.arange(1000, dtype=np.float32), np.zeros(1000, np.float32)
    emulated.launch("scaled", (3, 1), 250, "PPfiq", x, y, 0.5, 0, 1000)
    assert (y == 0.5 * x).all()


def test_processors_without_a_switch_of_their_own_do_the_same() -> None:
    emulated = Emulated("#define PGL_PORTABLE_FIBRES\n" + SOURCE.read_text())
    test_sums_and_scans(emulated)
    test_messages_between_blocks_in_a_ring(emulated, 4)
    test_loops(emulated)


# ------------------------------------------------------------------ for cards
def primitives() -> set[str]:
    """What kernels may call: all functions of namespace pgl that the header for cards declares."""
    text = (TEMPLATES / "cuda" / "on_card.hpp").read_text()
    return set(re.findall(r"^PGL_DEVICE [\w:<> ]+?(\w+)\(", text, re.M)) | set(
        re.findall(r"#define (PGL_\w+)\(", text)
    )


def test_the_kernels_use_every_primitive() -> None:
    text = SOURCE.read_text()
    used = {name for name in primitives() if re.search(rf"(?:pgl::|\b){name}\(", text)}
    assert primitives() - used == {"load_message"}  # which wait_message calls


def test_the_emulator_has_the_same_primitives() -> None:
    folder = TEMPLATES / "cuda"
    text = (folder / "on_fibres.hpp").read_text()
    text += (folder / "fibres" / "shared.hpp").read_text()
    missing = {name for name in primitives() if not re.search(rf"\b{name}\(|\({name}, ", text)}
    assert not missing and len(primitives()) > 35


@pytest.mark.nvrtc
@pytest.mark.parametrize("architecture", [75, 80, 90, 100, 120])
def test_the_same_text_compiles_for_cards(architecture: int) -> None:
    compile_for_device(SOURCE.read_text(), Target(architecture))


@pytest.mark.nvrtc
def test_for_a_card_the_primitives_are_instructions() -> None:
    ptx = compile_for_device(SOURCE.read_text(), Target(75, as_ptx=True))
    for instruction in (
        "bar.sync", "bar.warp.sync", "vote.sync.ballot", "vote.sync.any", "vote.sync.all",
        "shfl.sync.idx", "shfl.sync.up", "shfl.sync.bfly", "st.relaxed.gpu.global.b128",
        "ld.relaxed.gpu.global.b128", "prefetch.global.L2", "ld.global.cs", "ld.global.nc",
        "atom.global.cas.b64", "membar.gl", "membar.cta",
    ):  # fmt: skip
        assert instruction in ptx, instruction
    assert re.search(r"(red|atom)\.shared\.add\.u32", ptx)  # in shared memory, not by a detour
