"""Mappings whose values are made, or read from a file, when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class LazyMapping(Mapping[str, T], Generic[T]):
    """A read-only mapping; a value that is a function is called once, when it is asked for."""

    def __init__(self, entries: Mapping[str, T | Callable[[], T]]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, key: str) -> T:
        if key not in self._entries:
            raise KeyError(self._missing(key))
        value = self._entries[key]
        if callable(value):
            value = self._entries[key] = value()
        return value

    def __contains__(self, key: object) -> bool:
        return key in self._entries  # without fetching the value

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._entries)

    def _missing(self, key: str) -> str:
        """What to say of a key that is not there."""
        raise NotImplementedError
