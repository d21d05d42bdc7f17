"""Says what SymPy cannot work with in the words of the user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pygenn_lite.codegen.structure.parts import speak
from pygenn_lite.codegen.structure.structures import PopulationStructure, SynapseStructure
from pygenn_lite.errors import EquationError, Location, PygennLiteError


@contextmanager
def equations_of(part: PopulationStructure | SynapseStructure) -> Iterator[None]:
    """Let errors raised inside name the population or synapse group, and its variables as the user
    calls them."""
    try:
        yield
    except PygennLiteError as error:
        speak(error, part.names if isinstance(part, PopulationStructure) else {})
        raise
    except (NotImplementedError, RecursionError, TypeError, ValueError) as error:
        # SymPy's, on expressions that no one has thought of.
        kind = "population" if isinstance(part, PopulationStructure) else "synapse group"
        raise EquationError(
            f"the equations are too involved for SymPy ({str(error).strip()[:200]})",
            where=Location.of(kind, part.name),
            hint="write them more plainly: no where() or Piecewise() inside a condition, and "
            "no functions of constants",
        ) from error
