"""How steps run on a card: the one interface between a device and its plans.

A plan is given arrays and records that all plans have in common (`CardNetwork`), runs steps, and
leaves what came of them in the common arrays. So reading, writing and checkpoints do not depend on
the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.code import CardSource
from pygenn_lite.runtime.cuda.drivers.base import Card
from pygenn_lite.runtime.recording import Requests

if TYPE_CHECKING:
    from pygenn_lite.runtime.cuda.network_memory import CardNetwork
    from pygenn_lite.runtime.cuda.stepping import Stepping


@dataclass(frozen=True)
class Asked:
    """What a plan is asked to run.

    Attributes
    ----------
    plan : NetworkPlan
        Of one instance.
    source : CardSource
    card : Card
    instances : int
    requests : Requests
    shared : bool
        Whether the instances have their synapses in common.
    own_weights : frozenset of str
        Groups of which they have weights of their own all the same.
    extended : bool
        Whether steps do more than a simulation's: reductions, periodic updates.
    """

    plan: NetworkPlan
    source: CardSource
    card: Card
    instances: int
    requests: Requests
    shared: bool = False
    own_weights: frozenset[str] = frozenset()
    extended: bool = False

    @property
    def draws(self) -> bool:
        """Whether rows of synapses are drawn at every spike."""
        return any(store.storage == "procedural" for store in self.plan.stores)


class CardPlan(Protocol):
    """One way of running steps.

    Attributes
    ----------
    name : str
    whole_sums : bool
        Whether it needs sums of arrivals that fit 32 bits whatever the accumulator.
    """

    name: str
    whole_sums: bool = False

    @classmethod
    def refusal(cls, asked: Asked) -> str:
        """Why it cannot run this, in words; "" where it can. Nothing is allocated before."""
        ...

    @classmethod
    def sources(cls, asked: Asked) -> Mapping[str, str]:
        """Sources of the modules that it needs besides the engine's and the network's, by name."""
        ...

    @classmethod
    def planned_rows(cls, asked: Asked) -> MemoryRows:
        """What it will allocate, beside the common arrays."""
        return MemoryRows()

    def __init__(self, network: CardNetwork, stepping: Stepping) -> None:
        """Allocate what it needs besides.

        Raises
        ------
        InsufficientMemoryError
            The card has no room for it.
        UnsupportedFeatureError
            Only now it is known that it cannot run this.
        """
        ...

    def rows(self) -> MemoryRows:
        """What it has allocated."""
        ...

    def synapses_changed(self, group: str) -> None:
        """Weights of a group have been set between runs."""
        ...

    def start(self) -> None:
        """Before a run: the common arrays are up to date on the card."""
        ...

    def run(self, steps: int) -> None:
        """Ask the card for up to so many steps, without waiting; the card counts them. It stops by
        itself where a record of spikes is full, or all instances have failed."""
        ...

    def finish(self) -> None:
        """Behind a run, when all that was asked is done: variables, sums, spikes, past values and
        counts are in the common arrays again."""
        ...

    def describe(self) -> str:
        """How steps run, for people."""
        ...
