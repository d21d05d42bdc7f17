"""A run that is killed while it writes loses nothing of what it had flushed before."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pygenn_lite as pg
from pygenn_lite.errors import FileFormatError

COMPILER = shutil.which(os.environ.get("CC", "cc"))

# Kills the process at the n-th write after kill_at(n). HDF5 writes with pwrite.
PRELOADED = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

static long writes_left = 0;

void kill_at(long n) { writes_left = n; }

static void count(void) {
  if (writes_left > 0 && --writes_left == 0) kill(getpid(), SIGKILL);
}

typedef ssize_t (*writer)(int, const void *, size_t, off_t);

ssize_t pwrite(int file, const void *data, size_t size, off_t place) {
  count();
  return ((writer)dlsym(RTLD_NEXT, "pwrite"))(file, data, size, place);
}

ssize_t pwrite64(int file, const void *data, size_t size, off_t place) {
  count();
  return ((writer)dlsym(RTLD_NEXT, "pwrite64"))(file, data, size, place);
}
"""

# Flushes once, then is killed at the first write of the second flush, at its second write, ... Or,
# if asked, at the first write of all, the second, ... until the file is there.
WRITER = """
import ctypes, os, signal, sys
from pathlib import Path
import h5py
import numpy as np
import pygenn_lite as pg
from pygenn_lite.runtime.results.result_file import ResultFile

kill_at, path = ctypes.CDLL(None).kill_at, Path(sys.argv[1])
while_made = sys.argv[2] == "while made"
FIRST, SECOND = 30_000, 60_000

def add(file, begin, end):
    steps = np.arange(begin + 1, end + 1)
    for population in ("exc", "inh"):
        file.add_spikes(population, steps, steps.astype(np.uint32) % 10)
    values = np.stack([steps, steps], axis=1).astype(np.float32)
    file.add_samples("exc", "V", steps - 1, values)  # taken before the step
    file.add_counts(end, {"exc": end, "inh": end})

def write(n):
    path.unlink(missing_ok=True)
    if while_made:
        kill_at(n)
    file = ResultFile(
        path, dt=0.1, start_step=0, name="x", sizes={"exc": 10, "inh": 10},
        spikes={"exc": range(10), "inh": range(10)}, dtype=np.float32,
        traces={("exc", "V"): np.arange(2, dtype=np.uint32)},
    )
    if while_made:
        os._exit(0)
    add(file, 0, FIRST)
    file.flush(FIRST)
    kill_at(n)
    add(file, FIRST, SECOND)
    file.flush(SECOND)
    file.close(SECOND, interrupted=False)
    os._exit(0)

killed, status = 0, None
while status != 0:
    child = os.fork()
    if not child:
        write(killed + 1)
    status = os.waitpid(child, 0)[1]
    killed += status != 0
    assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL, status
    if while_made:
        assert path.exists() == (status == 0), killed
        continue
    result = pg.load_result(path)
    stop = result.stop_step
    assert stop in (FIRST, SECOND) and (status or not result.interrupted), (killed, stop)
    expected = np.arange(1, stop + 1)
    for train in result.spikes.values():
        assert np.array_equal(train.steps, expected), (killed, stop, len(train))
        assert np.array_equal(train.indices, expected % 10), (killed, stop)
    assert np.array_equal(result.traces["exc"]["V"].values[:, 1], expected), (killed, stop)
    assert result.counts.totals["exc"].tolist() == [FIRST, SECOND][:1 if stop == FIRST else 2]
print(killed)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or COMPILER is None, reason="needs LD_PRELOAD and a C compiler"
)
@pytest.mark.parametrize(("when", "kills"), [("in a flush", 30), ("while made", 3)])
def test_a_kill_at_any_write_leaves_what_was_flushed_before_and_no_file_that_is_none(
    tmp_path, when, kills
):
    (tmp_path / "kill.c").write_text(PRELOADED)
    library = tmp_path / "kill.so"
    words = [COMPILER, "-shared", "-fPIC", "-O1", "-o", library, tmp_path / "kill.c", "-ldl"]
    subprocess.run(words, check=True)
    root = str(Path(pg.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(tmp_path / "run.h5"), when],
        capture_output=True, text=True,
        env={**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": root},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > kills


KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from pygenn_lite.runtime.results.result_file import ResultFile

file = ResultFile(
    Path(sys.argv[1]), dt=0.1, start_step=0, name="x", sizes={"exc": 10}, traces={},
    spikes={"exc": range(10)}, dtype=np.float32,
)
file.add_spikes("exc", np.arange(1, 30_001), np.zeros(30_000, np.uint32))
file.flush(30_000)
os._exit(0)
"""


def test_a_killed_file_that_is_cut_short_is_refused_not_waited_for(tmp_path):
    """HDF5 itself, asked to read it in SWMR mode, would wait for ever."""
    path = tmp_path / "run.h5"
    root = str(Path(pg.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": root}
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=True, env=environment)
    assert len(pg.load_result(path).spikes["exc"]) == 30_000
    content = path.read_bytes()
    for size in range(0, len(content), len(content) // 20):
        path.write_bytes(content[:size])
        with pytest.raises(FileFormatError, match=r"run\.h5 cannot be read as a result file"):
            _ = pg.load_result(path).spikes["exc"]


@pytest.mark.usefixtures("backend")
def test_a_damaged_file_is_named_when_opened_and_when_read(tmp_path):
    net = pg.Network(dt=0.1)
    cells = net.population("cells", 20, pg.PoissonNeuron(rate=50.0))
    net.record(cells.spikes)
    path = tmp_path / "run.h5"
    result = net.compile().run(100.0, stream_to=path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(FileFormatError, match=r"run\.h5 cannot be read as a result file"):
        pg.load_result(path)
    with pytest.raises(FileFormatError, match=r"run\.h5 cannot be read as a result file"):
        _ = result.spikes["cells"]
