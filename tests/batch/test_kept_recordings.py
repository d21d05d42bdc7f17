"""What runs that are kept record."""

from __future__ import annotations

import pytest

import pygenn_lite as pg
from pygenn_lite.batch.kept_recordings import recordings
from pygenn_lite.errors import SweepError


def network() -> pg.Network:
    net = pg.Network()
    net.population("exc", 10, pg.LIF())
    net.population("inh", 5, pg.LIF())
    net.record(net["inh"].spikes)
    return net


def test_texts_say_what_is_recorded() -> None:
    net, wanted = network(), network()
    wanted.recordings.clear()
    wanted.record(wanted["exc"].spikes, wanted["inh"].spikes, wanted["exc"]["V"][:3])
    assert recordings(net, ["all.spikes", "exc.V[:3]"]) == wanted.recordings
    assert len(net.recordings) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ex.spikes", r"record: ex\.spikes: no population or connection is called 'ex'; .*'exc'"),
        ("exc", "record: exc: cannot read what to record in 'exc'"),
        ("exc.W", "record: exc.W: .*'W'"),
    ],
)
def test_what_the_network_does_not_have_is_refused(text: str, message: str) -> None:
    with pytest.raises(SweepError, match=message):
        recordings(network(), [text])
