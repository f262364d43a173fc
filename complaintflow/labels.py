"""Labels of another language, from the processes' translation files."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle

Labels = Mapping[tuple[str, str], str]


def labels(bundle: Bundle, language: str) -> Labels:
    """What to show by (context, English text): an element's id, or form id/component key, is the context.

    A file that cannot be read gives nothing: the English text is better than no command.
    """
    found: dict[tuple[str, str], str] = {}
    if language != "en":
        for path, source in bundle.files.items():
            if path.endswith(f".{language}.po"):
                found |= read_labels(source, language)
    return found


def read_labels(source: bytes, language: str) -> dict[tuple[str, str], str]:
    """The translations in one gettext file; those marked fuzzy are left out."""
    from babel.messages.pofile import PoFileError, read_po

    try:
        catalog = read_po(BytesIO(source), locale=language, abort_invalid=True)
    except (PoFileError, ValueError, LookupError):
        return {}
    return {
        (message.context or "", message.id): message.string
        for message in catalog
        if isinstance(message.id, str) and isinstance(message.string, str) and message.string and not message.fuzzy
    }
