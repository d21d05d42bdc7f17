"""The parts that a population is made of, and how the variables of each are spelled.

Two parts may call a variable alike (the time constants of two receptors, say), so each variable of
a population has a *symbol* of its own. It is spelled here, and nowhere taken apart again: what it
belongs to is kept beside it (:class:`pygenn_lite.codegen.program.signature.Variable`).
"""

from __future__ import annotations

import re

from pygenn_lite.errors import PygennLiteError
from pygenn_lite.records import dataclass

INPUTS = ("poisson", "current", "timed", "noise")


@dataclass(frozen=True, order=True)
class Part:
    """One part of a population.

    Attributes
    ----------
    kind : str
        "own" (the neuron model), "receptor", "pre" or "post" (traces of that side), "poisson",
        "current", "timed" or "noise" (inputs), "coupled" (what continuous transmission gives to
        inputs), "numeric" (what a numerical method adds).
    number : int
        Which one of its kind.
    """

    kind: str = "own"
    number: int = 0

    def symbol(self, name: str) -> str:
        """The symbol of the variable that this part calls `name`."""
        if self.kind in ("own", "numeric"):
            return name
        if self.kind == "receptor":
            return f"{name}__r{self.number}"
        if self.kind in INPUTS:
            ending = "" if name == "value" else f"_{name}"
            return f"{self.kind}__{self.number}{ending}"
        return f"{name}__{self.kind}{self.number}"

    @property
    def is_input(self) -> bool:
        """Whether it is a declared input."""
        return self.kind in INPUTS


OWN, NUMERIC, COUPLED = Part("own"), Part("numeric"), Part("coupled")
Names = dict[str, tuple[str, Part]]  # by symbol: what the part calls it, and the part


def speak(error: PygennLiteError, names: Names) -> None:
    """Put users' words in the place of symbols in an error's text."""

    def word(found: re.Match[str]) -> str:
        symbol = found[0]
        if symbol in names:
            return names[symbol][0]
        bare = symbol.removeprefix("d")  # of a derivative
        return f"d{names[bare][0]}" if bare in names and bare != symbol else symbol

    def spoken(text: str) -> str:
        return re.sub(r"\w+", word, text)

    error.message, error.hint = spoken(error.message), spoken(error.hint)
    error.where = error.where.spelled(spoken)
