"""What CUDA's error codes mean for somebody who runs a network: a message and a hint for each."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.errors import DeviceError, InsufficientMemoryError, PygennLiteError
from pygenn_lite.records import dataclass

OUT_OF_MEMORY, TOO_OLD, BUSY, NO_CARD = 2, 35, 46, 100
EMULATE = "driver='emulator' runs the same kernels on the processor, slowly"


@dataclass(frozen=True)
class Meaning:
    """Of an error code.

    Attributes
    ----------
    phrase : str
        By which the system's driver describes it; what has no codes is recognised by it.
    what : str
        In words.
    hint : str
    lost : bool
        Whether nothing more can be done with the card in this process.
    """

    phrase: str
    what: str
    hint: str = ""
    lost: bool = False


_OURS = "it is an error in pygenn_lite: please report it; pygenn_lite's emulator finds where"
_AGAIN = "start a new process; what was recorded so far is kept"

# CUresult and cudaError_t have the same numbers here.
MEANINGS = {
    1: Meaning("invalid argument", "it refuses an argument", _OURS),
    3: Meaning(
        "initialization error",
        "CUDA does not start: the process was forked by one that used a card",
        "start processes by 'spawn', not by 'fork'",
    ),
    34: Meaning(
        "stub library",
        "libcuda.so is a stand-in that comes with the CUDA toolkit, not the system's driver",
        "take the folder 'stubs' out of LD_LIBRARY_PATH; a container has to be given the GPU",
    ),
    TOO_OLD: Meaning("driver version is insufficient", "the system's driver is too old"),
    BUSY: Meaning(
        "busy or unavailable",
        "another process has it, and it takes only one (compute mode exclusive), or it is disabled",
        "wait for the other process, choose another card (device=1), or let the administrator set "
        "the compute mode to default: nvidia-smi -c 0",
    ),
    NO_CARD: Meaning("no CUDA-capable device", "there is no GPU of NVIDIA", EMULATE),
    101: Meaning("invalid device ordinal", "there is no card of this number"),
    200: Meaning("device kernel image is invalid", "it cannot load the kernels", _OURS),
    209: Meaning(
        "no kernel image is available", "the kernels were compiled for another card", _OURS
    ),
    214: Meaning(
        "uncorrectable ECC error",
        "its memory is damaged",
        f"{_AGAIN}; if it comes again, the card has to be looked at",
        lost=True,
    ),
    222: Meaning(
        "unsupported toolchain",
        "the system's driver is older than the compiler, and cannot finish code for a card that "
        "the compiler does not know",
        "install a newer driver, or an NVRTC that knows the card",
    ),
    700: Meaning(
        "illegal memory access", "a kernel read or wrote where it may not", _OURS, lost=True
    ),
    701: Meaning("too many resources", "a block needs more registers than there are", _OURS),
    702: Meaning(
        "launch timed out",
        "a kernel ran longer than the system lets it while the card also draws the screen "
        "(watchdog)",
        f"{_AGAIN}; run for less at a time, or use a card without a screen",
        lost=True,
    ),
    715: Meaning("illegal instruction", "a kernel is damaged", _OURS, lost=True),
    716: Meaning("misaligned address", "a kernel used a misaligned address", _OURS, lost=True),
    718: Meaning("invalid program counter", "a kernel is damaged", _OURS, lost=True),
    719: Meaning("unspecified launch failure", "a kernel failed", _AGAIN, lost=True),
    720: Meaning(
        "too many blocks in cooperative launch",
        "not all blocks of a kernel can run at the same time",
        "other processes on the card may take the room; use plan='general'",
    ),
    802: Meaning(
        "system not yet initialized",
        "the links between its GPUs are not started yet",
        "nvidia-fabricmanager has to run, of the same version as the driver",
    ),
    803: Meaning(
        "unsupported display driver / cuda driver combination",
        "libcuda.so and the system's driver are of different versions",
        "restart the machine after an update; a container may bring a libcuda.so of its own",
    ),
    804: Meaning(
        "forward compatibility",
        "a libcuda.so is found that is newer than the system's driver; this card does not take it",
        "take the folder 'compat' out of LD_LIBRARY_PATH",
    ),
    999: Meaning("unknown error", "it is lost", f"{_AGAIN}; nvidia-smi may say why", lost=True),
}


def card_error(
    code: int, said: str, card: str, doing: str, kernels: Iterable[str] = ()
) -> PygennLiteError:
    """The error to raise.

    Parameters
    ----------
    code : int
        CUDA's.
    said : str
        CUDA's own words.
    card : str
        Its name.
    doing : str
        What was asked for: ``"launching 'update'"``.
    kernels : iterable of str
        Those that were launched and whose end nobody has waited for.
    """
    meaning = MEANINGS.get(code) or Meaning("", "it failed", lost=True)
    first = said.strip().splitlines()[0] if said.strip() else f"error {code}"
    if code == OUT_OF_MEMORY:
        return InsufficientMemoryError(f"{card} has not enough free memory: {doing} ({first})")
    names = ", ".join(repr(name) for name in dict.fromkeys(kernels))
    during = f"; running were {names}" if names and meaning.lost else ""
    return DeviceError(
        f"{card}, {doing}: {meaning.what} ({first}){during}", hint=meaning.hint or EMULATE
    )


def code_of(said: str) -> int:
    """The code of an error that is known by CUDA's words alone; -1: none that we know."""
    if "out of memory" in said:
        return OUT_OF_MEMORY
    for code, meaning in MEANINGS.items():
        if meaning.phrase in said:
            return code
    return -1


def driver_too_old(cuda: str, driver: str) -> DeviceError:
    """The system's driver supports the CUDA ``driver`` ("" where there is no driver), packages are
    for ``cuda``."""
    if not driver:
        return DeviceError(
            "there is no driver of NVIDIA on this machine (libcuda.so.1), so no GPU can be used",
            hint=EMULATE,
        )
    newer = {"12": "525", "13": "580"}.get(cuda.partition(".")[0], "")
    wanted = f" ({newer} or newer)" if newer else ""
    older = ", or pip install 'pygenn-lite[cuda12]' in place of '[cuda]'"
    other = older if driver.startswith("12.") and cuda.startswith("13") else ""
    return DeviceError(
        f"the system's driver supports CUDA {driver}, the installed packages are for CUDA {cuda}",
        hint=f"install a newer driver{wanted}{other}; {EMULATE}",
    )
