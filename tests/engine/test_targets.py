"""Code for old and new processors gives the same bits: common functions, then whole networks."""

from __future__ import annotations

import ctypes as c
import subprocess
from pathlib import Path

import numpy as np
import pytest
from builder_library import TEMPLATES, address, compiler

import pygenn_lite as pg
from pygenn_lite.errors import ToolchainError
from pygenn_lite.runtime.cpp import abi, processor
from pygenn_lite.runtime.cpp.toolchain import COMMON_FLAGS
from pygenn_lite.runtime.values.poisson import poisson_table

KINDS = {"float": np.float32, "double": np.float64}
HERE = Path(__file__).parent


def runnable() -> list[str]:
    """Targets whose code this processor can run, its own first."""
    features = set(processor.processor_features())
    return ["native", *(n for n, needed in processor.LEVELS.items() if set(needed) <= features)]


OTHERS = runnable()[1:]
pytestmark = pytest.mark.skipif(not OTHERS, reason="not an x86-64 processor of this century")


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, c.CDLL]:
    folder = tmp_path_factory.mktemp("targets")
    family = "zig" if "zig" in " ".join(compiler()) else "gcc"
    running = {}
    for name in runnable():
        extensions = processor.LEVELS.get(name, processor.processor_features())
        flags = processor.Target(name, extensions).flags(family)[0]
        command = [
            *compiler(),
            "-O3",
            *COMMON_FLAGS,
            *flags,
            f"-I{TEMPLATES}",
            str(HERE / "targets.cpp"),
        ]
        running[name] = subprocess.Popen(
            [*command, "-fvisibility=default", "-o", str(folder / f"{name}.so")],
            stderr=subprocess.PIPE,
            text=True,
        )
    for process in running.values():
        _, log = process.communicate()
        assert process.returncode == 0, log
    return {name: c.CDLL(str(folder / f"{name}.so")) for name in running}


def same(results: dict[str, np.ndarray]) -> None:
    """Equal in all bits; NaN need only be NaN."""
    first, *others = results.values()
    for other in others:
        both_nan = np.isnan(first) & np.isnan(other)
        bits = [a.view(f"u{a.itemsize}") for a in (first, other)]
        differing = np.flatnonzero((bits[0] != bits[1]) & ~both_nan)
        assert differing.size == 0, (differing[:5], first[differing[:5]], other[differing[:5]])


@pytest.mark.parametrize("first", [0, 160, 2**32 - 6])
def test_random_words(libraries: dict[str, c.CDLL], first: int) -> None:
    results = {}
    for name, library in libraries.items():
        results[name] = np.empty(64 * 50, np.uint32)
        library.words(c.c_uint32(first), c.c_int64(50), address(results[name]))
    same(results)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("what", ["uniforms", "normals"])
def test_uniforms_and_normals(libraries: dict[str, c.CDLL], what: str, kind: str) -> None:
    results = {}
    for name, library in libraries.items():
        results[name] = np.empty(64 * 500, KINDS[kind])
        getattr(library, f"{what}_{kind}")(c.c_int64(500), address(results[name]))
    same(results)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.8, 5.0, 9.5, 60.0, None])
def test_poisson_counts(libraries: dict[str, c.CDLL], rate: float | None) -> None:
    rates = np.resize([0.0, 0.3, 4.0, 12.0, 80.0], 64)
    table = None if rate is None else poisson_table(rate)
    threshold, alias = table or (np.zeros(32, np.uint32), np.zeros(32, np.uint32))
    given = abi.Poisson(
        2 if rate is None else 0 if table else 1, 11, rate or 0.0, rates.ctypes.data,
        threshold.ctypes.data, alias.ctypes.data,
    )  # fmt: skip
    results = {}
    for name, library in libraries.items():
        results[name] = np.empty(64 * 300, np.int32)
        library.counts(c.byref(given), c.c_int64(300), address(results[name]))
    same({name: counts.view(np.uint32) for name, counts in results.items()})


@pytest.mark.parametrize("kind", KINDS)
def test_functions(libraries: dict[str, c.CDLL], kind: str) -> None:
    rng = np.random.default_rng(1)
    wide = 80 if kind == "float" else 700
    x = np.concatenate([
        rng.uniform(-wide, wide, 4000), rng.normal(0, 1, 4000), rng.normal(0, 1e-3, 2000),
        10.0 ** rng.uniform(-35, 30, 2000), [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0],
    ]).astype(KINDS[kind])  # fmt: skip
    y = rng.uniform(-5, 5, x.size).astype(KINDS[kind])
    results = {}
    for name, library in libraries.items():
        results[name] = np.empty((10, x.size), KINDS[kind])
        getattr(library, f"functions_{kind}")(
            address(x), address(y), address(results[name]), c.c_int64(x.size)
        )
    same({name: values.ravel() for name, values in results.items()})


def hard_sums(kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Factors and addends, many such that rounding the sum twice would go wrong."""
    rng = np.random.default_rng(2)
    real, info = KINDS[kind], np.finfo(KINDS[kind])
    bits, n = info.nmant + 1, 30000

    def numbers(of_bits: int) -> np.ndarray:
        sign = np.where(rng.random(n) < 0.5, 1, -1)
        return (2 * rng.integers(2 ** (of_bits - 2), 2 ** (of_bits - 1), n) + 1) * sign

    # Products half way between two numbers, and an addend that says which of them is nearer.
    halves = numbers(bits // 2 + 1), numbers(bits - bits // 2), np.sign(numbers(9)) * 1.0
    halves = (*halves[:2], np.ldexp(halves[2], rng.integers(-3 * bits, 2, n)))
    # Anything, of all sizes and of those near the smallest; sums that cancel but for the rest.
    a, b = np.ldexp(numbers(bits), -bits), np.ldexp(numbers(bits), -bits)
    near = -(a.astype(real) * b.astype(real)).astype(float)
    any_size = np.ldexp(numbers(bits), rng.integers(-4 * bits, 2 * bits, n))
    small = np.ldexp(b, rng.integers(info.minexp - bits, info.minexp + 3 * bits, n))
    special = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, info.max,
                        info.tiny, -info.tiny / 8])  # fmt: skip
    grid = tuple(part.ravel() for part in np.meshgrid(special, special, special))
    cases = [halves, (a, b, near), (a, b, any_size), (a, small, near), (a, small, small), grid]
    parts = [np.concatenate(part).astype(real) for part in zip(*cases, strict=True)]
    return parts[0], parts[1], parts[2]


@pytest.mark.parametrize("flush", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_fused_multiply_add(libraries: dict[str, c.CDLL], kind: str, flush: bool) -> None:
    parts = hard_sums(kind)
    results = {}
    for name, library in libraries.items():
        out = results[name] = np.empty_like(parts[0])
        function = getattr(library, f"fused_{kind}")
        arguments = (*map(address, parts), address(out), c.c_int64(out.size))
        before = library.flush_denormals() if flush else None
        function(*arguments)
        if before is not None:
            library.restore(c.c_uint32(before))
    same(results)
    twice = (parts[0].astype(float) * parts[1] + parts[2]).astype(KINDS[kind])
    finite = np.isfinite(twice)
    assert np.count_nonzero((results["native"] != twice) & finite) > 100  # the cases are hard


@pytest.mark.parametrize("kind, word", [("float", np.uint32), ("double", np.uint64)])
def test_any_flag_is_seen(libraries: dict[str, c.CDLL], kind: str, word: type) -> None:
    for library in libraries.values():
        seen = getattr(library, f"any_{kind}")
        assert not seen(address(np.zeros(16, word)))
        for column in range(16):
            flags = np.zeros(16, word)
            flags[column] = 8
            assert seen(address(flags))


def network() -> pg.Network:
    """Closed forms, exponentials, noise, Poisson inputs of all kinds, plasticity."""
    net = pg.Network(dt=0.1, seed=7)
    lif = net.population("lif", 200, pg.LIF(tau=10.0, initial={"V": pg.Uniform(-65.0, -50.0)}))
    noisy = net.population(
        "noisy",
        100,
        pg.NeuronModel(
            "dV/dt = (-V + 0.5*exp(-V*V) + a*V + I)/tau + s*xi\nda/dt = (tanh(V) - a*a)/(3*tau)",
            threshold="V > 1",
            reset="V = 0; a = a + 0.1*V",
            parameters={"tau": 10.0, "s": 0.4},
        ),
    )
    net.poisson(lif, 1000.0, weight=200.0, synapse=pg.ExponentialCurrent(5.0))
    net.poisson(lif, "500 + i", weight=90.0, synapse=pg.ExponentialCurrent(2.0))
    delay = pg.TruncatedNormal(1.5, 0.5, low=0.1)
    net.connect(lif, lif, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.1),
                weight=pg.Normal(20.0, 4.0), delay=delay)  # fmt: skip
    net.connect(lif, noisy, pg.PairSTDP(tau_plus=20.0, w_max=1.0), pg.FixedProbability(0.2),
                weight=pg.Uniform(0.0, 0.1), name="plastic")  # fmt: skip
    for population in (lif, noisy):
        net.record(population.spikes)
        net.record(population["V"])
    return net


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_networks(monkeypatch: pytest.MonkeyPatch, precision: str) -> None:
    found = {}
    for name in runnable():
        monkeypatch.setenv(processor.VARIABLE, name)
        sim = network().compile(precision=precision, threads=1)
        assert name in str(sim.inspect())
        result = sim.run(50.0)
        found[name] = {
            "weights": sim["plastic"]["weight"],
            **{f"V {p}": result.traces[p]["V"].values for p in ("lif", "noisy")},
            **{f"spikes {p}": result.spikes[p].times for p in ("lif", "noisy")},
        }
    assert found["native"]["spikes lif"].size > 50 and found["native"]["spikes noisy"].size > 50
    for what, expected in found["native"].items():
        for name in OTHERS:
            values = np.asarray(found[name][what])
            assert values.tobytes() == np.asarray(expected).tobytes(), (name, what)


def test_an_unknown_target_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(processor.VARIABLE, "x86-64-v9")
    with pytest.raises(ToolchainError, match=r"(?s)'x86-64-v9'.*native, x86-64-v2, x86-64-v3"):
        processor.find_target()


def test_a_target_that_this_processor_cannot_run_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    old = tuple(set(processor.processor_features()) - {"avx2", "fma"})
    monkeypatch.setattr(processor, "processor_features", lambda: old)
    monkeypatch.setenv(processor.VARIABLE, "x86-64-v3")
    with pytest.raises(ToolchainError, match=r"(?s)x86-64-v3.*lacks avx2, fma"):
        processor.find_target()
    monkeypatch.setattr(processor.platform, "machine", lambda: "aarch64")
    with pytest.raises(ToolchainError, match="aarch64"):
        processor.find_target()


def test_a_processor_without_fused_multiply_add_is_told_so() -> None:
    assert "slow" in str(processor.Target("x86-64-v2", processor.LEVELS["x86-64-v2"]))
    assert "AVX2" in str(processor.Target("x86-64-v3", processor.LEVELS["x86-64-v3"]))


def test_the_target_is_part_of_the_cache_key() -> None:
    from pygenn_lite.runtime.cpp import cache_keys, toolchain

    one = toolchain.Compiler(("g++",), "gcc", "1")
    targets = [processor.Target(n, ()) for n in ("native", *processor.LEVELS)]
    assert len({cache_keys.kernels_key(one, t, "a") for t in targets}) == len(targets)
    assert len({cache_keys.part_key("engine", one, t) for t in targets}) == len(targets)


@pytest.mark.parametrize("count", [1, 10, 16, 17, 63, 64, 1000])
def test_neurons_behind_the_end_of_a_shard_have_no_flags(
    libraries: dict[str, c.CDLL], count: int
) -> None:
    for library in libraries.values():
        library.first_flags.restype = c.c_uint64
        seen = library.first_flags(c.c_uint32(count))
        assert seen == (1 << min(count, 64)) - 1
