"""What the facade's ``migrate`` does before the first case is looked at: which definition, which map."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from complaintflow.errors import InvalidData
from complaintflow.migration.ahead import Ahead
from complaintflow.migration.batch import Chosen, Migration
from complaintflow.migration.batch import migrate as migrate_cases
from complaintflow.migration.mapping import Plan
from complaintflow.migration.moving import Move
from complaintflow.store.rows import BundleRow

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.work.work import Work


def migrate(
    work: Work,
    process: str,
    *,
    newest: Callable[[str], Bundle],
    cases: Collection[str] | None,
    version: str,
    to: str | None,
    mapping: Mapping[str, str],
    data: Mapping[str, Any],
    accept_missing: bool,
    dry_run: bool,
    actor: str | None,
    on_progress: Callable[[int], None] | None,
) -> Migration:
    """See ``Engine.migrate``; ``newest`` gives the definition that the layers have now."""
    chosen = Chosen(process, cases, version)
    target = newest(process) if to is None else _stored(work, process, to)
    plan = Plan(dict(mapping))
    if mapping:
        olds = {row.bundle for _, row in chosen.rows(work)} - {target.digest}
        with work.store.reading() as tx:
            programs = [work.stored(tx, digest, f"process {process}").program for digest in sorted(olds)]
        plan.check(programs, target.program)
    stored = BundleRow(target.digest, target.process_id, target.pack())
    how = Move(target, work.settings, plan, data, accept_missing, Ahead(target), stored)
    return migrate_cases(work, chosen, how, actor=actor, dry_run=dry_run, on_progress=on_progress)


def _stored(work: Work, process: str, digest: str) -> Bundle:
    """A definition that the store has.

    Raises:
        InvalidData: it has none of that digest, or that is another process.
    """
    with work.store.reading() as tx:
        there = work.library.known(digest) is not None or tx.bundle(digest) is not None
        bundle = work.stored(tx, digest, f"process {process}") if there else None
    if bundle is None or bundle.process_id != process:
        what = f"the store has no definition of '{process}' with this digest"
        raise InvalidData(what, [("to", "is not a stored definition")], advice="give all 64 digits of its digest")
    return bundle
