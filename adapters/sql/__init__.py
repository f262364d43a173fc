"""Cases in SQLite or PostgreSQL.

``open_store`` is the way in. Reading order: ``url`` -> ``store`` -> ``pool`` and ``transaction`` (with ``sqlite`` and
``postgres`` for what differs), which writes ``changes``; ``asked`` and ``counted`` are its questions, ``queries`` and
``counting`` what is put together for them -> ``statements``, ``encoding``, ``tables``. ``schema`` creates and migrates,
``ddl`` has the words for it.
"""

from __future__ import annotations

from complaintflow.adapters.sql.store import HostedStore, SqlStore
from complaintflow.adapters.sql.url import parse


def open_store(url: str, *, create: bool = True) -> SqlStore:
    """Open the database that a URL means.

    Args:
        url: ``sqlite:///complaintflow.db`` (relative), ``sqlite:////var/lib/complaintflow.db`` (absolute), ``sqlite://``
            (in memory: one process, one transaction at a time) or ``postgresql+psycopg://user:password@host/name``
            (``postgresql://`` and ``postgres://`` mean the same). ``?timeout=2.5`` says how many seconds SQLite waits
            for another writer; SQLite's own settings go with a ``file:`` URI (``sqlite:///file:cases.db?mode=ro&uri=true``).
            psycopg's own parameters may follow on PostgreSQL. There
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
    store = SqlStore(parse(url))
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
