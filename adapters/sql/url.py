"""Which database a URL means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from complaintflow.errors import InvalidDatabaseUrl

if TYPE_CHECKING:
    from sqlalchemy import URL

_DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_SLASHES: Final = "use three slashes before a relative path and four before an absolute one: sqlite:///complaintflow.db"


class Address(NamedTuple):
    """A database.

    Attributes:
        url: with the driver spelled out and without what is ours alone, as SQLAlchemy takes it.
        dialect: ``sqlite`` or ``postgresql``.
        database: its name, or its file.
        query: the settings behind the question mark.
        shown: the URL as it may stand in a message.
        queued: PostgreSQL's queue is asked for.
    """

    url: str
    dialect: str
    database: str
    query: dict[str, str]
    shown: str
    queued: bool = False

    @property
    def in_memory(self) -> bool:
        """Whether the database lives in this process only."""
        memory = self.database in ("", ":memory:", "file:", "file::memory:") or self.query.get("mode") == "memory"
        return self.dialect == "sqlite" and memory

    @property
    def missing(self) -> bool:
        """Whether it is a file that is not there, and that merely connecting would create."""
        by_name = self.dialect == "sqlite" and not self.in_memory and "uri" not in self.query
        return by_name and not Path(self.database).exists()


def parse(text: str) -> Address:
    """What a URL means.

    Raises:
        InvalidDatabaseUrl: it is neither SQLite nor PostgreSQL, or misspelled. The message never has the password.
    """
    scheme, separator, rest = text.partition("://")
    if re.fullmatch(r"[\w./\\ -]+", text):  # a name or a path: nothing in it can be a password's
        advice = f"write sqlite:///{text} for a file"
        raise InvalidDatabaseUrl(f'"{text}" is no database URL', where="the database URL", advice=advice)
    if not separator or scheme not in _DRIVERS:
        shown = (
            repr(scheme) if separator and scheme.replace("+", "").isalnum() else "without a scheme such as sqlite://"
        )
        raise InvalidDatabaseUrl(f"a database URL {shown} is not one we can open", where="the database URL")
    return _sqlite(rest) if scheme.startswith("sqlite") else _postgres(text, scheme)


def _sqlite(rest: str) -> Address:
    path, _, settings = rest.partition("?")
    host, _, database = path.partition("/")
    if host:
        # Not shown: it may be a name and a password.
        raise InvalidDatabaseUrl("the SQLite URL names a host", where="the database URL", advice=_SLASHES)
    pairs = parse_qsl(settings, keep_blank_values=True)
    hidden = "&".join(f"{name}={'***' if 'password' in name.casefold() else value}" for name, value in pairs)
    shown, query = f"sqlite://{path}{'?' if hidden else ''}{hidden}", dict(pairs)
    _check_queue(query, "sqlite", shown)
    if len(query) < len(pairs):
        advice = "leave one of them out"
        raise InvalidDatabaseUrl("the SQLite URL has a setting twice", where=shown, advice=advice)
    try:
        float(query.get("timeout", 0))
    except ValueError:
        advice = "write seconds, as in ?timeout=2.5"
        raise InvalidDatabaseUrl("the timeout is not a number", where=shown, advice=advice) from None
    if "uri" not in query and (strange := sorted(query.keys() - {"timeout"})):
        what = f"SQLite knows no setting {', '.join(strange)}"
        advice = "only ?timeout= (seconds); SQLite's own need a file: URI, as in sqlite:///file:a.db?mode=ro&uri=true"
        raise InvalidDatabaseUrl(what, where=shown, advice=advice)
    file = unquote(database)
    if "\0" in file:
        raise InvalidDatabaseUrl("the SQLite URL has a NUL in it", where="the database URL", advice=_SLASHES)
    if "uri" in query and (query["uri"].casefold() not in ("true", "1") or not file.startswith("file:")):
        advice = "write ?uri=true behind a file: URI, as in sqlite:///file:a.db?mode=ro&uri=true, or leave it out"
        raise InvalidDatabaseUrl("the setting uri does not fit the file", where=shown, advice=advice)
    return Address(f"sqlite+pysqlite://{rest}", "sqlite", file, query, shown)


def _postgres(text: str, scheme: str) -> Address:
    from sqlalchemy import make_url  # here, for SQLite needs nothing of it
    from sqlalchemy.exc import ArgumentError

    try:
        place, _, settings = text.partition("?")
        if place.count("@") > 1 or ("@" in settings and "@" not in place):
            raise ValueError  # of a password: what follows it would be shown as a host, a database or a setting
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Nothing of the text is shown, and no cause: where it breaks off, a password may stand.
        what = f"the database URL beginning with {scheme}:// cannot be read"
        advice = "write special characters of the password as %40, %3A, %2F; the port is a number"
        raise InvalidDatabaseUrl(what, where="the database URL", advice=advice) from None
    query = {name: str(value) for name, value in url.query.items()}
    _check_queue(query, "postgresql", shown_url(url))
    url = url.difference_update_query(["queue"]).set(drivername=_DRIVERS[scheme])
    plain, queued = url.render_as_string(hide_password=False), query.pop("queue", None) is not None
    return Address(plain, "postgresql", url.database or "", query, shown_url(url), queued)


def _check_queue(query: dict[str, str], dialect: str, shown: str) -> None:
    queue = query.get("queue", "procrastinate")
    if queue != "procrastinate" or ("queue" in query and dialect == "sqlite"):
        what = f"there is no queue {queue!r} for this database"
        advice = "write ?queue=procrastinate behind a PostgreSQL URL, or leave it out"
        raise InvalidDatabaseUrl(what, where=shown, advice=advice)


def shown_url(url: URL) -> str:
    """An SQLAlchemy URL as it may stand in a message."""
    # A password's name may be misspelled.
    secrets = {key: "***" for key in url.query if any(part in key.casefold() for part in ("pas", "word", "pwd"))}
    return url.update_query_dict(secrets).render_as_string(hide_password=True)
