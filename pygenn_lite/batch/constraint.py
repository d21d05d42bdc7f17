"""Conditions over swept values: ``nu_ext * J < 2 and g != 4``. Their text is parsed like that of
any equation, and never run as code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pygenn_lite.declaration.language.equations import Expression, parse_expression
from pygenn_lite.declaration.language.evaluation import evaluate
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import EquationError, Location, SweepError
from pygenn_lite.records import dataclass

_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])+"


@dataclass(frozen=True)
class Constraint:
    """A condition over swept values.

    Attributes
    ----------
    text : str
        As it was written.
    expression : Expression
        The same with a plain symbol for each swept name.
    symbols : tuple of (str, str)
        Each symbol that occurs, and the swept name that it stands for.
    where : Location
    """

    text: str
    expression: Expression
    symbols: tuple[tuple[str, str], ...]
    where: Location

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether the values of one run fulfil it.

        Raises
        ------
        SweepError
            A value that it needs is not a number.
        """
        return bool(self.mask({name: [value] for name, value in values.items()})[0])

    def mask(self, columns: Mapping[str, Sequence[Any]]) -> Any:
        """Which of many runs fulfil it.

        Parameters
        ----------
        columns : mapping of str to sequence
            For each swept name, one value a run.

        Returns
        -------
        ndarray of bool
            Of shape (runs,).
        """
        count = len(next(iter(columns.values()))) if columns else 1
        arrays = {symbol: self._numbers(columns[name], name) for symbol, name in self.symbols}
        return np.broadcast_to(evaluate(self.expression, arrays), (count,)).astype(bool)

    def _numbers(self, column: Sequence[Any], name: str) -> Any:
        try:
            numbers = np.asarray(column, dtype=np.float64)
        except (TypeError, ValueError):
            numbers = np.zeros((0, 0))
        if numbers.ndim != 1:
            raise SweepError(
                f"the condition '{self.text}' compares {name!r}, whose values are not all numbers",
                where=self.where,
                hint="conditions are over numbers",
            )
        return numbers


def read_constraint(
    text: object, names: Iterable[str], same: Callable[[str], str | None], where: Location
) -> Constraint:
    """Read a condition.

    Parameters
    ----------
    text : str
    names : iterable of str
        What is swept. A name with dots stands in a condition as it stands in the file.
    same : callable
        Gives, for a symbol that is not swept under this spelling, the swept name that means the
        same (``g`` for ``constants.g``), or None.
    where : Location

    Raises
    ------
    SweepError
        No condition, or one over what is not swept.
    """
    if not isinstance(text, str):
        raise SweepError(f"{text!r:.60} is not a condition", where=where, hint="write 'g < 5'")
    names = list(names)
    replaced, stand_ins = _without_dots(text, names)
    try:
        expression = parse_expression(replaced)
    except EquationError as error:
        message = _spelled(error.message, stand_ins)
        raise SweepError(message, where=where, hint=_spelled(error.hint, stand_ins)) from None
    if not expression.is_condition:
        raise SweepError(
            f"'{text[:80]}' is a number, not a condition", where=where, hint="write 'g < 5'"
        )
    symbols = []
    for symbol in sorted(expression.symbols):
        written = stand_ins.get(symbol, symbol)
        meant = written if written in names else same(written)
        if meant is None:
            raise SweepError(
                f"the condition '{text[:80]}' names {written!r}, which is not swept"
                f"{nearest_or_all(written, names)}",
                where=where,
            )
        symbols.append((symbol, meant))
    return Constraint(text, expression, tuple(symbols), where)


def _without_dots(text: str, names: Iterable[str]) -> tuple[str, dict[str, str]]:
    """A plain symbol for each path; swept ones may have ``*`` in them, and are looked for first."""
    stand_ins: dict[str, str] = {}
    paths = [re.escape(name) for name in sorted(names, key=len, reverse=True) if "." in name]
    pattern = rf"(?<![\w.\]])(?:{'|'.join([*paths, _PATH])})(?![\w.\[])"

    def stand_in(found: re.Match[str]) -> str:
        known = {name: symbol for symbol, name in stand_ins.items()}
        symbol = known.get(found[0], f"swept_{len(stand_ins)}_")
        stand_ins[symbol] = found[0]
        return symbol

    return re.sub(pattern, stand_in, text), stand_ins


def _spelled(text: str, stand_ins: Mapping[str, str]) -> str:
    for symbol, name in stand_ins.items():
        text = text.replace(symbol, name)
    return text
