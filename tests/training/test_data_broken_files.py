"""Files with data whose bytes have changed: they are read, or an error names the file."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import pygenn_lite as pg

data = pg.data
RANDOM = np.random.default_rng(8)
Read = Callable[[Path], Any]


def idx(array: Any) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


IMAGES = RANDOM.integers(0, 256, (6, 28, 28)).astype(np.uint8)
LABELS = np.arange(6, dtype=np.uint8)


def of_images(folder: Path) -> Path:
    (folder / "train-images-idx3-ubyte").write_bytes(idx(IMAGES))
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS)))
    return folder / "train-images-idx3-ubyte"


def of_labels(folder: Path) -> Path:
    of_images(folder)
    path = folder / "train-labels-idx1-ubyte"
    path.write_bytes(idx(LABELS))
    return path


def of_lines(folder: Path) -> Path:
    path = folder / "mnist_train.csv"
    rows = (np.concatenate([[k], image.ravel()]) for k, image in enumerate(IMAGES))
    path.write_text("\n".join(",".join(map(str, row)) for row in rows))
    return path


def of_speech(folder: Path) -> Path:
    path = folder / "shd_train.h5"
    with h5py.File(path, "w") as file:
        times = file.create_dataset("spikes/times", (8,), h5py.vlen_dtype(np.float16))
        units = file.create_dataset("spikes/units", (8,), h5py.vlen_dtype(np.uint16))
        for k in range(8):
            times[k] = RANDOM.random(5).astype(np.float16)
            units[k] = RANDOM.integers(0, 700, 5)
        file["labels"], file["extra/speaker"] = np.arange(8), np.arange(8) % 3
    return path


def of_events(folder: Path) -> Path:
    for label in range(10):
        (folder / "Train" / str(label)).mkdir(parents=True)
        events = RANDOM.integers(0, 34, (20, 5)).astype(np.uint8)
        (folder / "Train" / str(label) / "00001.bin").write_bytes(events.tobytes())
    return folder / "Train" / "3" / "00001.bin"


def of_ours(ending: str) -> Read:
    return lambda folder: data.yin_yang(30).save(folder / f"saved{ending}")


FILES: dict[str, tuple[Read, Read]] = {
    "images": (of_images, lambda path: data.mnist(path.parent)),
    "labels": (of_labels, lambda path: data.mnist(path.parent)),
    "lines": (of_lines, lambda path: data.mnist(path.parent)),
    "speech": (of_speech, lambda path: data.shd(path.parent, "all")),
    "events": (of_events, lambda path: data.n_mnist(path.parents[2])),
    "npz": (of_ours(".npz"), data.load_dataset),
    "hdf5": (of_ours(".h5"), data.load_dataset),
}


# What HDF5 does with other bytes in the middle depends on its version, and might be its end.
HDF5 = ("speech", "hdf5")


def changed(content: bytes, random: np.random.Generator, ends_only: bool) -> bytes:
    """Cut short, some bytes overwritten, some left out, some more at the end."""
    made, at = bytearray(content), int(random.integers(len(content)))
    match random.choice([0, 3]) if ends_only else random.integers(4):
        case 0:
            del made[at:]
        case 1:
            for place in random.integers(len(made), size=5):
                made[place] = random.integers(256)
        case 2:
            del made[at : at + 10]
        case _:
            made += random.bytes(7)
    return bytes(made)


@pytest.mark.parametrize("name", FILES)
def test_a_file_whose_bytes_have_changed_is_read_or_named(tmp_path: Path, name: str) -> None:
    write, read = FILES[name]
    path, random = write(tmp_path), np.random.default_rng(3)
    content = path.read_bytes()
    for _ in range(60):
        path.write_bytes(changed(content, random, name in HDF5))
        try:
            read(path)
        except pg.errors.FileFormatError as error:
            assert str(tmp_path) in str(error)


@pytest.mark.parametrize("name", HDF5)
@pytest.mark.parametrize("error", [RuntimeError, MemoryError, TypeError])
def test_whatever_hdf5_raises_is_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, error: type[Exception]
) -> None:
    def broken(*_: Any) -> Any:
        raise error("wrong B-tree signature")

    write, read = FILES[name]
    path = write(tmp_path)
    monkeypatch.setattr(h5py, "File", broken)
    with pytest.raises(pg.errors.FileFormatError, match=rf"{path.name}.*wrong B-tree"):
        read(path)


def test_no_line_of_a_table_is_taken_for_names_that_is_none(tmp_path: Path) -> None:
    path = of_lines(tmp_path)
    lines = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + lines)
    assert len(data.mnist(tmp_path)) == len(IMAGES)
    path.write_bytes(b"label,1x1,1x2\n" + lines)
    assert len(data.mnist(tmp_path)) == len(IMAGES)
    path.write_bytes(b"\x07" + lines[1:])
    with pytest.raises(pg.errors.FileFormatError, match="not a whole number"):
        data.mnist(tmp_path)


def test_a_label_beyond_the_classes_is_said_of_its_file(tmp_path: Path) -> None:
    path = of_labels(tmp_path)
    path.write_bytes(idx(np.array([0, 1, 2, 3, 4, 10], np.uint8)))
    with pytest.raises(pg.errors.FileFormatError, match=r"labels.*label of image 5 is 10"):
        data.mnist(tmp_path)
    with h5py.File(of_speech(tmp_path), "r+") as file:
        file["labels"][2] = 20
    with pytest.raises(pg.errors.FileFormatError, match=r"shd_train.h5, .*sample 2.*label 20"):
        data.shd(tmp_path, "all")


def test_an_array_in_a_file_of_ones_own_is_not_a_dataset(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(pg.errors.FileFormatError, match=r"mine.npz.*cannot be read"):
        data.load_dataset(path)
    saved = dict(np.load(data.yin_yang(3).save(tmp_path / "saved.npz")))
    for name, other in (("version", np.arange(2)), ("channels", np.array("five"))):
        np.savez(path, **{**saved, name: other})
        with pytest.raises(pg.errors.FileFormatError, match=r"mine.npz"):
            data.load_dataset(path)


def test_images_without_an_image_are_refused(tmp_path: Path) -> None:
    of_images(tmp_path).write_bytes(idx(IMAGES[:0]))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS[:0]))
    with pytest.raises(pg.errors.FileFormatError, match="train-images"):
        data.mnist(tmp_path)


@pytest.mark.parametrize("samples", [0, -1, 1.5, "all"])
def test_a_number_of_samples_that_is_none_is_not_taken_for_missing_files(
    tmp_path: Path, samples: Any
) -> None:
    of_events(tmp_path)
    with pytest.raises(pg.errors.ArgumentError, match="samples = "):
        data.n_mnist(tmp_path, samples=samples)
    assert len(data.n_mnist(tmp_path, samples=1)) == 10
