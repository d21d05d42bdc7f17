"""Nodes of SONATA files as populations of a network: one for each template, and for each set of
synaptic time constants, of a population of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration import Network
from pygenn_lite.errors import FileFormatError, UnsupportedFeatureError
from pygenn_lite.exchange.sonata_config import SonataConfig, chosen_nodes, read_json
from pygenn_lite.exchange.sonata_models import SYNAPTIC, Cell, Number, Template, cell_of
from pygenn_lite.exchange.sonata_tables import NoNumbersError, Numbers, Table
from pygenn_lite.records import dataclass

MODELS = ("point_neuron_models_dir", "point_neuron_models", "models_dir")
OWN = "pygenn_lite:"
MOST_PARTS = 50  # populations that one of the file's is divided into
VIRTUAL = "virtual"
NOT_GIVEN = -1e300
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Part:
    """Some nodes that are one population of the network.

    Attributes
    ----------
    name : str
        Of the population.
    rows : ndarray of int, [neurons]
        Rows of the file's population, ascending.
    cell : Cell or None
        None: a model of our own, or nodes that replay spikes.
    """

    name: str
    rows: Rows
    cell: Cell | None = None
    is_virtual: bool = False


class Nodes:
    """A population of the file.

    Parameters
    ----------
    table : Table
    parts : list of Part
    values : Values
        Their parameters.
    """

    def __init__(self, table: Table, parts: list[Part], values: Values) -> None:
        self.table, self.parts, self.values = table, parts, values
        self.part_of_row = np.zeros(table.size, np.intp)
        self.place_of_row = np.zeros(table.size, np.intp)
        for number, part in enumerate(parts):
            self.part_of_row[part.rows] = number
            self.place_of_row[part.rows] = np.arange(len(part.rows))
        ids = table.ids("node_id") if "node_id" in table.group else np.arange(table.size)
        self.ids = ids
        self._in_order = bool(np.array_equal(ids, np.arange(table.size)))
        self._sorted = np.argsort(ids, kind="stable")

    def rows_of(self, ids: npt.NDArray[np.int64], what: str) -> npt.NDArray[np.int64]:
        """Rows of nodes by their ids.

        Raises
        ------
        FileFormatError
            There is no such node.
        """
        if self._in_order:
            rows, wrong = ids, (ids < 0) | (ids >= self.table.size)
        else:
            ordered = self.ids[self._sorted]
            places = np.searchsorted(ordered, ids).clip(0, max(len(ordered) - 1, 0))
            rows, wrong = self._sorted[places], ordered[places] != ids
        if np.any(wrong):
            raise FileFormatError(
                f"node {ids[wrong][0]} of {self.table.name!r} is not in the nodes file",
                where=self.table.where,
                hint=f"{what} names it",
            )
        return rows


class Values:
    """Parameters of nodes: of HDF5, else of the table of types, else of the file that the type
    names."""

    def __init__(self, table: Table, config: SonataConfig) -> None:
        self.table = table
        files, self._file_of = table.texts("dynamics_params")
        self._by_file = [_parameters(file, config) for file in files]

    @property
    def names(self) -> set[str]:
        """All that are given."""
        found = {name for values in self._by_file for name in values}
        found |= {name for row in self.table.types.values() for name in row}
        found |= {name for name in self.table.names() if not name.startswith("@")}
        return found - NOT_PARAMETERS

    def __call__(self, name: str) -> Numbers | None:
        """One of them, NaN where it is not given; None where no node has it, or it is a text."""
        by_file = np.array([values.get(name, np.nan) for values in self._by_file])
        try:
            numbers = self.table.numbers(name)
        except NoNumbersError:
            return None  # what it says is for people
        if np.all(np.isnan(by_file)):
            return numbers
        values = by_file[self._file_of]
        if numbers is None:
            return Numbers(values, False)
        kept = np.where(np.isnan(numbers.values), values, numbers.values)
        return Numbers(kept, numbers.from_file)

    def of(self, name: str, rows: Rows, collapse: bool = True) -> Number | None:
        """Those of some nodes: one number where all are equal."""
        numbers = self(name)
        if numbers is None:
            return None
        values = numbers.values[rows]
        if np.all(np.isnan(values)):
            return None
        if np.all(values == values[0]) and (collapse or not numbers.from_file):
            return float(values[0])
        return values


def divide(table: Table, config: SonataConfig, own: Mapping[str, Template], base: Network) -> Nodes:
    """The parts of a population of the file."""
    kinds, kind_of = table.texts("model_type")
    templates, template_of = table.texts("model_template")
    values = Values(table, config)
    synaptic = [numbers.values for numbers in map(values, SYNAPTIC) if numbers is not None]
    keys = [kind_of, template_of, *(np.nan_to_num(column, nan=NOT_GIVEN) for column in synaptic)]
    different, inverse = np.unique(np.column_stack(keys), axis=0, return_inverse=True)
    if len(different) > MOST_PARTS:
        raise UnsupportedFeatureError(
            f"{table.name!r} has {len(different)} combinations of templates and of the synaptic "
            "time constants and reversal potentials of its nodes",
            where=table.where,
            hint=f"the neurons of a population share these here: give up to {MOST_PARTS}",
        )
    chosen = [np.flatnonzero(inverse.ravel() == number) for number in range(len(different))]
    parts = []
    for number in sorted(range(len(different)), key=lambda number: int(chosen[number][0])):
        kind, template = kinds[int(different[number][0])], templates[int(different[number][1])]
        _check_kind(kind, table)
        name = _part_name(table, chosen[number], len(different))
        parts.append(_part(values, name, chosen[number], (kind, template), own, base))
    return Nodes(table, parts, values)


def _check_kind(kind: str, table: Table) -> None:
    if kind in ("", "point_neuron", "point_process", VIRTUAL):
        return
    raise UnsupportedFeatureError(
        f"{table.name!r} has nodes of the model type {kind!r}",
        where=table.where,
        hint="point neurons and virtual nodes are simulated here: write model_type point_neuron "
        "and a template such as nest:iaf_psc_exp",
    )


def _parameters(file: str, config: SonataConfig) -> dict[str, float]:
    """The parameters of a type's own file."""
    if not file.endswith(".json"):  # none, or models of our own
        return {}
    path = config.component(file, *MODELS)
    found = {}
    for name, value in read_json(path).items():
        if isinstance(value, (int, float)):
            found[name] = float(value)
    return found


def _part_name(table: Table, rows: Rows, parts: int) -> str:
    """The population's name, with the first type where it is divided."""
    name = identifier(table.name)
    if parts == 1:
        return name
    types, codes = table.type_codes()
    return f"{name}_{types[codes[rows[0]]]}" if types else f"{name}_{rows[0]}"


def identifier(name: str) -> str:
    """A name as ours are: letters, digits and _."""
    changed = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"p_{changed}" if not changed or not changed[0].isalpha() else changed


def _part(
    values: Values,
    name: str,
    rows: Rows,
    model: tuple[str, str],
    own: Mapping[str, Template],
    base: Network,
) -> Part:
    """Nodes of one model type and template."""
    (kind, template), where = model, values.table.where
    if kind == VIRTUAL:
        return Part(name, rows, is_virtual=True)
    if template.startswith(OWN):
        population = template.removeprefix(OWN)
        if population not in base.populations:
            raise FileFormatError(
                f"{template!r}: its file of models has no population {population!r}",
                where=where,
                hint=f"it has {list(base.populations)}",
            )
        return Part(population, rows)
    given = {name: values.of(name, rows) for name in sorted(values.names)}
    numbers = {name: number for name, number in given.items() if number is not None}
    return Part(name, rows, cell_of(template, numbers, own, where))


NOT_PARAMETERS = {
    "model_type", "model_template", "dynamics_params", "morphology", "model_processing",
    "pop_name", "population", "location", "layer", "positions", "rotation_angle_xaxis",
    "rotation_angle_yaxis", "rotation_angle_zaxis", "tuning_angle", "orientation",
}  # fmt: skip


def positions(values: Values, rows: Rows) -> npt.NDArray[np.float64] | None:
    """Where the nodes are."""
    columns = [values.of(axis, rows) for axis in "xyz"]
    given = [c for c in columns if c is not None]
    if not given:
        return None
    return np.stack([np.broadcast_to(np.asarray(c), len(rows)) for c in given], axis=1)


def selected(
    config: SonataConfig, rule: Any, nodes: Mapping[str, Nodes]
) -> Iterator[tuple[Part, npt.NDArray[np.intp]]]:
    """The parts that a node set takes in, and which of their neurons.

    Raises
    ------
    FileFormatError
        No node meets it.
    """
    conditions = chosen_nodes(config, rule)
    any_found = False
    for name, population in nodes.items():
        kept = np.zeros(population.table.size, bool)
        for condition in conditions:
            kept |= _meets(population, name, condition)
        for number, part in enumerate(population.parts):
            places = population.place_of_row[kept & (population.part_of_row == number)]
            if len(places):
                any_found = True
                yield part, places
    if not any_found:
        raise FileFormatError(f"no node meets the node set {rule!r}", where=config.where)


def _meets(nodes: Nodes, name: str, condition: Mapping[str, Any]) -> npt.NDArray[np.bool_]:
    kept = np.ones(nodes.table.size, bool)
    for key, wanted in condition.items():
        listed = wanted if isinstance(wanted, list) else [wanted]
        if key == "population":
            kept &= name in listed
        elif key in ("node_id", "node_ids", "gids"):
            kept &= np.isin(nodes.ids, listed)
        else:
            texts, codes = nodes.table.texts(key)
            kept &= np.isin(codes, [k for k, t in enumerate(texts) if t in map(str, listed)])
    return kept
