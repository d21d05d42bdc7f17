"""Random declarations that look valid end in an error of ours or in a run: never in another
exception, a hang, a crash, or an error of the C++ compiler."""

import os
import random
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from grammar_fuzz import Source
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.errors import CompileError, PygennLiteError
from pygenn_lite.runtime.cpp import cache_keys, toolchain

LONGEST = 30  # seconds for one declaration
BATCH = 12  # populations that are compiled together


@contextmanager
def no_hang():
    def ring(number, frame):
        raise AssertionError(f"still at work after {LONGEST} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def network(seeds):
    net = pg.Network(seed=1)
    for seed in seeds:
        Source(random.Random(seed)).add_to(net, f"p{seed}")
    for population in net.populations.values():
        net.record(population.spikes)
    return net


def derives(seed):
    """Whether a declaration gets as far as source text."""
    net = network([seed])
    if not net.populations:
        return False
    try:
        codegen.generate(codegen.network_structure(net))
    except PygennLiteError as error:
        assert str(error).strip()
        return False
    return True


def run(seeds):
    """Run some declarations together; where one is refused late, the others without it."""
    try:
        sim = network(seeds).compile(threads=2, check_finite=seeds[0] % 2 == 0)
    except CompileError:
        raise
    except PygennLiteError as error:
        assert str(error).strip()
        half = len(seeds) // 2
        return sum(run(part) for part in (seeds[:half], seeds[half:]) if half)
    try:
        sim.run(1.5)
    except PygennLiteError as error:
        assert str(error).strip()
    return len(seeds)


@pytest.mark.filterwarnings("ignore::pygenn_lite.errors.PygennLiteWarning")
@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(st.randoms(use_true_random=False))
def test_every_declaration_is_derived_or_refused(source):
    net = pg.Network(seed=1)
    with no_hang():
        Source(source).add_to(net, "p")
        if net.populations:
            try:
                codegen.generate(codegen.network_structure(net))
            except PygennLiteError as error:
                assert str(error).strip()


@pytest.mark.parametrize("first", [0, 1000, 2000])
def test_what_is_derived_compiles_and_runs(first):
    """In a process of its own, which a crash would end."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", __file__, str(first)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(pg.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert int(done.stdout.split()[-1]) >= BATCH // 2


if __name__ == "__main__":
    usual = toolchain.optimisation  # what the compiler accepts does not depend on it
    for module in (toolchain, cache_keys):
        module.optimisation = lambda part, family: (
            "-O1" if part == "kernels" else usual(part, family)
        )
    start, chosen = int(sys.argv[1]), []
    for seed in range(start, start + 200):
        with no_hang():
            if len(chosen) < BATCH and derives(seed):
                chosen.append(seed)
    print(run(chosen))
