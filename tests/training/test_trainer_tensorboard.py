"""The history of a training for TensorBoard."""

import importlib.util

import pytest

import pygenn_lite as pg

HAS_IT = importlib.util.find_spec("tensorboard") is not None


@pytest.mark.skipif(not HAS_IT, reason="the package tensorboard is not installed")
def test_rows_are_written_as_scalars(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    board = pg.TensorBoard(tmp_path / "log")
    for epoch in (1, 2):
        board({"epoch": epoch, "loss": 1.0 / epoch, "rate.hidden": 5.0})
    read = EventAccumulator(str(tmp_path / "log"))
    read.Reload()
    assert set(read.Tags()["scalars"]) == {"loss", "rate/hidden"}
    assert [(e.step, e.value) for e in read.Scalars("loss")] == [(1, 1.0), (2, 0.5)]


@pytest.mark.skipif(HAS_IT, reason="the package tensorboard is installed")
def test_a_missing_package_is_named(tmp_path):
    with pytest.raises(pg.errors.MissingPackageError, match="tensorboard"):
        pg.TensorBoard(tmp_path)
