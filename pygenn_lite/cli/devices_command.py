"""``pygenn-lite devices``: what networks can be run on here."""

from __future__ import annotations

import json

from pygenn_lite.cli.output import write_line


def show_devices(as_json: bool) -> None:
    """Print the processor, the cards, the emulated card, and what is missing for a GPU."""
    from pygenn_lite.runtime.devices import devices

    found = devices()
    write_line(json.dumps(found.to_json(), indent=2) if as_json else str(found))
