"""``pygenn-lite run`` simulates, reports and writes; every failure is one message and a code."""

import json
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers_cli import program

import pygenn_lite as pg
from pygenn_lite.cli.result_folder import new_folder

KEYS = [
    "network", "backend", "threads", "dt_ms", "duration_ms", "warmup_ms", "build_seconds",
    "simulate_seconds", "real_time_factor", "peak_rss_mib", "synapses", "rates_hz", "files",
]  # fmt: skip


def test_json_prints_exactly_one_object_on_stdout(here, call):
    code, out, err = call("run", "small.yaml", "--json", "--threads", 1)
    assert code == 0
    assert out.count("\n") == 1
    summary = json.loads(out)
    assert list(summary) == KEYS
    assert summary["network"] == "small"
    assert (summary["duration_ms"], summary["warmup_ms"], summary["dt_ms"]) == (100, 20, 0.1)
    assert set(summary["rates_hz"]) == {"exc", "inh"}
    assert summary["rates_hz"]["exc"] > 0
    assert summary["synapses"] > 0
    assert summary["real_time_factor"] == pytest.approx(summary["simulate_seconds"] / 0.12)
    assert [Path(file).is_file() for file in summary["files"]] == [True] * 2
    assert "simulating" in err


def test_the_report_shows_rates_beside_reference_rates(here, call):
    code, out, _ = call("run", "small.yaml")
    assert code == 0
    for words in ("reference (Hz)", "30.000", "real-time factor", "peak memory", "picture.png",
                  "100 ms after 20 ms of warm-up"):  # fmt: skip
        assert words in out


def test_files_hold_what_was_simulated(here, call):
    code, _, _ = call("run", "small.yaml", "--out", "there/deep", "--quiet")
    assert code == 0
    result = pg.load_result("there/deep/result.h5")
    assert result.duration == pytest.approx(120.0)
    network, _ = pg.load_network("small.yaml")
    expected = network.compile(progress=False).run(120.0, progress=False)
    assert np.array_equal(result.spikes["exc"].times, expected.spikes["exc"].times)
    assert np.array_equal(result.traces["exc"]["V"].values, expected.traces["exc"]["V"].values)
    assert Path("there/deep/picture.png").read_bytes().startswith(b"\x89PNG")
    summary = json.loads(Path("there/deep/summary.json").read_text())
    assert summary["rates_hz"] == pytest.approx(result.rates(20.0))


def test_rates_after_the_warmup_are_exact_also_where_spikes_were_only_counted(here, call):
    short = ("--duration", "50", "--warmup", "120", "--json", "--out", "there")
    rates = [
        json.loads(call("run", "small.yaml", *short, *more)[1])["rates_hz"]
        for more in ((), ("--no-record", "--overwrite"))
    ]
    assert rates[0] == rates[1] and rates[0]["exc"] > 0
    assert Path("there/summary.json").exists()


def test_a_network_without_a_name_is_called_like_its_file(here, call):
    Path("d2.yaml").write_text(Path("small.yaml").read_text().replace("name: small, ", ""))
    code, out, _ = call("run", "d2.yaml", "--json")
    assert code == 0
    assert json.loads(out)["network"] == "d2"
    assert Path("results/d2/result.h5").exists()


DENSE = (
    "connections[0]={source: exc, target: inh, synapse: {ExponentialCurrent: {tau: 5}}, weight: "
    "{normal: [1, 0.1]}, delay: 1, storage: dense, connectivity: {pair_list: "
    "{pre: [0, 0], post: [1, 1]}}}"
)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("models.lif.parameters.t_ref=-5", "a refractory period of -5 ms"),
        (DENSE, "source 0 reaches target 1 more than once"),
    ],
)
def test_values_that_only_building_finds_wrong_are_bad_input_too(here, call, change, message):
    code, _, err = call("run", "small.yaml", "--no-record", "-q", "--set", change)
    assert code == 2
    assert message in err and "hint:" in err


def test_results_are_not_overwritten_unless_asked(here, call):
    for _ in range(2):
        call("run", "small.yaml", "-q")
    assert sorted(path.name for path in Path("results").iterdir()) == ["small", "small_2"]
    before = Path("results/small/result.h5").read_bytes()
    code, out, err = call("run", "small.yaml", "-q", "--out", "results/small")
    assert (code, out) == (2, "")
    assert "'results/small' has a result.h5 and a picture.png and a summary.json already" in err
    assert "--overwrite" in err
    assert Path("results/small/result.h5").read_bytes() == before
    words = ("--out", "results/small", "--overwrite", "--seed", 9)
    assert call("run", "small.yaml", "-q", *words)[0] == 0
    assert Path("results/small/result.h5").read_bytes() != before
    assert len(list(Path("results").iterdir())) == 2
    assert len(list(Path("results/small").iterdir())) == 3


def test_runs_that_start_at_the_same_time_have_a_folder_each(here):
    with ThreadPoolExecutor(8) as pool:
        folders = list(pool.map(new_folder, [Path("results/small")] * 24))
    assert len(set(folders)) == 24 and all(folder.is_dir() for folder in folders)
    assert Path("results/small_24") in folders


def test_a_file_of_somebody_else_is_never_replaced(here, call):
    Path("mine").mkdir()
    Path("mine/result.h5").write_text("my thesis")
    code, _, err = call("run", "small.yaml", "-q", "--out", "mine", "--overwrite")
    assert code == 2
    assert "mine/result.h5 exists and is not a result file of pygenn_lite" in err
    assert Path("mine/result.h5").read_text() == "my thesis"


def test_quiet_says_nothing(here, call):
    assert call("run", "small.yaml", "--quiet") == (0, "", "")


def test_without_recording_rates_are_counted_and_nothing_is_written(here, call):
    code, out, _ = call("run", "small.yaml", "--no-record", "--warmup", 0, "--json")
    assert code == 0
    summary = json.loads(out)
    assert summary["files"] == []
    assert summary["rates_hz"]["exc"] > 0
    assert not Path("results").exists()


def test_a_file_that_records_nothing_has_its_spikes_recorded(here, call):
    call("run", "small.yaml", "-q", "--set", "run.record=[]", "--out", "o")
    assert set(pg.load_result("o/result.h5").spikes) == {"exc", "inh"}


def test_options_change_what_is_run(here, call):
    words = ["--set", "populations.exc.size=40", "--set", "constants.p=1", "--seed", "9",
             "--duration", "50", "--warmup", "10", "--precision", "float64"]  # fmt: skip
    code, out, _ = call("run", "small.yaml", "--json", *words)
    summary = json.loads(out)
    assert code == 0
    assert summary["synapses"] == 40 * 40 + 40 * 20
    assert (summary["duration_ms"], summary["warmup_ms"]) == (50, 10)
    assert json.loads(Path("results/small/summary.json").read_text())["seed"] == 9


def test_the_same_seed_gives_the_same_rates_and_another_seed_others(here, call):
    rates = [
        json.loads(call("run", "small.yaml", "--json", "--no-record", "--seed", seed)[1])
        for seed in (1, 1, 2)
    ]
    first, again, other = (each["rates_hz"] for each in rates)
    assert first == again != other


def test_scale_changes_sizes_and_restores_means(here, call):
    code, out, _ = call("run", "small.yaml", "--scale", 0.5)
    assert code == 0
    assert "at full scale (Hz)" in out
    _, out, _ = call("run", "small.yaml", "--scale", 0.5, "--json")
    assert pg.load_result(json.loads(out)["files"][0]).sizes == {"exc": 40, "inh": 10}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "missing.yaml"], "no file 'missing.yaml'"),
        (["run", "microcirkuit"], "did you mean 'microcircuit'"),
        (["run", "small.yaml", "--set", "populations.exd.size=3"], "did you mean 'exc'"),
        (["run", "small.yaml", "--set", "populations.exc.size"], "write --set path=value"),
        (["run", "small.yaml", "--set", "network.dt=!!python/name:os.system"], "tags such as"),
        (["run", "small.yaml", "--set", "network.dt=-1"], "not a valid time step"),
        (["run", "small.yaml", "--duration", "-5"], "--duration: -5 is not a valid time"),
        (["run", "small.yaml", "--warmup", "nan"], "not a valid time"),
        (["run", "small.yaml", "--duration", "1e30"], "give ms, 0 to 1e12"),
        (["run", "small.yaml", "--seed", "-1"], "whole number"),
        (["run", "small.yaml", "--backend", "abacus"], "abacus"),
        (["run", "small.yaml", "--precision", "half"], "half"),
        (["run", "small.yaml", "--scale", "-1"], "cannot scale by"),
        (["run", "small.yaml", "--threads", "0"], "threads"),
        (["run", "small.yaml", "--threads", "10000"], "threads"),
        (["run", "small.yaml", "--treads", "2"], "--treads"),
        (["run", "cuba", "--scale", "0.1"], "full_scale_rates"),
        (["run"], "NAME_OR_FILE"),
        (["walk", "small.yaml"], "walk"),
        (["plot", "nothing.h5"], "no result file"),
        (["plot", "small.yaml"], "cannot be read as a result file"),
        (["models", "LIIF"], "did you mean"),
        (["inspect", "small.yaml", "--precision", "half"], "half"),
    ],
)
def test_bad_input_is_named_and_exits_with_2(here, call, words, message):
    code, out, err = call(*words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
    assert out == ""
    assert not Path("results").exists()


def test_an_error_in_a_file_names_file_and_line(here, call):
    Path("bad.yaml").write_text(Path("small.yaml").read_text().replace("threshold", "treshold"))
    code, _, err = call("run", "bad.yaml")
    assert code == 2
    assert "bad.yaml:6:5 (models.lif.treshold): unknown key" in err
    assert "did you mean 'threshold'?" in err


def test_debug_shows_the_traceback(here):
    from pygenn_lite.cli import main
    from pygenn_lite.errors import FileFormatError

    with pytest.raises(FileFormatError):
        main(["run", "missing.yaml", "--debug"])


def test_a_state_that_explodes_is_located_and_the_results_kept(here, call):
    code, _, err = call(
        "run", "small.yaml", "--out", "o",
        "--set", "models.lif.derivatives=dV/dt = V**2 + I + E_L/tau",
        "--set", "models.lif.threshold=V > 1e30 + V_th", "--set", "models.lif.initial.V=5",
    )  # fmt: skip
    assert code == 1
    assert "population 'exc', neuron" in err
    assert "'V' became" in err
    assert "kept in 'o'" in err
    assert pg.load_result("o/result.h5").interrupted


@pytest.mark.parametrize("out", ["/proc/nowhere", "small.yaml", "small.yaml/deep"])
def test_a_folder_that_cannot_be_written_is_said_at_once(here, call, out):
    code, _, err = call("run", "small.yaml", "--out", out)
    assert code == 1
    assert "cannot write results into" in err
    assert "choose another with --out" in err


def test_a_name_from_a_file_never_leads_out_of_the_folder(here, call):
    changes = ["--set", "network.name='../../escape; rm -rf $HOME'"]
    assert call("run", "small.yaml", "-q", *changes)[0] == 0
    assert [path.name for path in Path("results").iterdir()] == ["escape_rm_-rf_HOME"]


def test_text_of_a_file_cannot_steer_the_terminal(here, call):
    Path("steer.yaml").write_text('network: {name: "\\e[31mred"}\n"\\e[2Jkey": 1\n')
    code, out, err = call("run", "steer.yaml")
    assert code == 2
    assert "\x1b" not in out + err


def test_a_full_disk_is_one_message_and_the_file_stays_readable(here):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (6 * 2**20, 6 * 2**20))

    process = program("run", "cuba", "--duration", "1e6", "--out", "o", preexec_fn=limit)
    _, err = process.communicate(timeout=240)
    assert process.returncode == 1
    assert "the disk is full" in err
    assert err.count("error") == 1
    assert "Traceback" not in err
    pg.load_result("o/result.h5").rates()


def test_the_module_runs_like_the_program():
    process = program("--help", module="pygenn_lite")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Simulate a network" in out


def test_help_imports_nothing_but_the_command_line():
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom pygenn_lite_command import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*set(sys.modules) - before, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=True
    )
    assert "Simulate a network" in done.stdout
    ours = {name for name in done.stderr.split() if name.startswith("pygenn_lite.")}
    below = {name.removeprefix("pygenn_lite.") for name in ours}
    assert {n for n in below if not n.startswith("cli")} <= {
        "errors",
        "hooks",
        "old_names",
        "records",
    }
    heavy = ["numpy", "sympy", "matplotlib", "h5py", "scipy", "pydantic", "yaml", "jinja2"]
    assert not set(heavy) & set(done.stderr.split())


def test_results_and_summary_keep_the_command_line(here, call):
    words = ("run", "small.yaml", "-q", "--out", "o", "--set", "populations.exc.size=81")
    assert call(*words)[0] == 0
    result, summary = pg.load_result("o"), json.loads(Path("o/summary.json").read_text())
    for found in (result.provenance, summary["provenance"]):
        assert found["command"] == f"pygenn-lite {' '.join(words)}"
        again, _ = pg.load_network(found["network"])
        assert again.populations["exc"].size == 81
    assert result.sizes["exc"] == 81


def test_old_options_and_keys_work_and_say_the_new_ones(here):
    text = (here / "small.yaml").read_text().replace("warmup: 20", "settle: 20")
    (here / "old.yaml").write_text(text)
    process = program(
        "run", "old.yaml", "--settle", "10", "--json", "--no-record", "--backend", "reference"
    )
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0 and json.loads(out)["warmup_ms"] == 10
    said = [line for line in err.splitlines() if line.startswith("warning: ")]
    assert len(said) == 2
    assert said[0].startswith("warning: --settle is now --warmup")
    assert "old.yaml:" in said[1] and "the key 'settle' (run) is now 'warmup'" in said[1]


def test_a_network_runs_on_the_emulated_card(here, call):
    rates = {}
    for options in (["cpp", "--threads", 1], ["cuda", "--driver", "emulator"]):
        code, out, _ = call("run", "small.yaml", "--json", "--no-record", "--backend", *options)
        assert code == 0
        rates[options[0]] = json.loads(out)["rates_hz"]
    for name, rate in rates["cpp"].items():
        assert rates["cuda"][name] == pytest.approx(rate, rel=0.05)


def test_options_of_cards_are_refused_where_there_is_none(here, call):
    code, _, err = call("run", "small.yaml", "--backend", "cpp", "--plan", "general")
    assert code != 0 and "plan='general'" in err and "uses no card" in err
    assert not Path("results").exists()
