"""What people read or took of a case, written down: who, what, why (WB-6.1.2, WB-6.1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from complaintflow.errors import InvalidData
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase

PURPOSES: Final = ("read", "copy", "print", "publish")


@dataclass(frozen=True, slots=True)
class RecordAccess:
    """Somebody read or took material of the case; ``material`` names a sealed field, an attachment, or nothing."""

    purpose: str
    reason: str
    material: str = ""

    def apply(self, live: LiveCase) -> None:
        """Raises InvalidData when it is not said who, what or why."""
        problems = []
        if self.purpose not in PURPOSES:
            problems.append(("purpose", f"is none of {', '.join(PURPOSES)}"))
        if not self.reason.strip():
            problems.append(("reason", "is needed"))
        if not (live.actor or "").strip():
            problems.append(("actor", "is needed"))
        if problems:
            raise InvalidData("an access is recorded with who, what and why", problems, where=f"case {live.row.id}")
        material: dict[str, Any] = {"material": self.material} if self.material else {}
        live.record("accessed", purpose=self.purpose, reason=self.reason, **material)


@dataclass(frozen=True, slots=True)
class Copy:
    """Somebody copies a whole case into an archive bundle."""

    reason: str

    def apply(self, live: LiveCase) -> None:
        """Raises AccessDenied: the policy does not let them; InvalidData: it is not said who or why."""
        live.permit.operation("export")
        RecordAccess("copy", self.reason, "archive").apply(live)
