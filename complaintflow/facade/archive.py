"""The archive bundle of a case, made before its retention ends: a ZIP file that a person reads without complaintflow.

What it holds is plain, not sealed. ``manifest.json`` has the SHA-256 of every other file and is signed as evidence is
(``complaintflow.facade.evidence``), so a changed file shows.

    case.json           which case, when and by whom it was copied, and why
    variables.json      what the case knows
    history.json        what happened, when, who
    notices/            every notice as it left
    attachments/        every file that was attached; attachments.json says by whom
    evidence.json       the chained history, sealed, for a third party
    definition/         the diagrams, tables, forms and letters that the case ran on
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from complaintflow.errors import InvalidData
from complaintflow.notices.notices import sheet

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle
    from complaintflow.facade.views import Attachment, Event
    from complaintflow.notices.notices import Notice

FORMAT: Final = "complaintflow archive 1"


def contents(
    head: Mapping[str, Any],
    variables: Mapping[str, Any],
    history: Iterable[Event],
    notices: Iterable[Notice],
    evidence: Mapping[str, Any],
    bundle: Bundle,
    attachments: Iterable[tuple[Attachment, bytes]],
) -> dict[str, bytes]:
    """Path -> content of every file but the manifest."""
    files = {
        "case.json": _json(head),
        "variables.json": _json(variables),
        "history.json": _json([asdict(event) for event in history]),
        "evidence.json": _json(evidence),
    }
    for number, notice in enumerate(notices, 1):
        files[f"notices/{number:03}-{notice.name}.{notice.language}.txt"] = sheet(notice).encode()
        files[f"notices/{number:03}-{notice.name}.{notice.language}.json"] = _json(asdict(notice))
    described = []
    for attachment, content in attachments:
        files[f"attachments/{attachment.number:03}-{attachment.name}"] = content
        described.append(asdict(attachment))
    files["attachments.json"] = _json(described)
    return files | {f"definition/{path}": content for path, content in bundle.files.items()}


def manifest(files: Mapping[str, bytes], case_id: str, now: datetime) -> dict[str, Any]:
    """What is signed: the digest of every file."""
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())}
    return {"format": FORMAT, "case": case_id, "exported_at": now.isoformat(), "files": digests}


def require_new(path: Path) -> None:
    """Raises InvalidData: there is such a file already. Asked before the copy is written down."""
    if path.exists() or path.is_symlink():
        raise _unwritten(path, FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)))


def write(path: Path, files: Mapping[str, bytes], signed: Mapping[str, Any], now: datetime) -> None:
    """Write the bundle into a new file that only its owner may read.

    Raises:
        InvalidData: the file is there already, or cannot be written; nothing of it stays.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise _unwritten(path, error) from None
    try:
        with os.fdopen(descriptor, "wb") as file, ZipFile(file, "w", ZIP_DEFLATED) as zipped:
            for name, content in {"manifest.json": _json(signed), **files}.items():
                entry = ZipInfo(name, (max(now.year, 1980), *now.timetuple()[1:6]))
                entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
                zipped.writestr(entry, content)
    except BaseException as error:
        with suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise _unwritten(path, error) from None
        raise


def _unwritten(path: Path, error: OSError) -> InvalidData:
    what = f"the archive cannot be written: {error.strerror or type(error).__name__}"
    return InvalidData(what, where=str(path), advice="name a new file in a folder that you may write to")


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2, default=_plain).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    # A number that a float would round keeps its digits as text; a date is ISO 8601.
    return str(value) if isinstance(value, Decimal) else value.isoformat()
