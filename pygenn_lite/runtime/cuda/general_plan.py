"""The plan "general": a step is a row of launches, recorded once and done again and again; state
and sums lie in the card's memory. It runs every network."""

from __future__ import annotations

from collections.abc import Mapping

from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.plans import Asked, CardPlan
from pygenn_lite.runtime.cuda.sizing import table_of_launches
from pygenn_lite.runtime.cuda.stepping import Stepping


class GeneralPlan(CardPlan):
    """One launch for each run of operations that are alike.

    Parameters
    ----------
    network : CardNetwork
    stepping : Stepping
    """

    name = "general"

    @classmethod
    def refusal(cls, asked: Asked) -> str:
        """It runs every network."""
        return ""

    @classmethod
    def sources(cls, asked: Asked) -> Mapping[str, str]:
        """It needs no more."""
        return {}

    def __init__(self, network: CardNetwork, stepping: Stepping) -> None:
        self._network, self._launches = network, stepping.launches("step")
        self._recorded = network.driver.record([one.launch for one in self._launches])

    def rows(self) -> MemoryRows:
        """It has nothing but the common arrays."""
        return MemoryRows()

    def synapses_changed(self, group: str) -> None:
        """It reads them where they are."""

    def start(self) -> None:
        """It works on the common arrays."""

    def run(self, steps: int) -> None:
        """Ask for so many steps."""
        self._recorded.run(steps)

    def finish(self) -> None:
        """It works on the common arrays."""

    def describe(self) -> str:
        """The launches of a step."""
        head = f"plan general: {len(self._launches)} launches a step"
        return f"{head}\n{table_of_launches([one.sizes for one in self._launches])}"
