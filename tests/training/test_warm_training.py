"""A second training loads neither SymPy nor Jinja, which take long; what reads a training's file,
and what makes a layer of a network, load SymPy for surrogates only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pygenn_lite.training import surrogates
from pygenn_lite.training.task_file import SURROGATES

HERE = Path(__file__).parent
TRAINING = """
import sys
from training_networks import layers, samples
import pygenn_lite as pg

data = pg.data.from_dense(samples(6).array, 1.0, labels=samples(6).labels)
loss, adam = pg.losses.CrossEntropy("out.V"), pg.optimisers.Adam(5.0)
trainer = pg.Trainer(layers(), loss, adam, batch=20, backend="cpp")
trainer.fit(data, epochs=1, progress=False)
trainer.evaluate(data)
trainer.network
print("sympy" in sys.modules, "jinja2" in sys.modules)
"""


def test_a_second_training_imports_neither_sympy_nor_jinja():
    found = []
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(HERE)])}
    for _ in range(2):
        command = [sys.executable, "-c", TRAINING]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=environment, cwd=HERE
        )
        found.append(done.stdout.strip())
    assert found[1] == "False False"


@pytest.mark.parametrize("module", ["task_file", "bridges.array_layer"])
def test_sympy_waits_for_a_surrogate(module):
    command = f"import sys, pygenn_lite.training.{module}; print('sympy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", command], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"


def test_a_file_may_name_every_surrogate_with_a_name():
    assert set(SURROGATES) == set(surrogates.NAMED)
