"""One use case: load, step, save, commit once, and again from the start when somebody was faster."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING

from complaintflow import telemetry
from complaintflow.case.live import LiveCase, Settings
from complaintflow.definition.definition import Bundle
from complaintflow.definition.library import Library
from complaintflow.errors import UnreadableValue
from complaintflow.store.port import Store, Transaction
from complaintflow.store.rows import CaseRow, Change
from complaintflow.values import name
from complaintflow.work.fresh import until_fresh

if TYPE_CHECKING:
    from complaintflow.case.commands import Command
    from complaintflow.sealing.anchor import Anchors
    from complaintflow.sealing.vault import CaseCodec
    from complaintflow.surge.watching import Watch
    from complaintflow.time.clock import Clock


class Work:
    """Runs commands on cases: each is one transaction (D5)."""

    def __init__(self, store: Store, library: Library, settings: Settings, anchors: Anchors, clock: Clock) -> None:
        self.store = store
        self.anchors = anchors
        self.library = library
        self.settings = settings
        self.clock = clock
        # What looks over all cases after each commit of ours; the host's commit is not ours.
        self.watch: Watch | None = None

    def start(self, bundle: Bundle, command: Command, *, key: str | None, actor: str | None) -> Change:
        """Begin a case under a new random id.

        Raises:
            DuplicateKey: the key is taken.
            InvalidData: the command's data violate the intake form.
        """
        with telemetry.span("command", "commands", command=type(command).__name__, process=bundle.process_id) as seen:
            change = self._start(bundle, command, key, actor)
            seen.tell(case=change.case.id)
        if self.watch is not None:
            self.watch.after(change)
        return change

    def _start(self, bundle: Bundle, command: Command, key: str | None, actor: str | None) -> Change:
        key, actor = name(key, "key"), name(actor, "actor")
        live = LiveCase.new(secrets.token_hex(16), key, bundle, self.settings, self.clock.now(), actor)
        command.apply(live)
        change = live.change()

        def save() -> Change:
            with self.store.transaction() as tx:
                self.write(tx, live.row, change)
            return change

        return until_fresh(save)

    def write(self, tx: Transaction, before: CaseRow, change: Change) -> None:
        """Write a change of the case that was ``before``, and move the store's head with it.

        Raises:
            StaleCase, DuplicateKey, StoreError: see ``Transaction.write``.
        """
        stored = tx.anchor(self.anchors.shard(before.id))
        change.anchor = self.anchors.move(stored, before, change.case)
        tx.write(change)

    def run(self, case_id: str, command: Command, actor: str | None = None, *, happened: bool = False) -> Change | None:
        """Load the case, apply the command, save. None when the command found nothing to do.

        ``happened`` says that the command reports what has happened already, which no clock can undo.

        Raises:
            UnknownCase: there is no such case.
            StaleCase: others kept changing the case meanwhile.
            ClockWentBack: the case was last changed later than now.
            ComplaintflowError: what the command raises; nothing is written then.
        """
        with telemetry.span("command", "commands", command=type(command).__name__, case=case_id) as seen:
            change = self._run(case_id, command, actor, happened=happened)
            if change is None:
                seen.tell("nothing")
            else:
                seen.tell(process=change.case.process)
        if change is not None and self.watch is not None:
            self.watch.after(change)
        return change

    def _run(self, case_id: str, command: Command, actor: str | None, *, happened: bool) -> Change | None:
        actor = name(actor, "actor")

        def step() -> Change | None:
            with self.store.transaction() as tx:
                live = self.opened(tx, case_id, actor)
                if not happened:
                    live.require_time(self.clock.now())
                try:
                    command.apply(live)
                    change = live.change() if live.moved else None
                finally:
                    # Before whatever came of it: a command may refuse what it could only read as null.
                    live.large.require_read()
                if change is not None:
                    self.write(tx, live.row, change)
            return change

        return until_fresh(step)

    def load(self, tx: Transaction, case_id: str, actor: str | None = None) -> LiveCase:
        """The case as stored, whole: it can be read after the transaction too.

        Raises:
            as ``opened``.
        """
        live = self.opened(tx, case_id, actor)
        live.large.keep()
        return live

    def opened(self, tx: Transaction, case_id: str, actor: str | None = None) -> LiveCase:
        """The case as stored, ready to play; its large values are fetched when something reads them.

        Raises:
            UnknownCase: there is no such case.
            CaseShredded: its content was destroyed.
            MissingKey, UnreadableValue: its definition or state does not open.
        """
        row = tx.case(case_id, self.anchors.shard(case_id))
        values, tasks = partial(tx.values, case_id), partial(tx.tasks, case_id=case_id)
        # Clocks of several machines differ a little; a case never goes back in time.
        now = max(self.clock.now(), row.updated_at)
        live = LiveCase.open(row, values, tasks, self.bundle(tx, row), self.settings, now, actor)
        live.stored_history = partial(tx.history, case_id)
        return live

    def bundle(self, tx: Transaction, row: CaseRow) -> Bundle:
        """The definition a case runs on: the one it started with."""
        return self.stored(tx, row.bundle, f"case {row.id}")

    def stored(self, tx: Transaction, digest: str, owner: str) -> Bundle:
        """A stored definition; ``owner`` is whose it is, for the reader of an error.

        Raises:
            UnreadableValue: it is missing or was changed.
        """
        known = self.library.known(digest)
        if known is not None:
            return known
        content = tx.bundle(digest)
        if content is None:
            raise UnreadableValue("the stored definition is missing", where=f"{owner}, bundle {digest}")
        bundle = Bundle.unpack(content)
        if bundle.digest != digest:
            raise UnreadableValue("a stored definition was changed", where=f"{owner}, bundle {digest}")
        return self.library.remember(bundle)

    def codec(self, row: CaseRow) -> CaseCodec:
        """What opens the stored values of a case. Raises CaseShredded, MissingKey, UnreadableValue."""
        return self.settings.vault.open(row.id, row.sealed_key)
