"""Lets the engine for processors run kernels that are rendered for a card: whatever differs then is
the kernels' own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pygenn_lite import codegen
from pygenn_lite.codegen.program.kernel import Kernel
from pygenn_lite.codegen.program.program import Program
from pygenn_lite.codegen.program.sign import signatures_of
from pygenn_lite.codegen.render.coupling import coupled_kernels
from pygenn_lite.codegen.render.cuda import render_cuda
from pygenn_lite.runtime.cpp import building

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "pygenn_lite" / "templates" / "cuda"
ADAPTER = HERE / "kernels_on_engine.hpp"


def source_for_engine(program: Program) -> str:
    """Source of a library with the functions that render_cpp's has."""
    return "\n".join([
        f"using real_of_kernels = {program.real};",
        f'#include "{ADAPTER}"',
        render_cuda(program),
        *_functions(program),
    ])  # fmt: skip


def _functions(program: Program) -> Iterator[str]:
    for own in program.neurons:
        yield from map(_of_population, own.kernels.values())
    for group in program.synapses:
        together = coupled_kernels(group.kernels)
        for kernel in group.kernels.values():
            if kernel not in together:
                yield _of_synapses(kernel, kernel.name, len(group.pre))
        if together:
            yield _of_synapses(together[0], group.step_name, len(group.pre), "COUPLED")
    for kernel in program.added:
        if kernel.domain.kind == "synapses":
            yield _of_synapses(kernel, kernel.name, len(kernel.table("source")))
        else:
            yield _of_population(kernel)


def _of_population(kernel: Kernel) -> str:
    kinds = {"all": "FIRING" if kernel.fires else "NEURONS", "spiking": "SPIKING", "once": "ONCE"}
    return f"ON_ENGINE_{kinds[kernel.domain.visit]}({kernel.name})"


def _of_synapses(kernel: Kernel, name: str, n_pre: int, kind: str = "") -> str:
    kinds = {"arrival": "ARRIVALS", "target": "TARGETS", "all": "SYNAPSES"}
    matrix = str(kernel.matrix).lower()
    return f"ON_ENGINE_{kind or kinds[kernel.domain.visit]}({name}, {n_pre}, {matrix})"


def use_kernels_for_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on networks are compiled with kernels that are rendered for a card."""
    digest = hashlib.sha256()
    for path in (*sorted(TEMPLATES.iterdir()), ADAPTER, Path(__file__)):
        digest.update(path.read_bytes() if path.is_file() else b"")

    def generate(structure: Any, extension: Any = None) -> codegen.GeneratedCode:
        program = codegen.derive_program(structure, extension)
        return codegen.GeneratedCode(source_for_engine(program), signatures_of(program))

    key = building.kernels_key
    monkeypatch.setattr(codegen, "generate", generate)
    monkeypatch.setattr(
        building, "kernels_key", lambda *given: f"{key(*given)}{digest.hexdigest()[:8]}"
    )
