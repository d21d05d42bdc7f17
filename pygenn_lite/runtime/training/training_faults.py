"""Says what stopped being finite in which trial: the population, neuron, sample and time."""

from __future__ import annotations

from pygenn_lite.codegen.trial.trial_signature import TrialSignature
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import Location, NumericalError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training import training_records as records

UNCHANGED = "what is trained is as it was before this batch"
CLIP = f"use a smaller rate, smaller recurrent weights, or clip the gradient; {UNCHANGED}"


@dataclass(frozen=True)
class FoundFault:
    """Where a trial stopped.

    Attributes
    ----------
    where : int
        `records.STATE`, `ADJOINT` or `LOSS`.
    population, neuron, step, number, sample : int
    """

    where: int
    population: int
    neuron: int
    step: int
    number: int
    sample: int

    @classmethod
    def of(cls, status: records.Status, sample: int) -> FoundFault:
        """From what kernels say."""
        return cls(
            status.where, status.population, status.neuron, status.step, status.number, sample
        )


def fault_error(signature: TrialSignature, fault: FoundFault, dt: float) -> NumericalError:
    """The error of a fault."""
    moment = f"{float(times_of(fault.step, dt)):g} ms of sample {fault.sample}"
    if fault.where == records.LOSS:
        return NumericalError(
            f"the loss of sample {fault.sample} is not finite",
            where=Location("training"),
            hint=f"look for a logarithm or quotient of 0 in the loss; {UNCHANGED}",
        )
    if fault.population == records.NONE:
        return NumericalError(
            f"the gradient of the batch that begins with sample {fault.sample} explodes: it is not "
            "finite, or its square is not",
            where=Location("training"),
            hint=CLIP,
        )
    population = signature.populations[fault.population]
    where = Location.of("population", population.name).key(f"neuron {fault.neuron}")
    if fault.where == records.STATE:
        name = population.states[fault.number]
        return NumericalError(
            f"{name!r} is not finite at {moment}",
            where=where,
            hint="look for weights that have grown too large, a time constant near 0, or an "
            f"exponential without bound; {UNCHANGED}",
        )
    known = fault.number < len(population.adjoints)
    name = population.adjoints[fault.number].removeprefix("lam__") if known else "a parameter"
    return NumericalError(
        f"the gradient by {name!r} explodes: it is not finite on the way back, at {moment}",
        where=where,
        hint=CLIP,
    )
