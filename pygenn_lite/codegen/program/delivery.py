"""Decides what each synapse group delivers, and when: at arrivals, weights that are added or a
kernel that runs; kernels at spikes of the target; transmission in every step.

Where its synapses lie is planned in codegen/plan/delivery.py, and what is decided here is carried
out by templates/cpp/engine/delivery.hpp, runtime/cpp/delivery.py and runtime/reference/delivery.py.
"""

from __future__ import annotations

from typing import NamedTuple

from pygenn_lite.codegen.program.signature import Signatures
from pygenn_lite.codegen.structure.structures import GroupBinding, NetworkStructure


class Delivery(NamedTuple):
    """What one synapse group does to its target.

    Attributes
    ----------
    group, source, target : str
    adds_to : str
        Symbol of the target's variable to which arrivals add their weights; "": the group has
        kernels.
    lead : int
        Steps by which arrivals come earlier than at the beginning of their own step: 1 where the
        threshold of the step must see the jump.
    on_pre, on_post : str
        Kernels at arrivals and at spikes of the target ("": none).
    step : str
        Kernel of every step, continuous transmission included ("": none).
    transmits, only_transmits : bool
        Whether that kernel adds to the target, and whether the group does nothing else.
    """

    group: str
    source: str
    target: str
    adds_to: str = ""
    lead: int = 0
    on_pre: str = ""
    on_post: str = ""
    step: str = ""
    transmits: bool = False
    only_transmits: bool = False

    @property
    def is_static(self) -> bool:
        """Whether arrivals add weights, and nothing else happens."""
        return bool(self.adds_to)


def deliveries_of(structure: NetworkStructure, signatures: Signatures) -> dict[str, Delivery]:
    """The deliveries of a network, by group."""
    return {
        name: _static(group) if group.kernel is None else _by_kernels(group, signatures)
        for name, group in structure.groups.items()
    }


def _static(group: GroupBinding) -> Delivery:
    # What comes early waits in a sum, which the step adds before it looks at the threshold.
    adds_to = group.target_variable + ("__sum" if group.lead else "")
    return Delivery(group.name, group.source, group.target, adds_to, group.lead)


def _by_kernels(group: GroupBinding, signatures: Signatures) -> Delivery:
    assert group.kernel is not None
    kernels = signatures.synapses[group.kernel]
    return Delivery(
        group.name,
        group.source,
        group.target,
        lead=kernels.lead,
        on_pre=kernels.on_pre or "",
        on_post=kernels.on_post or "",
        step=kernels.step or "",
        transmits=bool(kernels.sinks),
        only_transmits=kernels.only_transmits,
    )
