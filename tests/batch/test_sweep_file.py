"""Sweep files: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.batch.expand import expand
from pygenn_lite.batch.sweep_file import load_sweep
from pygenn_lite.batch.sweep_spec import SweepSpec
from pygenn_lite.errors import PygennLiteError

BRUNEL = """\
# brunel_sweep.yaml
network: brunel                      # a library name, a YAML file, or `script.py:make_network`
sweep:
  grid:   {g: {linspace: [3, 8, 21]}, nu_ext: {logspace: [0.5, 4, 20]}}
  random: {seed: {repeat: 5}}
run: {duration: 1000, settle: 200}
measure: [rates, cv_isi, synchrony, "custom.py:my_measure"]
keep: {spikes: {first: 3}}           # full spikes for the first three only
"""
MEASURE = "def my_measure(result):\n    return 1.0\n"
SMALL = """\
network: {seed: 7}
constants: {tau: 10, twice: 2*tau}
models: {lif: {use: LIF, parameters: {tau: tau}}}
populations: {cells: {size: 10, model: lif, parameters: {t_ref: twice}}}
run: {duration: 50, warmup: 5}
"""


def load(folder: Path, text: str) -> SweepSpec:
    (folder / "small.yaml").write_text(SMALL)
    (folder / "custom.py").write_text(MEASURE)
    (folder / "sweep.yaml").write_text(text)
    return load_sweep(folder / "sweep.yaml")


def small(folder: Path, sweep: str, more: str = "") -> SweepSpec:
    return load(folder, f"network: small.yaml\nsweep: {sweep}\n{more}")


def test_the_example_means_what_it_says(tmp_path: Path) -> None:
    with pytest.warns(pg.errors.PygennLiteDeprecationWarning, match="6:23.*'settle'.*'warmup'"):
        spec = load(tmp_path, BRUNEL)
    runs = expand(spec)
    assert spec.names == ("g", "nu_ext", "seed")
    assert len(runs) == spec.count == 21 * 20 * 5
    assert [run.index for run in runs] == list(range(2100))
    assert runs[0].values == {"g": 3.0, "nu_ext": 0.5, "seed": 1}
    assert runs[1].values == {"g": 3.0, "nu_ext": 0.5, "seed": 2}
    assert runs[-1].values == {"g": 8.0, "nu_ext": 4.0, "seed": 5}
    assert runs[5].values["nu_ext"] == pytest.approx(0.5 * 8 ** (1 / 19))
    assert (spec.run.duration, spec.run.warmup) == (1000.0, 200.0)
    assert [m.name for m in spec.measures] == [
        "rates", "cv_isi", "synchrony", "custom.py:my_measure",
    ]  # fmt: skip
    assert [script.text for script in spec.scripts] == [MEASURE]
    assert [run.index for run in runs if spec.keep_spikes.chosen(run)] == [0, 1, 2]
    assert not any(spec.keep_traces.chosen(run) for run in runs)
    network = spec.source.make(runs[-1].values)
    assert network.values["groups.inh_exc.weight"] == pytest.approx(-0.8)
    assert network.values["inputs.poisson_exc.rate"] == pytest.approx(40_000)
    assert network.seed == 5


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ("[1, 2.5, 4]", [1, 2.5, 4]),
        ("{linspace: [0, 1, 5]}", [0, 0.25, 0.5, 0.75, 1]),
        ("{linspace: [10, 30, 3]}", [10, 20, 30]),
        ("{logspace: [1, 100, 3]}", [1, 10, 100]),
        ("{arange: [0, 1, 0.25]}", [0, 0.25, 0.5, 0.75]),
        ("{arange: [0, 0.3, 0.1]}", [0, 0.1, 0.2]),
        ("{arange: [3, 0, -1]}", [3, 2, 1]),
        ("7", [7]),
    ],
)
def test_a_dimension_has_these_values(tmp_path: Path, given: str, values: list[float]) -> None:
    runs = expand(small(tmp_path, f"{{grid: {{tau: {given}}}}}"))
    assert [run.values["tau"] for run in runs] == pytest.approx(values)


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    runs = expand(small(tmp_path, "{grid: {populations.cells.size: {linspace: [10, 30, 3]}}}"))
    assert [type(run.values["populations.cells.size"]) for run in runs] == [int] * 3


def test_the_ends_are_the_numbers_of_the_file(tmp_path: Path) -> None:
    for kind in ("linspace", "logspace"):
        runs = expand(small(tmp_path, f"{{grid: {{tau: {{{kind}: [0.1, 0.7, 13]}}}}}}"))
        assert (runs[0].values["tau"], runs[-1].values["tau"]) == (0.1, 0.7)


def test_parts_multiply(tmp_path: Path) -> None:
    spec = small(
        tmp_path,
        "{grid: {tau: [1, 2]}, zip: {populations.cells.size: [3, 4], dt: [0.1, 0.2]}, "
        "list: [{seed: 1}, {seed: 5}, {seed: 6}]}",
    )
    runs = expand(spec)
    assert spec.names == ("tau", "populations.cells.size", "dt", "seed")
    assert len(runs) == 2 * 2 * 3
    assert {(r.values["populations.cells.size"], r.values["dt"]) for r in runs} == {
        (3, 0.1), (4, 0.2),
    }  # fmt: skip


def test_times_are_those_of_the_network_file_unless_given(tmp_path: Path) -> None:
    assert small(tmp_path, "{grid: {tau: [1]}}").run.duration == 50.0
    assert small(tmp_path, "{grid: {tau: [1]}}").run.warmup == 5.0
    assert small(tmp_path, "{grid: {tau: [1]}}", "run: {duration: 20}").run.duration == 20.0


@pytest.mark.parametrize("method", ["independent", "latin_hypercube", "sobol"])
def test_random_values_fill_their_ranges_and_come_again(tmp_path: Path, method: str) -> None:
    text = (
        f"{{random: {{samples: 64, method: {method}, draw: 3, tau: {{uniform: [5, 25]}}, "
        "twice: {loguniform: [1, 100]}, populations.cells.size: {integers: [1, 4]}, "
        "populations.cells.initial.V: {normal: [-60, 2]}, dt: {choice: [0.1, 0.2]}}}"
    )
    runs = expand(small(tmp_path, text))
    assert [r.values for r in runs] == [r.values for r in expand(small(tmp_path, text))]
    columns = {name: np.array([r.values[name] for r in runs]) for name in runs[0].values}
    assert len(runs) == 64
    assert 5 <= columns["tau"].min() < 7 and 23 < columns["tau"].max() <= 25
    assert 1 <= columns["twice"].min() < 2 and 50 < columns["twice"].max() <= 100
    assert np.median(columns["twice"]) == pytest.approx(10, rel=0.6)
    assert set(columns["populations.cells.size"]) == {1, 2, 3, 4}
    assert columns["populations.cells.initial.V"].mean() == pytest.approx(-60, abs=0.8)
    assert columns["populations.cells.initial.V"].std() == pytest.approx(2, rel=0.3)
    assert set(columns["dt"]) == {0.1, 0.2}
    if method == "latin_hypercube":  # one sample in each of 64 strips
        strips = np.floor((columns["tau"] - 5) / 20 * 64)
        assert sorted(strips) == list(range(64))


def test_a_name_that_is_added_does_not_change_what_others_draw(tmp_path: Path) -> None:
    one = expand(small(tmp_path, "{random: {samples: 5, tau: {uniform: [5, 25]}}}"))
    wider = "{random: {samples: 5, dt: {choice: [0.1]}, tau: {uniform: [5, 25]}}}"
    assert [r.values["tau"] for r in one] == [
        r.values["tau"] for r in expand(small(tmp_path, wider))
    ]


def test_each_sample_runs_with_each_seed(tmp_path: Path) -> None:
    text = "{random: {samples: 3, tau: {uniform: [5, 25]}, seed: {repeat: 2}}}"
    runs = expand(small(tmp_path, text))
    assert [run.values["seed"] for run in runs] == [7, 8, 7, 8, 7, 8]
    assert len({run.values["tau"] for run in runs}) == 3


def test_what_is_set_holds_in_all_runs(tmp_path: Path) -> None:
    spec = small(tmp_path, "{grid: {seed: [1]}}", "set: {tau: 4, populations.cells.initial.V: -60}")
    network = spec.source.make({"seed": 1})
    assert network.values["populations.cells.parameters.t_ref"] == 8.0
    assert network.values["populations.cells.initial.V"] == -60.0


def test_what_is_kept(tmp_path: Path) -> None:
    def kept(how: str) -> list[int]:
        spec = small(tmp_path, "{grid: {tau: [1, 2, 3, 4]}}", f"keep: {{spikes: {how}}}")
        return [run.index for run in expand(spec) if spec.keep_spikes.chosen(run)]

    assert kept("all") == [0, 1, 2, 3]
    assert kept("none") == []
    assert kept("{first: 2}") == [0, 1]
    assert kept("{runs: [3, 1]}") == [1, 3]
    assert kept("{where: tau > 1.5 and tau != 3}") == [1, 3]
    identity = expand(small(tmp_path, "{grid: {tau: [1, 2, 3, 4]}}"))[2].id
    assert kept(f"{{runs: ['{identity}']}}") == [2]


BAD = [
    ("{grid: {taw: [1]}}", "", "2:16 (sweep.grid.taw): the network has nothing called 'taw'; "
     "did you mean 'tau'?"),
    ("{grid: {populations.cells.parameters.taw: [1]}}", "",
     "populations.cells.parameters has no 'taw'; did you mean 'tau'?"),
    ("{grid: {tau: [1], constants.tau: [2]}}", "",
     "'constants.tau' is swept twice; the other is {file}:2:16 (sweep.grid.tau)"),
    ("{grid: {tau: [1]}, zip: {tau: [2]}}", "", "'tau' is swept twice"),
    ("{grid: {}}", "", "the sweep is empty"),
    ("{}", "", "the sweep is empty"),
    ("{grid: {tau: []}}", "", "2:16 (sweep.grid.tau): the list of values is empty"),
    ("{grid: {tau: {linspac: [1, 2, 3]}}}", "", "did you mean 'linspace'?"),
    ("{grid: {tau: {linspace: [1, 2]}}}", "", "'linspace' takes three numbers"),
    ("{grid: {tau: {linspace: [1, 2, 2.5]}}}", "", "2.5 should be a whole number, 1 or more"),
    ("{grid: {tau: {linspace: [1, 2, 1]}}}", "", "one value cannot be both ends"),
    ("{grid: {tau: {logspace: [0, 2, 3]}}}", "", "'logspace' needs ends above 0"),
    ("{grid: {tau: {arange: [0, 2, -1]}}}", "", "steps of -1 do not lead from 0 to 2"),
    ("{grid: {tau: [1, .nan]}}", "", "nan is not a finite number"),
    ("{grid: {tau: {repeat: 3}}}", "", "only a seed can be repeated, not 'tau'"),
    ("{grid: {tau: {uniform: [0, 1]}}}", "", "write it under random:"),
    ("{random: {tau: {uniform: [0, 1]}}}", "", "the key 'samples' is missing"),
    ("{random: {samples: 3}}", "", "no random value is named"),
    ("{random: {samples: 3, seed: {repeat: 2}}}", "", "there are samples of nothing"),
    ("{random: {samples: 3, tau: {unifrom: [0, 1]}}}", "", "did you mean 'uniform'?"),
    ("{random: {samples: 3, tau: {uniform: [1, 0]}}}", "", "1 is above 0"),
    ("{random: {samples: 3, tau: {loguniform: [0, 1]}}}", "", "'loguniform' needs ends above 0"),
    ("{random: {samples: 3, tau: {normal: [0, -1]}}}", "", "the standard deviation -1 is negative"),
    ("{random: {samples: 3, tau: {integers: [0.5, 1]}}}", "", "'integers' needs whole ends"),
    ("{random: {samples: 3, method: sobel, tau: {uniform: [0, 1]}}}", "",
     "'sobel' is not a valid method; did you mean 'sobol'?"),
    ("{zip: {tau: [1, 2], dt: [0.1]}}", "", "tau has 2, dt has 1"),
    ("{list: [{tau: 1}, {dt: 1}]}", "", "run 1 of the list has 'dt', unlike run 0"),
    ("{list: [{}]}", "", "a run of the list names no value"),
    ("{list: {tau: 1}}", "", "'list' should be a list of runs"),
    ("{gird: {tau: [1]}}", "", "2:9 (sweep.gird): unknown key 'gird'; did you mean 'grid'?"),
    ("{grid: {tau: [1]}, constraints: tau >}", "", "cannot read 'tau >'"),
    ("{grid: {tau: [1]}, constraints: [tau]}", "", "'tau' is a number, not a condition"),
    ("{grid: {tau: [1]}, constraints: ['taw > 1']}", "",
     "names 'taw', which is not swept; did you mean 'tau'?"),
    ("{grid: {tau: [1]}, constraints: [\"__import__('os') > 1\"]}", "", "does not belong"),
    ("{grid: {tau: [1]}}", "measure: [ratess]", "3:11 (measure[0]): there is not a measure "
     "'ratess'; did you mean 'rates'?"),
    ("{grid: {tau: [1]}}", "measure: [rates, rates]", "'rates' is asked for twice"),
    ("{grid: {tau: [1]}}", "measure: [3]", "should be the name of a measure"),
    ("{grid: {tau: [1]}}", "measure: ['nothing.py:f']", "cannot be read: No such file"),
    ("{grid: {tau: [1]}}", "measure: ['custom.py:my_mesure']",
     "the script has no function 'my_mesure'; did you mean 'my_measure'?"),
    ("{grid: {tau: [1]}}", "keep: {spikes: al}", "does not say which runs are kept; did you mean "
     "'all'?"),
    ("{grid: {tau: [1]}}", "keep: {spikes: {frist: 3}}", "unknown key 'frist'; did you mean "
     "'first'?"),
    ("{grid: {tau: [1]}}", "keep: {spikes: {where: dt < 3}}", "names 'dt', which is not swept"),
    ("{grid: {tau: [1]}}", "set: {taw: 3}", "(set.taw): the network has nothing called 'taw'"),
    ("{grid: {tau: [1]}}", "run: {duration: -1}", "-1 is not a valid time"),
    ("{grid: {tau: [1]}}", "run: {duration: 0}", "a run of 0 ms measures nothing"),
    ("{grid: {tau: [1]}}", "precision: float16", "'float16' is not a valid precision"),
    ("{grid: {tau: [1]}}", "connectivity: mine", "'mine' is not a valid connectivity"),
    ("{grid: {tau: [1]}}", "threads: 0", "0 threads"),
    ("{grid: {tau: [1]}}", "backend: cpp\ndriver: emulator", "(driver): driver='emulator': the "
     "backend 'cpp' uses no card"),
    ("{grid: {tau: [1]}}", "backend: cuda\nplan: fast", "(plan): plan = 'fast'"),
    ("{grid: {tau: [1]}}", "backend: cuda\nplan: driver", "(plan): plan = 'driver'"),
    ("{grid: {tau: [1]}}", "record: [3]", "should be text"),
]  # fmt: skip


@pytest.mark.parametrize(("sweep", "more", "message"), BAD)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, sweep: str, more: str, message: str
) -> None:
    with pytest.raises(PygennLiteError) as caught:
        small(tmp_path, sweep, more)
    said = str(caught.value).replace("\n  hint: ", " | ")
    assert message.replace("{file}", str(tmp_path / "sweep.yaml")) in said
    assert str(tmp_path / "sweep.yaml") in said


def test_other_files_are_told_from_sweeps(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SMALL)
    with pytest.raises(PygennLiteError, match="this is a network file, not a sweep"):
        load_sweep(tmp_path / "small.yaml")
    with pytest.raises(PygennLiteError, match=r"the file is not there"):
        load_sweep(tmp_path / "no.yaml")
    with pytest.raises(PygennLiteError, match=r"is a folder, not a sweep file"):
        load_sweep(tmp_path)
    with pytest.raises(PygennLiteError, match=r"sweep.yaml:1:1 \(network\).*brunell.*'brunel'"):
        load(tmp_path, "network: brunell\nsweep: {grid: {g: [1]}}")


def test_a_sweep_says_on_which_card_it_runs(tmp_path: Path) -> None:
    more = "backend: cuda\ndriver: emulator\ndevice: 1\nplan: general"
    run = small(tmp_path, "{grid: {tau: [1]}}", more).run
    assert (run.backend, vars(run.card)) == (
        "cuda",
        {"driver": "emulator", "device": 1, "plan": "general"},
    )
