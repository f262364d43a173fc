"""A file becomes part of a case: looked at, held to the limits, and for an anonymous reporter replaced by a bare copy.

What staff attach stays as it is, to the byte (LAW-1.4.2). What somebody without a name brings is kept without what it
tells of its maker, under a name of ours, and the digest is the copy's: that of the original would fit the
file on their device.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from complaintflow.case.events import Deliver
from complaintflow.case.limits import MEGABYTE, Limits
from complaintflow.errors import InvalidData
from complaintflow.records import NamedTuple, dataclass
from complaintflow.scrub.endings import ENDINGS, UNKNOWN
from complaintflow.scrub.kinds import sniff
from complaintflow.scrub.refusal import Unscrubbed
from complaintflow.scrub.scrubbing import scrub
from complaintflow.store.rows import AttachmentRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from complaintflow.case.live import LiveCase
    from complaintflow.store.rows import SubscriptionRow

REPORTER: Final = "reporter"
"""The actor of everything that an anonymous reporter does."""

_LONGEST_NAME: Final = 255
_BAD_NAME: Final = re.compile("[\x00-\x1f\x7f/\\\\\u202a-\u202e\u2066-\u2069]")
# What the sender may say more closely than the content does.
_TEXTS: Final = frozenset({"text/plain", "text/csv", "text/markdown", "text/tab-separated-values"})


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was handed over, or a copy of it.

    Attributes:
        name: for people, without folders.
        content: whole.
        type: what it is, by its content.
        removed: what was left out of a copy; None: it is the original.
    """

    name: str = field(repr=False)
    content: bytes = field(repr=False)
    type: str
    removed: tuple[str, ...] | None = None


def read(name: str, content: bytes | BinaryIO, content_type: str | None, limits: Limits) -> File:
    """Take a file in, without reading more than the limit.

    Raises:
        InvalidData: it has no usable name, is empty or too large, or is of a type that is not taken.
    """
    if not 0 < len(name) <= _LONGEST_NAME or _BAD_NAME.search(name) or name in (".", "..") or not name.strip():
        what = f"a file needs a name of at most {_LONGEST_NAME} characters, without folders and control characters"
        raise InvalidData(what, [("name", "cannot be used")], advice="give its bare name, such as letter.pdf")
    data = content if isinstance(content, bytes) else content.read(limits.file_bytes + 1)
    if not data:
        raise _refused(name, "is empty", "choose the file again")
    _must_fit(name, data, limits)
    kind = sniff(data)
    said = (content_type or "").partition(";")[0].strip().lower()
    if not limits.allows(kind):
        raise _refused(name, _unwanted(kind), "save it as a PDF, a picture or plain text")
    return File(name, data, said if kind == "text/plain" and said in _TEXTS else kind)


def bare(file: File, limits: Limits) -> File:
    """The copy of a file that does not tell whose it was.

    Raises:
        InvalidData: none can be made, or it is larger than a file may be.
    """
    try:
        copy = scrub("text/plain" if file.type in _TEXTS else file.type, file.content)
    except Unscrubbed as refusal:
        what = f"may tell who you are: {refusal}"
        advice = f"{refusal.advice}; or say that it shall be kept as it is (as_is=True)"
        raise _refused(file.name, what, advice) from None
    _must_fit(file.name, copy.content, limits)
    return replace(file, content=copy.content, removed=("name of the file", *copy.removed))


def is_nameless(live: LiveCase) -> bool:
    """Whether a file that now comes is that of a reporter whom nobody knows."""
    return bool(live.ledger.get("anonymous")) and live.actor in (None, REPORTER)


class Telling(NamedTuple):
    """How a reporter's word comes to those who work on the case: a message that is waited for, and its variable."""

    token: int
    message: str
    variable: str
    key: str | None


def telling(live: LiveCase, heard: Iterable[SubscriptionRow]) -> Telling | None:
    """How word of a reporter's file is given, as ``[receipts.case] files`` says; None where nothing waits for it."""
    rules = live.bundle.policy.receipts.get("case")
    if rules is None or live.actor != REPORTER or live.suspended:
        return None
    words = (row for row in heard if row.kind == "message" and row.name in rules.files)
    return next((Telling(row.token, row.name, rules.files[row.name], row.key) for row in words), None)


@dataclass(frozen=True, slots=True)
class Attach:
    """A file is attached to a case.

    Attributes:
        file: it.
        limits: of the case.
        reason: why; kept with the history.
        sealed: the class of values it belongs to, such as "identity"; None: it is like the case itself.
        tells: what waits in the case for word of it.
    """

    file: File
    limits: Limits
    reason: str | None = field(default=None, repr=False)
    sealed: str | None = None
    tells: Telling | None = None

    def apply(self, live: LiveCase) -> None:
        """Raises CaseEnded; InvalidData: the case has too much; NoSubscription: nobody waits for word of it now."""
        live.require_open()
        file = self.file
        count, total = live.ledger.get("attached", (0, 0))
        number, size = count + 1, len(file.content)
        if total + size > self.limits.case_bytes:
            what = (
                f"does not fit: all files of a case may have {_shown(self.limits.case_bytes)}, {_shown(total)} are used"
            )
            raise _refused(file.name, what, _SMALLER)
        live.ledger["attached"] = [number, total + size]
        facts: dict[str, Any] = {
            "name": file.name if file.removed is None else f"attachment-{number}.{ENDINGS.get(file.type, 'txt')}",
            "type": file.type,
            "size": size,
            "sha256": hashlib.sha256(file.content).hexdigest(),
            "sealed": self.sealed,
            "removed": file.removed or (),
        }
        sealed = live.codec.encode_bytes(content_place(number), file.content)
        described = live.codec.encode(facts_place(number), {**facts, "by": live.actor})
        live.attachments.append(AttachmentRow(live.row.id, number, live.now, len(sealed), described, sealed))
        live.record("attached", number=number, reason=self.reason, **facts)
        if self.tells is not None:
            token, message, variable, key = self.tells
            Deliver(token, message, {variable: f"{facts['name']} ({file.type})"}, key).apply(live)


def content_place(number: int) -> str:
    """Where an attachment's content is sealed to."""
    return f"attachment:{number}"


def facts_place(number: int) -> str:
    """Where an attachment's name, type and digest are sealed to."""
    return f"attachment:{number}:facts"


def _must_fit(name: str, content: bytes, limits: Limits) -> None:
    if len(content) > limits.file_bytes:
        what = f"has more than {_shown(limits.file_bytes)}, the most that one file may have"
        raise _refused(name, what, _SMALLER)


_SMALLER: Final = "send a smaller copy, or several files"


def _refused(name: str, what: str, advice: str) -> InvalidData:
    return InvalidData(f"the file '{name}' {what}", [(name, what)], advice=advice)


def _unwanted(kind: str) -> str:
    if kind == UNKNOWN:
        return "is of a kind that is not known here"
    return f"is of the type {kind}, which is not taken here"


def _shown(size: int) -> str:
    return f"{size / MEGABYTE:g} MB" if size % 100_000 == 0 else f"{size / MEGABYTE:.1f} MB"
