"""How what arrives in a step is summed: in real numbers, or in whole ones.

Sums of real numbers depend on the order in which they are added; backends keep an order that does
not depend on threads. Sums of whole numbers depend on no order at all, so that devices which add in
any order (GPUs) give the same bits as others. A weight is then a whole multiple of a *unit*: of the
powers of two the largest that is at most 2^-20 of the largest weight onto a variable. 32 bits hold
the sum of at least 1,024 arrivals of the largest weight; more are found, and reported.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from pygenn_lite.codegen.program.delivery import Delivery
from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass

ACCUMULATORS = ("float", "int32")
RESOLUTION_BITS = 20  # of the largest weight, at least
LARGEST_SUM = 2**31 - 1

Variable = tuple[str, str]  # of a population


@dataclass(frozen=True)
class WholeSum:
    """The sum of what arrives at one variable of a population.

    Attributes
    ----------
    population, variable : str
        The symbol of what arrivals add to.
    groups : tuple of str
        Static groups that add to it.
    unit : float
        What the whole number 1 stands for: a power of two.
    """

    population: str
    variable: str
    groups: tuple[str, ...]
    unit: float

    @property
    def what(self) -> str:
        """For people: its resolution and its bound."""
        return f"{self.variable} ({resolution(self.unit, LARGEST_SUM)})"


def check_accumulator(accumulator: str) -> None:
    """Refuse what is not a type of accumulators.

    Raises
    ------
    ArgumentError
        It is not one of them.
    """
    if accumulator not in ACCUMULATORS:
        raise ArgumentError(
            f"accumulator = {accumulator!r}", hint=f"choose one of {', '.join(ACCUMULATORS)}"
        )


def resolution(unit: float, largest: int) -> str:
    """For people: how fine sums of whole numbers are, and what they hold.

    Parameters
    ----------
    unit : float
        What the whole number 1 stands for: a power of two.
    largest : int
        The largest whole number that is held.

    Examples
    --------
    >>> resolution(2.0**-21, LARGEST_SUM)
    'sums of whole numbers, resolution 2^-21 = 4.77e-07, up to 1.02e+03'
    """
    power = math.frexp(unit)[1] - 1
    return f"sums of whole numbers, resolution 2^{power} = {unit:.3g}, up to {largest * unit:.3g}"


def unit_of(largest: float) -> float:
    """The unit for weights up to a size.

    Examples
    --------
    >>> unit_of(1.0) == 2.0**-20, unit_of(0.99) == 2.0**-21, unit_of(0.0)
    (True, True, 1.0)
    """
    if largest == 0.0:
        return 1.0
    return math.ldexp(1.0, math.frexp(largest)[1] - 1 - RESOLUTION_BITS)


def plan_sums(deliveries: Iterable[Delivery], largest: Mapping[str, float]) -> tuple[WholeSum, ...]:
    """The sums of a network, with units that fit its weights.

    Parameters
    ----------
    deliveries : iterable of Delivery
    largest : mapping of str to float
        By static group: the largest size of a weight.
    """
    groups: dict[Variable, list[str]] = {}
    for delivery in deliveries:
        if delivery.is_static:
            groups.setdefault((delivery.target, delivery.adds_to), []).append(delivery.group)
    return tuple(
        WholeSum(population, variable, tuple(names), unit_of(max(largest[n] for n in names)))
        for (population, variable), names in groups.items()
    )
