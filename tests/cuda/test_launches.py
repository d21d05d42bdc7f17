"""Kernels get their arguments, shared memory and each other's company on every driver: the emulator
here, CuPy and PyCUDA where a card is (-m gpu)."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pygenn_lite.errors import DeviceError, MissingPackageError
from pygenn_lite.runtime.cuda.drivers import open_driver
from pygenn_lite.runtime.cuda.drivers.base import Driver, Launch, Module
from pygenn_lite.runtime.cuda.drivers.nvrtc import Target, compile_kernels
from pygenn_lite.runtime.cuda.occupancy import active_blocks

SOURCE = Path(__file__).parent / "launches.cu"
GPU = [pytest.param(name, marks=pytest.mark.gpu) for name in ("cupy", "pycuda")]


@pytest.fixture(scope="module", params=["emulator", *GPU])
def driver(request: pytest.FixtureRequest) -> Driver:
    try:
        return open_driver(request.param)
    except MissingPackageError as error:
        if request.param == "pycuda":
            pytest.skip(error.message)
        raise


@pytest.fixture(scope="module")
def kernels(driver: Driver) -> Module:
    image = driver.compile({"launches.cu": SOURCE.read_text()}, "launches.cu", cache=True)
    names = {"scale", "reverse", "note", "advance", "meet", "stray"}
    assert set(image.kernels) == names
    reverse = image.kernels["reverse"]
    assert reverse.threads == 128
    assert reverse.shared_bytes == (0 if driver.name == "emulator" else 512)  # it is not counted
    assert all(each.spill_bytes == 0 for each in image.kernels.values())
    return driver.load(image)


def test_arguments_arrive_as_they_are_packed(driver: Driver, kernels: Module) -> None:
    values = np.arange(1000, dtype=np.float32)
    there, out = driver.allocate(values.nbytes), driver.allocate(8 * values.size)
    driver.upload(there.address, values)
    args = struct.pack("<QQqdi4x", out.address, there.address, values.size, 0.25, -7)
    driver.launch(kernels.kernel("scale"), (3, 1), 64, args)
    found = np.empty(1000)
    driver.download(out.address, found)
    assert (found == values * 0.25 - 7).all()


@pytest.mark.parametrize("threads", [32, 128])
def test_shared_memory_is_there(driver: Driver, kernels: Module, threads: int) -> None:
    values = np.arange(4 * threads, dtype=np.int32)
    there = driver.allocate(values.nbytes)
    driver.upload(there.address, values)
    kernel = kernels.kernel("reverse")
    args = struct.pack("<Q", there.address)
    wide = 64 * 4 * threads  # 32 KiB for 128 threads
    driver.launch(kernel, (4, 1), threads, args, shared_bytes=wide)
    found = np.empty_like(values)
    driver.download(there.address, found)
    assert (found.reshape(4, threads) == values.reshape(4, threads)[:, ::-1]).all()


def test_much_shared_memory_is_there_too(driver: Driver, kernels: Module) -> None:
    """More than the 48 KiB that a kernel has without asking."""
    values = np.arange(64, dtype=np.int32)
    there = driver.allocate(values.nbytes)
    driver.upload(there.address, values)
    args = struct.pack("<Q", there.address)
    driver.launch(kernels.kernel("reverse"), (1, 1), 64, args, shared_bytes=60 << 10)
    found = np.empty_like(values)
    driver.download(there.address, found)
    assert (found == values[::-1]).all()


def test_recorded_launches_find_the_step_in_memory(driver: Driver, kernels: Module) -> None:
    step, seen = driver.allocate(8), driver.allocate(8 * 20)
    args = struct.pack("<QQ", step.address, seen.address)
    recorded = driver.record(
        [Launch(kernels.kernel(name), (1, 1), 32, args) for name in ("note", "advance")]
    )
    recorded.run(7)
    recorded.run(5)
    now, found = np.empty(1, np.int64), np.empty(20, np.int64)
    driver.download(step.address, now)
    driver.download(seen.address, found)
    assert now[0] == 12 and found.tolist() == [10 * k for k in range(12)] + [0] * 8


def test_blocks_that_run_together_can_wait_for_each_other(driver: Driver, kernels: Module) -> None:
    blocks = driver.card.multiprocessors
    arrived, late = driver.allocate(4), driver.allocate(4 * blocks)
    args = struct.pack("<QQi4x", arrived.address, late.address, 5)
    driver.launch(kernels.kernel("meet"), (blocks, 1), 64, args, cooperative=True)
    count, missing = np.empty(1, np.uint32), np.empty(blocks, np.int32)
    driver.download(arrived.address, count)
    driver.download(late.address, missing)
    assert count[0] == 5 * blocks and not missing.any()


def test_blocks_that_cannot_run_together_are_refused(driver: Driver, kernels: Module) -> None:
    memory = driver.allocate(1 << 20)
    args = struct.pack("<QQi4x", memory.address, memory.address + 64, 1)
    with pytest.raises(DeviceError, match="meet"):
        driver.launch(kernels.kernel("meet"), (100_000, 1), 64, args, cooperative=True)


def test_time_passes_between_events(driver: Driver, kernels: Module) -> None:
    step = driver.allocate(8)
    args = struct.pack("<QQ", step.address, step.address)
    start, end = driver.event(), driver.event()
    start.record()
    driver.record([Launch(kernels.kernel("advance"), (1, 1), 32, args)] * 3).run(10)
    end.record()
    assert 0 < end.seconds_since(start) < 60


@pytest.mark.nvrtc
@pytest.mark.parametrize("architecture", [75, 80, 90, 100, 120])
def test_the_kernels_compile_for_every_card(architecture: int) -> None:
    pytest.importorskip("cupy", reason="CuPy is not installed: pip install '.[cuda-test]'")
    text = {"launches.cu": SOURCE.read_text()}
    image = compile_kernels(text, "launches.cu", Target(architecture), cache=False)
    assert image.kernels["reverse"].shared_bytes == 512
    assert all(each.spill_bytes == 0 for each in image.kernels.values())


@pytest.mark.gpu
def test_occupancy_is_what_the_card_says() -> None:
    driver = open_driver("cupy")
    module = driver.load(
        driver.compile({"launches.cu": SOURCE.read_text()}, "launches.cu", cache=True)
    )
    wrong = []
    for name in ("scale", "reverse", "note", "advance", "meet"):
        kernel = module.kernel(name)
        report = kernel.report
        for threads in range(1, report.threads + 1, 31):
            for shared in (0, 1000, 8 << 10, 40 << 10, 60 << 10, 100 << 10):
                if report.shared_bytes + shared > driver.card.shared_per_block:
                    continue
                total = report.shared_bytes + shared
                capability = driver.card.compute_capability
                ours = active_blocks(capability, threads, report.registers, total)
                theirs = driver.active_blocks(kernel, threads, shared)
                if ours != theirs:
                    wrong.append((name, threads, shared, ours, theirs))
    assert wrong == []


FAULTY = """
import struct, sys
from pathlib import Path
from pygenn_lite.errors import DeviceError
from pygenn_lite.runtime.cuda.drivers import open_driver
driver = open_driver(sys.argv[1])
text = {"launches.cu": Path(sys.argv[2]).read_text()}
module = driver.load(driver.compile(text, "launches.cu", cache=True))
memory = driver.allocate(64)
driver.launch(module.kernel("stray"), (1, 1), 32, struct.pack("<Q", 8))
try:
    driver.synchronise()
except DeviceError as error:
    sys.exit(f"told: {error}")
"""


def test_a_kernel_that_strays_is_named(driver: Driver, kernels: Module) -> None:
    """In another process, which has no card left then; it ends all the same."""
    done = subprocess.run(
        [sys.executable, "-c", FAULTY, driver.name, str(SOURCE)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "told: " in done.stderr and "'stray'" in done.stderr
    assert done.returncode == 1
