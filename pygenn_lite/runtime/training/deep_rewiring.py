"""Deep rewiring: sparse synapse groups that choose their synapses while they are trained.

Bellec, Kappel, Maass and Legenstein, *Deep rewiring* (ICLR 2018): each synapse has a sign that it
keeps; one whose weight comes to 0 is removed, and as many new ones appear at random places, with
weight 0. The number of synapses is always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.numeric import check_not_negative, whole_number
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.training.limits import Limits

Array = npt.NDArray[Any]
Integers = npt.NDArray[np.int64]
WHERE = Location("DeepRewiring")
FEW = 4  # so many times as many free places as are wanted: fewer are listed, not searched by chance


@dataclass(frozen=True)
class DeepRewiring:
    """How sparse groups are rewired between updates.

    Attributes
    ----------
    groups : str
        Names of groups, with ``*`` for any characters. Each has one weight per synapse.
    every : int
        Batches from one rewiring to the next.
    signs : {"random", "source"}
        The sign of a new synapse: either with equal chance, or the one that its source's others
        have (Dale's principle).
    noise : float
        Standard deviation of what is added to all weights of the groups at each rewiring: the
        random walk of the paper, sqrt(2 rate temperature every).
    seed : int
        Of the random places, signs and noise.

    Raises
    ------
    ArgumentError
        A value makes no sense.

    Examples
    --------
    >>> rewiring = pg.DeepRewiring("w_in", every=10)
    """

    groups: str = "*"
    every: int = 1
    signs: str = "random"
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value, least in (("every", self.every, 1), ("seed", self.seed, 0)):
            number = whole_number(value)
            if number is None or number < least:
                raise ArgumentError(
                    f"{name} = {value!r}",
                    where=WHERE,
                    hint=f"give a whole number of at least {least}",
                )
        if self.signs not in ("random", "source"):
            raise ArgumentError(
                f"signs = {self.signs!r}", where=WHERE, hint='write "random" or "source"'
            )
        check_not_negative("noise", self.noise, WHERE)

    def random(self, group: str, number: int) -> np.random.Generator:
        """The random numbers of a rewiring: a function of seed, group and number alone."""
        key = int.from_bytes(group.encode()[-8:], "little")
        return np.random.Generator(np.random.Philox(key=[self.seed, key], counter=number << 128))


@dataclass(frozen=True, eq=False)
class Rewired:
    """Synapses after a rewiring, ordered by source, then target.

    Attributes
    ----------
    pre, post : ndarray of int64
    origin : ndarray of int64
        Which of the synapses before each is; -1 for new ones.
    """

    pre: Integers
    post: Integers
    origin: Integers

    def carried(self, values: Array, fresh: float = 0.0) -> Array:
        """Values of synapses [..., n] in their new order; `fresh` for new ones."""
        made: Array = values[..., self.origin]
        made[..., self.origin < 0] = fresh
        return made


def rewired_synapses(
    ends: tuple[Integers, Integers],
    dormant: npt.NDArray[np.bool_],
    sizes: tuple[int, int],
    random: np.random.Generator,
) -> Rewired:
    """Exchange dormant synapses for new ones at random places.

    Parameters
    ----------
    ends : (pre, post)
        Of all synapses.
    dormant : ndarray of bool
        Those that are removed.
    sizes : (int, int)
        Neurons on both sides.
    random : numpy.random.Generator

    Returns
    -------
    Rewired
        New synapses are drawn uniformly from the pairs that have none (of those that stay).
    """
    pre, post = ends
    stay = np.flatnonzero(~dormant)
    taken = np.sort(pre[stay] * sizes[1] + post[stay])
    codes = _free_codes(taken, int(dormant.sum()), sizes[0] * sizes[1], random)
    all_codes = np.concatenate([pre[stay] * sizes[1] + post[stay], codes])
    origin = np.concatenate([stay, np.full(len(codes), -1)])
    order = np.argsort(all_codes, kind="stable")
    made = all_codes[order]
    return Rewired(made // sizes[1], made % sizes[1], origin[order])


def signs_of_new(
    rewiring: DeepRewiring, made: Rewired, weights: Array, random: np.random.Generator
) -> npt.NDArray[np.float64]:
    """The sign of each synapse after a rewiring (of those before: `weights`, where not 0).

    Signs "source" are those of the sum of a neuron's weights; of neurons without any, random.
    """
    signs = np.sign(made.carried(np.asarray(weights, np.float64)))
    drawn = np.where(random.random(len(signs)) < 0.5, -1.0, 1.0)
    if rewiring.signs == "source":
        sums = np.bincount(made.pre, made.carried(np.asarray(weights, np.float64)))
        of_source = np.sign(sums)[made.pre]
        drawn = np.where(of_source != 0, of_source, drawn)
    return np.where(made.origin < 0, drawn, signs)


def signs_kept(weights: Array, rewiring: DeepRewiring) -> Limits:
    """The sign of each weight as bounds; of weights that are 0 it is drawn."""
    drawn = np.where(rewiring.random("signs", 0).random(weights.shape) < 0.5, -1.0, 1.0)
    signs = np.where(weights == 0, drawn, np.sign(weights))
    return Limits(np.where(signs > 0, 0.0, -np.inf), np.where(signs > 0, np.inf, 0.0))


def _free_codes(
    taken: Integers, wanted: int, total: int, random: np.random.Generator
) -> Sequence[int] | Integers:
    """Different numbers below `total` that are not among sorted ones."""
    free = total - len(taken)
    if free < FEW * wanted:
        known = np.setdiff1d(np.arange(total), taken, assume_unique=True)
        return random.choice(known, wanted, replace=False)
    found = np.zeros(0, np.int64)
    while len(found) < wanted:
        more = random.integers(0, total, 2 * (wanted - len(found)) + 16)
        joined = np.concatenate([found, more[~np.isin(more, taken)]])
        _, first = np.unique(joined, return_index=True)
        found = joined[np.sort(first)]  # in the order in which they were drawn
    return found[:wanted]
