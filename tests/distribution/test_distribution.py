"""What is published works without the checkout: source archive and wheel, as PyPI wants them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NETWORK = """\
network: {dt: 0.1, seed: 1}
populations: {cells: {size: 20, model: {use: LIF}}}
inputs: [{poisson: {target: cells, rate: 5000, weight: 1, variable: V}}]
run: {duration: 100, record: [cells.spikes]}
"""


def run(*words: str | Path, **options: object) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Source archive and wheel of a copy of the checkout, by ``python -m build``."""
    pytest.importorskip("build", reason="pip install build")
    folder = tmp_path_factory.mktemp("distribution")
    leave = shutil.ignore_patterns(".git", "build", "dist", "*.egg-info", ".*_cache", "__pycache__")
    shutil.copytree(ROOT, folder / "source", symlinks=True, ignore=leave)
    run(sys.executable, "-m", "build", "--outdir", folder / "made", folder / "source")
    (archive,) = (folder / "made").glob("*.tar.gz")
    (wheel,) = (folder / "made").glob("*.whl")
    return {"archive": archive, "wheel": wheel}


@pytest.mark.slow
def test_the_wheel_holds_the_whole_package_once(built: dict[str, Path]) -> None:
    names = zipfile.ZipFile(built["wheel"]).namelist()
    package = ROOT / "pygenn_lite"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if name.startswith("pygenn_lite/")} == wanted
    assert len(names) == len(set(names))
    beside = {name.partition("/")[0] for name in names}
    assert not beside & {"codegen", "runtime", "templates", "models", "tests", "docs"}


@pytest.mark.slow
def test_the_source_archive_holds_tests_and_pages_and_each_file_once(
    built: dict[str, Path],
) -> None:
    with tarfile.open(built["archive"]) as archive:
        names = [member.name.partition("/")[2] for member in archive if member.isfile()]
    assert {"README.md", "LICENSE", "CHANGELOG.md", "CITATION.cff", "tests/conftest.py"} <= set(
        names
    )
    assert "docs/tutorial.md" in names and "examples/cuba.py" in names
    beside = {name.partition("/")[0] for name in names}
    assert not beside & {"codegen", "runtime", "templates", "models"}


@pytest.mark.slow
def test_the_installed_wheel_runs_a_network_from_another_folder(
    built: dict[str, Path], tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    run(python, "-m", "pip", "install", "--no-deps", "--no-index", built["wheel"])
    # Its dependencies are those of the environment that runs the tests.
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    options = {"cwd": tmp_path, "env": variables}
    where = run(python, "-c", "import pygenn_lite; print(pygenn_lite.__file__)", **options)
    assert where.startswith(str(environment))
    (tmp_path / "network.yaml").write_text(NETWORK, encoding="utf-8")
    program = environment / "bin" / "pygenn-lite"
    summary = json.loads(run(program, "run", "network.yaml", "--json", "--no-record", **options))
    assert 10.0 < summary["rates_hz"]["cells"] < 500.0


def test_the_citation_names_the_version_and_licence_of_the_project() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == [{"name": author["name"]} for author in PROJECT["authors"]]


def test_every_dependency_has_a_lowest_and_a_highest_version() -> None:
    extras = PROJECT["optional-dependencies"].values()
    every = [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]
    assert len(every) > 15
    others = [line for line in every if not line.startswith("pygenn-lite[")]
    assert [line for line in others if not (">=" in line and ",<" in line)] == []
