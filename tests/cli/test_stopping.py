"""Ctrl-C and SIGTERM: what was computed is kept, and the program ends at once, with a word."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers_cli import program

import pygenn_lite as pg
from pygenn_lite.cli import run_command as run
from pygenn_lite.runtime.simulation import Simulation


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_the_results_and_says_so(here, number, code):
    process = program("run", "small.yaml", "--duration", "1e9", "--json", "--out", "o")
    for line in process.stderr:
        if line.startswith("simulating"):
            break
    time.sleep(0.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert "interrupted at" in err
    assert "the results up to there are kept in 'o'" in err
    assert "Traceback" not in err
    summary = json.loads(out)
    assert 0 < summary["duration_ms"] < 1e9
    result = pg.load_result("o/result.h5")
    assert result.interrupted
    assert result.duration == pytest.approx(summary["duration_ms"] + 20)


def test_sigterm_counts_once_and_also_where_ctrl_c_is_ignored(here):
    """A job in the background of a script is told to ignore Ctrl-C, and batch systems send SIGTERM
    to each process of a job, hence sometimes more than once."""
    process = program(
        "run", "small.yaml", "--duration", "1e9", "--json", "--out", "o",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )  # fmt: skip
    for line in process.stderr:
        if line.startswith("simulating"):
            break
    time.sleep(0.3)
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "kept in 'o'" in err
    assert 0 < json.loads(out)["duration_ms"] < 1e9


SLOW_COMPILER = """\
#!/bin/sh
# A driver with a compiler proper below it, like g++ and cc1plus.
sleep 1000 &
echo $! >> "$PIDS"
wait
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_compiling_ends_the_compilers_at_once(here, number, code):
    compiler, pids = here / "g++", here / "pids"
    compiler.write_text(SLOW_COMPILER)
    compiler.chmod(0o755)
    environment = {
        "CXX": str(compiler), "PIDS": str(pids), "PYGENN_LITE_CACHE": str(here / "cache"),
    }  # fmt: skip
    process = program("run", "small.yaml", "-q", "--out", "o", environment=environment)
    wait_until(lambda: pids.exists() and pids.read_text().count("\n") == 2)  # engine and builder
    before = time.monotonic()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - before < 5.0  # and not 1,000 s
    assert (process.returncode, out, err) == (
        code,
        "",
        "stopped before the simulation ran; there is nothing to keep\n",
    )
    for pid in pids.read_text().split():
        wait_until(lambda pid=pid: not is_running(int(pid)))
    assert not list((here / "cache" / "v1").glob(".making-*"))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] not in "ZX"
    except OSError:
        return False


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.02)


def test_ctrl_c_while_another_process_compiles_the_same_is_not_kept_waiting(here):
    import fcntl

    from pygenn_lite.runtime.cpp import cache_keys, processor, toolchain

    cache = here / "cache"
    locks = cache / "v1" / "locks"
    for folder in (cache, cache / "v1", locks):
        folder.mkdir(mode=0o700)
    key = cache_keys.part_key("engine", toolchain.find_compiler(), processor.find_target())
    with open(locks / f"{key}.lock", "w") as lock:
        os.chmod(lock.name, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = program(
            "run", "small.yaml", "-v", "--out", "o",
            environment={"PYGENN_LITE_CACHE": str(cache), "CXX": str(toolchain.find_compiler())},
        )  # fmt: skip
        for line in process.stderr:
            if "waiting for another process" in line:
                break
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_in_the_first_moments_while_importing_leaves_no_traceback(here, number):
    (here / "numpy").mkdir()
    (here / "numpy" / "__init__.py").write_text(
        "import time\nprint('importing', flush=True)\ntime.sleep(100)\n"
    )
    root = Path(pg.__file__).parents[1]
    process = program("models", environment={"PYTHONPATH": f"{here}{os.pathsep}{root}"})
    assert process.stdout.readline() == "importing\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode in (-number, 128 + number)  # shells make the second of the first
    assert out == ""
    assert err in ("", "stopped\n")


def test_a_second_ctrl_c_stops_at_once_and_says_so(here, call, monkeypatch):
    def interrupted_twice(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Simulation, "run", interrupted_twice)
    code, out, err = call("run", "small.yaml", "--out", "o", "--json", "--quiet")
    assert (code, out, err) == (130, "", "stopped at once; the results are not complete\n")


def test_ctrl_c_while_results_are_written_is_noted_and_another_one_stops(here, call, monkeypatch):
    def write(presses):
        def finish(*arguments):
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)

        return finish

    monkeypatch.setattr(run, "_finish", write(1))
    assert call("run", "small.yaml", "--out", "o", "--quiet") == (0, "", "")
    monkeypatch.setattr(run, "_finish", write(2))
    code, _, err = call("run", "small.yaml", "--out", "o", "--overwrite", "--quiet")
    assert (code, err) == (130, "stopped at once; the results are not complete\n")


def test_ctrl_c_before_the_run_is_one_message(here, call, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(pg.Network, "compile", interrupted)
    code, out, err = call("run", "small.yaml", "--out", "o", "--json")
    assert (code, out) == (130, "")
    assert err.strip() == "stopped before the simulation ran; there is nothing to keep"


def test_ctrl_c_in_a_command_that_simulates_nothing_says_no_more_than_that(call, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("pygenn_lite.cli.library_list.show_library", interrupted)
    assert call("models") == (130, "", "stopped\n")


def test_the_exit_code_is_ours_although_ctrl_c_left_a_text_that_exec_ran(here):
    """``python -m`` with ``raise SystemExit(130)`` instead ends by the signal, at least on 3.11."""
    code = (
        "from pygenn_lite.cli.main import _leave\n"
        "try:\n    exec('raise KeyboardInterrupt')\nexcept KeyboardInterrupt:\n    pass\n"
        "_leave(130)\n"
    )
    (here / "ends.py").write_text(code)
    done = subprocess.run([sys.executable, "-m", "ends"], cwd=here, check=False)
    assert done.returncode == 130
