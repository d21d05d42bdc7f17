"""A run of a training program on a card: the records of it that are there, its data and results."""

from __future__ import annotations

import ctypes as c
from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cuda.drivers.base import Driver
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.card_arguments import ChunkArgs
from pygenn_lite.runtime.training.card_mirror import CardMirror, CardRecord
from pygenn_lite.runtime.training.data_record import DataRecord
from pygenn_lite.runtime.training.run_order import Order
from pygenn_lite.runtime.training.training_outcome import Results

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class CardRun:
    """What is under way.

    Attributes
    ----------
    args : ChunkArgs
    order : Order
    norms : CardRecord
        Of the gradients of each batch.
    done : CardRecord
        Samples and batches so far.
    """

    args: ChunkArgs
    order: Order
    norms: CardRecord
    done: CardRecord


class ResultsOnCard:
    """Results of a run on the card."""

    def __init__(self, driver: Driver, results: Results) -> None:
        arrays = {
            "loss": results.loss, "outputs": results.outputs, "metrics": results.metrics,
            "prediction": results.prediction, "spikes": results.spikes,
            "tangential": results.tangential, "norm": results.norm,
        }  # fmt: skip
        self._of: Mapping[str, tuple[Array, CardRecord]] = {
            name: (array, CardRecord(driver, array.nbytes)) for name, array in arrays.items()
        }
        for array, on_card in self._of.values():
            if array.nbytes:
                driver.upload(on_card.address, array)
        self.addresses = {name: on_card.address for name, (_, on_card) in self._of.items()}
        self.norm = self._of["norm"][1]

    def read(self) -> None:
        """Fill the results of the host."""
        for array, on_card in self._of.values():
            on_card.read(array)


class DataOnCard:
    """The record of data, with what differs from run to run."""

    def __init__(self, driver: Driver, mirror: CardMirror, data: DataRecord) -> None:
        self._more = CardMirror(driver)
        self._more.add(data.of_run)
        self._gradients: Sequence[Array] = data.gradients
        record = records.Data.from_buffer_copy(data.record)
        self._spikes = CardRecord(driver, c.sizeof(data.spikes))
        self._spikes.write(mirror.translated(data.spikes))
        values = type(data.values).from_buffer_copy(data.values)
        for one in values:
            one.values = mirror.address(one.values)
            one.gradient = self._more.address(one.gradient)
        self._values = CardRecord(driver, c.sizeof(values))
        self._values.write(values)
        self._replayed = CardRecord(driver, c.sizeof(data.replayed))
        if data.data.replayed:
            self._replayed.write(mirror.translated(data.replayed))
            record.replayed = self._replayed.address
        record.spikes, record.values = self._spikes.address, self._values.address
        record.labels, record.targets = (
            mirror.address(record.labels),
            mirror.address(record.targets),
        )
        record.given = self._more.address(record.given)
        self.record = CardRecord(driver, c.sizeof(record))
        self.record.write(record)

    def read(self) -> None:
        """Derivatives by real-valued inputs."""
        if self._gradients:
            self._more.pull()
