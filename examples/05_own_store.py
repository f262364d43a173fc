"""An organisation brings its own store: all cases in one JSON file.

It keeps every promise of ``complaintflow.store.port.Store``: ``tests/examples/test_own_store.py`` runs the contract
suite on it, and nothing else is asked of a store. It suits one process and some thousand cases: a
commit writes the whole file.

    python examples/05_own_store.py
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from complaintflow.errors import DuplicateKey, StaleCase, StoreError, StoreUnavailable, UnknownCase
from complaintflow.facade.engine import Engine
from complaintflow.store.counting import InPython
from complaintflow.store.rows import (
    AnchorRow,
    AttachmentRow,
    Backlog,
    BundleRow,
    CaseRow,
    Change,
    HistoryRow,
    IncidentRow,
    JobRow,
    NoticeRow,
    ScheduleRow,
    SubscriptionRow,
    TaskRow,
    TimerRow,
)

# Rows that open and close with a token, named like the fields of ``Change``.
OPEN = {
    "tasks": TaskRow,
    "timers": TimerRow,
    "subscriptions": SubscriptionRow,
    "jobs": JobRow,
    "incidents": IncidentRow,
}
ROWS: dict[str, Any] = {
    **OPEN,
    "cases": CaseRow,
    "history": HistoryRow,
    "notices": NoticeRow,
    "bundles": BundleRow,
    "schedules": ScheduleRow,
    "anchors": AnchorRow,
    "attachments": AttachmentRow,
}
PLAIN = ("values", "leases", "owners", "workers", "secrets", "receipts", "tries")
FOREVER = datetime.max.replace(tzinfo=UTC)

Tables = dict[str, dict[Any, Any]]


class FileStore:
    """Cases in a JSON file.

    There is one writer at a time, so the store's head is one row (``shards``).

    A transaction works on a copy of the tables. Its commit writes a new file, puts it in the place of the old one, and
    only then shows the copy to others: what a reader holds never changes.
    """

    shards = 1
    lasting = True
    queue = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StoreUnavailable("another process has the file open", where=str(path)) from error
        self._turn = threading.Lock()
        self._tables = load(path)

    @contextmanager
    def transaction(self) -> Iterator[FileTransaction]:
        """One writer at a time; the others wait."""
        with self._turn:
            tables = {name: dict(rows) for name, rows in self._tables.items()}
            yield FileTransaction(tables, writable=True)
            save(self._path, tables)
            self._tables = tables

    @contextmanager
    def reading(self) -> Iterator[FileTransaction]:
        """What was committed last; it waits for nobody."""
        yield FileTransaction(self._tables, writable=False)

    @property
    def folder(self) -> Path:
        """Where the file is."""
        return self._path.resolve().parent

    def listening(self, wake: Callable[[], None]) -> AbstractContextManager[object]:
        """Nothing to hear: no other process has the file."""
        return nullcontext()

    def clean(self) -> None:
        """Nothing: every commit writes the whole file anew."""

    def using(self, connection: object) -> FileStore:
        """A file has no transaction that a host could own."""
        raise StoreError("a file takes no connection of a host", where=str(self._path))

    def close(self) -> None:
        """Let another process have the file."""
        self._lock.close()


class FileTransaction(InPython):
    """Questions to the tables, and changes of them."""

    def __init__(self, tables: Tables, *, writable: bool) -> None:
        self._tables = tables
        self._writable = writable

    # -- writing ------------------------------------------------------------------------------

    def write(self, change: Change) -> None:
        """Check everything that can be refused, then change the copy."""
        self._check(change)
        case = change.case
        known = self._tables["cases"].get(case.id)
        if case.sealed_key is None:
            self._shred(case.id)
        elif known is not None:
            case = case._replace(sealed_key=known.sealed_key)  # somebody may have wrapped it anew
        self._tables["cases"][case.id] = case
        if change.anchor is not None:
            self._tables["anchors"][change.anchor.shard] = change.anchor
        for kind in OPEN:
            rows = self._tables[kind]
            for token in getattr(change, f"closed_{kind}"):
                rows.pop((case.id, token), None)
            rows.update({(case.id, row.token): row for row in getattr(change, kind)})
        for token in [*change.closed_jobs, *(job.token for job in change.jobs)]:
            for held in ("leases", "owners"):
                self._tables[held].pop((case.id, token), None)
        self._tables["history"].update({(case.id, entry.seq): entry for entry in change.history})
        for notice in change.notices:
            self._tables["notices"][case.id, len(self._tables["notices"])] = notice
        for name, content in change.values.items():
            self._tables["values"][case.id, name] = content
            if content is None:
                del self._tables["values"][case.id, name]
        for attachment in change.attachments:
            self._tables["attachments"][case.id, attachment.number] = attachment
        if change.receipt is not None:
            self._tables["receipts"][change.receipt.digest.hex()] = case.id
        if change.bundle is not None:
            self._tables["bundles"][change.bundle.digest] = change.bundle

    def _shred(self, case_id: str) -> None:
        for name in ("values", "notices", "incidents", "attachments"):
            rows = self._tables[name]
            for key in [key for key in rows if key[0] == case_id]:
                del rows[key]
        receipts = self._tables["receipts"]
        for digest in [digest for digest, owner in receipts.items() if owner == case_id]:
            del receipts[digest]

    def _check(self, change: Change) -> None:
        self._must_write()
        case = change.case
        stored = self._tables["cases"].get(case.id)
        if (0 if stored is None else stored.version) != case.version - 1:
            raise StaleCase(f"case {case.id} is not at version {case.version - 1} any more")
        if case.key is not None:
            for other in self._tables["cases"].values():
                if (other.process, other.key) == (case.process, case.key) and other.id != case.id:
                    raise DuplicateKey(f"another case of process {case.process} has the business key {case.key!r}")
        anchor = change.anchor
        if anchor is not None and self.anchor(anchor.shard).tick != anchor.tick - 1:
            raise StaleCase("somebody else moved the head of the store")
        if any((case.id, entry.seq) in self._tables["history"] for entry in change.history):
            raise StoreError("history is never overwritten", where=case.id)

    def set_schedule(
        self, before: ScheduleRow | None, after: ScheduleRow | None, bundle: BundleRow | None = None
    ) -> None:
        """Put one row in the place of another."""
        self._must_write()
        row = before or after
        assert row is not None
        key = (row.process, row.element)
        if self._tables["schedules"].get(key) != before:
            raise StaleCase(f"the schedule of {row.process} was changed meanwhile")
        self._tables["schedules"].pop(key, None)
        if after is not None:
            self._tables["schedules"][key] = after
        if bundle is not None:
            self._tables["bundles"].setdefault(bundle.digest, bundle)

    def _must_write(self) -> None:
        if not self._writable:
            raise StoreError("this transaction only reads")

    def lease_jobs(
        self,
        now: datetime,
        until: datetime,
        owner: str,
        limit: int,
        case_id: str | None = None,
        without: Sequence[str] = (),
    ) -> list[JobRow]:
        """Take jobs that nobody holds, oldest first."""
        self._must_write()
        ready = [job for job in self._of("jobs", case_id) if self._ready_at(job) <= now and job.type not in without]
        taken = sorted(ready, key=lambda job: (self._ready_at(job), job.key))[:limit]
        self._tables["leases"].update({(job.case_id, job.token): until for job in taken})
        self._tables["owners"].update({(job.case_id, job.token): owner for job in taken})
        return taken

    def give_back(self, jobs: Sequence[JobRow], owner: str, ready_at: datetime) -> None:
        """Let go of jobs that this owner holds."""
        self._must_write()
        for place in ((job.case_id, job.token) for job in jobs):
            if self._tables["owners"].get(place) == owner and place in self._tables["leases"]:
                del self._tables["owners"][place]
                self._tables["leases"][place] = ready_at

    def _ready_at(self, job: JobRow) -> datetime:
        held: datetime | None = self._tables["leases"].get((job.case_id, job.token))
        return held or job.due_at or FOREVER

    def start_anchors(self, rows: Sequence[AnchorRow]) -> None:
        """The first rows of the store's head."""
        self._must_write()
        self._tables["anchors"].update({row.shard: row for row in rows})

    def set_secret(self, name: str, wrapped: bytes, *, replace: bool = False) -> None:
        """Keep a wrapped secret of the store."""
        self._must_write()
        if replace or name not in self._tables["secrets"]:
            self._tables["secrets"][name] = wrapped

    def reseal(self, case_id: str, before: bytes, after: bytes) -> None:
        """A newly wrapped key, where the old one still is."""
        self._must_write()
        case = self.case(case_id)
        if case.sealed_key == before:
            self._tables["cases"][case_id] = case._replace(sealed_key=after)

    def beat(self, owner: str, now: datetime) -> None:
        """Note that this worker is alive."""
        self._must_write()
        self._tables["workers"][owner] = now

    # -- keys ---------------------------------------------------------------------------------

    def secret(self, name: str) -> bytes | None:
        """A wrapped secret of the store."""
        found: bytes | None = self._tables["secrets"].get(name)
        return found

    def anchor(self, shard: int) -> AnchorRow:
        """A shard of the store's head."""
        found: AnchorRow = self._tables["anchors"].get(shard, AnchorRow(shard))
        return found

    def _sealed(self, after: str) -> list[CaseRow]:
        cases = self._tables["cases"].values()
        return sorted((case for case in cases if case.sealed_key and case.id > after), key=lambda case: case.id)

    def sealed_keys(self, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Cases with their wrapped keys, in order of the id."""
        return [(case.id, case.sealed_key or b"") for case in self._sealed(after)[:limit]]

    def kept_until(self, now: datetime, after: str, limit: int) -> list[str]:
        """Cases whose retention has ended, in order of the id."""
        ended = ((case.id, case.keep_until) for case in self._sealed(after))
        return [case_id for case_id, until in ended if until is not None and until <= now][:limit]

    def look(self, case_id: str, version: int, looked_at: datetime) -> None:
        """When the end of a case's retention was first seen."""
        self._must_write()
        case = self.case(case_id)
        if case.version == version:
            self._tables["cases"][case_id] = case._replace(looked_at=looked_at)

    def case_rows(self, after: str, limit: int) -> list[CaseRow]:
        """Cases in order of the id."""
        found = (case for case in self._tables["cases"].values() if case.id > after)
        return sorted(found, key=lambda case: case.id)[:limit]

    # -- one case -----------------------------------------------------------------------------

    def _of(self, kind: str, case_id: str | None) -> list[Any]:
        return [row for row in self._tables[kind].values() if case_id in (None, row.case_id)]

    def case(self, case_id: str, shard: int | None = None) -> CaseRow:
        """Raises UnknownCase."""
        if case_id not in self._tables["cases"]:
            raise UnknownCase(f"there is no case {case_id}")
        found: CaseRow = self._tables["cases"][case_id]
        return found

    def entries(self) -> list[HistoryRow]:
        """What figures are counted from."""
        return [row for row in self._tables["history"].values() if row.name is not None]

    def values(self, case_id: str) -> dict[str, bytes]:
        """The case's large values by name."""
        return {name: content for (owner, name), content in self._tables["values"].items() if owner == case_id}

    def bundle(self, digest: str) -> bytes | None:
        """The stored files of a definition."""
        found: BundleRow | None = self._tables["bundles"].get(digest)
        return found and found.content

    def timers(self, case_id: str) -> list[TimerRow]:
        """The case's open timers, earliest first."""
        return sorted(self._of("timers", case_id), key=_due_order)

    def subscriptions(self, case_id: str) -> list[SubscriptionRow]:
        """What the case waits to hear."""
        return sorted(self._of("subscriptions", case_id), key=lambda row: row.token)

    def jobs(self, case_id: str) -> list[JobRow]:
        """The case's outbox, by token."""
        return sorted(self._of("jobs", case_id), key=lambda row: row.token)

    def history(self, case_id: str, after: int = 0) -> list[HistoryRow]:
        """Entries after the given one, in order."""
        return sorted((row for row in self._of("history", case_id) if row.seq > after), key=lambda row: row.seq)

    def notices(self, case_id: str) -> list[NoticeRow]:
        """Notices in the order they were written."""
        return self._of("notices", case_id)

    def attachments(self, case_id: str) -> list[AttachmentRow]:
        """What was attached, without the content."""
        found = sorted(self._of("attachments", case_id), key=lambda row: row.number)
        return [row._replace(content=b"") for row in found]

    def attachment(self, case_id: str, number: int) -> bytes | None:
        """The content of an attachment."""
        found: AttachmentRow | None = self._tables["attachments"].get((case_id, number))
        return found and found.content

    # -- anonymous reporters ------------------------------------------------------------------

    def receipt(self, digest: bytes) -> str | None:
        """The case that a receipt belongs to."""
        found: str | None = self._tables["receipts"].get(digest.hex())
        return found

    def count_tries(self, begun_at: datetime, by: int) -> int:
        """How many receipts were tried in this window of time, once these are counted too."""
        self._must_write()
        window = begun_at.isoformat()
        number = int(self._tables["tries"].get(window, 0)) + by
        self._tables["tries"] = {window: number}
        return number

    # -- all cases ----------------------------------------------------------------------------

    def case_ids(
        self,
        *,
        process: str | None = None,
        key: str | None = None,
        status: str | None = None,
        prefix: str | None = None,
        limit: int = 100,
    ) -> list[str]:
        """Ids of matching cases, newest first."""
        found = [
            case
            for case in self._tables["cases"].values()
            if process in (None, case.process)
            and key in (None, case.key)
            and status in (None, case.status)
            and case.id.startswith(prefix or "")
        ]
        found.sort(key=lambda case: (case.created_at, case.id), reverse=True)
        return [case.id for case in found[:limit]]

    def tasks(
        self,
        *,
        case_id: str | None = None,
        token: int | None = None,
        groups: Sequence[str] | None = None,
        user: str | None = None,
        process: str | None = None,
        due_before: datetime | None = None,
        limit: int | None = None,
    ) -> list[TaskRow]:
        """Open tasks by due time, priority and age."""
        found = (
            task
            for task in self._of("tasks", case_id)
            if token in (None, task.token)
            and (groups is None or not set(groups).isdisjoint(task.groups))
            and (user is None or user == task.assignee or user in task.users)
            and process in (None, task.process)
            and (due_before is None or (task.due_at or FOREVER) < due_before)
        )
        return list(islice(sorted(found, key=_inbox_order), limit))

    def incidents(self, case_id: str | None = None, limit: int = 100) -> list[IncidentRow]:
        """Open incidents, oldest first."""
        return sorted(self._of("incidents", case_id), key=lambda row: (row.created_at, row.id))[:limit]

    def waiting(self, kind: str, name: str, key: str | None) -> list[SubscriptionRow]:
        """Who waits for this message or signal, oldest case first."""
        found = [row for row in self._of("subscriptions", None) if (row.kind, row.name, row.key) == (kind, name, key)]
        return sorted(found, key=lambda row: (self.case(row.case_id).created_at, row.case_id, row.token))

    def due_timers(self, now: datetime, limit: int) -> list[TimerRow]:
        """Timers that are due, earliest first."""
        return sorted((row for row in self._of("timers", None) if row.due_at <= now), key=_due_order)[:limit]

    def schedules(self, process: str | None = None) -> list[ScheduleRow]:
        """What is on the schedule."""
        found = (row for row in self._tables["schedules"].values() if process in (None, row.process))
        return sorted(found, key=lambda row: (row.process, row.element))

    def due_schedules(self, now: datetime, limit: int) -> list[ScheduleRow]:
        """What the clock starts now, earliest first."""
        due = [(row.due_at, row) for row in self.schedules() if row.due_at is not None and row.due_at <= now]
        return [row for _, row in sorted(due, key=lambda found: found[0])][:limit]

    def provisional_cases(self, after: str, limit: int) -> list[str]:
        """Cases with a provisional date, in order of the id."""
        moving = (row for name in ("timers", "tasks") for row in self._of(name, None) if row.provisional)
        return sorted({row.case_id for row in moving if row.case_id > after})[:limit]

    def next_due(self) -> datetime | None:
        """The earliest time of any timer, schedule or job."""
        times = [row.due_at for row in self._of("timers", None)]
        times += [row.due_at for row in self.schedules() if row.due_at is not None]
        times += [self._ready_at(row) for row in self._of("jobs", None) if row.due_at is not None]
        return min(times, default=None)

    def backlog(self, now: datetime, alive_since: datetime) -> Backlog:
        """What is due and not done, and how many workers are alive."""
        timers = [row.due_at for row in self._of("timers", None) if row.due_at <= now]
        timers += [row.due_at for row in self.due_schedules(now, len(self._tables["schedules"])) if row.due_at]
        jobs = [row.due_at for row in self._of("jobs", None) if (row.due_at or FOREVER) <= now]
        workers = sum(seen >= alive_since for seen in self._tables["workers"].values())
        return Backlog(len(timers), len(jobs), min([*timers, *jobs], default=None), workers)


def _due_order(row: TimerRow) -> tuple[datetime, str, int]:
    return (row.due_at, row.case_id, row.token)


def _inbox_order(task: TaskRow) -> tuple[Any, ...]:
    return (task.due_at is None, task.due_at, -task.priority, task.created_at, task.id)


# -- the file ---------------------------------------------------------------------------------


def load(path: Path) -> Tables:
    """The tables in the file; empty ones if there is no file."""
    stored: dict[str, Any] = {}
    if path.exists():
        stored = json.loads(path.read_text(encoding="utf-8"), object_hook=_from_json)
    tables: Tables = {name: dict(_keyed(stored.get(name, []))) for name in (*ROWS, *PLAIN)}
    for name, kind in ROWS.items():
        tables[name] = {key: kind(*map(_hashable, row)) for key, row in tables[name].items()}
    return tables


def save(path: Path, tables: Tables) -> None:
    """Write the tables so that a crash leaves the old file or the new one, whole."""
    stored = {name: list(rows.items()) for name, rows in tables.items()}
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        json.dump(stored, file, default=_to_json, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _keyed(rows: list[list[Any]]) -> Iterator[tuple[Any, Any]]:
    for key, row in rows:
        yield _hashable(key), row


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _to_json(value: Any) -> dict[str, str]:
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    return {"bytes": b64encode(value).decode("ascii")}


def _from_json(stored: dict[str, Any]) -> Any:
    if "time" in stored:
        return datetime.fromisoformat(stored["time"])
    return b64decode(stored["bytes"]) if "bytes" in stored else stored


def main() -> None:
    """Start a case, close the file, and find the case in it again."""
    complaint = {"channel": "phone", "reporter": {"name": "Zhao Min"}, "content": "The soup arrived cold, twice."}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "complaints.json"
        store = FileStore(file)
        case = Engine(store).start("customer", complaint, key="order-17", actor="hotline")
        store.close()

        store = FileStore(file)
        again = Engine(store).case(case.id)
        print(f"{again.process} {again.key}: {again.status}, waits at {[task.element for task in again.tasks]}")
        store.close()


if __name__ == "__main__":
    main()
