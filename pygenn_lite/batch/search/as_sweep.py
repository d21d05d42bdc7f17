"""A sweep over random values between the ends of a search: what its trials are like, before they
are known."""

from __future__ import annotations

from dataclasses import replace

from pygenn_lite.batch.dimension import Drawn
from pygenn_lite.batch.sweep_spec import SweepSpec


def as_sweep(spec: SweepSpec) -> SweepSpec:
    """A sweep of as many runs as a search; a sweep as it is."""
    search = spec.search
    if search is None:
        return spec
    drawn = Drawn(search.names, search.distributions, search.runs, draw=search.seed)
    return replace(spec, search=None, dimensions=(*spec.dimensions, drawn))
