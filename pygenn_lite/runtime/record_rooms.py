"""Whether records of spikes have held all that came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pygenn_lite.codegen.program.extension import SpikeRecord
from pygenn_lite.errors import Location, SimulationError


class RecordUse(NamedTuple):
    """How many spikes have come to a record, in one instance."""

    record: SpikeRecord
    instance: int
    spikes: int


def check_rooms(uses: Iterable[RecordUse], step: int) -> None:
    """Refuse to continue where a record is full.

    Raises
    ------
    SimulationError
        With the number of spikes and what to raise.
    """
    for use in uses:
        room = use.record.room
        if use.spikes > room:
            raise SimulationError(
                f"the record of spikes holds {room:,}, and about step {step:,} of instance "
                f"{use.instance} there are {use.spikes:,}",
                where=Location.of("population", use.record.population),
                hint="give the record more room (SpikeRecord.room), restart it more often, or let "
                "fewer neurons spike",
            )
