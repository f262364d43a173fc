"""``complaintflow upgrade``: the tables of an older release are brought up to date."""

from __future__ import annotations

import sys
from typing import Final

import click

from complaintflow.cli.look import aside, say
from complaintflow.cli.session import Session, command

# How many rows are moved between two lines where the output is not a terminal.
_LINE: Final = 100_000


@command("upgrade")
def upgrade_command(session: Session) -> None:
    """Bring the database's tables to the schema of this release, and say how far it is.

    Every command does so when it opens the database; this one only shows it, for a store of many cases. It may be
    interrupted at any time, and goes on where it stopped. Stop the workers of the older release first.
    """
    from complaintflow.adapters.sql import SqlStore
    from complaintflow.adapters.sql.tables import REVISION
    from complaintflow.adapters.sql.url import parse
    from complaintflow.facade.runner import database_url

    if session.app:
        raise click.UsageError("name the database: --database URL")
    store = SqlStore(parse(session.database or database_url()))
    aside(f"Older tables come to schema {REVISION}; with many cases that takes minutes, and whoever writes waits.")
    try:
        store.upgrade(_Progress())
        store.prepare()
    finally:
        store.close()
    say(f"The database has schema {REVISION}.")


class _Progress:
    """One line, rewritten on a terminal; elsewhere a line every so often."""

    def __init__(self) -> None:
        self.said = 0

    def __call__(self, revision: str, moved: int, left: int | None) -> None:
        line = f"schema {revision}" + (f": {moved:,} rows moved" if moved else "")
        line += f", {left:,} left" if left else ""
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[2K{line}", nl=not left, err=True)
        elif not moved or moved >= self.said + _LINE or not left:
            self.said = moved
            aside(line)
