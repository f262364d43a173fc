"""The vault of a store: which keys, and the store's own secret, made with its first engine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from complaintflow.errors import MissingKey
from complaintflow.sealing import keyfile
from complaintflow.sealing.anchor import Anchors
from complaintflow.sealing.keys import KEY_BYTES, KeyRing, Keys
from complaintflow.sealing.vault import Vault

if TYPE_CHECKING:
    from complaintflow.store.port import Store

ANCHOR: Final = "anchor"
STORE: Final = "store"
STORE_CONTEXT: Final = "complaintflow store secret"

# What does not outlive the process needs no key that does; engines on one store share it.
_in_memory: WeakKeyDictionary[Store, KeyRing] = WeakKeyDictionary()


def open_vault(store: Store, keys: Keys | None, *, strict: bool) -> Vault:
    """The vault of a store.

    Args:
        keys: what wraps the cases' keys; None looks for them, see ``keyfile``.
        strict: refuse to make a key.

    Raises:
        MissingKey, InvalidKeys: there is none that fits.
        StoreUnavailable: the store does not answer.
    """
    with store.reading() as tx:
        wrapped = tx.secret(STORE)
    keys = keys or _find(store, sealed_before=wrapped is not None, strict=strict)
    if wrapped is None:
        secret = os.urandom(KEY_BYTES)
        ours = keys.wrap(secret, STORE_CONTEXT)
        with store.transaction() as tx:
            tx.set_secret(STORE, ours)
            wrapped = tx.secret(STORE)
            if wrapped == ours:  # another engine may have been faster
                tx.start_anchors(Anchors(Vault(keys, secret).derive(ANCHOR), store.shards).first())
    if wrapped is None:
        raise MissingKey("the store did not keep its secret")
    return Vault(keys, _unwrapped(keys, wrapped))


def _unwrapped(keys: Keys, wrapped: bytes) -> bytes:
    """The store's own secret; if this user's own key file has the key that is missed, the error says so."""
    try:
        return keys.unwrap(wrapped, STORE_CONTEXT)
    except MissingKey as error:
        place = keyfile.own_that_opens(wrapped, STORE_CONTEXT, os.environ)
        if place is None:
            raise
        advice = (
            f"its key is in {place}: use that file, {keyfile.FILE_VARIABLE}={place}. To go over to the configured key, "
            "put that file's line at the end of the configured file, then `complaintflow keys rotate --no-new-key`"
        )
        what = "this database was sealed with another key than the one that is configured"
        raise MissingKey(what, where=error.where, advice=advice) from None


def _find(store: Store, *, sealed_before: bool, strict: bool) -> Keys:
    if not store.lasting:
        return _in_memory.setdefault(store, KeyRing.fresh("memory"))
    if keys := keyfile.configured(os.environ):
        return keys
    if strict:
        advice = f"set {keyfile.FILE_VARIABLE}; complaintflow keys new FILE makes one"
        raise MissingKey("no key is configured, and strict mode makes none", advice=advice)
    return keyfile.own(store.folder, os.environ, sealed_before=sealed_before)
