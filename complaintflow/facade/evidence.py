"""A case's history for a third party: signed, and checked without a database, a key or this library.

The document is JSON. ``signature`` is Ed25519 over the JSON of everything else, with sorted keys and without spaces;
``public_key`` is the store's, which an auditor asks for beforehand (``complaintflow keys public``). What was said stays
sealed: the entries carry the ciphertext that their digests cover. ``examples/07_check_evidence.py`` is the check.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from complaintflow.store.ticks import to_ticks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from complaintflow.sealing.vault import Vault
    from complaintflow.store.rows import CaseRow, HistoryRow

FORMAT: Final = "complaintflow evidence 1"


def public_key(vault: Vault) -> str:
    """The store's public key, 64 hexadecimal digits."""
    return _signer(vault).public_key().public_bytes_raw().hex()


def evidence(vault: Vault, row: CaseRow, entries: Iterable[HistoryRow], now: datetime) -> dict[str, Any]:
    """The signed document of one case."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "public_key": public_key(vault),
        "exported_at": now.astimezone(UTC).isoformat(),
        "case": row.id,
        "process": row.process,
        "status": row.status,
        "length": row.length,
        "head": row.head.hex(),
        "entries": [_entry(entry) for entry in entries],
    }
    return signed(vault, document)


def signed(vault: Vault, document: dict[str, Any]) -> dict[str, Any]:
    """A JSON document with the store's signature."""
    return {**document, "signature": _signer(vault).sign(canonical(document)).hex()}


def canonical(document: dict[str, Any]) -> bytes:
    """What is signed."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _entry(row: HistoryRow) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "at": to_ticks(row.at),
        "event": row.event,
        "element": row.element,
        "token": row.token,
        **({"name": row.name, "value": row.value} if row.name is not None else {}),
        "detail": b64encode(row.detail).decode(),
        "digest": row.digest.hex(),
    }


def _signer(vault: Vault) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(vault.derive("evidence"))
