"""``dataclass`` and ``NamedTuple``, made without compiling text for each function or field.

The standard library's decorator writes six functions for a frozen class with slots and compiles each: one to three
milliseconds a class, and half of that for one that is not frozen. A program's first case needs two hundred classes,
and half its import was spent on them. Here all classes share functions that know their fields; making a class costs a
twentieth, and making an instance a little more, until there are so many of them that the class is given a compiled
``__init__`` after all. What they can do is the same: ``fields``, ``replace``, ``asdict`` and ``match`` work.

The standard library's ``NamedTuple`` compiles the annotation of each field; this one leaves them as they are written.
To the type checker all are the standard library's.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from reprlib import recursive_repr
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, ClassVar, get_origin

if TYPE_CHECKING:
    from dataclasses import dataclass
    from typing import NamedTuple
else:

    def dataclass(*, frozen: bool = False, slots: bool = False, kw_only: bool = False, eq: bool = True, **others):
        """Make the class below a dataclass; the arguments are those of ``dataclasses.dataclass``."""
        if others:
            return dataclasses.dataclass(frozen=frozen, slots=slots, kw_only=kw_only, eq=eq, **others)

        def make(cls):
            # What is not frozen may compute fields for itself; the few classes that do are the standard library's.
            way = _made if frozen or _is_plain(cls) else dataclasses.dataclass
            return way(cls, frozen=frozen, slots=slots, kw_only=kw_only, eq=eq)

        return make

    class _Naming(type):
        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.get("__annotations__", {})
            defaults = [body[one] for one in fields if one in body]
            made = namedtuple(name, fields, defaults=defaults, module=body["__module__"])
            for key, value in body.items():
                if key not in fields:
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Naming):
        """A base whose subclasses are named tuples of their annotated fields."""


__all__ = ["NamedTuple", "dataclass"]

# Where a class keeps its fields, for the classes that inherit them.
_SHAPE = "__record_fields__"

OFTEN = 1_000
"""So many instances make a class worth compiling."""


class _Shape:
    """The fields of a class in order: name -> annotation and how it was written."""

    __slots__ = ("defaults", "factories", "fields", "frozen", "own", "positional")

    def __init__(self, cls: type, *, kw_only: bool, frozen: bool) -> None:
        self.frozen = frozen
        self.fields: dict[str, tuple[Any, dataclasses.Field[Any]]] = {}
        self.positional: list[str] = []
        self.own: list[str] = []
        for base in reversed(cls.__mro__[1:]):
            inherited: _Shape | None = base.__dict__.get(_SHAPE)
            if inherited is not None:
                self.fields |= inherited.fields
                self.positional += [name for name in inherited.positional if name not in self.positional]
        for name, annotation in inspect.get_annotations(cls).items():
            # With the usual import from __future__ it is a text.
            if annotation.startswith("ClassVar[") if isinstance(annotation, str) else _of_the_class(annotation):
                continue
            written = cls.__dict__.get(name, dataclasses.MISSING)
            one = written if isinstance(written, dataclasses.Field) else dataclasses.field(default=written)
            if not one.init or one.hash is not None or one.kw_only not in (dataclasses.MISSING, kw_only):
                raise TypeError(f"{cls.__name__}.{name}: no field here has an init, hash or kw_only of its own")
            self.fields[name] = (annotation, one)
            self.own.append(name)
            if not kw_only and name not in self.positional:
                self.positional.append(name)
        ways = {name: one for name, (_, one) in self.fields.items()}
        missing = dataclasses.MISSING
        self.defaults = {name: one.default for name, one in ways.items() if one.default is not missing}
        self.factories = {name: one.default_factory for name, one in ways.items() if one.default_factory is not missing}

    def complaint(self, cls: type, given: tuple[Any, ...], named: Mapping[str, Any]) -> TypeError:
        """What is wrong with the arguments."""
        name = f"{cls.__qualname__}()"
        if len(given) > len(self.positional):
            return TypeError(f"{name} takes {len(self.positional)} positional arguments but {len(given)} were given")
        first = self.positional[: len(given)]
        if unknown := [one for one in named if one not in self.fields]:
            return TypeError(f"{name} got an unexpected keyword argument {unknown[0]!r}")
        if twice := [one for one in first if one in named]:
            return TypeError(f"{name} got multiple values for argument {twice[0]!r}")
        have = {*first, *named, *self.defaults, *self.factories}
        lacking = ", ".join(repr(one) for one in self.fields if one not in have)
        return TypeError(f"{name} missing required arguments: {lacking}")


def _is_plain(cls: type) -> bool:
    """Whether the fields of a class and its bases are given to ``__init__``, one like the other."""
    own = (one for one in cls.__dict__.values() if isinstance(one, dataclasses.Field))
    bases = (base for base in cls.__mro__[1:] if "__dataclass_fields__" in base.__dict__)
    return all(one.init and one.hash is None and one.kw_only is dataclasses.MISSING for one in own) and all(
        _SHAPE in base.__dict__ for base in bases
    )


def _made(cls: type, *, frozen: bool, slots: bool, kw_only: bool, eq: bool) -> type:
    shape = _Shape(cls, kw_only=kw_only, frozen=frozen)
    setters: dict[str, Callable[[Any, Any], None]] = {}
    given: dict[str, Any] = {
        _SHAPE: shape,
        "__dataclass_fields__": _Fields(),
        "__dataclass_params__": _FROZEN if frozen else _OPEN,
        "__init__": _init(shape, setters, checks=hasattr(cls, "__post_init__")),
        "__match_args__": tuple(shape.positional),
        "__repr__": _repr([name for name, (_, one) in shape.fields.items() if one.repr]),
        "__signature__": _SIGNATURE,
    }
    if eq:
        given["__eq__"], hashed = _comparing([name for name, (_, one) in shape.fields.items() if one.compare])
        given["__hash__"] = hashed if frozen else None
    if frozen:
        given["__setattr__"], given["__delattr__"] = _no_assignment, _no_deletion
        if slots:
            given["__getstate__"], given["__setstate__"] = _state(setters)
    said = cls.__dict__
    for name in given.keys() & said.keys():
        # A class with an __eq__ and no __hash__ of its own has a __hash__ of None.
        if not (name == "__hash__" and said[name] is None and "__eq__" in said):
            del given[name]
    if slots:
        has = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
        left = {name: value for name, value in said.items() if name not in shape.own}
        left.pop("__dict__", None)
        left.pop("__weakref__", None)
        left["__slots__"] = tuple(name for name in shape.own if name not in has)
        cls = type(cls)(cls.__name__, cls.__bases__, left | given)
    else:
        for name in shape.own:
            if name in shape.defaults:
                given[name] = shape.defaults[name]
            elif name in said:
                delattr(cls, name)
        for name, value in given.items():
            setattr(cls, name, value)
    setters.update({name: _setter(cls, name) for name in shape.fields})
    return cls


def _of_the_class(annotation: Any) -> bool:
    return get_origin(annotation) is ClassVar


def _setter(cls: type, name: str) -> Callable[[Any, Any], None]:
    slot = getattr(cls, name, None)
    if isinstance(slot, MemberDescriptorType):
        return slot.__set__
    return lambda self, value: object.__setattr__(self, name, value)


def _init(shape: _Shape, setters: dict[str, Callable[[Any, Any], None]], *, checks: bool) -> Callable[..., None]:
    """``setters`` are those of the class, which is not there yet, in the order of the fields."""
    count, most, names = len(shape.fields), len(shape.positional), shape.positional
    defaults, factories = shape.defaults, shape.factories
    puts = setters.values()
    # How many must be given where none is named, and what the rest is.
    least = max((place for place, name in enumerate(names, 1) if name not in defaults), default=0)
    least = least if most == count else most + 1
    rest = tuple(defaults.get(name) for name in names)

    made = 0

    def __init__(self: Any, /, *given: Any, **named: Any) -> None:
        nonlocal made
        made += 1
        if made == OFTEN:
            _quicken(next(base for base in type(self).__mro__ if base.__dict__.get("__init__") is __init__))
        number = len(given)
        if least <= number <= most and not named:
            for put, value in zip(puts, given + rest[number:], strict=True):
                put(self, value)
        else:
            values = {**defaults, **named}
            if given:
                if number > most or (named and not named.keys().isdisjoint(names[:number])):
                    raise shape.complaint(type(self), given, named)
                values.update(zip(names, given, strict=False))
            for name, make in factories.items():
                if name not in values:
                    values[name] = make()
            if len(values) != count:
                raise shape.complaint(type(self), given, named)
            try:
                for name, value in values.items():
                    setters[name](self, value)
            except KeyError:
                raise shape.complaint(type(self), given, named) from None
        if checks:
            self.__post_init__()

    return __init__


def _quicken(cls: type) -> None:
    """Give a class that is made again and again the standard library's ``__init__``, which has paid off by now."""
    said = {"__post_init__": lambda self: None} if hasattr(cls, "__post_init__") else {}
    cls.__init__ = _standard(cls, said, init=True).__init__  # type: ignore[misc]


def _standard(cls: type, said: dict[str, Any], *, init: bool) -> Any:
    """A class of the standard library's with the fields of ours."""
    shape: _Shape = cls.__dict__[_SHAPE]
    parts = [
        (name, annotation, _again(one, kw_only=name not in shape.positional))
        for name, (annotation, one) in shape.fields.items()
    ]
    # Without a text of its own the class would be given one, which is most of the work.
    said["__doc__"] = cls.__doc__ or cls.__name__
    return dataclasses.make_dataclass(
        cls.__name__, parts, namespace=said, init=init, repr=False, eq=False, frozen=init and shape.frozen
    )


def _comparing(names: list[str]) -> tuple[Callable[[Any, object], Any], Callable[[Any], int]]:
    values: Callable[[Any], Any] = attrgetter(*names) if names else lambda self: ()
    if len(names) == 1:
        # Its value alone would be compared by ==, and a tuple takes what is the same object for equal.
        one = values

        def values(self: Any) -> tuple[Any]:
            return (one(self),)

    def __eq__(self: Any, other: object) -> Any:
        if other.__class__ is self.__class__:
            return values(self) == values(other)
        return NotImplemented

    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __eq__, __hash__


def _repr(names: Iterable[str]) -> Callable[[Any], str]:
    @recursive_repr()
    def __repr__(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return __repr__


def _state(setters: dict[str, Callable[[Any, Any], None]]) -> tuple[Callable[[Any], Any], Callable[[Any, Any], None]]:
    """Copying and pickling, which would assign."""

    def __getstate__(self: Any) -> list[Any]:
        return [getattr(self, name) for name in setters]

    def __setstate__(self: Any, state: list[Any]) -> None:
        for put, value in zip(setters.values(), state, strict=True):
            put(self, value)

    return __getstate__, __setstate__


def _no_assignment(self: object, name: str, value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _no_deletion(self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


class _Fields:
    """``__dataclass_fields__``, made when somebody first asks: of most classes nobody does."""

    def __get__(self, instance: object, owner: type) -> dict[str, dataclasses.Field[Any]]:
        cls = next(base for base in owner.__mro__ if base.__dict__.get("__dataclass_fields__") is self)
        found = {one.name: one for one in dataclasses.fields(_standard(cls, {}, init=False))}
        cls.__dataclass_fields__ = found  # type: ignore[attr-defined]
        return found


class _Parameters:
    """``__dataclass_params__``: the standard library asks the bases of a class whether they are frozen."""

    def __init__(self, *, frozen: bool) -> None:
        self._frozen = frozen

    def __get__(self, instance: object, owner: type) -> object:
        made = dataclasses.make_dataclass("Asked", [], frozen=self._frozen)
        return made.__dataclass_params__  # type: ignore[attr-defined]


def _again(one: dataclasses.Field[Any], *, kw_only: bool) -> Any:
    if one.default_factory is not dataclasses.MISSING:
        return dataclasses.field(
            default_factory=one.default_factory, repr=one.repr, compare=one.compare, kw_only=kw_only
        )
    return dataclasses.field(default=one.default, repr=one.repr, compare=one.compare, kw_only=kw_only)


class _Signature:
    """``__signature__``, for ``help``."""

    def __get__(self, instance: object, owner: type) -> inspect.Signature:
        shape: _Shape = getattr(owner, _SHAPE)
        parameters = []
        for name, (annotation, one) in shape.fields.items():
            kind = (
                inspect.Parameter.POSITIONAL_OR_KEYWORD if name in shape.positional else inspect.Parameter.KEYWORD_ONLY
            )
            default = one.default if name in shape.defaults else inspect.Parameter.empty
            default = one.default_factory if name in shape.factories else default
            parameters.append(inspect.Parameter(name, kind, default=default, annotation=annotation))
        return inspect.Signature(parameters, return_annotation=None)


_FROZEN, _OPEN = _Parameters(frozen=True), _Parameters(frozen=False)
_SIGNATURE = _Signature()
