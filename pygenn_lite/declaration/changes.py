"""Changes values of a network by their paths (see `paths`): the parts concerned are declared anew,
with all their checks; the others are kept as they are."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration.checks import check_dt
from pygenn_lite.declaration.connectivity.between import check_part
from pygenn_lite.declaration.domains import as_of_now, check_bounds, check_domains
from pygenn_lite.declaration.inputs import CurrentInput, Input, PoissonInput, StepCurrent
from pygenn_lite.declaration.language.names import check_label
from pygenn_lite.declaration.network_parts import (
    declare_current,
    declare_group,
    declare_noise_current,
    declare_poisson,
    declare_population,
    declare_spike_source,
    declare_step_current,
)
from pygenn_lite.declaration.paths import INPUT_FIELDS, NetworkValues, Place
from pygenn_lite.declaration.population import Population, SpikeSource, SynapseGroup
from pygenn_lite.declaration.recorded import SynapsesOf, check_recorded, resized
from pygenn_lite.declaration.selection import Part, part_in
from pygenn_lite.declaration.spreading import spread_again
from pygenn_lite.declaration.synapse_model import SynapseModel
from pygenn_lite.declaration.values import FrozenArray, as_value
from pygenn_lite.errors import Location, NetworkError, PygennLiteError, ShapeError

if TYPE_CHECKING:
    from pygenn_lite.declaration.members import Members

Changes = dict[tuple[str, ...], Any]  # new values by the keys of their places in one part


def change_values(network: Members, values: Mapping[str, object]) -> None:
    """Change values of a network in place.

    Raises
    ------
    NetworkError
        A path leads nowhere.
    DeclarationError
        A value does not fit.
    """
    if not isinstance(values, Mapping):
        raise NetworkError(
            f"{values!r:.60} is not a mapping of paths to values",
            hint="write {'populations.exc.parameters.tau': 10.0}",
        )
    known = NetworkValues(network)
    places = {place: value for path, value in values.items() for place in known.matching(path)}
    apply_changes(network, places)


def apply_changes(network: Members, values: Mapping[Place, Any]) -> None:
    """The same for places that are known to exist."""
    parts: dict[tuple[str, str], Changes] = {}
    for place, value in values.items():
        parts.setdefault((place.section, place.part), {})[place.keys] = value
    whole = parts.pop(("network", ""), {})
    with _at(values, "network", ""):
        # Delays that change as well hold with the new step: a longer one comes after them.
        longer = check_dt(whole.get(("dt",), network.dt)) > network.dt
        _change_network(network, {} if longer else whole)
    moved = set()  # populations of another size, or with other places
    for (section, name), changes in parts.items():
        if section == "populations":
            before = network.populations[name]
            with _at(values, section, name):
                after = _changed_population(before, changes)
            network.populations[name] = after
            if (before.size, before.places, before.model) != (
                after.size, after.places, after.model,
            ):  # fmt: skip
                moved.add(name)
    for name, group in network.groups.items():
        changes = parts.get(("groups", name), {})
        if changes or moved & {group.source, group.target}:
            with _at(values, "groups", name, *moved & {group.source, group.target}):
                network.groups[name] = _changed_group(network, group, changes)
    for index, declared in enumerate(network.inputs):
        changes = parts.get(("inputs", declared.name), {})
        if changes or declared.target in moved:
            with _at(values, "inputs", declared.name, declared.target):
                target = network.populations[declared.target]
                network.inputs[index] = _changed_input(declared, target, changes)
    for index, recording in enumerate(network.recordings):
        what = recording.what
        if not isinstance(what, SynapsesOf) and what.population in moved:
            size = network.populations[what.population].size
            with _at(values, "populations", what.population):
                check_recorded(what, size)
            network.recordings[index] = replace(recording, what=resized(what, size))
    if longer:
        with _at(values, "network", ""):
            _change_network(network, whole)


@contextmanager
def _at(values: Mapping[Place, Any], section: str, name: str, *others: str) -> Iterator[None]:
    """Let errors name the paths of the part that they come from (or of those it depends on)."""
    try:
        yield
    except PygennLiteError as error:
        own = [str(p) for p in values if (p.section, p.part) == (section, name)]
        paths = own or [str(p) for p in values if p.part in others]
        shown = ", ".join(paths[:3]) + (", ..." if len(paths) > 3 else "")
        error.where = error.where.inside(Location(f"values ({shown})"))
        raise


def _change_network(network: Members, changes: Changes) -> None:
    for (name,), value in changes.items():
        if name == "name":
            network.name = check_label(value, "network", NetworkError)
        else:
            setattr(network, name, value)


def _changed_population(population: Population, changes: Changes) -> Population:
    size = changes.get(("size",), population.shape or population.size)
    if isinstance(population.model, SpikeSource):
        times, indices = _trains(population.model, changes)
        return declare_spike_source(population.name, size, times, indices)
    model = changes.get(("model",), population.model)
    return declare_population(
        population.name,
        size,
        model,
        _merged(population.initial, changes, "initial"),
        _merged(population.parameters, changes, "parameters"),
        changes.get(("positions",), population.places),
    )


def _trains(model: SpikeSource, changes: Changes) -> tuple[Any, Any]:
    both = changes.get(("spike_source",), (model.times, model.indices))
    if not isinstance(both, (tuple, list)) or len(both) != 2:
        raise ShapeError(
            "spike trains are a pair of times and indices",
            hint="write (times, indices), or set spike_source.times and spike_source.indices",
        )
    pairs = zip(("times", "indices"), both, strict=True)
    times, indices = (_plain(changes.get(("spike_source", name), v)) for name, v in pairs)
    return times, indices


def _changed_group(network: Members, group: SynapseGroup, changes: Changes) -> SynapseGroup:
    delay: Any = changes.get(("delay",), None if group.one_step else group.delay)
    source, target = network.populations[group.source], network.populations[group.target]
    sources, targets = group.connectivity.parts
    return declare_group(
        group.name,
        (source, target),
        (part_in(sources, source.size), part_in(targets, target.size)),
        _changed_synapse(changes.get(("synapse",), group.synapse), changes),
        _changed_rule(changes.get(("connectivity",), group.connectivity.plain), changes),
        weight=_value(group.weight, changes, "weight"),
        delay=_value(group.delay, changes, "delay") if delay is not None else None,
        storage=changes.get(("storage",), group.storage),
        weight_precision=group.weight_precision,
        spare=changes.get(("spare",), group.spare),
        dt=network.dt,
    )


def _changed_rule(rule: Any, changes: Changes) -> Any:
    inner = {k[1]: v for k, v in changes.items() if k[0] == "connectivity" and len(k) == 2}
    if not inner:
        return rule
    arguments = rule.given() | inner
    return type(rule)(**{name: _plain(value) for name, value in arguments.items()})


def _changed_synapse(model: Any, changes: Changes) -> Any:
    """The model with other numbers; held against the domains of the library, as if made so."""
    kinds = ("parameters", "initial", "variables")
    new = {kind: _inner(changes, "synapse", kind) for kind in kinds}
    if not isinstance(model, SynapseModel) or not any(new.values()):
        return model
    where = Location.of("synapse model", model.name)
    changed = copy.copy(model)
    for kind, values in new.items():
        merged = dict(getattr(model, kind))
        merged.update({name: as_value(value, where.entry(name)) for name, value in values.items()})
        object.__setattr__(changed, kind, tuple(merged.items()))
    for name, value in changed.parameters:
        if not isinstance(value, float):
            raise NetworkError(
                f"parameter {name!r} of a synapse model must be one number", where=where
            )
    numbers = {name: float(value) for name, value in changed.parameters}  # type: ignore[arg-type]
    own = tuple(d for d in model.domains if d[0] != "weight")
    check_domains(own, changed.parameters, where, NetworkError)
    if any(domain.between for _, domain in model.domains):
        check_bounds(model.domains, numbers.__getitem__, where, NetworkError)
        object.__setattr__(changed, "domains", as_of_now(model.domains, numbers.__getitem__))
    return changed


def _changed_input(declared: Input, target: Population, changes: Changes) -> Input:
    part, where = declared.part, Location.of("input", declared.name)
    if part is not None and part.size != target.size:
        changes = {**_values_of_part(declared, part), **changes}
        part = part_in(part, target.size)
        check_part(part, target.size, "target", where)
    new = {k: spread_again(k[0], v, part, where) if len(k) == 1 else v for k, v in changes.items()}
    return replace(_declared_anew(declared, target, new), part=part)


def _values_of_part(declared: Input, part: Part) -> Changes:
    """The values of an input for the neurons of its part."""
    given = {name: getattr(declared, name) for name in INPUT_FIELDS[type(declared)]}
    return {
        (name,): value.array[..., part.indices]
        for name, value in given.items()
        if name != "times" and isinstance(value, FrozenArray)
    }


def _declared_anew(declared: Input, target: Population, changes: Changes) -> Input:
    name = declared.name
    if isinstance(declared, PoissonInput):
        synapse = declared.synapse
        return declare_poisson(
            name,
            target,
            _value(declared.rate, changes, "rate"),
            weight=_value(declared.weight, changes, "weight"),
            sources=_value(declared.sources, changes, "sources"),
            synapse=_changed_synapse(changes.get(("synapse",), synapse), changes),
            variable=declared.variable,
        )
    if isinstance(declared, CurrentInput):
        value = _value(declared.value, changes, "value")
        return declare_current(name, target, value, declared.input)
    if isinstance(declared, StepCurrent):
        times, values = (
            _plain(changes.get((field,), getattr(declared, field))) for field in ("times", "values")
        )
        return declare_step_current(name, target, times, values, declared.input)
    mean, std = (_value(getattr(declared, what), changes, what) for what in ("mean", "std"))
    return declare_noise_current(name, target, mean, std, declared.input)


def _plain(value: Any) -> Any:
    return value.array if isinstance(value, FrozenArray) else value


def _merged(given: tuple[tuple[str, Any], ...], changes: Changes, kind: str) -> dict[str, Any]:
    """Values of a population by name."""
    merged = dict(given)
    names = dict.fromkeys(keys[1] for keys in changes if keys[0] == kind)
    for name in names:
        merged[name] = _value(merged.get(name), changes, kind, name)
    return merged


def _value(present: Any, changes: Changes, *keys: str) -> Any:
    """What stands at some keys, or a distribution with other numbers."""
    if keys in changes:
        return changes[keys]
    inner = _inner(changes, *keys)
    return replace(present, **inner) if inner else present


def _inner(changes: Changes, *keys: str) -> dict[str, Any]:
    depth = len(keys)
    return {k[depth]: v for k, v in changes.items() if k[:depth] == keys and len(k) == depth + 1}
