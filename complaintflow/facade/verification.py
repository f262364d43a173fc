"""Is what is stored what was written? Nobody's word is needed but the key's.

Four checks: each case's history is a chain up to the head that the case holds; each case's content opens under its own
key, in its own place; the rows that the history tells of are there; and the heads of all cases add up to the store's
head, which only the key's holder can compute.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from complaintflow.case.attaching import content_place, facts_place
from complaintflow.case.large import placed
from complaintflow.case.places import history_place, notice_place, state_place
from complaintflow.case.status import SHREDDED
from complaintflow.errors import MissingKey, UnreadableValue
from complaintflow.history.chain import broken_at
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import CaseRow, HistoryRow
    from complaintflow.work.work import Work

_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written. ``case_id`` is empty where no single case can be named."""

    case_id: str
    what: str

    def __str__(self) -> str:
        return f"case {self.case_id}: {self.what}" if self.case_id else self.what


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at, and everything that is wrong."""

    cases: int
    entries: int
    problems: tuple[Problem, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def verify_case(work: Work, case_id: str) -> Verification:
    """Check one case: its chain, and that every stored value opens. Raises UnknownCase."""
    with work.store.reading() as tx:
        row = tx.case(case_id)
        entries = tx.history(case_id)
        return Verification(1, len(entries), tuple(_check(work, tx, row, entries)))


def verify_store(work: Work, on_progress: Callable[[int], None] | None = None) -> Verification:
    """Check every case, and the head of the store.

    It reads one picture of the store, so that cases may go on meanwhile.

    Args:
        on_progress: called with the number of cases checked so far.
    """
    totals: defaultdict[int, int] = defaultdict(int)
    problems: list[Problem] = []
    cases = entries = 0
    with work.store.reading() as tx:
        page = tx.case_rows("", _PAGE)
        while page:
            for row in page:
                history = tx.history(row.id)
                problems += _check(work, tx, row, history)
                totals[work.anchors.shard(row.id)] += work.anchors.total([row])
                cases, entries = cases + 1, entries + len(history)
            if on_progress is not None:
                on_progress(cases)
            page = tx.case_rows(page[-1].id, _PAGE)
        problems += [
            Problem(
                "", f"a case vanished, or was put back to an older copy of itself (part {shard} of the store's head)"
            )
            for shard in range(work.anchors.shards)
            if not work.anchors.holds(tx.anchor(shard), totals[shard])
        ]
    return Verification(cases, entries, tuple(problems))


def _check(work: Work, tx: Transaction, row: CaseRow, entries: list[HistoryRow]) -> list[Problem]:
    broken = broken_at(entries, row.length, row.head)
    if broken is not None:
        return [Problem(row.id, f"entry {broken} of its history was changed, moved or removed")]
    if row.sealed_key is None:
        # The last entry is under the store's head, so a key that was only deleted cannot pass for a case that ended.
        ended = bool(entries) and entries[-1].event == SHREDDED
        return [] if ended else [Problem(row.id, "its key is gone, and it was not shredded")]
    try:
        codec = work.codec(row)
        state = codec.decode(state_place(row), row.state)
        said = [codec.decode(history_place(entry.seq), entry.detail)[1] for entry in entries]
        values = tx.values(row.id)
        for key, content in values.items():
            codec.decode(f"value:{key}", content)
        notices = tx.notices(row.id)
        for notice in notices:
            codec.decode(notice_place(notice.token), notice.content)
        files = tx.attachments(row.id)
        for file in files:
            codec.decode(facts_place(file.number), file.facts)
            codec.decode_bytes(content_place(file.number), tx.attachment(row.id, file.number) or b"")
    except (UnreadableValue, MissingKey) as error:
        return [Problem(row.id, error.what)]
    expected = {key for _, _, key in placed(state["marking"])}
    sent = Counter(entry.token for entry, detail in zip(entries, said, strict=True) if "notice" in detail)
    attached = {detail["number"] for entry, detail in zip(entries, said, strict=True) if entry.event == "attached"}
    missing = {
        "a large value": expected - values.keys(),
        "a notice": sent - Counter(notice.token for notice in notices),
        "an attachment": attached - {file.number for file in files},
    }
    return [Problem(row.id, f"{what} is missing that its history tells of") for what, lost in missing.items() if lost]
