"""A training program whose structures are written by hand, in memory laid out by hand: LIF neurons
with exponential currents, cross-entropy of mean voltages. What generated programs do is compared
elsewhere; here the engine alone is looked at."""

from __future__ import annotations

import ctypes as c
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pygenn_lite.codegen.render.trial_source import TrialSource, render_trial
from pygenn_lite.runtime.cpp.processor import find_target
from pygenn_lite.runtime.cpp.toolchain import find_compiler, part_flags
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.padded_rows import panels_of, stride_of
from pygenn_lite.runtime.training.slot_layout import GIVEN, Shape, lay_out_slots

TEMPLATES = Path(__file__).parents[2] / "pygenn_lite" / "templates"

# Coefficients: V <- a V + k I, I <- b I; threshold at the end of the step, reset to 0.
SHARED = ("a", "k", "b", "theta", "rate_m", "rate_s", "floor")

LIF = """
namespace pgl::training {
// States V, I; shared: a, k, b, theta, 1/tau_m, 1/tau_s, least speed.
template <bool kThreshold, bool kBySurrogate>
struct Lif {
  static constexpr uint32_t kStates = 2, kBefore = 2, kRecorded = 2, kAdjoints = 2, kGradients = 2;
  static constexpr uint32_t kShared = 7, kOwn = 0, kKept = 2;
  static constexpr uint32_t kGradientPlace[] = {0, 2};
  static constexpr bool kGradientShared[] = {true, true};
  static constexpr bool kSharedDecide = false;
  static constexpr bool kHistory = true, kSpikes = kThreshold, kSmooth = kThreshold && kBySurrogate;
  template <class At> PGL_DEVICE static bool forward(const At& at) {
    const real v = at.state(0), i = at.state(1);
    at.before(0) = v;
    at.before(1) = i;
    const real moved = at.shared(0) * v + at.shared(1) * i;
    const bool spike = kThreshold & (moved >= at.shared(3));
    at.state(0) = spike ? real(0) : moved;
    at.state(1) = at.shared(2) * i;
    return spike;
  }
  template <class At> PGL_DEVICE static void record(const At& at) {
    const real v = at.before(0), i = at.before(1);
    const real speed = (at.shared(0) * v + at.shared(1) * i - v) / at.dt();
    at.count_tangential(speed < at.shared(6));
    at.recorded(0) = speed < at.shared(6) ? at.shared(6) : speed;
    at.recorded(1) = at.shared(2) * i;
  }
  template <class At> PGL_DEVICE static real crossing(const At&) { return real(1); }
  template <class At> PGL_DEVICE static void at_spike(const At& at) {
    const real price = at.back() - at.adjoint(0) * at.recorded(1) * at.shared(4);
    at.adjoint(0) = -price / at.recorded(0);
  }
  template <class At> PGL_DEVICE static void backward(const At& at) {
    const real v = at.before(0), i = at.before(1);
    real of_v = at.adjoint(0);
    if constexpr (kSmooth) {
      const real moved = at.shared(0) * v + at.shared(1) * i, u = moved - at.shared(3);
      const real far = real(1) + real(10) * pgl::abs(u), slope = real(1) / (far * far);
      of_v = (at.spiked() ? real(0) : of_v) + at.back() * slope;
    }
    const real of_i = at.adjoint(1);
    at.gradient(0, of_v * v);
    at.gradient(1, of_i * i);
    at.adjoint(0) = at.shared(0) * of_v;
    at.adjoint(1) = at.shared(1) * of_v + at.shared(2) * of_i;
  }
  template <class At> PGL_DEVICE static real sent(const At& at, uint32_t x) {
    const real of_v = at.adjoint(0) * at.shared(4);
    return kSmooth ? at.adjoint(x) : x == 1 ? at.adjoint(1) * at.shared(5) - of_v : of_v;
  }
  template <class Values> PGL_DEVICE static void prepare_shared(const Values&) {}
  template <class Values> PGL_DEVICE static void prepare_own(const Values&) {}
  template <class Values> PGL_DEVICE static void chain_own(const Values&) {}
  template <class Values> PGL_DEVICE static void chain_shared(const Values&) {}
};
struct Population1 : Lif<true, false> {};
struct Population2 : Lif<false, false> {};
struct Smooth1 : Lif<true, true> {};
}
"""

LOSS = """
namespace pgl::training {
struct Loss {
  static constexpr uint32_t kMetrics = 0, kOutputPopulation = 1;
  static constexpr bool drives(uint32_t k) { return k == 1; }
  static constexpr bool prices(uint32_t) { return false; }
  static constexpr bool pushes(uint32_t) { return false; }
  static constexpr bool spikes(uint32_t) { return false; }
  static uint64_t scratch(const uint32_t* sizes, uint32_t) { return sizes[1]; }
  template <class Trial> PGL_DEVICE static void begin(Trial& trial) {
    real* sums = trial.scratch();
    trial.lanes(trial.template population<1>().n(), [&](uint32_t i) { sums[i] = real(0); });
  }
  template <class Trial> PGL_DEVICE static void observe(Trial& trial, uint32_t) {
    real* sums = trial.scratch();
    trial.template population<1>().lanes([&](const auto& at) { sums[at.neuron()] += at.state(0); });
  }
  template <class Trial> PGL_DEVICE static void finish(Trial& trial) {
    real* u = trial.scratch();
    const uint32_t n = trial.template population<1>().n();
    const real steps = real(trial.steps());
    trial.lanes(n, [&](uint32_t i) {
      u[i] = u[i] / steps;
      trial.output(i) = u[i];
    });
    trial.barrier();
    const real most = trial.maximum(n, [&](uint32_t i) { return u[i]; });
    const real all = trial.sum(n, [&](uint32_t i) { return pgl::exp(u[i] - most); });
    const real own = u[trial.label()];
    trial.set_loss(pgl::log(all) + most - own);
    trial.barrier();
    trial.lanes(n, [&](uint32_t i) {
      u[i] = (pgl::exp(u[i] - most) / all - (i == trial.label() ? real(1) : real(0))) / steps;
    });
    trial.set_prediction(0);
  }
  template <class Trial> PGL_DEVICE static void drive(Trial& trial, uint32_t) {
    const real* slope = trial.scratch();
    trial.template population<1>().lanes([&](const auto& at) {
      at.adjoint(0) += slope[at.neuron()];
    });
  }
};
}
"""


def compiled(
    folder: Path, real: str = "float", hidden: str = "Population1", optimise: str = "-O1"
) -> c.CDLL:
    """The program: hidden neurons, read-outs, given spikes."""
    text = render_trial(TrialSource(real, (hidden, "Population2", "Source"), (LIF, LOSS)))
    source, library = folder / f"{hidden}_{real}.cpp", folder / f"{hidden}_{real}.so"
    source.write_text(text)
    compiler = find_compiler()
    flags = [
        *part_flags("training", compiler.family),
        *find_target().flags(compiler.family)[0],
        optimise,
    ]
    command = [*compiler.command, *flags, "-Wall", "-Wextra", f"-I{TEMPLATES}", str(source)]
    subprocess.run([*command, "-o", str(library)], check=True)
    return declared(c.CDLL(str(library)))


def declared(library: c.CDLL) -> c.CDLL:
    library.pgl_training_create.restype = c.c_void_p
    library.pgl_training_create.argtypes = [c.c_uint32]
    library.pgl_training_destroy.argtypes = [c.c_void_p]
    library.pgl_training_execute.restype = c.c_int64
    library.pgl_training_execute.argtypes = [c.c_void_p] * 4
    library.pgl_training_scratch.restype = c.c_uint64
    library.pgl_last_error.restype = c.c_char_p
    return library


def aligned(shape: int | tuple[int, ...], dtype: Any) -> np.ndarray:
    """Zeros at a multiple of 64 bytes."""
    shape = (shape,) if isinstance(shape, int) else shape
    n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(n_bytes + 64, np.uint8)
    begin = -memory.ctypes.data % 64
    return memory[begin : begin + n_bytes].view(dtype).reshape(shape)


@dataclass
class HandGroup:
    """A group as the harness is told of it: weights dense [source][target], or of a list."""

    source: int
    target: int
    weight: np.ndarray
    delay: int | np.ndarray = 1
    pairs: tuple[np.ndarray, np.ndarray] | None = None  # sparse: sources (sorted), targets
    entries: np.ndarray | None = None  # shared weights: of each synapse, which
    dropout: float = 0.0
    wanted: int = records.WEIGHTS
    feedback: np.ndarray | None = None
    cut: bool = False


@dataclass
class HandMade:
    """A program in memory: population 0 hidden, 1 read-out, 2 given spikes."""

    library: c.CDLL
    n_hidden: int
    n_out: int
    n_in: int
    groups: Sequence[HandGroup]
    steps: int
    dt: float = 1.0
    tau: tuple[float, float] = (20.0, 5.0)
    real: str = "float"
    smooth: bool = False
    threads: int = 1
    slots: int = 4
    room: int = 4096
    room_given: int = 4096
    theta: float = 1.0
    together: int = 0
    kept: list[Any] = field(default_factory=list)
    summed: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dtype = np.dtype(np.float32 if self.real == "float" else np.float64)
        self.driver = self.library.pgl_training_create(self.threads)
        tau_m, tau_s = self.tau
        a, b = np.exp(-self.dt / tau_m), np.exp(-self.dt / tau_s)
        k = tau_s / (tau_m - tau_s) * (a - b)
        self.coefficients = dict(
            zip(SHARED, (a, k, b, self.theta, 1 / tau_m, 1 / tau_s, 0.01), strict=True)
        )
        self.n = (self.n_hidden, self.n_out, self.n_in)
        self.stop = np.zeros(1, np.int32)
        self._lay_out()

    def close(self) -> None:
        self.library.pgl_training_destroy(self.driver)

    def array(self, shape: int | tuple[int, ...], dtype: Any = None) -> np.ndarray:
        made = aligned(shape, self.dtype if dtype is None else dtype)
        self.kept.append(made)
        return made

    def stride(self, n: int) -> int:
        return stride_of(n, self.dtype)

    def _lay_out(self) -> None:
        self.populations = (records.Population * 3)()
        for k, of in enumerate(self.populations):
            self._population(of, k)
        self.group_records = (records.Group * len(self.groups))()
        self.gradients = []
        self.delay_gradients: list[np.ndarray | None] = []
        for of, group in zip(self.group_records, self.groups, strict=True):
            self._group(of, group)
        self.program = records.Program(
            version=records.ABI_VERSION,
            real_bytes=self.dtype.itemsize,
            n_populations=3,
            n_groups=len(self.groups),
            steps=self.steps,
            dt=self.dt,
            populations=c.addressof(self.populations),
            groups=c.addressof(self.group_records),
            n_slots=self.slots,
            together=self.together,
        )
        sizes = (c.c_uint32 * 3)(*self.n)
        shape = Shape(2, 2, 2, 2, 2, 2, True, self.smooth)
        read_out = Shape(2, 2, 2, 2, 0, 2)
        scratch = self.library.pgl_training_scratch(sizes, self.steps)
        size = lay_out_slots(
            self.program,
            self.populations,
            self.group_records,
            (shape, read_out, GIVEN),
            int(scratch),
        )
        self.memory = self.array(size * self.slots, np.uint8)
        self.program.slots = self.memory.ctypes.data

    def _population(self, of: records.Population, k: int) -> None:
        n = self.n[k]
        of.n, of.stride, of.room = n, self.stride(n), (self.room, 0, self.room_given)[k]
        of.input = 0 if k == 2 else records.NONE
        of.sorted = any(g.source == k for g in self.groups)
        if k == 2:
            return
        shared = self.array(len(SHARED))
        shared[:] = list(self.coefficients.values())
        of.shared = shared.ctypes.data
        of.shared_double = self.array(len(SHARED), np.float64).ctypes.data
        of.shared_gradient = self.array(len(SHARED), np.float64).ctypes.data
        of.own_gradient = self.array(1, np.float64).ctypes.data
        of.initial = self.array((2, of.stride)).ctypes.data
        for name in ("gradient", "initial_gradient"):
            made = self.array((2, of.stride))
            setattr(self, f"{name}_{k}", made[:, :n])
            setattr(of, name, made.ctypes.data)
            self.summed.append(made)
        of.mean_counts = self.array(of.stride).ctypes.data
        counts = self.array(of.stride, np.uint64)
        self.summed.append(counts)
        of.count_sums = counts.ctypes.data

    def _group(self, of: records.Group, group: HandGroup) -> None:
        of.source, of.target, of.into = group.source, group.target, 1
        of.wanted, of.dropout, of.stream = group.wanted, group.dropout, 17
        of.stride = self.stride(self.n[group.target])
        target = self.populations[group.target]
        target.kept |= 2
        dense = group.pairs is None
        of.layout = (
            records.DENSE if dense else records.SPARSE if group.entries is None else records.SHARED
        )
        of.weight = self._values(group, group.weight, of.stride).ctypes.data
        of.back_weight = of.weight
        if group.feedback is not None:
            of.back_weight = self._values(group, group.feedback, of.stride).ctypes.data
        if group.source == 2 or group.cut:
            of.back_weight = None
        if not self.smooth and (of.back_weight or group.wanted & records.DELAYS):
            target.sent |= 2
        if dense and self.smooth and of.back_weight and isinstance(group.delay, int):
            of.panels = self._panels(group)
        gradient = self._values(group, np.zeros_like(group.weight), of.stride)
        of.gradient = gradient.ctypes.data
        self.summed.append(gradient)
        self.gradients.append(gradient[:, : self.n[group.target]] if dense else gradient)
        self._delays(of, group, target)
        if group.pairs is not None:
            pre, post = group.pairs
            begin = self.array(self.n[group.source] + 1, np.uint32)
            begin[1:] = np.cumsum(np.bincount(pre, minlength=self.n[group.source]))
            targets = self.array(len(post), np.uint32)
            targets[:] = post
            of.row_begin, of.target_of = begin.ctypes.data, targets.ctypes.data
            of.n_synapses = len(post)
        if group.entries is not None:
            entries = self.array(len(group.entries), np.uint32)
            entries[:] = group.entries
            of.weight_of, of.n_weights = entries.ctypes.data, len(group.weight)

    def _values(self, group: HandGroup, values: np.ndarray, stride: int) -> np.ndarray:
        if group.pairs is not None:
            made = self.array(len(values))
            made[:] = values
        else:
            made = self.array((len(values), stride))
            made[:, : values.shape[1]] = values
        return made

    def _panels(self, group: HandGroup) -> int:
        made = panels_of(*group.weight.shape, self.dtype)
        self.kept.append(made)
        return made.address

    def _delays(self, of: records.Group, group: HandGroup, target: records.Population) -> None:
        self.delay_gradients.append(None)
        if isinstance(group.delay, int):
            of.delay = group.delay
            return
        steps = np.asarray(group.delay)
        made = self.array((len(steps), of.stride) if steps.ndim == 2 else len(steps), np.uint32)
        made[..., : steps.shape[-1]] = steps
        of.delays = made.ctypes.data
        of.longest = int(steps.max())
        of.ring = 1 << of.longest.bit_length()
        if not self.smooth:
            target.sent |= 2
            target.sent_kept |= 2
        if group.wanted & records.DELAYS:
            gradient = self.array(made.shape)
            self.delay_gradients[-1] = gradient
            self.summed.append(gradient)
            of.delay_gradient = gradient.ctypes.data

    def run(
        self,
        samples: Sequence[tuple[np.ndarray, np.ndarray]],
        labels: Sequence[int],
        *,
        order: Sequence[int] | None = None,
        batch: int | None = None,
        mode: int = records.FORWARD | records.BACKWARD,
        epoch: int = 0,
    ) -> dict[str, Any]:
        """Steps and neurons of the spikes of each sample."""
        data = self.staged(samples, labels)
        order_ = np.asarray(range(len(samples)) if order is None else order, np.uint64)
        return self.execute(data, order_, batch or len(order_), mode, epoch)

    def staged(self, samples: Sequence[tuple[Any, Any]], labels: Sequence[int]) -> records.Data:
        begin = self.array((len(samples), self.steps + 1), np.uint32)
        first = self.array(len(samples), np.uint64)
        n = [len(steps) for steps, _ in samples]
        first[1:] = np.cumsum(n)[:-1]
        index = self.array(max(1, sum(n)), np.uint32)
        for k, (steps, neurons) in enumerate(samples):
            assert (np.diff(steps) >= 0).all()
            begin[k] = np.searchsorted(steps, np.arange(self.steps + 1))
            index[int(first[k]) : int(first[k]) + n[k]] = neurons
        labels_ = self.array(len(labels), np.int32)
        labels_[:] = labels
        self.spikes = records.Spikes(first.ctypes.data, begin.ctypes.data, index.ctypes.data)
        return records.Data(
            spikes=c.addressof(self.spikes),
            n_spikes=1,
            samples=len(samples),
            labels=labels_.ctypes.data,
        )

    def execute(
        self, data: records.Data, order: np.ndarray, batch: int, mode: int, epoch: int = 0
    ) -> dict[str, Any]:
        found = self.results(len(order))
        run = self.run_record(order, batch, mode, epoch, found)
        addresses = (c.addressof(record) for record in (self.program, data, run))
        done = self.library.pgl_training_execute(self.driver, *addresses)
        if done < 0:
            raise RuntimeError(self.library.pgl_last_error().decode())
        found["fault"] = run.fault
        found["position"] = run.fault_position
        return found

    def results(self, n: int) -> dict[str, Any]:
        """Arrays of what a run gives."""
        return dict(
            loss=np.zeros(n, self.dtype),
            outputs=np.zeros((n, self.n_out), self.dtype),
            prediction=np.zeros(n, np.int32),
            spikes=np.zeros((n, 3), np.uint32),
            tangential=np.zeros(n, np.uint32),
            done=np.zeros(2, np.uint64),
        )

    def run_record(
        self, order: np.ndarray, batch: int, mode: int, epoch: int, found: dict[str, Any]
    ) -> records.Run:
        return records.Run(
            order=order.ctypes.data,
            n=len(order),
            batch=batch,
            mode=mode,
            seed=5,
            epoch=epoch,
            stop=self.stop.ctypes.data,
            **{name: value.ctypes.data for name, value in found.items()},
        )

    def clear(self) -> None:
        """Sums of a batch begin as 0."""
        for array in self.summed:
            array[...] = 0

    def status(self, slot: int) -> records.Status:
        """How the trial in a slot went."""
        at = slot * self.program.slot_bytes + self.program.status
        return records.Status.from_buffer(self.memory[at : at + c.sizeof(records.Status)])

    def tape(self, slot: int) -> list[tuple[int, int]]:
        """Spikes of the hidden neurons in a slot: the steps that they carry, and neurons."""
        of = self.populations[0]
        memory = self.memory[slot * self.program.slot_bytes : (slot + 1) * self.program.slot_bytes]
        begin = memory[of.begin :][: 4 * (self.steps + 2)].view(np.uint32)
        index = memory[of.index :][: 4 * int(begin[-1])].view(np.uint32)
        steps = np.repeat(np.arange(self.steps + 1), np.diff(begin.astype(int)))
        return [(int(s), int(i)) for s, i in zip(steps, index, strict=True)]
