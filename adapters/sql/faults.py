"""Driver errors as errors of ours: what happened, in which database, what to do. Never the values in the rows."""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Callable
from difflib import get_close_matches
from importlib import import_module
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar
from urllib.parse import quote_plus

from complaintflow.errors import CaseError, ForeignDatabase, InvalidDatabaseUrl, StaleCase, StoreError, StoreUnavailable

_P = ParamSpec("_P")
_R = TypeVar("_R")

_BUSY: Final = "another process holds the database; try again, or give the URL a longer ?timeout= (seconds)"
_RIGHT: Final = "grant it the tables named cf_*; to make them it must own the database, or have CREATE on its schema"
_REFUSED: Final = "mend what it names: user, password and database are those of the URL, and are made on the server"
_START: Final = "start the server, or correct the database URL"
ALL_IN_USE: Final = "leave a transaction before the next; or use more processes"
# How psycopg and libpq refuse a setting, before anything is sent.
_SETTING: Final = re.compile(
    r'invalid (?:connection option|URI query parameter:) "(?P<unknown>[^"]*)"|bad value for (?P<bad>\w+)'
)
_SCHEMA: Final = "open the database once with create=True, or call store.upgrade()"

_LOST: Final = "what this connection had prepared belongs to another session"
_POOLER: Final = "try again; a pooler between here and the server has to lend whole sessions"

# By the first letters of the error's name, the most telling ones first.
_SQLITE: Final = (
    ("SQLITE_BUSY_SNAPSHOT", StaleCase, "another transaction was in the way", ""),
    ("SQLITE_BUSY", StoreUnavailable, "the database is locked", _BUSY),
    ("SQLITE_LOCKED", StoreUnavailable, "the database is locked", _BUSY),
    ("SQLITE_READONLY", StoreUnavailable, "the database cannot be written", "make the file and its folder writable"),
    ("SQLITE_CANTOPEN", StoreUnavailable, "the database file cannot be opened", "create its folder, check its rights"),
    ("SQLITE_FULL", StoreUnavailable, "the disk is full", "make room; nothing was written"),
    ("SQLITE_IOERR", StoreUnavailable, "the disk does not answer", "check the disk; nothing was written"),
    ("SQLITE_CORRUPT", StoreUnavailable, "the database file is damaged", "restore it from a backup"),
    ("SQLITE_NOTADB", ForeignDatabase, "the file is not an SQLite database", ""),
)
# By SQLSTATE, or its class.
_POSTGRES: Final = (
    ("40001", StaleCase, "another transaction was in the way", ""),
    ("40P01", StaleCase, "another transaction was in the way", ""),
    ("25P02", StoreError, "a statement of this transaction had failed, and all of it is rolled back", "begin anew"),
    ("25006", StoreUnavailable, "the database cannot be written", "connect to the primary server"),
    ("42P01", StoreError, "a table of complaintflow is missing", _SCHEMA),
    ("42703", StoreError, "a column of complaintflow is missing", _SCHEMA),
    ("0A000", StoreUnavailable, "the tables were changed meanwhile", "try again"),
    ("26000", StoreUnavailable, _LOST, _POOLER),
    ("42P05", StoreUnavailable, _LOST, _POOLER),
    ("42501", StoreUnavailable, "the database user lacks a right ({said})", _RIGHT),
    ("53", StoreUnavailable, "the database server is full", "free its disk, memory or connections"),
    ("57014", StoreUnavailable, "a statement took longer than the database allows", "raise its statement_timeout"),
    ("57", StoreUnavailable, "the database server broke the connection off", "try again when it is up"),
    ("55P03", StoreUnavailable, "the database is locked", "try again"),
    ("08", StoreUnavailable, "the database does not answer", _START),
)


class _Placed(Protocol):
    where: str  # the database, for the reader of an error


_S = TypeVar("_S", bound=_Placed)


def translated(error: Exception, where: str) -> StoreError | CaseError | None:
    """The error to raise instead, or None when a driver has nothing to do with it."""
    # By name, for whoever opens a file does not load SQLAlchemy.
    module, name = type(error).__module__, type(error).__name__
    if module == "sqlalchemy.exc" and name == "TimeoutError":
        what = "all connections to the database are in use"
        return StoreUnavailable(what, where=where, advice=ALL_IN_USE)
    cause: BaseException = getattr(error, "orig", None) or error
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause, where)
    if type(cause).__module__.split(".")[0] == "psycopg":
        return _from_postgres(cause, where)
    if module.split(".")[0] == "sqlalchemy":
        return StoreError(f"the database refused a statement ({name})", where=where)
    return None


def _from_sqlite(cause: sqlite3.Error, where: str) -> StoreError | CaseError:
    name = getattr(cause, "sqlite_errorname", "")
    for beginning, kind, what, advice in _SQLITE:
        if name.startswith(beginning):
            return kind(what, where=where, advice=advice)
    if "no such table" in str(cause) or "has no column" in str(cause) or "no such column" in str(cause):
        return StoreError("a table or column of complaintflow is missing", where=where, advice=_SCHEMA)
    return StoreError(f"SQLite refused a statement: {cause}", where=where)


def _from_postgres(cause: BaseException, where: str) -> StoreError | CaseError:
    state: str | None = getattr(cause, "sqlstate", None)
    if state is None:
        if type(cause).__name__ in ("OperationalError", "ConnectionTimeout", "PipelineAborted"):
            # The server's own words ("database x does not exist"): they have no password in them, and no row.
            said = (str(cause).strip().splitlines() or [""])[0]
            if "FATAL:" in said:
                what = f"the database server refuses the connection ({said})"
                return StoreUnavailable(what, where=where, advice=_REFUSED)
            what = f"the database does not answer ({said})" if said else "the database does not answer"
            return StoreUnavailable(what, where=where, advice=_START)
        return _of_setting(cause, where) or StoreError(
            f"the PostgreSQL driver refused a statement ({type(cause).__name__})", where=where
        )
    # Only the first line: the details may quote a row.
    primary = getattr(getattr(cause, "diag", None), "message_primary", None) or type(cause).__name__
    for beginning, kind, what, advice in _POSTGRES:
        if state.startswith(beginning):
            return kind(what.format(said=primary), where=where, advice=advice)
    return StoreError(f"PostgreSQL refused a statement: {primary}", where=where)


def _of_setting(cause: BaseException, where: str) -> StoreError | None:
    """The error for a setting that the driver refuses; its value may be a secret, and is hidden."""
    found = _SETTING.match(str(cause))
    if found is None:
        return None
    if found["unknown"]:
        return unknown_setting(found["unknown"], where)
    what = f'the setting "{found["bad"]}" has a value that PostgreSQL does not take'
    return InvalidDatabaseUrl(what, where=_hidden(found["bad"], where), advice="correct it, or leave it out")


def settings() -> list[str]:
    """What may stand behind a PostgreSQL URL's question mark, but for what is ours."""
    return [option.keyword.decode() for option in import_module("psycopg.pq").Conninfo.get_defaults()]


def unknown_setting(name: str, where: str) -> InvalidDatabaseUrl:
    """The error for one that is not among them."""
    near = get_close_matches(name, ["queue", *settings()], 1)
    advice = (f'did you mean "{near[0]}"? ' if near else "") + "otherwise leave it out; ?queue=procrastinate is ours, "
    advice += "all others are those of libpq, as ?sslmode=require"
    return InvalidDatabaseUrl(f'PostgreSQL knows no setting "{name}"', where=_hidden(name, where), advice=advice)


def _hidden(name: str, where: str) -> str:
    return re.sub(rf"(?<=[?&]){re.escape(quote_plus(name))}=[^&]*", f"{quote_plus(name)}=***", where)


def answers(method: Callable[Concatenate[_S, _P], _R]) -> Callable[Concatenate[_S, _P], _R]:
    """Decorate a method of an object that has ``where``: whatever its driver raises leaves as an error of ours."""

    @functools.wraps(method)
    def answering(self: _S, /, *args: _P.args, **options: _P.kwargs) -> _R:
        try:
            return method(self, *args, **options)
        except (StoreError, CaseError):
            raise
        except Exception as error:
            ours = translated(error, self.where)
            if ours is None:
                raise
            raise ours from error

    return answering
