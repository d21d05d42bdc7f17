"""What runs whose spikes or traces are kept record, from the texts of a sweep."""

from __future__ import annotations

from collections.abc import Sequence

from pygenn_lite.declaration import Network
from pygenn_lite.declaration.recorded import Recording
from pygenn_lite.errors import DeclarationError, Location, SweepError
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.recorded_forms import read_recorded


def recordings(network: Network, texts: Sequence[str]) -> list[Recording]:
    """What a network records where only these texts say so.

    Parameters
    ----------
    network : Network
        It is left as it is.
    texts : sequence of str
        As in network files: ``exc.spikes``, ``exc.V[:10]``, ``all.spikes``.

    Raises
    ------
    SweepError
        A text names what the network does not have.
    """
    own = network.copy()
    own.recordings.clear()
    document = Document({}, "record")
    for text in texts:
        try:
            for thing in read_recorded(document, own, text, (text,)):
                own.record(thing)
        except DeclarationError as error:
            raise SweepError(
                error.message, where=Location(f"record: {text}"), hint=error.hint
            ) from None
    return own.recordings
