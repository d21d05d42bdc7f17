"""Where the parts of a network stand in its file, for errors that only compiling finds."""

from __future__ import annotations

from pygenn_lite.declaration.language.equations import Equation
from pygenn_lite.declaration.origins import Origin
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.locating import located
from pygenn_lite.yaml_format.marks import Place

_OF_NAMES = ("parameters", "initial", "variables")  # mappings whose keys are the user's names


def origin_of(
    context: Context, place: Place, model: Place, equations: tuple[Equation, ...] = ()
) -> Origin:
    """The origin of what is declared at ``place``.

    Parameters
    ----------
    context : Context
    place, model : Place
        Of the population, connection or input, and of its neuron or synapse model; what stands at
        both (a parameter) counts where it is given last.
    equations : tuple of Equation
        The model's: each derivative is found by ``dV/dt``.
    """
    parts = {
        f"d{equation.name}/dt": located(context.document, model, equation.where)
        for equation in equations
        if equation.kind == "derivative"
    }
    for base in (model, place):
        node = context.document.at(base)
        for key, value in node.items() if isinstance(node, dict) else ():
            parts[key] = context.document.where((*base, key))
            if key in _OF_NAMES and isinstance(value, dict):
                parts |= {n: context.document.where((*base, key, n)) for n in value}
    return Origin(context.document.where(place), parts)
