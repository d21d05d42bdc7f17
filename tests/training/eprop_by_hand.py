"""e-prop as it is defined: eligibility traces forwards in time, and learning signals.

One hidden layer of LIF neurons with exponential currents, recurrent, and a read-out of leaky
integrators: tau V' = -V + I, tau_s I' = -I, in steps, solved exactly. A spike of step n has the
time of the step's end, and arrives one step after that: at the beginning of step n + 2. As in
Bellec et al. (2020) nothing flows through the reset, and the read-out's filter is applied to the
traces (their eq. 28).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Layers:
    """Weights [source, target], and what neurons have in common."""

    w_in: np.ndarray
    w_rec: np.ndarray
    w_out: np.ndarray
    feedback: np.ndarray  # B, [hidden, out]
    tau: float = 20.0
    tau_s: float = 5.0
    tau_out: float = 30.0
    threshold: float = 1.0
    dt: float = 1.0

    def flow(self, tau: float) -> tuple[float, float, float]:
        """Propagator of (V, I): P_VV, P_VI, P_II."""
        a, b = np.exp(-self.dt / tau), np.exp(-self.dt / self.tau_s)
        return a, self.tau_s / (self.tau_s - tau) * (b - a), b


class Traces:
    """dV/dw and dI/dw of the synapses of a group, by target neuron."""

    def __init__(self, sources: int, targets: int) -> None:
        self.v = np.zeros((sources, targets))
        self.i = np.zeros((sources, targets))

    def step(self, arrivals: np.ndarray, flow: tuple[float, float, float]) -> None:
        """One step: arrivals [sources] or [sources, targets], then the flow."""
        vv, vi, ii = flow
        self.i += arrivals if arrivals.ndim == 2 else arrivals[:, None]
        self.v = vv * self.v + vi * self.i
        self.i = ii * self.i


def softmax(u: np.ndarray) -> np.ndarray:
    e = np.exp(u - u.max())
    return e / e.sum()


def eprop(
    layers: Layers, spikes: np.ndarray, label: int, psi
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Gradients of the cross-entropy of the mean of the read-out's V, and spikes [T, hidden].

    `spikes` [T, inputs] arrive in their step; others one step after they were sent. psi is the
    surrogate derivative of a spike by V - threshold.
    """
    steps = len(spikes)
    n_in, n_hidden = layers.w_in.shape
    n_out = layers.w_out.shape[1]
    own, out = layers.flow(layers.tau), layers.flow(layers.tau_out)
    v, i = np.zeros((2, n_hidden))
    y, y_i = np.zeros((2, n_out))
    under_way = [np.zeros(n_hidden)] * 2  # spikes of the last two steps
    of = {"in": Traces(n_in, n_hidden), "rec": Traces(n_hidden, n_hidden)}
    # what of a trace has reached the read-out's V, for weights into hidden neurons; and of spikes
    seen = {"in": Traces(n_in, n_hidden), "rec": Traces(n_hidden, n_hidden)}
    eligible = {name: [np.zeros_like(t.v)] * 2 for name, t in of.items()}
    of_out = Traces(n_hidden, n_out)
    sums = {name: np.zeros((steps, *t.v.shape)) for name, t in of.items()}
    sums_out, trace_of_y, raster = np.zeros((steps, n_hidden, n_out)), [], []
    for n in range(steps):
        sent = under_way.pop(0)
        i += spikes[n] @ layers.w_in + sent @ layers.w_rec
        y_i += sent @ layers.w_out
        for name in of:
            seen[name].step(eligible[name].pop(0), out)  # a trace arrives with the spikes
            sums[name][n] = seen[name].v
        of_out.step(sent, out)
        sums_out[n] = of_out.v
        y, y_i = out[0] * y + out[1] * y_i, out[2] * y_i
        v, i = own[0] * v + own[1] * i, own[2] * i
        of["in"].step(spikes[n], own)
        of["rec"].step(sent, own)
        slope = psi(v - layers.threshold)
        spiking = (v > layers.threshold).astype(float)
        v = np.where(spiking > 0, 0.0, v)
        under_way.append(spiking)
        for name, trace in of.items():
            eligible[name].append(slope * trace.v)
            trace.v = trace.v * (1 - spiking)  # the state is reset, and the trace with it
        trace_of_y.append(y)
        raster.append(spiking)
    error = softmax(np.mean(trace_of_y, axis=0)) - np.eye(n_out)[label]
    drive = np.broadcast_to(error / steps, (steps, n_out))  # dE/dy in each step
    signals = drive @ layers.feedback.T  # L, [T, hidden]
    gradients = {f"w_{name}": np.einsum("tij,tj->ij", s, signals) for name, s in sums.items()}
    gradients["w_out"] = np.einsum("tij,tj->ij", sums_out, drive)
    return gradients, np.array(raster)
