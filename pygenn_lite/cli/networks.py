"""Loads the network that a command line means: name, changes and scale."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pygenn_lite.cli.endings import say
from pygenn_lite.declaration import Network
from pygenn_lite.errors import FileFormatError, Location
from pygenn_lite.scaling import scale_network
from pygenn_lite.yaml_format import RunSettings, load_network
from pygenn_lite.yaml_format.document import parse_fragment

log = logging.getLogger(__name__)


def load(
    name: str, changes: Sequence[str], scale: float | None = None, seed: int | None = None
) -> tuple[Network, RunSettings]:
    """Load a network with the changes of ``--set``, ``--seed`` and ``--scale``."""
    places = dict(_split(change) for change in changes)
    if seed is not None:
        places["network.seed"] = seed
    if name == "-" and sys.stdin.isatty():
        say("reading a network from the terminal; Ctrl-D ends it")
    network, settings = load_network(sys.stdin.buffer if name == "-" else name, places)
    log.info(
        "loaded %s: %d populations, %d synapse groups",
        settings.source, len(network.populations), len(network.groups),
    )  # fmt: skip
    if not network.name:
        network.name = "stdin" if name == "-" else Path(settings.source).stem
    if scale is not None and scale != 1.0:
        if not settings.full_scale_rates:
            raise FileFormatError(
                "the network cannot be scaled: its rates at full scale are not known",
                where=Location(settings.source),
                hint="write them under 'full_scale_rates:'",
            )
        network = scale_network(network, scale, settings.full_scale_rates)
    return network, settings


def _split(change: str) -> tuple[str, Any]:
    path, sign, value = change.partition("=")
    if not sign or not path.strip():
        raise FileFormatError(
            f"'{change[:80]}' is not a valid change",
            where=Location("--set"),
            hint="write --set path=value",
        )
    return path.strip(), parse_fragment(value, f"--set {path.strip()}")
