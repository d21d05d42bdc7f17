"""Variables and parameters as arrays that read and write the simulation's memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.language.equations import Expression, is_sympy
from pygenn_lite.declaration.numeric import is_masked_array, plain_array
from pygenn_lite.declaration.values import Value, as_value
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.runtime.live import Live

Array = npt.NDArray[Any]
# What sets values that have been checked: of several instances all are checked before one is set.
Change = Callable[[], None]
# What an array can do without changing itself; each acts on a copy of the values.
_METHODS = frozenset(
    [
        *("T", "all", "any", "argmax", "argmin", "argsort", "astype", "clip", "compress", "copy"),
        *("cumprod", "cumsum", "diagonal", "dot", "flatten", "item", "itemsize", "max", "mean"),
        *("min", "nbytes", "ndim", "nonzero", "prod", "ravel", "repeat", "reshape", "round"),
        *("searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "tobytes", "tolist"),
        *("trace", "transpose", "var"),
    ]
)
_IN_PLACE = frozenset(["fill", "partition", "put", "resize", "setfield", "setflags", "sort"])


class StateArray(Live, NDArrayOperatorsMixin):
    """A named variable, as an array that reads and writes the simulation's memory.

    Index, slice and assign it like a NumPy array, compute with it, call ``max()``, ``mean()`` and
    the like; ``numpy.asarray(state)`` gives a copy of all values. Besides numbers, a formula
    (``"-65 + i"``) or a distribution (``Uniform(-65, -50)``) may be assigned, as in a declaration.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], Array],
        change: Callable[[Array], Change],
        evaluate: Callable[[Value], Array] | None = None,
    ) -> None:
        self.name = name
        self._read, self._change, self._evaluate = read, change, evaluate

    def evaluated(self, value: Any) -> Array:
        """What would be assigned, as numbers: formulas and distributions evaluated."""
        return numbers_of(value, self.name, self._evaluate)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array; () for a value that all neurons share."""
        return self._read().shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values."""
        return self._read().dtype

    @property
    def size(self) -> int:
        """Number of values."""
        return int(self._read().size)

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> Array:
        if copy is False:
            raise ValueError(f"{self.name!r} can only be given as a copy")
        return np.asarray(self._read(), dtype=dtype)

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._read())

    def __float__(self) -> float:
        return float(self._read())

    def __int__(self) -> int:
        return int(self._read())

    def __bool__(self) -> bool:
        return bool(self._read())

    def __format__(self, spec: str) -> str:
        return format(self._read()[()], spec) if spec else str(self)

    def __getitem__(self, index: Any) -> Any:
        self._check_index(index)
        return self._read()[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        self.change(index, value)()

    def change(self, index: Any, value: Any) -> Change:
        """What sets the values, once they have been checked."""
        self._check_index(index)
        values = self._read()
        given = numbers_of(value, self.name, self._evaluate)
        if given.shape == values.shape != () and is_declared(value):
            given = given[index]
        try:
            with np.errstate(over="ignore"):  # infinity is refused with its name
                values[index] = given
        except IndexError as error:
            last = f", from 0 to {len(values) - 1}" if values.ndim else ""
            hint = f"give indices{last}, a slice, or a mask of shape {values.shape}"
            raise ArgumentError(
                str(error), where=Location(f"{self.name}[...]"), hint=hint
            ) from error
        except (TypeError, ValueError) as error:
            raise ShapeError(
                f"values of shape {given.shape} do not fit {self.name!r} of shape "
                f"{values.shape}: {error}",
                where=Location(f"{self.name}[...]"),
                hint="give one value, or one for each of them"
                if values.ndim
                else "all share this value: give one number, or declare it with one value for each "
                "(an array or a distribution)",
            ) from error
        return self._change(values)

    def _check_index(self, index: Any) -> None:
        if is_masked_array(index) and np.ma.is_masked(index):  # NumPy would forget the mask
            raise ArgumentError(
                "the index has masked entries", where=Location(self.name), hint="index.compressed()"
            )

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "at":  # numpy.add.at(state, indices, values)
            changed = np.asarray(inputs[0])
            ufunc.at(changed, *inputs[1:])
            if isinstance(inputs[0], StateArray):
                inputs[0][...] = changed
            return None
        if "out" in kwargs:  # `state += 1` and the like: compute aside, then write
            (target,) = kwargs.pop("out")
            if isinstance(target, StateArray):
                target[...] = self.__array_ufunc__(ufunc, method, *inputs, **kwargs)
                return target
            kwargs["out"] = (target,)
        plain = [np.asarray(x) if isinstance(x, StateArray) else x for x in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in _METHODS:
            return getattr(self._read(), name)
        if name in _IN_PLACE:
            raise ArgumentError(
                f"{name}() would change a copy of the values only",
                where=Location(self.name),
                hint="assign instead, e.g. state[...] = numpy.sort(state)",
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_METHODS})

    def __repr__(self) -> str:
        values = self._read()
        if values.ndim == 0:
            return f"<{self.name}: {values[()]:.12g}>"
        few = np.array2string(values.ravel(), threshold=6, edgeitems=3, max_line_width=1000)
        return f"<{self.name}: {few}, {' x '.join(f'{n:,}' for n in values.shape)}>"


def is_declared(value: object) -> bool:
    """Whether values are given by a formula or a distribution, not as numbers."""
    return isinstance(value, (str, Distribution, Expression)) or is_sympy(value)


def numbers_of(value: Any, name: str, evaluate: Callable[[Value], Array] | None = None) -> Array:
    """What a user assigns, as numbers.

    Parameters
    ----------
    value : array_like, str, Expression or Distribution
    name : str
        Of the variable, for messages.
    evaluate : callable, optional
        Evaluates formulas and distributions.

    Raises
    ------
    ArgumentError
        No numbers, or a formula where none is taken.
    """
    if not is_declared(value):
        return plain_array(value, f"what is assigned to {name}", error=ArgumentError)
    declared = as_value(value, Location(name))
    if isinstance(declared, float):
        return np.array(declared)
    if evaluate is None:
        raise ArgumentError(
            f"{value!r} is neither a number nor an array of numbers",
            where=Location(name),
            hint="formulas and distributions cannot be assigned here: give numbers",
        )
    return evaluate(declared)
