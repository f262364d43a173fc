"""Key-encryption keys: they wrap the cases' own keys, and never touch content.

``Keys`` is the port that a key management service implements; ``KeyRing`` keeps the keys in a file, an environment
variable or memory. The newest key wraps, every key unwraps, so keys rotate while cases run.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from complaintflow.errors import InvalidKeys, MissingKey, UnreadableValue

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_ID_BYTES: Final = 8
_PREFIX: Final = "cfk1-"
_HEADING: Final = (
    "# Key-encryption keys of complaintflow, the newest first. Whoever has this file and the database can read every\n"
    "# case; without it nobody can. Keep a copy where the backups of the database are not.\n"
)


class Keys(Protocol):
    """Wraps and unwraps the keys of cases."""

    def wrap(self, secret: bytes, context: str) -> bytes:
        """``secret`` sealed under the newest key and bound to ``context``."""

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """What was wrapped.

        Raises:
            MissingKey: the key it was wrapped with is not here.
            UnreadableValue: it was changed, or belongs to another context.
        """

    def is_current(self, wrapped: bytes) -> bool:
        """Whether it was wrapped with the newest key."""


class KeyRing:
    """Keys held by this process, the newest first.

    Args:
        keys: 32 random bytes each.
        where: for errors.

    Raises:
        InvalidKeys: there is none, or one has another length.
    """

    def __init__(self, keys: Sequence[bytes], where: str = "key ring") -> None:
        self._keys = {key_id(key): key for key in keys}
        if not self._keys or any(len(key) != KEY_BYTES for key in keys):
            raise InvalidKeys(f"expected one or more keys of {KEY_BYTES} bytes", where=where)
        self._newest = next(iter(self._keys))
        self._ciphers = {name: AESGCM(key) for name, key in self._keys.items()}
        self.where = where

    @classmethod
    def fresh(cls, where: str = "key ring") -> KeyRing:
        """A ring with one new key."""
        return cls([os.urandom(KEY_BYTES)], where)

    @classmethod
    def parse(cls, text: str, where: str) -> KeyRing:
        """Read keys as ``text`` writes them: one a line or separated by spaces, ``#`` begins a comment.

        Raises:
            InvalidKeys: a word is not a key. The error does not repeat it.
        """
        words = [word for line in text.splitlines() for word in line.partition("#")[0].split()]
        return cls([_read(word, number, where) for number, word in enumerate(words, 1)], where)

    @property
    def text(self) -> str:
        """The ring as a key file keeps it."""
        return _HEADING + "".join(f"{_PREFIX}{base64.urlsafe_b64encode(key).decode()}\n" for key in self._keys.values())

    @property
    def names(self) -> list[str]:
        """The keys' public names (a digest, in hexadecimal), the newest first."""
        return [name.hex() for name in self._keys]

    def with_new_key(self) -> KeyRing:
        """The same ring with a new key in front."""
        return KeyRing([os.urandom(KEY_BYTES), *self._keys.values()], self.where)

    def only_newest(self) -> KeyRing:
        """The ring after a finished rotation."""
        return KeyRing([self._keys[self._newest]], self.where)

    def wrap(self, secret: bytes, context: str) -> bytes:
        """See ``Keys``."""
        nonce = os.urandom(NONCE_BYTES)
        return self._newest + nonce + self._ciphers[self._newest].encrypt(nonce, secret, context.encode())

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """See ``Keys``."""
        name, nonce, sealed = (
            wrapped[:_ID_BYTES],
            wrapped[_ID_BYTES : _ID_BYTES + NONCE_BYTES],
            wrapped[_ID_BYTES + NONCE_BYTES :],
        )
        cipher = self._ciphers.get(name)
        if cipher is None:
            what = f"this was sealed with the key {name.hex()}, and only {', '.join(self.names)} is here"
            raise MissingKey(what, where=self.where)
        try:
            return cipher.decrypt(nonce, sealed, context.encode())
        except (InvalidTag, ValueError):
            raise UnreadableValue("a wrapped key was changed, or belongs elsewhere", where=context) from None

    def is_current(self, wrapped: bytes) -> bool:
        """See ``Keys``."""
        return wrapped[:_ID_BYTES] == self._newest


def key_id(key: bytes) -> bytes:
    """A key's public name: 8 bytes of a digest of it."""
    return hashlib.sha256(b"complaintflow key id" + key).digest()[:_ID_BYTES]


def _read(word: str, number: int, where: str) -> bytes:
    if word.startswith(_PREFIX):
        try:
            key = base64.b64decode(word[len(_PREFIX) :], altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) == KEY_BYTES:
            return key
    raise InvalidKeys(f"word {number} is not a key of complaintflow", where=where)
