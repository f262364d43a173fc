"""One step of bringing older tables up to date: a revision's changes to the tables, or a batch of the rows it moves.

A revision is a file in ``migrations/versions``. Its ``upgrade`` changes tables, in one transaction with the stamp:
after an interruption it has happened or it has not. Where data have to move too, it has beside that

    def move(connection, limit): ...     move at most so many rows that are not moved yet; return how many
    def left(connection): ...            optional: how many are not moved yet, for whoever watches

and is stamped ``0005.moving`` until ``move`` has returned 0. Each batch is a transaction of its own, and finds by the
data what is left: whoever is interrupted goes on there, on another machine too. ``move`` must not care whether it is
called once more, and may be called by several processes, one after the other. Alembic is loaded only here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from complaintflow.adapters.sql.tables import MOVING
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from sqlalchemy import Connection

BATCH: Final = 2_000
"""Rows in one transaction: some tens of milliseconds in which others wait."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a step did.

    Attributes:
        revision: of which migration.
        moved: rows moved by this step; 0 when the tables were changed, or nothing was left.
        left: how many are left, where the migration says.
    """

    revision: str
    moved: int
    left: int | None = None


def advance(connection: Connection, found: str | None, folder: Path) -> Step:
    """Do the next step, in the transaction that the connection is in.

    Args:
        found: the stamp: a revision, a revision that moves, or None for an empty database.
        folder: where the migrations are.
    """
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    if found is not None and found.endswith(MOVING):
        revision = found.removesuffix(MOVING)
        return _move(connection, revision, scripts.get_revision(revision).module)
    revision = min(script.revision for script in scripts.walk_revisions() if script.revision > (found or ""))
    command.upgrade(config, revision)
    module = scripts.get_revision(revision).module
    if not hasattr(module, "move"):
        return Step(revision, 0)
    _stamp(connection, revision + MOVING)
    return Step(revision, 0, _left(connection, module))


def _move(connection: Connection, revision: str, module: Any) -> Step:
    moved: int = module.move(connection, BATCH)
    if not moved:
        _stamp(connection, revision)
    return Step(revision, moved, _left(connection, module) if moved else 0)


def _left(connection: Connection, module: Any) -> int | None:
    counted: int | None = module.left(connection) if hasattr(module, "left") else None
    return counted


def _stamp(connection: Connection, revision: str) -> None:
    connection.exec_driver_sql(f"UPDATE cf_schema SET version_num = '{revision}'")  # noqa: S608  (a number of four digits)
