"""Results and networks in the formats of other tools: Neo, pandas, xarray, NWB, SONATA.

``result.to_neo()``, ``.to_pandas()``, ``.to_xarray()`` and ``.to_nwb(path)`` stand at the results
themselves. Here is what begins elsewhere: spikes out of files, and whole networks.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pygenn_lite.exchange.convert import convert_file
    from pygenn_lite.exchange.neo_input import from_neo
    from pygenn_lite.exchange.sonata_export import export_sonata
    from pygenn_lite.exchange.sonata_import import import_sonata
    from pygenn_lite.exchange.spike_input import read_spikes

__all__ = ["convert_file", "export_sonata", "from_neo", "import_sonata", "read_spikes"]

_PLACES = {
    "convert_file": "pygenn_lite.exchange.convert",
    "export_sonata": "pygenn_lite.exchange.sonata_export",
    "from_neo": "pygenn_lite.exchange.neo_input",
    "import_sonata": "pygenn_lite.exchange.sonata_import",
    "read_spikes": "pygenn_lite.exchange.spike_input",
}


def __getattr__(name: str) -> Any:
    """Import a function when it is first used."""
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
