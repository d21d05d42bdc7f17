"""Weights that are those of another group, transposed."""

from __future__ import annotations

import math
from typing import ClassVar

from pygenn_lite.declaration.connectivity.base import Connectivity, Count, NativeRule, YamlForm
from pygenn_lite.declaration.connectivity.ends import Ends
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.errors import ConnectivityError, Location
from pygenn_lite.records import dataclass


@dataclass(frozen=True, repr=False)
class Transpose(Connectivity):
    """The synapses of another group in the opposite direction, with its weights as they are at
    each time.

    Parameters
    ----------
    of : str
        Name of the other group: a matrix from this group's target to this group's source, between
        all pairs.
    factor : float
        The weight from i to j is `factor` times the other group's from j to i.

    Examples
    --------
    >>> net = pg.Network()
    >>> low = net.population("low", 4, pg.RateNeuron())
    >>> high = net.population("high", 2, pg.RateNeuron())
    >>> up = net.connect(low, high, pg.RateSynapse(), pg.AllToAll(), weight=pg.Normal(0.0, 1.0))
    >>> down = net.connect(high, low, pg.RateSynapse(), pg.Transpose("low_high", factor=-1.0))
    >>> sim = net.compile()
    >>> up, down = (sim[name].connections().weight for name in ("low_high", "high_low"))
    >>> bool(np.all(down.reshape(2, 4) == -up.reshape(4, 2).T))
    True
    """

    yaml: ClassVar[YamlForm] = YamlForm("transpose", bare="of", fields=("factor",))
    complete: ClassVar[bool] = True

    of: str
    factor: float = 1.0

    def __post_init__(self) -> None:
        number = plain_number(self.factor)
        if not isinstance(self.of, str) or number is None or not math.isfinite(number):
            raise ConnectivityError(
                f"of = {self.of!r}, factor = {self.factor!r}",
                where=Location.of("Transpose"),
                hint="write Transpose(of='name_of_a_group', factor=-1.0)",
            )
        object.__setattr__(self, "factor", float(number))

    @property
    def repeats(self) -> bool:
        """Never."""
        return False

    def count(self, ends: Ends) -> Count:
        """All pairs."""
        return Count(float(ends.n_pre) * ends.n_post, in_degree=ends.n_pre, out_degree=ends.n_post)

    def native(self, n_pre: int, n_post: int) -> NativeRule:
        """As the builder draws it."""
        return NativeRule("all_to_all")

    def scaled(self, k: float, n_pre: int, n_post: int) -> Connectivity:
        """The same."""
        return self
