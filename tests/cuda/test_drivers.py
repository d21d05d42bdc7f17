"""The drivers of real cards, CuPy's and PyCUDA's, over a faked card: memory, launches, faults."""

from __future__ import annotations

import gc
import inspect
import struct
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from fake_card import FakeCard, FakeDriverApi, FakeRuntime, use_fake_cupy, use_fake_pycuda

from pygenn_lite.errors import (
    DeviceError,
    InsufficientMemoryError,
    MissingPackageError,
    UnsupportedFeatureError,
)
from pygenn_lite.runtime.cuda.drivers import open_driver, packages
from pygenn_lite.runtime.cuda.drivers.base import Driver, KernelReport, Launch
from pygenn_lite.runtime.cuda.occupancy import active_blocks

FAKES: dict[str, Callable[[pytest.MonkeyPatch, FakeCard], None]] = {
    "cupy": use_fake_cupy,
    "pycuda": use_fake_pycuda,
}
ARGS = struct.pack("<Qdi4x", 2**63 + 5, 0.25, -7)


@pytest.fixture
def card() -> FakeCard:
    made = FakeCard()
    made.args_size = len(ARGS)  # type: ignore[attr-defined]
    return made


@pytest.fixture(params=FAKES)
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, card: FakeCard) -> str:
    FAKES[request.param](monkeypatch, card)
    return str(request.param)


@pytest.fixture
def driver(kind: str) -> Driver:
    return open_driver(kind)


# ------------------------------------------------------------------ cards and memory
def test_a_card_is_described(driver: Driver, kind: str) -> None:
    its = driver.card
    assert (its.name, its.compute_capability, its.multiprocessors) == ("Fake H100", 90, 132)
    assert (its.shared_per_block, its.shared_per_multiprocessor) == (227 << 10, 228 << 10)
    assert (its.memory_bytes, its.l2_bytes, its.clock_khz) == (80 << 30, 50 << 20, 1_980_000)
    assert its.driver_version == "13.0" and its.watchdog
    assert its.cooperative == (kind == "cupy") and driver.name == kind


def test_memory_comes_back(driver: Driver, card: FakeCard) -> None:
    before = driver.free_bytes()
    memory = driver.allocate(1000)
    assert driver.free_bytes() == before - 1000
    del memory
    gc.collect()
    assert driver.free_bytes() == before and not card.blocks


def test_memory_that_is_not_there_is_told(driver: Driver) -> None:
    with pytest.raises(InsufficientMemoryError) as raised:
        driver.allocate(2 << 20)
    assert "Fake H100 has not enough free memory: allocating 2,097,152 bytes" in str(raised.value)


# ------------------------------------------------------------------ launches
def test_a_kernel_gets_its_argument_as_it_is_packed(driver: Driver, card: FakeCard) -> None:
    kernel = driver.load(card.image()).kernel("update")
    assert kernel.name == "update" and kernel.report.registers == 32
    driver.launch(kernel, (3, 2), 128, ARGS, shared_bytes=256)
    driver.synchronise()
    assert card.launched == [
        {
            "kernel": "update",
            "grid": (3, 2),
            "threads": 128,
            "shared": 256,
            "args": ARGS,
            "cooperative": False,
        }
    ]
    assert not card.attributes  # below 48 KiB no card need be told


def test_a_kernel_of_another_name_is_not_found(driver: Driver, card: FakeCard) -> None:
    with pytest.raises(KeyError, match="other"):
        driver.load(card.image()).kernel("other")


def test_much_shared_memory_is_announced_once(driver: Driver, card: FakeCard) -> None:
    kernel = driver.load(card.image()).kernel("update")
    for size in (100 << 10, 60 << 10, 200 << 10):
        driver.launch(kernel, (1, 1), 64, ARGS, shared_bytes=size)
        assert card.attributes["update", 8] == max(100 << 10, size)


def test_launches_are_recorded_and_done_many_times(
    driver: Driver, card: FakeCard, kind: str
) -> None:
    module = driver.load(card.image(one=KernelReport(1, 0, 0, 64), two=KernelReport(1, 0, 0, 64)))
    launches = [
        Launch(module.kernel("one"), (1, 1), 32, ARGS),
        Launch(module.kernel("two"), (4, 1), 64, ARGS[::-1], shared_bytes=50 << 10),
    ]
    recorded = driver.record(launches)
    assert card.launched == []
    recorded.run(2)
    recorded.run(1)
    assert [each["kernel"] for each in card.launched] == ["one", "two"] * 3
    assert card.launched[1]["args"] == ARGS[::-1] and card.launched[1]["shared"] == 50 << 10
    assert ("graphLaunch" in card.calls) == (kind == "cupy")


def test_what_all_blocks_run_at_once(driver: Driver, card: FakeCard, kind: str) -> None:
    kernel = driver.load(card.image()).kernel("update")
    driver.launch(kernel, (132, 1), 256, ARGS, cooperative=True)
    assert card.launched[0]["cooperative"] == (kind == "cupy")
    if kind == "pycuda":
        fitting = 132 * active_blocks(90, 256, 32, 1024)
        driver.launch(kernel, (fitting, 1), 256, ARGS, cooperative=True)
        with pytest.raises(DeviceError, match=f"{fitting + 1} blocks .* there is room for"):
            driver.launch(kernel, (fitting + 1, 1), 256, ARGS, cooperative=True)


def test_occupancy_is_the_drivers_own_or_ours(driver: Driver, card: FakeCard, kind: str) -> None:
    kernel = driver.load(card.image()).kernel("update")
    ours = active_blocks(90, 128, 32, 1024 + (60 << 10))
    found = driver.active_blocks(kernel, 128, 60 << 10)
    assert found == (3 if kind == "cupy" else ours)


def test_events_tell_the_time(driver: Driver) -> None:
    start, end = driver.event(), driver.event()
    start.record()
    end.record()
    assert end.seconds_since(start) == pytest.approx(0.0025)


@pytest.mark.parametrize(
    ("threads", "shared", "message"),
    [
        (512, 0, r"compiled for blocks of up to 256 threads, and is launched with 512"),
        (0, 0, r"launched with 0"),
        (
            64,
            227 << 10,
            r"'update' asks for 228\.0 KiB of shared memory a block, Fake H100 has 227",
        ),
    ],
)
def test_impossible_launches_are_refused(
    driver: Driver, card: FakeCard, threads: int, shared: int, message: str
) -> None:
    kernel = driver.load(card.image()).kernel("update")
    with pytest.raises(DeviceError, match=message):
        driver.launch(kernel, (1, 1), threads, ARGS, shared_bytes=shared)
    assert card.launched == []


def test_what_is_uploaded_may_change_at_once(
    kind: str, card: FakeCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the card reads the host's memory itself, when it comes to it."""
    card.reads_the_host = True
    driver = open_driver(kind)
    given, found = np.arange(4.0), np.zeros(4)
    memory = driver.allocate(given.nbytes)
    driver.upload(memory.address, given)
    given[:] = -1.0
    driver.download(memory.address, found)
    assert found.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_numbers_of_numpy_say_how_much_is_launched(driver: Driver, card: FakeCard) -> None:
    kernel = driver.load(card.image()).kernel("update")
    two = np.int64(2)
    driver.launch(kernel, (two, two), np.int64(64), ARGS, shared_bytes=np.int64(8))  # type: ignore[arg-type]
    assert (card.launched[0]["grid"], card.launched[0]["threads"]) == ((2, 2), 64)


def test_kernels_are_found_in_another_thread(driver: Driver, card: FakeCard) -> None:
    module = driver.load(card.image())
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(module.kernel, "update").result().name == "update"


def test_memory_comes_back_while_launches_are_recorded(
    driver: Driver, card: FakeCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python collects circles of references whenever it likes."""
    kernel, held = driver.load(card.image()).kernel("update"), [driver.allocate(1000)]
    start = card.start
    monkeypatch.setattr(card, "start", lambda **launch: (held.clear(), start(**launch)))
    driver.record([Launch(kernel, (1, 1), 64, ARGS)]).run(1)
    assert not held and not card.blocks


def test_a_driver_gives_its_stream_back(monkeypatch: pytest.MonkeyPatch, card: FakeCard) -> None:
    use_fake_cupy(monkeypatch, card)
    driver = open_driver("cupy")
    assert card.streams == 1
    del driver
    gc.collect()
    assert card.streams == 0


# ------------------------------------------------------------------ what fails
@pytest.mark.parametrize(
    ("code", "message"),
    [
        (700, "a kernel read or wrote where it may not"),
        (702, r"longer than the system lets it .*\(watchdog\)"),
        (999, "it is lost"),
        (47, "it failed"),
    ],
)
def test_a_card_lost_in_mid_run_names_the_kernels(
    driver: Driver, card: FakeCard, code: int, message: str
) -> None:
    module = driver.load(card.image(one=KernelReport(1, 0, 0, 64), two=KernelReport(1, 0, 0, 64)))
    driver.launch(module.kernel("one"), (1, 1), 32, ARGS)
    driver.synchronise()
    driver.record([Launch(module.kernel("two"), (1, 1), 32, ARGS)]).run(3)
    wait = "streamSynchronize" if driver.name == "cupy" else "synchronize"
    card.fails[wait] = code
    with pytest.raises(DeviceError, match=message) as raised:
        driver.synchronise()
    text = str(raised.value)
    assert "Fake H100, waiting for it: " in text and "; running were 'two'\n" in text
    assert "'one'" not in text and "hint: " in text
    memory = driver.allocate(8)
    with pytest.raises(DeviceError, match=r"running were 'two'"):
        driver.download(memory.address, np.zeros(1))


def test_memory_of_a_lost_card_is_let_go_without_a_word(driver: Driver, card: FakeCard) -> None:
    memory = driver.allocate(8)
    for call in ("free", "setDevice"):
        card.fails[call] = 700
    del memory
    gc.collect()
    assert "free" in card.calls or "setDevice" in card.calls


def test_a_refused_launch_names_its_kernel(driver: Driver, card: FakeCard, kind: str) -> None:
    kernel = driver.load(card.image()).kernel("update")
    cooperative = kind == "cupy"
    card.fails["launchCooperativeKernel" if cooperative else "launchKernel"] = 720
    with pytest.raises(
        DeviceError, match=r"launching 'update': not all blocks .* at the same time"
    ):
        driver.launch(kernel, (200, 1), 256, ARGS, cooperative=cooperative)


def test_a_launch_refused_while_recording_says_why(driver: Driver, card: FakeCard) -> None:
    kernel = driver.load(card.image()).kernel("update")
    card.fails["launchKernel"] = 1
    with pytest.raises(DeviceError, match="it refuses an argument"):
        driver.record([Launch(kernel, (1, 1), 32, ARGS)]).run(1)
    assert card.capturing is None


def test_kernels_of_another_card_are_told(driver: Driver, card: FakeCard) -> None:
    card.fails["moduleLoadData"] = 209
    with pytest.raises(DeviceError, match="loading kernels: the kernels were compiled for another"):
        driver.load(card.image())


# ------------------------------------------------------------------ opening
def test_another_process_has_the_card(kind: str, card: FakeCard) -> None:
    card.fails["free" if kind == "cupy" else "retain_primary_context"] = 46
    with pytest.raises(DeviceError, match=r"another process has it.*\n.*nvidia-smi -c 0"):
        open_driver(kind)


def test_a_card_that_is_not_there(kind: str) -> None:
    with pytest.raises(DeviceError, match=r"there is no card 3\n  hint: device= .* 0 to 0"):
        open_driver(kind, device=3)


def test_a_machine_whose_links_are_not_started(kind: str, card: FakeCard) -> None:
    card.fails["getDeviceCount" if kind == "cupy" else "init"] = 802
    with pytest.raises(
        DeviceError, match=r"not started yet .*\n.* nvidia-fabricmanager has to run"
    ):
        open_driver(kind)


def test_no_card(kind: str, card: FakeCard) -> None:
    card.fails["getDeviceCount" if kind == "cupy" else "init"] = 100
    with pytest.raises(
        DeviceError, match=r"there is no GPU of NVIDIA .*\n  hint: driver='emulator'"
    ):
        open_driver(kind)


def test_a_driver_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    card = FakeCard(driver=12040)
    card.fails["getDeviceCount"] = 35
    use_fake_cupy(monkeypatch, card)
    with pytest.raises(DeviceError) as raised:
        open_driver("auto")
    assert str(raised.value) == (
        "the system's driver supports CUDA 12.4, the installed packages are for CUDA 13.2\n"
        "  hint: install a newer driver (580 or newer), or pip install 'pygenn-lite[cuda12]' in "
        "place of '[cuda]'; driver='emulator' runs the same kernels on the processor, slowly"
    )


def test_no_driver_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    card = FakeCard(driver=0)
    card.fails["getDeviceCount"] = 35
    use_fake_cupy(monkeypatch, card)
    with pytest.raises(
        DeviceError, match=r"no driver of NVIDIA on this machine \(libcuda\.so\.1\)"
    ):
        open_driver()


def test_a_driver_of_another_name() -> None:
    with pytest.raises(UnsupportedFeatureError, match="choose one of auto, cupy, pycuda, emulator"):
        open_driver("opencl")


# ------------------------------------------------------------------ packages
def missing(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


def test_cupy_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    missing(monkeypatch, "cupy")
    monkeypatch.setattr(packages, "installed_wheels", tuple)
    with pytest.raises(MissingPackageError) as raised:
        open_driver()
    assert "it is needed for backend='cuda'" in str(raised.value)
    assert str(raised.value).endswith(
        "hint: pip install 'pygenn-lite[cuda]', or run the same kernels on the processor: "
        "driver='emulator'"
    )


def test_cupy_is_installed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    use_fake_cupy(monkeypatch, FakeCard())
    wheels = {"cupy-cuda12x": "14.2.0", "cupy-cuda13x": "14.2.0"}

    def version(name: str) -> str:
        if name not in wheels:
            raise packages.importlib.metadata.PackageNotFoundError
        return wheels[name]

    monkeypatch.undo()
    monkeypatch.setattr(packages.importlib.metadata, "version", version)
    with pytest.raises(MissingPackageError) as raised:
        open_driver()
    assert str(raised.value) == (
        "CuPy is installed 2 times (cupy-cuda12x 14.2.0, cupy-cuda13x 14.2.0), and their files "
        "mix\n"
        "  hint: pip uninstall cupy-cuda12x cupy-cuda13x, then pip install 'pygenn-lite[cuda]' "
        "(CUDA 13) or 'pygenn-lite[cuda12]'"
    )


def test_cupy_is_for_another_cuda_than_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    use_fake_cupy(monkeypatch, FakeCard())

    class Nvrtc:
        @staticmethod
        def getVersion() -> None:
            raise RuntimeError("No such file: libnvrtc.so.13\nmore")

    sys.modules["cupy"].cuda.nvrtc = Nvrtc  # type: ignore[attr-defined]
    with pytest.raises(MissingPackageError) as raised:
        packages.import_nvrtc()
    assert str(raised.value) == (
        "NVIDIA's compiler NVRTC cannot be loaded; CuPy is built for CUDA 13 and needs that of "
        "CUDA 13 (No such file: libnvrtc.so.13)\n"
        "  hint: pip install 'pygenn-lite[cuda]', or run the same kernels on the processor: "
        "driver='emulator'"
    )


def test_pycuda_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    missing(monkeypatch, "pycuda", "pycuda.driver")
    with pytest.raises(MissingPackageError, match=r"needs cuda\.h, cudaProfiler\.h, libcuda and"):
        open_driver("pycuda")


# ------------------------------------------------------------------ the fake is like CuPy
def parameters(text: str) -> int:
    """Of a function that is written in Cython, from the first line of its documentation."""
    inside = text.splitlines()[0].partition("(")[2].partition(")")[0]
    return len(inside.split(",")) if inside.strip() else 0


@pytest.mark.nvrtc
@pytest.mark.parametrize(("part", "fake"), [("runtime", FakeRuntime), ("driver", FakeDriverApi)])
def test_what_the_drivers_call_is_there(part: str, fake: type) -> None:
    cupy = pytest.importorskip("cupy", reason="CuPy is not installed: pip install '.[cuda-test]'")
    real = getattr(cupy.cuda, part)
    names = {name for name in vars(fake) if not name.startswith("_")}
    assert names and names <= set(dir(real))
    for name in names:
        ours, theirs = getattr(fake, name), getattr(real, name)
        if isinstance(ours, int):
            assert ours == theirs
        elif callable(ours) and not isinstance(ours, type):
            code = ours.__code__
            some = bool(code.co_flags & inspect.CO_VARARGS)
            count = 9 + 1 + ("Cooperative" not in name) if some else code.co_argcount - 1
            assert parameters(theirs.__doc__) == count, name
