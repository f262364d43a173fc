"""A file that is written whole or not at all: beside its place first, and then put there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from complaintflow.errors import InvalidData


@contextmanager
def whole_file(file: Path) -> Iterator[BinaryIO]:
    """What is written inside becomes the file when the block ends; after an error there is nothing of it.

    Raises:
        InvalidData: it cannot be written.
    """
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as out:
            yield out
        part.replace(file)
    except OSError as error:
        raise InvalidData(f"it cannot be written: {error.strerror}", where=str(file)) from None
    finally:
        with suppress(OSError):
            part.unlink()
