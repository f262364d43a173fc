"""What may be attached to a case: how much, and of which types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from complaintflow.records import dataclass
from complaintflow.scrub.endings import ENDINGS

if TYPE_CHECKING:
    from complaintflow.policy.policy import Policy

MEGABYTE: Final = 1_000_000
TYPES: Final = frozenset(ENDINGS)
"""Pictures, documents, text, mail, sound and film; nothing that runs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that an engine lets in.

    Attributes:
        file_bytes: of one file.
        case_bytes: of all files of a case.
        types: content types, or families of them as "image/*"; what a file is, its content says.
    """

    file_bytes: int = 25 * MEGABYTE
    case_bytes: int = 100 * MEGABYTE
    types: frozenset[str] = TYPES

    def under(self, policy: Policy) -> Limits:
        """The limits of a case: a policy's ``[attachments.case]`` may narrow them."""
        rule = policy.attachments.get("case")
        if rule is None:
            return self
        return Limits(
            min(self.file_bytes, (rule.file_megabytes or self.file_bytes) * MEGABYTE),
            min(self.case_bytes, (rule.case_megabytes or self.case_bytes) * MEGABYTE),
            self.types if rule.types is None else _both(self.types, frozenset(rule.types)),
        )

    def allows(self, kind: str) -> bool:
        """Whether a content type is among them."""
        return _is_among(kind, self.types)


def _both(some: frozenset[str], others: frozenset[str]) -> frozenset[str]:
    """What either side names and the other allows."""
    return frozenset(kind for kind in some | others if _is_among(kind, some) and _is_among(kind, others))


def _is_among(kind: str, types: frozenset[str]) -> bool:
    return kind in types or f"{kind.partition('/')[0]}/*" in types
