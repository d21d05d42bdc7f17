"""Inputs and reports of a SONATA simulation: spikes of virtual nodes, currents, recordings."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration import Network
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.errors import FileFormatError, Location, UnsupportedFeatureError
from pygenn_lite.exchange.sonata_config import SonataConfig
from pygenn_lite.exchange.sonata_nodes import Nodes, selected
from pygenn_lite.exchange.sonata_tables import open_file
from pygenn_lite.exchange.spike_input import Spikes, sonata_spikes

SPIKE_MODULES = ("h5", "sonata", "synapse_replay", "csv")
VARIABLES = {"V_m": "V", "v": "V", "Vm": "V", "vm": "V", "membrane_potential": "V"}


def input_spikes(config: SonataConfig, nodes: Mapping[str, Nodes]) -> dict[str, Spikes]:
    """Spikes by virtual population of the network."""
    found: dict[str, list[Spikes]] = {}
    for name, entry in config.section("inputs").items():
        if entry.get("input_type") != "spikes" or not entry.get("enabled", True):
            continue
        module = entry.get("module", "h5")
        if module not in SPIKE_MODULES:
            raise UnsupportedFeatureError(
                f"input {name!r} has the module {module!r}",
                where=config.where,
                hint=f"spikes are read of {', '.join(SPIKE_MODULES)}",
            )
        path = entry.get("input_file", entry.get("spike_file"))
        if not isinstance(path, str):
            raise FileFormatError(f"input {name!r} names no input_file", where=config.where)
        any_used = False
        for population, spikes in _spikes_of(Path(path), module, entry):
            for part, own in _of_parts(nodes.get(population), spikes, name):
                found.setdefault(part, []).append(own)
                any_used = True
        if not any_used:
            raise FileFormatError(
                f"input {name!r} has no spikes of a virtual population",
                where=config.where,
                hint=f"{path} must have spikes of a population whose model_type is virtual",
            )
    return {
        part: (np.concatenate([t for t, _ in own]), np.concatenate([i for _, i in own]))
        for part, own in found.items()
    }


def _of_parts(nodes: Nodes | None, spikes: Spikes, name: str) -> Iterator[tuple[str, Spikes]]:
    """What belongs to each virtual part, by the index there."""
    if nodes is None:
        return
    times, ids = spikes
    rows = nodes.rows_of(ids, f"input {name!r}")
    for number, part in enumerate(nodes.parts):
        if part.is_virtual:
            kept = nodes.part_of_row[rows] == number
            yield part.name, (times[kept], nodes.place_of_row[rows[kept]])


def _spikes_of(path: Path, module: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, Spikes]]:
    """All populations of a file of spikes."""
    where = Location(str(path))
    if module == "csv" or path.suffix in (".csv", ".dat"):
        yield from _spikes_of_text(path, where)
        return
    with open_file(path) as file:
        spikes = file.get("spikes")
        if not isinstance(spikes, h5py.Group):
            raise FileFormatError("there is no group /spikes", where=where)
        if "timestamps" in spikes:
            rule = entry.get("node_set")
            name = rule.get("population") if isinstance(rule, Mapping) else rule
            yield str(name), sonata_spikes(spikes, where)
            return
        for name in spikes:
            yield name, sonata_spikes(spikes[name], where)


def _spikes_of_text(path: Path, where: Location) -> Iterator[tuple[str, Spikes]]:
    """A table with the columns timestamps, population, node_ids."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter=" ", skipinitialspace=True))
        times = np.array([float(row["timestamps"]) for row in rows])
        ids = np.array([int(row["node_ids"]) for row in rows], np.int64)
        names = np.array([row["population"] for row in rows], object)
    except OSError as error:
        raise FileFormatError(f"cannot read the file: {error.strerror}", where=where) from None
    except (KeyError, TypeError, ValueError) as error:
        raise FileFormatError(
            f"not a table of spikes: {error}",
            where=where,
            hint="columns are timestamps (ms), population, node_ids, with spaces between them",
        ) from None
    for name in dict.fromkeys(names.tolist()):
        kept = names == name
        yield name, (times[kept], ids[kept])


def add_inputs(net: Network, config: SonataConfig, nodes: Mapping[str, Nodes]) -> None:
    """Currents that are switched on and off."""
    for name, entry in config.section("inputs").items():
        kind, module = entry.get("input_type"), entry.get("module")
        if kind == "spikes" or not entry.get("enabled", True):
            continue
        if kind != "current_clamp" or module != "IClamp":
            raise UnsupportedFeatureError(
                f"input {name!r} has the type {kind!r} and the module {module!r}",
                where=config.where,
                hint="spikes of virtual nodes and current_clamp with IClamp are read; declare "
                "others in Python, with net.poisson, net.current, net.noise_current",
            )
        amplitude, begin, length = (
            _number(config, name, entry, key) for key in ("amp", "delay", "duration")
        )
        for part, places in selected(config, entry.get("node_set"), nodes):
            if part.is_virtual:
                continue
            value = amplitude * (part.cell.current_unit if part.cell else 1.0)
            target = net.populations[part.name][_indices(places)]
            net.step_current(target, [begin, begin + length], [value, 0.0])


def add_reports(net: Network, config: SonataConfig, nodes: Mapping[str, Nodes]) -> None:
    """Variables to record."""
    for name, entry in config.section("reports").items():
        if not entry.get("enabled", True):
            continue
        variables = entry.get("variable_name")
        interval = entry.get("dt")
        for part, places in selected(config, entry.get("cells", entry.get("node_set")), nodes):
            if part.is_virtual:
                continue
            population = net.populations[part.name]
            for variable in variables if isinstance(variables, list) else [variables]:
                ours = VARIABLES.get(variable, variable)
                if ours not in population.names:
                    raise UnsupportedFeatureError(
                        f"report {name!r} is of the variable {variable!r}, which {part.name!r} "
                        "does not have",
                        where=config.where,
                        hint=f'it has {population.names}; or set "enabled": false',
                    )
                net.record(population[ours][_indices(places)], interval=interval)


def _number(config: SonataConfig, name: str, entry: Mapping[str, Any], key: str) -> float:
    number = plain_number(entry.get(key))
    if number is None:
        raise FileFormatError(
            f"input {name!r}: {key} = {entry.get(key)!r}", where=config.where, hint="give a number"
        )
    return float(number)


def _indices(places: npt.NDArray[np.intp]) -> list[int]:
    indices: list[int] = np.sort(places).tolist()
    return indices
