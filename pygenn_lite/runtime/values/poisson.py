"""Alias tables from which compiled code draws Poisson counts of a small rate (see
templates/common/poisson.hpp): 5 bits of a random word choose an entry, 27 decide between the entry
and its alias."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

ENTRIES = 32
EACH = 1 << 27  # words per entry

TABLE_KIND, ONE_RATE_KIND, RATES_KIND = 0, 1, 2


@lru_cache(maxsize=256)
def poisson_table(
    rate: float,
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]] | None:
    """Thresholds and aliases for ``rate`` expected counts, or None where 32 entries do not reach.

    Shares of the 2**32 words are whole numbers and add up without rest. Inputs of one rate share
    their table, in memory too.
    """
    if not 0.0 <= rate <= 20.0:
        return None
    p = [math.exp(-rate)]
    for k in range(1, 2 * ENTRIES):
        p.append(p[-1] * rate / k)
    if math.fsum(p[ENTRIES:]) >= 1e-9:
        return None
    p = p[:ENTRIES]
    total = math.fsum(p)
    share = [int(value / total * 2.0**32 + 0.5) for value in p]
    share[share.index(max(share))] += (1 << 32) - sum(share)

    threshold = np.full(ENTRIES, EACH, dtype=np.uint32)
    alias = np.arange(ENTRIES, dtype=np.uint32)
    poor = [k for k in range(ENTRIES) if share[k] < EACH]
    rich = [k for k in range(ENTRIES) if share[k] >= EACH]
    while poor:  # someone is rich as long as someone is poor: the shares add up to 32 times EACH
        low, high = poor.pop(), rich[-1]
        threshold[low], alias[low] = share[low], high
        share[high] -= EACH - share[low]
        if share[high] < EACH:
            poor.append(rich.pop())
    threshold.flags.writeable = alias.flags.writeable = False
    return threshold, alias
