"""How a case stands, as its row says."""

from __future__ import annotations

from typing import Final

ACTIVE: Final = "active"
SUSPENDED: Final = "suspended"
COMPLETED: Final = "completed"
CANCELLED: Final = "cancelled"
SHREDDED: Final = "shredded"

# Cases that are not over.
OPEN: Final = frozenset({ACTIVE, SUSPENDED})

# In the ledger of a case that is cancelled as soon as the listeners of its tasks have been heard.
CANCELLING: Final = "cancelling"
