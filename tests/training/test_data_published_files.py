"""Readers of published files, by small files written in the same formats."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.training.data.n_mnist import read_events

data = pg.data
RANDOM = np.random.default_rng(5)
IMAGES = RANDOM.integers(0, 256, (6, 28, 28)).astype(np.uint8)
LABELS = np.array([3, 1, 4, 1, 5, 9], np.uint8)


# ------------------------------------------------------------------ MNIST
def write_idx(path: Path, array: Any, packed: bool) -> None:
    content = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(
        f">{array.ndim}I", *array.shape
    )
    content += array.tobytes()
    path.write_bytes(gzip.compress(content) if packed else content)


CUT_SHORT = gzip.compress(b"abc" * 99, mtime=0)[:20]


def write_mnist(folder: Path, packed: bool = True, mark: str = "-idx") -> None:
    end = ".gz" if packed else ""
    for name in ("train", "t10k"):
        write_idx(folder / f"{name}-images{mark}3-ubyte{end}", IMAGES, packed)
        write_idx(folder / f"{name}-labels{mark}1-ubyte{end}", LABELS, packed)


def check_mnist(made: Any) -> None:
    assert len(made) == 6 and made.shape == (1, 28, 28) and made.labels.tolist() == LABELS.tolist()
    for k in range(6):
        expected = IMAGES[k].reshape(-1) / 255
        assert made[k].indices.tolist() == np.flatnonzero(expected > 0.2).tolist()
        assert made[k].times == pytest.approx(20 * (1 - expected[expected > 0.2]), abs=1e-4)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("mark", ["-idx", ".idx"])
@pytest.mark.parametrize("read", [data.mnist, data.fashion_mnist])
def test_idx_files_are_read(tmp_path: Path, packed: bool, mark: str, read: Any) -> None:
    write_mnist(tmp_path, packed, mark)
    check_mnist(read(tmp_path))
    check_mnist(read(tmp_path, "test"))
    assert read(tmp_path, encoder=data.Latency(5.0)).duration == 5.0


def test_fashion_has_names() -> None:
    from pygenn_lite.training.data.images import FASHION_CLASSES

    assert len(FASHION_CLASSES) == 10


@pytest.mark.parametrize("heading", ["", "label," + ",".join(f"p{k}" for k in range(784)) + "\n"])
def test_tables_with_the_label_first_are_read(tmp_path: Path, heading: str) -> None:
    for part in ("train", "test"):
        lines = [[int(y), *map(int, x.reshape(-1))] for y, x in zip(LABELS, IMAGES, strict=True)]
        text = heading + "\n".join(",".join(map(str, line)) for line in lines) + "\n"
        (tmp_path / f"mnist_{part}.csv").write_text(text)
        check_mnist(data.mnist(tmp_path, part))


def test_the_small_table_has_the_label_last_and_no_test_part(tmp_path: Path) -> None:
    lines = [[*map(int, x.reshape(-1)), int(y)] for y, x in zip(LABELS, IMAGES, strict=True)]
    text = "\r\n".join(",".join(map(str, line)) for line in lines)
    (tmp_path / "mnist_5k.csv.gz").write_bytes(gzip.compress(text.encode()))
    check_mnist(data.mnist(tmp_path))
    with pytest.raises(pg.errors.ArgumentError, match="the files of mnist are missing"):
        data.mnist(tmp_path, "test")
    (tmp_path / "mnist_5k.csv.gz").write_bytes(gzip.compress(text.split("\r\n")[0].encode()))
    assert len(data.mnist(tmp_path)) == 1
    write_mnist(tmp_path)
    check_mnist(data.mnist(tmp_path))  # the whole, where it is there, too


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train-images-idx3-ubyte.gz", b"not packed", "not begin like an IDX file with 3 axes"),
        ("train-images-idx3-ubyte.gz", CUT_SHORT, "it cannot be unpacked"),
        ("train-labels-idx1-ubyte.gz", struct.pack(">BBBBI", 0, 0, 8, 1, 6) + b"ab",
         "should hold 6 bytes of data, and has 2"),
        ("train-labels-idx1-ubyte.gz", struct.pack(">BBBBI", 0, 0, 8, 1, 1) + b"a",
         "6, 28, 28. and 1 labels do not fit"),
        ("mnist_train.csv", b"1,2,3\n", "its lines are not 785 whole numbers each"),
        ("mnist_train.csv", b"1,2,x\n", "something in it is not a whole number"),
        ("mnist_train.csv", b"", "its lines are not 785 whole numbers"),
        ("mnist_train.csv", b",".join([b"256"] * 785), "is not between 0 and 255"),
    ],
)  # fmt: skip
def test_broken_images_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    write_mnist(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(pg.errors.FileFormatError, match=message) as caught:
        data.mnist(tmp_path)
    assert str(tmp_path) in str(caught.value)


# ------------------------------------------------------------------ SHD and SSC
TIMES = [[0.1, 0.25, 0.9], [0.0, 1.2], [], [0.5]]
UNITS = [[0, 699, 3], [5, 6], [], [7]]
SPEAKERS = [0, 3, 3, 11]


def write_speech(
    path: Path, times: Any = TIMES, units: Any = UNITS, labels: Any = (0, 19, 5, 7),
    speakers: Any = SPEAKERS, kind: Any = np.float16,
) -> None:  # fmt: skip
    with h5py.File(path, "w") as file:
        of_times = file.create_dataset("spikes/times", (len(times),), h5py.vlen_dtype(kind))
        of_units = file.create_dataset("spikes/units", (len(units),), h5py.vlen_dtype(np.uint16))
        for k, row in enumerate(times):
            of_times[k] = np.array(row, kind)
        for k, row in enumerate(units):
            of_units[k] = np.array(row, np.uint16)
        file["labels"] = np.array(labels, np.uint16)
        if speakers is not None:
            file["extra/speaker"] = np.array(speakers, np.uint16)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_speech_is_read(tmp_path: Path, kind: Any) -> None:
    write_speech(tmp_path / "shd_train.h5", kind=kind)
    made = data.shd(tmp_path, "all")
    assert (made.channels, made.classes, made.duration) == (700, 20, 1201.0)
    assert made.spikes_per_sample.tolist() == [3, 2, 0, 1]
    assert made[0].times == pytest.approx([100.0, 250.0, 900.0], rel=1e-3)
    assert made[0].indices.tolist() == [0, 699, 3]
    assert made.groups.tolist() == SPEAKERS and made.class_names[11] == "eins"
    short = data.shd(tmp_path, "all", duration=1000.0)
    assert short.spikes_per_sample.tolist() == [3, 1, 0, 1]


def test_times_that_are_not_finite_are_dropped(tmp_path: Path) -> None:
    write_speech(
        tmp_path / "shd_test.h5",
        [[0.1, np.inf, 0.2], [np.nan], [], [0.5]],
        [[0, 1, 2], [1], [], [7]],
    )
    made = data.shd(tmp_path, "test")
    assert made.spikes_per_sample.tolist() == [2, 0, 0, 1] and made[0].indices.tolist() == [0, 2]


def test_validation_is_by_speakers_that_training_does_not_hear(tmp_path: Path) -> None:
    write_speech(tmp_path / "shd_train.h5")
    assert data.shd(tmp_path).groups.tolist() == [0, 3, 3]
    assert data.shd(tmp_path, "validation").groups.tolist() == [11]
    assert data.shd(tmp_path, "train", speakers=[3]).groups.tolist() == [0, 11]
    assert data.shd(tmp_path, "validation", speakers=[3]).labels.tolist() == [19, 5]
    with pytest.raises(pg.errors.ArgumentError, match=r"no group 4(.|\n)*there are 0, 3, 11"):
        data.shd(tmp_path, speakers=[4])
    write_speech(tmp_path / "shd_train.h5", speakers=None)
    assert data.shd(tmp_path, "all").groups is None
    with pytest.raises(pg.errors.FileFormatError, match="does not say who speaks"):
        data.shd(tmp_path)


def test_speech_commands_have_three_parts(tmp_path: Path) -> None:
    for k, name in enumerate(("train", "valid", "test")):
        write_speech(tmp_path / f"ssc_{name}.h5", labels=(k, 34, 5, 7), speakers=None)
    for k, part in enumerate(("train", "validation", "test")):
        made = data.ssc(tmp_path, part)
        assert made.labels[0] == k and made.classes == 35 and made.groups is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(units=[[0], [5, 6], [], [7]]), "do not have the same lengths"),
        (dict(labels=(0, 1, 2)), "do not have the same lengths"),
        (dict(units=[[0, 700, 3], [5, 6], [], [7]]), "a unit that is not among 700"),
        (dict(times=[[-0.1, 0.2, 0.3], *TIMES[1:]]), "a time below 0"),
    ],
)
def test_speech_that_does_not_fit_is_refused(tmp_path: Path, changes: Any, message: str) -> None:
    write_speech(tmp_path / "shd_test.h5", **changes)
    with pytest.raises(pg.errors.FileFormatError, match=f"shd_test.h5.*{message}"):
        data.shd(tmp_path, "test")


def test_broken_speech_is_named(tmp_path: Path) -> None:
    path = tmp_path / "shd_test.h5"
    write_speech(path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(pg.errors.FileFormatError, match=r"shd_test\.h5.*cannot be read"):
        data.shd(tmp_path, "test")
    with h5py.File(path, "w") as file:
        file["other"] = 1
    with pytest.raises(pg.errors.FileFormatError, match=r"shd_test\.h5.*cannot be read"):
        data.shd(tmp_path, "test")


def test_packed_speech_is_to_be_unpacked(tmp_path: Path) -> None:
    for packed in ("shd_test.h5.gz", "ssc_test.h5.zip"):
        (tmp_path / packed).write_bytes(b"")
    with pytest.raises(pg.errors.ArgumentError, match=r"unpack .*shd_test\.h5\.gz"):
        data.shd(tmp_path, "test")
    with pytest.raises(pg.errors.ArgumentError, match=r"unpack .*ssc_test\.h5\.zip"):
        data.ssc(tmp_path, "test")


# ------------------------------------------------------------------ N-MNIST
def event_bytes(x: int, y: int, p: int, t: int) -> bytes:
    return bytes([x, y, (p << 7) | (t >> 16), (t >> 8) & 255, t & 255])


def write_n_mnist(folder: Path, content: bytes, part: str = "Train") -> None:
    for label in range(10):
        place = folder / part / str(label)
        place.mkdir(parents=True, exist_ok=True)
        for k in range(3):
            (place / f"{k:05}.bin").write_bytes(content)


def test_events_are_read_bit_by_bit(tmp_path: Path) -> None:
    events = [(0, 0, 0, 0), (33, 5, 1, 1234), (7, 33, 1, 100_000), (1, 2, 0, 305_000)]
    write_n_mnist(tmp_path, b"".join(event_bytes(*event) for event in events))
    made = data.n_mnist(tmp_path, duration=300.0)
    assert len(made) == 30 and made.shape == (2, 34, 34)
    assert made.labels.tolist() == np.repeat(np.arange(10), 3).tolist()
    assert made[4].times == pytest.approx([0.0, 1.234, 100.0])
    assert made[4].indices.tolist() == [0, (34 + 5) * 34 + 33, (34 + 33) * 34 + 7]
    assert len(data.n_mnist(tmp_path, samples=2)) == 20


def test_a_clock_that_has_gone_round_counts_on(tmp_path: Path) -> None:
    path = tmp_path / "one.bin"
    path.write_bytes(
        event_bytes(1, 1, 0, 8000) + event_bytes(0, 240, 0, 0) + event_bytes(1, 1, 0, 10)
    )
    times, channels = read_events(path)
    assert times == pytest.approx([8.0, 8.202]) and len(channels) == 2


def test_broken_events_are_named(tmp_path: Path) -> None:
    write_n_mnist(tmp_path, event_bytes(1, 1, 1, 5) + b"ab", "Test")
    with pytest.raises(pg.errors.FileFormatError, match=r"00000\.bin: its 7 bytes are not events"):
        data.n_mnist(tmp_path, "test")
    write_n_mnist(tmp_path, event_bytes(34, 1, 1, 5), "Test")
    with pytest.raises(pg.errors.FileFormatError, match="an event outside 34 x 34"):
        data.n_mnist(tmp_path, "test")


# ------------------------------------------------------------------ missing
@pytest.mark.parametrize(
    ("read", "url", "file"),
    [
        (data.mnist, "storage.googleapis.com", "train-images-idx3-ubyte.gz"),
        (data.fashion_mnist, "zalandoresearch", "train-labels-idx1-ubyte.gz"),
        (data.shd, "zenkelab.org", "shd_train.h5"),
        (data.ssc, "zenkelab.org", "ssc_valid.h5"),
        (data.n_mnist, "garrickorchard", "Train/0/00002.bin"),
    ],
)
def test_one_message_says_where_to_get_what_is_missing(
    tmp_path: Path, read: Any, url: str, file: str
) -> None:
    for folder, there in ((tmp_path, "does not hold them"), (tmp_path / "no", "is not a folder")):
        with pytest.raises(pg.errors.ArgumentError) as caught:
            read(folder)
        text = str(caught.value)
        assert there in text and url in text and f"{folder}/{file}" in text
    with pytest.raises(pg.errors.ArgumentError, match="part = 'dev'"):
        read(tmp_path, "dev")
