"""What other tools expect of an HDF5 file in the SONATA layout: spikes under /spikes/<population>,
samples of a variable under /report/<population>."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.steps import times_of

if TYPE_CHECKING:
    import h5py

MAGIC = 0x0A7A
SORTING = {"none": 0, "by_id": 1, "by_time": 2}
Key = tuple[str, str]


def mark_file(attributes: Any) -> None:
    """Say of a file that it has the layout."""
    attributes["magic"] = np.uint32(MAGIC)
    attributes["version"] = np.array([0, 1], np.uint32)


def mark_sorted(attributes: Any) -> None:
    """Say of spikes that they come in order of time."""
    import h5py

    kind = h5py.enum_dtype(SORTING, "u1")
    attributes.create("sorting", np.array(SORTING["by_time"], "u1"), dtype=kind)


def report_names(traces: Mapping[Key, Any]) -> dict[Key, str]:
    """What the reports of recorded variables are called: the first of a population (or group) has
    its name, since readers look for that; others are called ``population.variable``."""
    names: dict[Key, str] = {}
    for owner, variable in traces:
        taken = any(o == owner for o, _ in names)
        names[owner, variable] = f"{owner}.{variable}" if taken else owner
    return names


class Report:
    """Samples of one variable as a report. The data are those of the trace, not a copy.

    Parameters
    ----------
    file : h5py.File
    name : str
        Of the report.
    trace : h5py.Group
        With the datasets ``values`` and ``indices``.
    start, every : int
        Step at which the run begins, and steps between samples.
    """

    def __init__(
        self, file: h5py.File, name: str, trace: h5py.Group, start: int, every: int, dt: float
    ) -> None:
        self._every, self._dt = every, dt
        self._first = -(-start // every) * every
        indices = trace["indices"][:]
        group = file.create_group(f"report/{name}")
        group["data"] = trace["values"]
        mapping = group.create_group("mapping")
        mapping["node_ids"] = indices.astype(np.uint64)
        mapping["node_ids"].attrs["sorted"] = np.uint8(True)
        mapping["index_pointers"] = np.arange(len(indices) + 1, dtype=np.uint64)
        mapping["element_ids"] = np.zeros(len(indices), np.uint32)
        self._time = mapping.create_dataset("time", data=self._span(0))
        self._time.attrs["units"] = "ms"

    def update(self, rows: int) -> None:
        """Say that there are so many samples now."""
        self._time[...] = self._span(rows)

    def _span(self, rows: int) -> npt.NDArray[np.float64]:
        end = self._first + rows * self._every
        return np.array([*times_of([self._first, end], self._dt), self._every * self._dt])
