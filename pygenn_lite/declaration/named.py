"""What has parts under names: one list of them, which iterates, completes and works."""

from __future__ import annotations

from collections.abc import Iterator


def as_name(given: object) -> str:
    """A name to look up; what is not text becomes a name that nothing has."""
    return given if isinstance(given, str) else f"{type(given).__name__} {given!r}"[:80]


class Named:
    """Base of what gives its parts by ``thing[name]``, for the names in ``thing.names``."""

    @property
    def names(self) -> list[str]:
        """All names that work."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def _ipython_key_completions_(self) -> list[str]:
        return self.names
