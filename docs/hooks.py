"""Hooks of MkDocs (see mkdocs.yml): the pages of the gallery, and what Markdown needs for the site.

The pages of docs/ are written to be read as they stand; here they get what only the site has.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from gallery import SECTIONS, Example, api_entries, examples, pictures

_FENCE = re.compile(r"^```(\w+)[ ]+([^\n`]+)$", re.MULTILINE)
_OUTSIDE = re.compile(r"\]\(\.\./([^)#]*)[^)]*\)")


def on_config(config: Any) -> Any:
    """Put the gallery's pages into the navigation."""
    for entry in config.nav:
        if "Gallery" in entry:
            shown = examples()
            entry["Gallery"] += [
                {section: [{short(shown[name]): f"gallery/{name}.md"} for name in names]}
                for section, names in SECTIONS.items()
            ]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the pages of the gallery and their pictures."""
    from mkdocs.structure.files import File  # here, since tests of links do without MkDocs

    shown = examples()
    for name, picture in pictures(shown).items():
        made = File.generated(config, f"gallery/{name}.png", content=picture.read_bytes())
        files.append(made)
    for name, example in shown.items():
        page = example_page(example)
        files.append(File.generated(config, f"gallery/{name}.md", content=page))
    files.append(File.generated(config, "gallery/index.md", content=index_page(shown)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Make of a page's Markdown what the site's dialect understands."""
    return for_the_site(markdown)


def for_the_site(markdown: str) -> str:
    """Fences without the words meant for the tests; links out of docs/ to what the site has."""
    return _OUTSIDE.sub(_link, _FENCE.sub(_fence, markdown))


def short(example: Example) -> str:
    """A title without its source and what explains it."""
    return re.sub(r"( \(.*\)|[:,] .*)$", "", example.title)


def _fence(found: re.Match[str]) -> str:
    language, options = found[1], found[2].split()
    titles = [option[5:] for option in options if option.startswith("file=")]
    titles += re.findall('title="(.*?)"', found[2])
    return f"```{language}" + (f' title="{titles[0]}"' if titles else "")


def _link(found: re.Match[str]) -> str:
    path = found[1].rstrip("/")
    if (Path(__file__).parent / path).is_file():  # from a page of the gallery
        return found[0]
    if path == "examples":
        return "](gallery/index.md)"
    if path.startswith("examples/") and path.endswith(".py"):
        return f"](gallery/{Path(path).stem}.md)"
    raise ValueError(f"the site has no place for a link to {path}")


def index_page(shown: dict[str, Example]) -> str:
    """Small pictures with their titles, by section."""
    page = (
        "---\nhide: [toc]\n---\n# Gallery\n\nEach picture is drawn by a script of fewer than 60 "
        "lines, shown on its page. The scripts are run by the tests, and the pictures are drawn "
        "when this site is built.\n"
    )
    for section, names in SECTIONS.items():
        page += f'\n## {section}\n\n<div class="grid cards gallery" markdown>\n\n'
        for name in names:
            page += f"-   [![]({name}.png){{ loading=lazy }}]({name}.md)\n\n"
            page += f"    [{shown[name].title}]({name}.md)\n\n"
        page += "</div>\n"
    return page


def example_page(example: Example) -> str:
    """One script: what it shows, its picture, its code, what it uses."""
    known = api_entries()
    links = [
        f"[`{name.lstrip('.')}`](../{known[name]})" for name in sorted(example.names & set(known))
    ]
    return (
        f"# {example.title}\n\n{example.text}\n\n![]({example.path.stem}.png)\n\n"
        f'```python title="examples/{example.path.name}"\n{example.code}```\n\n'
        f"Uses {', '.join(links)}.\n"
    )
