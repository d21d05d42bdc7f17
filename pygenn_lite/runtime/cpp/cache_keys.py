"""Keys of the compile cache: what decides a shared object, from the package's sources to the
processor. They are known before any code is generated."""

from __future__ import annotations

import hashlib
from pathlib import Path

from pygenn_lite.runtime.cpp.processor import Target, machine_identity
from pygenn_lite.runtime.cpp.toolchain import COMMON_FLAGS, Compiler, optimisation
from pygenn_lite.runtime.package_sources import TEMPLATES, digest_of, generators

ENGINE = TEMPLATES / "cpp" / "engine"


def part_key(part: str, compiler: Compiler, target: Target) -> str:
    """Cache key of a part that is the same for all networks: "engine", "builder" and others."""
    headers = [*ENGINE.iterdir(), *(TEMPLATES / "common").iterdir()]
    name = part.replace("_", "-")
    return f"{name}-{_key(compiler, target, part, digest_of(*sorted(headers)))}"


def kernels_key(compiler: Compiler, target: Target, structure_key: str) -> str:
    """Cache key of a network's kernels: known before any code is generated."""
    sources = digest_of(*kernel_sources())
    return f"kernels-{_key(compiler, target, 'kernels', sources, structure_key)}"


def kernel_sources() -> tuple[Path, ...]:
    """All files of the package that decide the kernels of a structure."""
    templates = [p for p in (TEMPLATES / "cpp").iterdir() if p.is_file()]
    headers = [ENGINE / "abi.h", *(TEMPLATES / "common").iterdir()]
    return tuple(sorted(p for p in [*templates, *headers, *generators()] if p.is_file()))


def _key(compiler: Compiler, target: Target, part: str, *contents: str) -> str:
    flags = (optimisation(part, compiler.family), *COMMON_FLAGS)
    everything = (compiler.identity, machine_identity(), target.name, *flags, *contents)
    return hashlib.sha256("\0".join(everything).encode()).hexdigest()[:32]
