"""Declarations as HTML for notebooks: tables, and formulas that MathJax sets. All that users have
named is escaped; there are no scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration.summary import value_text

if TYPE_CHECKING:
    from pygenn_lite.declaration.language.equations import Equation, Expression
    from pygenn_lite.declaration.network import Network
    from pygenn_lite.declaration.neuron_model import NeuronModel
    from pygenn_lite.declaration.synapse_model import SynapseModel
    from pygenn_lite.declaration.synaptic_trace import SynapticTrace

MOST_ROWS = 40


def safe(text: object) -> str:
    """Text for HTML, which begins neither a tag nor mathematics: MathJax looks for the ends of a
    formula in one piece of text, and each sign that begins or ends one is a piece of its own."""
    from html import escape  # when something is shown: it knows 2,000 names

    escaped = escape(str(text))
    return re.sub(r"[$\\]", lambda sign: f"<span>{sign.group()}</span>", escaped)


def heading(title: str, note: str = "") -> str:
    """A line above tables."""
    return f"<div><b>{safe(title)}</b>{' ' if note else ''}{safe(note)}</div>"


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """A table; numbers stand right. Of many rows the first are shown, and how many there are."""
    rows = list(rows)
    left_out = len(rows) - MOST_ROWS
    lines = [f"<caption>{safe(caption)}</caption>"] if caption else []
    lines.append(f"<thead><tr>{''.join(_cell('th', column) for column in columns)}</tr></thead>")
    lines.append("<tbody>")
    lines += [f"<tr>{''.join(_cell('td', c) for c in row)}</tr>" for row in rows[:MOST_ROWS]]
    if left_out > 0:
        lines.append(f'<tr><td colspan="{len(columns)}">and {left_out:,} more</td></tr>')
    return "\n".join(["<table>", *lines, "</tbody>", "</table>"])


def preformatted(summary: str, text: str) -> str:
    """Long text that opens at a click."""
    return f"<details><summary>{safe(summary)}</summary><pre>{safe(text)}</pre></details>"


def network_html(network: Network) -> str:
    """Populations, groups and inputs with their sizes."""
    name = f"Network {network.name}" if network.name else "Network"
    parts = [heading(name, f"dt {network.dt:g} ms, seed {network.seed}")]
    populations = [
        (p.name, p.size, getattr(p.model, "name", "") or "equations")
        for p in network.populations.values()
    ]
    parts.append(table(["population", "neurons", "model"], populations))
    groups = [
        (
            g.name, f"{g.source} \N{RIGHTWARDS ARROW} {g.target}", g.synapse.name or "equations",
            g.connectivity, value_text(g.weight), value_text(g.delay),
        )
        for g in network.groups.values()
    ]  # fmt: skip
    if groups:
        columns = ["synapse group", "from, to", "model", "connectivity", "weight", "delay (ms)"]
        parts.append(table(columns, groups))
    if network.inputs:
        inputs = [(i.name, i.target, i.summary) for i in network.inputs]
        parts.append(table(["input", "onto", "what"], inputs))
    if network.recordings:
        parts.append(heading("recorded:", "; ".join(str(r.what) for r in network.recordings[:20])))
    return "\n".join(parts)


def neuron_model_html(model: NeuronModel) -> str:
    """Its equations as formulas, and its values."""
    parts = [heading(f"NeuronModel {model.name}".rstrip())]
    parts.append(_formulas("dynamics", model.equations))
    parts.append(_formulas("in every step", model.update))
    parts.append(_formula("spike if", model.threshold))
    parts.append(_formulas("reset", model.reset))
    condition = "refractory while" if model.refractory_is_condition else "refractory for (ms)"
    parts.append(_formula(condition, model.refractory))
    if model.clamp:
        parts.append(heading("constant while refractory:", ", ".join(model.clamp)))
    parts.append(_values("parameter", model.parameters))
    parts.append(_values("initial", model.initial))
    return "\n".join(filter(None, parts))


def synapse_model_html(model: SynapseModel) -> str:
    """Its equations as formulas, and its values."""
    parts = [heading(f"SynapseModel {model.name}".rstrip())]
    parts.append(_formulas("per target neuron", model.equations))
    parts.append(_formulas("contribution to the input", model.inputs))
    parts.append(_formulas("per synapse", model.synapse_equations))
    parts.append(_formulas("transmitted in every step", model.continuous))
    parts.append(_formulas("at a presynaptic spike", model.on_pre))
    parts.append(_formulas("at a postsynaptic spike", model.on_post))
    for side, trace in (("source", model.pre_trace), ("target", model.post_trace)):
        if trace is not None:
            parts += trace_parts(trace, f"trace of the {side} neuron")
    parts.append(_values("parameter", model.parameters))
    parts.append(_values("per-synapse variable", model.variables))
    parts.append(_values("initial", model.initial))
    return "\n".join(filter(None, parts))


def trace_parts(trace: SynapticTrace, what: str) -> list[str]:
    """Formulas of a trace: between its neuron's spikes, and at them."""
    return [_formulas(what, trace.equations), _formulas(f"{what}, at a spike", trace.on_spike)]


def trace_html(trace: SynapticTrace) -> str:
    """A trace by itself."""
    return "\n".join(filter(None, trace_parts(trace, "trace")))


def _formulas(title: str, equations: Sequence[Equation]) -> str:
    if not equations:
        return ""
    from pygenn_lite.declaration.language.latex import equation_latex

    lines = [" &".join(equation_latex(equation)) for equation in equations]
    return _mathematics(title, r"\begin{aligned} " + r" \\ ".join(lines) + r" \end{aligned}")


def _formula(title: str, expression: Expression | None) -> str:
    if expression is None:
        return ""
    from pygenn_lite.declaration.language.latex import expression_latex

    return _mathematics(title, expression_latex(expression))


def _mathematics(title: str, latex: str) -> str:
    from html import escape

    return f"<div>{safe(title)}</div><div>$${escape(latex, quote=False)}$$</div>"


def _values(what: str, values: Iterable[tuple[str, Any]]) -> str:
    rows = [(name, value_text(value)) for name, value in values]
    return table([what, "value"], rows) if rows else ""


def _cell(tag: str, content: object) -> str:
    number = isinstance(content, (int, float))
    text = f"{content:,}" if isinstance(content, int) else content
    return f'<{tag} style="text-align: {"right" if number else "left"}">{safe(text)}</{tag}>'
