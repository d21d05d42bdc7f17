"""Samples of variables that single synapses have: weights over time, eligibilities.

Devices record neurons while they run. Synapses are asked for between steps: the run loop stops at
multiples of the interval, and what is read there goes to the same place as other samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.selection import Part
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.device import Instance
from pygenn_lite.runtime.layout import NetworkLayout, StoredVariable
from pygenn_lite.runtime.recording import Requests, Sink, SynapseRequest, VariableRequest

Numbers = npt.NDArray[np.int64]


def requests_of_run(requests: Requests, instance: Instance) -> Requests:
    """All that a run records as samples, those of synapses included: their number is now known.

    Raises
    ------
    NetworkError
        A recording names synapses that the group does not have.
    """
    sampled = [_of_size(r, instance.synapse_count(r.owner)) for r in requests.synapses]
    return replace(requests, variables=(*requests.variables, *sampled))


@dataclass(frozen=True)
class _Sampled:
    """One variable of some synapses."""

    request: VariableRequest
    variable: StoredVariable


class SynapseSampler:
    """Reads what is recorded of synapses at multiples of its interval.

    Parameters
    ----------
    requests : Requests
    instance : Instance
    layout : NetworkLayout
    """

    def __init__(self, requests: Requests, instance: Instance, layout: NetworkLayout) -> None:
        self._instance = instance
        self._sampled = [
            _Sampled(
                _of_size(request, instance.synapse_count(request.owner)),
                layout.groups[request.owner].variables[request.variable],
            )
            for request in requests.synapses
        ]

    def next_after(self, step: int) -> Sequence[int]:
        """The next steps at which one of them is read."""
        return [(step // one.request.every + 1) * one.request.every for one in self._sampled]

    def sample(self, step: int, sink: Sink) -> None:
        """Read those whose time has come."""
        for one in self._sampled:
            request = one.request
            if step % request.every == 0:
                values = self._instance.read(one.variable)[request.indices]
                sink.add_samples(request.owner, request.name, np.array([step]), values[None, :])


def _of_size(request: SynapseRequest, size: int) -> VariableRequest:
    """The request with the numbers of the synapses."""
    parts = [_numbers(part, size, request.owner) for part in request.parts]
    indices = np.unique(np.concatenate(parts)).astype(np.uint32)
    return VariableRequest(
        request.owner, request.variable, request.name, indices, request.every, ""
    )


def _numbers(part: Part, size: int, group: str) -> Numbers:
    if part.chosen is None:
        end = size if part.stop is None else min(part.stop, size)
        numbers, last = np.arange(part.start, end, part.step), part.start
    else:
        numbers = np.asarray(part.chosen.array, np.int64)
        last = int(numbers[-1])
    if last >= max(size, 1):
        raise NetworkError(
            f"synapse {last} is recorded, but there are {size}",
            where=Location.of("synapse group", group),
            hint="they are counted in the order of connections()",
        )
    return numbers
