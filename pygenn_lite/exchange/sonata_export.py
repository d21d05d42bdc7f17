"""A compiled network as SONATA files: nodes, edges, their types, and the configuration."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration import Network, NeuronModel, PairList, SpikeSource
from pygenn_lite.declaration.connectivity import Transpose
from pygenn_lite.declaration.numeric import Number, Whole, plain_number, whole_number
from pygenn_lite.declaration.population import Population, SynapseGroup
from pygenn_lite.declaration.values import FrozenArray
from pygenn_lite.errors import ArgumentError, Location, UnsupportedFeatureError
from pygenn_lite.exchange.sonata_config_output import CIRCUIT, write_configs, write_spikes
from pygenn_lite.exchange.sonata_nodes import OWN
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.runtime.results.sonata import mark_file
from pygenn_lite.runtime.simulation import Simulation
from pygenn_lite.runtime.views.instance_view import InstanceView
from pygenn_lite.yaml_format import dump_network

MODELS = "network.yaml"
HERE = Location("export_sonata")


@dataclass(frozen=True)
class Written:
    """What is written: an instance, and how far it has got."""

    instance: InstanceView
    steps_done: int


def export_sonata(
    simulation: Simulation,
    folder: str | Path,
    *,
    instance: Whole = 0,
    duration: Number = 1000.0,
    overwrite: bool = False,
) -> Path:
    """Write a compiled network as SONATA files.

    Parameters
    ----------
    simulation : Simulation
        Its synapses, weights, delays (ms), parameters and states are written as they are now.
    folder : path
        Made where it is not there. It gets ``nodes.h5``, ``edges.h5``, ``node_types.csv``,
        ``edge_types.csv``, ``node_sets.json``, ``circuit_config.json``, ``simulation_config.json``,
        ``network.yaml`` with the equations (and with the inputs and recordings, for which SONATA
        has no words) and, where there are spike sources, ``input_spikes.h5``.
    instance : int
        Which one of several.
    duration : float
        ms, for ``tstop``.
    overwrite : bool
        Whether the files of a circuit that is there may be replaced.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ArgumentError
        The folder holds something already, or there is no such instance.
    UnsupportedFeatureError
        Weights of a group are those of another, transposed, which learns.

    Notes
    -----
    Templates are ``pygenn_lite:NAME``, of a population or group in ``network.yaml``. What is under
    way (spikes, currents of synapses, refractory times) is not part of a circuit: write it before
    the first run, and what :func:`import_sonata` gives has the same spikes.
    """
    number = plain_number(duration)
    if number is None or not 0 <= number < 1e15:
        raise ArgumentError(f"duration = {duration!r}", where=HERE, hint="give a time in ms")
    which = whole_number(instance)
    if which is None or not 0 <= which < len(simulation.instances):
        raise ArgumentError(
            f"there is no instance {instance!r}",
            where=HERE,
            hint=f"they are counted from 0 to {len(simulation.instances) - 1}",
        )
    view = Written(simulation.instances[which], simulation.steps_done)
    target = as_path(folder)
    _check_folder(target, overwrite)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".writing") as name:
        aside, net = Path(name), view.instance.network
        _write_nodes(aside, view, net)
        _write_edges(aside, view, net)
        (aside / MODELS).write_text(dump_network(_models_of(view, net)), encoding="utf-8")
        write_spikes(aside, net)
        write_configs(aside, net, float(number))
        for path in sorted(aside.iterdir(), key=lambda path: path.name == CIRCUIT):
            shutil.move(path, target / path.name)
    return target


def _check_folder(folder: Path, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise ArgumentError(f"{folder} is not a folder", where=HERE, hint="name another")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / CIRCUIT).is_file():
        raise ArgumentError(
            f"{folder} holds something else than a circuit; it is left as it is",
            where=HERE,
            hint="name a new folder",
        )
    if not overwrite:
        raise ArgumentError(
            f"{folder} holds a circuit already",
            where=HERE,
            hint="pass overwrite=True, or name another folder",
        )


# ------------------------------------------------------------------ nodes
def _write_nodes(folder: Path, written: Written, net: Network) -> None:
    types = []
    with h5py.File(folder / "nodes.h5", "w") as file:
        mark_file(file.attrs)
        for number, population in enumerate(net.populations.values(), 100):
            shared, arrays = _values(written, population)
            group = file.create_group(f"nodes/{population.name}")
            _constant(group, "node_type_id", number, population.size, np.int64)
            _constant(group, "node_group_id", 0, population.size, np.uint16)
            group["node_group_index"] = np.arange(population.size, dtype=np.uint64)
            group["node_id"] = np.arange(population.size, dtype=np.uint64)
            own = group.create_group("0")
            for name, values in arrays.items():
                own.create_dataset(f"dynamics_params/{name}", data=values)
            for axis, column in zip("xyz", _places(population).T, strict=False):
                own[axis] = column
            virtual = isinstance(population.model, SpikeSource)
            types.append(
                {
                    "node_type_id": number,
                    "pop_name": population.name,
                    "model_type": "virtual" if virtual else "point_neuron",
                    "model_template": "NULL" if virtual else f"{OWN}{population.name}",
                    "dynamics_params": "NULL" if virtual else MODELS,
                    **shared,
                }
            )
    _write_types(folder / "node_types.csv", types)


def _places(population: Population) -> npt.NDArray[np.float64]:
    if population.positions is None:
        return np.empty((population.size, 0))
    return np.asarray(population.positions, np.float64)


def _values(
    written: Written, population: Population
) -> tuple[dict[str, float], dict[str, npt.NDArray[Any]]]:
    """Parameters and states: those that all neurons share, and those that each has."""
    if isinstance(population.model, SpikeSource):
        return {}, {}
    view = written.instance.populations[population.name]
    shared: dict[str, float] = {}
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, _ in population.model.parameters:
        values = np.asarray(view[name])
        if values.ndim:
            arrays[name] = values
        else:
            shared[name] = float(values)
    begun = {**dict(population.model.initial), **dict(population.initial)}
    for name in population.model.state_names:
        declared = begun.get(name, 0.0)
        if written.steps_done == 0 and isinstance(declared, float):
            shared[name] = declared
        else:
            arrays[name] = np.asarray(view[name])
    return shared, arrays


# ------------------------------------------------------------------ edges
def _write_edges(folder: Path, written: Written, net: Network) -> None:
    types = []
    with h5py.File(folder / "edges.h5", "w") as file:
        mark_file(file.attrs)
        file.create_group("edges")
        for number, group in enumerate(net.groups.values(), 100):
            _check_group(group, net)
            types.append(_write_group(file, written, group, number))
    columns = ["edge_type_id", "model_template", "syn_weight", "delay"]
    _write_types(folder / "edge_types.csv", types, columns)


def _check_group(group: SynapseGroup, net: Network) -> None:
    rule = group.connectivity.plain
    if isinstance(rule, Transpose) and net.groups[rule.of].synapse.changes_weight:
        raise UnsupportedFeatureError(
            f"the weights are those of {rule.of!r}, transposed, which learns",
            where=Location.of("synapse group", group.name),
            hint="SONATA has no such group; leave it out of the network that you write",
        )


def _write_group(
    file: h5py.File, written: Written, group: SynapseGroup, number: int
) -> dict[str, Any]:
    """The edges of a group; what all of them share stands in the row of its type."""
    synapses = written.instance.groups[group.name].connections()
    count = len(synapses)
    place = file.create_group(f"edges/{group.name}")
    for side, end, ids in (
        ("source", group.source, synapses.pre),
        ("target", group.target, synapses.post),
    ):
        place[f"{side}_node_id"] = ids.astype(np.uint64)
        place[f"{side}_node_id"].attrs["node_population"] = end
    _constant(place, "edge_type_id", number, count, np.int64)
    _constant(place, "edge_group_id", 0, count, np.uint16)
    place["edge_group_index"] = np.arange(count, dtype=np.uint64)
    own = place.create_group("0")
    row: dict[str, Any] = {
        "edge_type_id": number,
        "model_template": f"{OWN}{group.name}",
        "group": group.name,
    }
    for name, values in (("syn_weight", synapses.weight), ("delay", synapses.delay)):
        if count and np.all(values == values[0]):
            row[name] = float(values[0])
        else:
            own[name] = _short(values)
    sizes = written.instance.groups[group.name].shape
    _write_index(place, "source_to_target", synapses.pre, sizes[0])
    _write_index(place, "target_to_source", synapses.post, sizes[1])
    return row


def _short(values: npt.NDArray[np.float64]) -> npt.NDArray[np.floating]:
    """In single precision where that is exact."""
    single = values.astype(np.float32)
    return single if np.array_equal(single, values) else values


def _write_index(place: h5py.Group, name: str, nodes: npt.NDArray[Any], size: int) -> None:
    """Where the edges of each node are: ranges of edges, and for each node a range of ranges."""
    order = np.argsort(nodes, kind="stable").astype(np.int64)
    owners = nodes[order].astype(np.int64)
    breaks = np.flatnonzero((np.diff(owners) != 0) | (np.diff(order) != 1)) + 1
    begins = np.concatenate([np.zeros(min(len(order), 1), np.int64), breaks])
    ends = np.concatenate([breaks, np.full(min(len(order), 1), len(order))])
    last = order[ends - 1] + 1 if len(order) else ends
    ranges = np.stack([order[begins] if len(order) else begins, last], axis=1)
    edges_of = np.searchsorted(owners[begins] if len(order) else begins, np.arange(size + 1))
    index = place.create_group(f"indices/{name}")
    index["range_to_edge_id"] = ranges.astype(np.uint64)
    index["node_id_to_ranges"] = np.stack([edges_of[:-1], edges_of[1:]], axis=1).astype(np.uint64)


def _constant(group: h5py.Group, name: str, value: int, size: int, dtype: Any) -> None:
    """A dataset of one value, which takes next to no room."""
    packed = {"compression": "gzip", "compression_opts": 1} if size else {}  # not of nothing
    group.create_dataset(name, data=np.full(size, value, dtype), **packed)


def _write_types(path: Path, rows: list[dict[str, Any]], columns: list[str] | None = None) -> None:
    """A table of types: spaces between columns, NULL for nothing."""
    names = list(dict.fromkeys([*(columns or []), *(name for row in rows for name in row)]))
    lines = [" ".join(names)]
    for row in rows:
        cells = (row.get(name, "NULL") for name in names)
        lines.append(" ".join(repr(c) if isinstance(c, float) else str(c) for c in cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


# ------------------------------------------------------------------ what SONATA has no words for
def _models_of(written: Written, net: Network) -> Network:
    """The network without its synapses and without values of single neurons."""
    bare = net.copy()
    for name, population in net.populations.items():
        if isinstance(population.model, SpikeSource):
            nothing = SpikeSource(FrozenArray(np.empty(0)), FrozenArray(np.empty(0, np.int64)))
            bare.populations[name] = replace(population, model=nothing)
            continue
        shared, arrays = _values(written, population)
        first = {**shared, **{name: float(values.flat[0]) for name, values in arrays.items()}}
        model = _plain(population.model, first)
        bare.populations[name] = replace(
            population, model=model, parameters=(), initial=(), places=None
        )
    nothing_connected = PairList(np.empty(0, np.int64), np.empty(0, np.int64))
    for name, group in net.groups.items():
        bare.groups[name] = replace(
            group,
            connectivity=nothing_connected,
            weight=0.0 if group.synapse.uses_weight else 1.0,
            delay=net.dt,
            storage="auto" if group.storage == "procedural" else group.storage,
        )
    return bare


def _plain(model: NeuronModel, values: dict[str, float]) -> NeuronModel:
    """The model with one number for each of its values."""
    return NeuronModel(
        "\n".join(map(str, model.equations)),
        update="\n".join(map(str, model.update)),
        threshold=model.threshold,
        reset="\n".join(map(str, model.reset)),
        refractory=model.refractory,
        parameters={name: values[name] for name, _ in model.parameters},
        initial={name: values[name] for name, _ in model.initial},
        inputs=model.inputs,
        clamp=model.clamp,
        integrator=model.integrator,
        name=model.name,
        units=dict(model.units),
    )
