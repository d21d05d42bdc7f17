"""e-prop: gradients without what spikes do through other neurons of the hidden layer.

The exact factorisation of Bellec et al. (Nat. Commun. 11, 2020, eq. 1) is

    dE/dw_ji = sum over t of (dE/dz_j at t) (dz_j/dw_ji at t, through the neuron itself alone)

where dE/dz_j is total: it goes through all spikes that z_j brings about later. Its second factor is
the eligibility trace e_ji (eq. 13), a recursion forwards in time through the own state h_j,

    eps_ji <- (dh_j'/dh_j) eps_ji + dh_j'/dw_ji,        e_ji = psi_j (dz_j/dh_j) eps_ji.

e-prop replaces the first factor by the *learning signal* (eq. 4): what z_j does to the read-out
directly, L_j = sum over k of B_jk (dE/dy_k). The sum over t of L_j e_ji may be taken from the end
as well: a trial backwards with surrogate derivatives, in which adjoints flow through the own state
as ever, but nothing comes back to a spike except from the read-out, through B. That is the same
program with other pointers: NULL where synapses lead to hidden neurons (what came back is cut), B
where they lead to the read-out. The sums are the same to rounding, and no trace is kept for any
synapse.

B are the read-out's own weights (symmetric e-prop), random ones (as in feedback alignment), or
begin as random ones and get the same updates as the weights (adaptive e-prop, Methods, with the
decay of both by which they become alike). As in the paper, nothing flows back through the reset.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.numeric import check_not_negative, whole_number
from pygenn_lite.errors import ArgumentError, Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.surrogate import Surrogate

FEEDBACK = ("symmetric", "random", "adaptive")
OWN, CUT = "own", "cut"
WHERE = Location("EProp")


@dataclass(frozen=True)
class EProp:
    """Gradients by e-prop, in place of ``gradient="exact"`` or ``"surrogate"``.

    Attributes
    ----------
    feedback : {"symmetric", "random", "adaptive"}
        Whether errors of the read-out come to hidden neurons through the read-out's own weights,
        through random ones, or through ones that are random at first and are learnt with them.
    std : float or None
        Of the random weights, which are normally distributed around 0; None: the root of the mean
        square of the read-out's weights as they are at first.
    seed : int
        Of the random weights.

    Raises
    ------
    ArgumentError
        There is no such feedback.

    Examples
    --------
    >>> gradient = pg.EProp("random", seed=3)
    """

    feedback: str = "symmetric"
    std: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.feedback not in FEEDBACK:
            raise ArgumentError(
                f"feedback = {self.feedback!r}",
                where=WHERE,
                hint='write "symmetric", "random" or "adaptive"',
            )
        if self.std is not None:
            check_not_negative("std", self.std, WHERE)
        seed = whole_number(self.seed)
        if seed is None or not 0 <= seed < 2**64:
            raise ArgumentError(
                f"seed = {self.seed!r}", where=WHERE, hint="give a whole number of at least 0"
            )

    @property
    def surrogate(self) -> Surrogate:
        """The derivative of a spike where none is chosen: that of the paper, for thresholds of
        about 1, ``0.3*max(0, 1 - abs(u))``."""
        from pygenn_lite.codegen.trial.surrogate import surrogate_of

        return surrogate_of("0.3*max(0, 1 - abs(u))", "eprop")

    def feedback_weights(
        self, group: str, weights: npt.NDArray[np.floating]
    ) -> npt.NDArray[np.float64]:
        """B at first, for a group that leads to the read-out: alike in shape to its weights."""
        root = float(np.sqrt(np.mean(np.square(weights, dtype=np.float64)))) if weights.size else 0
        key = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "little")
        random = np.random.Generator(np.random.Philox(key=[self.seed, key]))
        return random.normal(0.0, root if self.std is None else self.std, weights.shape)


def feedback_roles(
    eprop: EProp,
    groups: Mapping[str, tuple[str, str]],
    models: Iterable[str],
    output: Iterable[str],
) -> dict[str, str]:
    """Through which weights of each group something comes back.

    Parameters
    ----------
    eprop : EProp
    groups : mapping of str to (str, str)
        Source and target of each.
    models, output : iterable of str
        Populations that are computed (in no data alone), and those that the loss reads.

    Returns
    -------
    dict of str to str
        "own", "cut", "random" or "adaptive"; for groups from data "cut".

    Raises
    ------
    UnsupportedFeatureError
        A hidden population has no synapses to the read-out: its gradients would be 0.
    """
    hidden = set(models) - set(output)
    read = {source for source, target in groups.values() if target in set(output)}
    deaf = sorted(
        target for source, target in groups.values() if target in hidden - read
    )  # fmt: skip
    if deaf:
        raise UnsupportedFeatureError(
            f"e-prop has no learning signal for population {deaf[0]!r}: it has no synapses to the "
            "read-out, and its gradients would be 0",
            where=WHERE,
            hint=f'connect {deaf[0]} to {", ".join(sorted(output))}, or use gradient="surrogate"',
        )
    role = OWN if eprop.feedback == "symmetric" else eprop.feedback
    return {
        name: role if source in hidden and target in set(output) else CUT
        for name, (source, target) in groups.items()
    }
