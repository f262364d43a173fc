"""The registry of handlers, and how a plain function's arguments are found.

    desk = Handlers()

    @desk.handler("look-up-order", retries=5)
    def look_up_order(order_id: str, orders: OrderApi, job: Job) -> dict: ...

An argument is bound by its annotation where that is ``Job`` or a type given to
``Engine(provide=...)``, else by its name: the variable of that name visible at the element.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar

from complaintflow.errors import DuplicateHandler, HandlerError, MissingHandler, UnboundArgument
from complaintflow.records import dataclass

F = TypeVar("F", bound=Callable[..., Any])

_MISSING: Final = object()

# Inside classes that have a field named ``type``, the name means that field.
Provided: TypeAlias = Mapping[type, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """What a handler may know of its work.

    Attributes:
        key: the idempotency key, the same for every attempt: give it to the system you call.
        case_id: the case.
        element: the BPMN element's id.
        type: the job type.
        headers: static texts that the designer wrote at the element.
        variables: everything visible at the element.
        attempt: 1 for the first.
        now: the engine's time.
    """

    key: str
    case_id: str
    element: str
    type: str
    headers: Mapping[str, str]
    variables: Mapping[str, Any] = field(repr=False)
    attempt: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a failed job rests: ``first``, then ``factor`` times longer each time, at most ``longest``."""

    first: timedelta = timedelta(seconds=10)
    factor: float = 4.0
    longest: timedelta = timedelta(hours=1)

    def after(self, attempt: int) -> timedelta:
        """The pause after this attempt (1 for the first)."""
        return min(self.longest, self.first * self.factor ** min(attempt - 1, 30))


@dataclass(frozen=True, slots=True)
class Handler:
    """A registered function. ``retries`` None leaves the number to the diagram."""

    type: str
    call: Callable[..., Any]
    retries: int | None
    backoff: Backoff
    wants: tuple[Wanted, ...]

    def arguments(self, job: Job, provided: Provided) -> dict[str, Any]:
        """The call's keyword arguments.

        Raises:
            UnboundArgument: neither a variable nor a provided object fits one of them.
        """
        bound: dict[str, Any] = {}
        for want in self.wants:
            value = want.find(job, provided)
            if value is _MISSING:
                raise UnboundArgument(
                    f"the handler for '{self.type}' wants '{want.name}', which is neither a variable here nor provided",
                    where=f"element {job.element}; function {_place(self.call)}",
                    advice="add an input mapping of that name in the diagram, give the argument a default, "
                    "or pass Engine(provide={TheType: object})",
                )
            bound[want.name] = value
        return bound


@dataclass(frozen=True, slots=True)
class Wanted:
    """One parameter of a handler."""

    name: str
    annotation: Any
    default: Any

    def find(self, job: Job, provided: Provided) -> Any:
        """The job, a provided object, a variable, the default, or ``_MISSING``."""
        for candidate in _alternatives(self.annotation):
            if candidate is Job:
                return job
            if isinstance(candidate, type) and candidate in provided:
                return provided[candidate]
        if self.name in job.variables:
            return job.variables[self.name]
        return _MISSING if self.default is inspect.Parameter.empty else self.default


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


@dataclass(slots=True)
class Handlers:
    """A set of handlers by job type."""

    by_type: dict[str, Handler] = field(default_factory=dict)

    def handler(self, job_type: str, *, retries: int | None = None, backoff: Backoff | None = None) -> Callable[[F], F]:
        """Register a function for a job type; the function stays as it is.

        Args:
            job_type: the task definition type in the diagram.
            retries: attempts in total; default is what the diagram says (Camunda's default is 3).
            backoff: the pauses between attempts.

        Raises:
            DuplicateHandler: this set has the type already.
            HandlerError: the function's signature cannot be served, or it may not even be tried once.
        """
        if retries is not None and retries < 1:
            what = f"the handler for '{job_type}' has retries={retries}, but these are all attempts, the first too"
            raise HandlerError(what, where=f"@handler({job_type!r}, retries={retries})", advice="give it 1 or more")

        def register(call: F) -> F:
            handler = Handler(job_type, call, retries, backoff or Backoff(), _wanted(job_type, call))
            self._add(handler)
            return call

        return register

    def _add(self, handler: Handler) -> None:
        known = self.by_type.get(handler.type)
        if known is not None and known.call is not handler.call:
            raise DuplicateHandler(
                f"two handlers for the job type '{handler.type}'",
                where=f"{_place(known.call)} and {_place(handler.call)}",
            )
        self.by_type[handler.type] = handler

    @classmethod
    def union(cls, sets: Iterable[Handlers]) -> Handlers:
        """All handlers of several sets.

        Raises:
            DuplicateHandler: two sets have different functions for one type.
        """
        joined = cls()
        for handlers in sets:
            for handler in handlers.by_type.values():
                joined._add(handler)
        return joined

    def find(self, job_type: str, where: str) -> Handler:
        """The handler for a type.

        Raises:
            MissingHandler: there is none.
        """
        handler = self.by_type.get(job_type)
        if handler is None:
            known = ", ".join(sorted(self.by_type)) or "none"
            raise MissingHandler(f"nobody handles the job type '{job_type}' (registered: {known})", where=where)
        return handler


def _wanted(job_type: str, call: Callable[..., Any]) -> tuple[Wanted, ...]:
    signature = inspect.signature(call)
    try:
        hints = typing.get_type_hints(call)
    except Exception as error:
        raise HandlerError(
            f"an annotation of the handler for '{job_type}' cannot be resolved: {error}",
            where=_place(call),
            advice="import the annotated names at module level, not under TYPE_CHECKING",
        ) from error
    wanted = []
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise HandlerError(
                f"the handler for '{job_type}' has the parameter '{parameter}', which cannot be bound by name",
                where=_place(call),
                advice="take the whole job instead: job: Job has .variables",
            )
        wanted.append(Wanted(name, hints.get(name), parameter.default))
    return tuple(wanted)


def _place(call: Callable[..., Any]) -> str:
    return f"{getattr(call, '__module__', '?')}.{getattr(call, '__qualname__', repr(call))}"
