"""Compiles the structures of populations and calls their functions on arrays."""

from __future__ import annotations

import ctypes as c
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pygenn_lite.codegen.render.trial_population import render_trial_population
from pygenn_lite.codegen.trial.trial_program import TrialPopulation
from pygenn_lite.errors import ToolchainError
from pygenn_lite.runtime.cpp.cache_keys import TEMPLATES
from pygenn_lite.runtime.cpp.toolchain import find_compiler

HARNESS = """
#include "common/math.hpp"
#include "common/expm.hpp"
#define PGL_DEVICE inline
namespace pgl::training { using real = double; }
#include "training/expm_gradient.hpp"
%s
using pgl::training::Neurons;
struct Data {
  double *state, *shared, *own, *before, *recorded, *adjoint, *gradients;
  double *shared_gradient, *own_gradient, *backs, *sent;
  unsigned char* spikes;
  const double* timed;
  double time, step;
  unsigned n, tangential;
};
struct At {
  Data& d;
  unsigned i;
  double& state(unsigned k) const { return d.state[k * d.n + i]; }
  double& shared(unsigned k) const { return d.shared[k]; }
  double& own(unsigned k) const { return d.own[k * d.n + i]; }
  double& before(unsigned k) const { return d.before[k * d.n + i]; }
  double& recorded(unsigned k) const { return d.recorded[k * d.n + i]; }
  double& adjoint(unsigned k) const { return d.adjoint[k * d.n + i]; }
  double& shared_gradient(unsigned k) const { return d.shared_gradient[k]; }
  double& own_gradient(unsigned k) const { return d.own_gradient[k * d.n + i]; }
  void gradient(unsigned k, double value) const { d.gradients[k * d.n + i] += value; }
  double timed(unsigned k) const { return d.timed[k]; }
  double back() const { return d.backs[i]; }
  bool spiked() const { return d.spikes[i]; }
  double t() const { return d.time; }
  double dt() const { return d.step; }
  void count_tangential(bool is_tangential) const { d.tangential += is_tangential; }
};
template <class F> void each(Data& d, F f) { for (unsigned i = 0; i < d.n; ++i) f(At{d, i}); }
#pragma GCC visibility push(default)
extern "C" {
void forward(Data* d) { each(*d, [](At at) { at.d.spikes[at.i] = Neurons::forward(at); }); }
void record(Data* d) { each(*d, [](At at) { if (at.d.spikes[at.i]) Neurons::record(at); }); }
void at_spike(Data* d) { each(*d, [](At at) { if (at.d.spikes[at.i]) Neurons::at_spike(at); }); }
void backward(Data* d) { each(*d, [](At at) { Neurons::backward(at); }); }
void sent(Data* d, unsigned x) { each(*d, [&](At at) { at.d.sent[at.i] = Neurons::sent(at, x); }); }
void crossing(Data* d) { each(*d, [&](At at) { at.d.sent[at.i] = Neurons::crossing(at); }); }
void prepare(Data* d) {
  Neurons::prepare_shared(At{*d, 0});
  each(*d, [](At at) { Neurons::prepare_own(at); });
}
void chain(Data* d) {
  for (unsigned k = 0; k < Neurons::kGradients; ++k)
    for (unsigned i = 0; i < d->n; ++i) {
      const unsigned place = Neurons::kGradientPlace[k];
      const bool shared = Neurons::kGradientShared[k];
      double& to = shared ? d->shared_gradient[place] : d->own_gradient[place * d->n + i];
      to += d->gradients[k * d->n + i];
    }
  each(*d, [](At at) { Neurons::chain_own(at); });
  Neurons::chain_shared(At{*d, 0});
}
}
#pragma GCC visibility pop
"""
ROWS = (
    ("state", "states"),
    ("shared", "shared"),
    ("own", "own"),
    ("before", "before"),
    ("recorded", "recorded"),
    ("adjoint", "adjoints"),
    ("gradients", "gradients"),
    ("shared_gradient", "shared"),
    ("own_gradient", "own"),
    ("backs", ""),
    ("sent", ""),
)


class _Data(c.Structure):
    _fields_ = [
        *((name, c.c_void_p) for name, _ in ROWS),
        ("spikes", c.c_void_p),
        ("timed", c.c_void_p),
        ("time", c.c_double),
        ("step", c.c_double),
        ("n", c.c_uint),
        ("tangential", c.c_uint),
    ]


def compiled(population: TrialPopulation, folder: Path) -> c.CDLL:
    """The library of a population."""
    try:
        compiler = find_compiler()
    except ToolchainError:
        pytest.skip("no compiler")
    source, library = folder / "population.cpp", folder / "population.so"
    source.write_text(HARNESS % render_trial_population(population, "Neurons"))
    flags = [
        "-std=c++20",
        "-O1",
        "-fPIC",
        "-shared",
        "-fvisibility=hidden",
        "-Wall",
        "-Wextra",
        "-Wno-unused-variable",
    ]
    command = [*compiler.command, *flags, f"-I{TEMPLATES}", "-o", str(library), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr, done.stderr
    return c.CDLL(str(library))


class Compiled:
    """Neurons whose functions are compiled; arrays [kind][neurons] (shared: [kind])."""

    def __init__(self, population: TrialPopulation, folder: Path, n: int, dt: float):
        self.population, self.n = population, n
        self.library = compiled(population, folder)
        self.arrays: dict[str, Any] = {}
        for name, of in ROWS:
            kinds = len(getattr(population, of)) if of else 1
            shape = (kinds,) if of == "shared" else (kinds, n)
            self.arrays[name] = np.zeros(shape)
        self.spikes = np.zeros(n, np.uint8)
        self.timed = np.zeros(max(1, len(population.timed)))
        self.data = _Data(step=dt, n=n, tangential=0)
        for name, array in self.arrays.items():
            setattr(self.data, name, array.ctypes.data)
        self.data.spikes, self.data.timed = self.spikes.ctypes.data, self.timed.ctypes.data

    def call(self, name: str, *more: int) -> None:
        """One of the functions, on all neurons that it is about."""
        getattr(self.library, name)(c.byref(self.data), *map(c.c_uint, more))
