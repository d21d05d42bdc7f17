"""The memory of all instances of a device."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from pygenn_lite.runtime.cpp.network_memory import InCommon, NetworkMemory
from pygenn_lite.runtime.device import BuildRequest

if TYPE_CHECKING:
    from pygenn_lite.runtime.cpp.connecting import ProgressPart

MOST_RECENT = 256  # instances; the names of one take some 10 KiB


class DeviceMemory:
    """The memory of instances by their numbers.

    What they have lies in arrays and records of the device; `NetworkMemory` gives names to it. Of
    instances with synapses of their own it owns these and is kept; of others it is made when it is
    asked for, and kept while not many others are.

    Parameters
    ----------
    request : BuildRequest
    common : InCommon
    """

    def __init__(self, request: BuildRequest, common: InCommon) -> None:
        self.request, self.common = request, common
        self._kept: dict[int, NetworkMemory] = {}  # the first, and those with synapses of their own
        self._recent: OrderedDict[int, NetworkMemory] = OrderedDict()

    def __len__(self) -> int:
        return len(self.request.networks)

    def connectivity_seed(self, index: int) -> int:
        """Of the synapses of an instance."""
        seeds = self.request.connectivity_seeds
        return seeds[index] if seeds else self.request.networks[index].seed

    def build(self, index: int, progress: ProgressPart) -> NetworkMemory:
        """The memory of the next instance, with its synapses."""
        memory = self._make(index, progress)
        if not index or not self.common.shared:
            self._kept[index] = memory
        else:  # for whoever fills it; of those before nobody has asked for anything
            self._recent = OrderedDict({index: memory})
        return memory

    def __getitem__(self, index: int) -> NetworkMemory:
        """The memory of an instance that was built."""
        found = self._kept.get(index)
        if found is None:
            found = self._recent.get(index) or self._make(index, None)
            self._remember(index, found)
        return found

    def owns_synapses(self, index: int) -> bool:
        """Whether the synapses of an instance are its own, and not those of the first."""
        return not self.common.shared or index == 0

    def _remember(self, index: int, memory: NetworkMemory) -> None:
        self._recent[index] = memory
        self._recent.move_to_end(index)
        if len(self._recent) > MOST_RECENT:
            self._recent.popitem(last=False)

    def _make(self, index: int, progress: ProgressPart | None) -> NetworkMemory:
        return NetworkMemory(
            self.common,
            index,
            self.request.networks[index],
            self.request.structures[index],
            self.connectivity_seed(index),
            progress=progress,
            like=self._kept.get(0) if self.common.shared and index else None,
        )
