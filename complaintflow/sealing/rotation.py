"""Wrapping all cases' keys anew while cases run: what they seal is not touched."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from complaintflow.sealing.opening import STORE, STORE_CONTEXT

if TYPE_CHECKING:
    from complaintflow.sealing.vault import Vault
    from complaintflow.store.port import Store

_PAGE: Final = 500


def rotate(store: Store, vault: Vault, on_progress: Callable[[int], None] | None = None) -> int:
    """Wrap the key of every case, and the store's secret, with the newest key-encryption key.

    Args:
        on_progress: called with the number of cases seen so far.

    Returns:
        how many were wrapped anew; 0 says that no older key is needed any more.

    Raises:
        MissingKey: the key that one was wrapped with is not there.
    """
    moved, seen, after = _rotate_secret(store, vault), 0, ""
    while True:
        with store.transaction() as tx:
            page = tx.sealed_keys(after, _PAGE)
            for case_id, sealed_key in page:
                anew = vault.reseal(case_id, sealed_key)
                if anew is not None:
                    tx.reseal(case_id, sealed_key, anew)
                    moved += 1
        seen += len(page)
        if on_progress is not None:
            on_progress(seen)
        if len(page) < _PAGE:
            return moved
        after = page[-1][0]


def outdated(store: Store, vault: Vault) -> int:
    """How many wrapped keys, the store's secret among them, need another than the newest key-encryption key."""
    with store.reading() as tx:
        wrapped = tx.secret(STORE)
        count = int(wrapped is not None and not vault.keys.is_current(wrapped))
        page = tx.sealed_keys("", _PAGE)
        while page:
            count += sum(not vault.keys.is_current(sealed_key) for _, sealed_key in page)
            page = tx.sealed_keys(page[-1][0], _PAGE)
    return count


def _rotate_secret(store: Store, vault: Vault) -> int:
    with store.transaction() as tx:
        wrapped = tx.secret(STORE)
        if wrapped is None or vault.keys.is_current(wrapped):
            return 0
        secret = vault.keys.unwrap(wrapped, STORE_CONTEXT)
        tx.set_secret(STORE, vault.keys.wrap(secret, STORE_CONTEXT), replace=True)
    return 1
