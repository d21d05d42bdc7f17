"""Where the networks of a sweep come from: what every source can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pygenn_lite.batch.script import Script
    from pygenn_lite.declaration import Network


class NetworkSource(ABC):
    """Makes the network of each run. It can be pickled, so that workers make their own.

    Attributes
    ----------
    name : str
        What folders and titles call the network.
    digest : str
        64 hexadecimal digits, of the network before anything is swept and of the text of its code.
    duration, warmup : float
        Those that the network's file says, ms.
    scripts : tuple of Script
        The files whose code `make` executes.
    """

    name: str
    digest: str
    duration: float = 1000.0
    warmup: float = 0.0
    scripts: tuple[Script, ...] = ()

    @property
    @abstractmethod
    def seed(self) -> int:
        """Seed of the network where none is swept."""

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What may be swept."""

    @abstractmethod
    def canonical(self, name: str) -> str:
        """The one spelling of a name: ``constants.g`` for ``g``.

        Raises
        ------
        DeclarationError
            It cannot be swept; with the nearest name that can.
        """

    @abstractmethod
    def make(self, values: Mapping[str, Any]) -> Network:
        """The network in which these values stand.

        Parameters
        ----------
        values : mapping
            By names of `names`, in any spelling.

        Raises
        ------
        DeclarationError
            A name or a value does not fit.
        """
