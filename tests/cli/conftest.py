"""A network file that runs in a moment, and a way to call the command line."""

from pathlib import Path

import pytest
from helpers_cli import SMALL

from pygenn_lite.cli import main


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory with the small network in it."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def call(capsys):
    """Call the command line: exit code, stdout, stderr."""

    def call(*words):
        with pytest.raises(SystemExit) as leaving:
            main([str(word) for word in words])
        printed = capsys.readouterr()
        return leaving.value.code, printed.out, printed.err

    return call
