"""What NVIDIA's driver on this machine says of its cards, asked without any package."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.drivers.base import Card
from pygenn_lite.runtime.cuda.drivers.card_errors import EMULATE, MEANINGS, NO_CARD, driver_too_old
from pygenn_lite.runtime.cuda.drivers.launching import version_text

LIBRARY = "libcuda.so.1"
VERSION_FILE = Path("/proc/driver/nvidia/version")

# CUdevice_attribute
_CLOCK, _MULTIPROCESSORS, _WATCHDOG, _L2, _MAJOR, _MINOR = 13, 16, 17, 38, 75, 76
_SHARED, _COOPERATIVE, _SHARED_OF_A_BLOCK = 81, 95, 97


@dataclass(frozen=True)
class SystemCards:
    """Cards that the system's driver knows.

    Attributes
    ----------
    cards : tuple of Card
    cuda : str
        The newest CUDA that the driver supports: ``"13.0"``; "" where there is no driver.
    version : str
        The driver's own: ``"580.65.06"``; "" where it is not known.
    problem : str
        Why there is no card; "" where there is one.
    """

    cards: tuple[Card, ...] = ()
    cuda: str = ""
    version: str = ""
    problem: str = ""


class _RefusedError(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def find_cards(load: Callable[[str], Any] = ctypes.CDLL) -> SystemCards:
    """All cards, without making use of one.

    Parameters
    ----------
    load : callable
        Opens the driver's library by its name.
    """
    try:
        library = load(LIBRARY)
    except OSError:
        missing = driver_too_old("", "")
        return SystemCards(problem=f"{missing.message}; {missing.hint}")
    version = _own_version()
    cuda = ""
    try:
        _ask(library.cuInit, 0)
        cuda = version_text(_number(library.cuDriverGetVersion))
        count = _number(library.cuDeviceGetCount)
        cards = tuple(_card(library, number, cuda) for number in range(count))
    except _RefusedError as error:
        meaning = MEANINGS.get(error.code)
        what = meaning.what if meaning else f"NVIDIA's driver fails with error {error.code}"
        return SystemCards(cuda=cuda, version=version, problem=f"{what}; {EMULATE}")
    problem = "" if cards else f"{MEANINGS[NO_CARD].what}; {EMULATE}"
    return SystemCards(cards, cuda, version, problem)


def _own_version() -> str:
    try:
        text = VERSION_FILE.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r"\b(\d{3,}\.\d+(?:\.\d+)?)\b", text)
    return found[1] if found else ""


def _ask(function: Any, *arguments: Any) -> None:
    code = int(function(*arguments))
    if code:
        raise _RefusedError(code)


def _number(function: Any, *arguments: Any) -> int:
    """What a function of the driver writes to its first argument."""
    made = ctypes.c_int(0)
    _ask(function, ctypes.byref(made), *arguments)
    return made.value


def _card(library: Any, number: int, cuda: str) -> Card:
    device = _number(library.cuDeviceGet, number)
    name = ctypes.create_string_buffer(256)
    _ask(library.cuDeviceGetName, name, len(name), device)
    memory = ctypes.c_size_t(0)
    _ask(library.cuDeviceTotalMem_v2, ctypes.byref(memory), device)

    def attribute(which: int) -> int:
        return _number(library.cuDeviceGetAttribute, which, device)

    return Card(
        name=name.value.decode(errors="replace"),
        compute_capability=10 * attribute(_MAJOR) + attribute(_MINOR),
        multiprocessors=attribute(_MULTIPROCESSORS),
        shared_per_block=attribute(_SHARED_OF_A_BLOCK),
        shared_per_multiprocessor=attribute(_SHARED),
        memory_bytes=memory.value,
        clock_khz=attribute(_CLOCK),
        l2_bytes=attribute(_L2),
        driver_version=cuda,
        cooperative=bool(attribute(_COOPERATIVE)),
        watchdog=bool(attribute(_WATCHDOG)),
    )
