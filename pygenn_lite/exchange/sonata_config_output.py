"""The configuration of a circuit that we write, and the spikes that its sources replay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pygenn_lite.declaration import Network, SpikeSource
from pygenn_lite.runtime.results.sonata import mark_file, mark_sorted

CIRCUIT, SIMULATION, SPIKES = "circuit_config.json", "simulation_config.json", "input_spikes.h5"


def _sources(net: Network) -> dict[str, SpikeSource]:
    models = {name: population.model for name, population in net.populations.items()}
    return {name: model for name, model in models.items() if isinstance(model, SpikeSource)}


def write_spikes(folder: Path, net: Network) -> None:
    """What spike sources replay."""
    sources = _sources(net)
    if not sources:
        return
    with h5py.File(folder / SPIKES, "w") as file:
        mark_file(file.attrs)
        for name, source in sources.items():
            times = source.times.array
            order = np.argsort(times, kind="stable")
            group = file.create_group(f"spikes/{name}")
            mark_sorted(group.attrs)
            group["timestamps"] = np.asarray(times, np.float64)[order]
            group["timestamps"].attrs["units"] = "ms"
            group["node_ids"] = source.indices.array[order].astype(np.uint64)


def write_configs(folder: Path, net: Network, duration: float) -> None:
    kinds = {
        name: {"type": "virtual" if isinstance(p.model, SpikeSource) else "point_neuron"}
        for name, p in net.populations.items()
    }
    edges = {name: {"type": "point_neuron"} for name in net.groups}
    common = {
        "manifest": {"$BASE_DIR": "."},
        "node_sets_file": "$BASE_DIR/node_sets.json",
    }
    circuit = {
        **common,
        "components": {"point_neuron_models_dir": "$BASE_DIR", "synaptic_models_dir": "$BASE_DIR"},
        "networks": {"nodes": [_files("node", kinds)], "edges": [_files("edge", edges)]},
    }
    simulation = {
        **common,
        "version": 1,
        "network": f"$BASE_DIR/{CIRCUIT}",
        "run": {"tstop": duration, "dt": net.dt, "random_seed": net.seed},
        "inputs": _spike_inputs(net, duration),
        "output": {"output_dir": "$BASE_DIR/output", "spikes_file": "spikes.h5"},
    }
    _write_json(folder / "node_sets.json", {name: {"population": name} for name in kinds})
    _write_json(folder / CIRCUIT, circuit)
    _write_json(folder / SIMULATION, simulation)


def _spike_inputs(net: Network, duration: float) -> dict[str, Any]:
    """One input, whose file has the spikes of all sources."""
    return {
        f"{name}_spikes": {
            "input_type": "spikes",
            "module": "synapse_replay",
            "spike_file": f"$BASE_DIR/{SPIKES}",
            "node_set": name,
            "delay": 0.0,
            "duration": duration,
        }
        for name in list(_sources(net))[:1]
    }


def _files(kind: str, populations: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{kind}s_file": f"$BASE_DIR/{kind}s.h5",
        f"{kind}_types_file": f"$BASE_DIR/{kind}_types.csv",
        "populations": populations,
    }


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
