"""The file room of the facade: what is attached to cases, and who looked at it (LAW-1.4.2, WB-6.1.2).

What looks at files and makes bare copies of them is imported where it is called: most cases have no attachments.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, BinaryIO

from complaintflow.case.accesses import RecordAccess
from complaintflow.case.limits import Limits
from complaintflow.errors import NoSubscription, UnknownAttachment, UnreadableValue
from complaintflow.facade.reading import Reading
from complaintflow.facade.views import Attachment

if TYPE_CHECKING:
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import AttachmentRow, CaseRow


class Filing(Reading):
    """What handles attachments; an engine is one of these.

    Attributes:
        limits: how much may be attached, and of which types.
    """

    limits: Limits

    def attach(
        self,
        case_id: str,
        name: str,
        content: bytes | BinaryIO,
        *,
        content_type: str | None = None,
        actor: str | None = None,
        reason: str | None = None,
        sealed: str | None = None,
        as_is: bool = False,
    ) -> Attachment:
        """Attach a file to a case; who brought it and its digest are written into the history.

        The original is kept to the byte. In a case that somebody reported without a name, a file that comes without an
        actor is taken for the reporter's: what is kept is a copy without metadata, under a name of ours.

        Args:
            case_id: the case, or a beginning of its id.
            name: for people, without folders.
            content: the bytes, or an open binary file, which is read to its end.
            content_type: what the sender says it is; only for plain text does it add to what the content shows.
            actor: who brings it.
            reason: why.
            sealed: the class of sealed values that it belongs to, such as "identity".
            as_is: an anonymous reporter wants it kept with everything that it tells about them.

        Raises:
            UnknownCase, CaseEnded, CaseShredded: nothing can be attached.
            InvalidData: its name, size or type, or that no copy without metadata can be made; with file, limit, remedy.
        """
        from complaintflow.case.attaching import Attach, bare, is_nameless, read, telling

        with self.store.reading() as tx:
            live = self._work.load(tx, self._find(tx, case_id), actor)
            tells = telling(live, tx.subscriptions(live.row.id))
        limits = self.limits.under(live.bundle.policy)
        file = read(name, content, content_type, limits)
        if is_nameless(live) and not as_is:
            file = bare(file, limits)
        try:
            change = self._work.run(live.row.id, Attach(file, limits, reason, sealed, tells), actor)
        except NoSubscription:
            # Since it was looked at, the case has moved on; the file is taken all the same.
            change = self._work.run(live.row.id, Attach(file, limits, reason, sealed), actor)
        assert change is not None
        return self._attachment(change.case, change.attachments[0])

    def attachments(self, case_id: str) -> list[Attachment]:
        """What is attached to a case, in the order it came; none after it was shredded."""
        with self.store.reading() as tx:
            case = tx.case(self._find(tx, case_id))
            return [self._attachment(case, row) for row in tx.attachments(case.id)]

    def attachment(self, case_id: str, number: int, *, actor: str, reason: str) -> bytes:
        """Read an attachment. Who reads it and why is written into the history first, as the event "accessed".

        Args:
            case_id: the case, or a beginning of its id.
            number: which one.
            actor: who reads it.
            reason: why.

        Raises:
            UnknownCase, UnknownAttachment, CaseShredded: there is none.
            InvalidData: it is not said who or why.
            UnreadableValue: it is not what was attached.
        """
        from complaintflow.case.attaching import content_place

        with self.store.reading() as tx:
            case_id = self._find(tx, case_id)
            self._row(tx, case_id, number)
        self._work.run(case_id, RecordAccess("read", reason, content_place(number)), actor)
        return self.attached_content(case_id, number)

    def attached_content(self, case_id: str, number: int) -> bytes:
        """An attachment as it was attached, for what has written the access down itself. Raises as ``attachment``."""
        from complaintflow.case.attaching import content_place

        with self.store.reading() as tx:
            case = tx.case(case_id)
            row, sealed = self._row(tx, case_id, number), tx.attachment(case_id, number)
        assert sealed is not None
        content = self._work.codec(case).decode_bytes(content_place(number), sealed)
        if hashlib.sha256(content).hexdigest() != self._attachment(case, row).sha256:
            raise UnreadableValue("an attachment is not what was attached", where=f"case {case_id}, number {number}")
        return content

    def _row(self, tx: Transaction, case_id: str, number: int) -> AttachmentRow:
        rows = {row.number: row for row in tx.attachments(case_id)}
        if number not in rows:
            numbers = ", ".join(map(str, rows)) or "none"
            what = f"the case has no attachment {number}"
            raise UnknownAttachment(what, where=f"case {case_id}", advice=f"there are: {numbers}")
        return rows[number]

    def _attachment(self, case: CaseRow, row: AttachmentRow) -> Attachment:
        from complaintflow.case.attaching import facts_place

        facts = self._work.codec(case).decode(facts_place(row.number), row.facts)
        return Attachment(
            case_id=case.id,
            number=row.number,
            name=facts["name"],
            type=facts["type"],
            size=facts["size"],
            sha256=facts["sha256"],
            created_at=row.created_at,
            by=facts["by"],
            sealed=facts["sealed"],
            removed=tuple(facts["removed"]),
        )
