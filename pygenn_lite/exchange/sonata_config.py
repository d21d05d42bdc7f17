"""SONATA's configuration files: manifests, paths, and one view of circuit and simulation."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import FileFormatError, Location
from pygenn_lite.records import dataclass

VARIABLE = re.compile(r"\$\{?(\w+)\}?")
MOST_FILES = 10  # configurations that name one another
SECTIONS = ("components", "networks", "run", "inputs", "reports", "output", "conditions")


@dataclass(frozen=True)
class SonataFiles:
    """A file of nodes or edges, its table of types, and the populations that an entry lists."""

    file: Path
    types: Path | None
    populations: list[str]


@dataclass(frozen=True)
class SonataConfig:
    """Circuit and simulation, all paths resolved.

    Attributes
    ----------
    path : Path
        The file that was read.
    sections : dict
        ``components``, ``networks``, ``run``, ``inputs``, ``reports``, ...
    node_sets : dict
        Rules by name.
    """

    path: Path
    sections: dict[str, Any] = field(default_factory=dict)
    node_sets: dict[str, Any] = field(default_factory=dict)

    @property
    def where(self) -> Location:
        """For messages."""
        return Location(str(self.path))

    def section(self, name: str) -> dict[str, Any]:
        """One of the sections; empty where there is none."""
        found = self.sections.get(name) or {}
        if not isinstance(found, dict):
            raise FileFormatError(f"{name!r} is not a mapping", where=self.where)
        return found

    def files(self, kind: str) -> list[SonataFiles]:
        """The files of ``nodes`` or ``edges``."""
        listed = self.section("networks").get(kind, [])
        found = []
        for entry in (one for one in listed if one.get("enabled", True)):
            texts = {key: value for key, value in entry.items() if isinstance(value, str)}
            own = {key: Path(value) for key, value in texts.items() if key.endswith("file")}
            if f"{kind}_file" not in own:
                raise FileFormatError(f"an entry of {kind!r} lacks '{kind}_file'", where=self.where)
            types = own.get(f"{kind[:-1]}_types_file")
            found.append(
                SonataFiles(own[f"{kind}_file"], types, list(entry.get("populations", ())))
            )
        return found

    def component(self, file: str, *kinds: str) -> Path:
        """A file that lies in one of the folders of components."""
        components = self.section("components")
        folders = [Path(components[kind]) for kind in kinds if kind in components]
        for folder in folders:
            if (folder / file).is_file():
                return folder / file
        listed = ", ".join(map(str, folders)) or f"none of {', '.join(kinds)} is given"
        raise FileFormatError(
            f"{file!r} is in no folder of components ({listed})",
            where=self.where,
            hint="say in 'components' where it lies",
        )


def read_config(path: Path) -> SonataConfig:
    """Read a circuit's or a simulation's configuration, or one that names both.

    Raises
    ------
    FileFormatError
        A file is missing, not JSON, or names a variable that no manifest has.
    """
    sections: dict[str, Any] = {}
    node_sets: dict[str, Any] = {}
    _add(path, sections, node_sets, [])
    if not sections.get("networks"):
        raise FileFormatError(
            "no networks: neither the file nor one that it names has a section 'networks'",
            where=Location(str(path)),
            hint="give circuit_config.json, simulation_config.json, or a file that names them",
        )
    return SonataConfig(path, sections, node_sets)


def _add(path: Path, sections: dict[str, Any], sets: dict[str, Any], above: list[Path]) -> None:
    """Take the sections of a file that are not there yet, then those of the files it names."""
    where = Location(str(path))
    if path.resolve() in above or len(above) > MOST_FILES:
        raise FileFormatError("configurations name each other in a circle", where=where)
    data = _resolved(read_json(path), path, where)
    for name in SECTIONS:
        if name in data:
            sections.setdefault(name, data[name])
    own_sets = data.get("node_sets", {})
    if isinstance(data.get("node_sets_file"), str):
        own_sets = {**read_json(_absolute(data["node_sets_file"], path)), **own_sets}
    for name, rule in own_sets.items():
        sets.setdefault(name, rule)
    for name in ("simulation", "network"):
        if isinstance(data.get(name), str):
            _add(_absolute(data[name], path), sections, sets, [*above, path.resolve()])


def read_json(path: Path) -> dict[str, Any]:
    """A file of JSON that holds a mapping."""
    where = Location(str(path))
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileFormatError(f"cannot read the file: {error.strerror}", where=where) from None
    except ValueError as error:
        raise FileFormatError(f"not JSON: {error}", where=where) from None
    if not isinstance(data, dict):
        raise FileFormatError("not a mapping", where=where)
    return data


def _resolved(data: dict[str, Any], path: Path, where: Location) -> dict[str, Any]:
    """Variables of the manifest in place, and what then is a path made absolute."""
    folder = str(path.resolve().parent)
    known = {"configdir": folder, "workingdir": folder, "config_dir": folder}
    manifest = {str(k).strip("${}"): str(v) for k, v in data.get("manifest", {}).items()}

    def replaced(text: str, inside: tuple[str, ...] = ()) -> str:
        def value(match: re.Match[str]) -> str:
            name = match.group(1)
            if name in inside:
                raise FileFormatError(f"${name} of the manifest is defined by itself", where=where)
            if name in manifest:
                return replaced(manifest[name], (*inside, name))
            if name in known:
                return known[name]
            raise FileFormatError(
                f"${name} is in no manifest{nearest(name, manifest)}",
                where=where,
                hint=f"the manifest has {sorted(manifest)}",
            )

        return VARIABLE.sub(value, text)

    def walk(part: Any, key: str = "") -> Any:
        if isinstance(part, dict):
            return {name: walk(entry, name) for name, entry in part.items() if name != "manifest"}
        if isinstance(part, list):
            return [walk(entry) for entry in part]
        if isinstance(part, str):
            text = replaced(part)
            is_path = text != part or key.endswith(("_file", "_dir"))
            return str(_absolute(text, path)) if is_path else text
        return part

    resolved: dict[str, Any] = walk(data)
    return resolved


def _absolute(text: str, path: Path) -> Path:
    """Relative paths begin at the file that names them."""
    return path.resolve().parent / text


def chosen_nodes(config: SonataConfig, rule: Any) -> list[Mapping[str, Any]]:
    """What a node set means: a list of conditions, of which a node meets one at least.

    Raises
    ------
    FileFormatError
        No such set, or sets that are defined by themselves.
    """
    return _conditions(config, rule, ())


def _conditions(
    config: SonataConfig, rule: Any, inside: tuple[str, ...]
) -> list[Mapping[str, Any]]:
    if rule in (None, "all", {}):
        return [{}]
    if isinstance(rule, Mapping):
        return [rule]
    if isinstance(rule, list):
        if all(isinstance(entry, int) for entry in rule):
            return [{"node_id": rule}]
        return [one for entry in rule for one in _conditions(config, entry, inside)]
    if not isinstance(rule, str) or rule not in config.node_sets:
        if isinstance(rule, str):  # a population's name stands for itself
            return [{"population": rule}]
        raise FileFormatError(f"{rule!r} is not a node set", where=config.where)
    if rule in inside:
        raise FileFormatError(f"the node set {rule!r} is defined by itself", where=config.where)
    return _conditions(config, config.node_sets[rule], (*inside, rule))
