"""Facts: what a policy wants counted, written into the history in the plain (``[facts]`` in policy.toml).

An entry ``fact`` has the name, ``hr/accepted``, and the value as text; a later one of the same name takes its place,
and one without a value says that it is not known any more. A fact is asked again when a variable that it reads got
another value, and once more when the case ends; it is written only if it changed.

    category   a text of at most 100 characters
    boolean    "true", "false"
    number     digits, as "12.5"
    money      digits with two decimals, as "500.00"; a context gives several, ``wedding-client/cost/supplier``
    person     a pseudonym: HMAC-SHA-256 of the id or name under a secret of the store, 24 hexadecimal digits

Names never stand there. Which category a value is comes from the policy's expression: it must not pass on what people
typed freely (``complaintflow check`` refuses sealed fields).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from complaintflow import feel
from complaintflow.errors import ComplaintflowError
from complaintflow.history import similar

if TYPE_CHECKING:
    from complaintflow.case.live import LiveCase
    from complaintflow.policy.format import Fact

FACT: Final = "fact"
PERSONS: Final = "persons in facts"
"""What the secret of pseudonyms is derived for."""
LONGEST: Final = 100
_BOOK: Final = "facts"
_ALWAYS: Final = frozenset({"case", "policy"})
_PART: Final = r"[a-z][a-z0-9_-]{0,39}"
_CENT: Final = Decimal("0.01")
_LARGEST: Final = Decimal(10) ** 15


def look(live: LiveCase) -> None:
    """Write the facts that this command changed."""
    policy = live.bundle.policy
    if not policy.facts:
        return
    scope = live.game.top.scope
    noted, ends = scope.noted, live.status not in ("active", "suspended")
    begins = live.row.version == 0
    if noted is not None and not ends and not begins and noted.isdisjoint(live.bundle.counted):
        return
    known: dict[str, str | None] = live.ledger.get(_BOOK, {})
    changed = False
    for name, fact in policy.facts.items():
        read = reads(fact)
        if not ends and (not read if begins or noted is None else noted.isdisjoint(read)):
            continue
        parts = _parts(live, name, fact)
        # A part that was there and is not any more is taken back.
        gone = dict.fromkeys(one for one in known if one == name or one.startswith(f"{name}/"))
        for part, value in {**gone, **parts}.items():
            if known.get(part) != value:
                known[part], changed = value, True
                live.mark(FACT, f"{policy.head.id}/{part}", value)
    if known:
        live.ledger[_BOOK] = known
    if changed and policy.surges:
        similar.look(live, known)


def reads(fact: Fact) -> frozenset[str]:
    """The variables that a fact is asked again for; one that reads none is only asked at the end."""
    parsed = feel.parse(fact.value)
    return (parsed.free_names | parsed.filter_names) - _ALWAYS


def pseudonym(secret: bytes, fact: str, person: str) -> str:
    """What stands for a person under a fact; the same person has another one under another fact."""
    said = f"{fact}\x00{' '.join(person.split()).casefold()}"
    return hmac.digest(secret, said.encode(), hashlib.sha256).hex()[:24]


def text(kind: str, value: Any) -> str | None:
    """A value as it is counted; None where it is not of the kind (persons are told by ``pseudonym``)."""
    if kind == "boolean":
        return {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
    if kind in ("number", "money"):
        return _number(value, money=kind == "money")
    # What PostgreSQL keeps in no column is no category.
    if isinstance(value, str) and 0 < len(value.strip()) <= LONGEST and "\x00" not in value:
        return value.strip()
    return None


def _number(value: Any, *, money: bool) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    number = Decimal(str(value))
    if not number.is_finite() or abs(number) >= _LARGEST:
        return None
    if money:
        return str(number.quantize(_CENT, ROUND_HALF_UP))
    short = round(number, 6).normalize()
    return f"{short:f}"


def _parts(live: LiveCase, name: str, fact: Fact) -> dict[str, str | None]:
    """Name -> value; of several amounts, each under its own name."""
    value = _value(live, fact)
    if fact.kind == "person":
        secret = live.vault.derive(PERSONS)
        return {name: pseudonym(secret, name, value) if isinstance(value, str) and value.strip() else None}
    if fact.kind == "money" and isinstance(value, dict):
        return {f"{name}/{part}": text("money", one) for part, one in value.items() if re.fullmatch(_PART, part)}
    return {name: text(fact.kind, value)}


def _value(live: LiveCase, fact: Fact) -> Any:
    scope = live.game.top.scope
    try:
        return feel.parse(fact.value).evaluate(scope, functions=scope.functions)
    except ComplaintflowError:
        return None  # A bound was passed: a figure less is better than a case that stands still.
