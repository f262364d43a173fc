"""The facade, and the only place where the parts are put together.

An engine is a database, layers of definitions, handlers, a calendar and a clock. It may be shared
between threads. Each command is one transaction; after it commits, the jobs it made ready are run
before the call returns, except under ``using``, where the host's commit comes first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from complaintflow.bpmn.activities import ReceiveTask, UserTask
from complaintflow.bpmn.events import CatchEvent
from complaintflow.calendar import WorkingCalendar
from complaintflow.case import LiveCase, Settings
from complaintflow.clock import Clock, SystemClock
from complaintflow.codec import Codec, JsonCodec
from complaintflow.commands import Cancel, Claim, CompleteTask, Deliver, RecordAccess, Resolve, Start
from complaintflow.definition import Bundle
from complaintflow.dispatch import BUILT_IN, Dispatcher
from complaintflow.errors import (
    CaseEnded,
    ComplaintflowError,
    NoSubscription,
    StoreError,
    TaskAlreadyCompleted,
    UnknownCase,
    UnknownIncident,
    UnknownTask,
)
from complaintflow.handlers import Handlers
from complaintflow.layers import Layers
from complaintflow.library import Library
from complaintflow.notices import KeepingNotifier, Notice, Notifier
from complaintflow.notify import Notify
from complaintflow.picture import Picture
from complaintflow.portrait import portrait
from complaintflow.rows import IncidentRow, TaskRow
from complaintflow.values import variables
from complaintflow.views import Case, Event, Incident, Surroundings, Task, Timer
from complaintflow.work import Store, Transaction, Work
from complaintflow.worker import ALIVE, Worker

log = logging.getLogger("complaintflow")


class Engine:
    """Starts, moves and shows cases.

    Args:
        database: an URL ("sqlite:///complaints.db", "postgresql+psycopg://user@host/name") or a ``Store``.
        layers: folders of your own definitions, the nearest first.
        handlers: sets of job handlers.
        provide: type -> object, for handlers that ask for it by annotation.
        calendar: the working calendar; default is what each policy file says.
        clock: where time comes from; tests give a ``VirtualClock``.
        notifier: sends notices; the default only keeps them in the store.
        codec: the seam through which stored values pass.
        handlers_elsewhere: other workers have the handlers that this engine lacks; without it a process that
            needs one that is missing does not start.

    Raises:
        InvalidDatabaseUrl, NewerDatabase, ForeignDatabase, StoreUnavailable: the database cannot be used.
        DuplicateHandler: two handlers have the same job type.
        UnknownProcess: a layer is not a folder.
    """

    def __init__(
        self,
        database: str | Store,
        *,
        layers: Sequence[str | Path] = (),
        handlers: Sequence[Handlers] = (),
        provide: Mapping[type, Any] | None = None,
        calendar: WorkingCalendar | None = None,
        clock: Clock | None = None,
        notifier: Notifier | None = None,
        codec: Codec | None = None,
        handlers_elsewhere: bool = False,
    ) -> None:
        self.handlers_elsewhere = handlers_elsewhere
        self.handlers = Handlers.union(handlers)
        self.library = Library(Layers(layers))
        self.clock = clock or SystemClock()
        self.settings = Settings(codec or JsonCodec(), calendar)
        self.provided = dict(provide or {})
        self.notifier = notifier or KeepingNotifier()
        self.store = _open(database) if isinstance(database, str) else database
        self._drains = True
        self._work = Work(self.store, self.library, self.settings, self.clock)
        self._thread: threading.Thread | None = None
        self._worker: Worker | None = None

    # -- commands ---------------------------------------------------------------------------

    def start(
        self, process: str, payload: Mapping[str, Any], *, key: str | None = None, actor: str | None = None
    ) -> Case:
        """Start a case.

        Args:
            process: the process id, e.g. "customer".
            payload: the intake; the process's intake form says what it must hold.
            key: your own name for the case, unique within the process.
            actor: who files it.

        Raises:
            UnknownProcess, DefinitionError: the definition.
            MissingHandler: the process needs a handler that is not registered.
            InvalidData: the payload violates the intake form.
            DuplicateKey: the key is taken.
        """
        bundle = self.library.newest(process)
        if not self.handlers_elsewhere:
            for job_type, node in bundle.program.job_types.items():
                if job_type not in BUILT_IN:
                    self.handlers.find(job_type, node.where)
        data = variables(payload, f"payload of '{process}'")
        change = self._work.start(bundle, Start(data), key=key, actor=actor)
        return self._settled(change.case.id)

    def complete(self, task_id: str, data: Mapping[str, Any], *, actor: str | None = None) -> Case:
        """Complete a user task.

        Raises:
            UnknownCase, UnknownTask, TaskAlreadyCompleted: the task is not open.
            InvalidData: the data violate the task's form.
        """
        case_id, token = _split(task_id, "task")
        self._work.run(case_id, CompleteTask(token, variables(data, f"task {task_id}")), actor)
        return self._settled(case_id)

    def claim(self, task_id: str, actor: str) -> Task:
        """Take a task: it leaves the others' hands, not their sight. Raises as ``complete``."""
        return self._assign(task_id, actor, actor)

    def release(self, task_id: str, *, actor: str | None = None) -> Task:
        """Give a task back. Raises as ``complete``."""
        return self._assign(task_id, None, actor)

    def correlate(
        self, message: str, *, key: str, data: Mapping[str, Any] | None = None, actor: str | None = None
    ) -> list[Case]:
        """Deliver a message to every token that waits for it under this correlation key.

        Raises:
            NoSubscription: nothing waits for it.
        """
        cargo = variables(data or {}, f"message '{message}'")
        with self.store.reading() as tx:
            waiting = tx.waiting("message", message, str(key))
        if not waiting:
            raise NoSubscription(f"no case waits for the message '{message}' with the key '{key}'")
        delivered: list[str] = []
        for subscription in waiting:
            try:
                self._work.run(subscription.case_id, Deliver(subscription.token, message, cargo), actor)
            except (NoSubscription, CaseEnded):
                # The first delivery may end what the next one would have reached.
                if not delivered:
                    raise
            else:
                delivered.append(subscription.case_id)
        return [self._settled(case_id) for case_id in dict.fromkeys(delivered)]

    def resolve(
        self, incident: str | Incident, *, data: Mapping[str, Any] | None = None, actor: str | None = None
    ) -> Case:
        """Clear an incident: the case tries again where it stopped.

        Args:
            incident: it, or its id.
            data: variables to set there first, to mend what went wrong.
            actor: who.

        Raises:
            InvalidData: the data cannot be stored.
            UnknownIncident: it is not open.
            PrematureCommitment: it waits for a decision that still does not exist.
        """
        incident_id = incident.id if isinstance(incident, Incident) else incident
        case_id, token = _split(incident_id, "incident")
        with self.store.reading() as tx:
            job = next((row for row in tx.jobs(case_id) if row.token == token), None)
        self._work.run(case_id, Resolve(token, job, variables(data or {}, f"incident {incident_id}")), actor)
        return self._settled(case_id)

    def cancel(self, case_id: str, reason: str, *, actor: str | None = None) -> Case:
        """End a case before its process does. Raises UnknownCase, CaseEnded."""
        self._work.run(case_id, Cancel(reason), actor)
        return self._settled(case_id)

    # -- reading ----------------------------------------------------------------------------

    def processes(self) -> list[str]:
        """The ids of all processes that can be started."""
        return self.library.layers.processes()

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
            return [self._task(tx, row) for row in rows]

    def surroundings(self, task_id: str) -> Surroundings:
        """What the form of an open task sees: for a page or prompt that shows it before it is completed.

        Raises:
            UnknownCase, TaskAlreadyCompleted: the task is not open.
        """
        case_id, number = _split(task_id, "task")
        with self.store.reading() as tx:
            live = self._work.load(tx, case_id)
        token = live.token(number)
        if token is None:
            raise TaskAlreadyCompleted("the task is no longer open", where=f"task {task_id}")
        return Surroundings(token.variables, live.host.today(), live.host.functions)

    def incidents(self, case_id: str | None = None) -> list[Incident]:
        """Open incidents, the oldest first."""
        with self.store.reading() as tx:
            return [self._incident(row) for row in tx.incidents(case_id)]

    def history(self, case_id: str) -> list[Event]:
        """Everything that happened to a case, in order."""
        with self.store.reading() as tx:
            case_id = self._find(tx, case_id)
            program = self._work.bundle(tx, tx.case(case_id)).program
            return [
                Event(
                    row.seq,
                    row.at,
                    row.event,
                    row.element,
                    node.label if row.element and (node := program.find(row.element)) is not None else None,
                    row.actor,
                    self._work.decode(case_id, row.detail),
                )
                for row in tx.history(case_id)
            ]

    def notices(self, case_id: str) -> list[Notice]:
        """Every notice of a case, in the order they left."""
        with self.store.reading() as tx:
            case_id = self._find(tx, case_id)
            return [Notify.read(self._work.decode(case_id, row.content)) for row in tx.notices(case_id)]

    def bundle(self, case_id: str) -> Bundle:
        """The definition a case runs on."""
        with self.store.reading() as tx:
            return self._work.bundle(tx, tx.case(self._find(tx, case_id)))

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

    def record_access(self, case_id: str, purpose: str, reason: str, *, actor: str) -> None:
        """Note that somebody read, copied, printed or handed out a case's material (WB-6.1.2, WB-6.1.3).

        Args:
            case_id: the case, or a beginning of its id.
            purpose: "read", "copy", "print" or "publish".
            reason: why; it is kept sealed with the history.
            actor: who.

        Raises:
            UnknownCase: there is no such case.
            InvalidData: the purpose is none of these, or the reason or actor is empty.
        """
        with self.store.reading() as tx:
            case_id = self._find(tx, case_id)
        self._work.run(case_id, RecordAccess(purpose, reason), actor)

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
        with self.store.reading() as tx:
            live = self._work.load(tx, self._find(tx, case_id))
            rows = [self._work.decode(live.row.id, row.detail) for row in tx.history(live.row.id)]
            return portrait(live, rows, tx, process or live.row.process, language)

    def backlog_warning(self) -> str | None:
        """A sentence when something is due and no worker is alive; None when all is well."""
        now = self.clock.now()
        with self.store.reading() as tx:
            backlog = tx.backlog(now, now - ALIVE)
        if backlog.workers or backlog.oldest is None:
            return None
        return (
            f"{backlog.timers} timers and {backlog.jobs} jobs are due (the oldest since "
            f"{backlog.oldest.isoformat(timespec='minutes')}), and no worker is alive: run `complaintflow worker`"
        )

    # -- background work --------------------------------------------------------------------

    def worker(self) -> Worker:
        """A worker for this engine; ``.run()`` works until it is stopped."""
        dispatcher = Dispatcher(self._work, self.handlers, self.provided, Notify(self.notifier))
        return Worker(self._work, dispatcher)

    def start_worker(self) -> None:
        """Run a worker in a thread of this process until ``close``. Idempotent."""
        self._may_leave()
        if self._thread is not None and self._thread.is_alive():
            return
        self._worker = self.worker()
        self._thread = threading.Thread(target=self._worker.run, name="complaintflow-worker", daemon=True)
        self._thread.start()

    def drain(self) -> int:
        """Fire every timer and run every job that is due now. Returns how many; never sleeps."""
        self._may_leave()
        return self.worker().drain()

    def recompute_provisional(self) -> int:
        """Compute again the dates that lacked a year's official notice. Returns how many cases moved.

        A worker does this when it starts and once a day.
        """
        return self.worker().recompute_provisional()

    def using(self, session: object) -> Engine:
        """This engine inside the host's own transaction.

        Args:
            session: an SQLAlchemy ``Session`` or ``Connection`` on the same database.

        Nothing leaves before the host's commit: no handler runs, no notice is sent, and ``drain`` is refused
        here. After it, a worker or the next ``drain`` of the engine itself takes over; a rollback leaves nothing.
        """
        inner = object.__new__(Engine)
        inner.__dict__.update(self.__dict__)
        inner.store = self.store.using(session)
        inner._work = Work(inner.store, self.library, self.settings, self.clock)
        inner._drains = False
        inner._thread = inner._worker = None
        return inner

    def close(self) -> None:
        """Stop the thread and give the connections back. Idempotent."""
        if self._worker is not None and self._thread is not None:
            self._worker.stop()
            self._thread.join()
            self._worker = self._thread = None
        if self._drains:
            self.store.close()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # -- inside -----------------------------------------------------------------------------

    def _may_leave(self) -> None:
        if not self._drains:
            raise StoreError(
                "inside the host's transaction nothing may leave",
                where="Engine.using",
                advice="call drain() or start a worker on the engine itself, after the commit",
            )

    def _settled(self, case_id: str) -> Case:
        if self._drains:
            try:
                self.worker().drain(case_id)
            except ComplaintflowError as error:
                # The command is committed: its caller must not take it for refused. A worker does the rest.
                log.error("what case %s made ready waits for a worker: %s", case_id, type(error).__name__)
        return self.case(case_id)

    def _assign(self, task_id: str, assignee: str | None, actor: str | None) -> Task:
        case_id, token = _split(task_id, "task")
        self._work.run(case_id, Claim(token, assignee), actor)
        with self.store.reading() as tx:
            return self._task(tx, tx.tasks(case_id=case_id, token=token)[0])

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
        live = self._work.load(tx, case_id)
        row, program = live.row, live.bundle.program
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
            tasks=tuple(self._task(tx, task, live) for task in tx.tasks(case_id=case_id)),
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
            incidents=tuple(self._incident(i) for i in tx.incidents(case_id)),
            _engine=self,
        )

    def _task(self, tx: Transaction, row: TaskRow, live: LiveCase | None = None) -> Task:
        bundle = live.bundle if live is not None else self._work.bundle(tx, tx.case(row.case_id))
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
        )

    def _incident(self, row: IncidentRow) -> Incident:
        detail = self._work.decode(row.case_id, row.detail)
        return Incident(row.id, row.case_id, row.element, row.kind, detail["message"], row.created_at)


def _split(public_id: str, what: str) -> tuple[str, int]:
    case_id, _, token = public_id.partition(".")
    if not case_id or not token.isdigit():
        error = UnknownIncident if what == "incident" else UnknownTask
        raise error(f"'{public_id}' is not {'an incident' if what == 'incident' else 'a task'} id")
    return case_id, int(token)


def _open(url: str) -> Store:
    # The adapters are the outermost room; only an URL brings ours in.
    from complaintflow.adapters.sql import open_store

    return open_store(url)
