"""Writes docs/models.md, api.md, layout.md and keys.md from what the package says of itself:
``python docs/build.py``.

``--check`` writes nothing and fails if a page is not what it would write. Docstrings have
NumPy's form; sections become lists, everything else is left as it is.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gallery import METHODS_OF, users_of
from keys_page import keys_page
from layout_page import layout_page

import pygenn_lite as pg
from pygenn_lite import analysis, errors, exchange, models, plotting
from pygenn_lite.codegen.systems import system_records
from pygenn_lite.declaration import NeuronModel, SynapseModel
from pygenn_lite.exchange import pandas_output, sonata_models
from pygenn_lite.runtime import devices, inspection, instance_simulation, simulation
from pygenn_lite.runtime.results import binning, recorded_data, result, run_sink
from pygenn_lite.runtime.values import connections
from pygenn_lite.runtime.views import group_views, instance_axis, instance_view
from pygenn_lite.training import gradient_report
from pygenn_lite.yaml_format import RunSettings
from pygenn_lite.yaml_format.load import read_document

FOLDER = Path(__file__).resolve().parent
NOTE = "<!-- Written by docs/build.py from the docstrings. Do not edit. -->\n"
MOST_EXAMPLES = 6
_AS_METHODS = {"compile_network": ".compile"}
LISTS = ("Parameters", "Attributes", "Returns", "Raises")


def main() -> int:
    """Write the pages, or check them."""
    stale = []
    pages = {
        "models.md": models_page(), "api.md": api_page(), "layout.md": layout_page(),
        "keys.md": keys_page(),
    }  # fmt: skip
    for name, page in pages.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != page:
            stale.append(name)
            if "--check" not in sys.argv:
                path.write_text(page, encoding="utf-8")
    if stale and "--check" in sys.argv:
        print(f"out of date: {', '.join(stale)}; run python docs/build.py", file=sys.stderr)
        return 1
    return 0


def models_page() -> str:
    """The library: what each model says of itself, and the declaration that it makes."""
    parts = [
        NOTE,
        "# Models\n",
        "The library holds neurons, synapses, plasticity rules and networks. Each model is a "
        "function that returns a declaration that you could have written. Call it as "
        "`pg.NAME(...)`, or write `use: NAME` in a [file](yaml.md). `pygenn-lite models NAME` "
        "prints the same. All of them run on the pages about the [library](library.md), its "
        "[networks](networks.md) and [synapses](synapses.md).\n",
    ]
    for title, registry in models.LIBRARY.items():
        parts.append(f"## {title}\n")
        for name, make in registry.items():
            parts += [f"### {name}\n", signature(name, make), docstring(make)]
            parts += named_examples(name)
            parts.append(f"Declared as\n\n```text\n{equations(make())}\n```\n")
    parts.append("## Networks\n")
    parts.append("`pygenn-lite run NAME`, or `pg.load_network(NAME)`.\n")
    for name in models.network_names():
        text = models.network_file(name).read_text(encoding="utf-8")
        head = re.match(r"(?:#.*\n)+", text)
        comment = re.sub(r"^# ?", "", head.group(), flags=re.MULTILINE) if head else ""
        described = read_document(name).data["network"]["description"]
        parts.append(f"### {name}\n\n{described[0].upper()}{described[1:]}.\n")
        parts.append(f"```text\n{comment.strip()}\n```\n")
    return "\n".join(parts)


def equations(model: NeuronModel | SynapseModel) -> str:
    """All equations of a model, by part."""
    lines: list[str] = []
    for field in dataclasses.fields(model):
        value = getattr(model, field.name)
        if field.name.endswith("_trace") and value is not None:
            lines += [f"{field.name}: {e}" for e in value.equations]
            lines += [f"{field.name}, on_spike: {e}" for e in value.on_spike]
        elif field.name in ("threshold", "refractory") and value is not None:
            lines.append(f"{field.name}: {value}")
        elif field.name == "equations":
            lines += [str(e) for e in value]
        elif field.name in ("update", "reset", "inputs", "continuous", "on_pre", "on_post"):
            lines += [f"{field.name}: {e}" for e in value if not isinstance(e, str)]
    return "\n".join(lines)


def api_page() -> str:
    """All public names."""
    parts = [
        NOTE,
        "# API\n",
        "All names are those of `import pygenn_lite as pg`, unless a section says otherwise. The "
        "models of the library have [their own page](models.md).\n",
    ]
    for title, intro, things in sections():
        parts.append(f"## {title}\n")
        if intro:
            parts.append(f"{intro}\n")
        for thing in things:
            parts += describe(thing)
    return "\n".join(parts)


def sections() -> Iterator[tuple[str, str, list[Any]]]:
    """What the page is made of: title, introduction, classes and functions."""
    yield "Network", "", [pg.Network, pg.Population, pg.SpikeTensor, pg.SynapseGroup]
    yield "Models", "", [
        pg.NeuronModel, pg.SynapseModel, pg.SynapticTrace, pg.RungeKutta,
    ]  # fmt: skip
    yield "Connectivity", "", [
        pg.AllToAll, pg.OneToOne, pg.FixedProbability, pg.FixedTotalNumber, pg.FixedInDegree,
        pg.FixedOutDegree, pg.PairList, pg.CSR, pg.from_scipy, pg.DistanceDependent,
        pg.Convolution, pg.Pooling,
        pg.Connectivity,
    ]  # fmt: skip
    yield "Distributions", "", [
        pg.Uniform, pg.Normal, pg.TruncatedNormal, pg.LogNormal, pg.Exponential, pg.Gamma,
        pg.Binomial,
    ]  # fmt: skip
    yield "Systems", "The equations of a network, as SymPy.", [
        pg.systems, system_records.NetworkSystems, system_records.NeuronSystem,
        system_records.SynapseSystem, system_records.Jump, system_records.Parameter,
    ]  # fmt: skip
    yield "Gradients", "See [the page about them](gradients.md).", [
        pg.check_gradient, pg.GradientReport, gradient_report.GradientRow, pg.TrialLoss,
        pg.spike_time, pg.state_variable,
    ]  # fmt: skip
    yield "Training", "See [the page about it](training.md).", [
        pg.train, pg.Trainer, pg.TrainingTask, pg.History, pg.Evaluation, pg.EarlyStopping,
        pg.SpikingClassifier, pg.TensorBoard, pg.EProp, pg.DeepRewiring, pg.quantise,
        pg.as_torch, pg.as_jax,
    ]  # fmt: skip
    for part in (pg.optimisers, pg.schedules, pg.constraints, pg.surrogates):
        title = part.__name__.rpartition(".")[2]
        named = [getattr(part, name) for name in part.__all__]
        things = [thing for thing in named if not typing.is_typeddict(thing)]
        yield title.capitalize(), f"Names of `pg.{title}`.", things
    yield "Data", "In `pg.data`.", [getattr(pg.data, name) for name in pg.data.__all__]
    yield "Losses", "Names of `pg.losses`. See [the page about them](losses.md).", [
        getattr(pg.losses, name) for name in pg.losses.__all__
    ]  # fmt: skip
    yield "Simulation", "Made by `net.compile(...)`.", [
        pg.compile_network, pg.compile_networks, pg.register_backend, pg.devices,
        devices.Devices, devices.Processor, simulation.Simulation,
        simulation.Timings, group_views.PopulationView, group_views.GroupView,
        connections.Connections, inspection.Inspection,
    ]  # fmt: skip
    yield "Instances", "Made by `net.compile(instances=n)`.", [
        instance_simulation.InstanceSimulation, instance_view.InstanceView,
        instance_axis.InstancesView, pg.InstanceResults, pg.load_instances,
    ]  # fmt: skip
    yield "Sweeps", "", [pg.Sweep, pg.Search, pg.Batch, pg.load_batch]
    yield "Sinks", "", [pg.Sink, run_sink.RunInfo]
    yield "Exchange", "Names of `pg.exchange`.", [
        exchange.read_spikes, exchange.from_neo, pandas_output.Tables,
        exchange.convert_file, exchange.export_sonata, exchange.import_sonata,
        sonata_models.Cell, sonata_models.Given,
    ]  # fmt: skip
    yield "Results", "", [
        result.Result, recorded_data.SpikeTrain, recorded_data.Samples, recorded_data.SpikeCounts,
        binning.BinnedSpikes,
        pg.load_result, pg.join_results,
    ]  # fmt: skip
    yield "Files", "", [pg.load_network, pg.dump_network, RunSettings]
    fits = [pg.fit_weights, pg.scaling.FitResult, pg.scaling.FitStep, pg.scaling.Target]
    means = [pg.scaling.siegert_rate, pg.scaling.mean_field_rates]
    seen = "See also [Scale and fit weights](scaling.md)."
    yield "Weights", seen, [pg.scale_weights, pg.scale_network, *fits, *means]
    shown = [getattr(plotting, name) for name in plotting.__all__]
    yield "Pictures", "In `pg.plotting`.", shown
    counts = [
        analysis.benchmark_counts, analysis.BenchmarkCounts, analysis.synaptic_events,
        analysis.neuron_updates, analysis.membrane_updates, analysis.activation_sparsity,
        analysis.dense_layer, analysis.Layer, analysis.classification_accuracy, analysis.mse,
        analysis.smape, analysis.r2,
    ]  # fmt: skip
    measures = [getattr(analysis, name) for name in analysis.__all__ if name != "MEASURES"]
    measures = [each for each in measures if each not in counts]
    yield "Measures", "In `pg.analysis`; [a page of their own](measures.md).", measures
    seen = "In `pg.analysis`; see [what they count](counts.md)."
    yield "Counts of benchmarks", seen, counts
    yield "Errors", "In `pg.errors`.", [
        value for value in vars(errors).values() if inspect.isclass(value)
    ]  # fmt: skip


def describe(thing: Any) -> list[str]:
    """A class with its public methods and properties, or a function."""
    name = thing.__name__
    parts = [f"### {name}\n"]
    if not (inspect.isclass(thing) and issubclass(thing, Exception)) or name == "PygennLiteError":
        parts.append(signature(name, thing))
    parts.append(docstring(thing))
    parts += named_examples(name, _AS_METHODS.get(name, f".{name}"))
    if not inspect.isclass(thing) or issubclass(thing, pg.declaration.Distribution):
        return parts
    for key, member in _members(thing).items():
        if key.startswith("_") or _of_stages(thing, key) or not inspect.getdoc(member):
            continue
        if inspect.isfunction(member):
            parts += [f"#### {name}.{key}\n", signature(key, member), docstring(member)]
            parts += named_examples(f".{key}") if name in METHODS_OF else []
        elif isinstance(member, property):
            parts.append(f"- `{name}.{key}`: {(inspect.getdoc(member) or '').strip()}\n")
    return parts


def _members(thing: type[Any]) -> dict[str, Any]:
    """What a class defines; of a network, what the classes that it is made of do, too."""
    bases = [kind for kind in thing.__mro__[1:] if kind.__name__.startswith("With")]
    return {key: member for kind in (thing, *bases) for key, member in vars(kind).items()}


def _of_stages(thing: type[Any], key: str) -> bool:
    """What stages ask of a connectivity rule. Those who write one of their own define others."""
    if thing is pg.Connectivity:
        return key not in ("draw", "expected", "scaled", "validate")
    return issubclass(thing, pg.Connectivity) and hasattr(pg.Connectivity, key)


def named_examples(*names: str) -> list[str]:
    """The scripts that use one of these names, as links; the gallery's order."""
    users = list(dict.fromkeys(example for name in names for example in users_of(name)))
    links = [f"[{e.path.stem}](../examples/{e.path.name})" for e in users[:MOST_EXAMPLES]]
    more = f" and {len(users) - MOST_EXAMPLES} more" if len(users) > MOST_EXAMPLES else ""
    return [f"Used in {', '.join(links)}{more}\n"] if links else []


def signature(name: str, thing: Callable[..., Any]) -> str:
    """How it is called: names and defaults, without annotations."""
    parameters = list(inspect.signature(thing).parameters.values())
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in parameters if p.name != "self"]
    text = f"{name}{inspect.Signature(plain)}"
    if len(text) > 90:
        inner = str(inspect.Signature(plain))[1:-1]
        words = re.split(r", (?![^(]*\))", inner)
        text, line = f"{name}(", "    "
        for word in words:
            if len(line) + len(word) > 86:
                text, line = f"{text}\n{line.rstrip()}", "    "
            line += f"{word}, "
        text = f"{text}\n{line.rstrip().rstrip(',')})"
    return f"```text\n{text}\n```\n"


def docstring(thing: Any) -> str:
    """A docstring as Markdown: lists for parameters, plain text for the rest."""
    text = (inspect.getdoc(thing) or "").replace("``", "`")
    text = re.sub(r":(?:func|class|data):`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text)
    lines = text.splitlines()
    parts: list[str] = []
    section = ""
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if following and set(following) == {"-"} and len(following) >= 4:
            section = line.strip()
            parts.append(f"**{section}**\n" if section != "Notes" else "**Source and notes**\n")
        elif line and set(line) == {"-"}:
            continue
        elif section in LISTS and line.strip():
            if not line.startswith(" "):
                head, _, kind = line.partition(" : ")
                parts.append(f"- `{head}`" + (f" ({kind}):" if kind else ":"))
            else:
                parts.append(f"  {line.strip()}")
        else:
            parts.append(line)
    return fenced_examples("\n".join(parts).strip()) + "\n"


def fenced_examples(text: str) -> str:
    """Put what follows the heading of the examples, up to the next heading, into a fence."""
    before, heading, after = text.partition("**Examples**\n")
    examples, next_heading, rest = after.partition("\n**")
    fence = f"\n```pycon\n{examples.strip()}\n```\n"
    return f"{before}{heading}{fence}{next_heading}{rest}".strip() if heading else text


if __name__ == "__main__":
    sys.exit(main())
