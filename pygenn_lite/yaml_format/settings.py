"""What a file says beside the network: how long to run, and what is known of the result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from pygenn_lite.old_names import with_old_names
from pygenn_lite.records import dataclass


@with_old_names
@dataclass(frozen=True)
class RunSettings:
    """How to run a network of a file.

    Attributes
    ----------
    duration : float
        Time to simulate after the warm-up, ms.
    warmup : float
        Time simulated before it, ms; rates do not count it.
    reference_rates : mapping
        Rates by population, Hz, from a paper, say, to be shown beside the measured ones.
    full_scale_rates : mapping
        Rates by population at full scale, Hz, from which `scale_network` restores mean inputs.
    description : str
        What the network is, with its source.
    source : str
        The file, or "<text>".
    training : mapping or None
        How it is trained, as it stands in the file.
    """

    duration: float = 1000.0
    warmup: float = 0.0
    reference_rates: Mapping[str, float] = field(default_factory=dict)
    full_scale_rates: Mapping[str, float] = field(default_factory=dict)
    description: str = ""
    source: str = "<text>"
    training: Mapping[str, Any] | None = None
