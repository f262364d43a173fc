"""The archivist's side of the facade: is it whole, how long is it kept, who holds the keys.

What does the work is imported where it is called: few programs do.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from complaintflow.case.accesses import Copy
from complaintflow.facade.filing import Filing

if TYPE_CHECKING:
    from complaintflow.facade.retention import Purged
    from complaintflow.facade.verification import Verification
    from complaintflow.sealing.vault import Vault


class Keeping(Filing):
    """What keeps cases whole, and ends them; an engine is one of these.

    Attributes:
        vault: the keys of all cases.
    """

    vault: Vault

    def verify(self, case_id: str | None = None, *, on_progress: Callable[[int], None] | None = None) -> Verification:
        """Prove that a case, or the whole store, is as it was written.

        Args:
            case_id: the case, or a beginning of its id; None checks all of them, and that none is missing.
            on_progress: called with the number of cases checked so far.

        Raises:
            UnknownCase: there is no such case.
        """
        from complaintflow.facade.verification import verify_case, verify_store

        if case_id is None:
            return verify_store(self._work, on_progress)
        return verify_case(self._work, self._whole_id(case_id))

    def evidence(self, case_id: str) -> dict[str, Any]:
        """A case's history as a signed document that a third party checks. See ``complaintflow.facade.evidence``.

        Raises:
            UnknownCase: there is no such case.
        """
        from complaintflow.facade.evidence import evidence

        with self.store.reading() as tx:
            row = tx.case(self._find(tx, case_id))
            return evidence(self.vault, row, tx.history(row.id), self.clock.now())

    def export(self, case_id: str, file: str | Path, *, actor: str, reason: str) -> list[str]:
        """Copy a case into an archive bundle, see ``complaintflow.facade.archive``. What is in it is plain, not sealed.

        That it was copied, by whom and why is written into the case's history first.

        Args:
            case_id: the case, or a beginning of its id.
            file: a ZIP file that is not there yet.

        Returns:
            the paths of the files in it.

        Raises:
            UnknownCase, CaseShredded: there is nothing to copy.
            AccessDenied: the policy does not let the actor.
            InvalidData: it is not said who or why, or the file is there already or cannot be written.
        """
        from complaintflow.facade import archive
        from complaintflow.facade.evidence import signed

        path, case_id = Path(file), self._whole_id(case_id)
        archive.require_new(path)
        self._work.run(case_id, Copy(reason), actor)
        case, now = self.case(case_id), self.clock.now()
        head = {
            "case": case.id,
            "key": case.key,
            "process": case.process,
            "status": case.status,
            "created_at": case.created_at,
            "updated_at": case.updated_at,
            "definition": self.bundle(case_id).digest,
            "copied_at": now,
            "copied_by": actor,
            "reason": reason,
        }
        files = archive.contents(
            head,
            case.variables,
            self.history(case_id),
            self.notices(case_id),
            self.evidence(case_id),
            self.bundle(case_id),
            [(file, self.attached_content(case_id, file.number)) for file in self.attachments(case_id)],
        )
        archive.write(path, files, signed(self.vault, archive.manifest(files, case_id, now)), now)
        return ["manifest.json", *files]

    @property
    def public_key(self) -> str:
        """What the store signs evidence with, 64 hexadecimal digits; give it to the auditor beforehand."""
        from complaintflow.facade.evidence import public_key

        return public_key(self.vault)

    def hold(self, case_id: str, reason: str, *, actor: str | None = None) -> None:
        """Keep a case whatever its retention period says, until ``end_hold``.

        Raises:
            UnknownCase, CaseShredded: there is nothing to keep.
            AccessDenied: the policy does not let the actor.
            InvalidData: no reason is given.
        """
        self._hold(case_id, True, reason, actor)

    def end_hold(self, case_id: str, reason: str, *, actor: str | None = None) -> None:
        """The policy's retention period counts again. Raises as ``hold``."""
        self._hold(case_id, False, reason, actor)

    def purge(self, *, dry_run: bool = False, on_progress: Callable[[int], None] | None = None) -> Purged:
        """Shred the cases whose period was over a day ago too, and overwrite what they left in the store's files.

        Args:
            dry_run: only say what would be shredded now; it does not count as a look.
            on_progress: called with the number of cases looked at so far.

        Raises:
            StoreUnavailable: others use the store all the time; what was shredded stays shredded.
        """
        from complaintflow.facade.retention import purge

        done = purge(self._work, on_progress, dry_run=dry_run)
        if done.shredded and not dry_run:
            self.store.clean()
        return done

    def rotate_keys(self, *, on_progress: Callable[[int], None] | None = None) -> int:
        """Wrap all cases' keys with the newest key-encryption key; cases go on meanwhile.

        Args:
            on_progress: called with the number of cases seen so far.

        Returns:
            how many were wrapped anew; at 0 the older keys are not needed any more.

        Raises:
            MissingKey: the key that one was wrapped with is not there.
        """
        from complaintflow.sealing.rotation import rotate

        return rotate(self.store, self.vault, on_progress)

    def _hold(self, case_id: str, held: bool, reason: str, actor: str | None) -> None:
        from complaintflow.facade.retention import Hold

        self._work.run(self._whole_id(case_id), Hold(held, reason), actor)

    def _whole_id(self, case_id: str) -> str:
        with self.store.reading() as tx:
            return self._find(tx, case_id)
