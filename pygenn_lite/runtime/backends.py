"""The backends: who turns a network into a machine that a Simulation can drive. A new one is a
class like CppBackend and a line in BACKENDS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pygenn_lite import codegen
from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import UnsupportedFeature
from pygenn_lite.runtime.cpp.building import compile_code
from pygenn_lite.runtime.cpp.machine import Machine
from pygenn_lite.runtime.cpp.toolchain import available_cpus
from pygenn_lite.runtime.threads import automatic_threads

PRECISIONS = ("float32", "float64")

Report = Callable[[str, float, float], None]  # what, done, total


@dataclass(frozen=True)
class BuildOptions:
    """What the user may say about how a network is built; results do not depend on ``threads``."""

    threads: int | None
    precision: str
    cache: bool


class Backend(Protocol):
    """Renders the Program of a network, compiles it and brings it to life."""

    name: str

    def is_available(self) -> bool:
        """Whether ``backend="auto"`` may choose it on this machine."""
        ...

    def build(
        self,
        network: Network,
        structure: codegen.NetworkStructure,
        options: BuildOptions,
        report: Report,
    ) -> Machine:
        """Generate, compile, connect and load.

        Raises
        ------
        UnsupportedFeature
            The network asks for what this backend lacks.
        """
        ...


class CppBackend:
    """C++ for this machine, with threads (templates/cpp)."""

    name = "cpp"

    def is_available(self) -> bool:
        """Always: where there is no compiler, building says what to do about it."""
        return True

    def build(
        self,
        network: Network,
        structure: codegen.NetworkStructure,
        options: BuildOptions,
        report: Report,
    ) -> Machine:
        """Generate, compile, connect and load."""
        kernels = bool(structure.kernels or structure.synapse_kernels)
        code = compile_code(
            structure.key,
            (lambda: codegen.generate(structure)) if kernels else None,
            synapses=bool(network.groups),
            use_cache=options.cache,
            progress=lambda what: report(f"compiling {what}", 0, 1),
        )
        for what in code.compiled:
            report(f"compiling {what}", 1, 1)
        threads = options.threads or automatic_threads(
            network, structure, code.signatures, available_cpus()
        )
        return Machine(
            network,
            structure,
            code,
            threads=threads,
            real=options.precision,
            progress=lambda part: report("connecting", round(part * 1000) / 10, 100),
        )


# In the order in which "auto" tries them.
BACKENDS: dict[str, Backend] = {"cpp": CppBackend()}


def choose_backend(name: str) -> Backend:
    """A backend by name, or the first that is available for "auto".

    Raises
    ------
    UnsupportedFeature
        There is none of this name.
    """
    if isinstance(name, str) and name == "auto":
        return next(backend for backend in BACKENDS.values() if backend.is_available())
    if not isinstance(name, str) or name not in BACKENDS:
        raise UnsupportedFeature(
            f"no backend {name!r}", hint=f"choose one of {', '.join(['auto', *BACKENDS])}"
        )
    return BACKENDS[name]


def check_precision(precision: str) -> None:
    """Raise UnsupportedFeature for anything but a known type of numbers."""
    if not isinstance(precision, str) or precision not in PRECISIONS:
        raise UnsupportedFeature(
            f"no precision {precision!r}", hint=f"choose one of {', '.join(PRECISIONS)}"
        )
