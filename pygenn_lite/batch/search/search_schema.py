"""The shape of the part ``optimise:`` of a sweep file."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from pygenn_lite.yaml_format.schema import Section


class PruneSection(Section):
    """When a trial ends early."""

    every: Any = Field(description="ms of simulated time between two looks at all trials.")
    pruner: str = Field(
        default="median",
        description="median: a trial ends whose best objective so far is worse than the median of "
        "the complete trials at the same time; percentile: worse than another part of them.",
    )
    percentile: Any = Field(
        default=None, description="With pruner: percentile, which; 25 keeps the best quarter."
    )
    startup: int = Field(default=5, description="Complete trials before any is ended.")


class OptimiseSection(Section):
    """What is searched for."""

    parameters: dict[str, Any] = Field(
        description="What is varied: names with {uniform: [low, high]}, {loguniform: [low, high]}, "
        "{integers: [first, last]} or {choice: [...]}.",
    )
    targets: dict[str, Any] = Field(
        default={},
        description="Measures and what they should be: {rates.exc: 10}, or {rates.exc: {value: 10, "
        "weight: 1, scale: 10}}; the sum of the squared relative errors is minimised.",
    )
    maximise: str | None = Field(default=None, description="A measure: cv_isi.exc.")
    minimise: str | None = Field(default=None, description="A measure: synchrony.exc.")
    several: list[dict[str, Any]] = Field(
        default=[],
        description="Several objectives, each {maximise: measure}, {minimise: measure} or "
        "{targets: {...}}; what is found is their Pareto front.",
    )
    runs: int = Field(default=100, description="Number of trials.")
    sampler: str | None = Field(
        default=None,
        description="tpe (the default), random, cmaes, or nsga2 (the default of several "
        "objectives).",
    )
    seed: int = Field(default=0, description="Of the sampler, not of the networks.")
    together: int | None = Field(
        default=None,
        description="Trials that are proposed at a time and simulated side by side: 10, with nsga2 "
        "20.",
    )
    prune: PruneSection | None = Field(default=None, description="When trials end early.")
