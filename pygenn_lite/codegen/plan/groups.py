"""What is known of a synapse group before it is drawn: who makes its synapses and values and when,
their expected number, the range of their delays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pygenn_lite.declaration.connectivity import Connectivity, Ends, Indices
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.equations import Expression
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SynapseGroup, ends_of
from pygenn_lite.declaration.steps import delay_steps
from pygenn_lite.declaration.values import FrozenArray, Value
from pygenn_lite.records import dataclass

SCATTERED_DELAYS = 64  # different delays in a row, where only drawing could tell
UNCONNECTED_DELAY = 16  # steps that shards take at a time where nothing is connected


@dataclass(frozen=True)
class DrawnGroup:
    """What drawing has told of a group.

    Attributes
    ----------
    count : int or None
        Number of synapses; None: still as expected.
    low, high : int
        Shortest and longest delay, steps.
    every_delay : bool
        Whether this is the range of delays that lie in memory as computed; else only their longest
        has been looked for.
    """

    count: int | None
    low: int
    high: int
    every_delay: bool = False


@dataclass(frozen=True)
class GroupPlan:
    """One synapse group.

    Attributes
    ----------
    group : SynapseGroup
    n_pre, n_post : int
    pairs : str
        Who makes the synapses: "builder", "listed" (given by the user), "python" (drawn by the
        rule's own method, so that only drawing tells their number).
    weight, delay : str
        "one" for all; "drawn" by the builder; "given" by the host with the pairs; "later": by the
        host, once the builder has drawn the pairs.
    count : float
        Synapses; expected ones unless `exact`.
    exact : bool
    low, high : int
        Shortest and longest delay in steps, as far as that can be told.
    every_delay : bool
        Whether `high` is certain; else only drawing tells.
    drawn : bool
        Whether the host has drawn what it draws.
    """

    group: SynapseGroup
    n_pre: int
    n_post: int
    pairs: str
    weight: str
    delay: str
    count: float
    exact: bool
    low: int
    high: int
    every_delay: bool
    drawn: bool = False

    @property
    def name(self) -> str:
        """Of the group."""
        return self.group.name

    @property
    def host_has_pairs(self) -> bool:
        """Whether the host has the synapses as arrays when they are laid down."""
        return self.pairs != "builder" or self.delay == "later"

    @property
    def last_delay(self) -> int:
        """The longest delay, for counting different ones."""
        return self.high if self.every_delay else self.low + SCATTERED_DELAYS - 1

    def with_drawn(self, drawn: DrawnGroup) -> GroupPlan:
        """After drawing."""
        every = self.every_delay or drawn.every_delay
        known = replace(self, low=drawn.low, high=drawn.high, every_delay=every, drawn=True)
        if drawn.count is None:
            return known
        return replace(known, count=float(drawn.count), exact=True)


def plan_groups(network: Network) -> dict[str, GroupPlan]:
    """All groups of a network, told without drawing a synapse."""
    return {name: _plan(network, group) for name, group in network.groups.items()}


def network_delays(ranges: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Shortest and longest delay of a network in steps, from those of its groups."""
    if not ranges:
        return UNCONNECTED_DELAY, UNCONNECTED_DELAY
    greatest = max(high for _, high in ranges)
    return min(greatest, *(low for low, _ in ranges)), greatest


def by_builder(value: Value) -> bool:
    """Whether the builder draws such values itself."""
    if isinstance(value, Distribution):
        return value.native() is not None
    return isinstance(value, (int, float))


def without_spread(value: Value) -> Value:
    """A distribution with one value as the number that it is."""
    only = value.only_value() if isinstance(value, Distribution) else None
    return value if only is None else only


def _plan(network: Network, group: SynapseGroup) -> GroupPlan:
    source, target = network.populations[group.source], network.populations[group.target]
    ends = ends_of(group, source, target)
    rule = group.connectivity
    weight, delay = without_spread(group.weight), without_spread(group.delay)
    given = not (by_builder(weight) and by_builder(delay))
    numbered = rule.numbered(ends.n_pre) is not None
    pairs = "builder"
    if group.spare:
        return _with_room(group, ends, _delays(network.dt, delay, ends, group, pairs, 0.0))
    if rule.by_python and (given or not rule.by_builder):
        pairs = "listed" if numbered else "python"
    delay_made = _made(delay, pairs != "builder")
    count = rule.count(ends)
    total = 0.0 if count is None else count.total
    low, high, every = _delays(network.dt, delay, ends, group, pairs, total)
    return GroupPlan(
        group,
        source.size,
        target.size,
        pairs,
        _made(weight, pairs != "builder" or delay_made == "later"),
        delay_made,
        float(round(total)) if pairs == "python" else total,
        count is not None and count.exact and pairs != "python",
        low,
        high,
        every,
    )


def _with_room(group: SynapseGroup, ends: Ends, delays: tuple[int, int, bool]) -> GroupPlan:
    """A group with room for more synapses: drawn by the host, so that their places are known."""
    count = group.connectivity.count(ends)
    total = float(round((0.0 if count is None else count.total) + group.spare * ends.n_pre))
    return GroupPlan(
        group, ends.n_pre, ends.n_post, "python", "given", "one", total, False, *delays
    )


def _made(value: Value, pairs_are_known: bool) -> str:
    if isinstance(value, (int, float)):
        return "one"
    if by_builder(value):
        return "drawn"
    return "given" if pairs_are_known else "later"


def _delays(
    dt: float, delay: Value, ends: Ends, group: SynapseGroup, pairs: str, count: float
) -> tuple[int, int, bool]:
    """Shortest and longest delay in steps, and whether these are certain. Where only drawing could
    tell the longest: the one that so many synapses exceed once in two networks."""
    if isinstance(delay, Expression):
        if pairs != "listed":
            return 1, 1, False
        values = ends.evaluate(delay, *ends.inside(*_listed(group.connectivity, ends)))
    elif isinstance(delay, FrozenArray):
        values = delay.array
    elif isinstance(delay, Distribution):
        span = delay.ends()
        if span is not None:
            return _steps(span[0], dt), _steps(span[1], dt), True
        beyond = delay.quantile(1.0 - 0.5 / max(count, 1.0))
        return _steps(max(delay.least(), dt), dt), _steps(beyond, dt), False
    else:
        return _steps(delay, dt), _steps(delay, dt), True
    if not values.size:
        return 1, 1, True
    certain = pairs == "listed" or isinstance(delay, Expression)
    return _steps(values.min(), dt), _steps(values.max(), dt), certain


def _listed(rule: Connectivity, ends: Ends) -> tuple[Indices, Indices]:
    """The pairs of a list."""
    inner = rule.inner(ends)
    return rule.pairs(ends, NO_NUMBERS) if inner is None else rule.placed(*_listed(*inner), ends)


def _steps(delay: float, dt: float) -> int:
    return int(delay_steps(float(delay), dt))


class _NoNumbers:
    """Of lists, which are not drawn."""

    def row_uniforms(self, rows: object, count: int) -> np.ndarray:
        raise NotImplementedError

    def generator(self) -> np.random.Generator:
        raise NotImplementedError


NO_NUMBERS = _NoNumbers()
