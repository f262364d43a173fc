"""The inner flows of a case: those that a command does not touch stay as they were stored.

A command moves a token or two. Where fifty positions are under way at once, opening and storing all their tokens would
cost far more than the step itself, so a flow *sleeps* as the row of its marking until somebody asks for it.
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
    return isinstance(row[1], list)


def tokens_of(row: list[Any]) -> list[int]:
    """The numbers of a flow's tokens."""
    return row[1] if is_packed(row) else [token[0] for token in row[5]]


class Flows(dict[int, "Flow"]):
    """Inner flows by number: a dictionary whose values are made when they are asked for.

    Attributes:
        awaken: makes the flow of a row, and puts it here.
    """

    def __init__(self) -> None:
        super().__init__()
        self.awaken: Callable[[list[Any]], Flow]
        self._asleep: dict[int, list[Any]] = {}
        # Token -> the flow it is in, of all that slept when the case was opened.
        self._homes: dict[int, int] = {}

    def put_to_sleep(self, row: list[Any]) -> None:
        """Keep a stored flow as it is."""
        number: int = row[0]
        self._asleep[number] = row
        for token in tokens_of(row):
            self._homes[token] = number

    def home(self, token: int) -> Flow | None:
        """The flow that a token is in; None where no flow of these has it."""
        number = self._homes.get(token)
        found = self.get(number) if number is not None else None
        if found is not None and token in found.tasks:
            return found
        return next((flow for flow in self.awake() if token in flow.tasks), None)

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
        while number in self._asleep:
            way.append(number)
            number = self._homes.get(number, 0)
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
