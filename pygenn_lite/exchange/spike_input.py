"""Spikes out of files of other tools, for ``net.spike_source``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, FileFormatError, Location
from pygenn_lite.exchange.neo_input import joined, segments_of, trains_of
from pygenn_lite.optional import require
from pygenn_lite.runtime.results.files import as_path

if TYPE_CHECKING:
    import h5py

Spikes = tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]
TO_MS = {"ms": 1.0, "milliseconds": 1.0, "s": 1000.0, "seconds": 1000.0}


def read_spikes(
    source: Any, population: str | None = None, *, instance: int | None = None
) -> Spikes:
    """Read spikes of one population, as ``net.spike_source`` takes them.

    Parameters
    ----------
    source : path, or Neo object
        A SONATA file (``/spikes``; our result files are such), an NWB file (its units table), any
        file that Neo reads, or a ``neo.Block``, ``Segment``, ``SpikeTrain`` or list of trains.
    population : str, optional
        Which one; may be left out where there is only one.
    instance : int, optional
        Which instance, of an NWB file or a Neo block of several; of a SONATA file it is part of
        the name, as ``exc.3``.

    Returns
    -------
    times : ndarray of float64, [spikes]
        In ms.
    indices : ndarray of int64, [spikes]
        Which neuron. Of an NWB file or spike trains that do not say it, units are numbered.

    Raises
    ------
    FileFormatError
        The file has no spikes that can be read.
    ArgumentError
        There is no such population or instance; several, and none was named.
    MissingPackageError
        The file is one for Neo, which is not installed.

    Examples
    --------
    >>> net = pg.Network()
    >>> cells = net.population("cells", 3, pg.LIF())
    >>> drive = net.current(cells, 500.0)
    >>> net.record(cells.spikes)
    >>> path = net.compile(threads=1).run(100.0).save("cells.h5")
    >>> times, indices = pg.exchange.read_spikes(path)
    >>> source = pg.Network().spike_source("source", 3, times, indices)
    >>> len(times), len(source.model.times)
    (18, 18)
    """
    if not isinstance(source, (str, Path)):
        return _from_neo(segments_of(source), population, instance, Location("read_spikes"))
    path = as_path(source)
    where = Location(str(path))
    if not path.is_file():
        raise FileFormatError("there is no such file", where=where)
    import h5py

    if h5py.is_hdf5(path):
        with h5py.File(path) as file:
            if isinstance(file.get("spikes"), h5py.Group):
                return _from_sonata(file["spikes"], population, where)
            if "nwb_version" in file.attrs:
                return _from_nwb(file, population, instance, where)
    return _from_neo(_read_by_neo(path, where), population, instance, where)


def _from_sonata(spikes: h5py.Group, population: str | None, where: Location) -> Spikes:
    old = "timestamps" in spikes  # from before there were populations
    return sonata_spikes(spikes if old else spikes[_chosen(list(spikes), population, where)], where)


def sonata_spikes(group: h5py.Group, where: Location) -> Spikes:
    """Spikes of one population: times in ms, and node ids."""
    ids = next((group[name] for name in ("node_ids", "gids") if name in group), None)
    if ids is None or "timestamps" not in group:
        raise FileFormatError(
            f"{group.name} lacks the datasets timestamps and node_ids", where=where
        )
    unit = group["timestamps"].attrs.get("units", "ms")
    unit = unit.decode() if isinstance(unit, bytes) else str(unit)
    if unit not in TO_MS:
        raise FileFormatError(
            f"times in {unit!r}", where=where, hint=f"units that are read: {', '.join(TO_MS)}"
        )
    times = np.asarray(group["timestamps"][:], np.float64) * TO_MS[unit]
    return times, np.asarray(ids[:]).astype(np.int64)


def _from_nwb(
    file: h5py.File, population: str | None, instance: int | None, where: Location
) -> Spikes:
    """Rows of the units table. It is read as it lies in the file: the same in every version of
    NWB, without pynwb, which takes seconds to import."""
    units = file.get("units")
    if units is None or "spike_times" not in units:
        raise FileFormatError("the NWB file has no units with spike times", where=where)
    ends = units["spike_times_index"][:].astype(np.int64)
    kept = np.ones(len(ends), bool)
    if "population" in units:
        names = units["population"].asstr()[:]
        kept &= names == _chosen(list(dict.fromkeys(names)), population, where)
    elif population is not None:
        raise ArgumentError(
            f"the units are not told apart by population, so there is none {population!r}",
            where=where, hint="leave population out",
        )  # fmt: skip
    if "instance" in units:
        found = units["instance"][:]
        kept &= found == _one_instance(sorted(set(found.tolist())), instance, where)
    lengths = np.diff(ends, prepend=0)
    neurons = units["neuron"][:] if "neuron" in units else np.arange(len(ends))
    times = np.asarray(units["spike_times"][:], np.float64) * TO_MS["s"]
    of_kept = np.repeat(kept, lengths)
    return times[of_kept], np.repeat(neurons, lengths)[of_kept].astype(np.int64)


def _read_by_neo(path: Path, where: Location) -> Iterable[Any]:
    io = require("neo.io", "exchange", f"reading spikes from a file such as {path.name}")
    if path.suffix in (".pkl", ".pickle"):
        raise FileFormatError(
            "a pickle can run any code when it is read, so this is left to you",
            where=where,
            hint="if you trust it: read_spikes(neo.io.PickleIO(path).read_block())",
        )
    try:
        return segments_of(io.get_io(str(path)).read_block())
    except Exception as error:  # whatever one of the readers of Neo raises
        raise FileFormatError(
            f"neither SONATA nor NWB, and Neo cannot read it: {error}", where=where
        ) from error


def _from_neo(
    segments: Iterable[Any], population: str | None, instance: int | None, where: Location
) -> Spikes:
    listed = list(segments)
    chosen = listed[_one_instance(list(range(len(listed))), instance, where)]
    try:
        trains = trains_of(chosen)
    except AttributeError:
        raise ArgumentError(
            "what was given is neither a path nor spike trains of Neo",
            where=where,
            hint="give a path, a Block, a Segment or a list of SpikeTrain objects",
        ) from None
    return joined(trains[_chosen(list(trains), population, where)])


def _chosen(names: list[str], population: str | None, where: Location) -> str:
    if population is None and len(names) == 1:
        return names[0]
    if population is None:
        raise ArgumentError(
            f"there are spikes of {names}" if names else "there are no spikes",
            where=where,
            hint="say which: population=...",
        )
    if population not in names:
        raise ArgumentError(
            f"no spikes of {population!r}{nearest(population, names)}",
            where=where,
            hint=f"there are spikes of {names}",
        )
    return population


def _one_instance(numbers: list[int], instance: int | None, where: Location) -> int:
    if instance is None and len(numbers) == 1:
        return numbers[0]
    if instance not in numbers:
        problem = "there are several instances" if instance is None else f"no instance {instance!r}"
        raise ArgumentError(problem, where=where, hint=f"say which: instance={numbers[:1]}...")
    return instance
