"""Receipts: 16 digits with which somebody without a name comes back to their case.

A receipt is shown once. What is stored is a memory-hard hash of it, made with the store's own secret: whoever has the
database cannot try numbers against it, and whoever tries them here is stopped after so many in a window of time.
Nothing is kept of where a try came from.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from complaintflow.errors import RateLimited, UnknownReceipt
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from complaintflow.sealing.vault import Vault
    from complaintflow.store.port import Store
    from complaintflow.time.clock import Clock

DIGITS: Final = 16
WINDOW: Final = timedelta(minutes=10)
TRIES: Final = 60
"""So many receipts may be tried in a window, by all together: of ten thousand open cases, guessing then finds one in
some hundred thousand years."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PURPOSE: Final = "receipts"
_N, _R, _P = 2**14, 8, 1
_SIZE: Final = 32


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt and the vault that its hash is made with."""

    number: str
    vault: Vault

    @classmethod
    def fresh(cls, vault: Vault) -> Receipt:
        """A new one, from the system's source of randomness."""
        return cls(f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}", vault)

    @classmethod
    def typed(cls, text: str, vault: Vault) -> Receipt:
        """One as somebody typed it, with spaces or hyphens. Raises UnknownReceipt: it has not 16 digits."""
        number = "".join(unicodedata.normalize("NFKC", text).replace("-", " ").split())
        if len(number) != DIGITS or not (number.isascii() and number.isdigit()):
            raise UnknownReceipt("this is no receipt")
        return cls(number, vault)

    @property
    def digest(self) -> bytes:
        """What is stored of it: scrypt (RFC 7914), 16 MB and some 50 ms."""
        salt = self.vault.derive(_PURPOSE)
        return hashlib.scrypt(self.number.encode(), salt=salt, n=_N, r=_R, p=_P, dklen=_SIZE)

    def __repr__(self) -> str:
        return "Receipt(...)"


def find(store: Store, clock: Clock, receipt: Receipt) -> tuple[str, bytes]:
    """The id of the case that a receipt belongs to, and the receipt's digest, which takes long to make.

    Raises:
        RateLimited: too many were tried in this window; says when the next one begins.
        UnknownReceipt: there is no such case.
        StoreUnavailable: the database does not answer, or only reads.
    """
    now = clock.now()
    begun_at = now - (now - _EPOCH) % WINDOW
    # A try counts before it is looked at, so that many at once are counted too; a right one is taken back.
    with store.transaction() as tx:
        tried = tx.count_tries(begun_at, 1)
    if tried > TRIES:
        until = begun_at + WINDOW
        raise RateLimited("too many receipts were tried", until=until)
    digest = receipt.digest
    with store.reading() as tx:
        case_id = tx.receipt(digest)
    if case_id is None:
        raise UnknownReceipt("no report has this receipt")
    with store.transaction() as tx:
        tx.count_tries(begun_at, -1)
    return case_id, digest


def shown(number: str) -> str:
    """A receipt for people: in groups of four."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
