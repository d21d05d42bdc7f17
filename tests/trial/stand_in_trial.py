"""Losses compiled against a stand-in for a trial (stand_in_trial.hpp): states and spikes are given,
and what the hooks add is written down. The network: "hidden" (6 neurons) and "out" (4), LIF neurons
with states V and I, which spike at V > V_th."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.render.environment import TEMPLATES
from pygenn_lite.codegen.render.trial_losses import render_loss
from pygenn_lite.codegen.systems.system_records import NetworkSystems
from pygenn_lite.codegen.trial.loss_code import LossCode
from pygenn_lite.codegen.trial.loss_derivation import loss_code
from pygenn_lite.codegen.trial.trial_program import TrialPopulation, TrialProgram
from pygenn_lite.runtime.cpp.toolchain import find_compiler

HERE = Path(__file__).parent
SIZES = {"hidden": 6, "out": 4}
THRESHOLD = 1.0
_FLAGS = ["-std=c++20", "-O0", "-fPIC", "-shared", "-pthread", "-ffp-contract=off", "-w"]


@cache
def systems() -> NetworkSystems:
    """Of a network whose populations are called like those of the stand-in."""
    model = pg.NeuronModel(
        derivatives="dV/dt = (I - V)/tau; dI/dt = -I/tau",
        threshold="V > V_th",
        reset="V = 0",
        parameters={"tau": 10.0, "V_th": THRESHOLD},
    )
    leaky = pg.NeuronModel(derivatives="dV/dt = -V/tau", parameters={"tau": 10.0})
    net = pg.Network(dt=0.5, seed=1)
    for name, size in SIZES.items():
        net.population(name, size, model)
    net.population("leaky", 2, leaky)
    net.spike_source("input", 3, times=[], indices=[])
    return codegen.systems_of(codegen.network_structure(net))


def program(smooth: bool = False) -> TrialProgram:
    """The populations as a training program has them."""

    def one(name: str) -> TrialPopulation:
        return TrialPopulation(
            name, ("V", "I"), shared=("tau", "V_th"), spikes=True, smooth=smooth,
            adjoints=("lam__V", "lam__I"), gradients=("V_th",),
        )  # fmt: skip

    made = {name: one(name) for name in SIZES}
    made["leaky"] = TrialPopulation("leaky", ("V",), adjoints=("lam__V",))
    return TrialProgram(made, ("input",), {}, adjoint="surrogate" if smooth else "exact")


def code_of(loss: pg.losses.Loss, smooth: bool = False) -> LossCode:
    """A loss for these."""
    return loss_code(loss, systems(), program(smooth))


@dataclass(frozen=True)
class Sample:
    """What happens in a trial, by population where it says so; without: nothing.

    Attributes
    ----------
    trace : mapping of str to array (steps + 1, 2, n)
        V and I, beginning with the initial state.
    crossing : mapping of str to array (steps, n)
        Where in a step a neuron spikes, above 0 and up to 1; 0: it does not.
    """

    trace: Mapping[str, np.ndarray]
    crossing: Mapping[str, np.ndarray] = field(default_factory=dict)
    mean_count: Mapping[str, np.ndarray] = field(default_factory=dict)
    label: int = 0
    targets: np.ndarray | None = None
    dt: float = 0.5

    @property
    def steps(self) -> int:
        return len(self.trace["out"]) - 1

    def moved(self, population: str, place: tuple[int, ...], by: float) -> Sample:
        """With one value of a trace changed."""
        trace = {name: values.copy() for name, values in self.trace.items()}
        trace[population][place] += by
        return replace(self, trace=trace)


@dataclass(frozen=True)
class Found:
    """What the hooks made of it; arrays by population."""

    loss: float
    prediction: int
    outputs: np.ndarray
    metrics: dict[str, float]
    drive: dict[str, np.ndarray]
    back: dict[str, np.ndarray]
    price: dict[str, np.ndarray]
    push: dict[str, np.ndarray]
    gradient: dict[str, np.ndarray]


class Compiled:
    """Many losses, each exact or smooth, compiled at once."""

    def __init__(self, losses: Mapping[str, tuple[pg.losses.Loss, bool]], folder: Path) -> None:
        self.codes = {name: code_of(*one) for name, one in losses.items()}
        self.smooth = {name: smooth for name, (_, smooth) in losses.items()}
        texts = ['#include "stand_in_trial.hpp"']
        for name, one in self.codes.items():
            text = render_loss(one, program(self.smooth[name]))
            texts.append(text.replace("namespace pgl::training {", f"namespace {name} {{"))
            texts.append(
                f'extern "C" void run_{name}(const Given* g) {{ carry_out<{name}::Loss>(*g); }}'
            )
        source, binary = folder / "losses.cpp", folder / "losses.so"
        source.write_text("\n".join(texts))
        command = [*find_compiler().command, *_FLAGS, f"-I{TEMPLATES}", f"-I{HERE}"]
        subprocess.run([*command, str(source), "-o", str(binary)], check=True)
        self.library = ctypes.CDLL(str(binary))

    def run(self, name: str, loss: pg.losses.Loss, sample: Sample, threads: int = 1) -> Found:
        """A trial with a loss that has the key of the compiled one."""
        return _run(
            self.library[f"run_{name}"],
            self.codes[name],
            loss,
            sample,
            threads,
            not self.smooth[name],
        )


NUMBERS = ("populations", "steps", "threads", "label", "states", "adjoints", "gradients", "exact")
POINTERS = (
    "sizes", "targets", "constants", "shared", "trace", "crossing", "mean_count", "loss", "outputs",
    "metrics", "prediction", "drive", "back", "price", "push", "gradient",
)  # fmt: skip


class _Given(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_uint32) for name in NUMBERS),
        ("dt", ctypes.c_double),
        *((name, ctypes.c_void_p) for name in POINTERS),
    )


def _run(function: Any, code: LossCode, loss: Any, s: Sample, threads: int, exact: bool) -> Found:
    names, steps = list(SIZES), s.steps

    def given(what: Mapping[str, np.ndarray], shape: Any) -> list[np.ndarray]:
        return [np.array(what.get(n, np.zeros(shape(SIZES[n]))), np.float64) for n in names]

    def empty(shape: Any) -> list[np.ndarray]:
        return given({}, shape)

    arrays = {
        "sizes": np.array(list(SIZES.values()), np.uint32),
        "targets": np.zeros(1) if s.targets is None else np.array(s.targets, np.float64),
        "constants": np.array([*loss.constants, 0.0]),
        "shared": np.array([10.0, THRESHOLD]),
        "loss": np.full(1, np.nan),
        "outputs": np.full(max(SIZES.values()), np.nan),
        "metrics": np.full(len(code.metrics) + 1, np.nan),
        "prediction": np.full(1, 99, np.uint32),
    }
    tables = {
        "trace": given(s.trace, lambda n: (steps + 1, 2, n)),
        "crossing": given(s.crossing, lambda n: (steps, n)),
        "mean_count": given(s.mean_count, lambda n: n),
        "drive": empty(lambda n: (steps, 2, n)),
        "back": empty(lambda n: (steps, n)),
        "price": empty(lambda n: (steps, n)),
        "push": empty(lambda n: (steps, 2, n)),
        "gradient": empty(lambda n: (1, n)),
    }
    pointers = {k: (ctypes.c_void_p * 2)(*(a.ctypes.data for a in v)) for k, v in tables.items()}
    record = _Given(2, steps, threads, s.label, 2, 2, 1, exact, s.dt)
    for name, array in arrays.items():
        setattr(record, name, array.ctypes.data)
    for name, table in pointers.items():
        setattr(record, name, ctypes.addressof(table))
    function(ctypes.byref(record))
    out = {k: dict(zip(names, v, strict=True)) for k, v in tables.items()}
    return Found(
        float(arrays["loss"][0]),
        int(arrays["prediction"][0]),
        arrays["outputs"][: SIZES[code.output]],
        dict(zip(code.metrics, arrays["metrics"].tolist(), strict=False)),
        *(out[k] for k in ("drive", "back", "price", "push", "gradient")),
    )


def slopes(
    run: Any, sample: Sample, population: str, places: Sequence[tuple[int, ...]]
) -> np.ndarray:
    """Central differences of the loss by values of a trace."""
    h, found = 1e-6, []
    for place in places:
        ends = [run(sample.moved(population, place, by)).loss for by in (h, -h)]
        found.append((ends[0] - ends[1]) / (2 * h))
    return np.array(found)
