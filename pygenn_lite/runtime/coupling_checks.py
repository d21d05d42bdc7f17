"""Warns of linear coupling that is too strong for the time step.

What is transmitted continuously is held over a step, whatever integrates the neuron. The
eigenvalues of linear coupling lie in Gershgorin's discs: around what a neuron's synapses make of
its own variable, with the sum of what they make of others' as radius. Where a disc reaches beyond
-2/dt, the coupling by itself may oscillate and grow. Found from the text of the models, without
SymPy.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.equations import Equation
from pygenn_lite.declaration.language.evaluation import evaluate
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.errors import EquationError, PygennLiteWarning, full_text
from pygenn_lite.runtime.model_values import neuron_part

if TYPE_CHECKING:
    from pygenn_lite.runtime.device import Device

Array = npt.NDArray[np.float64]
MOST_SYNAPSES = 1 << 25  # of a group that are looked at
LIMIT = 2.0  # of dt times the size of a negative eigenvalue: |1 - 2| = 1


def check_coupling(device: Device) -> None:
    """Warn of groups whose linear coupling the time step may not carry."""
    network = device.instances[0].network
    centres: dict[tuple[str, str], Array] = {}
    radii: dict[tuple[str, str], Array] = {}
    groups: dict[tuple[str, str], list[str]] = {}
    for name, group in network.groups.items():
        for variable, own, others in _coefficients(device, name):
            key = (group.target, variable)
            weights, sizes = _sums(device, name)
            zero = np.zeros(network.populations[group.target].size)
            centres[key] = centres.get(key, zero) + own * weights
            radii[key] = radii.get(key, zero) + np.abs(others) * sizes
            groups.setdefault(key, []).append(name)
    dt = network.dt
    for key, radius in radii.items():
        worst = float(np.max(radius - np.minimum(centres[key], 0.0), initial=0.0))
        if worst * dt > LIMIT * (1 + 1e-9):
            warnings.warn(
                full_text(
                    f"the coupling of {key[1]!r} is too strong for dt = {dt:g} ms: it may "
                    "oscillate and grow, as what is transmitted is held over a step",
                    f"synapse group {', '.join(map(repr, groups[key]))} onto population {key[0]!r}",
                    f"use dt <= {_rounded_down(LIMIT / worst):g}, or smaller weights",
                ),
                PygennLiteWarning,
                stacklevel=2,
            )


def _coefficients(device: Device, name: str) -> Iterator[tuple[str, Any, Any]]:
    """(variable, factor of a neuron's own value, of the other's) in the variable's derivative, per
    unit of weight, of what is linear."""
    network = device.instances[0].network
    group = network.groups[name]
    if not group.synapse.continuous or device.instances[0].synapse_count(name) > MOST_SYNAPSES:
        return
    target, part = network.populations[group.target], neuron_part(device, group.target)
    for equation in group.synapse.continuous:
        bare = equation.name.removesuffix("_post")
        if equation.operator == "=" or part is None or bare not in target.model.inputs:
            continue
        sign = -1.0 if equation.operator == "-=" else 1.0
        for variable, text in part.derivatives():
            try:
                at = [np.asarray(part.value(text, {bare: x})) for x in (0.0, 1.0, 2.0)]
                own = _slope(group.synapse, equation, f"{variable}_post")
                others = _slope(group.synapse, equation, f"{variable}_pre")
            except (EquationError, KeyError):
                continue
            gain = at[1] - at[0]
            straight = np.all(np.abs(at[2] - 2 * at[1] + at[0]) <= 1e-6 * np.abs(gain) + 1e-12)
            if own is None or others is None or not (own or others):
                continue
            if straight and np.size(gain) in (1, target.size):
                yield variable, sign * gain * own, sign * gain * others


def _slope(model: SynapseModel, equation: Equation, symbol: str) -> float | None:
    """Derivative of what is transmitted by a symbol, for weight 1; None where it is not constant,
    or not in proportion to the weight."""
    rng = np.random.default_rng(1)
    code = [e for e in model.continuous if e.operator == "="]
    names = {s for e in (*code, equation) for s in e.symbols} - {e.name for e in code}
    numbers = {n: v for n, v in model.parameters if isinstance(v, float)}
    slopes = []
    for weight in (1.0, 1.0, 2.0):
        known: dict[str, Any] = {n: rng.normal() for n in names} | numbers | {"weight": weight}
        x = np.array([-1.0, 0.0, 2.0])
        known[symbol] = x
        for definition in code:
            known[definition.name] = evaluate(definition, known)
        value = np.broadcast_to(np.asarray(evaluate(equation, known), np.float64), 3)
        slopes += list(np.diff(value) / np.diff(x) / weight)
    spread = float(np.ptp(slopes))
    return float(slopes[0]) if spread <= 1e-9 * max(abs(slopes[0]), 1e-300) else None


def _sums(device: Device, name: str) -> tuple[Array, Array]:
    """Sum of the weights onto each target neuron, and of their sizes."""
    instance = device.instances[0]
    size = instance.network.populations[instance.network.groups[name].target].size
    synapses = instance.connections(name)
    post, weight = np.asarray(synapses.post), np.asarray(synapses.weight, np.float64)
    return (
        np.bincount(post, weight, minlength=size).astype(np.float64),
        np.bincount(post, np.abs(weight), minlength=size).astype(np.float64),
    )


def _rounded_down(value: float) -> float:
    """With two digits."""
    scale = 10.0 ** (1 - np.floor(np.log10(value)))
    return float(np.floor(value * scale * (1 + 1e-12)) / scale)
