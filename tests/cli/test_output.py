"""What a command prints, when, and to whom: tables, pictures, logs, completions, pipes."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers_cli import SMALL, plain_environment, program

import pygenn_lite as pg
from pygenn_lite import models, plotting


def test_the_table_is_printed_before_the_picture_is_drawn(here, call, monkeypatch, capsys):
    printed_before = []

    def draw(result, path, **options):
        printed_before.append(capsys.readouterr().out)
        Path(path).write_bytes(b"")

    monkeypatch.setattr(plotting, "plot_result", draw)
    code, out, _ = call("run", "small.yaml", "--out", "o")
    assert code == 0
    assert "real-time factor" in printed_before[0]
    assert printed_before[0].endswith("o/result.h5\n                  o/summary.json\n")
    assert out == "                  o/picture.png\n"


def test_a_picture_that_takes_long_says_how_to_do_without(here, call, monkeypatch):
    monkeypatch.setattr(plotting, "plot_result", lambda *arguments, **options: time.sleep(0.8))
    _, _, err = call("run", "small.yaml", "--out", "o")
    assert "drawing the picture ... (--no-picture leaves it out)" in err
    assert call("run", "small.yaml", "--out", "o", "-q", "--overwrite")[2] == ""


@pytest.mark.parametrize(
    ("words", "drawn"),
    [
        ((), True),
        (("--quiet",), True),
        (("--no-picture",), False),
        (("--json",), False),
        (("--json", "--picture"), True),
    ],
)
def test_a_picture_is_drawn_unless_a_program_reads_the_output(here, call, words, drawn):
    code, out, _ = call("run", "small.yaml", "--out", "o", *words)
    assert code == 0
    assert Path("o/picture.png").exists() == drawn
    if "--json" in words:
        files = json.loads(out)["files"]
        assert files == ["o/result.h5", "o/summary.json", "o/picture.png"][: 2 + drawn]


def test_what_an_earlier_run_left_does_not_stay_beside_a_later_one(here, call):
    assert call("run", "small.yaml", "--out", "o", "-q")[0] == 0
    Path("o/notes.txt").write_text("mine")
    assert call("run", "small.yaml", "--out", "o", "-q", "--overwrite", "--no-picture")[0] == 0
    assert sorted(os.listdir("o")) == ["notes.txt", "result.h5", "summary.json"]
    assert call("run", "small.yaml", "--out", "o", "-q", "--overwrite", "--no-record")[0] == 0
    assert "result.h5" not in os.listdir("o")


def test_json_does_not_import_what_draws(here):
    code = (
        "import sys\nfrom pygenn_lite.cli import main\n"
        "try:\n    main(['run', 'small.yaml', '--json', '-q'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'sympy', 'matplotlib', 'rich.progress', 'cupy', 'pycuda'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    root = str(Path(pg.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_verbose_says_what_is_compiled_where_it_is_kept_and_how_long_it_takes(
    here, call, monkeypatch
):
    words = ("run", "source.yaml", "--no-record", "-v")
    Path("source.yaml").write_text(
        "network: {name: source}\npopulations: {s: {size: 1, spike_source: "
        "{times: [1], indices: [0]}}}\nrun: {duration: 5}\n"
    )
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("PYGENN_LITE_CACHE", str(here / "cache"))
        first, second = (call(*words)[2] for _ in range(2))
    for line in ("loaded source.yaml: 1 populations, 0 synapse groups", "compiling engine with",
                 "engine: exit status 0 after", f"kept in the compile cache: {here}/cache",
                 "built in", "1 neurons in float32", "simulated 5 ms in"):  # fmt: skip
        assert line in first
    assert f"found in the compile cache: {here}/cache" in second
    assert "compiling" not in second
    words = ("run", "small.yaml", "--no-record")
    assert "memory: exc" not in call(*words, "-v")[2]
    assert "memory: exc: V (state), " in call(*words, "-vv")[2]
    assert "INFO" not in call(*words)[2]  # an earlier call's log has ended with it


def test_a_network_is_read_from_standard_input(here, call, monkeypatch):
    def pipe(text):
        stream = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="ascii")
        stream.buffer.name = "<stdin>"
        monkeypatch.setattr(sys, "stdin", stream)

    Path("spikes.csv").write_text("1.0,0\n2.0,1\n")  # named by the network: beside the caller
    network = SMALL.replace("name: small, ", "").replace(
        "populations:\n", "populations:\n  s: {spike_source: {file: spikes.csv}}\n"
    )
    pipe(network)
    code, _, err = call("run", "-", "-q", "--set", "run.duration=30")
    assert (code, err) == (0, "")
    assert pg.load_result("results/stdin/result.h5").sizes == {"s": 2, "exc": 80, "inh": 20}
    pipe(network)
    assert "a test" in call("inspect", "-")[1]
    pipe(network.replace("size: 80", "size: eighty").replace("a test", "f\u00fcr dich"))
    code, _, err = call("run", "-")
    assert code == 2
    assert "<stdin>:13" in err and "eighty" in err
    pipe("")
    code, _, err = call("run", "-")
    assert code == 2
    assert "the document should be a mapping" in err


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("run cu", ["cuba"]),
        ("run sma", ["small.yaml"]),
        ("run nets/", ["nets/deep/", "nets/one.yaml"]),
        ("run nets/o", ["nets/one.yaml"]),
        ("inspect micro", ["microcircuit"]),
        ("run cuba --backend c", ["cpp", "cuda"]),
        ("run cuba --precision ", ["float32", "float64"]),
        ("run cuba --no-p", ["--no-picture"]),
        ("models Expo", ["ExponentialConductance", "ExponentialCurrent"]),
        ("pl", ["plot"]),
    ],
)
def test_shells_complete_commands_options_networks_and_models(
    here, call, monkeypatch, line, offered
):
    Path("nets/deep").mkdir(parents=True)
    for name in ("one.yaml", "notes.txt", ".hidden.yaml"):
        Path("nets", name).write_text("")
    words = f"pygenn-lite {line}"
    monkeypatch.setenv("_PYGENN_LITE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    code, out, _ = call()
    assert code == 0
    assert sorted(out.split()) == offered


def test_the_script_for_a_shell_is_shown(here):
    process = program("--show-completion", "bash")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "_PYGENN_LITE_COMPLETE=complete_bash" in out


@pytest.mark.parametrize(
    "words",
    [
        ["models"],
        ["models", "microcircuit"],
        ["inspect", "small.yaml", "--source"],
        ["run", "small.yaml", "-q", "--json"],
        ["run", "small.yaml", "--no-picture", "--out", "o"],
    ],
    ids=" ".join,
)
def test_a_reader_that_goes_away_is_no_error(here, words):
    process = program(*words)
    process.stdout.close()
    err = process.stderr.read()
    process.wait(timeout=60)
    assert process.returncode == 0
    assert "Error" not in err and "Traceback" not in err
    assert not Path("o").exists() or Path("o/summary.json").exists()


def test_progress_that_nobody_reads_does_not_end_the_run(here):
    process = program("run", "small.yaml", "--out", "o", "--no-picture")
    process.stderr.close()
    out = process.stdout.read()
    process.wait(timeout=60)
    assert process.returncode == 0
    assert "real-time factor" in out


@pytest.mark.parametrize(
    "when", ["sys.stderr.write('...')", "atexit.register(sys.stderr.write, '.')"]
)
def test_a_message_that_nobody_reads_does_not_change_the_exit_code(here, when):
    text = f"import atexit, sys; from pygenn_lite.cli import main; {when}; main(['models'])"
    process = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=plain_environment(),
    )  # fmt: skip
    process.stderr.close()
    assert "LIF" in process.stdout.read()
    process.wait(timeout=60)
    assert process.returncode == 0


def test_every_network_and_model_is_offered(call, monkeypatch):
    monkeypatch.setenv("_PYGENN_LITE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_CWORD", "2")
    monkeypatch.setenv("COMP_WORDS", "pygenn-lite models ")
    registries = (*models.LIBRARY.values(), models.network_names())
    assert sorted(call()[1].split()) == sorted(name for registry in registries for name in registry)


@pytest.mark.parametrize(
    ("closed", "words", "code"),
    [
        ("<&- >&-", ["run", "small.yaml", "--out", "o", "--no-picture", "-q", "--json"], 0),
        (">&-", ["models"], 0),
        ("2>&-", ["run", "nothing.yaml"], 2),
    ],
)
def test_a_program_started_with_closed_streams_works_without_them(here, closed, words, code):
    root = str(Path(pg.__file__).parents[1])
    command = f'"$0" -m pygenn_lite_command "$@" {closed}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, *words], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": root},
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    if "small.yaml" in words:
        assert pg.load_result("o").duration == 120.0
