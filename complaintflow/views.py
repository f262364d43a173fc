"""What a caller holds: cases, tasks, timers, incidents, as they were when they were read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from complaintflow.errors import UnknownTask

if TYPE_CHECKING:
    from complaintflow.engine import Engine
    from complaintflow.picture import Picture


@dataclass(frozen=True, slots=True)
class Task:
    """An open user task.

    Attributes:
        id: for ``engine.complete``.
        element: the BPMN element's id; ``name`` is its label.
        groups, users: who may do it; ``assignee``: who took it.
        due_at: when it must be done, if a deadline stands on it; ``provisional``: that may still move.
        priority: 0 to 100.
        form: the id of its form.
    """

    id: str
    case_id: str
    process: str
    element: str
    name: str
    groups: tuple[str, ...]
    users: tuple[str, ...]
    assignee: str | None
    priority: int
    created_at: datetime
    due_at: datetime | None
    provisional: bool
    form: str | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a task's form sees: the variables visible there, the day, and the functions its formulas may call."""

    variables: Mapping[str, Any]
    today: date
    functions: Mapping[str, Callable[..., Any]]


@dataclass(frozen=True, slots=True)
class Timer:
    """Something that will happen by itself at ``due_at``."""

    element: str
    name: str
    due_at: datetime
    deadline: str | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a person must look at before the case goes on."""

    id: str
    case_id: str
    element: str
    kind: str
    message: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One line of history."""

    seq: int
    at: datetime
    event: str
    element: str | None
    name: str | None
    actor: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it was read; every command returns a fresh one.

    Attributes:
        id: random, 32 hexadecimal digits.
        key: the business key it was started with, else its id.
        status: "active", "completed" or "cancelled".
        variables: the outermost scope.
        tasks: open user tasks, the most urgent first.
        timers: what will happen by itself, the earliest first.
        messages: names of messages it can hear now.
        standing: elements that stand still until a message comes.
        incidents: what a person must look at.
    """

    id: str
    key: str
    process: str
    status: str
    version: int
    created_at: datetime
    updated_at: datetime
    variables: Mapping[str, Any]
    tasks: tuple[Task, ...]
    timers: tuple[Timer, ...]
    messages: tuple[str, ...]
    standing: tuple[str, ...]
    incidents: tuple[Incident, ...]
    _engine: Engine = field(repr=False, compare=False)

    @property
    def waiting_for(self) -> list[str]:
        """Elements that a person or a message must move: open tasks, the most urgent first, then waits for messages.

        A message that may come at any time, beside the work, is not waited for: see ``messages``.
        """
        return [task.element for task in self.tasks] + list(self.standing)

    def task(self, element: str) -> Task:
        """The open task at an element.

        Raises:
            UnknownTask: there is none, or there are several.
        """
        found = [task for task in self.tasks if task.element == element or task.id == element]
        if len(found) == 1:
            return found[0]
        waiting = ", ".join(task.element for task in self.tasks) or "nothing"
        raise UnknownTask(
            f"the case has {'no open task' if not found else f'{len(found)} open tasks'} '{element}'",
            where=f"case {self.id}",
            advice=f"open now: {waiting}" if not found else "complete one of them by its id",
        )

    def complete(self, task: str, data: Mapping[str, Any] | None = None, *, actor: str | None = None) -> Case:
        """Complete an open task, by element or task id, and return the case as it is then.

        Raises:
            UnknownTask, TaskAlreadyCompleted, InvalidData: nothing was changed.
        """
        return self._engine.complete(self.task(task).id, data or {}, actor=actor)

    def refresh(self) -> Case:
        """The case as it is now."""
        return self._engine.case(self.id)

    def diagram(self, process: str | None = None, *, language: str = "en") -> Picture:
        """The case on its diagram, as SVG; a notebook shows it by itself. See ``Engine.diagram``."""
        return self._engine.diagram(self.id, process=process, language=language)

    def history(self) -> list[Event]:
        """Everything that happened, in order."""
        return self._engine.history(self.id)

    def notices(self) -> list[Any]:
        """Every notice that was sent, in order."""
        return self._engine.notices(self.id)
