"""What a file picker yields: not the files, but what is known about them.

A browser hands the files themselves to the application, which stores them where it likes. The form's data say, for each
file, its ``name`` and what else the application wants to keep (``size`` in bytes, ``type`` as a MIME type, an ``id``,
a ``digest``). A document reference of Camunda 8 is taken as well: its name is ``metadata.fileName``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from complaintflow.formjs.plain import Unfit, plain

MAX_FILES = 100
MAX_NAME = 255
MAX_FACTS = 10_000  # characters of JSON about one file

_BAD_NAME = re.compile("[\x00-\x1f\x7f/\\\\\u202a-\u202e\u2066-\u2069]")


def files(value: object) -> list[dict[str, object]]:
    """The files described by ``value``: one object, or a list of objects.

    Raises:
        Unfit: it is no description of files.
    """
    listed = value if isinstance(value, list | tuple) else [value]
    if len(listed) > MAX_FILES:
        raise Unfit(f"It must not have more than {MAX_FILES} files.")
    return [_file(item) for item in listed]


def _file(item: object) -> dict[str, object]:
    if not isinstance(item, Mapping):
        raise Unfit('It must describe each file by an object, such as {"name": "letter.pdf", "size": 1024}.')
    facts = plain(item)
    assert isinstance(facts, dict)
    if len(json.dumps(facts, default=str)) > MAX_FACTS:
        raise Unfit("The description of a file is too long.")
    name = name_of(facts)
    if not 0 < len(name) <= MAX_NAME or _BAD_NAME.search(name) or name in (".", ".."):
        raise Unfit("Each file needs a name, without folders and control characters.")
    size = facts.get("size", 0)
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise Unfit(f"The size of {name} must be a number of bytes.")
    return facts


def name_of(facts: Mapping[str, object]) -> str:
    """The name of a described file, empty if it has none."""
    metadata = facts.get("metadata")
    name = facts.get("name") or (metadata.get("fileName") if isinstance(metadata, Mapping) else None)
    return name if isinstance(name, str) else ""


def type_of(facts: Mapping[str, object]) -> str:
    """The MIME type of a described file in small letters, empty if it is not known."""
    metadata = facts.get("metadata")
    kind = facts.get("type") or (metadata.get("contentType") if isinstance(metadata, Mapping) else None)
    return kind.lower() if isinstance(kind, str) else ""


def accepted(facts: Mapping[str, object], accept: str) -> bool:
    """Whether a file is of a kind that ``accept`` lists, as in HTML: ``.pdf``, ``image/*``, ``text/plain``."""
    kinds: Sequence[str] = [kind.strip().lower() for kind in accept.split(",") if kind.strip()]
    name, mime = name_of(facts).lower(), type_of(facts)
    for kind in kinds:
        if kind.startswith("."):
            if name.endswith(kind):
                return True
        elif kind == "*/*" or mime == kind or (kind.endswith("/*") and mime.startswith(kind[:-1])):
            return True
    return not kinds
