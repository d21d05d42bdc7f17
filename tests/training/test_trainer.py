"""The trainer: what it makes of epochs, data, checkpoints and interruptions. In place of the
program there is a softmax regression with the same interface."""

import os
import signal
import warnings

import numpy as np
import pytest
from fake_session import WEIGHT, FakeSession

import pygenn_lite as pg
from pygenn_lite.training.data import SpikeDataset
from pygenn_lite.training.data_forms import as_dataset, split_validation
from pygenn_lite.training.training_setup import TrainingSetup


@pytest.fixture(autouse=True)
def fake(monkeypatch):
    """Each test with a session class of its own."""

    class Session(FakeSession):
        pass

    def session(self, duration):
        return Session(
            self.network, loss=self.loss, steps=self.steps(duration), batch=self.batch,
            gradient=self.gradient, optimiser=self.optimiser, seed=self.seed, input=self.input,
            **self.options,
        )  # fmt: skip

    monkeypatch.setattr(TrainingSetup, "session", session)
    return Session


def network(inputs=4, classes=3, seed=5):
    net = pg.Network(dt=1.0, seed=seed, name="toy")
    source = net.spike_source("in", inputs, [], [])
    out = net.population("out", classes, pg.LIF())
    net.connect(source, out, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=0.0, name="w")
    return net


def dataset(samples=90, channels=4, classes=3, duration=20.0, seed=1):
    """The class is the channel with the late spike."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, samples)
    channel = np.tile(np.arange(channels), (samples, 1))
    late = np.where(channel == labels[:, None], 15.0, 4.0)
    times = late + rng.uniform(0.0, 3.0, late.shape)
    begin = np.arange(samples + 1) * channels
    return SpikeDataset(times.ravel(), channel.ravel(), begin, channels, duration, labels)


LOSS = pg.losses.CrossEntropy("out.V")


def trainer(net=None, rate=0.5, **options):
    return pg.Trainer(net or network(), LOSS, pg.optimisers.Adam(rate), **{"batch": 8, **options})


def test_a_training_learns_and_tells_it_in_its_history():
    made = trainer()
    history = made.fit(dataset(), epochs=8, validation=dataset(60, seed=2))
    assert history is made.history
    assert history["epoch"].tolist() == list(range(1, 9))
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["validation_accuracy"][-1] == 1.0
    assert history["learning_rate"].tolist() == [0.5] * 8
    assert np.all(history["seconds"] > 0)
    assert np.all(history["margin"] == 0.5)
    assert np.all(history["tangential"] >= 2)
    # 0, 1 and 2 spikes of three neurons in 20 ms
    assert history["rate.out"] == pytest.approx([50.0] * 8)
    assert history["silent.out"] == pytest.approx([1 / 3] * 8)


def test_evaluation_changes_nothing_and_counts_confusions():
    made = trainer()
    made.fit(dataset(), epochs=2)
    before = made.parameters[WEIGHT]
    found = made.evaluate(dataset(50, seed=3))
    assert np.array_equal(made.parameters[WEIGHT], before)
    assert found.confusion.sum() == 50
    assert np.trace(found.confusion) == round(found.accuracy * 50)
    assert np.array_equal(found.predictions, made.predict(dataset(50, seed=3)))
    assert found.outputs.shape == (50, 3)
    assert found.to_dict()["rates_hz"] == pytest.approx({"out": 50.0})


def test_the_seed_decides_the_order_and_nothing_else_does():
    one, same, other = trainer(), trainer(), trainer(seed=6)
    for each in (one, same, other):
        each.fit(dataset(), epochs=2)
    assert np.array_equal(one.parameters[WEIGHT], same.parameters[WEIGHT])
    assert not np.array_equal(one.parameters[WEIGHT], other.parameters[WEIGHT])


def test_two_calls_of_fit_are_one_of_twice_the_epochs():
    one, two = trainer(), trainer()
    one.fit(dataset(), epochs=4)
    two.fit(dataset(), epochs=2)
    two.fit(dataset(), epochs=2)
    assert np.array_equal(one.parameters[WEIGHT], two.parameters[WEIGHT])
    assert two.epochs == 4


def test_a_schedule_sees_all_batches_that_are_planned(fake):
    seen = []

    class Falling:
        def factors(self, batches, training):
            seen.append((training.epochs, training.batches, training.validation))
            return 1.0 - batches / (training.epochs * training.batches)

    optimiser = pg.optimisers.SGD(0.1, schedule=Falling())
    made = pg.Trainer(network(), LOSS, optimiser, batch=30)
    made.fit(dataset(90), epochs=2, validation=dataset(30, seed=2))
    assert fake.made[0].rates == pytest.approx(0.1 * (1 - np.arange(6) / 6))
    assert {each[:2] for each in seen} == {(2, 3)}
    assert seen[-1][2] == (made.history["validation_loss"][0],)


# --------------------------------------------------------------------- checkpoints


def test_a_checkpoint_continues_bit_for_bit(tmp_path):
    whole, half, rest = trainer(), trainer(), trainer()
    whole.fit(dataset(), epochs=4)
    half.fit(dataset(), epochs=2)
    rest.load(half.save(tmp_path / "half.npz"))
    assert rest.epochs == 2
    rest.fit(dataset(), epochs=2)
    assert np.array_equal(whole.parameters[WEIGHT], rest.parameters[WEIGHT])
    for name in ("loss", "accuracy", "rate.out", "silent.out"):
        assert whole.history[name].tolist() == rest.history[name].tolist()


def interrupted_fit(made, data, after, **options):
    """Ctrl-C in the piece in which so many updates are done."""
    session = made._known().session
    run = session.run

    def run_and_interrupt(*arguments, **known):
        found = run(*arguments, **known)
        if session.updates >= after:
            session.run = run
            os.kill(os.getpid(), signal.SIGINT)
        return found

    session.run = run_and_interrupt
    with pytest.warns(RuntimeWarning, match=r"interrupted in epoch 2 of 3; fit\(data, None\)"):
        made.fit(data, **options)


def test_an_interrupted_training_continues_as_if_nothing_had_happened(tmp_path, monkeypatch):
    monkeypatch.setattr("pygenn_lite.training.fitting.PIECE_SECONDS", 0.0)  # a batch at a time
    whole, torn, rest = trainer(duration=20.0), trainer(duration=20.0), trainer(duration=20.0)
    whole.fit(dataset(), epochs=3)
    interrupted_fit(torn, dataset(), after=17, epochs=3)
    assert torn.interrupted
    assert torn.epochs == 1
    rest.load(torn.save(tmp_path / "torn.npz"))
    for each in (torn, rest):
        each.fit(dataset(), None)
        assert not each.interrupted
        assert np.array_equal(whole.parameters[WEIGHT], each.parameters[WEIGHT])
        for name in ("loss", "accuracy", "rate.out"):
            assert whole.history[name].tolist() == each.history[name].tolist()


def test_an_interrupted_epoch_is_not_ended_with_fewer_data(monkeypatch):
    monkeypatch.setattr("pygenn_lite.training.fitting.PIECE_SECONDS", 0.0)
    torn = trainer(duration=20.0)
    interrupted_fit(torn, dataset(), after=17, epochs=3)
    for samples in (30, 91):
        message = f"40 samples of epoch 2 are done, of data with 90: here are {samples}"
        with pytest.raises(pg.errors.ArgumentError, match=message):
            torn.fit(dataset(samples), None)
    assert torn.fit(dataset(), None)["epoch"].tolist() == [1, 2, 3]


# Of 12 batches for training and 5 for validation in each of three epochs; in one piece, what
# follows Ctrl-C is left out: within an epoch, in its last batch, in validation.
@pytest.mark.parametrize("batch", [19, 29, 32])
def test_ctrl_c_while_the_program_runs_is_heard_and_nothing_is_lost(fake, monkeypatch, batch):
    monkeypatch.setattr("pygenn_lite.training.fitting.PIECE_SECONDS", 60.0)
    data, other = dataset(90), dataset(40, seed=2)
    whole, torn = trainer(), trainer()
    whole.fit(data, epochs=3, validation=other)
    fake.interrupt_at = batch
    with pytest.warns(RuntimeWarning, match="interrupted in epoch"):
        torn.fit(data, epochs=3, validation=other)
    assert torn.interrupted
    assert torn.epochs == (1 if batch == 19 else 2)
    fake.interrupt_at = None
    torn.fit(data, None, validation=other)
    assert np.array_equal(whole.parameters[WEIGHT], torn.parameters[WEIGHT])
    for name in ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate"):
        assert whole.history[name].tolist() == torn.history[name].tolist()


def test_ctrl_c_in_the_last_epoch_puts_back_the_best(fake):
    made, reference = trainer(rate=40.0), trainer(rate=40.0)
    stopping = pg.EarlyStopping(patience=9, watched="loss")
    history = reference.fit(dataset(), epochs=8, early_stopping=stopping)
    assert stopping.best_epoch(history) < 7
    fake.interrupt_at = 8 * 12
    made.fit(dataset(), epochs=8, early_stopping=stopping)
    assert not made.interrupted
    assert np.array_equal(reference.parameters[WEIGHT], made.parameters[WEIGHT])


def test_ctrl_c_ends_an_evaluation(fake):
    made = trainer(duration=20.0)
    fake.interrupt_at = 2
    with pytest.raises(KeyboardInterrupt):
        made.evaluate(dataset())


def test_a_checkpoint_is_written_after_each_epoch(tmp_path):
    made = trainer()
    epochs = []

    def look(row):
        epochs.append(trainer(duration=20.0).load(tmp_path / "c.npz").epochs)

    made.fit(dataset(), epochs=2, checkpoint=tmp_path / "c.npz", callbacks=[look])
    assert epochs == [1, 2]


def test_a_checkpoint_of_another_network_is_refused_by_name(tmp_path):
    made = trainer()
    made.fit(dataset(), epochs=1)
    path = made.save(tmp_path / "c.npz")
    with pytest.raises(pg.errors.ArgumentError, match="exists already"):
        made.save(path)
    cases = [
        (trainer(network(inputs=5)), r"w.weight has shape \(4, 3\) there, and has shape \(5, 3\)"),
        (trainer(network(seed=6)), "of another network: seed is 5 there, and 6 here"),
        (trainer(network().with_values({"populations.out.parameters.tau": 9.0})),
         "of another network: population 'out' is another"),
        (trainer(duration=25.0), "trials of 20 ms, and these are of 25 ms"),
    ]  # fmt: skip
    for other, message in cases:
        with pytest.raises(pg.errors.CheckpointError, match=message):
            other.load(path)


SURROGATE = dict(gradient="surrogate", surrogate="superspike")
OTHER_SETTINGS = {
    "batch": (dict(batch=9), "batch is 8 there, and 9 here"),
    "seed": (dict(seed=7), "seed is 5 there, and 7 here"),
    "loss": (
        dict(loss=2 * LOSS),
        r"loss is .*CrossEntropy.* there, and 2.0\*CrossEntropy\(variable='out.V', .* here",
    ),
    "a number of the loss": (
        dict(loss=pg.losses.CrossEntropy("out.V", smoothing=0.1)), "smoothing=0.*smoothing=0.1",
    ),
    "gradient": (SURROGATE, "gradient is 'exact' there, and 'surrogate' here"),
    "surrogate": (SURROGATE, r"surrogate is not given there, and .*superspike\(k=25\).* here"),
    "optimiser": (
        dict(optimiser=pg.optimisers.SGD(0.5)), "optimiser is Adam .* there, and SGD .* here",
    ),
    "a setting of the optimiser": (
        dict(optimiser=pg.optimisers.Adam(0.5, beta_1=0.8)), "'beta_1': 0.9,.*'beta_1': 0.8,",
    ),
    "constraints": (
        dict(constraints={WEIGHT: pg.constraints.Norm(2.0)}),
        r"constraints is not given there, and {'groups.w.weight': Norm\(most=2, .* here",
    ),
    "dropout": (dict(dropout={"w": 0.1}), "dropout is not given there, and {'w': 0.1} here"),
    "precision": (dict(precision="float64"), "precision is 'float32' there, and 'float64' here"),
    "several": (dict(batch=9, seed=7), "batch is 8 there, and 9 here; seed is 5 there"),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_SETTINGS)
def test_a_checkpoint_of_another_training_is_refused_by_what_differs(tmp_path, name):
    path = saved_after_an_epoch(tmp_path)
    given, message = OTHER_SETTINGS[name]
    given = {"loss": LOSS, "optimiser": pg.optimisers.Adam(0.5), "batch": 8, **given}
    with pytest.raises(pg.errors.CheckpointError, match=message) as found:
        pg.Trainer(network(), duration=20.0, **given).load(path)
    assert "pg.Trainer(trainer.network, ...)" in found.value.hint


def test_a_mask_of_a_constraint_is_told_from_another(tmp_path):
    def masked(first):
        mask = np.arange(12).reshape(4, 3) == first
        return trainer(constraints={WEIGHT: [pg.constraints.Frozen(mask)]})

    made = masked(0)
    made.fit(dataset(), epochs=1)
    path = made.save(tmp_path / "c.npz")
    masked(0).load(path)
    with pytest.raises(pg.errors.CheckpointError, match=r"constraints is .*Frozen.*Frozen"):
        masked(1).load(path)


def test_a_constraint_of_ones_own_is_described_without_addresses(tmp_path):
    class Halved:
        def __init__(self, function):
            self.function = function

    def constraints(function):
        return {"constraints": {WEIGHT: Halved(function)}}

    made = trainer(**constraints(np.sqrt))
    made.fit(dataset(), epochs=1)
    path = made.save(tmp_path / "c.npz")
    trainer(**constraints(np.sqrt)).load(path)
    with pytest.raises(pg.errors.CheckpointError, match=r"Halved\(.*saved_after_an_epoch\)"):
        trainer(**constraints(saved_after_an_epoch)).load(path)


def test_a_training_may_continue_with_another_rate_schedule_and_number_of_threads(tmp_path):
    path = saved_after_an_epoch(tmp_path)
    slower = pg.optimisers.Adam(0.1, schedule=pg.schedules.Cosine(), clip_norm=1.0)
    rest = pg.Trainer(network(), 1.0 * LOSS, slower, batch=8, threads=1).load(path)
    rest.fit(dataset(), epochs=1)
    assert rest.history["learning_rate"][0] == 0.5
    assert rest.history["learning_rate"][1] < 0.1


def test_a_checkpoint_that_says_nothing_of_settings_is_read(tmp_path, monkeypatch):
    """As those of before settings were written."""
    monkeypatch.setattr("pygenn_lite.training.training_checkpoint.settings_of", lambda setup: {})
    assert trainer().load(saved_after_an_epoch(tmp_path)).epochs == 1


def saved_after_an_epoch(folder):
    made = trainer()
    made.fit(dataset(), epochs=1)
    return made.save(folder / "c.npz")


def test_what_is_not_a_checkpoint_is_refused(tmp_path):
    (tmp_path / "text.npz").write_text("no")
    np.savez(tmp_path / "arrays.npz", a=np.zeros(3))
    for name, message in (
        ("none.npz", "there is no checkpoint"),
        ("text.npz", "cannot be read"),
        ("arrays.npz", "cannot be read"),
    ):
        with pytest.raises(pg.errors.CheckpointError, match=message):
            trainer().load(tmp_path / name)
    with pytest.raises(pg.errors.ArgumentError, match="is not a checkpoint"):
        made = trainer(duration=20.0)
        made.save(tmp_path / "text.npz", overwrite=True)


# --------------------------------------------------------------------- what ends a training


def test_early_stopping_puts_back_the_best_epoch():
    made, reference = trainer(rate=40.0), trainer(rate=40.0)
    stopping = pg.EarlyStopping(patience=2, watched="validation_loss")
    history = made.fit(
        dataset(), epochs=40, validation=dataset(30, seed=2), early_stopping=stopping
    )
    best = stopping.best_epoch(history)
    assert len(history) == best + 3 < 40
    reference.fit(dataset(), epochs=best + 1)
    assert np.array_equal(reference.parameters[WEIGHT], made.parameters[WEIGHT])


def test_a_callback_ends_a_training_by_returning_true():
    made = trainer()
    rows = []
    made.fit(dataset(), epochs=9, callbacks=[lambda row: rows.append(row) or len(rows) == 3])
    assert made.epochs == 3
    assert not made.interrupted


def test_what_explodes_is_stopped_and_the_last_good_network_is_kept(fake):
    made, reference = trainer(), trainer()
    reference.fit(dataset(), epochs=1)
    fake.explode_at = 14
    with pytest.raises(
        pg.errors.NumericalError, match=r"loss of sample .* in epoch 2; the network is"
    ):
        made.fit(dataset(), epochs=3)
    assert np.array_equal(reference.parameters[WEIGHT], made.parameters[WEIGHT])
    assert made.epochs == 1


def test_silent_layers_are_warned_of_with_their_share():
    net = network(classes=2)
    net.connect(net["out"], net["out"], pg.ExponentialCurrent(5.0), pg.AllToAll(), name="loop")
    made = trainer(net)
    with pytest.warns(pg.errors.PygennLiteWarning, match="50% of 'out' did not spike"):
        made.fit(dataset(classes=2), epochs=1)


def test_silent_layers_have_a_surrogate_gradient():
    net = network(classes=2)
    net.connect(net["out"], net["out"], pg.ExponentialCurrent(5.0), pg.AllToAll(), name="loop")
    made = trainer(net, gradient="surrogate")
    with pytest.warns(pg.errors.PygennLiteWarning, match="they pass nothing on") as found:
        made.fit(dataset(classes=2), epochs=1)
    assert "exact" not in str(found[0].message)
    assert found[0].filename == __file__
    with pytest.warns(pg.errors.PygennLiteWarning, match="has no exact gradient") as found:
        pg.train(net, dataset(classes=2), LOSS, epochs=1)
    assert found[0].filename == __file__


def test_right_outputs_that_never_spike_are_warned_of_with_their_share(fake, monkeypatch):
    run = fake.run

    def silent(self, *arguments, **known):
        found = run(self, *arguments, **known)
        found.metrics["right output never spiked"] = np.full(len(found.losses), 0.75)
        return found

    monkeypatch.setattr(fake, "run", silent)
    with pytest.warns(pg.errors.PygennLiteWarning, match="never spiked in 75% of the samples"):
        trainer().fit(dataset(), epochs=1)


# --------------------------------------------------------------------- data


def test_augmentations_give_other_data_in_each_epoch():
    seen = []

    def look(data, epoch, seed):
        seen.append((epoch, seed, len(data)))
        return data.take(np.arange(40))

    made = trainer(seed=7)
    made.fit(dataset(), epochs=2, augment=look)
    assert seen == [(0, 7, 90), (1, 7, 90)]
    assert made.history["rate.out"] == pytest.approx([50.0, 50.0])


def test_a_share_of_the_data_is_set_aside_for_validation():
    made = trainer()
    made.fit(dataset(), epochs=1, validation=0.2)
    assert "validation_loss" in made.history.columns
    with pytest.raises(pg.errors.ArgumentError, match="sets 0 of 90 samples aside"):
        made.fit(dataset(), epochs=1, validation=0.001)


def test_a_share_set_aside_is_that_of_a_split():
    training, validation = split_validation(dataset(), 0.2, seed=3)
    for mine, expected in zip((training, validation), dataset().split(0.2, seed=3), strict=True):
        assert np.array_equal(mine.times, expected.times)


def test_arrays_are_taken_as_samples_steps_channels():
    spikes, labels = dataset(30).dense(1.0), dataset(30).labels
    made = trainer()
    made.fit((spikes, labels), epochs=1)
    assert made.history["rate.out"] == pytest.approx([50.0])
    assert made.predict(spikes).shape == (30,)


def test_an_entry_of_an_array_is_a_number_of_spikes():
    spikes, labels = dataset(30).dense(1.0), dataset(30).labels
    made = trainer()
    twice = as_dataset((2 * spikes, labels), made._setup)
    assert twice.spikes_per_sample.tolist() == [8] * 30
    with pytest.raises(pg.errors.ShapeError, match="an entry is not a number of spikes"):
        made.fit((0.5 * spikes, labels), epochs=1)


def test_further_axes_of_what_comes_with_spikes_make_them_targets():
    targets = np.zeros((30, 20, 3))
    made = as_dataset((dataset(30).dense(1.0), targets), trainer()._setup)
    assert made.labels is None
    assert made.targets.shape == targets.shape


def test_a_loss_that_predicts_nothing_has_no_accuracy():
    made = pg.Trainer(network(), pg.losses.TraceMeanSquare("out.V"), batch=8)
    history = made.fit(dataset(), epochs=1, validation=dataset(20, seed=2))
    assert not [name for name in history.columns if "accuracy" in name]
    found = made.evaluate(dataset())
    assert np.isnan(found.accuracy)
    with pytest.raises(pg.errors.ArgumentError, match="no labels, or the loss predicts none"):
        _ = found.confusion


@pytest.mark.parametrize(
    ("swap", "message"),
    [
        ((1, 0, 2), "the axes of time and of samples are swapped\n  hint: .*swapaxes"),
        ((0, 2, 1), "the axes of time and of channels are swapped"),
        ((2, 1, 0), r"shape \(4, 20, 30\), in place of \(30, steps, 4\): there are 30 labels, and"),
    ],
)
def test_swapped_axes_are_told_by_their_lengths(swap, message):
    spikes, labels = dataset(30).dense(1.0), dataset(30).labels
    with pytest.raises(pg.errors.ShapeError, match=message):
        trainer().fit((spikes.transpose(swap), labels), epochs=1)


def test_axes_of_traces_that_are_swapped_are_told_by_both_shapes():
    loss, spikes = pg.losses.TraceMeanSquare("out.V"), np.zeros((6, 20, 4))
    made = pg.Trainer(network(), loss, batch=8)
    for given in ((spikes.swapaxes(0, 1), np.zeros((6, 20, 3))), (spikes, np.zeros((20, 6, 3)))):
        with pytest.raises(pg.errors.ShapeError, match="in one of them the axes of time"):
            made.fit(given, epochs=1)


def test_data_that_do_not_fit_the_network_are_refused():
    with pytest.raises(
        pg.errors.ShapeError, match="data of 5 channels, for 'in', which has 4 neurons"
    ):
        trainer().fit(dataset(channels=5), epochs=1)
    with pytest.raises(pg.errors.ArgumentError, match="samples of 20 ms, for trials of 10 ms"):
        trainer(duration=10.0).fit(dataset(), epochs=1)
    with pytest.raises(pg.errors.ArgumentError, match="is not a dataset"):
        trainer().fit([1, 2, 3], epochs=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 0}, "batch = 0"),
        ({"gradient": "exakt"}, "exakt.*did you mean 'exact'"),
        ({"surrogate": "arctan"}, "but the gradient is exact"),
        ({"duration": 0.1}, "duration = 0.1"),
        ({"input": "out"}, "input = 'out' is not a spike source"),
        ({"seed": -1}, "seed = -1"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(pg.errors.PygennLiteError, match=message):
        trainer(**options)


def test_what_is_not_a_loss_or_an_optimiser_is_refused():
    with pytest.raises(pg.errors.ArgumentError, match=r"loss = 'out\.V'"):
        pg.Trainer(network(), "out.V")
    with pytest.raises(pg.errors.ArgumentError, match=r"optimiser = 0\.1"):
        pg.Trainer(network(), LOSS, 0.1)
    with pytest.raises(pg.errors.ArgumentError, match="no spike source"):
        pg.Trainer(pg.Network(), LOSS)
    with pytest.raises(pg.errors.ArgumentError, match="epochs = 0"):
        trainer().fit(dataset(), epochs=0)
    two = network()
    two.spike_source("other", 4, [], [])
    with pytest.raises(pg.errors.ArgumentError, match="2 spike sources: in, other"):
        trainer(two)
    assert trainer(two, input="in").epochs == 0


# --------------------------------------------------------------------- train here, run there


def test_the_trained_network_is_simulated():
    made = trainer()
    made.fit(dataset(), epochs=1)
    net = made.network
    assert np.array_equal(net["w"].weight.array, made.parameters[WEIGHT])
    data = dataset(5, seed=9)
    result = made.result(data, 3, threads=1)
    expected = data[[3]].steps(1.0)
    train = result.spikes["in"]
    assert np.array_equal(train.steps, expected.steps)
    assert np.array_equal(train.indices, expected.indices)
    assert result.duration == 20.0


def test_a_trial_holds_data_that_end_within_a_step(fake):
    net = network()
    net.dt = 0.9
    made = trainer(net)
    data = dataset(8)  # 22.2 steps
    made.fit(data, epochs=1)
    assert fake.made[0].steps == data.steps(0.9).number_of_steps == 23
    assert made.result(data, 0, threads=1).duration == pytest.approx(23 * 0.9)


def test_progress_is_told_by_samples():
    told = []
    trainer().fit(dataset(), epochs=2, progress=lambda *moment: told.append(moment))
    assert told[-1] == ("epoch 2 of 2", 90, 90)
    assert told[0][0] == "epoch 1 of 2"


def test_train_in_one_call():
    made = pg.train(network(), dataset(), LOSS, epochs=2, batch=9, validation=0.1, progress=False)
    assert made.epochs == 2
    assert repr(made).startswith("<Trainer of toy: 2 epochs, loss")


def test_a_network_is_copied_when_its_trainer_is_made():
    net = network()
    made = trainer(net)
    net.population("later", 3, pg.LIF())
    assert "later" not in made.network.populations


def test_nothing_is_warned_of_in_a_plain_training():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trainer().fit(dataset(), epochs=1)


def test_a_history_is_a_table(tmp_path):
    history = pg.History([dict(epoch=1, loss=0.5), dict(epoch=2, loss=0.25, accuracy=0.75)])
    assert history["accuracy"].tolist()[1:] == [0.75]
    assert np.isnan(history["accuracy"][0])
    assert history.best("loss")["epoch"] == 2
    assert history.to_csv(tmp_path / "h.csv").read_text().splitlines() == [
        "epoch,loss,accuracy", "1,0.5,", "2,0.25,0.75",
    ]  # fmt: skip
    assert history.to_json(tmp_path / "h.json").read_text().count("epoch") == 2
    assert history.to_pandas().shape == (2, 3)
    assert str(history).splitlines()[2].split() == ["2", "0.2500", "75.00%"]
    with pytest.raises(pg.errors.ArgumentError, match="no column 'los'; did you mean 'loss'"):
        history["los"]


def test_early_stopping_takes_the_last_improvement_as_the_best():
    history = pg.History([dict(loss=v) for v in (1.0, 0.5, 0.49, 0.2, 0.3)])
    assert pg.EarlyStopping(2, "loss").best_epoch(history) == 3
    assert pg.EarlyStopping(2, "loss", least_change=0.1).best_epoch(history) == 3
    assert pg.EarlyStopping(2, "loss", least_change=0.4).best_epoch(history) == 1
    assert not pg.EarlyStopping(2, "loss").is_over(history)
    with pytest.raises(pg.errors.ArgumentError, match="patience = 0"):
        pg.EarlyStopping(0)
    with pytest.raises(pg.errors.ArgumentError, match="watched = 'los'"):
        pg.EarlyStopping(watched="los")


def test_pictures_of_a_training_are_drawn(tmp_path):
    made = trainer()
    made.fit(dataset(), epochs=3, validation=0.2)
    pg.plotting.plot_training(made.history, tmp_path / "curves.png")
    found = made.evaluate(dataset(20, seed=4))
    ax = pg.plotting.confusion_matrix(found.confusion, names=["a", "b", "c"])
    assert ax.get_title(loc="left") == f"{found.accuracy:.2%} of 20 right"
    ax = pg.plotting.learning_curves(made.history, column="accuracy")
    assert [line.get_label() for line in ax.lines] == ["training", "validation"]
    results = [made.result(dataset(3), k, threads=1) for k in range(2)]
    pg.plotting.plot_samples({"before": results, "after": results}, tmp_path / "samples.png")
    assert (tmp_path / "samples.png").stat().st_size > 5000
    with pytest.raises(pg.errors.ArgumentError, match="rows of different lengths"):
        pg.plotting.plot_samples({"before": results, "after": results[:1]})
    with pytest.raises(pg.errors.ShapeError, match="a table of shape"):
        pg.plotting.confusion_matrix(np.zeros((2, 3), int))


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: pg.plotting.plot_training([dict(epoch=1, loss=1.0)]), "is not a history"),
        (lambda: pg.plotting.learning_curves(3), "3 is not a history"),
        (lambda: pg.plotting.plot_samples([]), "stand in rows, by name"),
        (lambda: pg.plotting.plot_samples({"before": 3}), "stand in rows, by name"),
        (lambda: pg.plotting.plot_samples({}), "there are no results"),
        (lambda: pg.plotting.confusion_matrix(np.zeros((0, 0), int)), r"shape \(0, 0\)"),
        (lambda: pg.plotting.confusion_matrix(-np.eye(2, dtype=int)), "numbers of samples"),
    ],
)
def test_what_cannot_be_drawn_is_said(draw, message):
    with pytest.raises((pg.errors.ArgumentError, pg.errors.ShapeError), match=message):
        draw()


def test_a_history_without_losses_shows_itself():
    assert repr(pg.History([dict(epoch=1)])) == "<History: 1 epoch>"


def test_what_is_not_finite_before_the_first_update_is_not_ascribed_to_the_rate():
    made = trainer(duration=20.0)

    def run(*arguments, **known):
        raise pg.errors.NumericalError("the loss of sample 3 is not finite")

    made._known().session.run = run
    with pytest.raises(pg.errors.NumericalError) as found:
        made.fit(dataset(), epochs=1)
    assert "before the first update" in found.value.hint and "rate" not in found.value.hint
