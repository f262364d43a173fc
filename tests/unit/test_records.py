"""Frozen classes that share their functions behave as the standard library's."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from typing import Any, ClassVar

import pytest

from complaintflow.records import OFTEN, NamedTuple, dataclass


@dataclass(frozen=True, slots=True)
class Base:
    """Two fields, one of them with a default, and something that is no field."""

    kind: ClassVar[str] = "base"
    name: str
    size: int = 3


@dataclass(frozen=True, slots=True)
class Sub(Base):
    """Fields that are made, hidden or not compared."""

    tags: list[str] = field(default_factory=list)
    secret: str = field(default="", repr=False)
    note: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("too small")


@dataclass(frozen=True, kw_only=True)
class Named:
    """Keywords only, with a dictionary."""

    name: str
    label: str | None = None


def standard(cls: type) -> Any:
    """The same class by the standard library."""
    if issubclass(cls, Named):
        return dataclasses.make_dataclass("Named", [("name", str), ("label", Any, None)], frozen=True, kw_only=True)
    base = dataclasses.make_dataclass("Base", [("name", str), ("size", int, 3)], frozen=True, slots=True)
    parts: list[Any] = [("tags", Any, field(default_factory=list)), ("secret", str, field(default="", repr=False))]
    parts.append(("note", str, field(default="", repr=False, compare=False)))
    space = {"__post_init__": Sub.__dict__["__post_init__"]}
    return (
        base if cls is Base else dataclasses.make_dataclass("Sub", parts, bases=(base,), namespace=space, frozen=True)
    )


CALLS: list[Callable[[Any], Any]] = [
    lambda cls: repr(cls("a")),
    lambda cls: repr(cls(name="a", size=4)),
    lambda cls: repr(cls("a", size=4)),
    lambda cls: asdict(cls(name="a")),
    lambda cls: cls(name="a") == cls(name="a"),
    lambda cls: cls(name="a") == cls(name="b"),
    lambda cls: repr(replace(cls(name="a"), name="b")),
    lambda cls: [(one.name, one.default, one.repr, one.compare) for one in fields(cls)],
    lambda cls: cls.__match_args__,
    lambda cls: [*inspect.signature(cls).parameters],
    lambda cls: cls(name="a") == cls(name="a", note="other"),
    lambda cls: repr(cls("a", 1, ["x"])),
]
WRONG: list[Callable[[Any], Any]] = [
    lambda cls: cls(),
    lambda cls: cls(other="a"),
    lambda cls: cls("a", name="b"),
    lambda cls: cls(name="a", other="b"),
    lambda cls: cls(*"abcdefgh"),
    lambda cls: setattr(cls(name="a"), "name", "b"),
    lambda cls: delattr(cls(name="a"), "name"),
    lambda cls: cls("a", -1),
]


@dataclass(frozen=True, slots=True)
class Often(Sub):
    """Made so often that it is compiled."""


@dataclass(frozen=True, kw_only=True)
class OftenNamed(Named):
    """Likewise."""


for _ in range(OFTEN):
    Often("a")
    OftenNamed(name="a")

BOTH = [Base, Sub, Named, Often, OftenNamed]


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize("number", range(len(CALLS)))
def test_a_class_does_what_the_standard_library_does(cls: type, number: int) -> None:
    """Made, shown, compared, replaced and listed alike, or refused alike."""
    found: list[Any] = []
    for one in (cls, standard(cls)):
        try:
            shown = CALLS[number](one)
            found.append(
                shown.replace("OftenNamed", "Named").replace("Often", "Sub") if isinstance(shown, str) else shown
            )
        except TypeError:
            found.append(TypeError)
    assert found[0] == found[1]


@pytest.mark.parametrize("cls", BOTH)
@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_class_refuses_what_the_standard_library_refuses(cls: type, number: int) -> None:
    """Arguments that are missing, unknown or given twice, and assignment, raise the same class of error."""
    found: list[Any] = []
    for one in (cls, standard(cls)):
        try:
            WRONG[number](one)
        except (TypeError, ValueError, FrozenInstanceError) as error:
            found.append(type(error))
        else:
            found.append(None)
    assert found[0] == found[1]


def test_a_class_that_is_made_often_is_compiled() -> None:
    """From then on ``__init__`` is the standard library's, and its parameters have names."""
    assert Often.__init__.__code__.co_varnames[:3] == ("self", "name", "size")
    assert Sub.__init__.__code__.co_varnames[:3] != ("self", "name", "size")
    with pytest.raises(ValueError, match="too small"):
        Often("a", -1)


def test_what_is_wrong_is_named() -> None:
    """The error of a call names the class and the argument."""
    call: Any = Base
    for arguments, named, said in (
        ((), {}, "missing required arguments: 'name'"),
        (("a", 1, 2), {}, "takes 2 positional arguments but 3 were given"),
        (("a",), {"name": "b"}, "multiple values for argument 'name'"),
        (("a",), {"other": 1}, "unexpected keyword argument 'other'"),
        (("a", 1), {"other": 1}, "unexpected keyword argument 'other'"),
    ):
        with pytest.raises(TypeError, match=f"Base.*{said}"):
            call(*arguments, **named)


def test_instances_have_slots_a_hash_and_copies() -> None:
    """No dictionary; equal ones have equal hashes; copies and pickles are equal; a made list is nobody else's."""
    one = Sub("a", 4)
    assert not hasattr(one, "__dict__")
    assert hash(Base("a")) == hash(Base("a"))
    assert Base("a") != ("a", 3)
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again == one
    assert Sub("a").tags is not Sub("a").tags
    match one:
        case Sub(name, size):
            assert (name, size) == ("a", 4)


def test_a_class_keeps_what_it_says_itself() -> None:
    """Methods that a class writes are not replaced; one that only says what is equal has a hash of its fields."""

    @dataclass(frozen=True, slots=True)
    class Own:
        name: str

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

    assert repr(Own("a")) == "own"
    assert Own("a") == Own("b") == 3
    assert hash(Own("a")) == hash(Own("a"))


def test_a_field_that_is_not_understood_is_refused() -> None:
    """A field with an ``init`` or ``hash`` of its own is an error where the class is written, not later."""
    with pytest.raises(TypeError, match=r"Odd\.name"):

        @dataclass(frozen=True)
        class Odd:
            name: str = field(init=False)


@dataclass(slots=True)
class Open:
    """A class that is not frozen."""

    name: str
    note: str = field(default="", repr=False, compare=False)
    tags: list[str] = field(default_factory=list, repr=False)


def test_a_class_that_is_not_frozen_may_change() -> None:
    """It compares and shows its fields, has no hash, and is copied, pickled, listed and inherited from as usual."""
    one = Open("a", "x")
    one.name = "b"
    assert one == Open("b", "y") != Open("a")
    assert repr(one).endswith("Open(name='b')")
    assert replace(one, name="c") == Open("c")
    with pytest.raises(TypeError, match="unhashable"):
        hash(one)
    with pytest.raises(TypeError, match="missing required arguments: 'name'"):
        Open(note="x")  # type: ignore[call-arg]
    assert Open("a").tags is not Open("a").tags
    assert [each.name for each in fields(one)] == ["name", "note", "tags"]
    for again in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one))):
        assert again == one
    assert not hasattr(one, "__dict__")

    @dataclasses.dataclass
    class Below(Open):
        extra: str = ""

    assert repr(Below("a", extra="x")).endswith("Below(name='a', extra='x')")
    for _ in range(OFTEN):
        Open(name="c", tags=["d"])
    assert Open.__init__.__code__.co_varnames[:3] == ("self", "name", "note")
    once = Open("a", "x", ["d"])
    once.name = "b"
    assert (once.name, once.note, once.tags) == ("b", "x", ["d"])


def test_a_class_that_computes_a_field_is_the_standard_librarys() -> None:
    """A class that is not frozen may have a field that nobody gives, and so may those below it."""

    @dataclass(slots=True)
    class Sized:
        name: str
        size: int = field(init=False, default=0)

    @dataclass(slots=True)
    class Below(Sized):
        extra: str = ""

    one = Below("a", extra="x")
    one.size = 3
    assert repr(one).endswith("Below(name='a', size=3, extra='x')")


def test_a_class_of_the_standard_library_may_inherit() -> None:
    """``dataclasses.dataclass`` takes a class of ours for a frozen dataclass."""

    @dataclasses.dataclass(frozen=True)
    class Below(Base):
        extra: str = ""

    assert repr(Below("a", 4, "x")).endswith("Below(name='a', size=4, extra='x')")
    with pytest.raises(TypeError, match="frozen"):

        @dataclasses.dataclass
        class Loose(Base):
            extra: str = ""


def test_a_named_tuple_is_the_standard_librarys() -> None:
    """Fields, defaults, methods and replacement are those of ``typing.NamedTuple``."""

    class Point(NamedTuple):
        """A place."""

        x: int
        y: int = 2

        def moved(self) -> Point:
            return self._replace(x=self.x + 1)

    assert (Point._fields, Point._field_defaults, Point.__doc__) == (("x", "y"), {"y": 2}, "A place.")
    assert Point(1).moved() == Point(2, 2) == (2, 2)
    assert repr(Point(x=1)).endswith("Point(x=1, y=2)")
    assert isinstance(Point(1), tuple)
    assert (Point.__module__, Point.__name__) == (__name__, "Point")
