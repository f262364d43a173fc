"""The reading side of the facade: cases, tasks, history, notices and pictures as they are now.

Nothing here changes a case; ``record_access``, which writes down that somebody looked, is a command of the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, cast

from complaintflow.bpmn.activities import ReceiveTask, UserTask
from complaintflow.bpmn.events import CatchEvent
from complaintflow.case.places import history_place, incident_place, notice_place
from complaintflow.definition.definition import Bundle
from complaintflow.errors import (
    DefinitionError,
    TaskAlreadyCompleted,
    UnknownCase,
    UnknownIncident,
    UnknownProcess,
    UnknownTask,
)
from complaintflow.facade.views import Case, Event, Incident, Scheduled, Surroundings, Task, Timer
from complaintflow.notices.notices import Notice
from complaintflow.store.rows import CaseRow, HistoryRow, IncidentRow, ScheduleRow, TaskRow
from complaintflow.work.notify import Notify
from complaintflow.work.worker import ALIVE

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase, Settings
    from complaintflow.definition.library import Library
    from complaintflow.facade.engine import Engine
    from complaintflow.picture import Picture
    from complaintflow.store.port import Store, Transaction
    from complaintflow.time.clock import Clock
    from complaintflow.work.work import Work


class Reading:
    """What can be asked of an engine, which is one of these.

    Attributes:
        store: where the cases are.
        library: where the definitions are.
        clock: where time comes from.
        settings: what all cases share.
    """

    store: Store
    library: Library
    clock: Clock
    settings: Settings
    _work: Work

    def processes(self) -> list[str]:
        """The ids of all processes that can be started."""
        return self.library.processes()

    def case(self, case_id: str) -> Case:
        """A case by its id, or by a beginning of it that fits only one.

        Raises:
            UnknownCase: none fits, or several do.
        """
        with self.store.reading() as tx:
            return self._view(tx, self._find(tx, case_id))

    def cases(
        self, *, process: str | None = None, key: str | None = None, status: str | None = None, limit: int = 100
    ) -> list[Case]:
        """Matching cases, the newest first."""
        with self.store.reading() as tx:
            ids = tx.case_ids(process=process, key=key, status=status, limit=limit)
            return [self._view(tx, case_id) for case_id in ids]

    def tasks(
        self,
        *,
        role: str | Sequence[str] | None = None,
        user: str | None = None,
        process: str | None = None,
        due_before: datetime | None = None,
        limit: int | None = 100,
    ) -> list[Task]:
        """The inbox: open tasks, the earliest due first.

        Args:
            role: a candidate group, or several.
            user: the assignee or a candidate user.
            process: a process id.
            due_before: aware; only tasks due before.
            limit: at most so many; None for all.
        """
        groups = [role] if isinstance(role, str) else role
        with self.store.reading() as tx:
            rows = tx.tasks(groups=groups, user=user, process=process, due_before=due_before, limit=limit)
            return [self.task_view(tx, row) for row in rows]

    def surroundings(self, task_id: str) -> Surroundings:
        """What the form of an open task sees: for a page or prompt that shows it before it is completed.

        Raises:
            UnknownCase, TaskAlreadyCompleted: the task is not open.
        """
        case_id, number = split_id(task_id, "task")
        with self.store.reading() as tx:
            live = self._work.load(tx, case_id)
        token = live.token(number)
        if token is None:
            raise TaskAlreadyCompleted("the task is no longer open", where=f"task {task_id}")
        return Surroundings(token.variables, live.host.today(), token.variables.functions)

    def incidents(self, case_id: str | None = None, *, limit: int = 100) -> list[Incident]:
        """Open incidents, the oldest first."""
        with self.store.reading() as tx:
            return [self.incident_view(tx, row) for row in tx.incidents(case_id, limit)]

    def history(self, case_id: str) -> list[Event]:
        """Everything that happened to a case, in order."""
        with self.store.reading() as tx:
            case = tx.case(self._find(tx, case_id))
            program, entries = self._work.bundle(tx, case).program, self._entries(tx, case)
            return [
                Event(
                    row.seq,
                    row.at,
                    row.event,
                    row.element,
                    node.label if row.element and (node := program.find(row.element)) is not None else None,
                    actor,
                    detail,
                    row.name,
                    row.value,
                )
                for row, (actor, detail) in entries
            ]

    def _entries(self, tx: Transaction, case: CaseRow) -> list[tuple[HistoryRow, tuple[str | None, dict[str, Any]]]]:
        """History with who and what; of a shredded case only that something happened, and when."""
        rows = tx.history(case.id)
        if case.sealed_key is None:
            return [(row, (None, {})) for row in rows]
        codec = self._work.codec(case)
        return [(row, codec.decode(history_place(row.seq), row.detail)) for row in rows]

    def notices(self, case_id: str) -> list[Notice]:
        """Every notice of a case, in the order they left."""
        with self.store.reading() as tx:
            case = tx.case(self._find(tx, case_id))
            codec = self._work.codec(case)
            return [Notify.read(codec.decode(notice_place(row.token), row.content)) for row in tx.notices(case.id)]

    def schedules(self, process: str | None = None) -> list[Scheduled]:
        """What the clock starts, of one process or of all, by process and start event."""
        with self.store.reading() as tx:
            return [self._scheduled(tx, row) for row in tx.schedules(process)]

    def bundle(self, case_id: str) -> Bundle:
        """The definition a case runs on."""
        with self.store.reading() as tx:
            return self._work.bundle(tx, tx.case(self._find(tx, case_id)))

    def zone(self, case_id: str) -> tzinfo:
        """The zone in which a case's days are counted. Raises UnknownCase."""
        return (self.settings.calendar or self.bundle(case_id).calendar).zone

    def opening(self, process: str, place: str) -> tuple[bool, datetime]:
        """Whether a person is there now, and when one is there next (now, if one is): WB-2.2.b.

        Args:
            process: whose policy file.
            place: the name of an entry in ``[openings]``, e.g. "hotline".

        Raises:
            UnknownProcess, InvalidPolicy: there is no such process or entry.
        """
        calendar, now = self.library.newest(process).policy.opening(place), self.clock.now()
        there = calendar.open_at(now)
        return there, now if there else calendar.next_opening(now)

    def diagram(self, case_id: str, *, process: str | None = None, language: str = "en") -> Picture:
        """The case on its diagram: where it stands, what is late, which way it came.

        Args:
            case_id: the case, or a beginning of its id.
            process: a called process to draw instead of the outermost one.
            language: of the labels, where there is a translation.

        Raises:
            UnknownCase: there is no such case.
            UnknownProcess: the case's definition has no such process.
        """
        from complaintflow.facade.portrait import portrait  # drawing is loaded by those who draw

        with self.store.reading() as tx:
            live = self._work.load(tx, self._find(tx, case_id))
            rows = [detail for _, (_, detail) in self._entries(tx, live.row)]
            return portrait(live, rows, tx, process or live.row.process, language)

    def backlog_warning(self, language: str = "en") -> str | None:
        """A sentence, in Chinese if so asked ("zh"), when something is due and no worker is alive; else None."""
        now = self.clock.now()
        with self.store.reading() as tx:
            backlog = tx.backlog(now, now - ALIVE)
            if backlog.workers or backlog.oldest is None:
                return None
            zone = self._zone_of_backlog(tx, now)
        local = backlog.oldest.astimezone(zone)
        if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
            since = f"{local - timedelta(days=1):%Y-%m-%d} 24:00"
        else:
            since = f"{local:%Y-%m-%d %H:%M}"
        if language == "zh":
            kinds = [(backlog.timers, "定时"), (backlog.jobs, "作业")]
            counted = "、".join(f"{count} 项{what}" for count, what in kinds if count)
            return f"{counted}已到期（最早 {since}，{zone}），但没有后台作业程序在运行：请运行 `complaintflow worker`"
        parts = [(backlog.timers, "timer"), (backlog.jobs, "job")]
        counted = " and ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in parts if count)
        return (
            f"{counted} {'is' if backlog.timers + backlog.jobs == 1 else 'are'} due (the oldest since "
            f"{since}, {zone}), and no worker is alive: "
            "run `complaintflow worker`"
        )

    def _zone_of_backlog(self, tx: Transaction, now: datetime) -> tzinfo:
        """The engine's own, else that of a case with something due, else of any: an organisation has one."""
        if self.settings.calendar is not None:
            return self.settings.calendar.zone
        waiting = [timer.case_id for timer in tx.due_timers(now, 1)] or tx.case_ids(limit=1)
        return self._work.bundle(tx, tx.case(waiting[0])).calendar.zone if waiting else UTC

    # -- inside -----------------------------------------------------------------------------

    def _find(self, tx: Transaction, case_id: str) -> str:
        if len(case_id) == 32:
            return case_id
        found = tx.case_ids(prefix=case_id, limit=2) if case_id else []
        if len(found) != 1:
            raise UnknownCase(
                f"{'no case' if not found else 'more than one case'} has an id that begins with '{case_id}'",
                advice="give more of the id; `complaintflow tasks` shows the open ones",
            )
        return found[0]

    def _view(self, tx: Transaction, case_id: str) -> Case:
        stored = tx.case(case_id)
        if stored.sealed_key is None:
            return self._shredded(stored)
        return self.case_view(tx, self._work.load(tx, case_id))

    def case_view(self, tx: Transaction, live: LiveCase) -> Case:
        """A case as callers hold it."""
        row, program, case_id = live.row, live.bundle.program, live.row.id
        heard = [row for row in tx.subscriptions(case_id) if row.kind == "message"]
        return Case(
            id=row.id,
            key=row.key or row.id,
            process=row.process,
            status=row.status,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            variables=dict(live.game.top.scope.variables),
            tasks=tuple(self.task_view(tx, task, live) for task in tx.tasks(case_id=case_id)),
            timers=tuple(
                Timer(
                    t.element,
                    node.label if (node := program.find(t.element)) else t.element,
                    t.due_at,
                    t.deadline,
                    t.provisional,
                )
                for t in tx.timers(case_id)
            ),
            messages=tuple(row.name for row in heard),
            standing=tuple(
                row.element for row in heard if isinstance(program.find(row.element), (CatchEvent, ReceiveTask))
            ),
            incidents=tuple(self.incident_view(tx, i) for i in tx.incidents(case_id)),
            _engine=cast("Engine", self),
        )

    def _shredded(self, row: CaseRow) -> Case:
        return Case(
            id=row.id,
            key=row.id,
            process=row.process,
            status=row.status,
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            variables={},
            tasks=(),
            timers=(),
            messages=(),
            standing=(),
            incidents=(),
            _engine=cast("Engine", self),
        )

    def task_view(self, tx: Transaction, row: TaskRow, live: LiveCase | None = None) -> Task:
        """A task as callers hold it."""
        bundle = live.bundle if live is not None else self._work.stored(tx, row.bundle, f"case {row.case_id}")
        node = bundle.program.find(row.element, UserTask)
        return Task(
            id=row.id,
            case_id=row.case_id,
            process=row.process,
            element=row.element,
            name=node.label if node is not None else row.element,
            groups=row.groups,
            users=row.users,
            assignee=row.assignee,
            priority=row.priority,
            created_at=row.created_at,
            due_at=row.due_at,
            provisional=row.provisional,
            form=node.form_id if isinstance(node, UserTask) else None,
            form_reference=node.form_reference if isinstance(node, UserTask) else None,
        )

    def _scheduled(self, tx: Transaction, row: ScheduleRow) -> Scheduled:
        try:
            outdated = self.library.newest(row.process).digest != row.bundle
        except UnknownProcess:
            outdated = False  # Another engine with other layers put it there.
        except DefinitionError:
            outdated = True
        bundle = self._work.stored(tx, row.bundle, f"schedule of {row.process}")
        node = bundle.program.find(row.element)
        name = node.label if node is not None else row.element
        zone = (self._work.settings.calendar or bundle.calendar).zone
        due_at = row.due_at.astimezone(zone) if row.due_at is not None else None
        return Scheduled(row.process, row.element, name, row.timer, due_at, row.rounds, outdated)

    def incident_view(self, tx: Transaction, row: IncidentRow) -> Incident:
        """An incident as callers hold it."""
        detail = self._work.codec(tx.case(row.case_id)).decode(incident_place(row.token), row.detail)
        return Incident(row.id, row.case_id, row.element, row.kind, detail["message"], row.created_at)


def split_id(public_id: str, what: str) -> tuple[str, int]:
    """The case and the token of a task's or an incident's id. Raises UnknownTask, UnknownIncident: it is not one."""
    case_id, _, token = public_id.partition(".")
    if not case_id or not token.isdigit():
        error = UnknownIncident if what == "incident" else UnknownTask
        raise error(f"'{public_id}' is not {'an incident' if what == 'incident' else 'a task'} id")
    return case_id, int(token)
