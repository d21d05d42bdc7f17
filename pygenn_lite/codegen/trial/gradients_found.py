"""Checks of a derived training program: a gradient is never 0 because something was left out."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.adjoint.adjoint_records import NeuronAdjoint
from pygenn_lite.codegen.program.kernel import Add, names_in
from pygenn_lite.codegen.program.text import shown
from pygenn_lite.codegen.systems.system import symbol
from pygenn_lite.codegen.trial.neuron_parts import NeuronParts
from pygenn_lite.codegen.trial.trial_records import TrialPopulation, of_sum
from pygenn_lite.errors import UnsupportedFeatureError


def check_trained(parts: NeuronParts, found: TrialPopulation) -> None:
    """Every trained parameter must have a gradient.

    Raises
    ------
    UnsupportedFeatureError
        One has none, whatever the trial.
    """
    chain = (*found.chain_own, *found.chain_shared)
    reached = {*found.gradients, *(s.target for s in chain if isinstance(s, Add))}
    for p in parts.trained:
        if p not in reached:
            raise UnsupportedFeatureError(
                f"{parts.system.called.get(p, p)} has no gradient: {_why(parts, found, p)}",
                where=parts.where.key("parameters"),
                hint="do not train it, or write the model so that it moves what spikes or is read",
            )


def _why(parts: NeuronParts, found: TrialPopulation, p: str) -> str:
    system = parts.system
    if system.refractory is not None and p in names_in(system.refractory):
        if found.smooth:
            return (
                "the refractory period is counted in whole steps, and a surrogate sees only the "
                "threshold"
            )
        return "what is clamped would not move: how long the refractory period is moves nothing"
    return "nothing that is trained here depends on it smoothly"


def check_affine(parts: NeuronParts, neurons: NeuronAdjoint, into: Iterable[str]) -> None:
    """What an arrival costs per unit of weight must not depend on the weight.

    Raises
    ------
    UnsupportedFeatureError
        A derivative is curved in a variable that a group adds to.
    """
    for target in into:
        x = of_sum(target)
        for (i, j), slope in neurons.flow.jacobian.items():
            if j == x and symbol(x) in slope.free_symbols:
                called = parts.system.called
                name, of = called.get(x, x), called.get(i, i)
                raise UnsupportedFeatureError(
                    f"spikes add to {name}, and d{of}/dt = {shown(parts.system.f[i])} is curved in "
                    f"{name}: the exact gradient would not be linear in the weight",
                    where=parts.where.about(f"d{i}/dt"),
                    hint="let spikes add to a current or a conductance (ExponentialCurrent, "
                    'Conductance), or use gradient="surrogate"',
                )
