"""Recordings of a network: `record`."""

from __future__ import annotations

from pygenn_lite.declaration.members import Members
from pygenn_lite.declaration.network_parts import recordable
from pygenn_lite.declaration.numeric import Whole, whole_number
from pygenn_lite.declaration.population import Population
from pygenn_lite.declaration.recorded import Recorded, Recording, SynapsesOf, VariableOf
from pygenn_lite.errors import Location, NetworkError


class WithRecordings(Members):
    """Base of a network: declares what is recorded."""

    def record(self, *things: Recorded | Population, every: Whole = 1) -> None:
        """Record ``population.spikes``, ``population["V"]``, a postsynaptic variable
        ``group["I_syn"]``, or some neurons of them: a slice, a list of indices, a mask; of a
        group's synapses ``group["weight"][:10]``.

        Parameters
        ----------
        every : int
            Steps between samples of variables. Recordings of one variable with another interval
            than the first are found in results as e.g. ``V_every_10``.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 100, pg.LIF())
        >>> net.record(cells.spikes, cells["V"][:3])
        >>> net.record(cells["V"][::10], every=20)  # every 2 ms
        """
        steps = whole_number(every)
        if steps is None or steps < 1:
            raise NetworkError(
                f"every = {every!r}", where=Location.of("record"), hint="a whole number >= 1"
            )
        for thing in map(recordable, things):
            if isinstance(thing, SynapsesOf):
                if thing.group not in self.groups:
                    raise NetworkError(f"no synapse group {thing.group!r} in this network")
                self.recordings.append(Recording(thing, steps))
                continue
            if self._population(thing.population).size != thing.size:
                raise NetworkError(
                    f"{thing.population!r} of another network cannot be recorded in this one",
                    where=Location.of("record"),
                    hint="use what population() of this network returned",
                )
            if isinstance(thing, VariableOf) and thing.group not in ("", *self.groups):
                raise NetworkError(f"no synapse group {thing.group!r} in this network")
            self.recordings.append(Recording(thing, steps))
