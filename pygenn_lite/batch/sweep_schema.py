"""The shape of a sweep file: which keys stand where."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from pygenn_lite.batch.search.search_schema import OptimiseSection
from pygenn_lite.yaml_format.schema import Section
from pygenn_lite.yaml_format.schema_types import Number


def _one_or_several(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise ValueError("should be a condition, or a list of them")


def _mappings(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise ValueError("should be a list of runs, each a mapping of names to values")


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str | dict) else value


def _one_or_list(*types: str) -> WithJsonSchema:
    """The type of a key of which one may stand without the brackets of a list."""
    one: dict[str, Any] = {"type": types[0] if len(types) == 1 else list(types)}
    return WithJsonSchema({"anyOf": [one, {"type": "array", "items": one}]})


Conditions = Annotated[list[str], BeforeValidator(_one_or_several), _one_or_list("string")]
Measures = Annotated[list[Any], BeforeValidator(_several), _one_or_list("string", "object")]
Recorded = Annotated[list[Any], BeforeValidator(_several), _one_or_list("string")]
Rows = Annotated[list[dict[str, Any]], BeforeValidator(_mappings)]


class SweepSection(Section):
    """What differs from run to run. Its parts multiply."""

    grid: dict[str, Any] = Field(
        default={},
        description="Every combination of the values of these names: a list, {linspace: [first, "
        "last, count]}, {logspace: [first, last, count]}, {arange: [first, end, step]}, or for a "
        "seed {repeat: count}.",
    )
    zip: dict[str, Any] = Field(
        default={},
        description="Names whose values go side by side: the first of each, the second, ...",
    )
    list: Rows = Field(
        default=[], description="Runs written out, each a mapping of names to values."
    )
    random: dict[str, Any] = Field(
        default={},
        description="Random values: 'samples' of them; 'method' independent, latin_hypercube or "
        "sobol; 'draw', a seed of their own; and names with {uniform: [low, high]}, {loguniform: "
        "[low, high]}, {normal: [mean, std]}, {integers: [first, last]} or {choice: [...]}. "
        "{repeat: count} runs each of them with so many seeds.",
    )
    constraints: Conditions = Field(
        default=[],
        description="Conditions over swept names; runs that do not fulfil all are left out.",
    )


class SweepRunSection(Section):
    """How long each run is; times in ms."""

    duration: Number | None = Field(
        default=None, description="ms, after the warm-up; by default the network file's."
    )
    warmup: Number | None = Field(
        default=None, description="ms that measures leave out; by default the network file's."
    )


class KeepSection(Section):
    """What is kept of runs besides their measures."""

    spikes: Any = Field(
        default=None,
        description="Whose spikes: all, none, {first: count}, {runs: [numbers or identities]}, or "
        "{where: condition}.",
    )
    traces: Any = Field(default=None, description="Whose recorded variables, in the same words.")


class SweepFile(Section):
    """The whole file."""

    format: Literal[1] = Field(default=1, description="The version of this form.")
    network: str = Field(
        description="A network of the library, a network file, or FILE.py:FUNCTION, which is "
        "called with the swept values and returns a network."
    )
    sweep: SweepSection | None = Field(
        default=None,
        description="What differs from run to run; beside optimise: what each trial is done with.",
    )
    optimise: OptimiseSection | None = Field(
        default=None, description="Values that are searched for, instead of swept."
    )
    set: dict[str, Any] = Field(
        default={}, description="Values that differ from the network's in all runs."
    )
    run: SweepRunSection = Field(
        default_factory=SweepRunSection, description="How long each run is."
    )
    measure: Measures = Field(
        default=["rates"],
        description="Measures of each run: names, {name: {option: value}}, or FILE.py:FUNCTION.",
    )
    keep: KeepSection = Field(
        default_factory=KeepSection, description="What is kept besides the measures."
    )
    record: Recorded = Field(
        default=[],
        description="What is recorded where it is kept, as in network files: exc.spikes, "
        "'exc.V[:10]'.",
    )
    cluster: dict[str, Any] = Field(
        default={},
        description="Of workers that Slurm or Kubernetes starts: options of dask_jobqueue's "
        "SLURMCluster or dask_kubernetes' KubeCluster, and 'jobs', how many jobs or pods.",
    )
    backend: str = Field(default="auto", description="As in net.compile.")
    driver: str = Field(
        default="auto", description="Of backend cuda: cupy, pycuda or emulator (no GPU is needed)."
    )
    device: int = Field(default=0, description="Of backend cuda: the GPU's number.")
    plan: str = Field(
        default="auto", description="Of backend cuda: general, instances or resident."
    )
    precision: str = Field(default="float32", description="float32 or float64.")
    threads: int | None = Field(
        default=None, description="Threads of each process; by default its share of the cores."
    )
    connectivity: str = Field(
        default="own",
        description="own: each seed draws its synapses; shared: all runs have those of the "
        "network's seed.",
    )
