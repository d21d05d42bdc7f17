"""Plain data about compiled code that is kept as JSON beside it, so that what is in the cache needs
no SymPy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Self

from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class KeptRecord:
    """A record that is written as JSON, and read again."""

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dicts."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of :meth:`to_json`.

        Raises
        ------
        KeyError, TypeError
            It is not what `to_json` gave.
        """
        return cls(**cls.recalled(data))

    @classmethod
    def recalled(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Fields, of what `to_json` gave."""
        return dict(data)


def with_tuples(data: Mapping[str, Any], listed: Iterable[str]) -> dict[str, Any]:
    """Fields of which some are tuples, which JSON does not have."""
    return {**data, **{name: tuple(data[name]) for name in listed}}
