"""Edges of SONATA files as synapse groups of a network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration import Network, PairList
from pygenn_lite.declaration.members import free_name
from pygenn_lite.declaration.population import SynapseGroup
from pygenn_lite.errors import FileFormatError, UnsupportedFeatureError
from pygenn_lite.exchange.sonata_models import STATIC, Cell
from pygenn_lite.exchange.sonata_nodes import OWN, Nodes, Part, identifier
from pygenn_lite.exchange.sonata_tables import Table
from pygenn_lite.records import dataclass

DEFAULT_DELAY, DEFAULT_WEIGHT = 1.0, 1.0  # of NEST's static_synapse: ms; pA, nS or mV
INHIBITORY = ("inhibitory", "inh")
PLAIN_FUNCTIONS = ("", "wmax", "setWeight", "default")  # of weights: the weight as it stands there


@dataclass(frozen=True)
class Edges:
    """Synapses from one part to another, through one template.

    Attributes
    ----------
    source, target : Part
    template : str
    pre, post : ndarray of int
        Indices in the parts.
    weight, delay : float or ndarray
        As in the file; ms.
    inhibitory : ndarray of bool, or bool
        Whether the file says so, besides the weight's sign.
    """

    source: Part
    target: Part
    template: str
    pre: npt.NDArray[np.intp]
    post: npt.NDArray[np.intp]
    weight: Any
    delay: Any
    inhibitory: Any

    def chosen(self, kept: npt.NDArray[np.bool_]) -> Edges:
        """Some of them."""
        if np.all(kept):
            return self
        return replace(
            self,
            pre=self.pre[kept],
            post=self.post[kept],
            weight=_part_of(self.weight, kept),
            delay=_part_of(self.delay, kept),
            inhibitory=_part_of(self.inhibitory, kept),
        )


def read_edges(table: Table, nodes: Mapping[str, Nodes]) -> Iterator[Edges]:
    """The edges of one population of the file, divided as their nodes are and by template."""
    ends = [_end(table, side, nodes) for side in ("source", "target")]
    (source, source_rows), (target, target_rows) = ends
    weight = _with_count(table, _values(table, "syn_weight", DEFAULT_WEIGHT))
    delay = _values(table, "delay", DEFAULT_DELAY)
    _check_functions(table)
    templates, template_of = table.texts("model_template")
    inhibitory = _inhibitory(table)
    codes = source.part_of_row[source_rows] * len(target.parts) + target.part_of_row[target_rows]
    codes = codes * len(templates) + template_of
    pre, post = source.place_of_row[source_rows], target.place_of_row[target_rows]
    for code in np.unique(codes):
        pair, template = divmod(int(code), len(templates))
        whole = Edges(
            source.parts[pair // len(target.parts)],
            target.parts[pair % len(target.parts)],
            templates[template],
            pre, post, weight, delay, inhibitory,
        )  # fmt: skip
        yield whole.chosen(codes == code)


def connect_edges(net: Network, name: str, edges: Edges, base: Network, table: Table) -> None:
    """Declare them: as our own group where the template says so, else as static synapses."""
    if edges.target.is_virtual:
        raise FileFormatError(
            f"edges onto the virtual population {edges.target.name!r}", where=table.where
        )
    if not edges.template.startswith(OWN):
        _connect_static(net, name, edges, _cell_of_target(edges, table))
        return
    group = base.groups.get(edges.template.removeprefix(OWN))
    if group is None:
        raise FileFormatError(
            f"{edges.template!r}: its file of models has no such synapse group",
            where=table.where,
            hint=f"it has {list(base.groups)}",
        )
    connect_own(net, group, edges)


def connect_own(net: Network, group: SynapseGroup, edges: Edges | None) -> None:
    """Declare a group of our own models; None: it has no edges."""
    nothing = np.empty(0, np.int64)
    pre, post = (nothing, nothing) if edges is None else (edges.pre, edges.post)
    net.connect(
        group.source, group.target, group.synapse, PairList(pre, post), name=group.name,
        weight=group.weight if edges is None else edges.weight,
        delay=None if group.one_step else group.delay if edges is None else edges.delay,
        storage=group.storage, weight_precision=group.weight_precision, spare=group.spare,
    )  # fmt: skip


def _cell_of_target(edges: Edges, table: Table) -> Cell:
    """What tells through which synapse a static edge acts."""
    if edges.template.rpartition(":")[2].lower() not in STATIC:
        raise UnsupportedFeatureError(
            f"no synapse model for the template {edges.template!r}",
            where=table.where,
            hint="static synapses are read: write static_synapse, and connect others in Python",
        )
    if edges.target.cell is None:
        raise UnsupportedFeatureError(
            f"static synapses onto {edges.target.name!r}, whose model is one of our own",
            where=table.where,
            hint=f"write model_template {OWN}GROUP, with a group of its file of models",
        )
    return edges.target.cell


def _connect_static(net: Network, name: str, edges: Edges, cell: Cell) -> None:
    """Two groups where excitation and inhibition go through different synapses."""
    weights = np.asarray(edges.weight) * cell.weight_unit
    negative = np.broadcast_to((weights < 0) | edges.inhibitory, len(edges.pre))
    if cell.excitatory == cell.inhibitory:
        negative = np.zeros(len(edges.pre), bool)
    for model, kept, ending in (
        (cell.excitatory, ~negative, ""),
        (cell.inhibitory, negative, "_inh"),
    ):
        if not np.any(kept):
            continue
        own = edges.chosen(kept)
        weight = np.asarray(own.weight) * cell.weight_unit
        weight = np.abs(weight) if cell.by_conductance else weight
        wanted = identifier(name) + ("" if np.all(kept) else ending)
        net.connect(
            own.source.name, own.target.name, model, PairList(own.pre, own.post),
            weight=float(weight) if weight.ndim == 0 else weight, delay=own.delay,
            name=free_name(wanted, {*net.groups, *net.populations}),
        )  # fmt: skip


def _end(
    table: Table, side: str, nodes: Mapping[str, Nodes]
) -> tuple[Nodes, npt.NDArray[np.int64]]:
    """The nodes on one side, and their rows."""
    ids = table.ids(f"{side}_node_id")
    name = table.group[f"{side}_node_id"].attrs.get("node_population")
    if name is None and len(nodes) == 1:
        name = next(iter(nodes))
    if name is None:
        raise FileFormatError(
            f"{table.group.name}/{side}_node_id does not say its node_population",
            where=table.where,
            hint=f"give it this attribute: one of {list(nodes)}",
        )
    name = name.decode() if isinstance(name, bytes) else str(name)
    if name not in nodes:
        raise FileFormatError(
            f"edges {table.name!r} have the {side} population {name!r}, which no nodes file has",
            where=table.where,
            hint=f"there are {list(nodes)}; add its nodes file to the circuit",
        )
    return nodes[name], nodes[name].rows_of(ids, f"edge population {table.name!r}")


def _values(table: Table, name: str, default: float) -> Any:
    """A number where all have it, else one for each edge."""
    numbers = table.numbers(name)
    if numbers is None:
        return default
    values = np.where(np.isnan(numbers.values), default, numbers.values)
    if len(values) == 0 or np.all(values == values[0]):
        return float(values[0]) if len(values) else default
    return values


def _with_count(table: Table, weight: Any) -> Any:
    """BMTK's ``nsyns``: so many synapses stand in one row."""
    numbers = table.numbers("nsyns")
    if numbers is None:
        return weight
    return weight * np.where(np.isnan(numbers.values), 1.0, numbers.values)


def _check_functions(table: Table) -> None:
    for name in table.texts("weight_function")[0]:
        if name not in PLAIN_FUNCTIONS:
            raise UnsupportedFeatureError(
                f"weights of {table.name!r} are computed by the function {name!r}, which the file "
                "only names",
                where=table.where,
                hint="write the weights that it gives as syn_weight into the edges file",
            )


def _inhibitory(table: Table) -> Any:
    """Whether edges say that they inhibit; PyNN's do, whose conductances have no sign."""
    words, codes = table.texts("receptor_type")
    if words == [""]:
        return np.zeros(table.size, bool)
    for word in words:
        if word not in ("", "0", "excitatory", "exc", *INHIBITORY):
            raise UnsupportedFeatureError(
                f"edges of {table.name!r} have the receptor type {word!r}",
                where=table.where,
                hint="write excitatory or inhibitory, or leave it to the sign of the weight",
            )
    return np.isin(codes, [k for k, word in enumerate(words) if word in INHIBITORY])


def _part_of(values: Any, kept: npt.NDArray[np.bool_]) -> Any:
    return values if isinstance(values, float) else values[kept]
