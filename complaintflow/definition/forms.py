"""A bundle's forms, read one by one: a case begins with one of a dozen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from complaintflow.errors import InvalidForm

if TYPE_CHECKING:
    from complaintflow.formjs import Form


class Forms(Mapping[str, "Form"]):
    """Forms by id.

    Args:
        read: those that were read.
        unread: id -> name for errors, and JSON text: those that are read when they are asked for.
    """

    def __init__(self, read: Mapping[str, Form], unread: Mapping[str, tuple[str, str]] = MappingProxyType({})) -> None:
        self._read = dict(read)
        self._unread = unread

    @classmethod
    def load(cls, texts: Mapping[str, str], *, checked: bool) -> Forms:
        """Look at form-js JSON by the names of its files.

        Args:
            checked: all were read before and are known to be forms, so that nothing but their ids is looked at now.

        Raises:
            InvalidForm: one is no form, or two have the same id.
        """
        if checked:
            return cls({}, {str(json.loads(text)["id"]): (file, text) for file, text in texts.items()})
        read: dict[str, Form] = {}
        for file, text in texts.items():
            form = _load(text, file)
            if form.id in read:
                where = file.partition(", form ")[0]
                raise InvalidForm(f"two forms have the id '{form.id}'", where=where, advice="rename one of them")
            read[form.id] = form
        return cls(read)

    def __getitem__(self, form_id: str) -> Form:
        if form_id not in self._read:
            file, text = self._unread[form_id]
            self._read[form_id] = _load(text, file)
        return self._read[form_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._unread or self._read)

    def __len__(self) -> int:
        return len(self._unread or self._read)

    def seals(self) -> dict[str, str]:
        """Path of a value -> the class that a form marks it with (``properties: {"sealed": "identity"}``)."""
        # A form without the word is not read for it; JSON may also write a letter by its number.
        without = {one for one, (_, text) in self._unread.items() if "sealed" not in text and "\\u00" not in text}
        return {
            component.path: component.properties["sealed"]
            for form_id in self
            if form_id not in without
            for component in self[form_id].root.walk()
            if component.path and component.properties.get("sealed")
        }


def _load(text: str, file: str) -> Form:
    from complaintflow.formjs import Form

    return Form.load(text, file=file)
