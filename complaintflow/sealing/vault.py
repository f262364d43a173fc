"""One key per case: what is stored of a case opens only with it, in its place, and not after it is destroyed.

AES-256-GCM with the case's id and the value's place (``state:3``, ``history:7``) as associated data: a value that is
moved to another case, place or version does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections import OrderedDict
from threading import Lock
from typing import Any, Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from complaintflow.errors import CaseShredded, UnreadableValue
from complaintflow.sealing.keys import KEY_BYTES, NONCE_BYTES, Keys
from complaintflow.store.codec import from_json, to_json

_FORMAT: Final = b"\x02"
# Opened keys kept in memory: unwrapping one may be a call to a key management service.
_KEPT: Final = 4_096


class CaseCodec(Protocol):
    """Turns JSON data of one case into stored bytes and back."""

    def encode(self, place: str, value: Any) -> bytes:
        """``value`` is None, bool, int, float, Decimal, str, list or dict."""

    def decode(self, place: str, data: bytes) -> Any:
        """Raises UnreadableValue."""

    def encode_bytes(self, place: str, content: bytes) -> bytes:
        """The same for content that is not JSON."""

    def decode_bytes(self, place: str, data: bytes) -> bytes:
        """Raises UnreadableValue."""


class Sealer(Protocol):
    """What the engine needs of a vault."""

    def create(self, case_id: str) -> tuple[bytes, CaseCodec]:
        """A new case's key, wrapped for the store, and the codec that uses it."""

    def open(self, case_id: str, sealed_key: bytes | None) -> CaseCodec:
        """Raises CaseShredded, MissingKey, UnreadableValue."""

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key of the whole store for one purpose."""


class SealedCodec:
    """The codec of one case."""

    def __init__(self, case_id: str, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._case = case_id.encode() + b"\x00"
        self._where = f"case {case_id}"

    def encode(self, place: str, value: Any) -> bytes:
        """See ``CaseCodec``."""
        return self.encode_bytes(place, to_json(value))

    def decode(self, place: str, data: bytes) -> Any:
        """See ``CaseCodec``."""
        content = self.decode_bytes(place, data)
        try:
            return from_json(content)
        except ValueError as error:
            raise UnreadableValue(
                f"a stored value does not decode: {type(error).__name__}", where=self._where
            ) from None

    def encode_bytes(self, place: str, content: bytes) -> bytes:
        """See ``CaseCodec``."""
        nonce = os.urandom(NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, content, self._case + place.encode())

    def decode_bytes(self, place: str, data: bytes) -> bytes:
        """See ``CaseCodec``."""
        nonce, sealed = data[1 : 1 + NONCE_BYTES], data[1 + NONCE_BYTES :]
        try:
            if data[:1] != _FORMAT:
                raise ValueError
            return self._cipher.decrypt(nonce, sealed, self._case + place.encode())
        except (InvalidTag, ValueError):
            what = f"a stored value ({place.partition(':')[0]}) was changed or moved, and does not open"
            raise UnreadableValue(what, where=self._where) from None


class Vault:
    """The keys of all cases of a store.

    Args:
        keys: what wraps them.
        secret: the store's own secret, 32 bytes; what must hold across cases is derived from it.
    """

    def __init__(self, keys: Keys, secret: bytes) -> None:
        self.keys = keys
        self._secret = secret
        self._opened: OrderedDict[tuple[str, bytes], SealedCodec] = OrderedDict()
        self._turn = Lock()

    def create(self, case_id: str) -> tuple[bytes, CaseCodec]:
        """See ``Sealer``."""
        key = os.urandom(KEY_BYTES)
        sealed_key = self.keys.wrap(key, _context(case_id))
        return sealed_key, self._keep(case_id, sealed_key, key)

    def open(self, case_id: str, sealed_key: bytes | None) -> CaseCodec:
        """See ``Sealer``."""
        if sealed_key is None:
            raise CaseShredded("the content was destroyed at the end of its retention period", where=f"case {case_id}")
        with self._turn:
            known = self._opened.get((case_id, sealed_key))
            if known is not None:
                self._opened.move_to_end((case_id, sealed_key))
                return known
        return self._keep(case_id, sealed_key, self.keys.unwrap(sealed_key, _context(case_id)))

    def reseal(self, case_id: str, sealed_key: bytes) -> bytes | None:
        """The case's key wrapped with the newest key; None when it is already.

        Raises:
            MissingKey, UnreadableValue: see ``Keys.unwrap``.
        """
        if self.keys.is_current(sealed_key):
            return None
        return self.keys.wrap(self.keys.unwrap(sealed_key, _context(case_id)), _context(case_id))

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key of the whole store for one purpose."""
        return hmac.digest(self._secret, purpose.encode(), hashlib.sha256)

    def _keep(self, case_id: str, sealed_key: bytes, key: bytes) -> SealedCodec:
        codec = SealedCodec(case_id, key)
        with self._turn:
            self._opened[case_id, sealed_key] = codec
            if len(self._opened) > _KEPT:
                self._opened.popitem(last=False)
        return codec


def _context(case_id: str) -> str:
    return f"complaintflow case key {case_id}"
