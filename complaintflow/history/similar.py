"""Which complaints are similar: the groups that a policy's surges are counted in, as history keeps them in the plain.

An entry ``alike`` has the surge's name, ``hr/emergency``, and says which group the case is in from then on:

    value       ``2026-07-01T03:00:00.000000+00:00 ["delay","sales"]``: from when on the case counts there, and the
                values of the surge's facts; None: they are not all known any more

A case is in a group once all these facts are known. When one of them changes, the case leaves its group and counts in
the new one from then on; when it comes back to a group it counts there from when it first was in it, so that nobody's
correction makes one complaint into two. The entry is written in the commit that writes the facts, so whoever counts
reads one short run of an index. A case that a surge began has an entry ``surge`` in its place, and is in no group.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from complaintflow.store.counting import written

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase

ALIKE: Final = "alike"
SURGE: Final = "surge"
"""The entry of a case that a surge began: the surge's name; when it began, and the group."""
BEGUN: Final = "surge"
"""In the ledger of such a case."""
_BOOK: Final = "alike"


def look(live: LiveCase, known: Mapping[str, str | None]) -> None:
    """Write which groups the case is in now that facts have changed."""
    if BEGUN in live.ledger:
        return
    policy, at = live.bundle.policy, written(live.now)
    books: dict[str, Any] = live.ledger.setdefault(_BOOK, {})
    for name, surge in policy.surges.items():
        book = books.setdefault(name, {"in": None, "since": {}})
        if moved(book, group(known.get(fact) for fact in surge.of), at):
            live.mark(ALIKE, f"{policy.head.id}/{name}", said(book))


def group(values: Any) -> str | None:
    """The name of a group: the values of its facts, in their order; None while one is not known."""
    told = list(values)
    return None if None in told else json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def moved(book: dict[str, Any], to: str | None, at: str) -> bool:
    """Put a case into another group; False if it is there already.

    ``book`` is what is known of the case: the group it is ``in``, and ``since`` when it counts in each it ever was in.
    """
    if book["in"] == to:
        return False
    book["in"] = to
    if to is not None:
        book["since"].setdefault(to, at)
    return True


def said(book: Mapping[str, Any]) -> str | None:
    """The value of an entry."""
    now = book["in"]
    return None if now is None else f"{book['since'][now]} {now}"
