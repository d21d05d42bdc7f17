"""What is given to a trainer and to ``fit`` is checked before anything is trained: a misspelt
option, or one that would do nothing, is refused by name."""

import inspect

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, CheckpointError, ShapeError
from pygenn_lite.training.trainer_options import OF_TRAINER, SessionOptions

LOSS = pg.losses.CrossEntropy("out.V")
DATA = pg.data.yin_yang(30, seed=1)


def network():
    net = pg.Network(dt=1.0, seed=5, name="toy")
    source = net.spike_source("in", 5, [], [])
    out = net.population("out", 3, pg.LIF())
    net.connect(source, out, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=0.0, name="w")
    return net


def trainer(loss=LOSS, optimiser=None, **options):
    return pg.Trainer(network(), loss, optimiser, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: trainer(thread=2), "no option 'thread'; did you mean 'threads'"),
        (lambda: pg.train(network(), DATA, LOSS, validaton=0.2), "did you mean 'validation'"),
        (lambda: trainer(detach_reset=True), "detach_reset=True, but the gradient is exact"),
        (lambda: trainer(pg.losses.WeightPenalty(l2=1.0)), "penalties only"),
        (lambda: pg.optimisers.SGD(0.1, rates=3.0), "rates = 3.0"),
        (lambda: pg.optimisers.SGD(0.1, decays="groups.*"), r"decays=\('groups.\*',\)"),
        (lambda: pg.constraints.Bounds("a", 1.0), "low = 'a', high = 1.0"),
        (lambda: pg.quantise([np.nan], bits=4), "not finite"),
        (
            lambda: pg.losses.Custom("out", "u", [pg.losses.integral("V")]),
            "give at least one by its name",
        ),
    ],
)
def test_what_makes_no_trainer_is_refused(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"validaton": DATA}, "no option 'validaton'; did you mean 'validation'"),
        ({"epochs": 0}, "epochs = 0"),
        ({"epochs": None}, "no training was begun that could be continued"),
        ({"early_stopping": 3}, r"early_stopping=pg.EarlyStopping\(patience=10\)"),
        ({"early_stopping": pg.EarlyStopping()}, "no data for validation(?s:.)*validation=0.1"),
        ({"callbacks": [3]}, "callbacks has 3, which is not a function"),
        ({"callbacks": [print, pg.TensorBoard]}, "is not a function"),
        ({"augment": "jitter"}, r"'jitter'(?s:.)*pg.data.Jitter"),
    ],
)
def test_what_fit_cannot_use_is_refused_before_the_first_epoch(options, message):
    made = trainer()
    with pytest.raises(ArgumentError, match=message):
        made.fit(DATA, **{"epochs": 1, **options})
    assert made._state is None  # nothing was compiled, either


def test_all_options_of_a_trainer_are_those_that_are_checked():
    known = set(inspect.signature(pg.Trainer).parameters) - {"network", "loss", "options"}
    assert known | set(SessionOptions.__annotations__) == set(OF_TRAINER)


def test_a_share_for_validation_may_be_a_number_of_an_array():
    share = np.float32(0.2)
    assert pg.TrainingTask(network(), LOSS, DATA, validation=share).validation == share
    with pytest.raises(ArgumentError, match="sets 0 of 30 samples aside"):
        trainer().fit(DATA, epochs=1, validation=np.float32(0.01))


@pytest.mark.parametrize("share", [float("nan"), 1.0, -0.5])
def test_a_share_that_leaves_nothing_is_refused(share):
    with pytest.raises(ArgumentError, match="of 30 samples aside"):
        trainer().fit(DATA, epochs=1, validation=share)


def test_a_schedule_that_watches_validation_needs_it():
    schedule = pg.schedules.EaseIn() * pg.schedules.Plateau()
    with pytest.raises(ArgumentError, match="watches the loss of validation"):
        trainer(optimiser=pg.optimisers.Adam(0.1, schedule=schedule)).fit(DATA, epochs=1)


def test_accuracy_is_not_watched_where_the_loss_predicts_nothing():
    stopping = pg.EarlyStopping(watched="accuracy")
    with pytest.raises(ArgumentError, match='watched="loss"'):
        trainer(pg.losses.TraceMeanSquare("out.V")).fit(DATA, epochs=1, early_stopping=stopping)


def test_a_checkpoint_that_cannot_be_written_is_told_before_the_first_epoch(tmp_path):
    made = trainer()
    with pytest.raises(CheckpointError, match="cannot write the checkpoint"):
        made.fit(DATA, epochs=1, checkpoint=tmp_path / "nowhere" / "c.npz")
    (tmp_path / "mine.npz").write_text("precious")
    with pytest.raises(ArgumentError, match="is left as it is"):
        made.fit(DATA, epochs=1, checkpoint=tmp_path / "mine.npz")
    assert (tmp_path / "mine.npz").read_text() == "precious"
    assert made._state is None


def test_text_in_place_of_a_checkpoint_is_called_neither_pickled_nor_unsafe(tmp_path):
    (tmp_path / "text.npz").write_text("no")
    with pytest.raises(CheckpointError, match="it is not an archive of arrays"):
        trainer().load(tmp_path / "text.npz")


@pytest.mark.parametrize(
    ("spikes", "labels", "message"),
    [
        (DATA.dense(1.0), np.full(30, -1), "sample 0: the label -1 is negative"),
        (DATA.dense(1.0), 3, "labels = 3"),
        (DATA.dense(1.0)[:0], np.zeros(0, int), r"spikes of shape \(0, 30, 5\)"),
        (DATA.dense(1.0), DATA.labels[:20], r"in place of \(20, steps, 5\): there are 20 labels"),
        (DATA.dense(1.0)[:, :, :4], DATA.labels, "the spike source has 5 neurons"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(spikes, labels, message):
    with pytest.raises((ArgumentError, ShapeError), match=message):
        trainer().fit((spikes, labels), epochs=1)


def test_a_file_in_no_folder_is_called_by_its_own_name():
    history = pg.History([dict(epoch=1, loss=0.5)])
    for write in (history.to_csv, history.to_json):
        with pytest.raises(FileNotFoundError, match=r"'nowhere/metrics\.csv'"):
            write("nowhere/metrics.csv")


def _losses():
    given = {"population": "out", "tau": 2.0, "variable": "out.V", "target": 1.0, "least": 1.0,
             "most": 1.0, "margin": 0.1, "separation": 1.0}  # fmt: skip
    for name in pg.losses.__all__:
        made = getattr(pg.losses, name)
        fields = getattr(made, "__dataclass_fields__", {})
        if fields and name not in ("Custom", "Read", "WeightPenalty"):
            yield made(**{key: value for key, value in given.items() if key in fields})


def test_a_loss_says_whether_it_predicts_as_its_term_does():
    for loss in _losses():
        assert loss.predicts == (loss.term().score is not None), loss
    assert not pg.losses.WeightPenalty().predicts
    read = {"u": pg.losses.integral("V")}
    assert not pg.losses.Custom("out", "u", read).predicts
    assert pg.losses.Custom("out", "u", read, score="u").predicts
    assert (pg.losses.Rate("out", 1.0) + LOSS).predicts
    assert not (pg.losses.Rate("out", 1.0) + pg.losses.Silence("out", 1.0)).predicts


def test_a_loss_without_classes_predicts_none():
    with pytest.raises(ArgumentError, match="predicts no class"):
        trainer(pg.losses.TraceMeanSquare("out.V")).predict(DATA)
