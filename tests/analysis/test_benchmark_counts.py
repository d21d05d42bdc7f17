"""The counts that benchmarks ask for: counted by hand, and as NeuroBench's harness found them."""

import json

import numpy as np
import pytest
from benchmark_networks import NETWORKS, READ_OUT, VALUES, advance, expected, predict
from benchmark_networks import samples as spikes_of_samples
from hypothesis import given
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite import analysis
from pygenn_lite.analysis.layers import layer_of
from pygenn_lite.analysis.sinks.workload_sinks import ActivationSparsity, NeuronUpdates

pytestmark = pytest.mark.usefixtures("backend")
STORED = json.loads(VALUES.read_text())


def small(delay=1.0, weight=1.0, record=True):
    """Two sources, three targets that never spike; three spikes at 1, 2 and 8 ms."""
    net = pg.Network(dt=1.0, seed=1)
    source = net.spike_source("source", 2, [1.0, 2.0, 8.0], [0, 1, 0])
    still = pg.NeuronModel("dV/dt = 0", threshold="V > 99", reset="V = 0", initial={"V": 0.0})
    cells = net.population("cells", 3, still)
    pairs = pg.PairList([0, 0, 1, 1], [0, 1, 2, 2])
    net.connect(source, cells, pg.Delta(), pairs, weight=weight, delay=delay)
    if record:
        net.record(source.spikes, cells["V"])
    return net


def test_counts_of_a_network_done_by_hand():
    sim = small(weight=[1.0, 0.0, 2.0, -2.0]).compile(threads=1, progress=False)
    counts = analysis.benchmark_counts(sim, sim.run(10.0))
    # The matrix of 3 x 2: one weight of 1, one stored 0, and a pair whose two weights cancel.
    assert (counts.parameter_count, counts.connection_sparsity) == (6, 0.8333)
    assert counts.effective_acs == 2  # two spikes of neuron 0, one weight each
    assert (counts.effective_macs, counts.dense) == (0, 60)
    assert counts.footprint == (6 + 3) * 4  # weights and three potentials, in float32
    assert counts.synaptic_events == {"source_cells": 6}  # all four synapses count
    assert counts.neuron_updates == 30
    assert counts.activation_sparsity == 1.0
    # Step 0 of all; then the jumps of neuron 0 at 2 and 9 ms.
    assert counts.membrane_updates == 3 + 2


def test_events_are_those_that_arrive_by_the_end():
    sim = small(delay=[1.0, 2.0, 3.0, 1.0]).compile(threads=1, progress=False)
    for duration, arrived in (  # ms
        (1.0, 0),
        (2.0, 1),
        (3.0, 3),
        (5.0, 4),
        (8.0, 4),
        (9.0, 5),
        (10.0, 6),
    ):
        sim.reset()
        result = sim.run(duration)
        assert analysis.synaptic_events(sim, result) == {"source_cells": arrived}, duration


def test_events_are_what_the_targets_received():
    sim = small(delay=[1.0, 2.0, 3.0, 1.0]).compile(threads=1, progress=False)
    for duration in range(1, 14):
        sim.reset()
        events = analysis.synaptic_events(sim, sim.run(float(duration)))
        assert sum(events.values()) == np.asarray(sim["cells"]["V"]).sum()


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_are_those_of_the_harness(name):
    stored, net = STORED[name]["1"], NETWORKS[name]()
    sim = net.compile(threads=1, progress=False)
    layer = analysis.dense_layer("read-out", READ_OUT)
    found, predictions = [], []
    for sample in spikes_of_samples(net.populations["input"].size):
        result, inputs = advance(sim, sample)
        found.append(analysis.benchmark_counts(sim, result, read_outs=[(layer, inputs)]))
        predictions.append(predict(inputs))
    for counts in found:
        assert counts.footprint == stored["Footprint"]
        assert counts.parameter_count == stored["ParameterCount"]
        assert counts.connection_sparsity == stored["ConnectionSparsity"]

    def mean(key):
        return np.mean([getattr(counts, key) for counts in found])

    operations = stored["SynapticOperations"]
    assert mean("effective_acs") == pytest.approx(operations["Effective_ACs"], rel=1e-12)
    assert mean("effective_macs") == pytest.approx(operations["Effective_MACs"], rel=1e-12)
    assert mean("dense") == operations["Dense"]
    assert mean("membrane_updates") == pytest.approx(stored["MembraneUpdates"], rel=1e-12)
    assert mean("activation_sparsity") == pytest.approx(stored["ActivationSparsity"], rel=1e-12)
    assert analysis.mse(predictions, expected()) == pytest.approx(stored["MSE"], rel=1e-6)
    assert analysis.smape(predictions, expected()) == pytest.approx(stored["SMAPE"], rel=1e-6)
    assert analysis.r2(predictions, expected()) == pytest.approx(stored["R2"], rel=1e-5)


def test_a_matrix_of_all_pairs_gives_the_same_operations():
    net = NETWORKS["dense"]()
    sim = net.compile(threads=1, progress=False)
    result, _ = advance(sim, spikes_of_samples(6)[0])
    for name, group in net.groups.items():
        synapses = sim[name].connections()
        matrix = np.zeros(sim[name].shape)
        np.add.at(matrix, (synapses.pre, synapses.post), synapses.weight)
        train = result.spikes[group.source]
        layer = layer_of(sim[name], group)
        assert layer.fan_out[train.indices].sum() == (matrix[train.indices] != 0).sum()
        if group.connectivity.parts == (None, None):
            assert layer.zeros == (matrix == 0).sum()
            assert layer.pairs == layer.weights == matrix.size


def test_a_connection_of_parts_is_a_matrix_of_the_parts():
    net = NETWORKS["dense"]()
    sim = net.compile(threads=1, progress=False)
    part = layer_of(sim["part"], net.groups["part"])
    assert (part.weights, part.zeros, part.pairs) == (16, 0, 16)


def test_a_convolution_has_the_parameters_of_its_kernel():
    net = NETWORKS["maps"]()
    sim = net.compile(threads=1, progress=False)
    conv = layer_of(sim["input_hidden"], net.groups["input_hidden"])
    assert (conv.weights, conv.zeros, conv.pairs) == (18, 5, 2 * 9 * 16)


def test_counts_per_sample_are_those_of_the_run_over_the_samples():
    sim = small().compile(threads=1, progress=False)
    result = sim.run(10.0)
    whole, part = (analysis.benchmark_counts(sim, result, samples=n) for n in (1, 5))
    assert part.effective_acs == whole.effective_acs / 5
    assert part.dense == whole.dense / 5
    assert part.membrane_updates == whole.membrane_updates / 5
    assert part.synaptic_events == whole.synaptic_events


def test_continuous_transmission_counts_multiply_accumulates():
    net = pg.Network(dt=1.0, seed=1)
    cells = net.population("cells", 4, pg.RateNeuron())
    net.connect(cells, cells, pg.RateSynapse(), pg.AllToAll(), weight=1.0)
    sim = net.compile(threads=1, progress=False)
    counts = analysis.benchmark_counts(sim, sim.run(10.0))
    assert (counts.effective_macs, counts.effective_acs, counts.dense) == (160, 0, 160)
    assert counts.synaptic_events == {"cells_cells": 160}


def test_each_instance_is_counted_by_itself():
    net = small()
    sim = net.compile(instances=2, values={"connections.source_cells.weight": [1.0, 0.0]},
                      threads=1, progress=False)  # fmt: skip
    results = sim.run(10.0)
    one, other = (
        analysis.benchmark_counts(sim, results[k], instance=k).effective_acs for k in range(2)
    )
    assert (one, other) == (5, 0)


def test_counts_without_potentials_have_no_membrane_updates():
    net = small()
    net.population("unseen", 2, pg.LIF())
    sim = net.compile(threads=1, progress=False)
    counts = analysis.benchmark_counts(sim, sim.run(10.0))
    assert counts.membrane_updates is None
    assert "membrane_updates" not in counts.as_dict()
    assert "membrane" not in str(counts)


def test_the_table_has_a_line_for_each_count():
    sim = small().compile(threads=1, progress=False)
    counts = analysis.benchmark_counts(sim, sim.run(10.0))
    lines = str(counts).splitlines()
    assert len(lines) == len(counts.as_dict()) == 12
    assert "effective acs" in str(counts)
    assert len({len(line) for line in lines}) == 1
    assert counts.as_dict()["synaptic_events"] == 6


def test_sparsity_is_that_of_the_counted_spikes():
    sim = small(record=False).compile(threads=1, progress=False)
    result = sim.run(10.0)
    assert analysis.activation_sparsity(result) == {"source": 1 - 3 / 20, "cells": 1.0}
    assert analysis.neuron_updates(result) == {"source": 20, "cells": 30}
    assert analysis.neuron_updates(result, warmup=4.0) == {"source": 12, "cells": 18}


def test_spikes_that_were_not_recorded_are_asked_for():
    sim = small(record=False).compile(threads=1, progress=False)
    with pytest.raises(pg.errors.SimulationError) as caught:
        analysis.benchmark_counts(sim, sim.run(10.0))
    assert "'source' are not known: its spikes were not recorded" in str(caught.value)
    assert "net.record(net['source'].spikes)" in str(caught.value)


def test_a_simulation_that_was_run_on_is_refused():
    sim = small().compile(threads=1, progress=False)
    result = sim.run(10.0)
    sim.run(1.0)
    with pytest.raises(pg.errors.ArgumentError, match="ends at step 10, the simulation is at 11"):
        analysis.benchmark_counts(sim, result)


@pytest.mark.parametrize("samples", [0, -1, 1.5, True])
def test_a_number_of_samples_that_cannot_be_is_refused(samples):
    sim = small().compile(threads=1, progress=False)
    with pytest.raises(pg.errors.ArgumentError, match="give a whole number, 1 or more"):
        analysis.benchmark_counts(sim, sim.run(10.0), samples=samples)


def test_inputs_of_a_read_out_that_do_not_fit_are_refused():
    sim = small().compile(threads=1, progress=False)
    layer = analysis.dense_layer("read-out", np.ones((1, 3)))
    with pytest.raises(pg.errors.ShapeError, match=r"inputs of 'read-out' have shape \(5, 2\)"):
        analysis.benchmark_counts(sim, sim.run(10.0), read_outs=[(layer, np.zeros((5, 2)))])
    with pytest.raises(pg.errors.ShapeError, match=r"weights of 'w' have shape \(3,\)"):
        analysis.dense_layer("w", [1.0, 2.0, 3.0])


def test_scores_known_by_hand():
    assert analysis.classification_accuracy([1, 2, 3, 3], [1, 2, 2, 3]) == 0.75
    assert analysis.mse([0.0, 2.0], [0.0, 0.0]) == 2.0
    assert analysis.smape([1.0, -1.0], [1.0, 1.0]) == 100.0
    assert analysis.smape([0.0, 1.0], [0.0, 1.0]) == 200.0  # not defined: as the harness has it
    assert analysis.r2([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 1.0
    assert analysis.r2([2.0, 2.0, 2.0], [1.0, 2.0, 3.0]) == 0.0


@pytest.mark.parametrize("score", ["classification_accuracy", "mse", "smape", "r2"])
@pytest.mark.parametrize(("p", "y"), [([1.0], [1.0, 2.0]), ([], []), ([[1.0]], [1.0])])
def test_what_cannot_be_compared_is_refused(score, p, y):
    with pytest.raises(pg.errors.ShapeError, match="cannot be compared"):
        getattr(analysis, score)(p, y)


@given(st.lists(st.tuples(*[st.floats(-1e3, 1e3, allow_subnormal=False)] * 2), min_size=1))
def test_smape_lies_between_0_and_200_and_does_not_care_who_predicts(pairs):
    p, y = np.array(pairs).T
    assert 0.0 <= analysis.smape(p, y) <= 200.0 + 1e-9
    assert analysis.smape(p, y) == analysis.smape(y, p)


@pytest.mark.parametrize("warmup", [0.0, 4.0])
def test_sinks_count_during_a_run_what_its_result_has(warmup):
    sim = small(record=False).compile(instances=2, threads=1, progress=False)
    sparsity, updates = ActivationSparsity(warmup), NeuronUpdates(warmup)
    results = sim.run(10.0, warmup=warmup, sinks=[sparsity, updates])
    for k in range(2):
        assert sparsity.values(k) == analysis.activation_sparsity(results[k], warmup=warmup)
        assert updates.values(k) == analysis.neuron_updates(results[k], warmup=warmup)
    assert updates.values(0)["cells"] == 3 * (10 - warmup)
