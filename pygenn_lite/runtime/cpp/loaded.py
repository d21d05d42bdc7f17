"""The compiled code of a network, opened: what all instances of it call."""

from __future__ import annotations

import contextlib
import ctypes as c
from typing import Any

from pygenn_lite.codegen import NetworkStructure
from pygenn_lite.codegen.program.signature import NeuronSignature
from pygenn_lite.errors import PygennLiteError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp import shared_objects
from pygenn_lite.runtime.cpp.building import CompiledCode
from pygenn_lite.runtime.cpp.processor import find_target
from pygenn_lite.runtime.cpp.toolchain import find_compiler, part_flags
from pygenn_lite.runtime.device import CodeReport


@dataclass(frozen=True)
class LoadedCode:
    """The engine, the parts that the network needs beside it, and its kernels (else None)."""

    code: CompiledCode
    engine: shared_objects.Engine
    builder: shared_objects.Builder | None
    synapses: shared_objects.Synapses | None
    coded: shared_objects.CodedDelivery | None
    pool: shared_objects.Pool | None
    programs: shared_objects.Programs | None
    kernels: c.CDLL | None

    @classmethod
    def load(cls, code: CompiledCode) -> LoadedCode:
        """Open the shared objects."""
        parts = code.parts
        return cls(
            code,
            shared_objects.Engine.load(parts["engine"]),
            shared_objects.Builder.load_from(parts),
            shared_objects.Synapses.load_from(parts),
            shared_objects.CodedDelivery.load_from(parts),
            shared_objects.Pool.load_from(parts),
            shared_objects.Programs.load_from(parts),
            None if code.kernels is None else shared_objects.load_library(code.kernels),
        )

    def population_signature(self, structure: NetworkStructure, population: str) -> NeuronSignature:
        """Signature of a population's kernels."""
        return self.code.signatures.of_population(structure.populations[population].kernel)

    def function(self, name: str | None, *arguments: Any) -> Any:
        """A function of the kernels that gives nothing back, or None."""
        if name is None:
            return None
        function = getattr(self.kernels, name)
        function.restype, function.argtypes = None, arguments
        return function

    def address(self, name: str | None) -> int | None:
        """Where a function of the kernels is."""
        return None if self.kernels is None else shared_objects.symbol_address(self.kernels, name)

    def report(self) -> CodeReport:
        """For people."""
        code = self.code
        return CodeReport(
            source=lambda: "" if code.source is None else code.source.read_text(encoding="utf-8"),
            compiler=code.compiler,
            flags=_flags,
            target=code.target,
            seconds=code.seconds,
        )


def _flags() -> str:
    with contextlib.suppress(PygennLiteError):
        family = find_compiler().family
        return " ".join((*part_flags("kernels", family), *find_target().flags(family)[0]))
    return ""
