"""Writes a Network as YAML that loads as an equal Network."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from pygenn_lite.declaration import (
    Equation,
    Network,
    NeuronModel,
    PoissonInput,
    Population,
    SpikeSource,
    SynapseModel,
    SynapticTrace,
)
from pygenn_lite.declaration.inputs import CurrentInput, Input, NoiseCurrent, StepCurrent
from pygenn_lite.declaration.paths import INPUT_FIELDS
from pygenn_lite.declaration.periodic_update import PeriodicUpdate
from pygenn_lite.declaration.recorded import Recorded, Recording, SynapsesOf
from pygenn_lite.declaration.selection import Part, selection_text
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import FileFormatError
from pygenn_lite.yaml_format.integrator_forms import integrator_form
from pygenn_lite.yaml_format.rule_forms import write_rule
from pygenn_lite.yaml_format.settings import RunSettings
from pygenn_lite.yaml_format.value_forms import write_value

INPUT_KINDS: dict[type[Any], str] = {
    PoissonInput: "poisson",
    CurrentInput: "current",
    StepCurrent: "step_current",
    NoiseCurrent: "noise_current",
}


def dump_network(network: Network, settings: RunSettings | None = None) -> str:
    """Write a network as YAML text; `load_network` gives an equal network back.

    Parameters
    ----------
    network : Network
        What to write.
    settings : RunSettings, optional
        Duration, warm-up time and reference rates to go with it.

    Examples
    --------
    >>> from pygenn_lite.yaml_format import load_network
    >>> text = "models: {lif: {use: LIF}}\\npopulations: {exc: {size: 10, model: lif}}"
    >>> network, _ = load_network(text)
    >>> load_network(dump_network(network))[0] == network
    True
    """
    return to_yaml(network_document(network, settings))


def network_document(network: Network, settings: RunSettings | None = None) -> dict[str, Any]:
    """A network as plain data, as it stands in a file.

    Raises
    ------
    FileFormatError
        What has no form in YAML.
    """
    if not isinstance(network, Network):
        raise FileFormatError(
            f"{type(network).__name__} is not a Network",
            hint="give a Network, or simulation.network",
        )
    settings = settings or RunSettings()
    models, synapses = _Names("model"), _Names("synapse")
    head: dict[str, Any] = {"name": network.name, "dt": network.dt, "seed": network.seed}
    if settings.description:
        head["description"] = settings.description
    populations = {
        name: _population(population, models) for name, population in network.populations.items()
    }
    connections = [
        {
            "name": group.name,
            "source": _end(group.source, group.connectivity.parts[0]),
            "target": _end(group.target, group.connectivity.parts[1]),
            "synapse": synapses.of(group.synapse),
            "connectivity": write_rule(group.connectivity.plain),
            "weight": write_value(group.weight),
            **({} if group.one_step else {"delay": write_value(group.delay)}),
            "storage": group.storage,
            **_given(
                weight_precision=group.weight_precision if group.weight_precision != "full" else ""
            ),
            **({"spare": group.spare} if group.spare else {}),
        }
        for group in network.groups.values()
    ]
    inputs = [{INPUT_KINDS[type(one)]: _input(one, synapses)} for one in network.inputs]
    document = {
        "format": 1,
        "network": head,
        "models": {name: _neuron(model) for model, name in models.names.items()},
        "synapses": {name: _synapse(model) for model, name in synapses.names.items()},
        "populations": populations,
        "connections": connections,
        "inputs": inputs,
        "every": [_update(update) for update in network.updates],
        "run": {
            "duration": settings.duration,
            "warmup": settings.warmup,
            "record": [_recording(recording) for recording in network.recordings],
        },
        "training": dict(settings.training or {}),
        "reference_rates": dict(settings.reference_rates),
        "full_scale_rates": dict(settings.full_scale_rates),
    }
    return {key: value for key, value in document.items() if value not in ({}, [])}


class _Names:
    """Gives every model a name of its own; equal models share one."""

    def __init__(self, fallback: str) -> None:
        self.fallback = fallback
        self.names: dict[Any, str] = {}

    def of(self, model: Any) -> str:
        if model not in self.names:
            base = re.sub(r"\W+", "_", model.name, flags=re.ASCII)[:50] or self.fallback
            name, count = base, 2
            while name in self.names.values():
                name, count = f"{base}_{count}", count + 1
            self.names[model] = name
        return self.names[model]


def _end(population: str, part: Part | None) -> Any:
    """The source or target of a connection."""
    if part is None:
        return population
    listed = None if part.chosen is None else part.chosen.array.tolist()
    neurons = f"{part.start}:{part.stop}:{part.step}" if listed is None else listed
    return {"population": population, "neurons": neurons}


def _population(population: Population, models: _Names) -> dict[str, Any]:
    size: int | list[int] = list(population.shape) or population.size
    if isinstance(population.model, SpikeSource):
        trains = {
            "times": population.model.times.array.tolist(),
            "indices": population.model.indices.array.tolist(),
        }
        return {"size": size, "spike_source": trains}
    section: dict[str, Any] = {"size": size, "model": models.of(population.model)}
    section |= _given(
        initial=_values(population.initial), parameters=_values(population.parameters)
    )
    if population.positions is not None:
        section["positions"] = population.positions.tolist()
    return section


def _neuron(model: NeuronModel) -> dict[str, Any]:
    return _given(
        derivatives=_text(model.equations),
        update=_text(model.update),
        threshold=model.threshold and model.threshold.text,
        reset=_text(model.reset),
        refractory=model.refractory and model.refractory.text,
        parameters=_values(model.parameters),
        initial=_values(model.initial),
        integrator=integrator_form(model.integrator),
        name=model.name,
        units=dict(model.units),
    ) | {"inputs": list(model.inputs), "clamp": list(model.clamp)}


def _synapse(model: SynapseModel) -> dict[str, Any]:
    return _given(
        derivatives=_text(model.equations),
        inputs=_text(model.inputs),
        continuous=_text(model.continuous),
        on_post=_text(model.on_post),
        pre_trace=_trace(model.pre_trace),
        post_trace=_trace(model.post_trace),
        synapse_derivatives=_text(model.synapse_equations),
        integrator=integrator_form(model.integrator),
        parameters=_values(model.parameters),
        initial=_values(model.initial),
        variables=_values(model.variables),
        name=model.name,
    ) | {"on_pre": _text(model.on_pre), "event_driven": model.event_driven}


def _trace(trace: SynapticTrace | None) -> dict[str, Any] | None:
    if trace is None:
        return None
    return {
        "derivatives": _text(trace.equations),
        "on_spike": _text(trace.on_spike),
        "initial": _values(trace.initial),
    }


def _input(one: Input, synapses: _Names) -> dict[str, Any]:
    part = _part_of(one)
    section: dict[str, Any] = {"name": one.name, "target": _end(one.target, part)}
    if isinstance(one, PoissonInput):
        for key in ("rate", "weight", "sources"):
            section[key] = write_value(_within(part, getattr(one, key)))
        if one.synapse is not None:
            section["synapse"] = synapses.of(one.synapse)
        else:
            section["variable"] = one.variable
        return section
    section["input"] = one.input
    if isinstance(one, CurrentInput):
        section["value"] = write_value(_within(part, one.value))
    elif isinstance(one, StepCurrent):
        values = _within(part, one.values, dimensions=2).array
        section |= {"times": one.times.array.tolist(), "values": values.tolist()}
    else:
        section |= {key: write_value(_within(part, getattr(one, key))) for key in ("mean", "std")}
    return section


def _part_of(one: Input) -> Part | None:
    """The part of a population that an input is for; None where others have values as well."""
    if one.part is None:
        return None
    others = np.setdiff1d(np.arange(one.part.size), one.part.indices)
    for field in INPUT_FIELDS[type(one)]:
        value = getattr(one, field)
        if field != "times" and isinstance(value, FrozenArray) and value.array[..., others].any():
            return None
    return one.part


def _within(part: Part | None, value: Any, dimensions: int = 1) -> Any:
    """The values of a part, one number where all are equal."""
    if part is None or not isinstance(value, FrozenArray) or value.array.ndim < dimensions:
        return value
    own = value.array[..., part.indices]
    if own.shape[-1] == 0 or not np.all(own == own[..., :1]):
        return FrozenArray(own)
    first = own[..., 0]
    return FrozenArray(first) if first.ndim else float(first)


def _update(update: PeriodicUpdate) -> dict[str, Any]:
    return {
        "name": update.name,
        "interval": update.interval,
        "on": update.on,
        "assignments": "\n".join(str(equation) for equation in update.equations),
        **({"parameters": dict(update.parameters)} if update.parameters else {}),
    }


def _recording(recording: Recording) -> Any:
    text, interval = _recorded(recording.what), recording.interval
    return text if interval is None else {"what": text, "interval": interval}


def _recorded(what: Recorded) -> str:
    if isinstance(what, SynapsesOf):
        return f"{what.group}.{what.variable}{selection_text(what.part)}"
    owner = getattr(what, "owner", what.population)
    variable = getattr(what, "variable", "")
    # A variable may be called spikes; in quotes it is told from the spikes.
    text = f"{owner}['spikes']" if variable == "spikes" else f"{owner}.{variable or 'spikes'}"
    return text + selection_text(what)


def _text(equations: Iterable[Equation]) -> str:
    return "\n".join(str(equation) for equation in equations)


def _values(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: write_value(value) for name, value in pairs}


def _given(**section: Any) -> dict[str, Any]:
    return {key: value for key, value in section.items() if value}


def to_yaml(data: Any) -> str:
    """Plain data as text."""
    import yaml

    from pygenn_lite.yaml_format.document import is_plain_text

    class Dumper(yaml.SafeDumper):
        """Blocks for equations, quotes wherever a word could be read as something else."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else None if is_plain_text(value) else "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    def number(dumper: Any, value: float) -> Any:
        text = {math.inf: ".inf", -math.inf: "-.inf"}.get(value, repr(value))
        if "e" in text and "." not in text:
            text = text.replace("e", ".0e")  # YAML 1.1 takes 5e-10 for a word, and would tag it
        return dumper.represent_scalar("tag:yaml.org,2002:float", text)

    Dumper.add_representer(str, text)
    Dumper.add_representer(float, number)
    return str(
        yaml.dump(
            data, Dumper=Dumper, sort_keys=False, default_flow_style=None, width=96,
            allow_unicode=True,
        )
    )  # fmt: skip
