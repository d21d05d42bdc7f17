"""A card without a card: what CuPy and PyCUDA would find, over memory of the host. Kernels are
Python functions that get their argument's bytes; failures are planted."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pygenn_lite.runtime.cuda.drivers import packages
from pygenn_lite.runtime.cuda.drivers.base import Image, KernelReport

WORDS = {
    1: "cudaErrorInvalidValue: invalid argument",
    2: "cudaErrorMemoryAllocation: out of memory",
    35: "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version",
    46: "cudaErrorDevicesUnavailable: CUDA-capable device(s) is/are busy or unavailable",
    100: "cudaErrorNoDevice: no CUDA-capable device is detected",
    201: "CUDA_ERROR_INVALID_CONTEXT: invalid device context",
    209: "cudaErrorNoKernelImageForDevice: no kernel image is available for execution",
    700: "cudaErrorIllegalAddress: an illegal memory access was encountered",
    702: "cudaErrorLaunchTimeout: the launch timed out and was terminated",
    720: "cudaErrorCooperativeLaunchTooLarge: too many blocks in cooperative launch",
    802: "cudaErrorSystemNotReady: system not yet initialized",
    900: "cudaErrorStreamCaptureUnsupported: operation not permitted when stream is capturing",
    999: "cudaErrorUnknown: unknown error",
    47: "cudaErrorSomething: never heard of",
}
ATTRIBUTES = {
    13: 1_980_000,
    16: 132,
    17: 1,
    38: 50 << 20,
    75: 9,
    76: 0,
    81: 228 << 10,
    95: 1,
    97: 227 << 10,
}
PLAIN = KernelReport(registers=32, shared_bytes=1024, spill_bytes=0, threads=256)


class CudaError(RuntimeError):
    def __init__(self, code: int) -> None:
        super().__init__(WORDS[code])
        self.status = code


class FakeCard:
    """Its memory, what was launched on it, and what shall fail: ``fails[call] = code``."""

    def __init__(self, memory: int = 1 << 20, cards: int = 1, driver: int = 13000) -> None:
        self.memory, self.cards, self.driver = memory, cards, driver
        self.blocks: dict[int, np.ndarray] = {}
        self.launched: list[dict[str, Any]] = []
        self.functions: dict[str, Callable[[bytes], None]] = {}
        self.fails: dict[str, int] = {}
        self.calls: list[str] = []
        self.attributes: dict[tuple[str, int], int] = {}
        self.capturing: list[dict[str, Any]] | None = None
        self.capture_mode = 0
        self.streams = 0
        self.current = threading.local()  # whether a thread has a context
        self.reads_the_host = False
        self.later: list[tuple[int, int, int]] = []  # copies that the card makes by itself
        self.graphs: dict[int, list[dict[str, Any]]] = {}
        self.modules = 0
        self.error: type[Exception] = CudaError

    def called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.fails:
            raise self.error(self.fails[name])

    # ------------------------------------------------------------------ memory
    @property
    def used(self) -> int:
        return sum(block.nbytes for block in self.blocks.values())

    def malloc(self, size: int) -> int:
        if size > self.memory - self.used:
            raise self.error(2)
        block = np.full(size, 0xAA, np.uint8)
        self.blocks[block.ctypes.data] = block
        return block.ctypes.data

    def free(self, address: int) -> None:
        if address:
            del self.blocks[address]

    def check_inside(self, address: int, size: int) -> None:
        assert any(a <= address and address + size <= a + b.nbytes for a, b in self.blocks.items())

    def catch_up(self) -> None:
        for each in self.later:
            ctypes.memmove(*each)
        self.later.clear()

    # ------------------------------------------------------------------ launches
    def start(self, **launch: Any) -> None:
        if self.capturing is not None:
            self.capturing.append(launch)
        else:
            self.launched.append(launch)
            self.functions.get(launch["kernel"], lambda args: None)(launch["args"])

    def image(self, **kernels: KernelReport) -> Image:
        return Image(kernels=kernels or {"update": PLAIN}, target="sm_90", binary=b"cubin")


# ---------------------------------------------------------------------- CuPy
class FakeRuntime:
    CUDARuntimeError = CudaError
    memcpyHostToDevice, memcpyDeviceToHost, memcpyDeviceToDevice = 1, 2, 3
    streamNonBlocking, streamCaptureModeRelaxed = 1, 2

    def __init__(self, card: FakeCard) -> None:
        self.card, self.device, self.clock = card, 0, 0.0

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if callable(found) and not name.startswith("_") and not isinstance(found, type):
            object.__getattribute__(self, "card").called(name)
        return found

    def setDevice(self, device: int) -> None:
        self.device, self.card.current.there = device, True

    def driverGetVersion(self) -> int:
        return self.card.driver

    def runtimeGetVersion(self) -> int:
        return 13020

    def getDeviceCount(self) -> int:
        return self.card.cards

    def deviceGetAttribute(self, which: int, device: int) -> int:
        return int(self.card.reads_the_host) if which == 88 else ATTRIBUTES[which]

    def getDeviceProperties(self, device: int) -> dict[str, Any]:
        return {"name": b"Fake H100", "totalGlobalMem": 80 << 30}

    def free(self, address: int) -> None:
        relaxed = self.card.capture_mode == self.streamCaptureModeRelaxed
        if self.card.capturing is not None and not relaxed:
            raise CudaError(900)
        self.card.free(address)

    def malloc(self, size: int) -> int:
        return self.card.malloc(size)

    def memGetInfo(self) -> tuple[int, int]:
        return self.card.memory - self.card.used, self.card.memory

    def memsetAsync(self, address: int, value: int, size: int, stream: int) -> None:
        self.card.check_inside(address, size)
        ctypes.memset(address, value, size)

    def memcpyAsync(self, to: int, source: int, size: int, kind: int, stream: int) -> None:
        if kind in (1, 3):
            self.card.check_inside(to, size)
        if kind in (2, 3):
            self.card.check_inside(source, size)
        if kind == 1 and self.card.reads_the_host:
            self.card.later.append((to, source, size))
        else:
            ctypes.memmove(to, source, size)

    def streamCreateWithFlags(self, flags: int) -> int:
        self.card.streams += 1
        return 77

    def streamDestroy(self, stream: int) -> None:
        assert stream == 77
        self.card.streams -= 1

    def streamSynchronize(self, stream: int) -> None:
        assert stream == 77
        self.card.catch_up()

    def streamBeginCapture(self, stream: int, mode: int) -> None:
        self.card.capturing, self.card.capture_mode = [], mode

    def streamEndCapture(self, stream: int) -> int:
        assert self.card.capturing is not None
        self.card.graphs[len(self.card.graphs)] = self.card.capturing
        self.card.capturing = None
        return len(self.card.graphs) - 1

    def graphInstantiate(self, graph: int) -> int:
        return graph

    def graphDestroy(self, graph: int) -> None: ...

    def graphExecDestroy(self, graph: int) -> None:
        del self.card.graphs[graph]

    def graphLaunch(self, graph: int, stream: int) -> None:
        for launch in self.card.graphs[graph]:
            self.card.start(**launch)

    def eventCreate(self) -> list[float]:  # type: ignore[override]
        return [0.0]

    def eventDestroy(self, event: list[float]) -> None: ...

    def eventRecord(self, event: list[float], stream: int) -> None:
        self.clock += 2.5  # ms
        event[0] = self.clock

    def eventSynchronize(self, event: list[float]) -> None: ...

    def eventElapsedTime(self, start: list[float], end: list[float]) -> float:
        return end[0] - start[0]


class FakeDriverApi:
    CUDADriverError = CudaError
    CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8

    def __init__(self, card: FakeCard) -> None:
        self.card = card

    def get_build_version(self) -> int:
        return 13020

    def moduleLoadData(self, binary: bytes) -> int:
        self.card.called("moduleLoadData")
        assert binary == b"cubin"
        self.card.modules += 1
        return 5

    def moduleUnload(self, module: int) -> None:
        self.card.modules -= 1

    def moduleGetFunction(self, module: int, name: str) -> str:
        if not getattr(self.card.current, "there", False):
            raise CudaError(201)
        return name

    def funcSetAttribute(self, function: str, attribute: int, value: int) -> None:
        self.card.attributes[function, attribute] = value

    def launchKernel(self, function: str, *shape: int) -> None:
        self.card.called("launchKernel")
        assert shape[-1] == 0
        self._start(function, shape[:-1], cooperative=False)

    def launchCooperativeKernel(self, function: str, *shape: int) -> None:
        self.card.called("launchCooperativeKernel")
        self._start(function, shape, cooperative=True)

    def _start(self, function: str, shape: tuple[int, ...], cooperative: bool) -> None:
        x, y, z, threads, one, other, shared, stream, parameters = shape
        assert (z, one, other, stream) == (1, 1, 1, 77)
        (address,) = (ctypes.c_void_p * 1).from_address(parameters)
        args = ctypes.string_at(address, self.card.args_size)  # type: ignore[attr-defined]
        self.card.start(
            kernel=function, grid=(x, y), threads=threads, shared=shared, args=args,
            cooperative=cooperative,
        )  # fmt: skip

    def occupancyMaxActiveBlocksPerMultiprocessor(self, f: str, threads: int, shared: int) -> int:
        return 3


def use_fake_cupy(monkeypatch: pytest.MonkeyPatch, card: FakeCard) -> None:
    """Let ``import cupy`` give a fake one."""
    cupy = ModuleType("cupy")
    cupy.cuda = SimpleNamespace(  # type: ignore[attr-defined]
        runtime=FakeRuntime(card), driver=FakeDriverApi(card), nvrtc=None
    )
    monkeypatch.setitem(__import__("sys").modules, "cupy", cupy)
    monkeypatch.setattr(packages, "installed_wheels", lambda: ("cupy-cuda13x 14.2.0",))


# ---------------------------------------------------------------------- PyCUDA
class PycudaError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"cuSomething failed: {WORDS[code].partition(': ')[2]}")


class FakePycuda(ModuleType):
    Error = PycudaError

    def __init__(self, card: FakeCard) -> None:
        super().__init__("pycuda.driver")
        card.error = PycudaError
        self.card, self.pushed, self.ready = card, 0, False
        names = {
            "MULTIPROCESSOR_COUNT": 16, "CLOCK_RATE": 13, "L2_CACHE_SIZE": 38,
            "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN": 97, "KERNEL_EXEC_TIMEOUT": 17,
            "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR": 81, "PAGEABLE_MEMORY_ACCESS": 88,
        }  # fmt: skip
        self.device_attribute = SimpleNamespace(**names)
        self.function_attribute = SimpleNamespace(MAX_DYNAMIC_SHARED_SIZE_BYTES=8)
        self.Device = type("Device", (), {
            "__init__": lambda device, number: None,
            "count": staticmethod(lambda: card.cards),
            "name": lambda device: "Fake H100",
            "compute_capability": lambda device: (9, 0),
            "total_memory": lambda device: 80 << 30,
            "get_attribute": lambda device, which: (
                int(card.reads_the_host) if which == 88 else ATTRIBUTES[which]
            ),
            "retain_primary_context": lambda device: self._context(),
        })  # fmt: skip

    def _context(self) -> Any:
        self.card.called("retain_primary_context")

        def push() -> None:
            self.pushed += 1

        def pop() -> None:
            assert self.pushed > 0
            self.pushed -= 1

        return SimpleNamespace(push=push, pop=pop)

    def _inside(self, name: str) -> FakeCard:
        assert self.pushed, "outside of the context"
        self.card.called(name)
        return self.card

    def init(self) -> None:
        self.card.called("init")

    def get_driver_version(self) -> int:
        return self.card.driver

    def Stream(self) -> Any:
        self._inside("Stream")
        return SimpleNamespace(synchronize=lambda: self._inside("synchronize").catch_up())

    def Event(self) -> Any:
        self._inside("Event")
        event = SimpleNamespace(at=0.0)

        def record(stream: Any) -> None:
            self.card.clock = getattr(self.card, "clock", 0.0) + 2.5  # type: ignore[attr-defined]
            event.at = self.card.clock  # type: ignore[attr-defined]

        event.record = record
        event.synchronize = lambda: None
        event.time_since = lambda other: event.at - other.at
        return event

    def mem_alloc(self, size: int) -> Any:
        address = self._inside("mem_alloc").malloc(size)

        class Allocation:
            __int__ = lambda allocation: address  # noqa: E731
            free = lambda allocation: self._inside("free").free(address)  # noqa: E731

        return Allocation()

    def mem_get_info(self) -> tuple[int, int]:
        card = self._inside("mem_get_info")
        return card.memory - card.used, card.memory

    def memset_d8_async(self, address: int, value: int, size: int, stream: Any) -> None:
        self._inside("memset").check_inside(address, size)
        ctypes.memset(address, value, size)

    def memcpy_htod_async(self, to: int, array: np.ndarray, stream: Any) -> None:
        self._inside("memcpy").check_inside(to, array.nbytes)
        self.card.later.append((to, array.ctypes.data, array.nbytes))
        if not self.card.reads_the_host:
            self.card.catch_up()

    def memcpy_dtoh_async(self, out: np.ndarray, source: int, stream: Any) -> None:
        self._inside("memcpy").check_inside(source, out.nbytes)
        ctypes.memmove(out.ctypes.data, source, out.nbytes)

    def memcpy_dtod_async(self, to: int, source: int, size: int, stream: Any) -> None:
        self._inside("memcpy").check_inside(source, size)
        ctypes.memmove(to, source, size)

    def module_from_buffer(self, binary: bytes) -> Any:
        self._inside("moduleLoadData")
        assert binary == b"cubin"
        return SimpleNamespace(get_function=lambda name: FakeFunction(self, name))


class FakeFunction:
    def __init__(self, api: FakePycuda, name: str) -> None:
        self.api, self.name, self.format = api, name, ""

    def prepare(self, types: list[str]) -> None:
        self.format = "".join(types)

    def set_attribute(self, attribute: int, value: int) -> None:
        self.api._inside("set_attribute").attributes[self.name, attribute] = value

    def prepared_async_call(
        self, grid: Any, block: Any, stream: Any, args: bytes, shared_size: int
    ) -> None:
        import struct

        card = self.api._inside("launchKernel")
        assert block[1:] == (1, 1)
        assert all(type(each) is int for each in (*grid, *block, shared_size))  # as Boost.Python
        card.start(
            kernel=self.name, grid=grid, threads=block[0], shared=shared_size,
            args=struct.pack(self.format, args), cooperative=False,
        )  # fmt: skip


def use_fake_pycuda(monkeypatch: pytest.MonkeyPatch, card: FakeCard) -> None:
    """Let ``import pycuda.driver`` give a fake one."""
    modules = __import__("sys").modules
    monkeypatch.setitem(modules, "pycuda", ModuleType("pycuda"))
    monkeypatch.setitem(modules, "pycuda.driver", FakePycuda(card))
