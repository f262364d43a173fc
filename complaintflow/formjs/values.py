"""Turn what somebody sent for one field into the value that is kept, or say why not.

The types follow ``sanitizeValue`` of each form-js component, with one difference: a browser shows a value it cannot use
as empty, a server that did so would lose what somebody reported. So it is refused with a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from complaintflow.formjs.component import MULTIPLE_CHOICES, TEXTS, Component
from complaintflow.formjs.files import files
from complaintflow.formjs.moments import moment
from complaintflow.formjs.numbers import as_decimal, as_json_number
from complaintflow.formjs.options import same
from complaintflow.formjs.plain import MAX_INTEGER_BITS, Unfit, plain, storable

MAX_TEXT = 1_000_000  # characters in one field
MAX_CHOICES = 1_000

_CONTROL = re.compile(r"[\r\n\t]")


def empty_value(component: Component) -> object:
    """What stands for "nothing entered" in a field of that type, as in form-js."""
    if component.type in TEXTS:
        return ""
    if component.type in MULTIPLE_CHOICES:
        return []
    return False if component.type == "checkbox" else None


def is_empty(component: Component, value: object) -> bool:
    """Whether a required field with that value counts as not filled in; spaces alone are nothing."""
    if component.type == "checkbox":
        return value is not True
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def clean(component: Component, value: object) -> object:
    """The value as it is kept.

    Args:
        component: a field; options and validation are not looked at here.
        value: any Python value.

    Raises:
        Unfit: it has the wrong type or form; the message is a sentence for the person who filled in the form.
    """
    if value is None:
        return empty_value(component)
    if component.type in ("number", "datetime") and value == "":
        return None
    return _CLEANERS.get(component.type, _any)(component, value)


def _any(component: Component, value: object) -> object:
    return plain(value)


def _text(component: Component, value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= MAX_INTEGER_BITS:
        value = str(value)
    if not isinstance(value, str):
        raise Unfit("It must be a text.")
    if len(value) > MAX_TEXT:
        raise Unfit(f"It must not be longer than {MAX_TEXT} characters.")
    return _CONTROL.sub(" ", storable(value)) if component.type == "textfield" else storable(value)


def _number(component: Component, value: object) -> object:
    number = as_decimal(value)
    if number is None:
        raise Unfit("It must be a number, written like 1234.5.")
    if component.attributes.get("serializeToString"):
        return str(value).strip()
    return as_json_number(number)


def _checkbox(component: Component, value: object) -> bool:
    if not isinstance(value, bool):
        raise Unfit("It must be true or false.")
    return value


def _choices(component: Component, value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise Unfit("It must be a list of choices.")
    if len(value) > MAX_CHOICES:
        raise Unfit(f"It must not have more than {MAX_CHOICES} choices.")
    chosen: list[object] = []
    for item in (plain(item) for item in value):
        if any(same(item, other) for other in chosen):
            raise Unfit("It names one choice twice.")
        chosen.append(item)
    return chosen


def _moment(component: Component, value: object) -> str:
    return moment(
        value,
        str(component.attributes.get("subtype") or "date"),
        str(component.attributes.get("timeSerializingFormat") or "no_timezone"),
    )


def _files(component: Component, value: object) -> object:
    return files(value)


_CLEANERS: Mapping[str, Callable[[Component, object], object]] = {
    "textfield": _text,
    "textarea": _text,
    "number": _number,
    "checkbox": _checkbox,
    "checklist": _choices,
    "taglist": _choices,
    "datetime": _moment,
    "filepicker": _files,
}
