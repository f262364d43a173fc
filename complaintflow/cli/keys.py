"""``complaintflow keys``: the keys that seal all cases. None of these commands shows one."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from complaintflow.cli.data import write_json
from complaintflow.cli.look import aside, bold, dim, say
from complaintflow.cli.progress import progress
from complaintflow.cli.session import ACTING, Session, again, command, json_option
from complaintflow.errors import ComplaintflowError, InvalidKeys

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine
    from complaintflow.sealing.keyfile import KeyFile
    from complaintflow.sealing.keys import Keys


@click.group("keys")
def keys_command() -> None:
    """The keys that seal all cases: make one, see where they are, change them.

    A key-encryption key wraps the own key of each case. Whoever has it and the database can read every case; without it
    nobody can, so keep a copy of the key file apart from the database's backups.
    """


@command("new")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def new_command(session: Session, file: Path) -> None:
    """Put a new key into FILE, which only you may read. A file that is there stays as it is."""
    from complaintflow.sealing import keyfile

    use = f"export {keyfile.FILE_VARIABLE}={shlex.quote(str(file.absolute()))}"
    if file.exists():
        advice = f"to use it: {use}; `complaintflow keys rotate` then puts a new key into it"
        raise InvalidKeys("the file is there already, and stays as it is", where=str(file), advice=advice)
    before = _in_use()
    keyfile.create(file)
    say(f"A new key: {bold(str(file))}")
    aside(f"Keep a copy of it apart from the database's backups. To seal new databases with it: {use}")
    if before is not None:
        aside(f"Databases that are there already need the key that sealed them: {before}")


@command("show")
@json_option
def show_command(session: Session, as_json: bool) -> None:
    """The names of the keys, the newest first, and where they are; never the keys."""
    keys, where = _configured(session)
    names = list(_ring_names(keys))
    if as_json:
        write_json({"where": where, "keys": names})
        return
    say(f"{bold('Where:')} {where}")
    if keys is None:
        say("There is no key yet; the first database makes one there.")
    elif not names:
        say("They are with a key management service, and have no names here.")
    for number, name in enumerate(names):
        say(f"  {name}  {dim('the newest: seals new cases') if number == 0 else dim('opens older cases')}")


@command("public")
def public_command(session: Session) -> None:
    """What the store signs evidence with, 64 hexadecimal digits: give it to the auditor beforehand."""
    with session.engine(reading=True) as engine:
        say(engine.public_key)


@command("rotate", shown=ACTING)
@click.option("--no-new-key", is_flag=True, help="Only wrap anew: after an interruption, or for a second database.")
@json_option
def rotate_command(session: Session, no_new_key: bool, as_json: bool) -> None:
    """Put a new key in front, and wrap the keys of all cases with it; cases go on meanwhile.

    The older keys stay in the file until `complaintflow keys retire`. Each database that uses the file needs this:
    --no-new-key for all but the first. Keys that the environment or a key management service holds are changed there;
    then --no-new-key here.
    """
    with session.engine(reading=True) as engine:
        # No policy has a right for it, since the keys are those of all; but somebody says who changes them.
        session.who(engine)
        if not no_new_key:
            _add_key(_file_of(engine))
        with progress("Wrapping keys", engine) as seen:
            moved = engine.rotate_keys(on_progress=seen)
        if as_json:
            write_json({"wrapped": moved, "keys": list(_ring_names(engine.vault.keys))})
            return
    say(f"{_counted(moved)}; the cases themselves are as they were.")
    say(f"The older keys stay in the file until `{again('keys retire')}`.")
    if not no_new_key:
        aside("Copy the key file again: what is sealed from now on opens only with the new key.")


@command("retire", shown=ACTING)
@click.option("--yes", is_flag=True, help="Do not ask.")
def retire_command(session: Session, yes: bool) -> None:
    """Drop the older keys, once nothing in the database is wrapped with one of them.

    Other databases and backups that an older key seals cannot be read afterwards: rotate those databases first, and
    keep a copy of the old file as long as such a backup shall be readable.
    """
    with session.engine(reading=True) as engine:
        session.who(engine)
        file = _file_of(engine)
        older = file.ring.names[1:]
        if not older:
            say("There is one key only.")
            return
        _require_current(engine)
        if not yes:
            click.confirm(
                f"Drop {len(older)} older key{'' if len(older) == 1 else 's'}? Other databases and older backups that "
                "they seal cannot be read any more",
                abort=True,
                err=True,
            )
        _drop(file, engine)
    say(f"Dropped: {', '.join(older)}.")


for _one in (new_command, show_command, public_command, rotate_command, retire_command):
    keys_command.add_command(_one)


def _counted(moved: int) -> str:
    """What was done, in a sentence's beginning."""
    if not moved:
        return "Nothing to do: everything is wrapped with the newest key"
    kept = "1 stored key is" if moved == 1 else f"{moved} stored keys (each case has one, and the store its own) are"
    return f"{kept} now wrapped with the newest key"


def _configured(session: Session) -> tuple[Keys | None, str]:
    """The keys that an engine would take, and where they are; nothing is made."""
    if session.app:
        with session.engine() as engine:
            return engine.vault.keys, _where(engine.vault.keys)
    return _of_environment()


def _of_environment() -> tuple[Keys | None, str]:
    from complaintflow.sealing import keyfile

    keys = keyfile.configured(os.environ)
    if keys is not None:
        return keys, _where(keys)
    path = keyfile.default_path(os.environ)
    return (keyfile.KeyFile(path) if path.exists() else None), str(path)


def _in_use() -> str | None:
    """Where the key is that engines have taken so far; None where there is none that they could have taken."""
    try:
        keys, where = _of_environment()
    except ComplaintflowError:
        return None
    return where if keys is not None else None


def _where(keys: Keys) -> str:
    from complaintflow.sealing.keyfile import KeyFile
    from complaintflow.sealing.keys import KeyRing

    if isinstance(keys, KeyFile):
        return str(keys.path)
    return keys.where if isinstance(keys, KeyRing) else type(keys).__name__


def _ring_names(keys: Any) -> list[str]:
    """Names, where the keys are a ring or a file."""
    ring = getattr(keys, "ring", keys)
    return list(getattr(ring, "names", ()))


def _file_of(engine: Engine) -> KeyFile:
    """Raises InvalidKeys: they are not in a file."""
    from complaintflow.sealing.keyfile import KeyFile

    keys = engine.vault.keys
    if isinstance(keys, KeyFile):
        return keys
    advice = "change them where they are; then `complaintflow keys rotate --no-new-key` wraps anew"
    raise InvalidKeys("the keys are not in a file that this command may write", where=_where(keys), advice=advice)


def _add_key(file: KeyFile) -> None:
    from complaintflow.sealing import keyfile

    keyfile.write(file.path, file.ring.with_new_key(), replace=True)


def _require_current(engine: Engine) -> None:
    """Raises InvalidKeys: an older key is still needed."""
    from complaintflow.sealing.rotation import outdated

    count = outdated(engine.store, engine.vault)
    if count:
        what = "1 wrapped key still needs" if count == 1 else f"{count} wrapped keys still need"
        what += " an older key"
        raise InvalidKeys(what, advice="`complaintflow keys rotate --no-new-key` wraps them anew")


def _drop(file: KeyFile, engine: Engine) -> None:
    """Write the newest key alone; put the others back if a case was wrapped with one of them meanwhile."""
    from complaintflow.sealing import keyfile

    before = file.ring
    keyfile.write(file.path, before.only_newest(), replace=True)
    try:
        _require_current(engine)
    except BaseException:
        keyfile.write(file.path, before, replace=True)
        raise
