"""The state of a training session as arrays by name: what is trained, slots of the optimiser,
counters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import CheckpointError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training.feedback import FeedbackWeights
from pygenn_lite.runtime.training.optimiser_memory import OptimiserMemory
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.rewired_groups import RewiredGroups
from pygenn_lite.runtime.training.trained_parameters import TrainedParameter

Array = npt.NDArray[Any]
WHERE = Location("TrainingSession.restore")
UPDATES = "updates"


@dataclass(frozen=True, eq=False)
class SessionState:
    """Where a session's state lies.

    Attributes
    ----------
    parameters : mapping of str to TrainedParameter
    optimiser : OptimiserMemory or None
    memory : ProgramMemory
    updates : int
        So far.
    feedback : FeedbackWeights or None
        Of e-prop.
    rewired : RewiredGroups or None
    """

    parameters: Mapping[str, TrainedParameter]
    optimiser: OptimiserMemory | None
    memory: ProgramMemory
    updates: int
    feedback: FeedbackWeights | None = None
    rewired: RewiredGroups | None = None

    def _arrays(self) -> dict[str, Array]:
        """The memory itself."""
        found = {f"value/{path}": one.value.values for path, one in self.parameters.items()}
        if self.optimiser is not None:
            found |= {f"slots/{path}": slots for path, slots in self.optimiser.slots.items()}
        if self.feedback is not None:
            found |= {f"feedback/{g}": rows.values for g, rows in self.feedback.arrays.items()}
        found |= {} if self.rewired is None else self.rewired.arrays()
        for name, of in self.memory.populations.items():
            found[f"mean spikes/{name}"] = of.mean_counts.whole
        return found

    def read(self) -> dict[str, Array]:
        """Copies."""
        copies = {name: array.copy() for name, array in self._arrays().items()}
        return copies | {UPDATES: np.array(self.updates, np.int64)}

    def write(self, state: Mapping[str, npt.ArrayLike]) -> int:
        """Put a state back; gives the updates so far.

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
        given = {name: np.asarray(state[name]) for name in arrays}
        for name, array in arrays.items():
            if given[name].shape != array.shape or not np.all(np.isfinite(given[name])):
                raise CheckpointError(
                    f"{name!r} has shape {given[name].shape}, or is not finite",
                    where=WHERE,
                    hint=f"its shape in this session is {array.shape}",
                )
        for name, array in arrays.items():
            array[...] = given[name]
        if self.rewired is not None:
            self.rewired.place()
        return int(np.asarray(state[UPDATES]))
