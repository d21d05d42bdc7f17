"""The same network and gradients in NumPy, in float64, one spike at a time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from trial_by_hand import HandGroup, HandMade


@dataclass
class Answer:
    loss: float
    spikes: list[tuple[int, int]]
    weights: list[np.ndarray]
    delays: list[np.ndarray]
    decay: list[np.ndarray]  # by population: gradients of a, of b
    initial: list[np.ndarray]
    outputs: np.ndarray
    tangential: int = 0
    kept: dict[str, Any] = field(default_factory=dict)


def synapses(group: HandGroup, neuron: int) -> list[tuple[int, Any, int]]:
    """Of a neuron's synapses: the target, where its weight stands, the delay."""
    steps = np.asarray(group.delay)
    if group.pairs is None:
        n = group.weight.shape[1]
        delay = np.broadcast_to(steps if steps.ndim < 2 else steps[neuron], n)
        return [(j, (neuron, j), int(delay[j])) for j in range(n)]
    pre, post = group.pairs
    found = np.flatnonzero(pre == neuron)
    delay = np.broadcast_to(steps, len(pre))
    entries = np.arange(len(pre)) if group.entries is None else group.entries
    return [(int(post[k]), (int(entries[k]),), int(delay[k])) for k in found]


def place_of_delay(group: HandGroup, neuron: int, target: int, synapse: Any) -> Any:
    return () if isinstance(group.delay, int) else synapse


class Network:
    """Of populations 0 (hidden, spikes), 1 (read-out), 2 (given)."""

    def __init__(self, made: HandMade) -> None:
        self.made, self.c = made, made.coefficients
        self.steps = made.steps
        # per source neuron: group number, target population, target, synapse, delay
        self.out: dict[tuple[int, int], list[Any]] = defaultdict(list)
        for g, group in enumerate(made.groups):
            for i in range(made.n[group.source]):
                for j, synapse, d in synapses(group, i):
                    self.out[group.source, i].append((g, group.target, j, synapse, d))

    def forward(self, sample: tuple[Any, Any]) -> dict[str, Any]:
        made, c = self.made, self.c
        arriving: dict[int, list[Any]] = defaultdict(list)

        def send(population: int, neuron: int, carried: int) -> None:
            for g, target, j, synapse, d in self.out[population, neuron]:
                if carried + d < self.steps:
                    arriving[carried + d].append((g, target, j, synapse, carried, neuron))

        for s, i in zip(*sample, strict=True):
            send(2, int(i), int(s))
        state = [np.zeros((2, n)) for n in made.n[:2]]
        before = np.zeros((self.steps, 2), object)
        spikes: list[tuple[int, int]] = []
        record: dict[tuple[int, int], tuple[float, float]] = {}
        sums, tangential = np.zeros(made.n_out), 0
        for n in range(self.steps):
            for g, target, j, synapse, *_ in arriving[n]:
                state[target][1, j] += made.groups[g].weight[synapse]
            for k in (0, 1):
                v, i = state[k]
                before[n, k] = (v.copy(), i.copy())
                moved = c["a"] * v + c["k"] * i
                state[k] = np.array([moved, c["b"] * i])
                if k == 0:
                    for neuron in np.flatnonzero(moved >= c["theta"]):
                        speed = (moved[neuron] - v[neuron]) / made.dt
                        tangential += speed < c["floor"]
                        record[n, neuron] = (max(speed, c["floor"]), state[0][1, neuron])
                        state[0][0, neuron] = 0.0
                        spikes.append((n + 1, int(neuron)))
                        send(0, int(neuron), n + 1)
            sums += state[1][0]
        return dict(
            before=before, spikes=spikes, record=record, u=sums / self.steps, arriving=arriving,
            tangential=tangential,
        )  # fmt: skip

    def answer(self, sample: tuple[Any, Any], label: int) -> Answer:
        made, c = self.made, self.c
        was = self.forward(sample)
        u = was["u"]
        p = np.exp(u - u.max()) / np.exp(u - u.max()).sum()
        slope = (p - np.eye(made.n_out)[label]) / self.steps
        weights = [np.zeros(np.shape(g.weight)) for g in made.groups]
        delays = [np.zeros(np.shape(g.delay)) for g in made.groups]
        decay = [np.zeros((2, n)) for n in made.n[:2]]
        lam = [np.zeros((2, n)) for n in made.n[:2]]
        back: dict[tuple[int, int], float] = defaultdict(float)
        of_step: dict[int, list[int]] = defaultdict(list)
        for carried, neuron in was["spikes"]:
            of_step[carried - 1].append(neuron)
        for n in reversed(range(self.steps)):
            lam[1][0] += slope
            smooth = np.zeros(made.n_hidden)
            for i in range(made.n_hidden) if made.smooth else ():
                smooth[i] = self._smooth_back(i, n + 1, was)
            for neuron in () if made.smooth else of_step[n]:
                speed, current = was["record"][n, neuron]
                price = back[n + 1, neuron] - lam[0][0, neuron] * current * c["rate_m"]
                lam[0][0, neuron] = -price / speed
            for k in (0, 1):
                v, i = was["before"][n, k]
                if k == 0 and made.smooth:
                    moved = c["a"] * v + c["k"] * i
                    surrogate = 1.0 / (1.0 + 10.0 * np.abs(moved - c["theta"])) ** 2
                    lam[0][0] = np.where(moved >= c["theta"], 0.0, lam[0][0]) + smooth * surrogate
                decay[k] += np.array([lam[k][0] * v, lam[k][1] * i])
                lam[k] = np.array([c["a"] * lam[k][0], c["k"] * lam[k][0] + c["b"] * lam[k][1]])
            was.setdefault("lam", {})[n] = [x.copy() for x in lam]
            for g, target, j, synapse, carried, neuron in was["arriving"][n]:
                group = made.groups[g]
                weights[g][synapse] += lam[target][1, j]
                of_v = lam[target][0, j]
                if target == 1 and n > 0:  # V is read at this very time: by one half
                    of_v += slope[j] / 2
                sent = lam[target][1, j] * c["rate_s"] - of_v * c["rate_m"]
                place = place_of_delay(group, neuron, j, synapse)
                delays[g][place] += group.weight[synapse] * sent
                if group.source == 0 and not group.cut:
                    through = group.weight if group.feedback is None else group.feedback
                    back[carried, neuron] += through[synapse] * sent
        loss = float(np.log(np.exp(u - u.max()).sum()) + u.max() - u[label])
        return Answer(loss, was["spikes"], weights, delays, decay, lam, u, was["tangential"])

    def _smooth_back(self, neuron: int, carried: int, was: dict[str, Any]) -> float:
        total = 0.0
        for g, target, j, synapse, d in self.out[0, neuron]:
            group = self.made.groups[g]
            if carried + d < self.steps and not group.cut:
                through = group.weight if group.feedback is None else group.feedback
                total += through[synapse] * was["lam"][carried + d][target][1, j]
        return total
