"""What users call the variables of a population."""

from __future__ import annotations

from collections import Counter

from pygenn_lite.codegen.structure.parts import OWN
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import SimulationError
from pygenn_lite.runtime.layout import PopulationLayout, StoredVariable


def public_names(layout: PopulationLayout) -> dict[str, StoredVariable]:
    """Variables and parameters that a user can get and set.

    The neuron's own come first. Those of receptors, traces and inputs have paths
    (``exc_inh.I_syn``, ``drive.weight``), one for each group or input that they belong to; those
    of receptors and traces go by their bare name, too, where there is one of that name only.
    """
    public = [v for v in layout.variables.values() if v.is_public]
    named = {v.called: v for v in public if v.part == OWN}
    count = Counter(v.called for v in public if not v.part.is_input)
    for v in public:
        if not v.part.is_input and count[v.called] == 1:
            named.setdefault(v.called, v)
    for v in public:
        for path in _paths(layout, v):
            named.setdefault(path, v)
    return named


def path_of(layout: PopulationLayout, variable: StoredVariable) -> str:
    """What users call a variable."""
    return next(iter(_paths(layout, variable)), variable.called)


def resolve(layout: PopulationLayout, name: str) -> StoredVariable:
    """What a user calls ``name``, or generated code does.

    Raises
    ------
    SimulationError
        There is none, or several.
    """
    known = public_names(layout)
    if name in known:
        return known[name]
    if name in layout.variables and layout.variables[name].is_public:
        return layout.variables[name]
    found = [path for path, variable in known.items() if variable.called == name]
    if found:
        raise SimulationError(
            f"{name!r} is not unique in population {layout.name!r}",
            hint=f"ask the synapse group, or for one of {found}",
        )
    shown = list(known)
    raise SimulationError(
        f"population {layout.name!r} has no variable or parameter {name!r}{nearest(name, shown)}",
        hint=f"it has {shown}" if shown else "it has none: it replays spikes",
    )


def _paths(layout: PopulationLayout, variable: StoredVariable) -> list[str]:
    return [f"{owner}.{variable.called}" for owner in layout.owners.get(variable.part, ())]
