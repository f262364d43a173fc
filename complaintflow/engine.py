"""The facade, and the only place where the parts are put together.

An engine is a database, layers of definitions, handlers, a calendar and a clock. It may be shared
between threads. Each command is one transaction; after it commits, the jobs it made ready are run
before the call returns, except under ``using``, where the host's commit comes first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from complaintflow.calendar import WorkingCalendar
from complaintflow.case import Settings
from complaintflow.clock import Clock, SystemClock
from complaintflow.codec import Codec, JsonCodec
from complaintflow.commands import Cancel, Claim, CompleteTask, Deliver, RecordAccess, Resolve, Start
from complaintflow.dispatch import BUILT_IN, Dispatcher
from complaintflow.errors import CaseEnded, ComplaintflowError, NoSubscription, StoreError
from complaintflow.handlers import Handlers
from complaintflow.layers import Layers
from complaintflow.library import Library
from complaintflow.notices import KeepingNotifier, Notifier
from complaintflow.notify import Notify
from complaintflow.reading import Reading, split_id
from complaintflow.values import variables
from complaintflow.views import Case, Incident, Task
from complaintflow.work import Store, Work
from complaintflow.worker import Worker

log = logging.getLogger("complaintflow")


class Engine(Reading):
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
        case_id, token = split_id(task_id, "task")
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
        case_id, token = split_id(incident_id, "incident")
        with self.store.reading() as tx:
            job = next((row for row in tx.jobs(case_id) if row.token == token), None)
        self._work.run(case_id, Resolve(token, job, variables(data or {}, f"incident {incident_id}")), actor)
        return self._settled(case_id)

    def cancel(self, case_id: str, reason: str, *, actor: str | None = None) -> Case:
        """End a case before its process does. Raises UnknownCase, CaseEnded."""
        self._work.run(case_id, Cancel(reason), actor)
        return self._settled(case_id)

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
        case_id, token = split_id(task_id, "task")
        self._work.run(case_id, Claim(token, assignee), actor)
        with self.store.reading() as tx:
            return self._task(tx, tx.tasks(case_id=case_id, token=token)[0])


def _open(url: str) -> Store:
    # The adapters are the outermost room; only an URL brings ours in.
    from complaintflow.adapters.sql import open_store

    return open_store(url)
