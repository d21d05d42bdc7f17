"""What networks can be run on here: the processor, the cards, the emulated card; and what is
missing in order to use a GPU."""

from __future__ import annotations

import platform
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pygenn_lite.codegen.plan.memory import readable
from pygenn_lite.errors import DeviceError, MissingPackageError, PygennLiteError, ToolchainError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.drivers.base import Card
from pygenn_lite.runtime.processors import available_cpus


@dataclass(frozen=True)
class Processor:
    """The processor, for ``backend="cpp"``.

    Attributes
    ----------
    name : str
    threads : int
        That this process may use.
    compiler : str
        The command that compiles; "" where there is none.
    target : str
        What is compiled for.
    """

    name: str
    threads: int
    compiler: str
    target: str


@dataclass(frozen=True)
class Devices:
    """What networks can be run on.

    Attributes
    ----------
    processor : Processor
    cards : tuple of Card
        GPUs of NVIDIA.
    emulator : Card
        The emulated card.
    driver : str
        NVIDIA's driver of this system, as its version and the CUDA that it supports.
    packages : dict of str to str
        Of those that talk to a card, the versions that are there.
    missing : tuple of str
        What keeps a GPU from being used, and what to do about it; empty: nothing.
    """

    processor: Processor
    cards: tuple[Card, ...]
    emulator: Card
    driver: str
    packages: dict[str, str]
    missing: tuple[str, ...]

    def __str__(self) -> str:
        its = self.processor
        compiler = f"compiler {its.compiler}, {its.target}" if its.compiler else "no compiler"
        lines = [f"processor   {its.name}, {its.threads} threads, {compiler}"]
        for number, card in enumerate(self.cards):
            lines.append(f"card {number}      {_card_text(card)}, driver {self.driver}")
        lines.append(
            f"emulator    {self.emulator.multiprocessors} multiprocessors: runs the kernels of "
            "cards on the processor, slowly (driver='emulator')"
        )
        if self.packages:
            packages = ", ".join(f"{name} {version}" for name, version in self.packages.items())
            lines.append(f"packages    {packages}")
        lines += [f"missing     {what}" for what in self.missing]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "processor": asdict(self.processor),
            "cards": [asdict(card) for card in self.cards],
            "emulator": asdict(self.emulator),
            "driver": self.driver,
            "packages": dict(self.packages),
            "missing": list(self.missing),
        }


def devices() -> Devices:
    """What networks can be run on here, and what is missing in order to use a GPU.

    Returns
    -------
    Devices
        Prints as ``pygenn-lite devices`` does.

    Examples
    --------
    >>> devices().processor.threads >= 1
    True
    """
    from pygenn_lite.runtime.cuda.drivers import open_driver
    from pygenn_lite.runtime.cuda.drivers.system_driver import find_cards

    found = find_cards()
    packages, missing = _packages(found.cuda)
    if found.problem:
        missing.insert(0, found.problem)
    cuda = f"(CUDA {found.cuda})" if found.cuda else ""
    return Devices(
        processor=_processor(),
        cards=found.cards,
        emulator=open_driver("emulator").card,
        driver=f"{found.version} {cuda}".strip(),
        packages=packages,
        missing=tuple(missing),
    )


def _packages(cuda: str) -> tuple[dict[str, str], list[str]]:
    """Packages that talk to a card, and what is wrong with them."""
    import importlib.metadata

    from pygenn_lite.runtime.cuda.drivers import packages as of_cuda
    from pygenn_lite.runtime.cuda.drivers.card_errors import driver_too_old

    there = dict(wheel.split() for wheel in of_cuda.installed_wheels())
    missing: list[str] = []
    try:
        nvrtc = of_cuda.import_nvrtc()
        there["NVRTC"] = ".".join(str(part) for part in nvrtc.getVersion())
        made_for = of_cuda.built_for(of_cuda.import_cupy())
        if cuda and int(cuda.partition(".")[0]) < made_for:
            missing.append(_in_one_line(driver_too_old(str(made_for), cuda)))
    except (MissingPackageError, DeviceError) as error:
        missing.append(_in_one_line(error))
    with suppress(importlib.metadata.PackageNotFoundError):  # CuPy does the same, and more
        there["PyCUDA"] = importlib.metadata.version("pycuda")
    return there, missing


def _in_one_line(error: PygennLiteError) -> str:
    return f"{error.message}; {error.hint}" if error.hint else error.message


def _processor() -> Processor:
    from pygenn_lite.runtime.cpp.processor import find_target
    from pygenn_lite.runtime.cpp.toolchain import find_compiler

    try:
        compiler, target = str(find_compiler()), str(find_target())
    except ToolchainError:
        compiler, target = "", ""
    return Processor(_processor_name(), available_cpus(), compiler, target)


def _processor_name() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()


def _card_text(card: Card) -> str:
    capability = f"{card.compute_capability / 10:.1f}"
    return (
        f"{card.name}, compute capability {capability}, {readable(card.memory_bytes)}, "
        f"{card.multiprocessors} multiprocessors"
    )
