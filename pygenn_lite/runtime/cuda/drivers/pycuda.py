"""The driver that talks to a card through PyCUDA. PyCUDA 2026.1 has no cooperative launches, no
graphs and no occupancy: launches are recorded as a loop, co-residency follows from our own
calculator."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from pygenn_lite.errors import DeviceError, MissingPackageError
from pygenn_lite.optional import require
from pygenn_lite.runtime.cuda.drivers.base import Array, Card, Image, Kernel, Launch
from pygenn_lite.runtime.cuda.drivers.card_errors import card_error, code_of
from pygenn_lite.runtime.cuda.drivers.launching import (
    LoadedKernel,
    Unfinished,
    check_contiguous,
    check_launch,
    opt_in_needed,
    version_text,
)
from pygenn_lite.runtime.cuda.occupancy import active_blocks

_ATTRIBUTES = {
    "multiprocessors": "MULTIPROCESSOR_COUNT",
    "clock_khz": "CLOCK_RATE",
    "l2_bytes": "L2_CACHE_SIZE",
    "shared_per_block": "MAX_SHARED_MEMORY_PER_BLOCK_OPTIN",
    "shared_per_multiprocessor": "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR",
}


class PycudaMemory:
    """Memory of a card, given back when nothing refers to it any longer."""

    def __init__(self, owner: PycudaDriver, size: int) -> None:
        allocation = owner.api.mem_alloc(size)
        self.address, self.bytes = int(allocation), size
        self._finalizer = weakref.finalize(self, _release, owner.api, owner.context, allocation)


class PycudaModule:
    """Kernels on a card."""

    def __init__(self, owner: PycudaDriver, image: Image) -> None:
        self._owner, self._image = owner, image
        self._module = owner.api.module_from_buffer(image.binary)

    def kernel(self, name: str) -> LoadedKernel:
        """One of them."""
        report = self._image.kernels[name]
        with self._owner.asking(f"looking for {name!r}"):
            return LoadedKernel(name, report, self._module.get_function(name), self)


class PycudaEvent:
    """A point in the order of what a card does."""

    def __init__(self, owner: PycudaDriver) -> None:
        self._owner, self._event = owner, owner.api.Event()

    def record(self) -> None:
        """Let it stand behind all that was asked so far."""
        with self._owner.asking("recording an event"):
            self._event.record(self._owner.stream)

    def seconds_since(self, other: PycudaEvent) -> float:
        """Time between another event and this one; waits for both."""
        with self._owner.asking("timing"):
            other._event.synchronize()
            self._event.synchronize()
            return float(self._event.time_since(other._event)) / 1000


class PycudaLoop:
    """Launches that are done one by one each time."""

    def __init__(self, owner: PycudaDriver, launches: Sequence[Launch]) -> None:
        self._owner, self._launches = owner, tuple(launches)
        for each in self._launches:
            owner.prepare(each)

    def run(self, times: int) -> None:
        """Do all of them in their order, so many times."""
        with self._owner.asking("launching kernels"):
            for _ in range(times):
                for each in self._launches:
                    self._owner.start(each)


class PycudaDriver:
    """A card, through PyCUDA.

    Parameters
    ----------
    device : int
        Its number.

    Raises
    ------
    MissingPackageError
        PyCUDA is not installed, or does not find the libraries it was built with.
    DeviceError
        There is no such card, or another process has it for itself.
    """

    name = "pycuda"

    def __init__(self, device: int = 0) -> None:
        self.api = _import_pycuda()
        self.unfinished = Unfinished()
        self._title = f"card {device}"
        with self._telling("looking for it"):
            self.api.init()
            count = int(self.api.Device.count())
            if not 0 <= device < count:
                raise DeviceError(
                    f"there is no card {device}", hint=f"device= is a number from 0 to {count - 1}"
                )
            its = self.api.Device(device)
            self.card = _card(self.api, its)
            pageable = self.api.device_attribute.PAGEABLE_MEMORY_ACCESS
            self._reads_the_host = bool(its.get_attribute(pageable))
            self._title = self.card.name
        with self._telling("opening it"):
            self.context = its.retain_primary_context()
        with self.asking("opening it"):
            self.stream = self.api.Stream()

    @contextmanager
    def asking(self, doing: str) -> Iterator[None]:
        """Let calls be about our card, and tell what it refuses."""
        with self._telling(doing):
            self.context.push()
            try:
                yield
            finally:
                self.context.pop()

    @contextmanager
    def _telling(self, doing: str) -> Iterator[None]:
        try:
            yield
        except self.api.Error as error:
            raise card_error(
                code_of(str(error)), str(error), self._title, doing, self.unfinished
            ) from error

    def compile(self, source: Mapping[str, str], main: str, *, cache: bool) -> Image:
        """Compile for this card with NVRTC, or take it from the compile cache."""
        from pygenn_lite.runtime.cuda.drivers.nvrtc import compile_kernels, target_of_card

        return compile_kernels(
            source, main, target_of_card(self.card.compute_capability), cache=cache
        )

    def load(self, image: Image) -> PycudaModule:
        """Bring compiled kernels onto the card."""
        with self.asking("loading kernels"):
            return PycudaModule(self, image)

    def allocate(self, bytes: int) -> PycudaMemory:
        """Memory, all zero; one byte at least."""
        bytes = max(bytes, 1)
        with self.asking(f"allocating {bytes:,} bytes"):
            memory = PycudaMemory(self, bytes)
        self.fill(memory.address, bytes)
        return memory

    def free_bytes(self) -> int:
        """What ``allocate`` could still give."""
        with self.asking("looking for free memory"):
            return int(self.api.mem_get_info()[0])

    def upload(self, address: int, array: Array) -> None:
        """Copy a contiguous array to the card."""
        check_contiguous(array)
        if array.nbytes:
            with self.asking("copying"):
                self.api.memcpy_htod_async(address, array, self.stream)
            if self._reads_the_host:  # from where the array lies, after this call as well
                self.synchronise()

    def download(self, address: int, out: Array) -> None:
        """Fill a contiguous array from the card."""
        check_contiguous(out, writable=True)
        if out.nbytes:
            with self.asking("copying"):
                self.api.memcpy_dtoh_async(out, address, self.stream)
        self.synchronise()

    def copy(self, to: int, source: int, bytes: int) -> None:
        """Copy on the card, between ranges that do not overlap."""
        if bytes:
            with self.asking("copying"):
                self.api.memcpy_dtod_async(to, source, bytes, self.stream)

    def fill(self, address: int, bytes: int, value: int = 0) -> None:
        """Set each of so many bytes."""
        if bytes:
            with self.asking("filling memory"):
                self.api.memset_d8_async(address, value, bytes, self.stream)

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
        what = Launch(kernel, grid, threads, args, shared_bytes, cooperative)
        self.prepare(what)
        with self.asking(f"launching {kernel.name!r}"):
            self.start(what)

    def prepare(self, what: Launch) -> None:
        """Refuse what cannot be launched, and tell the card what will be."""
        kernel = cast(LoadedKernel, what.kernel)
        check_launch(self.card, kernel, what.threads, what.shared_bytes)
        if what.cooperative:
            self._check_together(kernel, what)
        with self.asking(f"preparing {kernel.name!r}"):
            kernel.handle.prepare([f"{len(what.args)}s"])  # the argument is given as its bytes
            if opt_in_needed(kernel, what.shared_bytes):
                attribute = self.api.function_attribute.MAX_DYNAMIC_SHARED_SIZE_BYTES
                kernel.handle.set_attribute(attribute, what.shared_bytes)
                kernel.opted_in = what.shared_bytes

    def _check_together(self, kernel: LoadedKernel, what: Launch) -> None:
        """All blocks of a cooperative launch have to run at the same time; PyCUDA cannot make the
        card see to it, so that nothing else may run on the card."""
        blocks = what.grid[0] * what.grid[1]
        fitting = self.active_blocks(kernel, what.threads, what.shared_bytes)
        if blocks > fitting * self.card.multiprocessors:
            raise DeviceError(
                f"{blocks} blocks of the kernel {kernel.name!r} are to run at the same time, on "
                f"{self.card.name} there is room for {fitting * self.card.multiprocessors}",
                hint="use plan='general'",
            )

    def start(self, what: Launch) -> None:
        """Launch what is prepared, in an open context."""
        kernel = cast(LoadedKernel, what.kernel)
        self.unfinished.add(kernel.name)
        x, y = what.grid
        kernel.handle.prepared_async_call(
            (int(x), int(y)),  # it takes no numbers of NumPy
            (int(what.threads), 1, 1),
            self.stream,
            what.args,
            shared_size=int(what.shared_bytes),
        )

    def record(self, launches: Sequence[Launch]) -> PycudaLoop:
        """Launches as one thing to be run many times: a loop."""
        return PycudaLoop(self, launches)

    def synchronise(self) -> None:
        """Wait until all that was asked is done."""
        with self.asking("waiting for it"):
            self.stream.synchronize()
        self.unfinished.clear()

    def event(self) -> PycudaEvent:
        """A new event."""
        with self.asking("making an event"):
            return PycudaEvent(self)

    def active_blocks(self, kernel: Kernel, threads: int, shared_bytes: int = 0) -> int:
        """Blocks of a kernel that run on one multiprocessor at the same time, by our own
        calculator."""
        report = kernel.report
        shared = report.shared_bytes + shared_bytes
        return active_blocks(self.card.compute_capability, threads, report.registers, shared)


def _import_pycuda() -> Any:
    try:
        return require("pycuda.driver", "pycuda", "driver='pycuda'")
    except MissingPackageError as error:
        raise MissingPackageError(
            error.message,
            hint=f"{error.hint}, which builds it from source and needs cuda.h, cudaProfiler.h, "
            "libcuda and libcurand; or driver='cupy'",
        ) from None


def _release(api: Any, context: Any, allocation: Any) -> None:
    """Give memory back; where the card is lost, or Python is about to end, it is gone anyway."""
    with suppress(api.Error):
        context.push()
        try:
            allocation.free()
        finally:
            context.pop()


def _card(api: Any, device: Any) -> Card:
    major, minor = device.compute_capability()
    numbers = {
        field: int(device.get_attribute(getattr(api.device_attribute, name)))
        for field, name in _ATTRIBUTES.items()
    }
    return Card(
        name=str(device.name()),
        compute_capability=10 * int(major) + int(minor),
        memory_bytes=int(device.total_memory()),
        driver_version=version_text(int(api.get_driver_version())),
        cooperative=False,
        watchdog=bool(device.get_attribute(api.device_attribute.KERNEL_EXEC_TIMEOUT)),
        **numbers,
    )
