"""Our dataclasses are dataclasses, made later. What they should do is what the standard library's
do, which is asked beside them."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
import threading
from abc import ABC, abstractmethod
from dataclasses import FrozenInstanceError, field, fields, is_dataclass, replace
from typing import ClassVar

import pytest

from pygenn_lite import records


def declare(dataclass):
    """Classes with all that we use, made by a decorator."""

    class Shape(ABC):
        @property
        @abstractmethod
        def area(self) -> float: ...

    @dataclass(frozen=True)
    class Empty:
        """Nothing."""

    @dataclass(frozen=True)
    class Point:
        """A point."""

        kinds: ClassVar[int] = 2

        x: float
        y: float = 0.0
        name: str = field(default="", compare=False, repr=False)
        tags: list[str] = field(default_factory=list, compare=False)
        weight: float = field(default=1.0, kw_only=True, metadata={"unit": "kg"})

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("left of 0")

    @dataclass(frozen=True)
    class Square(Point, Shape):
        """A square; x is given a default."""

        x: float = 3.0
        side: float = 2.0

        @property
        def area(self) -> float:
            return self.side**2

    @dataclass(frozen=True, repr=False)
    class Quiet(Point):
        """A point that shows less."""

        z: float = 1.0

    @dataclass(frozen=True, init=False)
    class Made:
        """Has an ``__init__`` of its own."""

        value: int
        half: float = field(default=0.5, compare=False)

        def __init__(self, text: str) -> None:
            object.__setattr__(self, "value", int(text))

    @dataclass(frozen=True)
    class Same:
        """Equals all of its kind."""

        value: int

        def __eq__(self, other: object) -> bool:
            return type(other) is type(self)

    @dataclass(frozen=True, eq=False)
    class Itself:
        """Equals nothing but itself."""

        value: int

    @dataclass
    class Changing:
        """Is not frozen."""

        value: int
        more: list[int] = field(default_factory=list)

    kinds = (Empty, Point, Square, Quiet, Made, Same, Itself, Changing)
    return {kind.__name__: kind for kind in kinds}


USES = {
    "shown": lambda k: repr(k["Square"](1, 2, tags=["a"])),
    "shown_less": lambda k: repr(k["Quiet"](1)),
    "shown_empty": lambda k: repr(k["Empty"]()),
    "default": lambda k: (k["Square"]().x, k["Point"](1).tags, k["Point"](1).weight),
    "class_attribute": lambda k: (k["Point"].y, k["Point"].name, k["Made"].half),
    "no_class_attribute": lambda k: (hasattr(k["Point"], "x"), hasattr(k["Point"], "tags")),
    "own_default": lambda k: k["Made"]("4").half,
    "own_shown": lambda k: repr(k["Made"]("4")),
    "own_equal": lambda k: (k["Made"]("4") == k["Made"]("4"), len({k["Made"]("4"): 0})),
    "equal": lambda k: (
        k["Point"](1) == k["Point"](1, name="other", tags=["b"]),
        k["Point"](1) == k["Point"](2),
        k["Point"](1) == k["Quiet"](1),
        k["Empty"]() == k["Empty"](),
        k["Same"](1) == k["Same"](2),
        k["Itself"](1) == k["Itself"](1),
    ),
    "changed": lambda k: (setattr(c := k["Changing"](1), "value", 2), repr(c)),
    "equal_though_it_changes": lambda k: k["Changing"](1, [2]) == k["Changing"](1, [2]),
    "hash": lambda k: len({k["Point"](1), k["Point"](1, name="other"), k["Point"](2)}),
    "hash_beside_equal": lambda k: len({k["Same"](1), k["Same"](1)}),
    "replaced": lambda k: repr(replace(k["Square"](1), y=5, weight=2.0)),
    "copied": lambda k: copy.deepcopy(k["Square"](1)) == k["Square"](1),
    "fields": lambda k: [
        (f.name, f.type, f.default, f.compare, f.repr, f.kw_only, dict(f.metadata))
        for kind in k.values()
        for f in fields(kind)
        if f.default_factory is dataclasses.MISSING
    ],
    "is": lambda k: [is_dataclass(kind) for kind in k.values()],
    "values": lambda k: dataclasses.asdict(k["Square"](1)),
    "signatures": lambda k: [str(inspect.signature(kind)) for kind in k.values()],
    "matched": lambda k: [kind.__match_args__ for kind in k.values()],
    "documented": lambda k: [kind.__doc__ for kind in k.values()],
    "abstract": lambda k: k["Square"].__abstractmethods__,
}  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_the_first_use_of_a_class_gives_what_it_gives_with_the_standard_library(use):
    ours, theirs = declare(records.dataclass), declare(dataclasses.dataclass)
    for _ in range(2):
        assert USES[use](ours) == USES[use](theirs)


@pytest.mark.parametrize(
    ("refused", "error"),
    [
        (lambda k: k["Point"](), TypeError),
        (lambda k: k["Point"](1, 2, "", [], 3), TypeError),
        (lambda k: k["Point"](1, size=2), TypeError),
        (lambda k: k["Empty"](1), TypeError),
        (lambda k: k["Point"](-1), ValueError),
        (lambda k: setattr(k["Point"](1), "x", 2), FrozenInstanceError),
        (lambda k: setattr(k["Point"](1), "other", 2), FrozenInstanceError),
        (lambda k: delattr(k["Point"](1), "x"), FrozenInstanceError),
        (lambda k: setattr(k["Made"]("1"), "value", 2), FrozenInstanceError),
        (lambda k: hash(k["Same"]([])), TypeError),
        (lambda k: hash(k["Changing"](1)), TypeError),
    ],
)
def test_what_is_refused_is_refused_in_the_same_words(refused, error):
    said = []
    for kinds in (declare(records.dataclass), declare(dataclasses.dataclass)):
        with pytest.raises(error) as refusal:
            refused(kinds)
        said.append(str(refusal.value))
    assert said[0] == said[1]


@records.dataclass(frozen=True)
class Sent:
    """Goes to another process."""

    value: int
    more: tuple[int, ...] = ()


def test_an_object_that_comes_from_another_process_is_compared_though_none_was_made_here():
    here = "tests.test_records" if __name__.startswith("tests.") else __name__
    code = (
        f"import sys, pickle; sys.path[:0] = {sys.path!r}; import {here} as t\n"
        f"one, two = (pickle.loads({pickle.dumps(Sent(1, (2,)))!r}) for _ in range(2))\n"
        "assert one == two and hash(one) == hash(two) and one is not two\n"
        "assert repr(one).endswith('Sent(value=1, more=(2,))')\n"
        "try:\n    one.value = 3\nexcept AttributeError:\n    sys.exit()\nsys.exit('changed')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_dataclass_of_the_standard_library_may_derive_from_ours_and_must_be_frozen():
    kinds = declare(records.dataclass)

    @dataclasses.dataclass(frozen=True)
    class Further(kinds["Point"]):
        more: int = 4

    assert repr(Further(1)).endswith("Further(x=1, y=0.0, tags=[], weight=1.0, more=4)")
    with pytest.raises(TypeError, match="cannot inherit non-frozen dataclass from a frozen one"):

        @dataclasses.dataclass
        class Loose(kinds["Point"]):
            more: int = 4


def test_a_subclass_that_is_no_dataclass_keeps_attributes_of_its_own():
    class Cached(declare(records.dataclass)["Point"]):
        pass

    point = Cached(1)
    point.kept = 3
    assert (point.kept, point.x) == (3, 1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2


def test_an_object_that_holds_itself_is_shown():
    point = declare(records.dataclass)["Point"](1)
    point.tags.append(point)
    assert "tags=[...]" in repr(point)


@pytest.mark.parametrize("options", [{"frozen": True, "order": True}, {"slots": True}])
def test_others_are_made_by_the_standard_library(options):
    @records.dataclass(**options)
    class Other:
        value: int = 1

    assert "__dataclass_fields__" in vars(Other) and isinstance(Other.__dataclass_fields__, dict)
    assert Other(2) == Other(2)


@pytest.mark.parametrize("given", [field(init=False, default=1), field(hash=False)])
def test_options_of_fields_that_are_not_ours_are_refused(given):
    @records.dataclass(frozen=True)
    class Odd:
        value: int = given

    with pytest.raises(TypeError, match="value: `init` and `hash` are for"):
        Odd(1)


def test_two_threads_may_make_the_first_object_at_once():
    for _ in range(50):
        kinds = declare(records.dataclass)
        start, made = threading.Barrier(4), []

        def make(kinds=kinds, start=start, made=made):
            start.wait()
            made.append(kinds["Square"](1, side=3))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(made) == 4 and len(set(made)) == 1


def test_nothing_is_compiled_for_a_class_that_nobody_uses():
    kinds = declare(records.dataclass)
    assert "__init__" in vars(kinds["Square"])
    for kind in kinds.values():
        assert isinstance(vars(kind)["__dataclass_fields__"], records._Later)
