"""What a connectivity rule says of itself. Every stage asks the rule, none looks at its type."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.connectivity.ends import Ends, Parts
from pygenn_lite.declaration.language.constants import as_float
from pygenn_lite.declaration.numeric import plain_indices, plain_number
from pygenn_lite.errors import NOWHERE, ConnectivityError, Location
from pygenn_lite.records import dataclass

STORAGE = ("auto", "sparse", "dense", "procedural")
WEIGHT_PRECISIONS = ("full", "float16", "int16")
Indices = npt.NDArray[np.integer]
BY_PYTHON = "connectivity that is drawn by Python cannot be procedural"


@dataclass(frozen=True)
class Count:
    """Number of synapses that a rule makes.

    Attributes
    ----------
    total : float
        Of all; its expected value where chance decides.
    exact : bool
        Whether every drawing gives this number.
    in_degree, out_degree : int or None
        Synapses of every target neuron, of every source neuron, where these are fixed.
    """

    total: float
    exact: bool = True
    in_degree: int | None = None
    out_degree: int | None = None


@dataclass(frozen=True)
class NativeRule:
    """A rule as the compiled builder draws it (templates/cpp/engine/rules.hpp) and, bit for bit
    the same, runtime/values/drawing.py.

    Attributes
    ----------
    kind : str
        "all_to_all", "one_to_one", "fixed_probability", "fixed_total", "fixed_in", "fixed_out".
    n : int
        Number of synapses: in total, by target, or by source.
    p : float
        Probability of a pair.
    autapses, multapses : bool
    """

    kind: str
    n: int = 0
    p: float = 0.0
    autapses: bool = True
    multapses: bool = True


@dataclass(frozen=True)
class YamlForm:
    """How a rule is written in a file.

    Attributes
    ----------
    name : str
        What stands for the rule, e.g. ``fixed_probability``.
    bare : str or None
        The field that a bare number stands for.
    fields : tuple of str
        Further fields.
    one_of, all_of : tuple of str
        Fields of which exactly one, or all, must be given (besides ``bare``).
    columns : tuple of str
        Fields that can be read from the columns of a ``file``.
    """

    name: str
    bare: str | None = None
    fields: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """All fields, as they are written."""
        file = ("file",) if self.columns else ()
        return (*((self.bare,) if self.bare else ()), *self.fields, *file)


class RandomNumbers(Protocol):
    """What rules that are drawn by Python draw from: the stream of one group."""

    def row_uniforms(self, rows: Indices, count: int) -> npt.NDArray[np.float64]:
        """Uniform numbers in (0, 1), shape (rows, count); every row has its own."""
        ...

    def generator(self) -> np.random.Generator:
        """A generator of NumPy that begins at the same place every time."""
        ...


class Connectivity:
    """Base of all rules. A rule of your own is a subclass with a method `draw`.

    Examples
    --------
    >>> class Ring(pg.Connectivity):
    ...     def draw(self, n_pre, n_post, random):
    ...         pre = np.arange(n_pre)
    ...         return pre, (pre + 1) % n_post
    """

    yaml: ClassVar[YamlForm | None] = None
    complete: ClassVar[bool] = False  # every pair is connected, but perhaps neurons to themselves
    not_procedural: ClassVar[str] = BY_PYTHON  # why not; "": its rows can be drawn one by one
    drawing_bytes: ClassVar[int] = 0  # for each pair that `pairs` looks at, for a while

    def __post_init__(self) -> None:
        for flag in ("autapses", "multapses", "shared"):
            value = getattr(self, flag, True)
            if not isinstance(value, (bool, np.bool_)):
                raise ConnectivityError(
                    f"{flag} = {value!r} is neither True nor False",
                    where=Location.of(type(self).__name__),
                )
            if hasattr(self, flag):
                object.__setattr__(self, flag, bool(value))

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.given().items())
        return f"{type(self).__name__}({given})"

    def given(self) -> dict[str, Any]:
        """What the rule was made with, by name."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    # ------------------------------------------------------------- what a user's rule may define

    def draw(
        self, n_pre: int, n_post: int, random: np.random.Generator
    ) -> tuple[npt.ArrayLike, npt.ArrayLike]:
        """Draw the synapses.

        Parameters
        ----------
        n_pre, n_post : int
            Neurons of the source and the target population.
        random : numpy.random.Generator
            Numbers that follow the network's seed and the group's name.

        Returns
        -------
        pre, post : array_like of int
            Synapse k goes from neuron ``pre[k]`` to neuron ``post[k]``.
        """
        raise NotImplementedError

    def expected(self, n_pre: int, n_post: int) -> float | None:
        """Expected number of synapses; None where only drawing can tell. The memory plan is made
        from it before anything is drawn."""
        return None

    def validate(
        self, n_pre: int, n_post: int, same_population: bool, where: Location = NOWHERE
    ) -> None:
        """Check the rule against the sizes of its populations.

        Raises
        ------
        ConnectivityError
            It cannot be fulfilled; the message says why.
        """

    def scaled(self, k: float, n_pre: int, n_post: int) -> Connectivity | None:
        """The rule for populations of ``k`` times as many neurons, in which a neuron has ``k``
        times as many synapses; None where there is none."""
        return None

    # ------------------------------------------------------------------ what the stages ask

    @property
    def parts(self) -> Parts:
        """The neurons that it connects, where these are not all of the populations."""
        return None, None

    @property
    def plain(self) -> Connectivity:
        """The rule without parts of populations."""
        return self

    @property
    def box(self) -> tuple[float, ...]:
        """Lengths of the periodic box in which distances are taken; empty: there is none."""
        return ()

    def bound(
        self, source: tuple[int, ...], target: tuple[int, ...], where: Location
    ) -> Connectivity:
        """The rule for populations of these shapes (empty: they have none)."""
        return self

    def expand(self, weight: Any, where: Location) -> Any:
        """The weights of all synapses from what was given for them."""
        return weight

    def inner(self, ends: Ends) -> tuple[Connectivity, Ends] | None:
        """Of a rule that places what another one draws: the other, and what that one sees."""
        return None

    def placed(self, pre: Indices, post: Indices, ends: Ends) -> tuple[Indices, Indices]:
        """What the other one has drawn, as pairs of this rule."""
        return pre, post

    def count(self, ends: Ends) -> Count | None:
        """Number of synapses, told without drawing them; None where that is not possible."""
        number = self.expected(ends.n_pre, ends.n_post)
        if number is None:
            return None
        plain = plain_number(number)
        value = None if plain is None else as_float(plain)
        if value is None or not 0 <= value < math.inf:
            raise ConnectivityError(
                f"expected() of the rule {type(self).__name__} gave {number!r}",
                where=ends.where,
                hint="return a number >= 0, or None where only drawing can tell",
            )
        return Count(value, exact=False)

    def native(self, n_pre: int, n_post: int) -> NativeRule | None:
        """The rule as the builder draws it; None: `pairs` gives its synapses."""
        return None

    @property
    def by_builder(self) -> bool:
        """Whether the builder can draw it."""
        return type(self).native is not Connectivity.native

    @property
    def by_python(self) -> bool:
        """Whether `pairs` can draw it, without the builder."""
        return not self.by_builder or type(self).numbered is not Connectivity.numbered

    def numbered(self, n_pre: int) -> int | None:
        """Number of synapses where arrays of weights and delays can follow their order, else
        None."""
        return None

    def pairs(self, ends: Ends, random: RandomNumbers) -> tuple[Indices, Indices]:
        """Sources and targets of the synapses, drawn by Python.

        Raises
        ------
        ConnectivityError
            `draw` gave something else than the indices of neurons.
        """
        name = f"draw() of the rule {type(self).__name__}"
        drawn: Any = self.draw(ends.n_pre, ends.n_post, random.generator())
        hint = "return two arrays: sources and targets of the synapses"
        if not isinstance(drawn, (tuple, list, np.ndarray)) or len(drawn) != 2:
            raise ConnectivityError(
                f"{name} gave {type(drawn).__name__}", where=ends.where, hint=hint
            )
        sources, targets = f"{name}: the array of sources", f"{name}: the array of targets"
        pre = plain_indices(drawn[0], sources, ends.where, ConnectivityError)
        post = plain_indices(drawn[1], targets, ends.where, ConnectivityError)
        if len(pre) != len(post):
            raise ConnectivityError(
                f"{name} gave {len(pre)} sources and {len(post)} targets",
                where=ends.where,
                hint=hint,
            )
        check_range(pre, ends.n_pre, "source", ends.where)
        check_range(post, ends.n_post, "target", ends.where)
        return pre, post

    @property
    def repeats(self) -> bool | None:
        """Whether a pair may have several synapses; None: only the pairs tell."""
        return None

    def check_complete(self, where: Location) -> None:
        """A rule must be drawn in some way.

        Raises
        ------
        ConnectivityError
            A subclass without a method `draw`.
        """
        overridden = (getattr(type(self), n) is not getattr(Connectivity, n) for n in _WAYS)
        if not any(overridden):
            raise ConnectivityError(
                f"the rule {type(self).__name__} does not say how its synapses are drawn",
                where=where,
                hint="give it a method draw(self, n_pre, n_post, random) that returns two arrays, "
                "sources and targets",
            )


_WAYS = ("draw", "pairs", "native")  # one of which every rule has


def check_range(values: Indices, size: int, what: str, where: Location) -> None:
    """Indices must lie in a population."""
    if values.size and (values.min() < 0 or values.max() >= size):
        bad = int(values[(values < 0) | (values >= size)][0])
        raise ConnectivityError(
            f"{what} index {bad} is out of range",
            where=where,
            hint=f"indices run from 0 to {size - 1}",
        )


def probability_of(p: object, where: Location) -> float:
    """A probability as a user gives it."""
    number = plain_number(p)
    if number is None or not 0.0 <= number <= 1.0:
        raise ConnectivityError(
            f"probability {p!r} lies outside [0, 1]", where=where, hint="give a number from 0 to 1"
        )
    return float(number)
