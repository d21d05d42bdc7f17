"""Networks of a sweep from a network that was declared in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pygenn_lite.batch.source import NetworkSource
from pygenn_lite.batch.written_values import declared_value, empty_registry
from pygenn_lite.declaration import Network
from pygenn_lite.declaration.checks import check_seed
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.paths import NetworkValues
from pygenn_lite.errors import Location, NetworkError, SweepError
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.document import Document

SHORT = {"seed": "network.seed", "dt": "network.dt"}


class GivenSource(NetworkSource):
    """A network, of which values are changed by their paths.

    Parameters
    ----------
    network : Network
        It is copied: what is declared later does not enter.
    fixed : mapping, optional
        Values that differ from the network's in all runs.
    """

    def __init__(self, network: Network, fixed: Mapping[str, Any] | None = None) -> None:
        self.network = changed_network(network, fixed or {})
        self.name = network.name or "network"
        self.digest = self.network.digest()

    @property
    def seed(self) -> int:
        """The network's."""
        return self.network.seed

    def names(self) -> tuple[str, ...]:
        """All paths of values, ``seed`` and ``dt``."""
        return (*SHORT, *NetworkValues(self.network))

    def canonical(self, name: str) -> str:
        """The path as `network.values` lists it."""
        return canonical_path(self.network, name, SHORT)

    def make(self, values: Mapping[str, Any]) -> Network:
        """A copy with these values."""
        return changed_network(self.network, values)


def changed_network(network: Network, values: Mapping[str, Any]) -> Network:
    """A copy of a network with values by paths, in the words of Python or of YAML."""
    seed, others = None, {}
    for name, value in values.items():
        path = SHORT.get(name, name)
        if path == "network.seed":
            seed = check_seed(value)
        else:
            others[path] = value
    if any(isinstance(value, str | list | dict) for value in others.values()):
        others = _declared(network, others)
    made = network.with_values(others) if others else network.copy()
    made.seed = made.seed if seed is None else seed
    return made


def canonical_path(network: Network, name: str, short: Mapping[str, str]) -> str:
    """The one spelling of a path; a path with ``*`` is its own.

    Raises
    ------
    SweepError
        It leads nowhere; with the nearest name.
    """
    path = short.get(name, name)
    known = NetworkValues(network)
    try:
        places = known.matching(path)
    except NetworkError as error:
        if "." in name or "[" in name:
            raise SweepError(error.message, where=error.where, hint=error.hint) from None
        near = nearest(name, [*short, *known])
        raise SweepError(
            f"the network has nothing called {name!r}{near}",
            where=Location(f"values ({name[:120]})"),
            hint=""
            if near
            else "give a path like populations.exc.parameters.tau; network.values lists them all",
        ) from None
    return str(places[0]) if len(places) == 1 else path


def _declared(network: Network, values: Mapping[str, Any]) -> dict[str, Any]:
    registry = empty_registry(Context(Document({}, "values")))
    known = NetworkValues(network)
    return {
        path: declared_value(registry, known.matching(path)[0], value, (path,))
        for path, value in values.items()
    }
