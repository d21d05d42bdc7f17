"""The code that a network runs on a card: generated once per structure, compiled by the driver."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygenn_lite.codegen import NetworkStructure, Signatures
from pygenn_lite.errors import ToolchainError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime import compile_cache
from pygenn_lite.runtime.cuda.drivers.base import Driver, Image, Module
from pygenn_lite.runtime.cuda.sources import all_sources
from pygenn_lite.runtime.device import CodeReport
from pygenn_lite.runtime.package_sources import TEMPLATES, digest_of, generators

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.extension import Extension
    from pygenn_lite.codegen.program.program import Program

SOURCE, ABOUT = "network.cu", "about.json"
DRAWS = "#define PGL_DRAWN_ROWS 1\n"
REAL_BYTES = {"float32": 4, "float64": 8}


@dataclass(frozen=True)
class CardSource:
    """The generated source of a network.

    Attributes
    ----------
    text : str
    signatures : Signatures
    adds : mapping of str to frozenset of str
        By kernel over arrivals or over spikes of the target: what it adds to of target neurons.
    ordered : frozenset of str
        Those of them that read what they add to: on a target one synapse comes after the other,
        and adds at once.
    functions : tuple of str
        Names of all kernels, in the order in which operations number them.
    """

    text: str
    signatures: Signatures
    adds: Mapping[str, frozenset[str]]
    ordered: frozenset[str]
    functions: tuple[str, ...]

    def sums(self, kernel: str | None) -> frozenset[str]:
        """What a kernel adds to by sums in whole numbers; nothing where there is no kernel."""
        if kernel is None or kernel in self.ordered:
            return frozenset()
        return self.adds.get(kernel, frozenset())


@dataclass(frozen=True)
class CardCode:
    """The code of a network, on a card.

    Attributes
    ----------
    source : CardSource
    images : mapping of str to Image
        By module: "engine", "network", and what a plan needs besides.
    modules : mapping of str to Module
    functions : mapping of str to int
        Numbers of the network's kernels.
    driver : Driver
    seconds : float
        What generating, compiling and loading took.
    """

    source: CardSource
    images: Mapping[str, Image]
    modules: Mapping[str, Module]
    functions: Mapping[str, int]
    driver: Driver
    seconds: float

    @property
    def signatures(self) -> Signatures:
        """Of the network's kernels."""
        return self.source.signatures

    def report(self, plan: Callable[[], str]) -> CodeReport:
        """For people; ``plan`` says how steps run."""
        image = self.images["engine"]
        return CodeReport(
            source=partial(str, self.source.text),  # results hold these, and are sent elsewhere
            compiler=f"the driver {self.driver.name!r}",
            flags=partial(str, " ".join(image.flags)),
            target=image.target,
            seconds=self.seconds,
            plan=plan,
        )


# ---------------------------------------------------------------- generating
def card_source(
    structure: NetworkStructure, extension: Extension | None, *, use_cache: bool
) -> CardSource:
    """The source of a network: generated, or taken from the compile cache."""
    if not use_cache:
        return generate(structure, extension)
    key = _source_key(structure.key if extension is None else f"{structure.key} {extension.key}")

    def make(folder: Path) -> CardSource:
        made = generate(structure, extension)
        _write(made, folder)
        return made

    return compile_cache.found_or_made(key, _read, make)


def generate(structure: NetworkStructure, extension: Extension | None = None) -> CardSource:
    """The whole way from structure to source text (imports SymPy)."""
    from pygenn_lite import codegen
    from pygenn_lite.codegen.program.sign import signatures_of
    from pygenn_lite.codegen.render.cuda import cuda_functions, render_cuda

    program = codegen.derive_program(structure, extension)
    adds, ordered = _sums(program)
    signatures = signatures_of(program)
    functions = cuda_functions(signatures)
    return CardSource(render_cuda(program), signatures, adds, ordered, functions)


def _sums(program: Program) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    """What kernels over synapses add to at events, and which of them read that."""
    from pygenn_lite.codegen.passes.safe_names import with_safe_names
    from pygenn_lite.codegen.program.kernel import Add, everything
    from pygenn_lite.codegen.render.card_views import card_synapse_view

    adds: dict[str, frozenset[str]] = {}
    ordered = set()
    for own in program.synapses:
        for kernel in (own.kernels[role] for role in ("on_pre", "on_post") if role in own.kernels):
            statements = (s for s in everything(kernel.body) if isinstance(s, Add))
            adds[kernel.name] = frozenset(s.target for s in statements)
            if card_synapse_view(with_safe_names(kernel, "cuda")).reads_what_it_adds:
                ordered.add(kernel.name)
    return adds, frozenset(ordered)


def _write(made: CardSource, folder: Path) -> None:
    (folder / SOURCE).write_text(made.text, encoding="utf-8")
    about = {
        "signatures": made.signatures.to_json(),
        "adds": {name: sorted(symbols) for name, symbols in made.adds.items()},
        "ordered": sorted(made.ordered),
        "functions": made.functions,
    }
    (folder / ABOUT).write_text(json.dumps(about), encoding="utf-8")


def _read(folder: Path) -> CardSource:
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    return CardSource(
        (folder / SOURCE).read_text(encoding="utf-8"),
        Signatures.from_json(about["signatures"]),
        {name: frozenset(symbols) for name, symbols in about["adds"].items()},
        frozenset(about["ordered"]),
        tuple(about["functions"]),
    )


def _source_key(structure_key: str) -> str:
    templates = [p for part in ("cpp", "cuda") for p in (TEMPLATES / part).glob("*.jinja")]
    files = digest_of(*sorted([Path(__file__).resolve(), *generators(), *templates]))
    digest = hashlib.sha256(f"{files} {structure_key}".encode())
    return f"card-source-{digest.hexdigest()[:32]}"


# ---------------------------------------------------------------- compiling
def engine_source(precision: str, draws: bool = False) -> str:
    """What is the same for all networks of a precision.

    Parameters
    ----------
    precision : {"float32", "float64"}
    draws : bool
        Whether rows of synapses are drawn at every spike.
    """
    return (
        f"#define PGL_REAL_BYTES {REAL_BYTES[precision]}\n"
        f'{DRAWS if draws else ""}#include "cuda/engine.cu"\n'
    )


def module_texts(source: CardSource, precision: str, more: Mapping[str, str]) -> dict[str, str]:
    """The texts of all modules of a network, by name; ``more``: those that a plan needs besides."""
    network = {"network": source.text} if source.functions else {}
    return {"engine": engine_source(precision), **network, **more}


def compile_source(driver: Driver, name: str, text: str, *, use_cache: bool) -> Image:
    """Compile one source with all that it may include."""
    return driver.compile({**all_sources(), name: text}, name, cache=use_cache)


def load_code(
    driver: Driver,
    source: CardSource,
    precision: str,
    more: Mapping[str, str],
    *,
    use_cache: bool,
    progress: Callable[[str], Any] = lambda what: None,
) -> CardCode:
    """Compile and load the engine, a network's kernels, and what a plan needs besides.

    Parameters
    ----------
    driver : Driver
    source : CardSource
    precision : {"float32", "float64"}
    more : mapping of str to str
        Sources of further modules by name.
    use_cache : bool
    progress : callable
        Called with the name of each.
    """
    started = time.perf_counter()
    images: dict[str, Image] = {}
    for name, text in module_texts(source, precision, more).items():
        progress(name)
        keep = use_cache or (name == "engine" and _cache_is_usable())
        images[name] = compile_source(driver, f"{name}.cu", text, use_cache=keep)
    modules = {name: driver.load(image) for name, image in images.items()}
    numbers = {name: k for k, name in enumerate(source.functions)}
    return CardCode(source, images, modules, numbers, driver, time.perf_counter() - started)


def _cache_is_usable() -> bool:
    with contextlib.suppress(ToolchainError):
        compile_cache.open_cache()
        return True
    return False
