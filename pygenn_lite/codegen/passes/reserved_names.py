"""How generated code spells a variable: names that templates use for themselves get an ending.

A user may call a variable ``n``, ``time`` or ``M_PI``. Needs neither SymPy nor a Program.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent.parent.parent / "templates"
SHARED = ("statements", "once")  # templates of C++ that all languages use
# Names of the standard headers that do not look like macros.
STANDARD_NAMES = frozenset(
    ("errno", "assert", "stdin", "stdout", "stderr", "linux", "unix", "math_errhandling", "size_t")
)
# Macros of the standard headers all look like this, and so do the templates' pointers.
MACRO_LIKE = re.compile(r"[A-Z]{3}|(M|FP|FD|MB)_|.*(_|_base)\Z")


def spelled(name: str, language: str = "cpp") -> str:
    """The name of a variable in the source text of a language ("cpp" or "cuda").

    Examples
    --------
    >>> spelled("V"), spelled("time"), spelled("M_PI", "cuda")
    ('V', 'time__u', 'M_PI__u')
    """
    return f"{name}__u" if _clashes(name, language) else name


def _clashes(name: str, language: str) -> bool:
    used = name in STANDARD_NAMES or name in template_names(language)
    return "__" not in name and (used or MACRO_LIKE.match(name) is not None)


@cache
def template_names(language: str = "cpp") -> frozenset[str]:
    """All identifiers that stand in the templates of kernels themselves."""
    names: set[str] = set()
    paths = list((TEMPLATES / language).glob("*.jinja"))
    if language == "cpp":
        paths += (TEMPLATES / "cpp").glob("*.hpp")
    else:  # names of other headers stand in a namespace
        paths += (TEMPLATES / "cpp" / f"{name}.cpp.jinja" for name in SHARED)
    for path in paths:
        text = path.read_text(encoding="utf-8")
        # A piece that Jinja fills in may be joined to a word: V_ and V_base are macro-like.
        plain = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|//[^\n]*|\"[^\"\n]*\"", " ", text, flags=re.S)
        names |= set(re.findall(r"[A-Za-z_]\w*", plain))
        # What macros are handed as text.
        names |= set(re.findall(r"[A-Za-z_]\w*", " ".join(re.findall(r"\"([^\"\n]*)\"", text))))
    return frozenset(names)
