"""What a handler may return in place of variables, where Camunda 8 has a job's result: it steers what waits for it.

return Corrections(assignee="li.wei", priority=80)            a task listener corrects its user task
return NextSteps(["call", ("write", {"to": "reporter"})])     an ad-hoc sub-process begins these activities
return NextSteps(done=True)                                   and is done
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import date, datetime
from typing import Any, ClassVar, Final, TypeAlias

from complaintflow.errors import InvalidData
from complaintflow.records import dataclass
from complaintflow.values import variables

CORRECTIONS: Final = "corrections"
STEPS: Final = "steps"


@dataclass(frozen=True, slots=True)
class Corrections:
    """What becomes of a user task: None leaves a thing as it is, an empty text or list takes it away.

    Attributes:
        assignee: who has it.
        candidate_groups, candidate_users: whom it is offered to.
        due_date, follow_up_date: a date or time, or its ISO 8601 text; without a zone it is the organisation's.
        priority: 0 to 100.
    """

    assignee: str | None = None
    candidate_groups: Sequence[str] | None = None
    candidate_users: Sequence[str] | None = None
    due_date: datetime | date | str | None = None
    follow_up_date: datetime | date | str | None = None
    priority: int | None = None
    kind: ClassVar[str] = CORRECTIONS

    def checked(self, where: str) -> dict[str, Any]:
        """As JSON, under the names that Camunda 8 gives them; what stays as it is is left out.

        Raises:
            InvalidData: naming each thing that is none.
        """
        problems: list[tuple[str, str]] = []
        found: dict[str, Any] = {}
        for name, value, check in (
            ("assignee", self.assignee, _name),
            ("candidateGroups", self.candidate_groups, _names),
            ("candidateUsers", self.candidate_users, _names),
            ("dueDate", self.due_date, _time),
            ("followUpDate", self.follow_up_date, _time),
            ("priority", self.priority, _priority),
        ):
            if value is None:
                continue
            found[name] = check(value)
            if found[name] is None:
                problems.append((name, _WANTED[name]))
        if problems:
            raise InvalidData("a user task cannot be corrected so", problems, where=where)
        return found


@dataclass(frozen=True, slots=True)
class NextSteps:
    """What becomes of an ad-hoc sub-process that asks a handler: it begins something, or is done.

    Attributes:
        activate: ids of its activities, each by itself or with variables of its own; one may be there twice.
        done: it is done: what is at work is waited for, unless ``cancel`` says otherwise.
        cancel: what is at work is cancelled first.
        variables: set in the sub-process.
    """

    activate: Sequence[str | tuple[str, Mapping[str, Any]]] = ()
    done: bool = False
    cancel: bool = False
    variables: Mapping[str, Any] = field(default_factory=dict, repr=False)
    kind: ClassVar[str] = STEPS

    def checked(self, where: str) -> dict[str, Any]:
        """As JSON.

        Raises:
            InvalidData: it is done and goes on, or something in it is not what it should be.
        """
        steps = [(step, {}) if isinstance(step, str) else step for step in self.activate]
        problems: list[tuple[str, str]] = []
        if isinstance(self.activate, str) or not all(_is_step(step) for step in steps):
            problems.append(("activate", "is not a list of ids, or of ids with their variables"))
        elif self.done and steps:
            problems.append(("activate", "begins something while the sub-process is done"))
        if problems:
            raise InvalidData("the ad-hoc sub-process cannot go on so", problems, where=where)
        begun = [[element, variables(own, f"{where}, for {element}")] for element, own in steps]
        return {
            "activate": begun,
            "done": bool(self.done),
            "cancel": bool(self.cancel),
            "variables": variables(self.variables, where),
        }


Answer: TypeAlias = Corrections | NextSteps

_WANTED: Final = {
    "assignee": "is not a text",
    "candidateGroups": "is not a list of texts",
    "candidateUsers": "is not a list of texts",
    "dueDate": "is not a date or time",
    "followUpDate": "is not a date or time",
    "priority": "is not a whole number from 0 to 100",
}


def _name(value: object) -> str | None:
    return value.strip() if isinstance(value, str) else None


def _names(value: object) -> list[str] | None:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return None
    return list(dict.fromkeys(value)) if all(isinstance(one, str) and one.strip() for one in value) else None


def _time(value: object) -> str | None:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if not isinstance(value, str):
        return None
    try:
        return datetime.fromisoformat(value).isoformat() if value.strip() else ""
    except ValueError:
        return None


def _priority(value: object) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100
    return value if fits and isinstance(value, int) else None


def _is_step(step: object) -> bool:
    return (
        isinstance(step, tuple)
        and len(step) == 2
        and isinstance(step[0], str)
        and bool(step[0])
        and isinstance(step[1], Mapping)
    )
