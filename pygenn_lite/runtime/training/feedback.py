"""The weights through which errors come back to hidden neurons, where these are not the network's
own: e-prop (see :mod:`pygenn_lite.codegen.trial.eprop`)."""

from __future__ import annotations

from pygenn_lite.codegen.trial.eprop import CUT, OWN, EProp, feedback_roles
from pygenn_lite.runtime.training.padded_rows import Rows
from pygenn_lite.runtime.training.program_memory import ProgramMemory


class FeedbackWeights:
    """What comes back to hidden neurons in e-prop, and through which weights.

    Parameters
    ----------
    eprop : EProp
    memory : ProgramMemory
        Whose records are changed.

    Attributes
    ----------
    arrays : dict of str to Rows
        Weights that are not a group's own, by group, alike in layout.
    learnt : bool
        Whether they get the updates of the group's weights.

    Raises
    ------
    UnsupportedFeatureError
        A hidden population has no synapses to the read-out.
    """

    def __init__(self, eprop: EProp, memory: ProgramMemory) -> None:
        signature = memory.signature
        self.learnt = eprop.feedback == "adaptive"
        self.arrays: dict[str, Rows] = {}
        groups = {g.name: (g.source, g.target) for g in signature.groups}
        models = [p.name for p in signature.populations]
        roles = feedback_roles(eprop, groups, models, [signature.loss.output])
        for name, role in roles.items():
            if role == CUT:
                memory.come_back_through(name, None)
            elif role != OWN:
                self.arrays[name] = self._drawn(eprop, name, memory)
                memory.come_back_through(name, self.arrays[name].address)

    def _drawn(self, eprop: EProp, name: str, memory: ProgramMemory) -> Rows:
        weight = memory.groups[name].weight
        count, size = weight.values.shape
        made = Rows(count, size, memory.trial.dtype, weight.stride)
        made.values[...] = eprop.feedback_weights(name, weight.values)
        return made


def feedback_of(eprop: EProp | None, memory: ProgramMemory) -> FeedbackWeights | None:
    """The feedback of a session; None where gradients come back through the network's weights."""
    return None if eprop is None else FeedbackWeights(eprop, memory)
