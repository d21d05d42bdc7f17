"""The HTML page of a report: text, tables and plots in one file that needs nothing else.

The page forbids itself every request and every script but its own (a Content-Security-Policy with
a nonce), so that it works offline, and so that names from a stranger's file stay text.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable, Sequence
from dataclasses import field
from importlib import resources
from pathlib import Path
from typing import Any

from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.records import dataclass
from pygenn_lite.reports.look import shown_value
from pygenn_lite.runtime.results.files import as_path, check_regular, written_at_once


@dataclass(frozen=True)
class Plot:
    """A plot, or a layout of several, of Bokeh, and the words below it.

    Attributes
    ----------
    model : bokeh.model.Model
    caption : str
        What is shown: units, what was thinned or left out.
    wide : bool
        Whether it takes the whole width of its section.
    """

    model: Any
    caption: str = ""
    wide: bool = True


@dataclass(frozen=True)
class Table:
    """A table of plain values.

    Attributes
    ----------
    columns : sequence of str
    rows : sequence of sequences
        Numbers stand right.
    caption : str
    folded : bool
        Whether it opens at a click.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    caption: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Facts:
    """Names with their values, one a line."""

    entries: Sequence[tuple[str, object]]


@dataclass(frozen=True)
class Text:
    """Text: a paragraph, or as it stands, opened at a click.

    Attributes
    ----------
    text : str
    title : str
        What is clicked on, of text that is folded.
    folded : bool
    """

    text: str
    title: str = ""
    folded: bool = False


@dataclass(frozen=True)
class Markup:
    """HTML that was made here, of text that is escaped already."""

    html: str


Part = Plot | Table | Facts | Text | Markup


@dataclass(frozen=True)
class Section:
    """A part of the page with a heading.

    Attributes
    ----------
    title : str
    parts : list
        From top to bottom; plots that are not wide stand beside each other.
    """

    title: str
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """What a report says.

    Attributes
    ----------
    title, subtitle : str
    tiles : sequence of (str, str)
        The few numbers that come first: what, and its value.
    sections : sequence of Section
        Those without parts are left out.
    ready : object, optional
        A Bokeh callback that runs when the page is there.
    """

    title: str
    subtitle: str = ""
    tiles: Sequence[tuple[str, str]] = ()
    sections: Sequence[Section] = ()
    ready: Any = None


def render(page: Page) -> str:
    """The page as HTML.

    Returns
    -------
    str
        Complete: styles, scripts and data stand in it.
    """
    import jinja2

    sections = [section for section in page.sections if section.parts]
    plots = [part for section in sections for part in section.parts if isinstance(part, Plot)]
    scripts, divs = _embedded([plot.model for plot in plots], page.ready)
    places = {id(plot): div for plot, div in zip(plots, divs, strict=True)}
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["shown"] = _shown
    environment.filters["rows"] = _in_rows
    template = environment.from_string(asset("page.html.jinja"))
    return template.render(
        page=page,
        sections=sections,
        style=asset("page.css"),
        scripts=scripts,
        div=lambda plot: places[id(plot)],
        kind=lambda part: type(part).__name__,
        is_number=lambda value: isinstance(value, (int, float)),
        nonce=secrets.token_urlsafe(16),
        version=getattr(sys.modules.get("pygenn_lite"), "__version__", ""),
    )


def write_page(html: str, path: str | Path) -> Path:
    """Write a page; an older one of the same name is replaced when the new one is complete.

    Raises
    ------
    SimulationError
        The file cannot be written.
    """
    target = as_path(path)
    check_ending(target)
    check_regular(target, "report")
    try:
        with written_at_once(target) as aside:
            aside.write_text(html, encoding="utf-8")
    except OSError as error:
        raise SimulationError(f"cannot write '{target}': {error.strerror or error}") from None
    return target


def check_ending(path: str | Path) -> None:
    """Refuse a name that no browser would take for a page.

    Raises
    ------
    ArgumentError
    """
    if not str(path).lower().endswith((".html", ".htm")):
        raise ArgumentError(
            f"cannot write a report as '{path}'", hint="end the name in .html: a browser opens it"
        )


def asset(name: str) -> str:
    """A file that belongs to the pages: template, style, script."""
    return resources.files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


def _embedded(models: list[Any], ready: Any) -> tuple[list[str], list[str]]:
    """Bokeh's scripts and that of the plots, and for each plot the place where it appears."""
    if not models:
        return [], []
    from bokeh.document import Document
    from bokeh.embed import components

    document = Document()
    with document.models.freeze():  # looked through once, not for each plot
        for model in models:
            document.add_root(model)
    if ready is not None:
        document.js_on_event("document_ready", ready)
    script, divs = components(models, wrap_script=False)
    return [*_library(document.models), script], list(divs)


def _library(used: Iterable[Any]) -> list[str]:
    """Those parts of Bokeh that the plots need."""
    from bokeh.models import TableWidget, Widget
    from bokeh.resources import Resources

    kinds = {type(model) for model in used}
    parts = ["bokeh"]
    for base, part in ((Widget, "bokeh-widgets"), (TableWidget, "bokeh-tables")):
        if any(issubclass(kind, base) for kind in kinds):
            parts.append(part)
    return list(Resources(mode="inline", components=parts).js_raw)


def _shown(value: object) -> str:
    """A value of a table."""
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return shown_value(value)


def _in_rows(parts: Sequence[Part]) -> list[list[Part]]:
    """Parts in rows: narrow plots that follow each other share one."""
    rows: list[list[Part]] = []
    for part in parts:
        narrow = isinstance(part, Plot) and not part.wide
        last = rows[-1][-1] if rows else None
        if narrow and isinstance(last, Plot) and not last.wide:
            rows[-1].append(part)
        else:
            rows.append([part])
    return rows
