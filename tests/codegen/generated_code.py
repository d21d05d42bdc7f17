"""The generated code of ten networks, for processors and for cards: its digests, and what a change
changes in it.

python tests/codegen/generated_code.py --update            write the digests
python tests/codegen/generated_code.py --against COMMIT    show the difference to a commit's code
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import sympy

import pygenn_lite as pg
from pygenn_lite import codegen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DIGESTS = HERE / "generated_digests.txt"


def _of_library(name: str) -> Callable[[], pg.Network]:
    return lambda: pg.load_network(pg.models.network_file(name))[0]


def _noise() -> pg.Network:
    """White noise, rejection of Poisson counts, a condition of refractoriness."""
    net = pg.Network(seed=1)
    model = pg.NeuronModel(
        "dV/dt = -V/tau + sigma*xi", threshold="V > 1", refractory="V > 0.5",
        parameters={"tau": pg.Uniform(5.0, 10.0), "sigma": 0.3},
    )  # fmt: skip
    net.poisson(net.population("cells", 100, model), "100*i", weight=0.1, synapse=pg.Delta("V"))
    return net


def _learning() -> pg.Network:
    """A plastic group with traces, depression of the source, two receptors."""
    net = pg.Network(seed=1)
    cells = net.population("cells", 100, pg.LIF())
    for synapse in (pg.TripletSTDP(w_max=2.0), pg.TsodyksMarkram()):
        net.connect(cells, cells, synapse, pg.FixedProbability(0.1), weight=1.0)
    return net


def _integrators() -> pg.Network:
    """One population for each integrator that takes any equation."""
    net = pg.Network(seed=1)
    for name in ("rk4", "heun", "euler", "exponential_euler"):
        text = "dx/dt = sin(t) - x*y; dy/dt = x - y"
        net.population(name, 10, pg.NeuronModel(text, integrator=name))
    return net


LIBRARY = ("brunel", "cobahh", "cuba", "izhikevich2003", "microcircuit", "stdp", "vogels2011")
NETWORKS: dict[str, Callable[[], pg.Network]] = {
    **{name: _of_library(name) for name in LIBRARY},
    "noise": _noise,
    "learning": _learning,
    "integrators": _integrators,
}


def sources() -> dict[str, str]:
    """The generated C++ of each network, and (.cu) its source for cards."""
    structures = {name: codegen.network_structure(make()) for name, make in NETWORKS.items()}
    texts = {name: codegen.generate(given).source for name, given in structures.items()}
    for_cards = getattr(codegen, "generate_cuda", None)  # commits before it have none
    if for_cards is not None:
        texts |= {f"{name}.cu": for_cards(given).source for name, given in structures.items()}
    return texts


def versions() -> str:
    """What SymPy writes depends on its version."""
    return f"sympy {sympy.__version__}"


def digests(texts: dict[str, str]) -> str:
    """One line per network."""
    lines = [versions()]
    for name, text in texts.items():
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        lines.append(f"{name} {digest} {len(text.splitlines())} lines")
    return "\n".join(lines) + "\n"


def sources_at(commit: str) -> dict[str, str]:
    """The same, by the code of a commit."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            code = (
                "import json, sys; sys.path[:0] = [sys.argv[1], sys.argv[2]]\n"
                "import generated_code; print(json.dumps(generated_code.sources()))"
            )
            done = subprocess.run(
                [sys.executable, "-c", code, str(tree), str(HERE)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--against", metavar="COMMIT")
    options = parser.parse_args()
    texts = sources()
    if options.update:
        DIGESTS.write_text(digests(texts))
    if options.against:
        before = sources_at(options.against)
        for name, text in texts.items():
            old, new = before.get(name, "").splitlines(True), text.splitlines(True)
            sys.stdout.writelines(
                difflib.unified_diff(old, new, f"{name} ({options.against})", name)
            )
    if not options.update and not options.against:
        sys.stdout.write(digests(texts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
