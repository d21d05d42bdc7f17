"""What the training program cannot do, refused by name before anything is derived."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.program.kernel import Draw, everything
from pygenn_lite.codegen.program.program import NeuronKernels
from pygenn_lite.codegen.structure.structures import (
    GroupBinding,
    NetworkStructure,
    PopulationStructure,
)
from pygenn_lite.codegen.systems.system_records import NeuronSystem
from pygenn_lite.codegen.trial.neuron_parts import NeuronParts
from pygenn_lite.codegen.trial.trial_records import TrialGroup
from pygenn_lite.errors import Location, UnsupportedFeatureError

CHECKED_BY_EVENTS = "pg.check_gradient, which goes from event to event, knows more"


def refuse_group(structure: NetworkStructure, group: GroupBinding) -> None:
    """Arrivals must add a weight, and nothing else may happen.

    Raises
    ------
    UnsupportedFeatureError
        They do more.
    """
    if group.kernel is None:
        return
    kernel = structure.synapse_kernels[group.kernel]
    where = Location.of("synapse group", group.name)
    if kernel.continuous:
        raise UnsupportedFeatureError(
            "what is transmitted in every step is not trained",
            where=where.key("continuous"),
            hint="connect by synapses whose spikes add their weight, such as ExponentialCurrent",
        )
    what = "on_post" if kernel.on_post else "on_pre" if kernel.on_pre else "equations"
    raise UnsupportedFeatureError(
        "its synapses do more than add their weight to one variable of the target: this is not "
        "trained",
        where=where.key(what),
        hint="use synapses such as ExponentialCurrent, Alpha or Delta, with their weights in the "
        f"place of what learns; {CHECKED_BY_EVENTS}",
    )


def refuse_population(
    name: str, structure: PopulationStructure, system: NeuronSystem, kernels: NeuronKernels
) -> None:
    """A step must follow from the states and the arrivals.

    Raises
    ------
    UnsupportedFeatureError
        It draws random numbers, or is coupled in every step.
    """
    where = Location.of("population", name)
    if structure.coupled:
        raise UnsupportedFeatureError(
            f"{', '.join(structure.coupled)}: what synapses transmit in every step is not trained",
            where=where,
            hint="connect by synapses whose spikes add their weight, such as ExponentialCurrent",
        )
    if "integrate" in kernels.kernels:
        raise UnsupportedFeatureError(
            "plastic synapses make jumps that its threshold sees: this is not trained",
            where=where,
            hint="connect by static synapses",
        )
    drawn = _drawn(system, kernels)
    if drawn:
        raise UnsupportedFeatureError(
            f"{drawn}: this is not trained",
            where=where.key("threshold") if system.no_g else where,
            hint="leave it out, or give spikes drawn beforehand with the data, by a spike source",
        )


def refuse_timed(structure: NetworkStructure) -> None:
    """What compiled trials do not replay.

    Raises
    ------
    UnsupportedFeatureError
        A current changes at given times.
    """
    for name, binding in structure.populations.items():
        for current in binding.timed:
            raise UnsupportedFeatureError(
                f"the current {current.name!r} changes at given times: this is not trained",
                where=Location.of("population", name),
                hint="write it into the equations as a function of t, such as "
                "where(t < 20, 0.5, 0), or leave it out",
            )


def _drawn(system: NeuronSystem, kernels: NeuronKernels) -> str:
    """What is random in a step; "": nothing."""
    if system.events:
        return f"the Poisson input {system.events[0][0]!r} draws its spikes anew in every trial"
    if system.noise:
        return "a noise current is drawn anew in every step"
    bodies = (kernel.body for kernel in kernels.kernels.values())
    if any(isinstance(s, Draw) for body in bodies for s in everything(body)):
        return "the model draws random numbers (rand(), randn(), or white noise)"
    return ""


def refuse_smooth_delays(groups: Iterable[TrialGroup]) -> None:
    """What has no surrogate gradient.

    Raises
    ------
    UnsupportedFeatureError
        Delays are trained: the surrogate is a derivative by whether there is a spike, not by when.
    """
    for group in groups:
        if group.delay:
            raise UnsupportedFeatureError(
                "its delays have no surrogate gradient: a surrogate is the derivative by whether a "
                "neuron spikes in a step, not by when",
                where=Location.of("synapse group", group.name).entry("delay"),
                hint='train delays with gradient="exact", or leave them out of trainable=',
            )


def refuse_for_events(parts: NeuronParts) -> None:
    """What has no exact gradient in steps.

    Raises
    ------
    UnsupportedFeatureError
        A refractory period that a condition ends, and which does more than to keep a neuron from
        spiking again while it is above its threshold.
    """
    if parts.structure.refractory_is_condition and not parts.spikes_on_the_way_up:
        raise UnsupportedFeatureError(
            f"a condition ends the refractory period ({parts.system.refractory}): its exact "
            "gradient is not trained in steps",
            where=parts.where.key("refractory"),
            hint="give a time, such as refractory=2.0, or the condition of the threshold with "
            'nothing clamped; or use gradient="surrogate"; '
            f"{CHECKED_BY_EVENTS}",
        )
