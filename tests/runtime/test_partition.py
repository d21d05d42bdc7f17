"""Cutting populations into shards."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pygenn_lite.codegen.plan.ownership import RoundRobin
from pygenn_lite.codegen.plan.partition import (
    BLOCK,
    make_partition,
)

sizes = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3), st.integers(1, 200_000), min_size=1, max_size=8
)


@given(sizes, st.integers(0, 4), st.integers(1, 9))
def test_every_neuron_has_one_owner_and_cuts_fall_between_blocks(sizes, variables, threads):
    partition = make_partition(sizes, dict.fromkeys(sizes, variables), threads)
    assert partition.shards >= threads
    assert partition.shards % threads == 0
    for name, size in sizes.items():
        cuts = partition.begin[name].astype(np.int64)
        assert len(cuts) == partition.shards + 1
        assert cuts[0] == 0 and cuts[-1] == size
        assert np.all(np.diff(cuts) >= 0)
        assert all(c % BLOCK == 0 or c == size for c in cuts)


@given(st.integers(10_000, 2_000_000), st.integers(1, 3), st.integers(1, 4))
def test_short_indices_reach_all_of_a_shard(size, variables, threads):
    partition = make_partition({"a": size}, {"a": variables}, threads)
    for piece in range(partition.shards):
        assert partition.padded("a", piece) * variables <= 65536


@given(sizes, st.integers(1, 8))
def test_shards_are_about_equal(sizes, threads):
    sizes = {name: size + 64 * 2 * threads for name, size in sizes.items()}
    partition = make_partition(sizes, dict.fromkeys(sizes, 0), threads)
    loads = [sum(partition.count(n, s) for n in sizes) for s in range(partition.shards)]
    assert max(loads) - min(loads) <= 2 * BLOCK


def test_small_populations_go_whole_to_different_shards():
    partition = make_partition({"a": 100, "b": 100}, {"a": 1, "b": 1}, 2)
    owners = [int(np.flatnonzero(np.diff(partition.begin[n].astype(int)))[0]) for n in "ab"]
    assert sorted(owners) == [0, 1]


def test_a_population_can_be_kept_whole():
    partition = make_partition({"a": 10_000}, {"a": 1}, 4, whole=["a"])
    assert sorted(partition.count("a", s) for s in range(4)) == [0, 0, 0, 10_000]


def test_small_populations_are_dealt_out_largest_first():
    sizes = {"a": 10, "b": 20, "z": 30}
    partition = make_partition(sizes, dict.fromkeys(sizes, 0), 2)
    load = sum(np.diff(partition.begin[name].astype(np.int64)) for name in sizes)
    assert sorted(load.tolist()) == [30, 30]


@given(sizes, st.integers(1, 9), st.booleans())
def test_ownership_is_a_function_with_an_inverse(sizes, shards, dealt):
    sizes = {name: min(size, 3000) for name, size in sizes.items()}
    owned = RoundRobin(shards, sizes) if dealt else make_partition(sizes, sizes, shards)
    for name, size in sizes.items():
        everyone = np.arange(size)
        owner, place = owned.owner(name, everyone), owned.place(name, everyone)
        assert set(owner) <= set(range(owned.shards))
        counts = [owned.count(name, s) for s in range(owned.shards)]
        assert sum(counts) == size
        for shard in range(owned.shards):
            neurons = owned.neurons(name, shard)
            assert len(neurons) == counts[shard]
            assert np.array_equal(neurons, everyone[owner == shard])
            assert np.array_equal(place[neurons], np.arange(len(neurons)))


@given(sizes, st.integers(1, 132))
def test_dealing_out_spreads_each_population_and_all_of_them(sizes, shards):
    owned = RoundRobin(shards, sizes)
    counts = np.array([[owned.count(name, s) for s in range(shards)] for name in sizes])
    assert np.all(np.ptp(counts, axis=1) <= 1)
    assert np.ptp(counts.sum(axis=0)) <= 1
