"""Where a result comes from: program, machine, compiler, network, command line.

What takes time to find out (the network as text, the compiler's version) is found out when somebody
asks, or when a file is written.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite import hooks
from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import PygennLiteError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.results.lazy_mapping import LazyMapping

if TYPE_CHECKING:
    from pygenn_lite.runtime.device import Device

LARGEST_NETWORK = 1_000_000  # bytes of arrays in a network that is kept as text


class Provenance(LazyMapping[Any]):
    """Where a result comes from, by name."""

    def _missing(self, key: str) -> str:
        return f"nothing is known of {key!r} (known: {list(self)})"

    def __repr__(self) -> str:
        return f"<Provenance: {', '.join(self)}>"

    def as_json(self) -> str:
        """All of it as text."""
        return json.dumps(dict(self), indent=1, default=str, ensure_ascii=False)


def provenance_of(device: Device, notes: Mapping[str, Any]) -> Provenance:
    """Of a run that begins now.

    Parameters
    ----------
    device : Device
    notes : mapping
        What the user, or the command line, wants to be kept as well.
    """
    import datetime
    import platform

    instance, seeds = device.instances[0], [one.seed for one in device.instances]
    axis = {"seeds": seeds} if len(seeds) > 1 else {}
    return Provenance(
        {
            "pygenn_lite": package_version(),
            "date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
            "backend": device.backend,
            "precision": device.dtype.name,
            "threads": device.threads,
            "seed": instance.seed,
            **axis,
            "dt_ms": instance.network.dt,
            "compiler": device.code.compiler,
            "compiler_version": partial(_compiler_version, device.code.compiler),
            "flags": device.code.flags,
            "target": device.code.target,
            "host": platform.node(),
            "system": platform.platform,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "network": NetworkText(instance.network),
            **notes,
        }
    )


def of_instance(provenance: Mapping[str, Any], index: int) -> Provenance:
    """The provenance of one instance of several; its network is that of instance 0, but for the
    seed and the values that were given for each."""
    return next(of_instances(provenance, [index]))


def of_instances(provenance: Mapping[str, Any], indices: Iterable[int]) -> Iterator[Provenance]:
    """The same of several."""
    known = {key: partial(provenance.__getitem__, key) for key in provenance if key != "seeds"}
    for index in indices:
        own = {"instance": index}
        if "seeds" in provenance:
            own["seed"] = provenance["seeds"][index]
        yield Provenance({**known, **own})


@dataclass(frozen=True)
class NetworkText:
    """The network as YAML, or why it is not kept."""

    network: Network

    def __call__(self) -> str:
        if _array_bytes(self.network.declaration()) > LARGEST_NETWORK:
            return f"# not kept: its arrays have more than {LARGEST_NETWORK:,} bytes"
        try:
            return str(hooks.call("network_as_text", self.network))
        except PygennLiteError as error:
            return f"# not kept: {error.message}"


def _array_bytes(part: Any) -> int:
    """Bytes of all arrays of a declaration."""
    array = getattr(part, "array", None)
    if isinstance(array, np.ndarray):
        return array.nbytes
    if isinstance(part, (tuple, list)):
        return sum(_array_bytes(item) for item in part)
    fields = getattr(part, "__dataclass_fields__", ())
    return sum(_array_bytes(getattr(part, name)) for name in fields)


def package_version() -> str:
    """The version of this package."""
    return str(getattr(sys.modules.get("pygenn_lite"), "__version__", ""))


@cache
def _compiler_version(command: str) -> str:
    import shlex
    import subprocess

    if not command:
        return ""
    with contextlib.suppress(OSError, ValueError, subprocess.SubprocessError):
        words = [*shlex.split(command), "--version"]
        told = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)
        return (told.stdout.splitlines() or [""])[0].strip()
    return ""
