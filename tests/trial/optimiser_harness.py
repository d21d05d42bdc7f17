"""Runs optimisers on one thread, several blocks after each other, through their C++ text."""

from __future__ import annotations

import ctypes as c
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np

from pygenn_lite.codegen.render.environment import TEMPLATES
from pygenn_lite.codegen.render.trial_optimiser import render_optimiser
from pygenn_lite.codegen.trial.optimiser import MOST_SETTINGS, Optimiser
from pygenn_lite.codegen.trial.update_rule import UpdateRule
from pygenn_lite.runtime.cpp.toolchain import find_compiler, part_flags
from pygenn_lite.runtime.training.optimiser_records import (
    CHUNK,
    OptimiseArgs,
    OptimiserUpdate,
    TrainedArray,
)

SHIM = """
#define PGL_DEVICE inline
#include "common/math.hpp"
#include "common/device.hpp"
using real = {real};
namespace pgl {{
inline int block_now, blocks_now;
inline constexpr int thread() {{ return 0; }}
inline constexpr int threads() {{ return 1; }}
inline int block() {{ return block_now; }}
inline int blocks() {{ return blocks_now; }}
inline void barrier() {{}}
}}  // namespace pgl
#define PGL_SHARED(T, name, n) T name[n]
#define PGL_KERNEL(name, Args, threads) \\
  static void name##_(const Args& args); \\
  extern "C" [[gnu::visibility("default")]] void name(const Args* args, int blocks) {{ \\
    pgl::blocks_now = blocks; \\
    for (pgl::block_now = blocks - 1; pgl::block_now >= 0; --pgl::block_now) name##_(*args); \\
  }} \\
  static void name##_(const Args& args)
#include "training/optimise.hpp"
{rendered}
"""


RULES: list[UpdateRule] = []  # all that a module of tests uses: compiled together


@cache
def _library(rendered: str, real: str) -> c.CDLL:
    folder = Path(mkdtemp())
    (folder / "optimise.cpp").write_text(SHIM.format(real=real, rendered=rendered))
    compiler = find_compiler()
    made = folder / "optimise.so"
    command = [*compiler.command, *part_flags("kernels", compiler.family), "-march=native", "-Wall",
               f"-I{TEMPLATES}", str(folder / "optimise.cpp"), "-o", str(made)]  # fmt: skip
    subprocess.run(command, check=True)
    return c.CDLL(str(made))


class Harness:
    """Arrays of a training, updated by an optimiser."""

    def __init__(
        self,
        optimiser: Optimiser,
        values: dict[str, np.ndarray],
        real: type = np.float64,
        blocks: int = 1,
        **fields: Any,
    ) -> None:
        self.optimiser, self.real, self.blocks = optimiser, real, blocks
        spelled = "double" if real is np.float64 else "float"
        rules = RULES if optimiser.rule in RULES else [optimiser.rule]
        self.library = _library(render_optimiser(rules), spelled)
        update = f"pgl_optimise{rules.index(optimiser.rule)}"
        self.kernels = ("pgl_square_sums", "pgl_gradient_norms", update)
        self.values = {n: np.array(v, real, ndmin=2) for n, v in values.items()}
        self.gradients = {n: np.zeros_like(v) for n, v in self.values.items()}
        self.used = dict(self.values)
        self.slots = {
            n: np.zeros((len(optimiser.rule.slots), *v.shape), real) for n, v in self.values.items()
        }
        self.number = 0
        self.kept: list[Any] = []
        self.records = (TrainedArray * len(values))()
        self.chunks = 0
        for record, name in zip(self.records, values, strict=True):
            self._fill(record, name, fields.get(name.rpartition(".")[2], {}))
        self.sums, self.largest = np.zeros((2, self.chunks))
        self.norms = np.zeros(len(values) + 1)

    def _fill(self, record: TrainedArray, name: str, fields: dict[str, Any]) -> None:
        value = self.values[name]
        record.value = record.used = value.ctypes.data
        record.gradient, record.slots = (
            self.gradients[name].ctypes.data,
            self.slots[name].ctypes.data,
        )
        record.stored = value.size
        record.rows, record.columns = value.shape
        record.stride = value.shape[1]
        record.first_chunk, record.chunks = self.chunks, -(-value.size // CHUNK)
        self.chunks += record.chunks
        record.rate_factor = self.optimiser.rate_factor(name)
        record.decay_factor = self.optimiser.decay_factor(name)
        record.low, record.high = -np.inf, np.inf
        record.most_row = record.most_column = np.inf
        for field, given in fields.items():
            if isinstance(given, np.ndarray):
                self.kept.append(np.ascontiguousarray(given))
                given = self.kept[-1].ctypes.data
            setattr(record, field, given)

    def args(self, rate: float, samples: int) -> OptimiseArgs:
        o = self.optimiser
        settings = [o.settings[s] for s in o.rule.settings]
        update = OptimiserUpdate(
            rate, self.number, 1 / samples, o.weight_decay, o.clip_value, o.clip_norm,
            o.norm_of == "all", (c.c_double * MOST_SETTINGS)(*settings),
        )  # fmt: skip
        return OptimiseArgs(
            c.addressof(self.records), len(self.records), self.chunks, 0, 0, self.sums.ctypes.data,
            self.largest.ctypes.data, self.norms.ctypes.data, update,
        )  # fmt: skip

    def update(self, gradients: dict[str, np.ndarray], samples: int = 1) -> None:
        """One update with the sums of gradients over samples."""
        for name, gradient in gradients.items():
            self.gradients[name][...] = gradient
        rate = float(self.optimiser.rates_at(self.number))
        self.number += 1
        args = self.args(rate, samples)
        self.launch(args, *self.kernels, "pgl_limit_rows", "pgl_limit_columns")
        self.round()

    def round(self) -> None:
        """Makes what is used of the values."""
        self.launch(self.args(0.0, 1), "pgl_round_rows", "pgl_round_arrays")

    def quantise(self, name: str) -> np.ndarray:
        """What is read of a path, in memory of its own from now on."""
        record = self.records[list(self.values).index(name)]
        self.used[name] = np.full_like(self.values[name], np.nan)
        self.kept.append(np.zeros(len(self.values[name]), self.real))
        record.used, record.scales = self.used[name].ctypes.data, self.kept[-1].ctypes.data
        self.round()
        return self.used[name]

    def launch(self, args: OptimiseArgs, *kernels: str) -> None:
        """Kernels in order, all blocks of one before the next."""
        for kernel in kernels:
            self.library[kernel](c.byref(args), self.blocks)
