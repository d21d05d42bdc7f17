"""Reads a sweep file: from YAML to a `SweepSpec`, with file, line and column for all that is wrong.
No code of the user is run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pygenn_lite.analysis.registry import find_measure
from pygenn_lite.batch.constraint import Constraint, read_constraint
from pygenn_lite.batch.dimension_forms import Reader, read_dimensions
from pygenn_lite.batch.measuring import label_of
from pygenn_lite.batch.script import read_script
from pygenn_lite.batch.script_source import ScriptSource
from pygenn_lite.batch.search.read_search import read_search
from pygenn_lite.batch.search.trials import OF_SEARCHES
from pygenn_lite.batch.source import NetworkSource
from pygenn_lite.batch.sweep_schema import SweepFile, SweepSection
from pygenn_lite.batch.sweep_spec import HowToRun, Keep, MeasureRequest, SweepSpec
from pygenn_lite.batch.tables import COLUMNS
from pygenn_lite.batch.yaml_source import YamlSource
from pygenn_lite.declaration.language.names import check_choice, nearest
from pygenn_lite.errors import FileFormatError, Location, PygennLiteError
from pygenn_lite.runtime.backends import BACKENDS, PRECISIONS
from pygenn_lite.runtime.card_options import card_options
from pygenn_lite.runtime.instances import CONNECTIVITY
from pygenn_lite.yaml_format.check import check_section
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.document import Document
from pygenn_lite.yaml_format.json_schema import schema_of
from pygenn_lite.yaml_format.load import find_network_file, read_document_file
from pygenn_lite.yaml_format.marks import Place
from pygenn_lite.yaml_format.old_keys import rename_old_keys

_OF_NETWORKS = ("populations", "connections", "models")
_KEPT = ("all", "none")


def load_sweep(path: str | Path) -> SweepSpec:
    """Read a sweep file.

    Parameters
    ----------
    path : str or Path
        Files that it names are looked for beside it.

    Returns
    -------
    SweepSpec

    Raises
    ------
    FileFormatError
        Naming file, line, column and key, and the nearest known name.
    ScriptError
        A script that it names is not there, or lacks its function.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder, not a sweep file" if path.is_dir() else "is not there"
        raise FileFormatError(f"the file {what}", where=Location(str(path)))
    document = read_document_file(path)
    text = path.read_text(encoding="utf-8")
    rename_old_keys(document)
    if isinstance(document.data, dict) and not {"sweep", "optimise"} & set(document.data):
        found = [key for key in _OF_NETWORKS if key in document.data]
        if found:
            raise document.error(
                (found[0],), "this is a network file, not a sweep",
                "name it in a sweep file: 'network: FILE'; 'pygenn-lite run' runs it once",
            )  # fmt: skip
    return read_sweep(document, text)


def read_sweep(
    document: Document, text: str = "", source: NetworkSource | None = None
) -> SweepSpec:
    """The sweep that a document declares.

    Parameters
    ----------
    document : Document
        Changed in place where its keys are old ones.
    text : str
        Of the file, which is kept with the results.
    source : NetworkSource, optional
        Instead of the one that the document names.
    """
    file = check_section(document, (), document.data, SweepFile)
    source = open_source(document, file) if source is None else source
    reader = Reader(document, source)
    sweep, measures = file.sweep or SweepSection(), _measures(document, file.measure)
    if file.sweep is None and file.optimise is None:
        raise document.error((), "the key 'sweep' is missing", "or 'optimise', for a search")
    dimensions = () if file.sweep is None else read_dimensions(reader, sweep)
    names = [name for dimension in dimensions for name in dimension.names]
    constraints = tuple(
        _constraint(reader, given, names, ("sweep", "constraints", index))
        for index, given in enumerate(sweep.constraints)
    )
    search = None
    if file.optimise is not None:
        count = math.prod(dimension.count for dimension in dimensions)
        search, measures = read_search(reader, file.optimise, names, measures, count)
        names += search.names
    _check_names(reader, names, COLUMNS if search is None else (*COLUMNS, *OF_SEARCHES))
    _check_functions(reader, measures, names)
    return SweepSpec(
        source,
        dimensions,
        constraints,
        run=_how_to_run(document, file, source),
        measures=measures,
        search=search,
        keep_spikes=_keep(reader, file.keep.spikes, names, ("keep", "spikes")),
        keep_traces=_keep(reader, file.keep.traces, names, ("keep", "traces")),
        record=_record(document, file.record),
        cluster=file.cluster,
        text=text,
        origin=document.source,
    )


def open_source(document: Document, file: SweepFile) -> NetworkSource:
    """Where a sweep file says that its networks come from."""
    given = file.network
    if ".py:" in given or given.endswith(".py"):
        try:
            script = read_script(given, document.folder)
            return ScriptSource(script, file.set)
        except PygennLiteError as error:
            raise _in_file(document, ("network",), error) from None
    path: Any = given
    if (document.folder / given).is_file():
        path = document.folder / given
    try:
        path = find_network_file(path)
    except FileFormatError as error:
        raise _in_file(document, ("network",), error) from None
    network = read_document_file(path)  # errors in it name its own lines
    text = path.read_text(encoding="utf-8")
    try:
        return YamlSource(text, network.source, path.parent, file.set)
    except PygennLiteError as error:
        raise _of_fixed(document, file, error) from None


def _in_file(document: Document, place: Place, error: PygennLiteError) -> PygennLiteError:
    where = document.where(place)
    if error.where:
        where = error.where.inside(where)
    return type(error)(error.message, where=where, hint=error.hint)


def _of_fixed(document: Document, file: SweepFile, error: PygennLiteError) -> PygennLiteError:
    """An error of the network itself has its lines; one of ``set:`` gets those of the sweep."""
    name = next((name for name in file.set if f"({name})" in error.where), None)
    own = not error.where or error.where.startswith(("--set", "values"))
    if not own:
        return error
    where = document.where(("set", name) if name else ("set",))
    return type(error)(error.message, where=where, hint=error.hint)


def _constraint(reader: Reader, given: Any, names: list[str], place: Place) -> Constraint:
    canonical = {reader.source.canonical(name): name for name in names}

    def same(symbol: str) -> str | None:
        try:
            return canonical.get(reader.source.canonical(symbol))
        except PygennLiteError:
            return None

    where = reader.document.where(place if reader.document.has(place) else place[:-1])
    return read_constraint(given, names, same, where)


def _how_to_run(document: Document, file: SweepFile, source: NetworkSource) -> HowToRun:
    def time(name: str, otherwise: float, least: float) -> float:
        given, place = getattr(file.run, name), ("run", name)
        value = otherwise if given is None else Context(document).number(given, place)
        if not least <= value < 1e12:
            raise document.error(place, f"{value:g} is not a valid time", "give ms")
        return value

    def choice(name: str, known: tuple[str, ...]) -> str:
        try:
            return check_choice(getattr(file, name), known, name)
        except PygennLiteError as error:
            raise _in_file(document, (name,), error) from None

    duration = time("duration", source.duration, 0.0)
    if duration == 0:
        raise document.error(("run", "duration"), "a run of 0 ms measures nothing", "give ms")
    if file.threads is not None and not 1 <= file.threads <= 4096:
        raise document.error(("threads",), f"{file.threads} threads", "give 1 to 4096")
    for key in ("driver", "device", "plan"):
        try:
            card_options(file.backend, **{key: getattr(file, key)})
        except PygennLiteError as error:
            raise _in_file(document, (key,), error) from None
    return HowToRun(
        duration=duration,
        warmup=time("warmup", source.warmup, 0.0),
        backend=choice("backend", ("auto", *BACKENDS)),
        precision=choice("precision", tuple(PRECISIONS)),
        threads=file.threads,
        connectivity=choice("connectivity", CONNECTIVITY),
        driver=file.driver,
        device=file.device,
        plan=file.plan,
    )


def _measures(document: Document, given: list[Any]) -> tuple[MeasureRequest, ...]:
    found: dict[str, MeasureRequest] = {}
    for index, item in enumerate(given):
        place: Place = ("measure", index)
        name: Any = item
        options: Any = {}
        if isinstance(item, dict) and len(item) == 1:
            name, options = next(iter(item.items()))
            place = (*place, name)
        if not isinstance(name, str) or not isinstance(options, Mapping):
            raise document.error(
                place, "should be the name of a measure, or {name: {option: value}}",
                "a function stands in a file, where all workers find it: 'custom.py:my_measure'",
            )  # fmt: skip
        if name in found:
            raise document.error(place, f"the measure '{name}' is asked for twice")
        found[name] = _measure(document, name, dict(options), place)
        _check_label(document, found, name, place)
    return tuple(found.values())


def _measure(document: Document, name: str, options: Any, place: Place) -> MeasureRequest:
    try:
        if ".py:" in name:
            return MeasureRequest(name, options, read_script(name, document.folder))
        measure = find_measure(name)
        measure.check_options(options)
        return MeasureRequest(measure.name, options)
    except PygennLiteError as error:
        hint = error.hint or "or name a function of a file: 'custom.py:my_measure'"
        known = document.where(place if document.has(place) else ("measure",))
        raise type(error)(error.message, where=known, hint=hint) from None


def _check_label(
    document: Document, found: Mapping[str, MeasureRequest], name: str, place: Place
) -> None:
    """Two measures of one name would be one column of the table."""
    label = label_of(found[name])
    other = next((n for n, one in found.items() if label_of(one) == label and n != name), None)
    if other is not None:
        raise document.error(
            place, f"'{name}' and '{other}' would both be called '{label}' in the table",
            "give the function another name",
        )  # fmt: skip


def _check_names(reader: Reader, names: Sequence[str], columns: Sequence[str]) -> None:
    """Names that the table needs for itself are not those of swept values."""
    for name in names:
        if name in columns:
            searched: Place = ("optimise", "parameters", name)
            raise reader.error(
                searched if reader.document.has(searched) else ("sweep",),
                f"'{name}' is a column of the table of results",
                f"write constants.{name}; or give the argument of the script another name",
            )  # fmt: skip


def _check_functions(
    reader: Reader, measures: Sequence[MeasureRequest], names: Sequence[str]
) -> None:
    """Nor those of functions, whose columns would take the places of others."""
    for request in measures:
        label = label_of(request)
        if request.script is not None and label in (*COLUMNS, *OF_SEARCHES, *names):
            raise reader.error(
                ("measure",), f"'{label}' is another column of the table of results",
                "give the function another name",
            )  # fmt: skip


def _keep(reader: Reader, given: Any, names: list[str], place: Place) -> Keep:
    hint = "write all, none, {first: 3}, {runs: [0, 5]} or {where: 'g < 4'}"
    if given is None or given in _KEPT:
        return Keep(given or "none")
    if not isinstance(given, dict) or len(given) != 1:
        near = nearest(given, _KEPT) if isinstance(given, str) else ""
        raise reader.error(place, f"'{place[-1]}' does not say which runs are kept{near}", hint)
    kind, value = next(iter(given.items()))
    inner = (*place, kind)
    if kind == "first":
        return Keep("first", first=Context(reader.document).whole_number(value, inner))
    if kind == "where":
        return Keep("where", where=_constraint(reader, value, names, inner))
    if kind == "runs":
        runs = value if isinstance(value, list) else [value]
        if not all(type(run) in (int, str) for run in runs):
            raise reader.error(inner, "should be numbers of runs, or their identities", hint)
        return Keep("runs", runs=tuple(runs))
    near = nearest(str(kind), ("first", "runs", "where"))
    raise reader.error(inner, f"unknown key '{kind}'{near}", hint)


def _record(document: Document, given: list[Any]) -> tuple[str, ...]:
    for index, what in enumerate(given):
        if not isinstance(what, str):
            raise document.error(("record", index), "should be text", "write exc.spikes")
    return tuple(given)


def sweep_schema() -> dict[str, Any]:
    """JSON Schema (draft 7) of sweep files."""
    return schema_of(SweepFile, "A sweep of pygenn_lite")
