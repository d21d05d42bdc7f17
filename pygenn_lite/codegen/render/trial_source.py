"""Renders the source of a training program: the texts of its populations, loss and optimiser, with
the engine around them (templates/training)."""

from __future__ import annotations

from collections.abc import Sequence

from pygenn_lite.codegen.render.environment import environment
from pygenn_lite.records import dataclass

SOURCE = "Source"  # the structure of populations whose spikes are given


@dataclass(frozen=True)
class TrialSource:
    """What the source of a training program is made of.

    Attributes
    ----------
    real : str
        "float" or "double".
    populations : tuple of str
        Names of structures, in the order of the program; ``Source`` for given spikes.
    parts : tuple of str
        Texts that define these, ``struct Loss`` and, if there is an optimiser, ``struct
        Optimiser0``; each with its namespace ``pgl::training``.
    optimiser : bool
    replayed : bool
        Whether spikes of populations with a model may be given.
    """

    real: str
    populations: tuple[str, ...]
    parts: tuple[str, ...]
    optimiser: bool = False
    replayed: bool = False


def render_trial(source: TrialSource) -> str:
    """C++ source of a training program for the processor."""
    return _render("training/program.cpp.jinja", source)


def render_trial_kernels(source: TrialSource, threads: int) -> str:
    """Kernels of a training program for cards, whose blocks have so many threads (a multiple of
    32)."""
    return _render("training/program.cu.jinja", source, threads)


def _render(template: str, source: TrialSource, threads: int = 1) -> str:
    return (
        environment()
        .get_template(template)
        .render(
            real=source.real,
            threads=threads,
            populations=source.populations,
            parts=_stripped(source.parts),
            optimisers=source.optimiser,
            replayed=source.replayed,
        )
    )


def _stripped(parts: Sequence[str]) -> list[str]:
    return [part.strip() for part in parts]
