"""How a batch is carried out: on which machines, by how many processes and threads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from pygenn_lite.declaration.numeric import whole_number
from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass

_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx|inproc)://)?[^\s/]+:\d{1,5}/?|inproc://\S+")
DEPLOYERS = ("slurm", "kubernetes")
MOST = 100_000


@dataclass(frozen=True)
class BatchOptions:
    """How a batch is carried out. What comes out of it does not depend on this.

    Attributes
    ----------
    cluster : str
        Address of the scheduler of a Dask cluster that is there already: ``tcp://head:8786``.
    deployer : {"", "slurm", "kubernetes"}
        Who starts workers; nothing: they are processes of this machine.
    deployer_options : mapping
        What it is called with, besides ``jobs``: how many jobs or pods are started.
    processes : int, optional
        On this machine; by default what fits its cores. 0: none besides this one.
    threads : int, optional
        Of each process.
    progress : bool, optional
        Whether progress is shown on stderr; None: on a terminal.
    timeout : float
        Seconds after which a cluster that does not answer is given up.
    """

    cluster: str = ""
    deployer: str = ""
    deployer_options: Mapping[str, Any] = field(default_factory=dict)
    processes: int | None = None
    threads: int | None = None
    progress: bool | None = None
    timeout: float = 30.0


def check_options(options: BatchOptions) -> None:
    """Refuse options that make no sense.

    Raises
    ------
    ArgumentError
    """
    for name, least in (("processes", 0), ("threads", 1)):
        given = getattr(options, name)
        number = whole_number(given)
        if given is not None and (number is None or not least <= number <= MOST):
            raise ArgumentError(f"{name} = {given!r}", hint=f"give a whole number from {least} on")
    if options.cluster and not _ADDRESS.fullmatch(options.cluster):
        raise ArgumentError(
            f"{options.cluster!r:.200} is not the address of a cluster",
            hint="give that of its scheduler, with the port: tcp://head:8786",
        )
    if options.deployer and options.deployer not in DEPLOYERS:
        raise ArgumentError(
            f"{options.deployer!r} does not start workers", hint=f"there are {list(DEPLOYERS)}"
        )
    if options.cluster and options.deployer:
        raise ArgumentError(
            f"a cluster is given, and {options.deployer} to start another", hint="give one of them"
        )
