"""Whether somebody reported without saying who they are, and what of their words may stay then.

The intake form says which of its fields tell who somebody is: those marked ``sealed: identity``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from complaintflow.access.seals import sealed_values

if TYPE_CHECKING:
    from complaintflow.formjs import Form

IDENTITY: Final = "identity"


def identity_fields(form: Form | None) -> dict[str, str]:
    """Path -> class of the fields of an intake form that tell who somebody is."""
    components = form.root.walk() if form is not None else ()
    return {one.path: IDENTITY for one in components if one.path and one.properties.get("sealed") == IDENTITY}


def is_anonymous(fields: Mapping[str, str], intake: Mapping[str, Any]) -> bool:
    """Whether the form asks who it is, and none of it is in the intake that the form let in."""
    return bool(fields) and next(sealed_values(intake, fields), None) is None


def without_identity(said: Mapping[str, Any], fields: Mapping[str, str], path: str = "") -> dict[str, Any]:
    """What was said without those fields: a form that drops them must not leave them in the history."""
    kept: dict[str, Any] = {}
    for name, value in said.items():
        place = f"{path}.{name}" if path else str(name)
        if place in fields or f"{place}[]" in fields:
            continue
        if isinstance(value, Mapping):
            value = without_identity(value, fields, place)
            if not value:
                continue
        elif isinstance(value, list):
            inner = f"{place}[]"
            value = [without_identity(one, fields, inner) if isinstance(one, Mapping) else one for one in value]
        kept[name] = value
    return kept
