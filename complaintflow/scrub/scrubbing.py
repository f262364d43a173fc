"""The one way in: a file of a known type becomes a copy that does not tell who made it, where or when."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Final, NamedTuple

from complaintflow.scrub import pictures
from complaintflow.scrub.endings import ENDINGS
from complaintflow.scrub.refusal import Unscrubbed

_OFFICE: Final = {
    kind: "ooxml" if "openxml" in kind else "odf" for kind in ENDINGS if "openxml" in kind or "opendocument" in kind
}
_MODULES: Final = {"application/pdf": "pdf", **_OFFICE}
_LIBRARIES: Final = {"image/tiff": "PIL", "application/pdf": "pikepdf"}
_INSTEAD: Final = {
    "image": "save it as JPEG or PNG and send that",
    "audio": "write down what can be heard",
    "video": "send single pictures of it as PNG",
    "message": "copy the words of the message into the report, or send a picture of it",
}


class Scrubbed(NamedTuple):
    """A copy, and the kinds of things that were left out of it."""

    content: bytes
    removed: tuple[str, ...]


def scrub(kind: str, content: bytes) -> Scrubbed:
    """The copy of a file.

    Args:
        kind: its type, as ``kinds.sniff`` says.

    Raises:
        Unscrubbed: no copy can be made that is known to identify nobody.
    """
    library = _LIBRARIES.get(kind)
    if library is not None and find_spec(library) is None:
        raise Unscrubbed(
            "this installation cannot take metadata out of such a file",
            "whoever runs it can: pip install 'complaintflow[attachments]'",
        )
    if kind == "text/plain":
        return Scrubbed(content, ())
    if kind in pictures.TYPES:
        clean, removed = pictures.scrub(kind, content)
    elif kind in _MODULES:
        clean, removed = import_module(f"complaintflow.scrub.{_MODULES[kind]}").scrub(content)
    else:
        family = _INSTEAD.get(kind.partition("/")[0], "send it as a PDF, a picture or plain text")
        raise Unscrubbed("metadata cannot be taken out of such a file", family)
    return Scrubbed(clean, tuple(dict.fromkeys(removed)))
