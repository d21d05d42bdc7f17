"""One word for one thing, and plain English: phrases and names that are not to be used, anywhere.

What to write instead stands beside each of them; docs/glossary.md says what the words mean.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import pygenn_lite as pg
from pygenn_lite import errors, models, plotting
from pygenn_lite.old_names import OLD_NAMES
from pygenn_lite.runtime.results import recorded_data
from pygenn_lite.yaml_format import schema

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("pygenn_lite", "docs", "examples", "benchmarks", "tests")  # tests come last
KINDS = (".py", ".md", ".hpp", ".h", ".cpp", ".cu", ".jinja", ".yaml")
# These list what is old, or quote it.
EXEMPT = ("pygenn_lite/old_names.py", "tests/test_old_names.py", "tests/docs/test_words.py")
GLOSSARY = ROOT / "docs" / "glossary.md"


class Refused(NamedTuple):
    """A pattern, what to write instead, and the beginnings of the paths where it is looked for: by
    default all but tests."""

    pattern: str
    instead: str
    under: tuple[str, ...] = ("README.md", "CONTRIBUTING.md", *FOLDERS[:-1])


FOR_USERS = (
    "README.md", "docs/", "examples/", "pygenn_lite/cli/", "pygenn_lite/plotting/",
    "pygenn_lite/yaml_format/", "pygenn_lite/models/", "pygenn_lite/runtime/results/",
    "pygenn_lite/runtime/simulation.py", "pygenn_lite/declaration/",
)  # fmt: skip
PACKAGE = ("pygenn_lite/",)
ANYWHERE = ("",)
REFUSED = (
    Refused(r"\bcures?\b|_CURE\b|\bCURE\b", "hint", ANYWHERE),
    Refused(
        r"(?<![Tt]here )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|sooner\b|later\b)\w",
        "'is not a ...', 'is not a valid ...'",
    ),
    Refused(r"\bsettl(?:e[sd]?|ing)\b", "warm-up, warmup", FOR_USERS),
    Refused(r"\bst(?:ands?|anding|ood) still\b", "is clamped, is constant"),
    Refused(r"\btimed currents?\b|\btimed_current\b|\bTimedCurrent\b", "step current", ANYWHERE),
    Refused(r"\bpg\.Explicit\b|\bExplicit\(|\{explicit:", "PairList, pair_list", ANYWHERE),
    Refused(r"\bsd\b", "std", ("README.md", "docs/", "examples/", *PACKAGE)),
    Refused(
        r"\bUnsupportedFeature\b|\bMemoryPlanError\b", "...Error, InsufficientMemoryError", ANYWHERE
    ),
    Refused(r"\bpg\.Trace\b|[^.\w]Trace\(", "SynapticTrace, Samples", ANYWHERE),
    Refused(
        r"\bpublished\b",
        "reference rates; exposed variables",
        (
            "pygenn_lite/codegen/",
            "pygenn_lite/runtime/",
            "pygenn_lite/cli/",
            "pygenn_lite/templates/",
        ),
    ),
    Refused(r"\bhalves up\b", "rounded half up"),
    Refused(r"\b[Ww]ork(?:s|ed|ing)? out\b|\bwork(?:s|ed)?_out\b", "compute, evaluate"),
    Refused(r"\bat hand\b", "available, current"),
    Refused(r"\bin all\b(?=[.,;:)\"`(]|$)", "in total"),
    Refused(r"\bgo(?:es|ing)? on\b(?! to\b)", "continue"),
    Refused(r"\brising\b|\bRising\b", "increasing"),
    Refused(r"\bsets? out\b", "are sent"),
    Refused(r"\bas many as pay\b", "as many as are worthwhile"),
    Refused(
        r"\b(?:is|are|was|were) told\b(?! apart| from)",
        "is reported, was given",
        ("README.md", "docs/", *PACKAGE),
    ),
    Refused(r"\bless is faster\b", "lower is faster"),
    Refused(r"\bonce more\b", "again"),
    Refused(r"\b(?:must|should) know C\+\+", "must support C++20"),
    Refused(r"\bknows? (?:no|nothing)\b", "has no ..., does not support ..., does not depend on"),
    Refused(r"\b[Ss]hel(?:f|ves)\b|Shelf\b", "registry", ANYWHERE),
    Refused(
        r"\brooms\b|\b(?:right|each|every|own|other|lower|upper|which) room\b", "package, layer"
    ),
    Refused(r"\b(?:public|C|the) face\b", "interface, top level"),
    Refused(r"\bhouse\b|\bdoors?\b", "package; interface"),
    Refused(r"\bbrought to life\b|\bspecial powers\b", "loaded; privileges"),
    Refused(r"\bcut_network\b", "partition", ANYWHERE),
    Refused(r"\bforeseen\b|\bforeseen_", "estimated"),
    Refused(r"\blearn_backwards\b", "update_on_post", ANYWHERE),
    Refused(r"\bTurnedRows\b", "TransposedRows", ANYWHERE),
    Refused(r"\b_nothing_else\b", "exclusive", ANYWHERE),
    Refused(r"\bblam(?:e[sd]?|ing)\b", "report"),
    Refused(r"\b\w+__r\d\b|\bpoisson__\d", "a dotted path", ("README.md", "docs/")),
)
SYMBOLS_ARE_SHOWN = (  # for contributors, and where `called` is explained
    "docs/api.md", "docs/layout.md", "docs/design.md", "docs/recipes.md", "docs/decisions/",
)  # fmt: skip


def texts() -> Iterator[tuple[str, list[str]]]:
    """All files that people read, by their paths."""
    places = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")]
    places += [p for name in FOLDERS for p in sorted((ROOT / name).rglob("*")) if p.suffix in KINDS]
    for path in places:
        name = path.relative_to(ROOT).as_posix()
        if name not in EXEMPT and path != GLOSSARY and "/build/" not in name:
            yield name, path.read_text(encoding="utf-8").splitlines()


def found(refused: Refused, files: Iterator[tuple[str, list[str]]]) -> list[str]:
    """Where a pattern stands: file, line, what it is and what to write."""
    pattern = re.compile(refused.pattern)
    dotted = refused.instead == "a dotted path"
    return [
        f"{name}:{number}: {match[0]!r}; write {refused.instead}: {line.strip()[:120]}"
        for name, lines in files
        if name.startswith(refused.under) and not (dotted and name.startswith(SYMBOLS_ARE_SHOWN))
        for number, line in enumerate(lines, 1)
        for match in pattern.finditer(line)
    ]


@pytest.fixture(scope="module")
def everything() -> list[tuple[str, list[str]]]:
    return list(texts())


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused.instead)
def test_no_text_says(refused: Refused, everything: list[tuple[str, list[str]]]) -> None:
    places = found(refused, iter(everything))
    assert places == [], "\n".join(["", *places])


def test_a_phrase_is_found_with_its_place() -> None:
    lines = ["", "Rounded, halves up."]
    [refused] = [one for one in REFUSED if one.instead == "rounded half up"]
    assert found(refused, iter([("docs/time.md", lines)])) == [
        "docs/time.md:2: 'halves up'; write rounded half up: Rounded, halves up."
    ]
    inside = next(one for one in REFUSED if one.pattern == r"\bsd\b")
    assert found(inside, iter([("benchmarks/genn.py", ["sd"])])) == []


# ------------------------------------------------------------------ public names
# `every` is what is done at an interval (a schedule), and no interval itself.
WORDS = {one.old for one in OLD_NAMES if one.kind in ("argument", "attribute", "key")} - {"every"}


def public() -> Iterator[tuple[str, Any]]:
    """Classes and functions that users call."""
    for module in (pg, models, plotting):
        for name in module.__all__:
            yield f"{module.__name__}.{name}", getattr(module, name)
    for name, kind in inspect.getmembers(recorded_data, inspect.isclass):
        yield f"recorded_data.{name}", kind


def parameters(function: Callable[..., Any]) -> list[str]:
    try:
        return list(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # of types that are none of ours
        return []


def test_no_public_name_is_an_old_one() -> None:
    wrong = []
    for name, thing in public():
        members = vars(thing).items() if inspect.isclass(thing) else ()
        old = {one.old for one in OLD_NAMES if one.kind == "attribute"}
        called = [(name, thing), *((f"{name}.{k}", m) for k, m in members if callable(m))]
        wrong += [f"{n}({p}=)" for n, call in called for p in parameters(call) if p in WORDS]
        wrong += [f"{name}.{k}" for k, m in members if k in WORDS - old and not k.startswith("_")]
    assert wrong == []


def test_no_key_of_a_file_is_an_old_one() -> None:
    sections = [
        s for s in vars(schema).values() if inspect.isclass(s) and issubclass(s, schema.Section)
    ]
    assert len(sections) > 10
    assert [f"{s.__name__}.{k}" for s in sections for k in s.model_fields if k in WORDS] == []
    for section in (schema.RunSection, schema.RecordSection):
        assert "every" not in section.model_fields


def test_all_errors_are_called_so() -> None:
    kinds = [k for k in vars(errors).values() if inspect.isclass(k) and issubclass(k, Exception)]
    assert [k.__name__ for k in kinds if not k.__name__.endswith(("Error", "Warning"))] == []


# ------------------------------------------------------------------ the glossary
def test_the_glossary_has_each_term_in_a_line_in_order() -> None:
    lines = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line[:2] == "- "]
    terms = [re.match(r"- \*\*(.+?)\*\*: \S", line) for line in lines]
    assert len(lines) >= 60 and all(terms)
    names = [found[1].lower() for found in terms if found]
    assert names == sorted(set(names))


@pytest.mark.parametrize("page", ["docs/index.md", "mkdocs.yml", "CONTRIBUTING.md"])
def test_the_glossary_is_linked(page: str) -> None:
    assert "glossary.md" in (ROOT / page).read_text(encoding="utf-8")
