"""Drivers: who talks to a card (CuPy, PyCUDA, the emulator), behind one interface."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.card_options import DRIVERS
from pygenn_lite.runtime.cuda.drivers.base import Driver

OLDEST = 75  # compute capability of cards that kernels are compiled for: Turing's


def open_driver(name: str = "auto", device: int = 0) -> Driver:
    """Who talks to a card.

    Parameters
    ----------
    name : {"auto", "cupy", "pycuda", "emulator"}
        "auto": CuPy. The emulator runs the same kernels on the processor, and has to be asked for.
    device : int
        The card's number.

    Raises
    ------
    UnsupportedFeatureError
        There is no driver of this name.
    MissingPackageError
        Its package is not installed.
    DeviceError
        The card cannot be used: there is none, its driver is too old, another process has it.
    """
    if name in ("auto", "cupy"):
        from pygenn_lite.runtime.cuda.drivers.cupy import CupyDriver

        return CupyDriver(device)
    if name == "pycuda":
        from pygenn_lite.runtime.cuda.drivers.pycuda import PycudaDriver

        return PycudaDriver(device)
    if name == "emulator":
        from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver

        return EmulatorDriver(device)
    raise UnsupportedFeatureError(
        f"no driver {name!r}", hint=f"choose one of {', '.join(('auto', *DRIVERS))}"
    )


def card_is_usable() -> bool:
    """Whether "auto" may choose a card: CuPy is installed, the system's driver supports the CUDA
    that it is built for, and the first card is one that kernels are compiled for.

    Imports no package, and costs nothing where there is no CuPy. What else may be wrong, opening
    the driver tells.
    """
    from pygenn_lite.runtime.cuda.drivers.packages import wheels_cuda
    from pygenn_lite.runtime.cuda.drivers.system_driver import find_cards

    if "cupy" in sys.modules:
        installed = sys.modules["cupy"] is not None
    else:
        installed = find_spec("cupy") is not None
    if not installed:
        return False
    found = find_cards()
    supported = int(found.cuda.partition(".")[0] or 0)
    new = bool(found.cards) and found.cards[0].compute_capability >= OLDEST
    return new and supported >= wheels_cuda()
