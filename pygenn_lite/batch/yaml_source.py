"""Networks of a sweep from a network file: its text is parsed once, its constants and values are
changed for each run."""

from __future__ import annotations

import copy
import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pygenn_lite.batch.constant_formulas import ConstantFormulas
from pygenn_lite.batch.given_source import SHORT, canonical_path
from pygenn_lite.batch.source import NetworkSource
from pygenn_lite.batch.value_text import as_text
from pygenn_lite.batch.written_values import declared_value
from pygenn_lite.declaration import Network
from pygenn_lite.declaration.checks import check_seed
from pygenn_lite.declaration.paths import NetworkValues
from pygenn_lite.errors import DeclarationError, FileFormatError, Location, SweepError
from pygenn_lite.yaml_format.check import check_document
from pygenn_lite.yaml_format.context import Context, evaluate_constants
from pygenn_lite.yaml_format.document import Document, parse_document
from pygenn_lite.yaml_format.library import ModelRegistry
from pygenn_lite.yaml_format.network_builder import build_network
from pygenn_lite.yaml_format.old_keys import rename_old_keys
from pygenn_lite.yaml_format.overrides import apply_overrides

KEPT = 512  # networks that differ in constants, for runs that differ in the seed besides
_OF_FILES = ("models", "synapses", "every")  # sections that a network has not kept
_NOT_OF_THE_NETWORK = ("run", "reference_rates", "full_scale_rates")


class YamlSource(NetworkSource):
    """A network file.

    Parameters
    ----------
    text : str
        The file's.
    origin : str
        What messages call it.
    folder : Path
        Where files that it names are looked for.
    fixed : mapping, optional
        Values that are the same in all runs.
    """

    def __init__(
        self, text: str, origin: str, folder: Path, fixed: Mapping[str, Any] | None = None
    ) -> None:
        self.text, self.origin, self.folder = text, origin, folder
        self.fixed = dict(fixed or {})
        self._prepare()
        self.name = self._base.name or Path(origin).stem
        known = {k: v for k, v in self._document.data.items() if k not in _NOT_OF_THE_NETWORK}
        self.digest = hashlib.sha256(
            json.dumps([self._base.digest(), as_text(known)]).encode()
        ).hexdigest()

    def _prepare(self) -> None:
        self._document = parse_document(self.text, self.origin, self.folder)
        rename_old_keys(self._document)
        self._kinds: dict[str, tuple[str, str]] = {}
        self._made: OrderedDict[str, Network] = OrderedDict()
        self._formulas: ConstantFormulas | None = None
        self._base, settings = build_network(self._document)
        self.duration, self.warmup = settings.duration, settings.warmup
        if self.fixed:
            self._apply_fixed()
        self._drawn_positions = _draws_positions(self._document.data)

    def _apply_fixed(self) -> None:
        """Change the document where the words are its own, and the network for other paths."""
        inside: dict[str, Any] = {}
        outside: dict[str, Any] = {}
        for name, value in self.fixed.items():
            kind, path = self._kind(name)
            (outside if kind == "value" else inside)[path] = value
        document = self._document
        if inside:
            apply_overrides(document, inside)
            rename_old_keys(document)
            self._base, _ = build_network(document)
        self._of_all = outside
        self._base = self._with_paths(self._base, document, outside)
        self._kinds.clear()
        self._made.clear()

    @property
    def seed(self) -> int:
        """The file's."""
        return self._base.seed

    def names(self) -> tuple[str, ...]:
        """Constants of the file, ``seed``, ``dt``, and all paths of values."""
        return (*self._constants(), *SHORT, *NetworkValues(self._base))

    def canonical(self, name: str) -> str:
        """``constants.g`` for ``g``; a path as `network.values` lists it, or one of the file."""
        return self._kind(name)[1]

    def make(self, values: Mapping[str, Any]) -> Network:
        """The file's network with these values."""
        inside: dict[str, Any] = {}
        paths: dict[str, Any] = {}
        seed = None
        for name, value in values.items():
            kind, path = self._kind(name)
            if kind == "seed" and not self._drawn_positions:
                seed = check_seed(value)
            else:
                (paths if kind == "value" else inside)[path] = value
        document, made = self._document, self._base
        if inside:
            document, made = self._changed(inside, bool(paths))
        made = self._with_paths(made, document, paths) if paths else made.copy()
        if seed is not None:
            made.seed = seed
        return made

    def _kind(self, name: str) -> tuple[str, str]:
        """What a name means: a seed, a place of the document or a value; and its one spelling."""
        found = self._kinds.get(name)
        if found is None:
            found = self._kinds[name] = self._found(name)
        return found

    def _found(self, name: str) -> tuple[str, str]:
        path = SHORT.get(name, name)
        if path == "network.seed":
            return "seed", path
        if path == "network.dt":
            return "document", path
        constant = name.removeprefix("constants.")
        if constant in self._constants():
            return "document", f"constants.{constant}"
        try:
            short = {**SHORT, **{c: f"constants.{c}" for c in self._constants()}}
            return "value", canonical_path(self._base, name, short)
        except SweepError:
            if name.partition(".")[0] not in _OF_FILES:
                raise
            trial = replace(self._document, data=copy.deepcopy(self._document.data))
            trial.marks = dict(trial.marks)
            try:
                apply_overrides(trial, {name: None})
            except FileFormatError as error:
                raise SweepError(error.message, where=error.where, hint=error.hint) from None
            return "document", name

    def _constants(self) -> Mapping[str, Any]:
        found = self._document.data.get("constants")
        return found if isinstance(found, dict) else {}

    def _changed(self, inside: Mapping[str, Any], needs_document: bool) -> tuple[Document, Network]:
        """The document and the network with some places changed; each is built once."""
        key = as_text(dict(inside))
        made = self._made.get(key)
        if made is not None and not needs_document:
            self._made.move_to_end(key)
            return self._document, made
        document = self._document_with(inside)
        with _named(inside):
            made = None if needs_document else self._by_formulas(inside)
            made = self._built(document) if made is None else made
        self._made[key] = made
        while len(self._made) > KEPT:
            self._made.popitem(last=False)
        return document, made

    def _built(self, document: Document) -> Network:
        made, _ = build_network(document)
        return self._with_paths(made, document, self._of_all) if self.fixed else made

    def _by_formulas(self, inside: Mapping[str, Any]) -> Network | None:
        """The network where only constants differ, if that is all that must be computed."""
        changed = {path.removeprefix("constants."): value for path, value in inside.items()}
        if not all(name in self._constants() for name in changed):
            return None
        if self._formulas is None:

            def build(constants: Mapping[str, Any]) -> Network:
                inner = {f"constants.{name}": value for name, value in constants.items()}
                return self._built(self._document_with(inner))

            self._formulas = ConstantFormulas(self._document, self._base, build)
        return self._formulas.network(changed)

    def _document_with(self, inside: Mapping[str, Any]) -> Document:
        given = self._document.data
        if all(path.startswith("constants.") for path in inside):
            changed = {path.removeprefix("constants."): value for path, value in inside.items()}
            data = {**given, "constants": {**given["constants"], **changed}}
            return replace(self._document, data=data)
        document = replace(self._document, data=copy.deepcopy(given))
        document.marks = dict(self._document.marks)
        apply_overrides(document, inside)
        return document

    def _with_paths(self, made: Network, document: Document, paths: Mapping[str, Any]) -> Network:
        if not paths:
            return made
        if any(isinstance(value, str | list | dict) for value in paths.values()):
            file = check_document(document)
            context = Context(document, evaluate_constants(document, file.constants))
            registry = ModelRegistry(context, file.models, file.synapses)
            known = NetworkValues(made)
            paths = {
                path: declared_value(registry, known.matching(path)[0], value, (path,))
                for path, value in paths.items()
            }
        return made.with_values(paths)

    def __getstate__(self) -> dict[str, Any]:
        kept = ("text", "origin", "folder", "fixed", "name", "digest")
        return {name: getattr(self, name) for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._prepare()


def _draws_positions(data: Any) -> bool:
    """Whether the file draws positions, which follow its seed."""
    populations = data.get("populations") if isinstance(data, dict) else None
    sections = populations.values() if isinstance(populations, dict) else ()
    given = [s.get("positions") for s in sections if isinstance(s, dict)]
    return any(isinstance(positions, dict) and "uniform" in positions for positions in given)


@contextmanager
def _named(inside: Mapping[str, Any]) -> Iterator[None]:
    """Let an error say with which values it came up."""
    try:
        yield
    except DeclarationError as error:
        shown = ", ".join(f"{path.removeprefix('constants.')}={v}" for path, v in inside.items())
        error.where = error.where.inside(Location(f"with {shown[:120]}"))
        raise
