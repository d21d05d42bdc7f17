"""``pygenn-lite train``: what it writes and says, on networks that train in a moment."""

import json
import re
import signal
from pathlib import Path

import numpy as np
import pytest
from helpers_cli import program

import pygenn_lite as pg
from pygenn_lite.cli.train_tasks import find_task

NETWORK = """\
network: {name: points, dt: 1.0, seed: 1}
models:
  spiking: {derivatives: dV/dt = (I - V)/20, threshold: V > 1, reset: V = 0}
  leaky: {derivatives: dV/dt = (I - V)/20}
synapses:
  current: {use: ExponentialCurrent, parameters: {tau: 5}}
populations:
  points: {size: 5, spike_source: {times: [], indices: []}}
  hidden: {size: 20, model: spiking}
  out: {size: 3, model: leaky}
connections:
  - {source: points, target: hidden, synapse: current, connectivity: all_to_all,
     weight: {normal: [2.5, 1.5]}}
  - {source: hidden, target: out, synapse: current, connectivity: all_to_all,
     weight: {normal: [0, 0.3]}}
run: {record: [points.spikes, hidden.spikes, out.V]}
"""
TRAINING = """\
training:
  data: {yin_yang: {n: 200}}
  validation: 0.2
  test: {yin_yang: {n: 60, seed: 3}}
  loss: {CrossEntropy: {variable: out.V, shape: exponential}}
  optimiser: {Adam: {rate: 0.01}}
  batch: 20
  epochs: 3
"""


@pytest.fixture
def there(here):
    Path("points.yaml").write_text(NETWORK + TRAINING)
    return here


def test_a_training_writes_all_that_came_of_it(there, call):
    code, out, err = call("train", "points.yaml", "--threads", 1)
    assert code == 0
    folder = Path("results/points")
    assert sorted(path.name for path in folder.iterdir()) == [
        "checkpoint.npz", "confusion_matrix.png", "learning_curves.png", "metrics.csv",
        "network.npz", "network.yaml", "samples.png", "training.json",
    ]  # fmt: skip
    assert "epoch 3 of 3: loss" in err
    assert "test" in out
    assert "results/points/network.yaml" in out
    summary = json.loads((folder / "training.json").read_text())
    assert summary["epochs"] == 3
    assert summary["test"]["samples"] == 60
    assert summary["options"]["task"] == "points.yaml"
    assert len((folder / "metrics.csv").read_text().splitlines()) == 4


def test_the_trained_network_runs_in_the_simulator(there, call):
    call("train", "points.yaml", "--no-picture", "--out", "t", "--quiet", "--threads", 1)
    net = pg.load_network("t/network.yaml")[0]
    with np.load("t/checkpoint.npz") as kept:
        weights = {name: kept[name] for name in kept.files if name.startswith("session/")}
    assert any(np.size(array) == 100 for array in weights.values())
    assert net["points_hidden"].weight.array.shape == (5, 20)
    code, _, _ = call("run", "t/network.yaml", "--duration", 30, "--no-picture", "--threads", 1)
    assert code == 0


def test_a_training_is_resumed_up_to_more_epochs_bit_for_bit(there, call):
    quick = ("--json", "--threads", 1)
    call("train", "points.yaml", "--epochs", 4, "--out", "whole", *quick)
    call("train", "points.yaml", "--epochs", 2, "--out", "part", *quick)
    code, out, _ = call("train", "--resume", "part", "--epochs", 4, *quick)
    assert code == 0
    assert json.loads(out)["epochs"] == 4
    with np.load("whole/network.npz") as whole, np.load("part/network.npz") as part:
        assert set(whole.files) == set(part.files)
        for name in whole.files:
            assert np.array_equal(whole[name], part[name])
    code, _, err = call("train", "--resume", "part", "--epochs", 4, *quick)
    assert code == 0
    assert "4 epochs are done already" in err


def test_ctrl_c_keeps_what_was_reached_and_says_how_to_continue(there):
    process = program(
        "train", "points.yaml", "--epochs", "100000", "--out", "o", "--no-picture", "--threads", "1"
    )
    for line in process.stderr:
        if line.startswith("epoch 3 "):
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted in epoch" in err
    assert "pygenn-lite train --resume o continues" in err
    assert "Traceback" not in err
    summary = json.loads(Path("o/training.json").read_text())
    assert summary["interrupted"]
    assert summary["epochs"] >= 3
    # What was asked for is still to come, without saying it again.
    again = program("train", "--resume", "o", "--no-picture", "--threads", "1")
    assert again.stderr.readline().startswith(f"epoch {summary['epochs'] + 1} of 100000: ")
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=120)


def test_options_change_the_task(there, call):
    words = ("--epochs", 1, "--batch", 50, "--rate", 0.5, "--seed", 9, "--json", "--threads", 1)
    code, out, _ = call("train", "points.yaml", *words)
    assert code == 0
    assert json.loads(out)["last_epoch"]["learning_rate"] == 0.5
    assert pg.load_network("results/points/network.yaml")[0].seed == 9


SCRIPT = """\
import pygenn_lite as pg

def make(hidden=20, samples=100):
    net = pg.load_network("points.yaml")[0].with_values({"populations.hidden.size": hidden})
    return pg.TrainingTask(
        net, pg.losses.CrossEntropy("out.V", shape="exponential"), pg.data.yin_yang(samples),
        epochs=1, batch=20)

def wrong():
    return 3

def unlabelled():
    data = pg.data.from_dense(pg.data.yin_yang(20).dense(1.0), dt=1.0)
    return pg.TrainingTask(make().network, pg.losses.CrossEntropy("out.V"), data)

def followed():
    spikes = pg.data.yin_yang(20).dense(1.0)
    data = pg.data.from_dense(spikes, dt=1.0, targets=spikes[:, :, :3])
    loss = pg.losses.TraceMeanSquare("out.V")
    return pg.TrainingTask(make().network, loss, data, validation=0.2, epochs=1)

def fails():
    raise ValueError("no")
"""


def test_a_script_may_make_the_task(there, call):
    Path("mine.py").write_text(SCRIPT)
    code, out, _ = call(
        "train", "mine.py:make", "--samples", 60, "--hidden", 12, "--json", "--threads", 1
    )
    assert code == 0
    summary = json.loads(out)
    assert summary["tested_with"] == "training data"
    assert summary["test"]["samples"] == 60
    assert pg.load_network("results/points/network.yaml")[0]["hidden"].size == 12


def refused(call, *words):
    code, _, err = call("train", *words)
    assert code == 2
    assert "Traceback" not in err
    return err


def test_a_read_out_that_follows_a_trace_is_trained_without_classes(there, call):
    Path("mine.py").write_text(SCRIPT)
    code, _, err = call("train", "mine.py:followed", "--no-picture", "--threads", 1)
    assert code == 0
    assert re.search(r"epoch 1 of 1: loss \d.\d+, validation loss \d", err)
    assert "accuracy" not in err


def test_data_that_do_not_suit_the_loss_leave_the_folder_free(there, call):
    Path("mine.py").write_text(SCRIPT)
    assert "the data have none" in refused(call, "mine.py:unlabelled", "--out", "o")
    assert call("train", "mine.py:make", "--out", "o", "--no-picture", "--threads", 1)[0] == 0


def test_what_cannot_be_trained_is_refused(there, call):
    Path("mine.py").write_text(SCRIPT)
    Path("untrained.yaml").write_text(NETWORK)
    assert "did you mean 'yin_yang'" in refused(call, "yin_yan")
    assert "no task is named" in refused(call)
    for option in ("--seed", "--rate", "--epochs"):
        assert f"Invalid value for '{option}'" in refused(call, "points.yaml", option, -1)
    assert "write mine.py:FUNCTION" in refused(call, "mine.py")
    assert "did you mean 'make'" in refused(call, "mine.py:mak")
    assert "does not say how the network is trained" in refused(call, "untrained.yaml")
    assert "wrong() returns 3" in refused(call, "mine.py:wrong")
    assert "fails() fails: ValueError: no" in refused(call, "mine.py:fails")
    assert "a file takes no --hidden" in refused(call, "points.yaml", "--hidden", 3)
    assert "digits takes no --samples" in refused(call, "digits", "--samples", 3)
    assert "no training to resume" in refused(call, "--resume", "nothing")
    (there / "t").mkdir()
    (there / "t" / "metrics.csv").write_text("")
    assert "has a metrics.csv already" in refused(call, "points.yaml", "--out", "t")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("CrossEntropy", "CrossEntropi", "unknown name 'CrossEntropi'; did you mean"),
        ("{CrossEntropy: {variable: out.V, shape: exponential}}", "integral", "unknown name 'int"),
        ("{CrossEntropy: {variable: out.V, shape: exponential}}", "[]", "there is no term"),
        ("exponential}}", "exponential}, factor: big}", r"training.loss.factor\): factor = 'big'"),
        ("variable: out.V", "variabel: out.V", r"points.yaml:21:25 .*does not take 'variabel'"),
        (
            "Adam: {rate: 0.01}",
            "Adam: {rat: 1}",
            r"take 'rat'; did you mean 'rate'(?s:.)*clip_norm",
        ),
        ("{yin_yang: {n: 200}}", "null", "'data' is empty"),
        ("Adam: {rate: 0.01}", "Adam: {rate: -1}", "rate = -1"),
        ("yin_yang: {n: 200}", "yin_yang: {n: no}", r"\(training.data.yin_yang\)"),
        ("yin_yang: {n: 200}", "from_loader: {n: 200}", "unknown name 'from_loader'"),
        ("epochs: 3", "epoch: 3", "unknown key 'epoch'"),
        ("epochs: 3", "epochs: 0", "epochs"),
    ],
)
def test_what_is_wrong_in_the_section_is_said_with_its_place(there, call, old, new, message):
    Path("points.yaml").write_text((NETWORK + TRAINING).replace(old, new))
    code, _, err = call("train", "points.yaml")
    assert code == 2
    assert re.search(message, err)
    assert "points.yaml" in err


MORE = """\
  augment: [{Jitter: 0.2}, {DropSpikes: 0.1}]
  early_stopping: {patience: 2, watched: validation_loss}
  constraints:
    groups.points_hidden.weight: [{Norm: 20.0}, {Quantised: {bits: 4}}]
    groups.*.weight: Sign
  dropout: {hidden_out: 0.2}
  gradient: {EProp: {feedback: random}}
  surrogate: {superspike: {k: 10}}
"""


def test_what_trainer_and_fit_take_can_stand_in_a_file(there, call):
    text = TRAINING.replace("{rate: 0.01}", "{rate: 0.01, schedule: [EaseIn, {Cosine: 0.1}]}")
    Path("points.yaml").write_text(NETWORK + text + MORE)
    task = find_task("points.yaml", {})
    assert task.augment == [pg.data.Jitter(0.2), pg.data.DropSpikes(0.1)]
    assert task.early_stopping == pg.EarlyStopping(2, "validation_loss")
    assert task.optimiser.schedule == pg.schedules.EaseIn() * pg.schedules.Cosine(0.1)
    assert task.options["gradient"] == pg.EProp("random")
    assert task.options["dropout"] == {"hidden_out": 0.2}
    code, _, _ = call("train", "points.yaml", "--no-picture", "--quiet", "--threads", 1)
    assert code == 0
    weights = pg.load_network("results/points/network.yaml")[0]["points_hidden"].weight.array
    assert len(np.unique(np.abs(weights))) <= 8


def test_an_exact_gradient_takes_the_place_of_all_that_surrogates_have(there, call):
    more = "  gradient: surrogate\n  surrogate: arctan\n  detach_reset: true\n"
    Path("points.yaml").write_text(NETWORK + TRAINING + more)
    words = ("--gradient", "exact", "--epochs", 1, "--json", "--threads", 1)
    assert call("train", "points.yaml", *words)[0] == 0


def test_early_stopping_is_said(there, call):
    text = TRAINING.replace(
        "epochs: 3", "epochs: 3\n  early_stopping: {least_change: 9, patience: 1}"
    )
    Path("points.yaml").write_text(NETWORK + text)
    code, _, err = call("train", "points.yaml", "--no-picture", "--threads", 1)
    assert code == 0
    assert "early stopping ended the training after epoch 2" in err


def test_the_folder_of_the_command_line_is_that_of_the_data_and_is_not_ignored(there, call):
    for spelled in ("mnist", "{mnist: {}}", "{mnist: elsewhere}"):
        text = TRAINING.replace("data: {yin_yang: {n: 200}}", f"data: {spelled}")
        Path("images.yaml").write_text(NETWORK + text)
        assert f"{there / 'mine'} is not a folder" in refused(call, "images.yaml", "--data", "mine")
    assert "none of the data are read from a folder" in refused(
        call, "points.yaml", "--data", "mine"
    )


def test_what_is_refused_leaves_no_empty_folder(there, call):
    refused(call, "points.yaml", "--gradient", "surogate")
    refused(call, "points.yaml", "--gradient", "surogate", "--out", "new")
    Path("old").mkdir()
    refused(call, "points.yaml", "--gradient", "surogate", "--out", "old")
    assert not Path("new").exists()
    assert Path("old").exists()
    assert not Path("results/points").exists()


def test_a_resumed_training_does_not_take_other_options_in_silence(there, call):
    call("train", "points.yaml", "--out", "o", "--batch", 50, "--json", "--threads", 1)
    again = ("--resume", "o", "--epochs", 4, "--json", "--threads", 1)
    assert "--batch 20: 'o' was begun with 50" in refused(call, *again, "--batch", 20)
    assert "--seed 4: 'o' was begun without it" in refused(call, *again, "--seed", 4)
    assert call("train", *again, "--batch", 50)[0] == 0


@pytest.mark.parametrize("name", ["yin_yang", "digits", "shd_like"])
def test_tasks_of_the_library_can_be_made(name):
    if name == "digits":
        pytest.importorskip("sklearn")
    options = {"hidden": 10, "seed": 4, **({} if name == "digits" else {"samples": 40})}
    task = find_task(name, options)
    assert task.network["hidden"].size == 10
    assert task.network.seed == 4
    assert task.test is not None


def test_the_look_alike_of_speech_is_learnt_in_some_epochs():
    task = find_task("shd_like", {"hidden": 64, "samples": 320})
    trainer = task.trainer(backend="cpp")
    task.fit(trainer, 6, progress=False)
    assert trainer.evaluate(task.test).accuracy > 0.2  # of 20 classes


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "shd"])
def test_tasks_whose_files_are_missing_say_where_to_get_them(name, tmp_path):
    with pytest.raises(pg.errors.ArgumentError, match="http"):
        find_task(name, {"data": str(tmp_path / "none")})
