"""Every example of the documentation runs, and prints what the page says it prints.

In README.md and docs/*.md, the blocks of a page share a namespace and a temporary folder, and run
in order:

- ```` ```python ```` runs; with ``raises`` after the word it must fail with one of our errors; with
  ``elsewhere`` it is another simulator's, and has to be Python;
- ```` ```text ```` right after a python or console block is its output (``...`` is anything);
- ```` ```yaml ```` that begins with ``network:`` is loaded; ``file=NAME`` also writes it there;
- ```` ```pycon ```` comes from a docstring and is run there (test_docstrings.py);
- ```` ```console ```` with ``run``: lines that begin with ``$ pygenn-lite``, or with
  ``$ NAME=VALUE pygenn-lite``, are run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import warnings
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

import pygenn_lite as pg
from pygenn_lite.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = {"python", "pycon", "text", "yaml", "console", "cpp", "sh"}


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    options: tuple[str, ...]
    text: str
    line: int
    follows: bool  # only empty lines stand between it and the block before


def blocks_of(page: Path) -> list[Block]:
    lines = page.read_text(encoding="utf-8").splitlines()
    blocks: list[Block] = []
    fence: tuple[int, list[str]] | None = None
    quiet = False
    for number, line in enumerate(lines, 1):
        if not line.startswith("```"):
            quiet = quiet and (not line.strip() or fence is not None)
        elif fence is None:
            fence = (number, line[3:].split())
        else:
            start, head = fence
            text = "\n".join(lines[start : number - 1]) + "\n"
            language, *options = head or [""]
            blocks.append(Block(language, tuple(options), text, start + 1, quiet))
            fence, quiet = None, True
    assert fence is None, f"{page.name}:{fence and fence[0]}: a block does not end"
    return blocks


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("COLUMNS", "100")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    printed: str | None = None
    for block in blocks_of(page):
        place = f"{page.relative_to(ROOT)}:{block.line}"
        assert block.language in LANGUAGES, f"{place}: unknown language {block.language!r}"
        if block.language == "python" and "elsewhere" in block.options:
            compile(block.text, place, "exec")
            printed = None
        elif block.language == "python":
            write_files(block)
            printed = run_python(block, place, namespace)
        elif block.language == "yaml":
            load_yaml(block)
        elif block.language == "console" and "run" in block.options:
            printed = run_console(block, place, monkeypatch)
        elif block.language == "text" and block.follows and printed is not None:
            assert matches(block.text, printed), f"{place}: the output is\n{printed}"
        if block.language not in ("python", "console"):
            printed = None


def run_python(block: Block, place: str, namespace: dict[str, Any]) -> str:
    code = compile("\n" * (block.line - 1) + block.text, place.split(":")[0], "exec")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        if "raises" in block.options:
            with pytest.raises(pg.PygennLiteError) as caught:
                exec(code, namespace)
            return f"{output.getvalue()}{type(caught.value).__name__}: {caught.value}\n"
        exec(code, namespace)
    return output.getvalue()


def write_files(block: Block) -> list[Path]:
    files = [Path(option[5:]) for option in block.options if option.startswith("file=")]
    for path in files:
        path.write_text(block.text, encoding="utf-8")
    return files


def load_yaml(block: Block) -> None:
    files = write_files(block)
    if "\nsweep:" in block.text:
        for path in files:
            pg.Sweep.load(path)
    elif "\noptimise:" in block.text:
        for path in files:
            pg.Search.load(path)
    elif block.text.startswith("network:"):
        pg.load_network(block.text)


def run_console(block: Block, place: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the commands of a block; what they print; on stderr too if they are to fail.

    They run in this process, which is quicker. That the program is one of its own is tested in
    tests/cli.
    """
    expected = next((int(o[5:]) for o in block.options if o.startswith("exit=")), 0)
    printed = ""
    for line in block.text.splitlines():
        if not line.startswith("$ "):
            continue
        words = shlex.split(line[2:], comments=True)
        settings = dict(word.split("=", 1) for word in takewhile(lambda w: "=" in w, words))
        program, *arguments = words[len(settings) :]
        assert program == "pygenn-lite", f"{place}: cannot run {program}"
        out, err = io.StringIO(), io.StringIO()
        with (
            monkeypatch.context() as there,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as left,
        ):
            there.setattr(warnings, "showwarning", warnings.showwarning)  # main() changes it
            for name, value in settings.items():
                there.setenv(name, value)
            main(arguments)
        printed += out.getvalue() + (err.getvalue() if expected else "")
        assert left.value.code == expected, f"{place}: {line}\n{printed}{err.getvalue()}"
    return printed


def matches(expected: str, printed: str) -> bool:
    """Equal but for spaces at line ends; ``...`` stands for anything."""

    def tidy(text: str) -> str:
        return "\n".join(line.rstrip() for line in text.strip().splitlines())

    pattern = ".*".join(re.escape(part) for part in tidy(expected).split("..."))
    return re.fullmatch(pattern, tidy(printed), re.DOTALL) is not None


def test_the_pages_made_from_docstrings_are_up_to_date() -> None:
    search = os.pathsep.join([str(ROOT), *sys.path])
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "build.py"), "--check"],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
