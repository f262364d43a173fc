"""Tasks: done, taken, given back and given to others, and who is kept out of a case."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from complaintflow.case.commands import Claim, CompleteTask
from complaintflow.case.handover import Reassign, Recuse, Update
from complaintflow.errors import InvalidData, TaskAlreadyCompleted
from complaintflow.facade.operating import Operating
from complaintflow.facade.reading import split_id
from complaintflow.facade.views import Case, Task
from complaintflow.values import variables
from complaintflow.work.work import Work

if TYPE_CHECKING:
    from complaintflow.handlers.answers import Corrections


class Tasking(Operating):
    """What is done with tasks by an engine, which is one of these."""

    _work: Work

    @abstractmethod
    def settle(self, case_id: str) -> None:
        """Run what a command of this case made ready."""

    def complete(self, task_id: str, data: Mapping[str, Any], *, actor: str | None = None) -> Case:
        """Complete a user task.

        Raises:
            UnknownCase, UnknownTask, TaskAlreadyCompleted: the task is not open.
            InvalidData: the data violate the task's form.
        """
        case_id, token = split_id(task_id, "task")
        self._work.run(case_id, CompleteTask(token, variables(data, f"task {task_id}")), actor)
        return self._settled(case_id)

    def claim(self, task_id: str, actor: str) -> Task:
        """Take a task: it leaves the others' hands, not their sight. Raises as ``complete``."""
        return self._assign(task_id, actor, actor)

    def release(self, task_id: str, *, actor: str | None = None) -> Task:
        """Give a task back. Raises as ``complete``."""
        return self._assign(task_id, None, actor)

    def reassign(self, task_id: str, assignee: str | None, *, reason: str = "", actor: str | None = None) -> None:
        """Give a task to somebody, or back to all it is offered to.

        Raises:
            UnknownCase, UnknownTask, TaskAlreadyCompleted: the task is not open.
            AccessDenied: the actor may not, or the assignee must not have it.
        """
        case_id, token = split_id(task_id, "task")
        self._work.run(case_id, Reassign(token, assignee, reason), actor)
        self.settle(case_id)

    def update_task(self, task_id: str, changes: Corrections, *, reason: str = "", actor: str | None = None) -> None:
        """Let a task be due at another time, offered to others, or be more urgent; its updating listeners may say no.

        Args:
            changes: all but the assignee, whom ``reassign`` changes.

        Raises:
            UnknownCase, UnknownTask, TaskAlreadyCompleted: the task is not open.
            InvalidData: the changes name an assignee, or something that is no date, list or priority.
            AccessDenied: the actor may not give tasks away (``[access.reassign]``).
        """
        case_id, token = split_id(task_id, "task")
        checked = changes.checked(f"task {task_id}")
        if "assignee" in checked:
            raise InvalidData("a task is given to somebody by reassign", [("assignee", "is not changed so")])
        self._work.run(case_id, Update(token, checked, reason), actor)
        self.settle(case_id)

    def recuse(self, case_id: str, person: str, reason: str, *, actor: str | None = None) -> None:
        """Keep a person out of a case from now on: what was theirs or offered to them moves on.

        Args:
            person: an id, or a name as the complaint has it.
            reason: kept in the history.

        Raises:
            UnknownCase: there is no such case.
            InvalidData: it is not said who or why.
            AccessDenied: the actor may not.
        """
        with self.store.reading() as tx:
            case_id = self._find(tx, case_id)
        self._work.run(case_id, Recuse(person, reason), actor)

    def _settled(self, case_id: str) -> Case:
        self.settle(case_id)
        return self.case(case_id)

    def _assign(self, task_id: str, assignee: str | None, actor: str | None) -> Task:
        case_id, token = split_id(task_id, "task")
        change = self._work.run(case_id, Claim(token, assignee), actor)
        with self.store.reading() as tx:
            # Since the commit it may have been ended by somebody else; it was theirs then.
            written = change.tasks if change is not None else []
            rows = tx.tasks(case_id=case_id, token=token) or [row for row in written if row.token == token]
            if not rows:
                raise TaskAlreadyCompleted("the task is no longer open", where=f"task {task_id}")
            return self.task_view(tx, rows[0])
