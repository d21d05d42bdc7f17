"""The page that lists every module in the order of processing, one line each, from what the modules
say of themselves."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "pygenn_lite"
NOTE = "<!-- Written by docs/build.py from the modules. Do not edit. -->\n"
SOURCES = (".py", ".hpp", ".h", ".cpp", ".jinja", ".cu")

# Packages in the order in which a network passes through them; what stands around it comes last.
PACKAGES = (
    ("", "The top level"),
    ("declaration", "What a user declares: plain, frozen, checked data"),
    ("declaration/language", "The language of equations"),
    ("declaration/connectivity", "Rules: which neuron is connected to which"),
    ("models", "The library, in the vocabulary of users"),
    ("codegen", "From declaration to source text"),
    ("codegen/structure", "First stage: names and text, the cache key"),
    ("codegen/systems", "Second stage: equations as SymPy, and how they advance"),
    ("codegen/adjoint", "Exact gradients, derived from the systems"),
    ("codegen/program", "Third stage: what is computed, in which order"),
    ("codegen/passes", "Passes over a program, one a module"),
    ("codegen/plan", "Fourth stage: how it lies in memory"),
    ("codegen/render", "Fifth stage: source text"),
    ("templates/common", "C++ for hosts and devices: generator, functions"),
    ("templates/cpp", "C++ of kernels, as templates"),
    ("templates/cpp/engine", "C++ of the engine"),
    ("runtime", "Runs it: from compiled code to results"),
    ("runtime/cpp", "The backend in C++"),
    ("runtime/reference", "The backend in NumPy, the oracle"),
    ("runtime/null", "The backend that renders and plans, and runs nothing"),
    ("runtime/values", "Numbers for what is declared by formulas and distributions"),
    ("runtime/views", "What users read and write of a simulation"),
    ("runtime/results", "What a run gives back, in memory and in files"),
    ("yaml_format", "Networks as files"),
    ("plotting", "Pictures"),
    ("analysis", "Measures"),
    ("exchange", "Formats of other tools"),
    ("scaling", "Networks of another size"),
    ("reports", "HTML pages of results"),
    ("reports/assets", "HTML pages of results: what a page is made of"),
    ("batch", "Sweeps: thousands of runs"),
    ("training", "Training: gradients and the tool that proves them"),
    ("training/data", "Data to train on"),
    ("cli", "The command line"),
)


def layout_page() -> str:
    """All modules, by package."""
    parts = [
        NOTE,
        "# Layout\n",
        "Every module, in the order in which a network passes through them. The page about the "
        "[design](design.md) says how they work together.\n",
    ]
    for package, title in (*PACKAGES, *_other_packages()):
        lines = [f"| `{path.name}` | {first_sentence(path)} |" for path in modules_of(package)]
        if lines:
            name = f"pygenn_lite/{package}" if package else "pygenn_lite"
            parts.append(f"## {title}\n\n`{name}`\n\n| module | what it is for |\n|---|---|")
            parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def modules_of(package: str) -> list[Path]:
    """The modules of a package, not of the packages below it."""
    folder = PACKAGE / package
    found = sorted(p for p in folder.iterdir() if p.is_file() and p.suffix in SOURCES)
    return [p for p in found if p.name != "__init__.py" or first_sentence(p)]


def _other_packages() -> Iterator[tuple[str, str]]:
    """Packages that have no place in the order yet stand at the end."""
    known = {package for package, _ in PACKAGES}
    for path in sorted(PACKAGE.rglob("*")):
        package = path.relative_to(PACKAGE).as_posix()
        if path.is_dir() and "__pycache__" not in path.parts and package not in known:
            yield package, f"{package.rpartition('/')[2].capitalize()}"


def first_sentence(path: Path) -> str:
    """What a module says of itself, up to the first full stop."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        said = ast.get_docstring(ast.parse(text)) or ""
    elif text.startswith("{#"):
        said = text.split("{#")[1].split("#}")[0].strip(" -\n")
    else:
        said = " ".join(line[2:].strip() for line in _head(text))
    paragraph = " ".join(said.split("\n\n")[0].split())
    sentence = re.split(r"(?<=[^.])\. (?=[A-Z`])", paragraph)[0].rstrip(".")
    return sentence.replace("|", r"\|")


def _head(text: str) -> list[str]:
    """The comment that a file of C++ begins with."""
    return list(takewhile(lambda line: line.startswith("//"), text.splitlines()))
