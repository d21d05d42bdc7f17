"""The gallery: what each script of examples/ says of itself, which names it uses, its picture.

Used by docs/build.py (which examples use a name?) and by docs/hooks.py (the gallery's pages).
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
METHODS_OF = ("Network", "Simulation", "Result")  # whose methods are looked for by name alone
SECTIONS = {
    "Neurons": (
        "action_potential", "adex_firing_patterns", "fi_curves", "poisson_input",
        "noise_in_equations", "own_model",
    ),
    "Synapses and plasticity": (
        "short_term_plasticity", "nmda_synapse", "stdp_window", "triplet_stdp", "song_stdp",
        "inhibitory_plasticity", "reward_learning", "pal_alignment",
    ),
    "Networks": (
        "cuba", "brunel_regimes", "izhikevich_2003", "gamma_oscillation", "synfire_chain",
        "spatial_network", "microcircuit_tenth", "rates_against_size",
    ),
    "Training": ("shd",),
    "Simulations": ("parameter_sweep", "delays_and_probe", "checkpoint", "mackey_glass"),
}  # fmt: skip
_NOT_OURS = {"np", "plt", "sympy", "time", "rng", "figure", "ax", "axes"} | {
    "left", "right", "top", "middle", "bottom",
}  # fmt: skip
PICTURES = ROOT / "build" / "gallery"  # kept between builds, by the script's contents


@dataclass(frozen=True)
class Example:
    """One script.

    Attributes
    ----------
    path : Path
    title, text : str
        The first line of its docstring, and the rest.
    code : str
        What follows the docstring.
    names : frozenset of str
        Names of the package and methods of its objects that it uses.
    """

    path: Path
    title: str
    text: str
    code: str
    names: frozenset[str]


@cache
def examples() -> dict[str, Example]:
    """All scripts by name, in the order of the gallery.

    Raises
    ------
    ValueError
        For a script that stands in no section, or more than one, or a section's that is not there.
    """
    listed = [name for names in SECTIONS.values() for name in names]
    there = {path.stem: path for path in (ROOT / "examples").glob("*.py")}
    wrong = {name for name in listed if listed.count(name) > 1} | (set(listed) ^ set(there))
    if wrong:
        raise ValueError(f"docs/gallery.py: SECTIONS and examples/ differ in {sorted(wrong)}")
    return {name: read(there[name]) for name in listed}


def read(path: Path) -> Example:
    """Take a script apart."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    title, _, text = (ast.get_docstring(tree) or "").partition("\n")
    end = tree.body[0].end_lineno or 0
    code = "\n".join(source.splitlines()[end:]).strip().replace("  # fmt: skip", "") + "\n"
    return Example(path, title.rstrip("."), text.strip(), code, frozenset(used_names(tree)))


def used_names(tree: ast.AST) -> set[str]:
    """``LIF`` for ``pg.LIF``, ``plotting.raster`` for that, ``.run`` for a method of an object of
    the package's (or of what is not known to be another's)."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            root = _root(node)
            if isinstance(node.value, ast.Name) and root == "pg":
                found.add(node.attr)
            elif root not in _NOT_OURS:
                found.add(f".{node.attr}")
    return found


def _root(node: ast.AST) -> str:
    """The name that ``axes[0].set(...).x`` begins with."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def pictures(shown: dict[str, Example]) -> dict[str, Path]:
    """Run the scripts whose pictures are not there yet; the picture of each by its name."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return dict(zip(shown, pool.map(_picture, shown.values()), strict=True))


def _picture(example: Example) -> Path:
    digest = hashlib.sha256(example.path.read_bytes()).hexdigest()[:12]
    target = PICTURES / f"{example.path.stem}-{digest}.png"
    if not target.exists():
        environment = {**os.environ, "MPLBACKEND": "Agg"}
        search = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(
                [sys.executable, str(example.path)],
                cwd=folder,
                env={**environment, "PYTHONPATH": search},
                stdout=subprocess.DEVNULL,
                check=True,
            )
            drawn = Path(folder, f"{example.path.stem}.png")
            target.write_bytes(drawn.read_bytes())
    return target


def users_of(name: str) -> list[Example]:
    """The examples that use a name, in the gallery's order."""
    return [example for example in examples().values() if name in example.names]


@cache
def api_entries() -> dict[str, str]:
    """Where each name that `used_names` gives is described: ``LIF`` -> ``models.md#lif``."""
    found: dict[str, str] = {}
    for page in ("api.md", "models.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        for title in re.findall(r"^#{3,4} ([\w.]+)$", text, re.MULTILINE):
            owner, _, method = title.partition(".")
            name = f".{method}" if owner in METHODS_OF and method else title
            found.setdefault(name, f"{page}#{title.lower().replace('.', '')}")
    return found
