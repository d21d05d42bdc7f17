"""Networks out of SONATA files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pygenn_lite.declaration import Network, SpikeSource
from pygenn_lite.declaration.numeric import Number, plain_number
from pygenn_lite.errors import FileFormatError, Location, UnsupportedFeatureError
from pygenn_lite.exchange.sonata_config import SonataConfig, read_config
from pygenn_lite.exchange.sonata_edges import connect_edges, connect_own, read_edges
from pygenn_lite.exchange.sonata_inputs import add_inputs, add_reports, input_spikes
from pygenn_lite.exchange.sonata_models import Template
from pygenn_lite.exchange.sonata_nodes import (
    MODELS,
    OWN,
    Nodes,
    Part,
    divide,
    positions,
)
from pygenn_lite.exchange.sonata_tables import Table, open_file, read_types
from pygenn_lite.runtime.results.files import as_path
from pygenn_lite.yaml_format import RunSettings, load_network


def import_sonata(
    config: str | Path,
    *,
    templates: Mapping[str, Template] | None = None,
    dt: Number | None = None,
) -> tuple[Network, RunSettings]:
    """Read a network of SONATA files: nodes, edges, inputs and what is recorded.

    Parameters
    ----------
    config : path
        ``circuit_config.json``, ``simulation_config.json``, or a file that names them.
    templates : mapping of str to callable, optional
        Models for further values of ``model_template``: the function under "nest:glif_psc", say,
        gives a :class:`~pygenn_lite.exchange.sonata_models.Cell`. Its argument is a function, too:
        of the name of a parameter of the file, and its default.
    dt : float, optional
        ms per step; by default the simulation's, or 0.1.

    Returns
    -------
    network : Network
        A population for each of the file's; one whose nodes have several templates, or synaptic
        time constants, becomes several, called ``NAME_TYPE``. Virtual nodes are spike sources.
        Spikes of all others are recorded, and variables that ``reports`` name.
    settings : RunSettings
        With the duration (``tstop``).

    Raises
    ------
    FileFormatError
        A file is missing or damaged, or its parts do not fit together.
    UnsupportedFeatureError
        A model, an input, a report that has no counterpart here, by its name.

    Examples
    --------
    >>> net = pg.Network(seed=1)
    >>> exc = net.population("exc", 100, pg.LIF(), initial=dict(V=pg.Uniform(-65.0, -45.0)))
    >>> group = net.connect(exc, exc, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.1),
    ...                     weight=20.0, delay=1.5)
    >>> net.record(exc.spikes)
    >>> sim = net.compile()
    >>> folder = pg.exchange.export_sonata(sim, "circuit", duration=50.0)
    >>> again, settings = pg.exchange.import_sonata(folder / "simulation_config.json")
    >>> other = again.compile().run(settings.duration).spikes["exc"]
    >>> np.array_equal(other.steps, sim.run(50.0).spikes["exc"].steps)
    True

    Notes
    -----
    Weights have the template's units: pA, nS or mV of ``nest:``, nA or uS of ``pynn:``; negative
    ones act through the inhibitory synapse. Delays are in ms.
    """
    read = read_config(as_path(config))
    with ExitStack() as opened:
        tables = {kind: _tables(read, kind, opened) for kind in ("nodes", "edges")}
        base = _base(read, tables)
        net = base.copy()
        net.populations, net.groups = {}, {}
        settings = _settings(read, net, base, dt)
        own = {} if templates is None else templates
        nodes = {t.name: divide(t, read, own, base) for t in tables["nodes"]}
        spikes = input_spikes(read, nodes)
        for population in nodes.values():
            for part in population.parts:
                _declare(net, population, part, base, spikes)
        for table in tables["edges"]:
            if not table.size and table.name in base.groups:
                connect_own(net, base.groups[table.name], None)
            for edges in read_edges(table, nodes):
                connect_edges(net, table.name, edges, base, table)
        add_inputs(net, read, nodes)
        add_reports(net, read, nodes)
    return net, settings


def _tables(config: SonataConfig, kind: str, opened: ExitStack) -> list[Table]:
    """Every population of the files of one kind."""
    found = []
    for files in config.files(kind):
        path, types = files.file, read_types(files.types, kind[:-1])
        file = opened.enter_context(open_file(path))
        if not isinstance(file.get(kind), h5py.Group):
            raise FileFormatError(f"there is no group /{kind}", where=Location(str(path)))
        listed = [name for name in files.populations if name in file[kind]]
        for name in dict.fromkeys([*listed, *file[kind]]):
            where = Location(str(path))
            found.append(Table(file[kind][name], kind[:-1], types, where))
    return found


def _base(config: SonataConfig, tables: Mapping[str, list[Table]]) -> Network:
    """The network of our own models that lies beside the files; else an empty one."""
    files = set()
    for table in tables["nodes"]:
        templates, template_of = table.texts("model_template")
        names, name_of = table.texts("dynamics_params")
        for t, n in {*zip(template_of.tolist(), name_of.tolist(), strict=True)}:
            if templates[t].startswith(OWN):
                files.add(names[n])
    if len(files) > 1:
        raise UnsupportedFeatureError(
            f"models of our own in several files: {sorted(files)}",
            where=config.where,
            hint="put them into one",
        )
    if not files:
        return Network()
    return load_network(config.component(files.pop(), *MODELS))[0]


def _settings(config: SonataConfig, net: Network, base: Network, dt: Number | None) -> RunSettings:
    """Time step, seed and duration."""
    run = config.section("run")
    for name in ("dt", "tstop"):
        if name in run and plain_number(run[name]) is None:
            raise FileFormatError(
                f"run: {name} = {run[name]!r}", where=config.where, hint="give a number of ms"
            )
    net.dt = dt if dt is not None else float(run.get("dt", base.dt))
    net.seed = run.get("random_seed", run.get("seed", base.seed))
    duration = float(run.get("tstop", RunSettings().duration))
    return RunSettings(duration=duration, source=str(config.path))


def _declare(
    net: Network, nodes: Nodes, part: Part, base: Network, spikes: Mapping[str, Any]
) -> None:
    """A population of the network."""
    size: Any = len(part.rows)
    if part.is_virtual:
        times, indices = spikes.get(part.name, (np.empty(0), np.empty(0, np.int64)))
        net.spike_source(part.name, size, times, indices)
        return
    places = positions(nodes.values, part.rows)
    if part.cell is not None:
        cell = part.cell
        population = net.population(
            part.name, size, cell.model, parameters=cell.parameters, initial=cell.initial,
            positions=places,
        )  # fmt: skip
        if np.any(np.asarray(cell.current)):
            net.current(population, cell.current)
        net.record(population.spikes)
        return
    declared = base.populations[part.name]
    if isinstance(declared.model, SpikeSource) or declared.size != size:
        raise FileFormatError(
            f"{nodes.table.name!r} has {size} nodes of the template {OWN}{part.name}, its file of "
            f"models {declared.size}",
            where=nodes.table.where,
        )
    given = {
        kind: {**dict(getattr(declared, kind)), **_own_values(nodes, part, names)}
        for kind, names in (
            ("parameters", [name for name, _ in declared.model.parameters]),
            ("initial", declared.model.state_names),
        )
    }
    net.population(part.name, declared.shape or size, declared.model, positions=places, **given)


def _own_values(nodes: Nodes, part: Part, names: Iterable[str]) -> dict[str, Any]:
    """What the files give of a model of our own; arrays stay arrays, as the model had them."""
    found = {}
    for name in names:
        value = nodes.values.of(name, part.rows, collapse=False)
        if value is None:
            continue
        if np.any(np.isnan(value)):
            raise FileFormatError(
                f"some nodes of {nodes.table.name!r} have {name!r}, others do not",
                where=nodes.table.where,
                hint="give it to all nodes of a template, or to none",
            )
        found[name] = value
    return found
