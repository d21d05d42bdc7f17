"""Writes a network whose values are large arrays, such as a trained one: YAML for people, and the
arrays in an .npz file beside it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pygenn_lite.declaration import Network
from pygenn_lite.errors import FileFormatError, Location
from pygenn_lite.runtime.results.files import as_path, check_replaceable, written_at_once
from pygenn_lite.yaml_format.dump import network_document, to_yaml
from pygenn_lite.yaml_format.settings import RunSettings

SHORT = 16  # numbers that are written into the YAML itself

Arrays = dict[str, NDArray[np.float64]]


def save_network(
    network: Network,
    path: str | Path,
    settings: RunSettings | None = None,
    *,
    overwrite: bool = False,
) -> list[Path]:
    """Write a network as YAML, and arrays of many numbers beside it; `load_network` reads both.

    Parameters
    ----------
    network : Network
    path : str or Path
        ``NAME.yaml``; the arrays go to ``NAME.npz``.
    settings : RunSettings, optional
        Duration, warm-up time and reference rates to go with it.
    overwrite : bool
        Whether files that are there may be replaced.

    Returns
    -------
    list of Path
        What was written: the arrays, if there are any, and the YAML.

    Raises
    ------
    ArgumentError
        A file exists.
    FileFormatError
        The name does not end in .yaml, or something has no form in YAML.

    Examples
    --------
    >>> net = pg.Network(seed=1)
    >>> a, b = net.population("a", 20, pg.LIF()), net.population("b", 5, pg.LIF())
    >>> group = net.connect(a, b, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=np.eye(20, 5))
    >>> [path.name for path in pg.save_network(net, "trained.yaml")]
    ['trained.npz', 'trained.yaml']
    >>> pg.load_network("trained.yaml")[0] == net
    True
    """
    target = as_path(path)
    if target.suffix not in (".yaml", ".yml"):
        raise FileFormatError(
            f"'{target.name}' is not a name of a network file",
            where=Location("save_network"),
            hint="end it in .yaml",
        )
    aside = target.with_suffix(".npz")
    for file in (target, aside):
        check_replaceable(
            file, overwrite=overwrite, is_ours=lambda path: True, kind="network file",
            hint="name another file, or pass overwrite=True to replace this one",
        )  # fmt: skip
    document, arrays = network_document(network, settings), {}
    for holder, key, name in _places(document):
        array = _long(holder[key])
        if array is not None:
            arrays[name] = array
            holder[key] = {"file": aside.name, "array": name}
    written = [aside] if arrays else []
    if arrays:
        with written_at_once(aside) as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    with written_at_once(target) as file:
        file.write_text(to_yaml(document), encoding="utf-8")
    return [*written, target]


def _places(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Where values stand that may be arrays: mapping, key, and a path for the file."""
    for name, population in document.get("populations", {}).items():
        for kind in ("parameters", "initial"):
            for key in population.get(kind, {}):
                yield population[kind], key, f"populations.{name}.{kind}.{key}"
    for connection in document.get("connections", []):
        for key in ("weight", "delay"):
            if key in connection:
                yield connection, key, f"groups.{connection['name']}.{key}"


def _long(value: Any) -> NDArray[np.float64] | None:
    """A list of many numbers, at any depth, as an array."""
    if not isinstance(value, list):
        return None
    array = np.array(value, np.float64)
    return array if array.size > SHORT else None
