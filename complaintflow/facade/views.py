"""What a caller holds: cases, tasks, timers, incidents, as they were when they were read."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date, datetime, tzinfo
from typing import TYPE_CHECKING, Any

from complaintflow.errors import CaseSuspended, UnknownTask
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
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
        form_reference: what the diagram says of a form that is not the library's: a key, a path, an address.
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
    form_reference: str | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a task's form sees: the variables visible there, the day, and the functions its formulas may call."""

    variables: Mapping[str, Any] = field(repr=False)
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
class Scheduled:
    """A start event on the schedule.

    Attributes:
        process, element: whose start event; ``name`` is its label.
        timer: what it says, e.g. "cycle R/7 days".
        due_at: when the clock starts the next case, in the organisation's zone; None: it is over.
        rounds: how many cases are still to start; None: without end.
        outdated: the layers have another definition by now, and ``Engine.schedule`` would take it.
    """

    process: str
    element: str
    name: str
    timer: str
    due_at: datetime | None
    rounds: int | None
    outdated: bool


@dataclass(frozen=True, slots=True)
class Incident:
    """Something a person must look at before the case goes on."""

    id: str
    case_id: str
    element: str
    kind: str
    message: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """One line of history.

    Attributes:
        name: the label of its element.
        counted, value: what figures count, of the lines that have it: ``hr/accepted`` and "true".
    """

    seq: int
    at: datetime
    event: str
    element: str | None
    name: str | None
    actor: str | None
    detail: Mapping[str, Any] = field(repr=False)
    counted: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a case; ``engine.attachment`` reads it.

    Attributes:
        number: the first one is 1.
        name: for people.
        type: its content type, by its content.
        size: in bytes.
        sha256: the digest of the content, in hexadecimal.
        by: who attached it; "reporter" or None for an anonymous reporter.
        sealed: the class of sealed values that it belongs to, if any.
        removed: what was taken out of an anonymous reporter's file; empty for an original.
    """

    case_id: str
    number: int
    name: str = field(repr=False)
    type: str
    size: int
    sha256: str = field(repr=False)
    created_at: datetime
    by: str | None
    sealed: str | None = None
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it was read; every command returns a fresh one.

    Attributes:
        id: random, 32 hexadecimal digits.
        key: the business key it was started with, else its id.
        status: "active", "suspended", "completed" or "cancelled"; "shredded" when its content was destroyed.
        variables: the outermost scope.
        tasks: open user tasks, the most urgent first.
        timers: what will happen by itself, the earliest first.
        messages: names of messages it can hear now.
        standing: elements that stand still until a message comes.
        incidents: what a person must look at.
        receipt: on the case that ``start`` returns for a report without a name, and never again: the 16 digits with
            which the reporter comes back.
    """

    id: str
    key: str
    process: str
    status: str
    version: int
    created_at: datetime
    updated_at: datetime
    variables: Mapping[str, Any] = field(repr=False)
    tasks: tuple[Task, ...]
    timers: tuple[Timer, ...]
    messages: tuple[str, ...]
    standing: tuple[str, ...]
    incidents: tuple[Incident, ...]
    _engine: Engine = field(repr=False, compare=False)
    receipt: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        # Bounded, whatever the case holds: it stands in prompts, logs and failed assertions.
        key = f", key={reprlib.repr(self.key)}" if self.key != self.id else ""
        stopped = f", incidents={len(self.incidents)}" if self.incidents else ""
        where = f"process={reprlib.repr(self.process)}, status={self.status!r}{key}"
        return f"Case(id={self.id!r}, {where}, waiting_for={reprlib.repr(self.waiting_for)}{stopped})"

    @property
    def waiting_for(self) -> list[str]:
        """Elements that a person or a message must move: open tasks, the most urgent first, then waits for messages.

        A message that may come at any time, beside the work, is not waited for: see ``messages``.
        """
        return [task.element for task in self.tasks] + list(self.standing)

    @property
    def zone(self) -> tzinfo:
        """The zone of the policy, in which its days are counted: moments are in UTC until ``astimezone(case.zone)``."""
        return self._engine.zone(self.id)

    def task(self, element: str) -> Task:
        """The open task at an element.

        Raises:
            UnknownTask: there is none, or there are several.
            CaseSuspended: until it is resumed there is none.
        """
        found = [task for task in self.tasks if task.element == element or task.id == element]
        if len(found) == 1:
            return found[0]
        if self.status == "suspended":
            raise CaseSuspended("the case is suspended, and its tasks with it", where=f"case {self.id}")
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
