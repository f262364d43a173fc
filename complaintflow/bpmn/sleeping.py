"""What a command does not touch stays as it was stored: inner flows, tokens, scopes.

A command moves a token or two. Where fifty positions are under way at once, opening and storing all of them would cost
far more than the step itself, so each *sleeps* as the row of the marking that it is until somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, ValuesView
from typing import TYPE_CHECKING, Any, overload

from complaintflow.store.codec import from_json, to_json

if TYPE_CHECKING:
    from complaintflow.bpmn.token import Flow


def pack(row: list[Any]) -> list[Any]:
    """The row of a flow as it sleeps: its number, the numbers of its tokens, all the rest as JSON text."""
    return [row[0], tokens_of(row), to_json(row).decode()]


def unpack(row: list[Any]) -> list[Any]:
    """The row of a flow, however it was kept."""
    whole: list[Any] = from_json(row[2].encode()) if is_packed(row) else row
    return whole


def is_packed(row: list[Any]) -> bool:
    """Whether the row of a flow is packed."""
    return type(row[1]) is list


def tokens_of(row: list[Any]) -> list[int]:
    """The numbers of a flow's tokens."""
    return row[1] if type(row[1]) is list else [token[0] for token in row[5]]


def pack_scope(row: list[Any]) -> list[Any]:
    """The row of a scope as it sleeps: its variables as JSON text."""
    number, parent, variables = row
    return [number, parent, to_json(variables).decode()]


def is_asleep(row: list[Any]) -> bool:
    """Whether the row of a scope is packed."""
    return type(row[2]) is str


def variables_of(row: list[Any]) -> dict[str, Any]:
    """The variables of a scope, however its row was kept."""
    variables: dict[str, Any] = from_json(row[2].encode()) if is_asleep(row) else row[2]
    return variables


class Sleepers(dict[int, Any]):
    """Tokens or scopes by number: a dictionary in which each that was stored is made when it is asked for.

    Attributes:
        woken: those that were stored and asked for; some of them may be gone again.
    """

    def __init__(self) -> None:
        super().__init__()
        self.woken: list[int] = []
        self._awaken: Callable[[list[Any]], object]

    def put_to_sleep(self, rows: list[list[Any]], awaken: Callable[[list[Any]], object]) -> None:
        """Keep stored rows, which begin with their number, as they are; ``awaken`` makes what it is of one, and puts
        it here.
        """
        self.update({row[0]: row for row in rows})
        self._awaken = awaken

    def __getitem__(self, number: int) -> Any:
        found = dict.__getitem__(self, number)
        if type(found) is not list:
            return found
        self.woken.append(number)
        return self._awaken(found)

    def get(self, number: int, default: Any = None, /) -> Any:
        """As of a dictionary."""
        return self[number] if number in self else default  # noqa: SIM401 - that is this method

    def values(self) -> list[Any]:  # type: ignore[override]
        """All of them, awake from now on."""
        return [self[number] for number in list(self)]

    def items(self) -> list[tuple[int, Any]]:  # type: ignore[override]
        """The same with their numbers."""
        return [(number, self[number]) for number in list(self)]

    def awake(self) -> list[Any]:
        """Those that somebody has asked for, or that are new: nothing has changed in the others."""
        return [found for found in super().values() if type(found) is not list]

    def rows(self, row_of: Callable[[Any], list[Any]]) -> list[list[Any]]:
        """All of them as rows, those that sleep as they were stored; a flow's root, below 0, has none."""
        return [found if type(found) is list else row_of(found) for number, found in super().items() if number > 0]


class Flows(dict[int, "Flow"]):
    """Inner flows by number: a dictionary whose values are made when they are asked for.

    Attributes:
        awaken: makes the flow of a row, and puts it here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.awaken: Callable[[list[Any]], Flow]
        self._asleep: dict[int, list[Any]] = {}

    def put_to_sleep(self, rows: list[list[Any]]) -> None:
        """Keep stored flows as they are."""
        self._asleep = {row[0]: row for row in rows}

    def home(self, token: int) -> Flow | None:
        """The flow that a token is in; None where no flow of these has it."""
        for flow in self.awake():
            if token in flow.tasks:
                return flow
        number = self._bed(token)
        return self[number] if number is not None else None

    def _bed(self, token: int) -> int | None:
        """The sleeping flow that a token is in."""
        return next((number for number, row in self._asleep.items() if token in tokens_of(row)), None)

    def awake(self) -> ValuesView[Flow]:
        """Those that somebody has asked for: nothing has changed in the others."""
        return super().values()

    def asleep(self) -> Iterator[list[Any]]:
        """The rows of the others."""
        return iter(self._asleep.values())

    def values(self) -> list[Flow]:  # type: ignore[override]
        """All of them, awake from now on, by their numbers."""
        for number in list(self._asleep):
            if number in self._asleep:  # one wakes those around it
                self[number]
        return [self[number] for number in sorted(super().keys())]

    def __missing__(self, number: int) -> Flow:
        found = None
        for place in reversed(self._way_out(number)):
            found = self.awaken(self._asleep.pop(place))
        if found is None:
            raise KeyError(number)
        return found

    def _way_out(self, number: int) -> list[int]:
        """The flow and those around it, inner before outer, as far as they sleep."""
        way: list[int] = []
        around: int | None = number
        while around in self._asleep:
            way.append(around)
            around = self._bed(around)
        return way

    @overload
    def get(self, number: int, default: None = None, /) -> Flow | None: ...
    @overload
    def get(self, number: int, default: Any, /) -> Any: ...
    def get(self, number: int, default: Any = None, /) -> Any:
        """As of a dictionary."""
        return self[number] if number in self else default  # noqa: SIM401 - that is this method

    def __contains__(self, number: object) -> bool:
        return super().__contains__(number) or number in self._asleep
