"""Spikes that other tools have written are read, each in the units of its format."""

import h5py
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.exchange import from_neo, read_spikes

DAMAGED, WRONG = pg.errors.FileFormatError, pg.errors.ArgumentError


def sonata(path, unit="ms", names=("timestamps", "node_ids"), populations=("a",)):
    with h5py.File(path, "w") as file:
        for k, name in enumerate(populations):
            group = file.create_group(f"spikes/{name}")
            group[names[0]] = np.array([1.5, 0.5, 7.0]) + k
            group[names[0]].attrs["units"] = unit
            group[names[1]] = np.array([2, 0, 1], np.uint64)
    return path


def test_a_sonata_file_gives_times_in_ms_in_its_order(tmp_path):
    times, indices = read_spikes(sonata(tmp_path / "a.h5"))
    assert times.tolist() == [1.5, 0.5, 7.0] and indices.tolist() == [2, 0, 1]
    times, _ = read_spikes(sonata(tmp_path / "s.h5", unit="s"))
    assert times.tolist() == [1500.0, 500.0, 7000.0]
    times, _ = read_spikes(sonata(tmp_path / "two.h5", populations=("a", "b")), "b")
    assert times.tolist() == [2.5, 1.5, 8.0]


def test_a_file_from_before_there_were_populations_is_read(tmp_path):
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file["spikes/timestamps"], file["spikes/gids"] = [3.0, 4.0], [7, 8]
    times, indices = read_spikes(tmp_path / "old.h5")
    assert times.tolist() == [3.0, 4.0] and indices.tolist() == [7, 8]


def test_spikes_that_libsonata_reads_are_those_that_we_read(tmp_path):
    libsonata = pytest.importorskip("libsonata")
    path = sonata(tmp_path / "a.h5")
    found = libsonata.SpikeReader(str(path))["a"].get_dict()
    times, indices = read_spikes(path)
    assert np.array_equal(times, found["timestamps"])
    assert np.array_equal(indices, found["node_ids"])


def test_units_that_pynwb_has_added_one_by_one_are_numbered(tmp_path):
    import datetime

    import pynwb

    file = pynwb.NWBFile("d", "i", datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    for times in ([0.25, 0.5], [], [0.125]):
        file.add_unit(spike_times=times)
    with pynwb.NWBHDF5IO(str(tmp_path / "a.nwb"), "w") as io:
        io.write(file)
    times, indices = read_spikes(tmp_path / "a.nwb")
    assert times.tolist() == [250.0, 500.0, 125.0] and indices.tolist() == [0, 0, 2]
    with pytest.raises(pg.errors.ArgumentError, match="not told apart by population"):
        read_spikes(tmp_path / "a.nwb", "exc")


def trains():
    import neo
    import quantities as pq

    return [
        neo.SpikeTrain([0.001, 0.003] * pq.s, t_stop=1.0),
        neo.SpikeTrain([2.0] * pq.ms, t_stop=1000.0, sampling_rate=10 * pq.kHz),
    ]


def test_spike_trains_of_neo_without_annotations_are_numbered():
    times, indices = read_spikes(trains())
    assert times.tolist() == [1.0, 3.0, 2.0] and indices.tolist() == [0, 0, 1]
    times, indices = read_spikes(trains()[1])
    assert times.tolist() == [2.0] and indices.tolist() == [0]


def test_a_segment_of_pynn_is_told_apart_by_its_annotations():
    import neo

    segment = neo.Segment()
    for index, train in zip((4, 2), trains(), strict=True):
        train.annotate(source_population="exc", source_index=index)
        segment.spiketrains.append(train)
    result = from_neo(segment, dt=0.5)
    assert result.sizes == {"exc": 5} and result.stop_step == 2000
    assert result.spikes["exc"].steps.tolist() == [2, 4, 6]
    assert result.spikes["exc"].indices.tolist() == [4, 2, 4]
    assert result.recorded_neurons("exc") == 2
    assert result.rates()["exc"] == 1.6  # 3 spikes of 2 neurons in 1 s, times 5 neurons: 8 of 7.5


@pytest.mark.parametrize(
    ("ask", "kind", "text"),
    [
        (lambda p: read_spikes(p / "none.h5"), DAMAGED, "no such file"),
        (
            lambda p: read_spikes(sonata(p / "a.h5", unit="h")),
            DAMAGED,
            "times in 'h'.*ms",
        ),
        (
            lambda p: read_spikes(sonata(p / "a.h5"), "b"),
            WRONG,
            r"no spikes of 'b'.*\['a'\]",
        ),
        (
            lambda p: read_spikes(sonata(p / "a.h5", populations="ab")),
            WRONG,
            r"spikes of \['a', 'b'\].*population=",
        ),
        (
            lambda p: read_spikes(sonata(p / "a.h5", names=("timestamps", "ids"))),
            DAMAGED,
            "lacks the datasets timestamps and node_ids",
        ),
        (lambda p: read_spikes(3), WRONG, "neither a path nor spike trains"),
        (lambda p: read_spikes(trains(), instance=2), WRONG, "no instance 2"),
        (lambda p: from_neo(3), WRONG, "int is neither a block nor a segment"),
        (lambda p: from_neo(segment_of(trains()[:1])), WRONG, "sampling rate.*give dt"),
        (lambda p: from_neo(segment_of(trains()), dt=0), WRONG, "dt = 0"),
        (lambda p: from_neo(segment_of([])), WRONG, "the segment is empty"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path, ask, kind, text):
    with pytest.raises(kind, match=f"(?s){text}"):
        ask(tmp_path)


def segment_of(trains):
    import neo

    segment = neo.Segment()
    segment.spiketrains.extend(trains)
    return segment


def test_files_that_are_none_of_these_and_pickles_are_refused(tmp_path):
    (tmp_path / "a.pkl").write_bytes(b"x")
    with pytest.raises(pg.errors.FileFormatError, match=r"(?s)run any code.*PickleIO"):
        read_spikes(tmp_path / "a.pkl")
    (tmp_path / "a.xyz").write_bytes(b"x")
    with pytest.raises(pg.errors.FileFormatError, match="neither SONATA nor NWB"):
        read_spikes(tmp_path / "a.xyz")
    with h5py.File(tmp_path / "a.nwb", "w") as file:
        file.attrs["nwb_version"] = "2.7.0"
    with pytest.raises(pg.errors.FileFormatError, match="no units with spike times"):
        read_spikes(tmp_path / "a.nwb")
