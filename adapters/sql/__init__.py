"""Cases in SQLite or PostgreSQL.

``open_store`` is the way in. Reading order: ``url`` -> ``store`` -> ``transaction`` (with ``sqlite`` and ``postgres``
for what differs) -> ``changes`` and ``queries`` -> ``statements``, ``encoding``, ``tables``; ``schema`` creates and
migrates.
"""

from __future__ import annotations

from complaintflow.adapters.sql.store import HostedStore, SqlStore, kind_of, open_queue
from complaintflow.adapters.sql.url import has_queue, parse


def open_store(url: str, *, create: bool = True) -> SqlStore:
    """Open the database that a URL means.

    Args:
        url: ``sqlite:///complaintflow.db`` (relative), ``sqlite:////var/lib/complaintflow.db`` (absolute), ``sqlite://``
            (in memory: one process, one transaction at a time) or ``postgresql+psycopg://user:password@host/name``
            (``postgresql://`` and ``postgres://`` mean the same). ``?timeout=2.5`` says how many seconds SQLite waits
            for another writer; psycopg's own parameters may follow on PostgreSQL. There
            ``?queue=procrastinate`` hands ready work to workers on any machine (``adapters/procrastinate``).
        create: make the tables when there are none, and upgrade older ones. Without it they must be there.

    Raises:
        InvalidDatabaseUrl: it is none of these.
        NewerDatabase: a later release wrote it.
        ForeignDatabase: the file is no database, or a table named like one of ours belongs to another application.
            Tables with other names are the host's, and left alone.
        StoreUnavailable: it does not answer, or cannot be written.
        StoreError: psycopg or procrastinate is not installed; the tables are half migrated, or missing with
            ``create=False``.
    """
    parsed, queued = parse(url), has_queue(url)
    engine = kind_of(parsed.get_backend_name()).open_engine(parsed)
    store = SqlStore(engine, open_queue(engine) if queued else None)
    try:
        if create:
            store.prepare()
        else:
            store.check()
    except BaseException:
        store.close()
        raise
    return store


__all__ = ["HostedStore", "SqlStore", "open_store"]
