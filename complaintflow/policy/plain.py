"""A policy file that is plainly right, read without pydantic: that would be a third of a program's first case.

What is not plainly right is left to pydantic, which accepts it after all or says what is wrong. So this reader may be
narrower than pydantic, never wider; tests compare the two.
"""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from complaintflow.policy.format import Sections

_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBER: Final = r"-?[0-9]{1,15}(\.[0-9]{1,15})?"


class _Doubt(Exception):
    """Not plainly right."""


def read(tables: Mapping[str, Any]) -> Sections | None:
    """The sections of a policy from its tables as JSON has them; None where pydantic has to look."""
    try:
        sections: Sections = _object(Sections, tables)
    except (_Doubt, ValueError):
        return None
    return sections


@cache
def _keys(form: Any) -> dict[str, tuple[str, Any, bool]]:
    """Key of the file -> field, its type, and whether it must be there."""
    hints = get_type_hints(form, include_extras=True)
    written = form.__pydantic_config__["alias_generator"]
    return {
        written(one.name): (one.name, hints[one.name], one.default is MISSING and one.default_factory is MISSING)
        for one in fields(form)
    }


def _object(form: Any, value: object) -> Any:
    keys = _keys(form)
    if not isinstance(value, dict) or any(key not in keys for key in value):
        raise _Doubt
    if any(needed and key not in value for key, (_, _, needed) in keys.items()):
        raise _Doubt
    return form(**{keys[key][0]: _value(keys[key][1], one) for key, one in value.items()})


def _value(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin is None:
        return _simple(hint, value)
    arguments = get_args(hint)
    if origin is Annotated:
        return arguments[1].read(value)
    if origin in (types.UnionType, Union):
        return None if value is None else _value(next(one for one in arguments if one is not type(None)), value)
    if origin is Literal and isinstance(value, str) and value in arguments:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], one) for one in value)
    if origin is Mapping and isinstance(value, dict):
        return {_value(arguments[0], key): _value(arguments[1], one) for key, one in value.items()}
    raise _Doubt


def _simple(hint: Any, value: Any) -> Any:
    if hint in (str, bool, int):
        if type(value) is hint:
            return value
    elif hint is date:
        if isinstance(value, str) and re.fullmatch(_DAY, value):
            return date.fromisoformat(value)
    elif hint is Decimal:
        if type(value) is int or (isinstance(value, str) and re.fullmatch(_NUMBER, value)):
            return Decimal(value)
    else:
        return _object(hint, value)
    raise _Doubt
