"""Makes the parts of a network from what a user gives, or says what is wrong with it. What is in
the network already is `network`'s affair."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace

from numpy.typing import ArrayLike

from pygenn_lite.declaration.checks import (
    check_delay,
    check_neuron_value,
    check_not_negative,
    check_positions,
    check_shape,
    check_spike_trains,
    check_step_values,
    check_synapse_model,
    check_synapse_value,
    not_a,
)
from pygenn_lite.declaration.connectivity import (
    STORAGE,
    WEIGHT_PRECISIONS,
    Connectivity,
    Convolution,
    between,
)
from pygenn_lite.declaration.connectivity.ends import Parts
from pygenn_lite.declaration.domains import Domains, check_domains
from pygenn_lite.declaration.inputs import (
    CurrentInput,
    NoiseCurrent,
    PoissonInput,
    StepCurrent,
)
from pygenn_lite.declaration.language.names import check_choice, nearest
from pygenn_lite.declaration.neuron_model import NeuronModel
from pygenn_lite.declaration.numeric import Whole, whole_number
from pygenn_lite.declaration.population import Population, SynapseGroup
from pygenn_lite.declaration.recorded import Recorded, SpikesOf, SynapsesOf, VariableOf
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.values import (
    FrozenArray,
    Value,
    ValueLike,
    ValuesLike,
    as_value,
    as_values,
)
from pygenn_lite.errors import (
    Location,
    NetworkError,
    PygennLiteWarning,
    UnsupportedFeatureError,
    full_text,
)

MOST_SPARE = 65_535  # synapses of a source neuron


def declare_population(
    name: str,
    size: Whole | Sequence[int],
    model: NeuronModel,
    initial: ValuesLike,
    parameters: ValuesLike,
    positions: ArrayLike | FrozenArray | None,
) -> Population:
    """A population whose values fit its model."""
    where = Location.of("population", name)
    if not isinstance(model, NeuronModel):
        hint = "a NeuronModel, e.g. LIF() (spike trains go through spike_source())"
        raise not_a("neuron model", model, where, hint)
    neurons, shape = check_shape(size, where)
    population = Population(
        name,
        neurons,
        model,
        as_values(initial, "initial", where),
        as_values(parameters, "parameters", where),
        check_positions(positions, neurons, where),
        shape,
    )
    known = {"initial": model.state_names, "parameters": tuple(n for n, _ in model.parameters)}
    for field, names in known.items():
        for key, _ in getattr(population, field):
            if key not in names:
                raise NetworkError(
                    f"{field}: the model has no {key!r}{nearest(key, names)}",
                    where=where,
                    hint=f"it has {list(names)}",
                )
    merged = {**dict(model.parameters), **dict(population.parameters)}
    merged.update({**dict(model.initial), **dict(population.initial)})
    for key, value in merged.items():
        check_neuron_value(value, population, key, where)
    check_domains(model.domains, population.parameters, where, NetworkError)
    return population


def declare_spike_source(
    name: str, size: Whole | Sequence[int], times: ArrayLike, indices: ArrayLike
) -> Population:
    """A population that replays spikes."""
    where = Location.of("spike source", name)
    neurons, shape = check_shape(size, where)
    trains = check_spike_trains(times, indices, neurons, where)
    return Population(name, neurons, trains, shape=shape)


def declare_group(
    name: str,
    ends: tuple[Population, Population],
    parts: Parts,
    synapse: SynapseModel,
    connectivity: Connectivity,
    *,
    weight: ValueLike,
    delay: ValueLike | None,
    storage: str,
    weight_precision: str = "full",
    spare: int = 0,
    dt: float,
) -> SynapseGroup:
    """A synapse group whose rule and values fit its populations, or the parts of them."""
    where = Location.of("synapse group", name)
    check_synapse_model(synapse, where)
    if not isinstance(connectivity, Connectivity):
        hint = "a rule, e.g. FixedProbability(0.1)"
        raise not_a("connectivity rule", connectivity, where, hint)
    _check_kernel(connectivity, synapse, where)
    pre, post = ends
    connectivity = between(connectivity, *parts)
    connectivity = connectivity.bound(pre.shape, post.shape, where)
    connectivity.check_complete(where)
    connectivity.validate(pre.size, post.size, pre.name == post.name, where)
    group = SynapseGroup(
        name,
        pre.name,
        post.name,
        synapse,
        connectivity,
        connectivity.expand(as_value(weight, where.entry("weight")), where.entry("weight")),
        as_value(dt if delay is None else delay, where.entry("delay")),
        check_choice(storage, STORAGE, "storage", where, NetworkError),
        _check_precision(weight_precision, storage, synapse, where),
        post.size,
        one_step=delay is None,
        spare=_check_spare(spare, where),
    )
    _check_rewirable(group, where)
    check_synapse_value(group.weight, group, pre, post, "weight")
    check_synapse_value(group.delay, group, pre, post, "delay")
    check_delay(group.delay, dt, where.entry("delay"))
    _check_weight(synapse.domains, group.weight, where)
    if not synapse.uses_weight and group.weight != as_value(1.0):  # the default
        text = full_text(
            "a weight is given, but nothing in the synapse model reads it",
            where,
            "write weight in on_pre, or leave out the weight",
        )
        warnings.warn(text, PygennLiteWarning, stacklevel=3)
    return group


def _check_kernel(connectivity: Connectivity, synapse: SynapseModel, where: Location) -> None:
    """What each synapse learns by itself is no longer a convolution."""
    if isinstance(connectivity, Convolution) and connectivity.shared and synapse.changes_weight:
        raise UnsupportedFeatureError(
            "a kernel that all pixels share does not learn during a run",
            where=where,
            hint=f"write Convolution({connectivity.kernel}, shared=False) for a locally connected "
            "layer, whose synapses learn each by themselves; or compute the kernel's change from "
            "the spikes of a run, and set it with "
            f"with_values({{'groups.{where.owners[-1][1]}.weight': kernel}})",
        )


def _check_precision(given: str, storage: str, synapse: SynapseModel, where: Location) -> str:
    """Weights of 16 bits are those of static synapses that are stored one by one."""
    place = where.entry("weight_precision")
    precision = check_choice(given, WEIGHT_PRECISIONS, "weight precision", place, NetworkError)
    if precision != "full" and not synapse.is_static:
        raise UnsupportedFeatureError(
            f"weights in {precision} are offered for synapses that only add a weight",
            where=place,
            hint="leave weight_precision='full' where weights change or are read",
        )
    if precision != "full" and storage in ("dense", "procedural"):
        raise UnsupportedFeatureError(
            f"weights in {precision} are offered for sparse storage, not for {storage}",
            where=place,
            hint="leave storage='auto'",
        )
    return precision


def _check_spare(spare: object, where: Location) -> int:
    number = whole_number(spare)
    if number is None or not 0 <= number <= MOST_SPARE:
        raise NetworkError(
            f"spare = {spare!r}",
            where=where.entry("spare"),
            hint=f"give a whole number of synapses for each source neuron, up to {MOST_SPARE:,}",
        )
    return number


def _check_rewirable(group: SynapseGroup, where: Location) -> None:
    """Synapses can come and go where each has a place of its own, and nothing but a weight."""
    if not group.spare:
        return
    place, what = where.entry("spare"), ""
    if not group.synapse.is_static:
        what = "synapses that only add a weight"
    elif group.storage not in ("auto", "sparse") or group.weight_precision != "full":
        what = "synapses that are stored one by one, with weights of full precision"
    elif not isinstance(group.delay, (int, float)):
        what = "synapses with one delay"
    if what:
        raise UnsupportedFeatureError(
            f"room for synapses to be added is offered for {what}",
            where=place,
            hint="leave out spare, or declare these synapses as a group of their own",
        )


def with_step(group: SynapseGroup, dt: float) -> SynapseGroup:
    """A group in a network of another time step."""
    if group.one_step:
        return replace(group, delay=dt)
    check_delay(group.delay, dt, Location.of("synapse group", group.name).entry("delay"))
    return group


def declare_current(
    name: str, population: Population, value: ValueLike, input: str
) -> CurrentInput:
    """A constant current whose value fits the population."""
    declared = CurrentInput(name, population.name, input, as_value(value, Location(name)))
    check_neuron_value(declared.value, population, "value", Location.of("current", name))
    return declared


def declare_step_current(
    name: str, population: Population, times: ArrayLike, values: ArrayLike, input: str
) -> StepCurrent:
    """A current that changes in time, with values that fit its times and the population."""
    t, v = check_step_values(times, values, population.size, Location.of("step current", name))
    return StepCurrent(name, population.name, input, FrozenArray(t), FrozenArray(v))


def declare_noise_current(
    name: str, population: Population, mean: ValueLike, std: ValueLike, input: str
) -> NoiseCurrent:
    """A Gaussian current whose values fit the population."""
    declared = NoiseCurrent(
        name, population.name, input, as_value(mean, Location(name)), as_value(std, Location(name))
    )
    for what in ("mean", "std"):
        check_neuron_value(getattr(declared, what), population, what, Location.of("noise", name))
    check_not_negative(declared.std, "std", Location.of("noise", name))
    return declared


def declare_poisson(
    name: str,
    population: Population,
    rate: ValueLike,
    *,
    weight: ValueLike,
    synapse: SynapseModel | None,
    variable: str | None,
    sources: ValueLike,
) -> PoissonInput:
    """A Poisson input whose values and target fit the population."""
    where = Location.of("Poisson input", name)
    if (synapse is None) == (variable is None):
        raise NetworkError(
            "give either a synapse model or a variable",
            where=where,
            hint="e.g. variable='V' for voltage jumps, or synapse=ExponentialCurrent(5.0)",
        )
    if synapse is not None:
        check_synapse_model(synapse, where)
    if variable is not None:
        check_choice(variable, population.model.state_names, "state variable", where, NetworkError)
    declared = PoissonInput(
        name,
        population.name,
        as_value(rate, where.entry("rate")),
        as_value(weight, where.entry("weight")),
        as_value(sources, where.entry("sources")),
        variable,
        synapse,
    )
    if synapse is not None:
        _check_weight(synapse.domains, declared.weight, where)
    for what in ("rate", "weight", "sources"):
        value = getattr(declared, what)
        check_neuron_value(value, population, what, where)
        if what != "weight":
            check_not_negative(value, what, where)
    return declared


def recordable(thing: object) -> Recorded:
    """What a user asks to record."""
    if isinstance(thing, Population):
        return thing.spikes
    if isinstance(thing, (SpikesOf, VariableOf, SynapsesOf)):
        return thing
    raise NetworkError(
        f"cannot record {thing!r}",
        where=Location.of("record"),
        hint="e.g. exc.spikes or exc['V'][:10]",
    )


def _check_weight(domains: Domains, weight: Value, where: Location) -> None:
    """Warnings point to who called the network's method, which called `declare_...`."""
    check_domains(domains, [("weight", weight)], where, NetworkError, stacklevel=4)
