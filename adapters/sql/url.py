"""Which database a URL means."""

from __future__ import annotations

from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from complaintflow.errors import InvalidDatabaseUrl

_DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def parse(text: str) -> URL:
    """The URL with the driver spelled out.

    Raises:
        InvalidDatabaseUrl: it is neither SQLite nor PostgreSQL, or misspelled. The message never has the password.
    """
    scheme, separator, _ = text.partition("://")
    if not separator or scheme not in _DRIVERS:
        shown = (
            repr(scheme) if separator and scheme.replace("+", "").isalnum() else "without a scheme such as sqlite://"
        )
        raise InvalidDatabaseUrl(f"a database URL {shown} is not one we can open", where="the database URL")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # Nothing of the text is shown, and no cause: where it breaks off, a password may stand.
        what = f"the database URL beginning with {scheme}:// cannot be read"
        advice = "write special characters of the password as %40, %3A, %2F; the port is a number"
        raise InvalidDatabaseUrl(what, where="the database URL", advice=advice) from None
    if scheme.startswith("sqlite") and (url.host or url.username or url.password or url.port):
        advice = "use three slashes before a relative path and four before an absolute one: sqlite:///complaintflow.db"
        raise InvalidDatabaseUrl("the SQLite URL names a host", where=shown_url(url), advice=advice)
    if scheme.startswith("sqlite"):
        _check_timeout(url)
    _check_queue(url)
    return url.difference_update_query(["queue"]).set(drivername=_DRIVERS[scheme])


def has_queue(text: str) -> bool:
    """Whether a URL that ``parse`` took asks for the queue."""
    return "queue" in make_url(text).query


def _check_queue(url: URL) -> None:
    queue = url.query.get("queue", "procrastinate")
    if queue != "procrastinate" or ("queue" in url.query and url.get_backend_name() == "sqlite"):
        what = f"there is no queue {queue!r} for this database"
        advice = "write ?queue=procrastinate behind a PostgreSQL URL, or leave it out"
        raise InvalidDatabaseUrl(what, where=shown_url(url), advice=advice)


def _check_timeout(url: URL) -> None:
    try:
        float(str(url.query.get("timeout", 0)))
    except ValueError:
        advice = "write seconds, as in ?timeout=2.5"
        raise InvalidDatabaseUrl("the timeout is not a number", where=shown_url(url), advice=advice) from None


def shown_url(url: URL) -> str:
    """The URL as it may stand in a message."""
    secrets = {key: "***" for key in url.query if "password" in key.casefold()}
    return url.update_query_dict(secrets).render_as_string(hide_password=True)
