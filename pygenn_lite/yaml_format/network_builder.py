"""From a checked document to a Network: the builder, section by section."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pygenn_lite.declaration import Network
from pygenn_lite.declaration.checks import check_dt, check_seed
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.declaration.origins import located_in
from pygenn_lite.declaration.population import Population, SubPopulation
from pygenn_lite.declaration.usage import check_usage
from pygenn_lite.models import NEURONS
from pygenn_lite.yaml_format.check import check_document, check_section
from pygenn_lite.yaml_format.context import Context, evaluate_constants
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.grids import Grid, read_names
from pygenn_lite.yaml_format.library import ModelRegistry
from pygenn_lite.yaml_format.marks import Place
from pygenn_lite.yaml_format.places import origin_of
from pygenn_lite.yaml_format.positions import read_positions
from pygenn_lite.yaml_format.recorded_forms import read_recorded, read_slice
from pygenn_lite.yaml_format.rule_forms import read_rule
from pygenn_lite.yaml_format.schema import (
    ConnectionSection,
    NetworkFile,
    PopulationSection,
    RecordSection,
    SpikeSourceSection,
    UpdateSection,
)
from pygenn_lite.yaml_format.settings import RunSettings
from pygenn_lite.yaml_format.value_forms import read_value, read_values

MAX_CONNECTIONS = 1_000_000
_OPTIONAL = ("name", "synapse", "variable")


def build_network(document: Document) -> tuple[Network, RunSettings]:
    """Build the network that a document declares, and the settings of its run.

    Raises
    ------
    DeclarationError
        Naming the file, the line and the key.
    """
    file = check_document(document)
    return _Builder(document, file).build()


def _named(given: Any) -> list[str]:
    """Names of populations at one end of a connection, or that an input is for."""
    if isinstance(given, dict):
        return [given["population"]]
    return list(given)


class _Builder:
    """Takes the sections of a file one after the other."""

    def __init__(self, document: Document, file: NetworkFile) -> None:
        self.document, self.file = document, file
        self.context = Context(document, evaluate_constants(document, file.constants))
        context, head = self.context, file.network
        with context.at(("network", "dt")):
            dt = check_dt(context.number(head.dt, ("network", "dt")))
        with context.at(("network", "seed")):
            seed = check_seed(context.whole_number(head.seed, ("network", "seed")))
        with context.at(("network",)):
            self.network = Network(dt=dt, seed=seed, name=head.name)
        self.registry = ModelRegistry(context, file.models, file.synapses)

    def build(self) -> tuple[Network, RunSettings]:
        for name, section in self.file.populations.items():
            self._population(name, section, ("populations", name))
        for index, connection in enumerate(self.file.connections):
            self._connection(connection, ("connections", index))
        for index, given in enumerate(self.file.inputs):
            self._input(index, given.model_dump(exclude_unset=True))
        for index, update in enumerate(self.file.every):
            self._update(update, ("every", index))
        self._recordings()
        with located_in(self.network.origins):
            check_usage(self.network)
        return self.network, self._settings()

    # ---------------------------------------------------------------- populations

    def _population(self, name: str, section: PopulationSection, place: Place) -> None:
        context, document = self.context, self.document
        size: int | list[int] | None = None
        if isinstance(section.size, list):
            size = context.whole_numbers(section.size, (*place, "size")).tolist()
        elif section.size is not None:
            size = context.whole_number(section.size, (*place, "size"), least=1)
        if section.spike_source is not None:
            for key in ("model", "initial", "parameters", "positions"):
                if key in section.model_fields_set:
                    raise document.error((*place, key), f"a spike source has no '{key}'")
            self._spike_source(name, size, section.spike_source, place)
            return
        if size is None:
            raise document.error(place, "the key 'size' is missing", "write size: 100")
        if section.model is None:
            known = [*self.file.models, *NEURONS]
            raise document.error(
                place,
                "the key 'model' is missing",
                f"write model: NAME, with one of {', '.join(known)}",
            )
        neurons = math.prod(size) if isinstance(size, list) else size
        positions = read_positions(
            context, section.positions, (*place, "positions"), neurons, name, self.network.seed
        )
        model = self.registry.neuron(section.model, (*place, "model"))
        with context.at(place):
            self.network.population(
                name,
                size,
                model,
                initial=read_values(context, section.initial, (*place, "initial")),
                parameters=read_values(context, section.parameters, (*place, "parameters")),
                positions=positions,
            )
        inner = self.registry.neuron_place(section.model, (*place, "model"))
        self.network.origins["population", name] = origin_of(context, place, inner, model.equations)

    def _spike_source(
        self, name: str, size: int | list[int] | None, section: SpikeSourceSection, place: Place
    ) -> None:
        context, document = self.context, self.document
        inner = (*place, "spike_source")
        if section.file is not None:
            if section.times is not None or section.indices is not None:
                raise document.error(inner, "give either a file or the lists, not both")
            times, indices = context.columns(section.file, (*inner, "file"), ("times", "indices"))
            if np.any(indices != np.floor(indices)):
                raise document.error((*inner, "file"), "indices should be whole numbers")
            indices = indices.astype(np.int64)
        else:
            for key in ("times", "indices"):
                if getattr(section, key) is None:
                    raise document.error(inner, f"the key '{key}' is missing")
            times = context.numbers(section.times, (*inner, "times"))
            indices = context.whole_numbers(section.indices, (*inner, "indices"))
        if size is None:
            size = int(indices.max(initial=0)) + 1
        with context.at(inner):
            self.network.spike_source(name, size, times, indices)

    # ---------------------------------------------------------------- connections

    def _names(self, given: list[str], place: Place, *, targets: bool) -> tuple[str, ...]:
        populations = self.network.populations
        neurons = [name for name in populations if self.file.populations[name].spike_source is None]
        if given == ["all"] and "all" in populations:
            return ("all",)
        found = read_names(self.document, given, place, list(populations), neurons)
        sources = [name for name in found if name not in neurons]
        if targets and sources:
            raise self.document.error(place, f"'{sources[0]}' is a spike source, not a target")
        return found

    def _connection(self, section: ConnectionSection, place: Place) -> None:
        sources = self._names(_named(section.source), (*place, "source"), targets=False)
        targets = self._names(_named(section.target), (*place, "target"), targets=True)
        listed = len(sources) * len(targets) > 1 or self._is_list(place, "source", "target")
        if len(self.network.groups) + len(sources) * len(targets) > MAX_CONNECTIONS:
            raise self.document.error(place, "more than a million connections")
        grid = Grid(targets, sources, listed)
        for column in range(len(sources)):
            for row in range(len(targets)):
                self._group(section, place, grid, row, column)

    def _group(
        self, section: ConnectionSection, place: Place, grid: Grid, row: int, column: int
    ) -> None:
        context, source, target = self.context, grid.sources[column], grid.targets[row]

        def cell(key: str) -> Any:
            inner = (*place, key)
            return grid.cell(self.document, getattr(section, key), inner, row, column)

        inner = (*place, "connectivity")
        rule = read_rule(context, cell("connectivity"), inner, listed=grid.is_list)
        if rule is None:
            return
        delay, storage, name = cell("delay"), cell("storage"), section.name
        if not isinstance(storage, str):
            raise self.document.error((*place, "storage"), "should be one word")
        if name is not None and grid.is_list:
            name = f"{name}_{source}_{target}"
        synapse = self.registry.synapse(cell("synapse"), (*place, "synapse"))
        with context.at(place):
            group = self.network.connect(
                self._part(source, section.source, (*place, "source")),
                self._part(target, section.target, (*place, "target")),
                synapse,
                rule,
                weight=read_value(context, cell("weight"), (*place, "weight")),
                delay=None if delay is None else read_value(context, delay, (*place, "delay")),
                name=name,
                storage=storage,
                weight_precision=section.weight_precision,
                spare=section.spare,
            )
        inner = self.registry.synapse_place(cell("synapse"), (*place, "synapse"))
        equations = (*synapse.equations, *synapse.synapse_equations)
        self.network.origins["synapse group", group.name] = origin_of(
            context, place, inner, equations
        )

    def _part(self, name: str, given: Any, place: Place) -> Population | SubPopulation:
        """The population, or the neurons that ``{population: exc, neurons: ...}`` names."""
        population = self.network.populations[name]
        if not isinstance(given, dict):
            return population
        neurons, inner = given["neurons"], (*place, "neurons")
        if isinstance(neurons, list):
            return population[self.context.whole_numbers(neurons, inner)]
        if isinstance(neurons, int) and not isinstance(neurons, bool):
            return population[[neurons]]
        if not isinstance(neurons, str):
            raise self.document.error(inner, "should be a range like '0:5', or a list of indices")
        key: slice | int | list[int] = read_slice(self.document, neurons, inner)
        return population[key]

    def _is_list(self, place: Place, *keys: str) -> bool:
        """Whether the file itself gave a list, be it of one name, or 'all' for all of them."""
        here: Any = self.document.data
        for part in place:
            here = here[part]
        everybody = "all" not in self.network.populations  # else it is a name like any other
        return any(
            isinstance(here[key], list) or (here[key] == "all" and everybody) for key in keys
        )

    # ---------------------------------------------------------------- inputs

    def _input(self, index: int, given: dict[str, Any]) -> None:
        place: Place = ("inputs", index)
        given = {kind: section for kind, section in given.items() if section is not None}
        if len(given) != 1:
            raise self.document.error(
                place, "should hold one input", "write it like - poisson: {target: exc, ...}"
            )
        kind, section = next(iter(given.items()))
        inner = (*place, kind)
        targets = self._names(_named(section["target"]), (*inner, "target"), targets=True)
        grid = Grid(targets, ("",), len(targets) > 1 or self._is_list(inner, "target"))
        origin = origin_of(
            self.context, inner, self.registry.synapse_place(section.get("synapse"), inner)
        )
        for row, target in enumerate(targets):
            arguments = {
                key: self._input_argument(
                    key,
                    grid.cell(self.document, value, (*inner, key), row, 0)
                    if key not in ("times", "values")
                    else value,
                    (*inner, key),
                )
                for key, value in section.items()
                if key != "target" and (value is not None or key not in _OPTIONAL)
            }
            if "name" in arguments and grid.is_list:
                arguments["name"] = f"{arguments['name']}_{target}"
            with self.context.at(inner):
                part = self._part(target, section["target"], (*inner, "target"))
                declared = getattr(self.network, kind)(part, **arguments)
            self.network.origins["input", declared.name] = origin

    def _input_argument(self, key: str, value: Any, place: Place) -> Any:
        if key in ("name", "input", "variable"):
            return value
        if key == "synapse":
            return self.registry.synapse(value, place)
        return read_value(self.context, value, place)

    # ---------------------------------------------------------------- run

    def _update(self, section: UpdateSection, place: Place) -> None:
        context = self.context
        parameters = {
            name: context.number(value, (*place, "parameters", name))
            for name, value in section.parameters.items()
        }
        with context.at(place):
            self.network.every(
                context.number(section.interval, (*place, "interval")),
                section.on,
                section.assignments,
                parameters=parameters,
                name=section.name,
            )

    def _recordings(self) -> None:
        run = self.file.run
        for index, given in enumerate(run.record):
            place: Place = ("run", "record", index)
            interval, inner = run.interval, (*place[:1], "interval")
            if isinstance(given, dict):
                section = check_section(self.document, place, given, RecordSection)
                given, interval, inner = section.what, section.interval, (*place, "interval")
            ms = None if interval is None else self.context.number(interval, inner)
            if not isinstance(given, str):
                raise self.document.error(place, "should be text like exc.spikes or exc.V[:10]")
            with self.context.at(place):
                for thing in read_recorded(self.document, self.network, given, place):
                    self.network.record(thing, interval=ms)

    def _settings(self) -> RunSettings:
        context, file = self.context, self.file
        times: dict[str, Any] = {}
        for key in ("duration", "warmup"):
            times[key] = context.number(getattr(file.run, key), ("run", key))
            if not 0 <= times[key] < 1e12:
                raise self.document.error(("run", key), f"'{key}' should be a time in ms")
        rates: dict[str, Any] = {}
        for section in ("reference_rates", "full_scale_rates"):
            rates[section] = {}
            for name, value in getattr(file, section).items():
                place = (section, name)
                if name not in self.network.populations:
                    hint = nearest_or_all(name, self.network.populations)
                    raise self.document.error(place, f"no population is called '{name}'{hint}")
                rates[section][name] = context.number(value, place)
                if not rates[section][name] >= 0:
                    raise self.document.error(place, "a rate cannot be negative")
        training = file.training
        return RunSettings(
            **times, **rates, description=file.network.description, source=self.document.source,
            training=None if training is None else training.model_dump(exclude_unset=True),
        )  # fmt: skip
