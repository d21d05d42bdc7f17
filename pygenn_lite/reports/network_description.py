"""What a report says of a network: its parts, its models as formulas, the update rules that follow,
and the memory that it takes. Nothing is compiled."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from pygenn_lite import codegen
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.memory import readable
from pygenn_lite.codegen.plan.network_plan import plan_network
from pygenn_lite.codegen.program.spelling import spelled_program, spelled_rows, spelled_systems
from pygenn_lite.declaration import Network, NeuronModel, SpikeSource, SynapseModel
from pygenn_lite.declaration.origins import located_in
from pygenn_lite.declaration.summary import value_text
from pygenn_lite.errors import PygennLiteError
from pygenn_lite.reports.diagram import diagram
from pygenn_lite.reports.mathml import condition_mathml, lines_mathml
from pygenn_lite.reports.page import Markup, Part, Section, Table, Text
from pygenn_lite.yaml_format import load_network

FIRST_ROWS, MOST_ROWS = 12, 300  # of a table
MOST_PARTS = 2_000  # populations and groups of a network whose rules are derived: seconds


def network_of(text: str) -> tuple[Network | None, str]:
    """The network that a result keeps as YAML.

    Parameters
    ----------
    text : str
        ``result.provenance["network"]``: of whatever origin, since YAML cannot run code.

    Returns
    -------
    network : Network or None
    reason : str
        Why there is none.
    """
    if not text.strip():
        return None, "The result does not keep its network."
    if text.startswith("#") and len(text.splitlines()) == 1:
        return None, f"The result does not keep its network: {text.lstrip('# ')}."
    try:
        return load_network(text + "\n")[0], ""
    except PygennLiteError as error:
        return None, f"The network of this result cannot be read: {error}"


def network_sections(network: Network, precision: str = "float32") -> list[Section]:
    """Sections: network, equations, plan."""
    sections = [
        Section("Network", _parts_of(network)),
        Section("Equations", [Markup(_models(network))]),
    ]
    if len(network.populations) + len(network.groups) > MOST_PARTS:
        return sections
    try:
        rules, plan = _derived(network, precision)
    except PygennLiteError as error:
        sections[1].parts.append(Text(f"Update rules could not be derived: {error}"))
        return sections
    sections[1].parts.extend(rules)
    return [*sections, Section("Plan", plan)]


def _parts_of(network: Network) -> list[Part]:
    populations = [
        (p.name, p.size, _model_name(p.model), _values(p.model))
        for p in network.populations.values()
    ]
    parts: list[Part] = []
    picture = diagram(network)
    if picture:
        parts.append(Markup(picture))
    parts += _tables(["population", "neurons", "model", "parameters"], populations, "populations")
    groups = [
        (
            g.name, f"{g.source} \N{RIGHTWARDS ARROW} {g.target}", g.synapse.name or "equations",
            _text(g.connectivity), _text(g.weight), _text(g.delay),
        )
        for g in network.groups.values()
    ]  # fmt: skip
    if groups:
        columns = ["synapse group", "from, to", "model", "connectivity", "weight", "delay (ms)"]
        parts += _tables(columns, groups, "synapse groups")
    inputs = [(i.name, i.target, _shorter(i.summary)) for i in network.inputs]
    if inputs:
        parts += _tables(["input", "onto", "what"], inputs, "inputs")
    return parts


def _tables(columns: Sequence[str], rows: Sequence[Sequence[object]], what: str) -> list[Part]:
    """The first rows, and behind a click all of them."""
    parts: list[Part] = [Table(columns, rows[:FIRST_ROWS])]
    if len(rows) > FIRST_ROWS:
        some = (
            f"the first {MOST_ROWS} of {len(rows):,}"
            if len(rows) > MOST_ROWS
            else f"all {len(rows)}"
        )
        parts.append(Table(columns, rows[:MOST_ROWS], f"Show {some} {what}", True))
    return parts


def _text(value: Any) -> str:
    """A value or a connectivity rule in few words."""
    return _shorter(re.sub(r", \w+=None|\w+=None, ", "", value_text(value)))


def _shorter(text: str) -> str:
    """Long numbers with six digits."""
    return re.sub(r"\d+\.\d{5,}(?:e[+-]?\d+)?", lambda found: f"{float(found[0]):.6g}", text)


def _model_name(model: Any) -> str:
    return "spike source" if isinstance(model, SpikeSource) else str(model.name or "equations")


def _values(model: Any) -> str:
    return ", ".join(f"{n} = {_text(v)}" for n, v in getattr(model, "parameters", ()))


def _models(network: Network) -> str:
    """Each model once, in formulas."""
    neurons: dict[str, tuple[NeuronModel, list[str]]] = {}
    synapses: dict[str, tuple[SynapseModel, list[str]]] = {}
    for population in network.populations.values():
        if isinstance(population.model, NeuronModel):
            shown = _neuron_formulas(population.model)
            neurons.setdefault(shown, (population.model, []))[1].append(population.name)
    for group in network.groups.values():
        shown = _synapse_formulas(group.synapse)
        synapses.setdefault(shown, (group.synapse, []))[1].append(group.name)
    cards = [
        _card(model.name or "neurons", users, shown) for shown, (model, users) in neurons.items()
    ]
    cards += [
        _card(model.name or "synapses", users, shown) for shown, (model, users) in synapses.items()
    ]
    return f'<div class="models">{"".join(cards)}</div>'


def _card(name: str, users: Sequence[str], formulas: str) -> str:
    shown = ", ".join(users[:8]) + (f" and {len(users) - 8} more" if len(users) > 8 else "")
    return (
        f'<div class="model"><h3>{escape(name)}</h3><p>of {escape(shown)}</p>'
        f"{formulas or '<p>passes weights on; no equations</p>'}</div>"
    )


def _neuron_formulas(model: NeuronModel) -> str:
    waiting = "refractory while" if model.refractory_is_condition else "refractory for (ms)"
    parts = [
        _formulas("dynamics (per ms)", model.equations),
        _formulas("in every step", model.update),
        _condition("spikes if", model.threshold),
        _formulas("reset", model.reset),
        _condition(waiting, model.refractory),
    ]
    if model.clamp:
        parts.append(f"<p>constant while refractory: {escape(', '.join(model.clamp))}</p>")
    return "".join(parts)


def _synapse_formulas(model: SynapseModel) -> str:
    parts = [
        _formulas("per target neuron", model.equations),
        _formulas("contribution to the input", model.inputs),
        _formulas("per synapse", model.synapse_equations),
        _formulas("transmitted in every step", model.continuous),
        _formulas("at a presynaptic spike", model.on_pre),
        _formulas("at a postsynaptic spike", model.on_post),
    ]
    for side, trace in (("source", model.pre_trace), ("target", model.post_trace)):
        if trace is not None:
            parts.append(_formulas(f"trace of the {side} neuron", trace.equations))
            parts.append(_formulas("at its spike", trace.on_spike))
    return "".join(parts)


def _formulas(title: str, equations: Iterable[Any]) -> str:
    known = [equation for equation in equations if not isinstance(equation, str)]
    return f"<p>{escape(title)}</p>{lines_mathml(known)}" if known else ""


def _condition(title: str, expression: Any) -> str:
    return f"<p>{escape(title)}</p>{condition_mathml(expression)}" if expression is not None else ""


def _derived(network: Network, precision: str) -> tuple[list[Part], list[Part]]:
    """Update rules, and the table of memory, as ``pygenn-lite inspect`` has them."""
    with located_in(network.origins):
        structure = codegen.network_structure(network, precision)
        program = codegen.derive_program(structure)
        generated = codegen.render_program(program)
        systems = codegen.systems_of(structure)
        described = Described(network, structure, generated.signatures, np.dtype(precision))
        plan = plan_network(described)
    rules: list[Part] = [
        Text(spelled_systems(structure, systems), "Continuous systems, as they are derived", True),
        Text(spelled_program(structure, program), "Update rules of a time step", True),
    ]
    ordered = sorted(spelled_rows(structure, plan.rows), key=lambda row: -row.bytes)
    rows = [
        (r.name, r.what, r.count, ("about " if r.estimated else "") + readable(r.bytes))
        for r in ordered
    ]
    total = readable(sum(row.bytes for row in ordered))
    few = Table(["of", "what", "elements", "memory"], rows[:6], f"Memory: {total} (largest arrays)")
    every = Table(
        ["of", "what", "elements", "memory"], rows[:MOST_ROWS], f"All {len(rows)} arrays", True
    )
    return rules, [few, every] if len(rows) > 6 else [few]
