"""The state of a training session as arrays by name: what is trained, slots of the optimiser,
counters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.numeric import whole_number
from pygenn_lite.errors import CheckpointError, Location
from pygenn_lite.runtime.training.program_runner import ProgramRunner
from pygenn_lite.runtime.training.session_parts import SessionParts

Array = npt.NDArray[Any]
WHERE = Location("TrainingSession.restore")
UPDATES = "updates"


class SessionState:
    """Reads and writes a session's state.

    Parameters
    ----------
    parts : SessionParts
    runner : ProgramRunner
        Which counts updates.
    """

    def __init__(self, parts: SessionParts, runner: ProgramRunner) -> None:
        self.parts, self.runner = parts, runner

    def _arrays(self) -> dict[str, Array]:
        """The memory itself, brought up to date."""
        parts = self.parts
        parts.program.fetch()
        found = {f"value/{path}": one.value.values for path, one in parts.parameters.items()}
        if parts.optimiser is not None:
            found |= {f"slots/{path}": slots for path, slots in parts.optimiser.slots.items()}
        if parts.feedback is not None:
            found |= {f"feedback/{g}": rows.values for g, rows in parts.feedback.arrays.items()}
        found |= {} if parts.rewired is None else parts.rewired.arrays()
        for name, of in parts.memory.populations.items():
            found[f"mean spikes/{name}"] = of.mean_counts.whole
        return found

    def read(self) -> dict[str, Array]:
        """Copies."""
        copies = {name: array.copy() for name, array in self._arrays().items()}
        return copies | {UPDATES: np.array(self.runner.updates, np.int64)}

    def write(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Put a state back.

        Raises
        ------
        CheckpointError
            It does not fit; then nothing is changed.
        """
        arrays = self._arrays()
        wanted = {*arrays, UPDATES}
        for name in sorted(wanted ^ set(state)):
            other = nearest(name, state if name in wanted else wanted)
            what = "lacks" if name in wanted else "has"
            raise CheckpointError(
                f"the state {what} {name!r}{other}",
                where=WHERE,
                hint="it is that of another network, optimiser or choice of what is trained",
            )
        given = {name: _fitting(name, state[name], array) for name, array in arrays.items()}
        updates = whole_number(np.asarray(state[UPDATES])[()])
        wrong = None if self.parts.rewired is None else self.parts.rewired.misfit(given)
        if updates is None or updates < 0 or wrong is not None:
            raise CheckpointError(
                f"{wrong or UPDATES!r} makes no sense", where=WHERE, hint="the state was changed"
            )
        for name, array in arrays.items():
            array[...] = given[name]
        for one in self.parts.parameters.values():
            one.fill_behind()
        feedback = self.parts.feedback
        for rows in [] if feedback is None else list(feedback.arrays.values()):
            rows.whole[:, rows.size :] = 0
        if self.parts.rewired is not None:
            self.parts.rewired.place()
        self.runner.updates = updates
        self.parts.program.prepare()


def _fitting(name: str, value: npt.ArrayLike, array: Array) -> Array:
    """What is to be written to an array of the session."""
    given = np.asarray(value)
    kinds = "iu" if array.dtype.kind in "iu" else "iuf"
    with np.errstate(over="ignore"):
        fits = given.dtype.kind in kinds and given.shape == array.shape
        made = given.astype(array.dtype) if fits else given
    if not fits or not np.all(np.isfinite(made)):
        raise CheckpointError(
            f"{name!r} has shape {given.shape} and type {given.dtype}, or is not finite",
            where=WHERE,
            hint=f"in this session it has shape {array.shape} and type {array.dtype}",
        )
    return made
