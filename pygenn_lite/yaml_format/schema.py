"""The shape of a network file: which keys stand where. What the values mean is for `build`."""

from __future__ import annotations

import types
import typing
from typing import Any, Literal

from pydantic import BaseModel, Field

from pygenn_lite.yaml_format.marks import Place
from pygenn_lite.yaml_format.schema_base import Section as Section
from pygenn_lite.yaml_format.schema_types import (
    Ends,
    Equations,
    IntegratorForm,
    Model,
    Name,
    NotNegative,
    Number,
    Numbers,
    Positions,
    Positive,
    Precision,
    Recorded,
    Rule,
    Samples,
    Size,
    SpreadSynapse,
    SpreadValue,
    Storage,
    Synapse,
    Text,
    ValueSpec,
    Visible,
    Whole,
    Word,
)
from pygenn_lite.yaml_format.training_section import TrainingSection


class NetworkSection(Section):
    """What holds for the whole network."""

    name: Name = Field(default="", description="Its name, in results, pictures and messages.")
    dt: Positive = Field(default=0.1, description="Time step, ms.")
    seed: Whole = Field(
        default=0, description="Seed of all random numbers: a whole number below 2^64."
    )
    description: Visible = Field(default="", description="What the network is, with its source.")


class VariablesSection(Section):
    """Variables that a neuron model gets besides its own."""

    derivatives: Equations = Field(description="Their equations: dw/dt = -w/tau_w.")
    parameters: dict[str, ValueSpec] = Field(
        default={}, description="Parameters of these, by name."
    )
    initial: dict[str, ValueSpec] = Field(
        default={}, description="Values at the start, by variable."
    )


class NeuronSection(Section):
    """A neuron model: declared by equations, or taken from the library with ``use``."""

    use: Word | None = Field(default=None, description="Name of a model of the library.")
    derivatives: Equations = Field(
        default="", description="Differential equations: dV/dt = -V/tau + I."
    )
    update: Equations = Field(default="", description="Assignments done at every step, in order.")
    threshold: Text | None = Field(default=None, description="Condition of a spike: V > V_th.")
    reset: Equations = Field(default="", description="Assignments done at a spike: V = V_r.")
    refractory: Text | None = Field(
        default=None, description="Time after a spike without another, ms: a number or a formula."
    )
    parameters: dict[str, ValueSpec] = Field(
        default={}, description="Values of parameters, by name."
    )
    initial: dict[str, ValueSpec] = Field(
        default={}, description="Values at the start, by variable."
    )
    inputs: list[Word] | None = Field(
        default=None, description="Names through which currents come in."
    )
    clamp: list[Word] | None = Field(
        default=None, description="Variables that are held constant while refractory."
    )
    integrator: IntegratorForm = Field(
        default="auto", description="How the equations are integrated."
    )
    name: Word | None = Field(default=None, description="Name of the model, in messages.")
    units: dict[str, Word] = Field(
        default={}, description="Units to be shown, by variable or parameter."
    )
    with_variables: VariablesSection | None = Field(
        default=None, description="Variables that the model gets besides its own."
    )


class TraceSection(Section):
    """Variables driven by a neuron's own spikes, read by plastic synapses."""

    derivatives: Equations = Field(default="", description="Their equations: dx/dt = -x/tau_plus.")
    on_spike: Equations = Field(
        default="", description="Assignments at a spike of the neuron: x += 1."
    )
    initial: dict[str, ValueSpec] = Field(
        default={}, description="Values at the start, by variable."
    )


class SynapseSection(Section):
    """A synapse model: declared by equations, or taken from the library with ``use``."""

    use: Word | None = Field(default=None, description="Name of a model of the library.")
    receptor: Synapse = Field(
        default=None,
        description="Of a plastic synapse of the library: what its spikes act through.",
    )
    derivatives: Equations = Field(
        default="", description="Equations of the receptor: dg/dt = -g/tau."
    )
    inputs: Equations = Field(
        default="", description="What the receptor adds to inputs: I = g*(E - V)."
    )
    continuous: Equations = Field(
        default=None,
        description="What is transmitted at every step instead of spikes: rates, gaps.",
    )
    on_pre: Equations | None = Field(
        default=None, description="Assignments when a spike arrives: g += weight."
    )
    on_post: Equations = Field(default="", description="Assignments when the target neuron spikes.")
    pre_trace: TraceSection | None = Field(
        default=None, description="Trace of the source's spikes."
    )
    post_trace: TraceSection | None = Field(
        default=None, description="Trace of the target's spikes."
    )
    synapse_derivatives: Equations = Field(default="", description="Equations of single synapses.")
    event_driven: bool | None = Field(
        default=None, description="Whether synapses are updated at spikes only, or at every step."
    )
    integrator: IntegratorForm = Field(
        default="auto", description="How the equations are integrated."
    )
    parameters: dict[str, SpreadValue] = Field(
        default={}, description="Values of parameters, by name."
    )
    initial: dict[str, SpreadValue] = Field(
        default={}, description="Values at the start, by variable."
    )
    variables: dict[str, SpreadValue] = Field(
        default={},
        description="Variables of single synapses besides weight: their values at the start.",
    )
    name: Word | None = Field(default=None, description="Name of the model, in messages.")


class SpikeSourceSection(Section):
    """Spike trains that a population replays: arrays, or a file that holds them."""

    times: Numbers | None = Field(default=None, description="Times of all spikes, ms.")
    indices: Numbers | None = Field(
        default=None, description="Which neuron has each of these spikes."
    )
    file: str | None = Field(
        default=None,
        description="A .npz, .csv or .txt file with times and indices, beside the network's.",
    )


class PopulationSection(Section):
    """Neurons of one model, or a spike source."""

    size: Size | None = Field(
        default=None,
        description="Number of neurons, or the shape of a map: [channels, height, width].",
    )
    model: Model = Field(
        default=None, description="A name of models, a name of the library, or a mapping."
    )
    initial: dict[str, ValueSpec] = Field(
        default={}, description="Values at the start, by variable."
    )
    parameters: dict[str, ValueSpec] = Field(
        default={}, description="Values of the model's parameters here, by name."
    )
    positions: Positions = Field(default=None, description="Where the neurons are.")
    spike_source: SpikeSourceSection | None = Field(
        default=None, description="Spike trains that are replayed, instead of a model."
    )


class ConnectionSection(Section):
    """Synapse groups between populations; any value may be a matrix, rows target."""

    source: Ends = Field(description="Where the spikes come from.")
    target: Ends = Field(description="Where they arrive.")
    synapse: SpreadSynapse = Field(
        description="A name of synapses, a name of the library, or a mapping."
    )
    connectivity: Rule = Field(description="Which neurons are connected.")
    weight: SpreadValue = Field(
        default=1.0, description="Weights, in the units of the synapse model."
    )
    delay: SpreadValue = Field(
        default=None, description="Delays, ms; one time step where not given."
    )
    storage: Storage = Field(default="auto", description="How synapses are kept in memory.")
    weight_precision: Precision = Field(default="full", description="Type of stored weights.")
    spare: Any = Field(default=0, description="Room for synapses that are added later, per neuron.")
    name: Word | None = Field(
        default=None, description="Name of the group; SOURCE_TARGET where not given."
    )


class PoissonSection(Section):
    """Independent Poisson trains into every neuron."""

    target: Ends = Field(description="Whose neurons get them.")
    rate: SpreadValue = Field(description="Rate of one train, Hz.")
    weight: SpreadValue = Field(description="Weight of a spike.")
    sources: SpreadValue = Field(default=1, description="Number of trains per neuron.")
    synapse: SpreadSynapse = Field(
        default=None, description="The synapse model that spikes act through."
    )
    variable: Word | None = Field(
        default=None, description="The variable that spikes add to, instead of a synapse model."
    )
    name: Word | None = Field(default=None, description="Name of the input.")


class CurrentSection(Section):
    """A constant current."""

    target: Ends = Field(description="Whose neurons get it.")
    value: SpreadValue = Field(description="How large it is, in the units of the neuron model.")
    input: Word = Field(default="I", description="The neuron model's input that it is added to.")
    name: Word | None = Field(default=None, description="Name of the input.")


class StepCurrentSection(Section):
    """A piecewise constant current."""

    target: Ends = Field(description="Whose neurons get it.")
    times: Numbers = Field(description="When it changes, ms.")
    values: Samples = Field(description="What it is from each of these times on.")
    input: Word = Field(default="I", description="The neuron model's input that it is added to.")
    name: Word | None = Field(default=None, description="Name of the input.")


class NoiseCurrentSection(Section):
    """A Gaussian current, drawn anew at every step."""

    target: Ends = Field(description="Whose neurons get it.")
    mean: SpreadValue = Field(default=0.0, description="Its mean.")
    std: SpreadValue = Field(description="Its standard deviation at one step.")
    input: Word = Field(default="I", description="The neuron model's input that it is added to.")
    name: Word | None = Field(default=None, description="Name of the input.")


class InputSection(Section):
    """One input: a mapping with exactly one of these keys."""

    poisson: PoissonSection | None = Field(
        default=None, description="Independent Poisson trains into every neuron."
    )
    current: CurrentSection | None = Field(default=None, description="A constant current.")
    step_current: StepCurrentSection | None = Field(
        default=None, description="A piecewise constant current."
    )
    noise_current: NoiseCurrentSection | None = Field(
        default=None, description="A Gaussian current, drawn anew at every step."
    )


class RecordSection(Section):
    """Something to record at its own interval (ms)."""

    what: str = Field(description="As in record: exc.V[:10].")
    interval: Positive | None = Field(default=None, description="Time between samples, ms.")


class UpdateSection(Section):
    """Assignments that a population or a synapse group does every so many ms."""

    name: str | None = Field(default=None, description="Name of the update.")
    interval: Positive = Field(description="Time between two updates, ms.")
    on: str = Field(description="The population or connection that is updated.")
    assignments: Equations = Field(description="What is done: weight *= total/sum_weight.")
    parameters: dict[str, Number] = Field(default={}, description="Values of parameters, by name.")


class RunSection(Section):
    """How long to run and what to record; times in ms."""

    duration: NotNegative = Field(
        default=1000.0, description="Time simulated after the warm-up, ms."
    )
    warmup: NotNegative = Field(
        default=0.0, description="Time simulated before, ms; rates do not count it."
    )
    record: list[Recorded] = Field(
        default=[],
        description="What is recorded: exc.spikes, exc.V[:10], all.spikes, exc_inh.weight.",
    )
    interval: Positive | None = Field(
        default=None, description="Time between samples, ms; every step where not given."
    )


class NetworkFile(Section):
    """The whole file."""

    format: Literal[1] = Field(default=1, description="Version of the format.")
    network: NetworkSection = Field(
        default=NetworkSection(), description="What holds for the whole network."
    )
    constants: dict[str, Number] = Field(
        default={}, description="Numbers and formulas by name, usable wherever a number is."
    )
    models: dict[str, NeuronSection] = Field(default={}, description="Neuron models by name.")
    synapses: dict[str, SynapseSection] = Field(default={}, description="Synapse models by name.")
    populations: dict[str, PopulationSection] = Field(
        default={}, description="Populations by name, in order."
    )
    connections: list[ConnectionSection] = Field(default=[], description="Synapse groups.")
    inputs: list[InputSection] = Field(default=[], description="Poisson trains and currents.")
    every: list[UpdateSection] = Field(
        default=[], description="Assignments that are done every so many ms."
    )
    run: RunSection = Field(default=RunSection(), description="How long to run and what to record.")
    training: TrainingSection | None = Field(
        default=None, description="How the network is trained, for the command train."
    )
    reference_rates: dict[str, NotNegative] = Field(
        default={}, description="Rates in Hz by population, shown beside the measured ones."
    )
    full_scale_rates: dict[str, NotNegative] = Field(
        default={}, description="Rates in Hz by population at full scale, which --scale needs."
    )


def keys_at(place: Place, root: type[BaseModel] = NetworkFile) -> tuple[str, ...]:
    """Return the keys that may stand in the mapping at ``place`` (none where any name may)."""
    kind: Any = root
    for part in place:
        kind = _inside(kind, part)
    kind = _section(kind)
    return tuple(kind.model_fields) if kind is not None else ()


def is_free_mapping(place: Place) -> bool:
    """Whether the keys of the mapping at ``place`` are names that the user chose."""
    kind: Any = NetworkFile
    for part in place:
        kind = _inside(kind, part)
    return typing.get_origin(kind) is dict


def _inside(kind: Any, part: str | int) -> Any:
    """Type of what stands under a key or index."""
    section = _section(kind)
    if section is not None:
        field = section.model_fields.get(str(part))
        return Any if field is None else field.annotation
    if typing.get_origin(kind) in (dict, list):
        return typing.get_args(kind)[-1]
    return Any


def _section(kind: Any) -> type[BaseModel] | None:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        for option in typing.get_args(kind):
            found = _section(option)
            if found is not None:
                return found
    return None
