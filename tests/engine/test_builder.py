"""Stores: rules, distributions, layout, and that all forms of storage hold the same synapses."""

from __future__ import annotations

import ctypes as c
import itertools

import numpy as np
import pytest
from builder_library import (
    Groups,
    Spec,
    Store,
    agreement,
    bounds_of,
    constant,
    explicit,
    normal,
    rule,
    truncated,
    values,
)
from scipy import stats

from pygenn_lite.runtime.cpp import abi

N_SOURCE, N_TARGET = 700, 900
RANDOM_EXPLICIT = np.random.default_rng(8).integers(0, (N_SOURCE, N_TARGET), (5000, 2)).T
RULES = {
    "all to all": rule(abi.ALL_TO_ALL),
    "probability": rule(abi.FIXED_PROBABILITY, p=0.1),
    "certain": rule(abi.FIXED_PROBABILITY, p=1.0),
    "total": rule(abi.FIXED_TOTAL, n=60000),
    "total, distinct": rule(abi.FIXED_TOTAL, multapses=False, n=60000),
    "in": rule(abi.FIXED_IN, n=70),
    "in, distinct": rule(abi.FIXED_IN, multapses=False, n=70),
    "out": rule(abi.FIXED_OUT, n=90),
    "out, distinct": rule(abi.FIXED_OUT, multapses=False, n=90),
    "out, most": rule(abi.FIXED_OUT, multapses=False, n=800),
    "explicit": explicit(*RANDOM_EXPLICIT, N_SOURCE),
}
RICH = {"weight": normal(2.0, 0.5), "delay": truncated(1.5, 0.75, 0.1)}


def spec(name: str, **more: object) -> Spec:
    return Spec(N_TARGET, RULES[name], **(RICH | more))  # type: ignore[arg-type]


def same(a: tuple[np.ndarray, ...], b: tuple[np.ndarray, ...]) -> None:
    for first, second in zip(a, b, strict=True):
        np.testing.assert_array_equal(first, second)


# ------------------------------------------------------------------ what the rules make
@pytest.mark.parametrize("name", RULES)
def test_same_for_any_threads_and_shards(builder: c.CDLL, name: str) -> None:
    one = Store(builder, N_SOURCE, [spec(name)], shards=1, threads=1)
    for shards, threads in ((2, 2), (5, 3), (20, 2)):
        other = Store(builder, N_SOURCE, [spec(name)], shards=shards, threads=threads)
        assert other.size() == one.size()
        same(one.read(), other.read())
    pre, post, delay, _ = (part.astype(np.int64) for part in one.read())
    order = (pre * N_TARGET + post) * 2000 + delay
    assert (np.diff(order) >= 0).all()
    groups = Groups([spec(name)], 1)
    assert one.size() == pre.size
    longest = builder.pgl_delay_maximum(N_SOURCE, groups.array, 0.1, 12345, 2)
    assert longest == delay.max()


@pytest.mark.parametrize("name", RULES)
def test_numbers_and_repetition(builder: c.CDLL, name: str) -> None:
    pre, post, *_ = Store(builder, N_SOURCE, [spec(name)]).read()
    out, into = np.bincount(pre, minlength=N_SOURCE), np.bincount(post, minlength=N_TARGET)
    repeated = pre.size - np.unique(pre.astype(np.int64) * N_TARGET + post).size
    kind = name.split(",")[0]
    pairs = N_SOURCE * N_TARGET
    if kind in ("all to all", "certain"):
        assert (out == N_TARGET).all() and repeated == 0
    elif kind == "probability":
        assert repeated == 0
        assert abs(pre.size - 0.1 * pairs) < 4 * np.sqrt(pairs * 0.09)
        check_spread(out, stats.binom(N_TARGET, 0.1))
        check_spread(into, stats.binom(N_SOURCE, 0.1))
    elif kind == "total":
        assert pre.size == 60000
        if name == kind:
            check_spread(out, stats.binom(60000, 1 / N_SOURCE))
            check_spread(into, stats.binom(60000, 1 / N_TARGET))
        else:
            assert repeated == 0
            check_spread(out, stats.hypergeom(pairs, N_TARGET, 60000))
            check_spread(into, stats.hypergeom(pairs, N_SOURCE, 60000))
    elif kind == "in":
        assert (into == 70).all() and (repeated > 0) == (name == kind)
        p = 70 / N_SOURCE
        check_spread(out, stats.binom(N_TARGET, p if name != kind else 1 - (1 - p / 70) ** 70),
                     variance=name != kind)  # fmt: skip
    elif kind == "out":
        n = 800 if "most" in name else 90
        assert (out == n).all() and (repeated > 0) == (name == kind)
        if name != kind:
            check_spread(into, stats.binom(N_SOURCE, n / N_TARGET))
    else:
        np.testing.assert_array_equal(out, np.bincount(RANDOM_EXPLICIT[0], minlength=N_SOURCE))
        np.testing.assert_array_equal(into, np.bincount(RANDOM_EXPLICIT[1], minlength=N_TARGET))


def check_spread(degrees: np.ndarray, law: object, *, variance: bool = True) -> None:
    """Mean and variance of the degrees are those of the law (within five standard errors)."""
    mean, var = law.mean(), law.var()  # type: ignore[attr-defined]
    if variance:
        assert abs(degrees.mean() - mean) < 5 * np.sqrt(var / degrees.size)
        assert abs(degrees.var() / var - 1) < 5 * np.sqrt(2 / degrees.size)
    else:
        assert abs(degrees.mean() - 70 * N_TARGET / N_SOURCE) < 1e-9


@pytest.mark.parametrize("kind, more", [
    (abi.ALL_TO_ALL, {}), (abi.FIXED_PROBABILITY, {"p": 0.3}), (abi.FIXED_TOTAL, {"n": 20000}),
    (abi.FIXED_TOTAL, {"n": 20000, "multapses": False}), (abi.FIXED_IN, {"n": 50}),
    (abi.FIXED_IN, {"n": 50, "multapses": False}), (abi.FIXED_OUT, {"n": 50}),
    (abi.FIXED_OUT, {"n": 299, "multapses": False}),
])  # fmt: skip
def test_autapses(builder: c.CDLL, kind: int, more: dict[str, object]) -> None:
    def build(autapses: bool, same_population: bool = True) -> tuple[np.ndarray, np.ndarray]:
        given = rule(kind, autapses=autapses, same=same_population, **more)  # type: ignore[arg-type]
        pre, post, *_ = Store(builder, 300, [Spec(300, given)]).read()
        return pre, post

    pre, post = build(autapses=False)
    assert (pre != post).all()
    assert post.max() == 299 and post.min() == 0
    if more.get("n") != 299:
        pre, post = build(autapses=True)
        assert (pre == post).any()
        first = build(autapses=False, same_population=False)
        np.testing.assert_array_equal(first[1], post)


def test_one_to_one(builder: c.CDLL) -> None:
    pre, post, *_ = Store(builder, 500, [Spec(500, rule(abi.ONE_TO_ONE))], shards=3).read()
    np.testing.assert_array_equal(pre, np.arange(500))
    np.testing.assert_array_equal(post, np.arange(500))


def test_all_pairs_drawn_alike(builder: c.CDLL) -> None:
    """Every pair has the same chance, whichever rule makes it."""
    for given in (
        rule(abi.FIXED_PROBABILITY, p=0.25), rule(abi.FIXED_TOTAL, n=25, multapses=False),
        rule(abi.FIXED_TOTAL, n=25), rule(abi.FIXED_OUT, n=3, multapses=False),
        rule(abi.FIXED_OUT, n=7, multapses=False), rule(abi.FIXED_IN, n=4, multapses=False),
    ):  # fmt: skip
        count = np.zeros((10, 10))
        for seed in range(400):
            store = Store(builder, 10, [Spec(10, given)], seed=seed, shards=1, threads=1)
            pre, post, *_ = store.read()
            np.add.at(count, (pre, post), 1)
        expected = count.sum() / 100
        assert agreement(count.ravel(), np.full(100, expected)) > 1e-5, given


# ------------------------------------------------------------------ weights and delays
LAWS = {
    "uniform": ({"kind": abi.UNIFORM, "a": 1.0, "b": 3.0}, stats.uniform(1, 2)),
    "normal": (normal(2.0, 0.5), stats.norm(2, 0.5)),
    "truncated": (truncated(1.5, 0.75, 0.1), stats.truncnorm(-1.4 / 0.75, np.inf, 1.5, 0.75)),
    "both ends": (truncated(1.0, 1.0, 0.5, 2.0), stats.truncnorm(-0.5, 1.0, 1.0, 1.0)),
    "tail": (truncated(0.0, 1.0, 3.0), stats.truncnorm(3.0, np.inf)),
    "log-normal": ({"kind": abi.LOG_NORMAL, "a": 0.2, "b": 0.4},
                   stats.lognorm(0.4, scale=np.exp(0.2))),
    "exponential": ({"kind": abi.EXPONENTIAL, "a": 1.7}, stats.expon(scale=1.7)),
}  # fmt: skip


@pytest.mark.parametrize("real_bytes", [4, 8])
@pytest.mark.parametrize("name", LAWS)
def test_distributions(builder: c.CDLL, name: str, real_bytes: int) -> None:
    given, law = LAWS[name]
    dt = 0.1
    store = Store(builder, 200, [Spec(400, rule(abi.ALL_TO_ALL), given, given)], dt=dt,
                  real_bytes=real_bytes)  # fmt: skip
    _pre, _post, delay, weight = store.read()
    assert stats.kstest(weight, law.cdf).pvalue > 1e-3
    steps = np.arange(1, delay.max() + 2)
    cdf = law.cdf((steps + 0.5) * dt)
    expected = np.diff(np.concatenate([[0.0], cdf])) * delay.size
    expected[-1] += (1 - cdf[-1]) * delay.size
    observed = np.bincount(delay, minlength=steps[-1] + 1)[1:]
    many = expected > 5
    assert agreement(
        np.append(observed[many], observed[~many].sum()),
        np.append(expected[many], expected[~many].sum()),
    ) > 1e-4  # fmt: skip
    # Weights and delays of a synapse come from different words, and so do neighbours.
    assert abs(np.corrcoef(weight, delay)[0, 1]) < 0.02
    assert abs(np.corrcoef(weight[1:], weight[:-1])[0, 1]) < 0.02


def test_delays_are_rounded_and_clipped(builder: c.CDLL) -> None:
    n = 200
    given = np.linspace(-1.0, 30.0, n)
    store = Store(builder, n, [Spec(n, rule(abi.ONE_TO_ONE), values(given), values(given))],
                  max_delay=200)  # fmt: skip
    _, _, delay, weight = store.read()
    np.testing.assert_array_equal(delay, np.clip(np.floor(given / 0.1 + 0.5), 1, 200))
    np.testing.assert_array_equal(weight, given)
    _, _, delay, _ = Store(builder, n, [Spec(n, rule(abi.ONE_TO_ONE), delay=constant(1.26))]).read()
    assert (delay == 13).all()


def test_values_follow_the_explicit_order(builder: c.CDLL) -> None:
    pre, post = RANDOM_EXPLICIT
    order = np.argsort(pre, kind="stable")
    weight = np.arange(pre.size, dtype=float)
    steps = np.random.default_rng(1).integers(1, 40, pre.size)
    given = Spec(N_TARGET, RULES["explicit"], values(weight), values(steps * 0.1))
    for threads, shards in ((1, 1), (2, 3)):
        read = Store(builder, N_SOURCE, [given], threads=threads, shards=shards).read()
        canonical = np.lexsort((np.arange(pre.size), steps, post[order], pre[order]))
        same(read, (pre[order][canonical], post[order][canonical], steps[canonical],
                    weight[canonical]))  # fmt: skip


# ------------------------------------------------------------------ layout
@pytest.mark.parametrize("offset", [0, 70000])
@pytest.mark.parametrize("real_bytes", [4, 8])
def test_layout_of_a_shared_store(builder: c.CDLL, offset: int, real_bytes: int) -> None:
    """Rows ascend by delay, then group; every synapse stands where `positions` says."""
    shards = 3
    groups = [
        spec("probability", stream=1, offset=5),
        Spec(300, rule(abi.FIXED_OUT, n=40), **RICH, stream=2, offset=2000 + offset),  # type: ignore[arg-type]
        spec("total", stream=3, offset=5),  # the same targets as the first
    ]
    flags = abi.STORE_WEIGHTS | abi.STORE_SOURCES | abi.STORE_DELAYS
    store = Store(builder, N_SOURCE, groups, shards=shards, flags=flags, real_bytes=real_bytes)
    alone = [Store(builder, N_SOURCE, [g], real_bytes=real_bytes) for g in groups]
    found: list[list[tuple[np.ndarray, ...]]] = [[] for _ in range(shards)]
    real = np.float32 if real_bytes == 4 else np.float64
    for g, given in enumerate(groups):
        read = store.read(g)
        same(read, alone[g].read())
        where, position = store.positions(g)
        bounds = bounds_of(given.n_target, shards)
        for s in range(shards):
            here = where == s
            pre, post, delay, weight = (part[here] for part in read)
            assert ((post >= bounds[s]) & (post < bounds[s + 1])).all()
            found[s].append((position[here], pre, post - bounds[s] + given.offset, delay, weight,
                             np.full(pre.size, g)))  # fmt: skip
    for s in range(shards):
        position, pre, local, delay, weight, group = (
            np.concatenate(parts) for parts in zip(*found[s], strict=True)
        )
        n = store.shard(s).n_synapses
        np.testing.assert_array_equal(np.sort(position), np.arange(n))
        order = np.argsort(position)
        assert store.shard(s).wide_target == (offset > 0)
        target = store.array(s, "target", np.uint32 if offset else np.uint16, n)
        np.testing.assert_array_equal(target, local[order])
        np.testing.assert_array_equal(store.array(s, "source", np.uint32, n), pre[order])
        np.testing.assert_array_equal(store.array(s, "delay", np.uint16, n), delay[order])
        np.testing.assert_array_equal(store.array(s, "weight", real, n), weight[order])
        key = ((pre * 1000 + delay) * 10 + group)[order]
        assert (np.diff(key.astype(np.int64)) >= 0).all()


def test_weights_can_be_written(builder: c.CDLL) -> None:
    groups = [spec("probability", stream=1), spec("in", stream=2)]
    store = Store(builder, N_SOURCE, groups)
    before = store.read(1)
    given = np.random.default_rng(0).normal(size=store.size(0))
    assert builder.pgl_store_write_weights(store.pointer, 0, given.ctypes.data) == 0
    np.testing.assert_array_equal(store.read(0)[3], given)
    same(store.read(1), before)
    assert builder.pgl_store_set_common_weight(store.pointer, 4.5) == 0
    assert (store.read(1)[3] == 4.5).all()
    plain = Store(builder, N_SOURCE, [spec("out", weight=constant(2.0))], flags=0)
    assert (plain.read()[3] == 2.0).all()
    assert builder.pgl_store_set_common_weight(plain.pointer, 3.0) == 0
    assert (plain.read()[3] == 3.0).all()
    assert builder.pgl_store_bytes(plain.pointer) < builder.pgl_store_bytes(store.pointer)


@pytest.mark.parametrize("name", ["probability", "in", "total", "explicit"])
def test_transposed_index(builder: c.CDLL, name: str) -> None:
    flags = abi.STORE_WEIGHTS | abi.STORE_TRANSPOSED | abi.STORE_SOURCES
    for threads in (1, 3):
        store = Store(builder, N_SOURCE, [spec(name)], flags=flags, shards=3, threads=threads)
        bounds = bounds_of(N_TARGET, 3)
        for s in range(3):
            n, columns = store.shard(s).n_synapses, int(bounds[s + 1] - bounds[s])
            begin = store.array(s, "post_begin", np.uint32, columns + 1)
            position = store.array(s, "post_position", np.uint32, n)
            source = store.array(s, "post_source", np.uint32, n)
            target = store.array(s, "target", np.uint16, n)
            order = np.argsort(target, kind="stable")
            np.testing.assert_array_equal(position, order)
            np.testing.assert_array_equal(begin, np.searchsorted(target[order], range(columns + 1)))
            np.testing.assert_array_equal(source, store.array(s, "source", np.uint32, n)[position])


# ------------------------------------------------------------------ dense and procedural
@pytest.mark.parametrize("real_bytes", [4, 8])
@pytest.mark.parametrize(
    "name", ["all to all", "probability", "total", "total, distinct", "out", "out, distinct"]
)
def test_storage_forms_agree(builder: c.CDLL, name: str, real_bytes: int) -> None:
    given, shards = spec(name, delay=constant(1.5), offset=3), 3
    sparse = Store(builder, N_SOURCE, [given], shards=shards, real_bytes=real_bytes)
    procedural = Store(builder, N_SOURCE, [given], shards=shards, real_bytes=real_bytes,
                       flags=abi.STORE_WEIGHTS | abi.STORE_PROCEDURAL)  # fmt: skip
    same(sparse.read(), procedural.read())
    assert builder.pgl_store_bytes(procedural.pointer) < 10000
    check_rows(builder, sparse, procedural, shards, np.float32 if real_bytes == 4 else np.float64)
    if name in ("total", "out"):
        with pytest.raises(ValueError, match="multapses"):
            Store(builder, N_SOURCE, [given], flags=abi.STORE_WEIGHTS | abi.STORE_DENSE)
        return
    dense = Store(builder, N_SOURCE, [given], shards=shards, real_bytes=real_bytes,
                  flags=abi.STORE_WEIGHTS | abi.STORE_DENSE)  # fmt: skip
    same(sparse.read(), dense.read())
    pre, post, _, weight = sparse.read()
    matrix = np.zeros((N_SOURCE, N_TARGET))
    matrix[pre, post] = weight
    bounds = bounds_of(N_TARGET, shards)
    real = np.float32 if real_bytes == 4 else np.float64
    for s in range(shards):
        part = dense.array(s, "weight", real, N_SOURCE * int(bounds[s + 1] - bounds[s]))
        np.testing.assert_array_equal(
            part.reshape(N_SOURCE, -1), matrix[:, bounds[s] : bounds[s + 1]]
        )


def check_rows(builder: c.CDLL, sparse: Store, procedural: Store, shards: int, real: type) -> None:
    targets, weights = np.empty(4 * N_TARGET, np.uint32), np.empty(4 * N_TARGET)
    builder.procedural_row.restype = c.c_int64
    for s in range(shards):
        total = sparse.shard(s).n_synapses
        stored = sparse.array(s, "target", np.uint16, total)
        drawn = sparse.array(s, "weight", real, total)
        at = 0
        for row in range(N_SOURCE):
            n = builder.procedural_row(
                c.c_void_p(procedural.pointer), c.c_uint32(s), c.c_uint32(row),
                c.c_void_p(targets.ctypes.data), c.c_void_p(weights.ctypes.data),
            )  # fmt: skip
            np.testing.assert_array_equal(targets[:n], stored[at : at + n])
            np.testing.assert_array_equal(weights[:n], drawn[at : at + n])
            at += n
        assert at == total


def test_full_matrix_of_one_weight_stores_nothing(builder: c.CDLL) -> None:
    given = Spec(N_TARGET, rule(abi.ALL_TO_ALL), weight=constant(2.5))
    store = Store(builder, N_SOURCE, [given], flags=abi.STORE_DENSE)
    assert not store.shard(0).weight
    pre, _post, delay, weight = store.read()
    assert pre.size == N_SOURCE * N_TARGET and (weight == 2.5).all() and (delay == 10).all()
    # With gaps the matrix has to say where they are.
    given = Spec(N_TARGET, RULES["probability"], weight=constant(2.5))
    store = Store(builder, N_SOURCE, [given], flags=abi.STORE_DENSE)
    assert store.shard(0).weight


# ------------------------------------------------------------------ refusals, edges, progress
@pytest.mark.parametrize("given, flags, message", [
    (rule(abi.FIXED_PROBABILITY, p=1.5), 1, r"outside \[0, 1\]"),
    (rule(abi.FIXED_OUT, n=901, multapses=False), 1, "do not fit"),
    (rule(abi.FIXED_IN, n=701, multapses=False), 1, "do not fit"),
    (rule(abi.FIXED_TOTAL, n=700 * 900 + 1, multapses=False), 1, "do not fit"),
    (rule(abi.ONE_TO_ONE), 1, "one-to-one"),
    (explicit(np.array([0]), np.array([900]), 700), 1, "target 900"),
    (rule(abi.FIXED_IN, n=5), 1 | abi.STORE_PROCEDURAL, "in-degree"),
    (explicit(np.array([3, 3]), np.array([8, 8]), 700), 1 | abi.STORE_DENSE, "more than once"),
])  # fmt: skip
def test_refusals(builder: c.CDLL, given: dict[str, object], flags: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Store(builder, N_SOURCE, [Spec(N_TARGET, given)], flags=flags)


def test_more_refusals(builder: c.CDLL) -> None:
    with pytest.raises(ValueError, match="one delay"):
        Store(builder, N_SOURCE, [spec("probability")], flags=1 | abi.STORE_DENSE)
    with pytest.raises(ValueError, match="numbered"):
        Store(builder, N_SOURCE, [spec("probability", weight=values(np.ones(10)))])
    with pytest.raises(ValueError, match="32 bits"):
        Store(builder, N_SOURCE, [spec("probability", offset=2**32 - 100)])
    with pytest.raises(ValueError, match="one group"):
        Store(builder, N_SOURCE, [spec("out"), spec("in")], flags=1 | abi.STORE_TRANSPOSED)
    with pytest.raises(ValueError, match="keeps"):
        Store(builder, N_SOURCE, [spec("out", weight=truncated(0.0, 1.0, 9.0))])


@pytest.mark.parametrize("n_source, n_target", [(0, 50), (50, 0), (1, 1), (1, 200)])
def test_small_populations(builder: c.CDLL, n_source: int, n_target: int) -> None:
    for given in (rule(abi.ALL_TO_ALL), rule(abi.FIXED_PROBABILITY, p=0.5),
                  rule(abi.FIXED_TOTAL, n=0), rule(abi.FIXED_IN, n=0)):  # fmt: skip
        store = Store(builder, n_source, [Spec(n_target, given, **RICH)], shards=3)  # type: ignore[arg-type]
        pre, post, *_ = store.read()
        if given["kind"] == abi.ALL_TO_ALL:
            assert pre.size == n_source * n_target
        assert (post < max(n_target, 1)).all()


def test_long_rows_use_wide_segments(builder: c.CDLL) -> None:
    given = Spec(100, rule(abi.FIXED_OUT, n=80000), **RICH)  # type: ignore[arg-type]
    store = Store(builder, 3, [given], shards=1, flags=abi.STORE_WEIGHTS | abi.STORE_DELAYS)
    pre, _post, delay, _ = store.read()
    assert (np.bincount(pre) == 80000).all()
    stored = store.array(0, "delay", np.uint16, 240000).reshape(3, -1)
    assert (np.diff(stored.astype(int), axis=1) >= 0).all()
    np.testing.assert_array_equal(np.sort(delay), np.sort(stored.ravel()))


def test_progress_and_stopping(builder: c.CDLL) -> None:
    seen: list[tuple[int, int]] = []

    def note(done: int, total: int, _: object) -> int:
        seen.append((done, total))
        return 0

    Store(builder, N_SOURCE, [spec("out")], progress=abi.ProgressFunction(note))
    assert seen[-1] == (2 * N_SOURCE, 2 * N_SOURCE)
    assert all(a[0] <= b[0] for a, b in itertools.pairwise(seen))
    with pytest.raises(ValueError, match="stopped"):
        Store(builder, N_SOURCE, [spec("out")], progress=abi.ProgressFunction(lambda *_: 1))


def test_seed_and_stream_matter(builder: c.CDLL) -> None:
    first = Store(builder, N_SOURCE, [spec("probability")]).read()
    for other in (Store(builder, N_SOURCE, [spec("probability")], seed=1),
                  Store(builder, N_SOURCE, [spec("probability", stream=8)])):  # fmt: skip
        read = other.read()
        assert read[0].size != first[0].size or (read[1] != first[1]).any()
