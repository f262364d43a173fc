"""Where the key-encryption keys are: configured, or made once outside the database's folder."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from complaintflow.errors import InvalidKeys, MissingKey, UnreadableValue
from complaintflow.logs import about
from complaintflow.sealing.keys import KeyRing, Keys

log = logging.getLogger("complaintflow")

KEYS_VARIABLE: Final = "COMPLAINTFLOW_KEYS"
FILE_VARIABLE: Final = "COMPLAINTFLOW_KEY_FILE"


class KeyFile:
    """The keys in a file, read again when it changes: they rotate while processes run.

    Args:
        path: a file that only its owner may read.

    Raises:
        MissingKey: there is no such file.
        InvalidKeys: it holds something else, or others may read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp = _stamp(path)
        self._ring = _read(path)

    @property
    def ring(self) -> KeyRing:
        """What is in the file now."""
        stamp = _stamp(self.path)
        # A file that is gone for a moment, or for good, does not take the keys from those who have read it.
        if stamp not in (None, self._stamp):
            self._ring, self._stamp = _read(self.path), stamp
        return self._ring

    def wrap(self, secret: bytes, context: str) -> bytes:
        """See ``Keys``."""
        return self.ring.wrap(secret, context)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """See ``Keys``."""
        return self.ring.unwrap(wrapped, context)

    def is_current(self, wrapped: bytes) -> bool:
        """See ``Keys``."""
        return self.ring.is_current(wrapped)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def configured(environment: Mapping[str, str]) -> Keys | None:
    """The keys that the environment names: the keys themselves, or their file.

    Raises:
        MissingKey, InvalidKeys: they are named, and not there or not usable.
    """
    if text := environment.get(KEYS_VARIABLE):
        return KeyRing.parse(text, KEYS_VARIABLE)
    if path := environment.get(FILE_VARIABLE):
        return KeyFile(Path(path))
    return None


def _read(path: Path) -> KeyRing:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(65_536)
    except FileNotFoundError:
        advice = f"restore it from its copy; for a new database make one: complaintflow keys new {path}"
        raise MissingKey("there is no key file", where=str(path), advice=advice) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidKeys(f"the key file cannot be read: {type(error).__name__}", where=str(path)) from None
    if os.name == "posix" and mode & 0o077:
        raise InvalidKeys("others may read the key file", where=str(path), advice=f"chmod 600 {path}")
    return KeyRing.parse(text, str(path))


def own(beside: Path | None, environment: Mapping[str, str], *, sealed_before: bool) -> KeyFile:
    """The key file of this user; it is made when there is none, and that is said once.

    Args:
        beside: the folder of the database, which must not be the key's.
        sealed_before: the database has sealed content already, so a new key could open nothing of it.

    Raises:
        MissingKey: the file is gone and content was sealed with it.
        InvalidKeys: it is not usable, or would lie beside the database.
    """
    path = default_path(environment)
    if beside is not None and path.parent == beside.resolve():
        advice = f"set {FILE_VARIABLE} to a file in another folder"
        raise InvalidKeys("the key would lie beside the database that it seals", where=str(path), advice=advice)
    if path.exists():
        return KeyFile(path)
    if sealed_before:
        advice = f"restore the file, or set {FILE_VARIABLE} to where it is"
        raise MissingKey("the cases are sealed, and their key file is not there", where=str(path), advice=advice)
    create(path)
    what = "a key that seals all cases was made: %s; keep a copy of it apart from the database's backups"
    log.warning(what, path, extra=about("key-made", file=str(path)))
    return KeyFile(path)


def default_path(environment: Mapping[str, str]) -> Path:
    """``$XDG_CONFIG_HOME/complaintflow/keys``, else below ``~/.config``.

    Raises:
        InvalidKeys: the user has no home.
    """
    if configured_home := environment.get("XDG_CONFIG_HOME"):
        return Path(configured_home).resolve() / "complaintflow" / "keys"
    try:
        return Path.home().resolve() / ".config" / "complaintflow" / "keys"
    except RuntimeError:
        advice = f"set {FILE_VARIABLE}"
        raise InvalidKeys("this user has no home folder to keep a key in", advice=advice) from None


def own_that_opens(wrapped: bytes, context: str, environment: Mapping[str, str]) -> Path | None:
    """The key file of this user, if it has the key that something was wrapped with."""
    with suppress(MissingKey, InvalidKeys, UnreadableValue):
        path = default_path(environment)
        KeyFile(path).unwrap(wrapped, context)
        return path
    return None


def create(path: Path) -> None:
    """Put a new key into a new file that only its owner may read. A file that is there stays.

    Raises:
        InvalidKeys: the file cannot be written.
    """
    write(path, KeyRing.fresh(str(path)), replace=False)


def write(path: Path, ring: KeyRing, *, replace: bool) -> None:
    """Write a ring so that a crash leaves the old file or the new one, whole.

    Raises:
        InvalidKeys: the file cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(ring.text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            with suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
    except OSError as error:
        what = f"the key file cannot be written: {error.strerror}"
        raise InvalidKeys(what, where=str(path), advice=f"set {FILE_VARIABLE} to a file that can") from None
