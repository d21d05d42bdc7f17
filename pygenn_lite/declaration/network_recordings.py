"""Recordings of a network: `record`."""

from __future__ import annotations

import math

from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.members import Members
from pygenn_lite.declaration.network_parts import recordable
from pygenn_lite.declaration.numeric import Number, plain_number, whole_number
from pygenn_lite.declaration.population import Population
from pygenn_lite.declaration.recorded import Recorded, Recording, SynapsesOf, VariableOf
from pygenn_lite.errors import Location, NetworkError
from pygenn_lite.old_names import with_old_arguments


def _steps_in_ms(network: WithRecordings, every: object) -> object:
    """The interval that an old ``every=``, in steps, stands for."""
    steps = whole_number(every)
    return f"{every!r} steps" if steps is None else steps * network.dt


class WithRecordings(Members):
    """Base of a network: declares what is recorded."""

    @with_old_arguments("Network.record", every=_steps_in_ms)
    def record(self, *variables: Recorded | Population, interval: Number | None = None) -> None:
        """Record ``population.spikes``, ``population["V"]``, a postsynaptic variable
        ``group["I_syn"]``, or some neurons of them: a slice, a list of indices, a mask; of a
        group's synapses ``group["weight"][:10]``.

        Parameters
        ----------
        interval : float, optional
            ms between samples of variables, rounded to steps; by default every step is recorded.
            Recordings of one variable with another interval than the first are found in results as
            e.g. ``V_every_10ms``.

        Raises
        ------
        NetworkError
            What is recorded is of another network; the interval is shorter than a step.

        Examples
        --------
        >>> net = pg.Network()
        >>> cells = net.population("cells", 100, pg.LIF())
        >>> net.record(cells.spikes, cells["V"][:3])
        >>> net.record(cells["V"][::10], interval=2.0)
        """
        ms = _milliseconds(interval)
        for thing in map(recordable, variables):
            if isinstance(thing, SynapsesOf):
                if thing.group not in self.groups:
                    raise NetworkError(f"no synapse group {thing.group!r} in this network")
                self._record(thing, ms)
                continue
            if self._population(thing.population).size != thing.size:
                raise NetworkError(
                    f"{thing.population!r} of another network cannot be recorded in this one",
                    where=Location.of("record"),
                    hint="use what population() of this network returned",
                )
            if isinstance(thing, VariableOf) and thing.group not in ("", *self.groups):
                raise NetworkError(f"no synapse group {thing.group!r} in this network")
            self._record(thing, ms)

    def _record(self, variable: Recorded, interval: float | None) -> None:
        recording = Recording(variable, interval)
        recording.steps(self.dt)  # at least one
        self.recordings.append(recording)


def _milliseconds(interval: object) -> float | None:
    if interval is None:
        return None
    number = plain_number(interval)
    ms = math.nan if number is None else as_float(number)
    if not 0 < ms < 1e12:
        raise NetworkError(
            f"interval = {interval!r}",
            where=Location.of("record"),
            hint="give a number of ms, at least a step",
        )
    return ms
