"""A result file becomes one of another format, by its ending."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.exchange import convert_file

pytestmark = pytest.mark.usefixtures("backend")


def network():
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", 5, pg.PoissonNeuron(rate=300.0))
    other = net.population("other", 2, pg.LIF())
    net.record(cells.spikes, other["V"])
    return net.compile(threads=1)


@pytest.fixture
def result(tmp_path):
    made = network().run(20.0)
    made.save(tmp_path / "run.h5")
    return made


@pytest.mark.parametrize(("ending", "read"), [(".csv", "read_csv"), (".parquet", "read_parquet")])
def test_tables_hold_what_the_result_does(result, tmp_path, ending, read):
    import pandas

    (tmp_path / "run.h5").rename(tmp_path / "result.h5")  # as in the folder of a run
    paths = convert_file(tmp_path, tmp_path / f"t{ending}")
    assert [path.name for path in paths] == [f"t{ending}", f"t.other.V{ending}"]
    spikes, trace = (getattr(pandas, read)(path) for path in paths)
    assert np.array_equal(spikes["time"], result.spikes["cells"].times)
    assert np.array_equal(spikes["neuron"], result.spikes["cells"].indices)
    samples = result.traces["other"]["V"]
    assert list(trace.columns) == ["time", "0", "1"]
    assert np.array_equal(trace["time"], samples.times)
    assert np.array_equal(trace[["0", "1"]].to_numpy(np.float32), samples.values)


def test_instances_become_columns(tmp_path):
    import pandas

    net = network().network
    net.compile(threads=1, instances=2).run(5.0).save(tmp_path / "run.h5")
    paths = convert_file(tmp_path / "run.h5", tmp_path / "t.csv")
    assert set(pandas.read_csv(paths[0])["instance"]) <= {0, 1}
    assert list(pandas.read_csv(paths[1]).columns) == ["time", "0.0", "1.0", "0.1", "1.1"]


def test_nwb_and_neo_files_hold_the_spikes(result, tmp_path):
    import neo

    train = result.spikes["cells"]
    (path,) = convert_file(tmp_path / "run.h5", tmp_path / "run.nwb")
    (block,) = convert_file(tmp_path / "run.h5", tmp_path / "run.pkl")
    for source in (path, neo.io.PickleIO(str(block)).read_block()):
        times, indices = pg.exchange.read_spikes(source)
        order = np.lexsort((indices, times))
        assert np.allclose(times[order], train.times, rtol=1e-12)
        assert np.array_equal(indices[order], train.indices)


def test_another_ending_and_files_that_are_there_are_refused(result, tmp_path):
    with pytest.raises(pg.errors.ArgumentError, match=r"(?s)does not end with.*\.nwb, \.csv"):
        convert_file(tmp_path / "run.h5", tmp_path / "run.xls")
    convert_file(tmp_path / "run.h5", tmp_path / "run.csv")
    with pytest.raises(pg.errors.ArgumentError, match=r"the table .* exists already"):
        convert_file(tmp_path / "run.h5", tmp_path / "run.csv")
    convert_file(tmp_path / "run.h5", tmp_path / "run.csv", overwrite=True)
    (tmp_path / "mine.csv").write_text("a,b")
    with pytest.raises(pg.errors.ArgumentError, match="is not a table of pygenn_lite"):
        convert_file(tmp_path / "run.h5", tmp_path / "mine.csv", overwrite=True)
