"""The shape of a network file: which keys stand where. What the values mean is for `build`."""

from __future__ import annotations

import types
import typing
import unicodedata
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from pygenn_lite.yaml_format.integrator_forms import check_form
from pygenn_lite.yaml_format.marks import Place


def _text(value: Any) -> Any:
    """Numbers may stand where text is expected: ``refractory: 2``, ``reset: {V: 0}``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("should be a number or a formula of constants")
    return value


def _size(value: Any) -> Any:
    return value if isinstance(value, list) else _number(value)


def _equations(value: Any) -> Any:
    if isinstance(value, dict):
        if all(isinstance(_text(item), str) for item in value.values()):
            return {name: _text(item) for name, item in value.items()}
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value)
    elif value is None or isinstance(value, str):
        return value or ""
    raise ValueError("should be equations: text, a list of lines, or a mapping of names to text")


def _visible(value: Any) -> Any:
    """Names and descriptions are printed, and must not steer a terminal."""
    if isinstance(value, str) and any(unicodedata.category(c) == "Cc" and c != "\n" for c in value):
        raise ValueError("should not hold control characters")
    return value


def _ends(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) != {"population", "neurons"}:
            raise ValueError("should be {population: NAME, neurons: '0:5'}")
        return value
    return _names(value)


def _names(value: Any) -> Any:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("should be the name of a population, or a list of names, or 'all'")
    return names


Number = Annotated[Any, BeforeValidator(_number)]
Text = Annotated[str, BeforeValidator(_text)]
Equations = Annotated[Any, BeforeValidator(_equations)]
Names = Annotated[Any, BeforeValidator(_names)]
Size = Annotated[Any, BeforeValidator(_size)]
Ends = Annotated[Any, BeforeValidator(_ends)]
Word = Annotated[str, StringConstraints(max_length=64), BeforeValidator(_visible)]
IntegratorForm = Annotated[Any, BeforeValidator(check_form)]
# Numbers, formulas, arrays, distributions; or, between lists of populations, matrices of these.
ValueSpec = Any


class Section(BaseModel):
    """A mapping with known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkSection(Section):
    """What holds for the whole network."""

    name: Annotated[str, StringConstraints(max_length=200), BeforeValidator(_visible)] = ""
    dt: Number = 0.1
    seed: Number = 0
    description: Annotated[str, BeforeValidator(_visible)] = ""


class VariablesSection(Section):
    """Variables that a neuron model gets besides its own."""

    derivatives: Equations
    parameters: dict[str, ValueSpec] = {}
    initial: dict[str, ValueSpec] = {}


class NeuronSection(Section):
    """A neuron model: declared by equations, or taken from the library with ``use``."""

    use: Word | None = None
    derivatives: Equations = ""
    update: Equations = ""
    threshold: Text | None = None
    reset: Equations = ""
    refractory: Text | None = None
    parameters: dict[str, ValueSpec] = {}
    initial: dict[str, ValueSpec] = {}
    inputs: list[Word] | None = None
    clamp: list[Word] | None = None
    integrator: IntegratorForm = "auto"
    name: Word | None = None
    units: dict[str, Word] = {}
    with_variables: VariablesSection | None = None


class TraceSection(Section):
    """Variables driven by a neuron's own spikes, read by plastic synapses."""

    derivatives: Equations = ""
    on_spike: Equations = ""
    initial: dict[str, ValueSpec] = {}


class SynapseSection(Section):
    """A synapse model: declared by equations, or taken from the library with ``use``."""

    use: Word | None = None
    receptor: Any = None
    derivatives: Equations = ""
    inputs: Equations = ""
    continuous: Equations = None
    on_pre: Equations | None = None
    on_post: Equations = ""
    pre_trace: TraceSection | None = None
    post_trace: TraceSection | None = None
    synapse_derivatives: Equations = ""
    event_driven: bool | None = None
    integrator: IntegratorForm = "auto"
    parameters: dict[str, ValueSpec] = {}
    initial: dict[str, ValueSpec] = {}
    variables: dict[str, ValueSpec] = {}
    name: Word | None = None


class SpikeSourceSection(Section):
    """Spike trains that a population replays: arrays, or a file that holds them."""

    times: list[Any] | None = None
    indices: list[Any] | None = None
    file: str | None = None


class PopulationSection(Section):
    """Neurons of one model, or a spike source."""

    size: Size | None = None
    model: Any = None
    initial: dict[str, ValueSpec] = {}
    parameters: dict[str, ValueSpec] = {}
    positions: Any = None
    spike_source: SpikeSourceSection | None = None


class ConnectionSection(Section):
    """Synapse groups between populations; any value may be a matrix, rows target."""

    source: Ends
    target: Ends
    synapse: Any
    connectivity: Any
    weight: ValueSpec = 1.0
    delay: ValueSpec = None
    storage: Any = "auto"
    weight_precision: Word = "full"
    spare: Any = 0
    name: Word | None = None


class PoissonSection(Section):
    """Independent Poisson trains into every neuron."""

    target: Ends
    rate: ValueSpec
    weight: ValueSpec
    sources: ValueSpec = 1
    synapse: Any = None
    variable: Word | None = None
    name: Word | None = None


class CurrentSection(Section):
    """A constant current."""

    target: Ends
    value: ValueSpec
    input: Word = "I"
    name: Word | None = None


class StepCurrentSection(Section):
    """A piecewise constant current."""

    target: Ends
    times: list[Any]
    values: list[Any]
    input: Word = "I"
    name: Word | None = None


class NoiseCurrentSection(Section):
    """A Gaussian current, drawn anew at every step."""

    target: Ends
    mean: ValueSpec = 0.0
    std: ValueSpec
    input: Word = "I"
    name: Word | None = None


class InputSection(Section):
    """One input: a mapping with exactly one of these keys."""

    poisson: PoissonSection | None = None
    current: CurrentSection | None = None
    step_current: StepCurrentSection | None = None
    noise_current: NoiseCurrentSection | None = None


class RecordSection(Section):
    """Something to record at its own interval (ms)."""

    what: str
    interval: Number | None = None


class UpdateSection(Section):
    """Assignments that a population or a synapse group does every so many ms."""

    name: str | None = None
    interval: Number
    on: str
    assignments: Equations
    parameters: dict[str, Number] = {}


class RunSection(Section):
    """How long to run and what to record; times in ms."""

    duration: Number = 1000.0
    warmup: Number = 0.0
    record: list[Any] = []
    interval: Number | None = None


class NetworkFile(Section):
    """The whole file."""

    format: Literal[1] = 1
    network: NetworkSection = NetworkSection()
    constants: dict[str, Number] = {}
    models: dict[str, NeuronSection] = {}
    synapses: dict[str, SynapseSection] = {}
    populations: dict[str, PopulationSection] = Field(default={})
    connections: list[ConnectionSection] = []
    inputs: list[InputSection] = []
    every: list[UpdateSection] = []
    run: RunSection = RunSection()
    reference_rates: dict[str, Number] = {}
    full_scale_rates: dict[str, Number] = {}


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
