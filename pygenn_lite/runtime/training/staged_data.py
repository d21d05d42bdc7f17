"""Data as a training program reads it: what a program is fed with, and samples that are placed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.summary import counted
from pygenn_lite.records import dataclass

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Inputs:
    """What a program is fed with.

    Attributes
    ----------
    sizes : mapping of str to int
        Neurons of the populations whose spikes are given, in the order of the program.
    steps : int
        Of a trial.
    dt : float
        ms.
    unnamed : str or None
        The population that data without a name is for, where there are several.
    replayed : tuple of str
        Of these populations, those that have a model.
    """

    sizes: Mapping[str, int]
    steps: int
    dt: float
    unnamed: str | None = None
    replayed: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Of a trial, ms."""
        return self.steps * self.dt


@dataclass(frozen=True, eq=False)
class InputSpikes:
    """Spikes of one population in all samples.

    Attributes
    ----------
    first : ndarray of uint64, [samples]
        Where a sample's spikes begin in `index`.
    begin : ndarray of uint32, [samples, steps + 1]
        Behind `first`: where those of a step begin.
    index : ndarray of uint32
        Neurons.
    most : int
        Spikes of the sample that has most.
    """

    first: npt.NDArray[np.uint64]
    begin: npt.NDArray[np.uint32]
    index: npt.NDArray[np.uint32]
    most: int

    @property
    def nbytes(self) -> int:
        """Of all arrays."""
        return self.first.nbytes + self.begin.nbytes + self.index.nbytes


@dataclass(frozen=True, eq=False)
class StagedValues:
    """Numbers that are added to a state in every step, when arrivals are.

    Attributes
    ----------
    name : str
        "hidden.V".
    population, into, size : int
        Number of the population, and of its state; neurons.
    values : ndarray, [samples, steps, stride]
    """

    name: str
    population: int
    into: int
    size: int
    values: Array


@dataclass(frozen=True, eq=False)
class StagedData:
    """All samples of a dataset, placed.

    Attributes
    ----------
    inputs : Inputs
        Of the program that it was staged for.
    samples : int
    spikes : tuple of InputSpikes
        In the order of the program's populations whose spikes are given.
    labels : ndarray of int32 or None
    targets : ndarray, [samples, ...], or None
    values : tuple of StagedValues
    replayed : mapping of str to InputSpikes
        Spikes that populations with a model have in place of their own.
    """

    inputs: Inputs
    samples: int
    spikes: tuple[InputSpikes, ...]
    labels: npt.NDArray[np.int32] | None = None
    targets: Array | None = None
    values: tuple[StagedValues, ...] = ()
    replayed: Mapping[str, InputSpikes] = field(default_factory=dict)

    def __len__(self) -> int:
        return self.samples

    def with_values(self, values: tuple[StagedValues, ...]) -> StagedData:
        """The same spikes with other real-valued inputs."""
        return replace(self, values=values)

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        own = [one.nbytes for one in self.replayed.values()]
        own += [a.nbytes for a in (self.labels, self.targets) if a is not None]
        own += [one.values.nbytes for one in self.values]
        return sum(own) + sum(one.nbytes for one in self.spikes)

    def __repr__(self) -> str:
        spikes = sum(len(one.index) for one in self.spikes)
        return f"<StagedData: {counted(self.samples, 'sample')}, {counted(spikes, 'spike')}>"
