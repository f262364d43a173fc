"""The facade, and the only place where the parts are put together.

An engine is a database, layers of definitions, handlers, a calendar and a clock. It may be shared
between threads. Each command is one transaction; after it commits, the jobs it made ready are run
before the call returns, except under ``using``, where the host's commit comes first.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from complaintflow.access.identity import Identity
from complaintflow.access.rules import Access
from complaintflow.case.accesses import RecordAccess
from complaintflow.case.commands import Cancel, Resolve, Start
from complaintflow.case.limits import Limits
from complaintflow.case.live import Settings
from complaintflow.case.receipts import Receipt
from complaintflow.definition.definition import Bundle
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import ComplaintflowError, StoreError
from complaintflow.facade.reading import split_id
from complaintflow.facade.surging import Surging
from complaintflow.facade.tasking import Tasking
from complaintflow.facade.views import Case, Incident, Scheduled
from complaintflow.handlers.registry import Handlers
from complaintflow.logs import about
from complaintflow.notices.notices import KeepingNotifier, Notifier
from complaintflow.sealing.anchor import Anchors
from complaintflow.sealing.keys import Keys
from complaintflow.sealing.opening import ANCHOR, open_vault
from complaintflow.store.port import Store
from complaintflow.surge.watching import Watch
from complaintflow.time.calendar import WorkingCalendar
from complaintflow.time.clock import Clock, SystemClock
from complaintflow.values import variables
from complaintflow.work import beginning, schedule
from complaintflow.work.dispatch import BUILT_IN, Dispatcher
from complaintflow.work.notify import Notify
from complaintflow.work.work import Work
from complaintflow.work.worker import Worker

if TYPE_CHECKING:
    from complaintflow.facade.desk import Desk
    from complaintflow.facade.reporter import Reporter

log = logging.getLogger("complaintflow")


class Engine(Tasking, Surging):
    """Starts, moves and shows cases.

    Args:
        database: an URL ("sqlite:///complaints.db", "postgresql+psycopg://user@host/name") or a ``Store``.
        layers: folders of your own definitions, the nearest first.
        handlers: sets of job handlers.
        provide: type -> object, for handlers that ask for it by annotation.
        calendar: the working calendar; default is what each policy file says.
        clock: where time comes from; tests give a ``VirtualClock``.
        notifier: sends notices; the default only keeps them in the store.
        keys: what wraps the keys of cases; default is ``COMPLAINTFLOW_KEYS``, ``COMPLAINTFLOW_KEY_FILE``, or a
            file of this user that is made once (a database in memory gets a key in memory).
        strict: refuse to make a key; one must be configured.
        identity: who people are and which groups they belong to. With one, every command that names an actor is
            checked against the policy's rules, and ``desk`` shows each person what is theirs; without one the
            application decides who may do what.
        limits: how much may be attached to cases, and of which types.
        handlers_elsewhere: other workers have the handlers that this engine lacks, and get the jobs for them; without
            it a process that needs one that is missing does not start.

    Raises:
        InvalidDatabaseUrl, NewerDatabase, ForeignDatabase, StoreUnavailable: the database cannot be used.
        DuplicateHandler: two handlers have the same job type.
        UnknownProcess: a layer is not a folder, or not one of a layer.
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
        keys: Keys | None = None,
        strict: bool = False,
        identity: Identity | None = None,
        limits: Limits | None = None,
        handlers_elsewhere: bool = False,
    ) -> None:
        self.handlers_elsewhere = handlers_elsewhere
        self.handlers = Handlers.union(handlers)
        self.library = Library(Layers(layers))
        for folder in self.library.layers.strays():
            what = "nothing in %s is used: no diagram lies in a processes/%s/ of any layer; see `complaintflow check`"
            log.warning(what, folder, folder.name, extra=about("layer-unused", folder=str(folder)))
        self.clock = clock or SystemClock()
        self.provided = dict(provide or {})
        self.notifier = notifier or KeepingNotifier()
        self.store = _open(database) if isinstance(database, str) else database
        self.limits = limits or Limits()
        self._drains = True
        self._lacking: set[str] = set()
        self.vault = open_vault(self.store, keys, strict=strict)
        self.settings = Settings(self.vault, calendar, Access(identity))
        anchors = Anchors(self.vault.derive(ANCHOR), self.store.shards)
        self._work = Work(self.store, self.library, self.settings, anchors, self.clock)
        self._work.watch = self._watch = Watch(self._work)
        self._thread: threading.Thread | None = None
        self._worker: Worker | None = None

    # -- commands ---------------------------------------------------------------------------

    def start(
        self, process: str, payload: Mapping[str, Any], *, key: str | None = None, actor: str | None = None
    ) -> Case:
        """Start a case.

        Somebody who reports without a name (no actor, and none of the form's fields marked ``sealed: identity`` is
        filled in) gets a receipt, where the policy has ``[receipts.case]``: ``case.receipt``, shown once and stored
        nowhere. With it they come back, see ``reporter``.

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
        bundle = self._with_handlers(process)
        data = variables(payload, f"payload of '{process}'")
        rules = bundle.policy.receipts.get("case")
        receipt = Receipt.fresh(self.vault) if actor is None and rules is not None and rules.enabled else None
        change = self._work.start(bundle, Start(data, receipt=receipt), key=key, actor=actor)
        case = self._settled(change.case.id)
        return replace(case, receipt=receipt.number) if receipt is not None and change.receipt is not None else case

    def correlate(
        self, message: str, *, key: str | None, data: Mapping[str, Any] | None = None, actor: str | None = None
    ) -> list[Case]:
        """Deliver a message to every token that waits for it under this correlation key, and begin with it.

        A process that begins with the message, and of which no case waited for it, gets a case of this key.

        Args:
            key: None where the message only begins cases, which have no key then.

        Raises:
            NoSubscription: nothing waits for it, and no process begins with it.
            DuplicateKey: it would begin a case of a key that is taken.
            InvalidData: it would begin a case, and the data violate the intake form.
        """
        cargo = variables(data or {}, f"message '{message}'")
        reached = beginning.correlate(self._work, message, cargo, key=key, actor=actor)
        return [self._settled(case_id) for case_id in reached]

    def broadcast(self, signal: str, *, data: Mapping[str, Any] | None = None, actor: str | None = None) -> list[Case]:
        """Throw a signal from outside: to every token of every case that waits for it, and to the processes that begin
        with it. Returns the cases that heard it; there may be none.
        """
        heard = beginning.broadcast(self._work, signal, variables(data or {}, f"signal '{signal}'"), actor=actor)
        return [self._settled(case_id) for case_id in heard]

    def evaluate(self, data: Mapping[str, Any], *, actor: str | None = None) -> list[Case]:
        """Begin a case at every conditional start event whose condition holds for the data; the cases.

        Raises:
            InvalidData: the data violate the intake form of one of them.
        """
        begun = beginning.evaluate(self._work, variables(data, "data"), actor=actor)
        return [self._settled(case_id) for case_id in begun]

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

    def desk(self, actor: str) -> Desk:
        """The cases and tasks of one person, and nothing else: see ``complaintflow.facade.desk``.

        Raises:
            AccessDenied: the identity does not know them, or the engine has none.
        """
        from complaintflow.facade.desk import Desk  # most programs have no use for it, nor for the next

        return Desk(self, self._work, actor)

    def reporter(self, receipt: str) -> Reporter:
        """The case of somebody who reported without a name: see ``complaintflow.facade.reporter``.

        Args:
            receipt: its 16 digits, as they were typed.

        Raises:
            UnknownReceipt: no report has it.
            RateLimited: too many receipts were tried lately; says when to try again.
        """
        from complaintflow.facade.reporter import Reporter

        return Reporter(self, self._work, receipt)

    def settle(self, case_id: str) -> None:
        """Run the jobs of a case that a command made ready, as every command here does before it returns.

        Where the store has a queue, its workers do.
        """
        if self._drains and self.store.queue is None:
            try:
                self.worker().drain(case_id)
            except ComplaintflowError as error:
                # The command is committed: its caller must not take it for refused. A worker does the rest.
                told = about("drain-failed", case=case_id, error=type(error).__name__)
                log.error("what case %s made ready waits for a worker: %s", case_id, type(error).__name__, extra=told)

    # -- cases that the clock starts --------------------------------------------------------

    def schedule(self, process: str) -> list[Scheduled]:
        """Let the clock start cases of a process, as its timer start events say, from now on.

        What runs is the definition that this engine's layers have now, whichever worker comes by. Call it again, for
        instance whenever your application starts, to bring the schedule up to date: a timer that says what it said
        keeps its next time, a changed one is set anew, and a start event that is gone leaves the schedule.

        Raises:
            UnknownProcess, DefinitionError: the definition; InvalidDiagram: it has no start event with a timer.
            MissingHandler: the process needs a handler that is not registered.
        """
        schedule.put(self._work, self._with_handlers(process))
        return self.schedules(process)

    def unschedule(self, process: str) -> int:
        """Start no more cases of a process by the clock; those that were started go on.

        Returns how many start events it had on the schedule.
        """
        return schedule.drop(self._work, process)

    # -- background work --------------------------------------------------------------------

    def worker(self) -> Worker:
        """A worker for this engine; ``.run()`` works until it is stopped."""
        # With a queue a worker is one of many, and hears of the jobs that it can do.
        lacking = self._lacking if self.handlers_elsewhere or self.store.queue is not None else None
        notify = Notify(self.notifier)
        return Worker(self._work, Dispatcher(self._work, self.handlers, self.provided, notify, lacking=lacking))

    def start_worker(self) -> None:
        """Run a worker in a thread of this process until ``close``. Idempotent."""
        self._may_leave()
        if self._thread is not None and self._thread.is_alive():
            return
        self._worker = self.worker()
        self._thread = threading.Thread(target=self._worker.run, name="complaintflow-worker", daemon=True)
        self._thread.start()

    def drain(self) -> int:
        """Fire the timers, start the scheduled cases and run the jobs that are due now.

        Returns how many; never sleeps.
        """
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
        inner._work = Work(inner.store, self.library, self.settings, self._work.anchors, self.clock)
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

    def _with_handlers(self, process: str) -> Bundle:
        """The newest definition, if its jobs can be run. Raises MissingHandler."""
        bundle = self.library.newest(process)
        if not self.handlers_elsewhere:
            for job_type, node in bundle.program.job_types.items():
                if job_type not in BUILT_IN:
                    self.handlers.find(job_type, node.where)
        return bundle


def _open(url: str) -> Store:
    # The adapters are the outermost room; only an URL brings ours in.
    from complaintflow.adapters.sql import open_store

    return open_store(url)
