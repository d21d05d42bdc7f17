"""Compiles kernels that no network has, and calls them on arrays: in C++ and in the interpreter."""

from __future__ import annotations

import ctypes as c
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pygenn_lite.codegen.program.kernel import Kernel
from pygenn_lite.codegen.render.cpp import render_kernels
from pygenn_lite.errors import ToolchainError
from pygenn_lite.runtime.cpp import abi
from pygenn_lite.runtime.cpp.cache_keys import TEMPLATES
from pygenn_lite.runtime.cpp.processor import find_target
from pygenn_lite.runtime.cpp.toolchain import find_compiler, part_flags
from pygenn_lite.runtime.reference.kernels import run_kernel, written

BLOCK = 64
DTYPES = {"real": np.float64, "uint16": np.uint16, "uint32": np.uint32}


@dataclass
class Elements:
    """Values of variables: arrays of one number per element (of a source or target neuron, for
    those of other sides), numbers where they are shared."""

    values: dict[str, Any]
    count: int
    pre: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    post: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    dt: float = 0.5
    step: int = 0

    def copy(self) -> Elements:
        values = {n: np.array(v, copy=True) for n, v in self.values.items()}
        return Elements(values, self.count, self.pre, self.post, self.dt, self.step)


def compiled(kernels: Sequence[Kernel], folder: Path) -> c.CDLL:
    """A library of kernels."""
    try:
        compiler = find_compiler()
    except ToolchainError:
        pytest.skip("no compiler")
    source, library = folder / "kernels.cpp", folder / "kernels.so"
    source.write_text(render_kernels(kernels))
    flags = (*part_flags("kernels", compiler.family), *find_target().flags(compiler.family)[0])
    command = [*compiler.command, *flags, f"-I{TEMPLATES}", "-o", str(library), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return c.CDLL(str(library))


def call(library: c.CDLL, kernel: Kernel, elements: Elements) -> list[int]:
    """Run a compiled kernel on values, in place; the elements that spiked."""
    return (_call_synapses if kernel.domain.kind == "synapses" else _call_population)(
        library, kernel, elements
    )


def _call_population(library: c.CDLL, kernel: Kernel, elements: Elements) -> list[int]:
    values, function = elements.values, getattr(library, kernel.name)
    own, shared = list(kernel.table("own")), list(kernel.table("own", shared=True))
    dtypes = {v.symbol: DTYPES[v.dtype] for v in kernel.variables}
    arrays = {n: _padded(values[n], dtypes[n]) for n in own}
    scalars = np.array([float(values[n]) for n in shared] or [0.0])
    pointers = (c.c_void_p * max(len(own), 1))(*(arrays[n].ctypes.data for n in own))
    spikes, fault = np.zeros(elements.count, np.uint32), abi.Fault()
    n = 0
    if kernel.domain.visit == "once":
        function.argtypes = (c.c_void_p, c.c_void_p, c.c_uint32, c.c_double)
        function(pointers, scalars.ctypes.data, elements.count, elements.dt)
        for name, value in zip(shared, scalars, strict=False):
            values[name] = value
    else:
        args = abi.PopulationArgs(
            arrays=c.addressof(pointers), scalars=scalars.ctypes.data, count=elements.count,
            dt=elements.dt,
        )  # fmt: skip
        more = (spikes.ctypes.data_as(c.c_void_p), c.byref(fault)) if kernel.fires else ()
        n = function(c.byref(args), c.c_int64(elements.step), *more)
    for name in own:
        values[name] = arrays[name][: elements.count].copy()
    return spikes[:n].tolist() if kernel.fires else []


def _call_synapses(library: c.CDLL, kernel: Kernel, elements: Elements) -> list[int]:
    assert kernel.domain.visit == "all"
    values = elements.values
    own, post = list(kernel.table("own")), list(kernel.table("target"))
    shared = list(kernel.table("own", shared=True))
    arrays = {n: np.ascontiguousarray(values[n], np.float64) for n in (*own, *post)}
    scalars = np.array([float(values[n]) for n in shared] or [0.0])
    tables = [
        (c.c_void_p * max(len(names), 1))(*(arrays[n].ctypes.data for n in names))
        for names in (own, post)
    ]
    target = elements.post.astype(np.uint32)
    args = abi.SynapseArgs(
        synapse=c.addressof(tables[0]), post=c.addressof(tables[1]), scalars=scalars.ctypes.data,
        target=target.ctypes.data, wide_target=1, n_synapses=elements.count, dt=elements.dt,
        common_delay=1,
    )  # fmt: skip
    getattr(library, kernel.name)(c.byref(args), c.c_int64(elements.step))
    values.update(arrays)
    return []


def _padded(values: Any, dtype: Any) -> np.ndarray:
    size = -(-len(values) // BLOCK) * BLOCK
    raw = np.zeros(size * np.dtype(dtype).itemsize + BLOCK, np.uint8)
    start = -raw.ctypes.data % BLOCK
    array = raw[start : start + size * np.dtype(dtype).itemsize].view(dtype)
    array[: len(values)] = values
    return array


@dataclass
class _Around:
    """What kernels ask of the interpreter."""

    elements: Elements
    step: int

    def add(self, target: str, value: Any) -> None:
        np.add.at(self.elements.values[target], self.elements.post, value)


def interpret(kernel: Kernel, elements: Elements) -> list[int]:
    """Run a kernel in the interpreter, in place; the elements that spiked."""
    names = dict(elements.values)
    for name in kernel.table("target"):
        names[name] = elements.values[name][elements.post]
    names |= {"t": elements.step * elements.dt, "dt": elements.dt, "delay": elements.dt}
    around: Any = _Around(elements, elements.step)
    spikes = run_kernel(kernel, names, around, elements.count)
    shared = kernel.table("own", shared=True)
    for name in written(kernel):
        shape = () if name in shared else elements.count
        elements.values[name] = np.array(np.broadcast_to(names[name], shape))
    return spikes
