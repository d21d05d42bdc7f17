"""The device of the CUDA backend: the instances of a network on a card."""

from __future__ import annotations

from functools import partial

from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.runtime.cuda.instance import CardInstances
from pygenn_lite.runtime.cuda.machine import Machine
from pygenn_lite.runtime.cuda.memory_rows import network_rows
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.plans import CardPlan
from pygenn_lite.runtime.cuda.stepping import Stepping
from pygenn_lite.runtime.device import Device
from pygenn_lite.runtime.recording import Requests


class CardDevice(Machine, Device):
    """A network on a card.

    Parameters
    ----------
    network : CardNetwork
    stepping : Stepping
    plan : CardPlan
    requests : Requests
    connect_seconds : float
        What laying down the synapses took.
    """

    backend = "cuda"
    threads = 1

    def __init__(
        self,
        network: CardNetwork,
        stepping: Stepping,
        plan: CardPlan,
        requests: Requests,
        connect_seconds: float,
    ) -> None:
        self.dtype, self.layout, self.requests = network.place.dtype, network.layout, requests
        self.code = network.code.report(partial(describe_steps, network, plan))
        self.connect_seconds = connect_seconds
        Machine.__init__(self, network, stepping, plan)

    @property
    def instances(self) -> CardInstances:
        """All of them."""
        return CardInstances(self)

    def memory_rows(self) -> MemoryRows:
        """What takes how many bytes of the card."""
        return MemoryRows([*network_rows(self.network), *self.plan.rows()])


def describe_steps(network: CardNetwork, plan: CardPlan) -> str:
    """How steps run, and how fine sums are, for people."""
    sums = [
        f"  {name}: {inbox.what}"
        for name, population in network.populations.items()
        for inbox in population.inboxes.all
    ]
    return "\n".join([plan.describe(), *sums])
