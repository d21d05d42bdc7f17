"""The driver that talks to a card through CuPy: its bindings of CUDA alone, not its arrays, nor its
pool of memory (so that what is free is known)."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from pygenn_lite.errors import DeviceError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.drivers.base import Array, Card, Image, Kernel, Launch
from pygenn_lite.runtime.cuda.drivers.card_errors import TOO_OLD, card_error, driver_too_old
from pygenn_lite.runtime.cuda.drivers.launching import (
    LoadedKernel,
    Unfinished,
    check_contiguous,
    check_launch,
    opt_in_needed,
    version_text,
)
from pygenn_lite.runtime.cuda.drivers.packages import import_cupy

# cudaDeviceAttr (properties of CUDA 13 have no clock any longer)
_CLOCK, _MULTIPROCESSORS, _WATCHDOG, _L2, _MAJOR, _MINOR = 13, 16, 17, 38, 75, 76
_SHARED, _PAGEABLE, _COOPERATIVE, _SHARED_OF_A_BLOCK = 81, 88, 95, 97


@dataclass(frozen=True)
class _Cuda:
    """CuPy's bindings and the card they are used for."""

    runtime: Any
    driver: Any
    device: int

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return self.runtime.CUDARuntimeError, self.driver.CUDADriverError

    def use(self) -> None:
        """Let this thread's calls be about our card, whatever others have chosen meanwhile."""
        self.runtime.setDevice(self.device)


class CupyMemory:
    """Memory of a card, given back when nothing refers to it any longer."""

    def __init__(self, cuda: _Cuda, size: int) -> None:
        self.address = int(cuda.runtime.malloc(size))
        self.bytes = size
        self._finalizer = weakref.finalize(self, _release, cuda, cuda.runtime.free, self.address)


class CupyModule:
    """Kernels on a card."""

    def __init__(self, owner: CupyDriver, image: Image) -> None:
        self._owner, self._image, cuda = owner, image, owner.cuda
        self._handle = cuda.driver.moduleLoadData(image.binary)
        self._finalizer = weakref.finalize(
            self, _release, cuda, cuda.driver.moduleUnload, self._handle
        )

    def kernel(self, name: str) -> LoadedKernel:
        """One of them."""
        report = self._image.kernels[name]
        with self._owner.asking(f"looking for {name!r}"):
            handle = self._owner.cuda.driver.moduleGetFunction(self._handle, name)
        return LoadedKernel(name, report, handle, self)


class CupyEvent:
    """A point in the order of what a card does."""

    def __init__(self, owner: CupyDriver) -> None:
        self._owner, self._cuda = owner, owner.cuda
        self._handle = self._cuda.runtime.eventCreate()
        self._finalizer = weakref.finalize(
            self, _release, self._cuda, self._cuda.runtime.eventDestroy, self._handle
        )

    def record(self) -> None:
        """Let it stand behind all that was asked so far."""
        with self._owner.asking("recording an event"):
            self._cuda.runtime.eventRecord(self._handle, self._owner.stream)

    def seconds_since(self, other: CupyEvent) -> float:
        """Time between another event and this one; waits for both."""
        with self._owner.asking("timing"):
            self._cuda.runtime.eventSynchronize(other._handle)
            self._cuda.runtime.eventSynchronize(self._handle)
            milliseconds = self._cuda.runtime.eventElapsedTime(other._handle, self._handle)
        return float(milliseconds) / 1000


class CupyGraph:
    """Launches in a CUDA graph."""

    def __init__(self, owner: CupyDriver, launches: Sequence[Launch]) -> None:
        self._owner, self._cuda = owner, owner.cuda
        self._launches = tuple(launches)  # keeps their kernels
        runtime = self._cuda.runtime
        with owner.asking("recording launches"):
            # Relaxed: meanwhile Python may give memory of other simulations back.
            runtime.streamBeginCapture(owner.stream, runtime.streamCaptureModeRelaxed)
        try:
            for each in self._launches:
                owner.launch_this(each)
        except BaseException:
            with suppress(*self._cuda.errors):  # the first error says why
                runtime.streamEndCapture(owner.stream)
            raise
        with owner.asking("recording launches"):
            graph = runtime.streamEndCapture(owner.stream)
            self._handle = runtime.graphInstantiate(graph)
            runtime.graphDestroy(graph)
        self._finalizer = weakref.finalize(
            self, _release, self._cuda, runtime.graphExecDestroy, self._handle
        )

    def run(self, times: int) -> None:
        """Do all of them in their order, so many times."""
        for each in self._launches:
            self._owner.unfinished.add(each.kernel.name)
        with self._owner.asking("launching a graph"):
            for _ in range(times):
                self._cuda.runtime.graphLaunch(self._handle, self._owner.stream)


class CupyDriver:
    """A card, through CuPy.

    Parameters
    ----------
    device : int
        Its number.

    Raises
    ------
    MissingPackageError
        CuPy is not installed, or twice.
    DeviceError
        There is no such card, its driver is too old, or another process has it for itself.
    """

    name = "cupy"

    def __init__(self, device: int = 0) -> None:
        cupy = import_cupy()
        self.cuda = _Cuda(cupy.cuda.runtime, cupy.cuda.driver, device)
        self.unfinished = Unfinished()
        self.card = _card(self.cuda)
        with self.asking("opening it"):
            runtime = self.cuda.runtime
            runtime.free(0)  # makes the context
            self._reads_the_host = bool(runtime.deviceGetAttribute(_PAGEABLE, device))
            self.stream = runtime.streamCreateWithFlags(runtime.streamNonBlocking)
        weakref.finalize(self, _release, self.cuda, runtime.streamDestroy, self.stream)

    @contextmanager
    def asking(self, doing: str) -> Iterator[None]:
        """Let calls be about our card, and tell what it refuses."""
        try:
            self.cuda.use()
            yield
        except self.cuda.errors as error:
            code = int(getattr(error, "status", -1))
            raise card_error(code, str(error), self.card.name, doing, self.unfinished) from error

    def compile(self, source: Mapping[str, str], main: str, *, cache: bool) -> Image:
        """Compile for this card, or take it from the compile cache."""
        from pygenn_lite.runtime.cuda.drivers.nvrtc import compile_kernels, target_of_card

        return compile_kernels(
            source, main, target_of_card(self.card.compute_capability), cache=cache
        )

    def load(self, image: Image) -> CupyModule:
        """Bring compiled kernels onto the card."""
        with self.asking("loading kernels"):
            return CupyModule(self, image)

    def allocate(self, bytes: int) -> CupyMemory:
        """Memory, all zero; one byte at least."""
        bytes = max(bytes, 1)
        with self.asking(f"allocating {bytes:,} bytes"):
            memory = CupyMemory(self.cuda, bytes)
        self.fill(memory.address, bytes)
        return memory

    def free_bytes(self) -> int:
        """What ``allocate`` could still give."""
        with self.asking("looking for free memory"):
            return int(self.cuda.runtime.memGetInfo()[0])

    def upload(self, address: int, array: Array) -> None:
        """Copy a contiguous array to the card."""
        check_contiguous(array)
        runtime = self.cuda.runtime
        self._copy(address, array.ctypes.data, array.nbytes, runtime.memcpyHostToDevice)
        if self._reads_the_host:  # from where the array lies, after this call as well
            self.synchronise()

    def download(self, address: int, out: Array) -> None:
        """Fill a contiguous array from the card."""
        check_contiguous(out, writable=True)
        runtime = self.cuda.runtime
        self._copy(out.ctypes.data, address, out.nbytes, runtime.memcpyDeviceToHost)
        self.synchronise()

    def copy(self, to: int, source: int, bytes: int) -> None:
        """Copy on the card, between ranges that do not overlap."""
        self._copy(to, source, bytes, self.cuda.runtime.memcpyDeviceToDevice)

    def _copy(self, to: int, source: int, size: int, kind: int) -> None:
        if size:
            with self.asking("copying"):
                self.cuda.runtime.memcpyAsync(to, source, size, kind, self.stream)

    def fill(self, address: int, bytes: int, value: int = 0) -> None:
        """Set each of so many bytes."""
        if bytes:
            with self.asking("filling memory"):
                self.cuda.runtime.memsetAsync(address, value, bytes, self.stream)

    def launch(
        self,
        kernel: Kernel,
        grid: tuple[int, int],
        threads: int,
        args: bytes,
        *,
        shared_bytes: int = 0,
        cooperative: bool = False,
    ) -> None:
        """Launch a kernel behind all that was asked before."""
        self.launch_this(Launch(kernel, grid, threads, args, shared_bytes, cooperative))

    def launch_this(self, what: Launch) -> None:
        """The same, of a record."""
        kernel = cast(LoadedKernel, what.kernel)
        self._prepare(kernel, what.threads, what.shared_bytes)
        held = ctypes.create_string_buffer(what.args, len(what.args))
        parameters = (ctypes.c_void_p * 1)(ctypes.addressof(held))
        shape = (*what.grid, 1, what.threads, 1, 1, what.shared_bytes, self.stream)
        with self.asking(f"launching {kernel.name!r}"):
            if what.cooperative:
                start = self.cuda.driver.launchCooperativeKernel
                start(kernel.handle, *shape, ctypes.addressof(parameters))
            else:
                start = self.cuda.driver.launchKernel
                start(kernel.handle, *shape, ctypes.addressof(parameters), 0)
        self.unfinished.add(kernel.name)

    def _prepare(self, kernel: LoadedKernel, threads: int, shared_bytes: int) -> None:
        check_launch(self.card, kernel, threads, shared_bytes)
        if opt_in_needed(kernel, shared_bytes):
            driver = self.cuda.driver
            with self.asking(f"asking for shared memory of {kernel.name!r}"):
                attribute = driver.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
                driver.funcSetAttribute(kernel.handle, attribute, shared_bytes)
            kernel.opted_in = shared_bytes

    def record(self, launches: Sequence[Launch]) -> CupyGraph:
        """Launches as one thing to be run many times: a CUDA graph."""
        return CupyGraph(self, launches)

    def synchronise(self) -> None:
        """Wait until all that was asked is done."""
        with self.asking("waiting for it"):
            self.cuda.runtime.streamSynchronize(self.stream)
        self.unfinished.clear()

    def event(self) -> CupyEvent:
        """A new event."""
        with self.asking("making an event"):
            return CupyEvent(self)

    def active_blocks(self, kernel: Kernel, threads: int, shared_bytes: int = 0) -> int:
        """Blocks of a kernel that run on one multiprocessor at the same time: the driver's own
        answer."""
        loaded = cast(LoadedKernel, kernel)
        self._prepare(loaded, threads, shared_bytes)
        with self.asking("asking for occupancy"):
            ask = self.cuda.driver.occupancyMaxActiveBlocksPerMultiprocessor
            return int(ask(loaded.handle, threads, shared_bytes))


def _release(cuda: _Cuda, give_back: Any, handle: int) -> None:
    """Give something back; where the card is lost, or Python is about to end, it is gone anyway."""
    with suppress(*cuda.errors):
        cuda.use()
        give_back(handle)


def _card(cuda: _Cuda) -> Card:
    """What the card is.

    Raises
    ------
    DeviceError
    """
    runtime, device = cuda.runtime, cuda.device
    driver = int(runtime.driverGetVersion())
    supports = version_text(driver) if driver else ""
    try:
        count = int(runtime.getDeviceCount())
        if not 0 <= device < count:
            raise DeviceError(
                f"there is no card {device}", hint=f"device= is a number from 0 to {count - 1}"
            )

        def attribute(which: int) -> int:
            return int(runtime.deviceGetAttribute(which, device))

        properties = runtime.getDeviceProperties(device)
        return Card(
            name=properties["name"].decode(),
            compute_capability=10 * attribute(_MAJOR) + attribute(_MINOR),
            multiprocessors=attribute(_MULTIPROCESSORS),
            shared_per_block=attribute(_SHARED_OF_A_BLOCK),
            shared_per_multiprocessor=attribute(_SHARED),
            memory_bytes=int(properties["totalGlobalMem"]),
            clock_khz=attribute(_CLOCK),
            l2_bytes=attribute(_L2),
            driver_version=supports,
            cooperative=bool(attribute(_COOPERATIVE)),
            watchdog=bool(attribute(_WATCHDOG)),
        )
    except cuda.errors as error:
        code = int(getattr(error, "status", -1))
        if code == TOO_OLD:
            made_for = version_text(int(runtime.runtimeGetVersion()))
            raise driver_too_old(made_for, supports) from error
        raise card_error(code, str(error), f"card {device}", "looking for it") from error
