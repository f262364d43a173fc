"""Read the details of one form component: its validation, options, conditions and flags."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NoReturn

from complaintflow.errors import FeelLimitExceeded, FeelSyntaxError, InvalidForm
from complaintflow.formjs.component import CHOICES, KEYED, TEXTS, Option, Rules
from complaintflow.formjs.expressions import Condition, Formula, is_expression
from complaintflow.formjs.numbers import as_decimal
from complaintflow.formjs.options import options_from
from complaintflow.formjs.pattern_syntax import PatternError
from complaintflow.formjs.patterns import compiled
from complaintflow.records import dataclass

Raw = Mapping[str, object]

_RULES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(KEYED, frozenset({"required"})),
    **dict.fromkeys(
        TEXTS, frozenset({"required", "minLength", "maxLength", "pattern", "patternErrorMessage", "validationType"})
    ),
    "number": frozenset({"required", "min", "max"}),
}
_CHOICES_OF: Mapping[str, tuple[str, ...]] = {
    "subtype": ("date", "time", "datetime"),
    "timeSerializingFormat": ("utc_offset", "utc_normalized", "no_timezone"),
}
_FLAGS = ("disabled", "serializeToString", "allowAddRemove", "isRepeating", "disallowPassedDates")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which file we are reading."""

    file: str
    component: str

    def refuse(self, what: str, advice: str) -> NoReturn:
        """Raise InvalidForm about this place."""
        raise InvalidForm(what, where=f"{self.file}, component {self.component}", advice=advice)


def text_of(raw: Raw, name: str) -> str:
    """A text of the component, empty if it has none."""
    value = raw.get(name)
    return value if isinstance(value, str) else ""


def flag_of(raw: Raw, name: str, place: Place) -> bool:
    """A setting that is true or false; false if it is not there."""
    value = raw.get(name, False)
    if not isinstance(value, bool):
        place.refuse(f"{name} is {value!r} and not true or false", "tick or untick it in Camunda Modeler")
    return value


def properties_of(raw: Raw, place: Place) -> dict[str, str]:
    """The custom properties, all as text (what is no text, as JSON)."""
    found = raw.get("properties", {})
    if not isinstance(found, dict):
        place.refuse("its custom properties are not an object", "open the form in Camunda Modeler and save it again")
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in found.items()}


def hide_of(raw: Raw, place: Place) -> Condition | None:
    """The condition under which the component is hidden."""
    conditional = raw.get("conditional") or {}
    if not isinstance(conditional, dict) or conditional.keys() - {"hide"}:
        place.refuse("its condition is something else than 'hide'", "write a condition under Hide if")
    text = conditional.get("hide")
    if text in (None, ""):
        return None
    if not is_expression(text):
        place.refuse(f"its condition {text!r} is not an expression", "begin the condition with =")
    return _condition(str(text), place)


def readonly_of(raw: Raw, place: Place) -> bool | Condition:
    """Whether, or under which condition, the component is read-only."""
    value = raw.get("readonly", False)
    return _condition(str(value), place) if is_expression(value) else flag_of(raw, "readonly", place)


def formula_of(raw: Raw, kind: str, place: Place) -> Formula | None:
    """What an expression field computes."""
    if kind != "expression":
        return None
    text = raw.get("expression")
    if not is_expression(text):
        place.refuse("it has no expression", "write an expression that begins with =")
    return _formula(str(text), place)


def choices_of(raw: Raw, kind: str, place: Place) -> tuple[tuple[Option, ...] | None, str | Formula]:
    """The options: those written into the form, or else the variable or the formula they come from."""
    if kind not in CHOICES:
        return None, ""
    sources = [name for name in ("valuesKey", "values", "valuesExpression") if raw.get(name) is not None]
    if len(sources) != 1:
        found = " and ".join(sources) or "nowhere"
        place.refuse(f"its options come from {found}", "choose one source of options in Camunda Modeler")
    source = raw[sources[0]]
    if sources == ["values"]:
        static = options_from(source)
        if not static:
            place.refuse("it has no usable options", "add options with a label and a value")
        return static, ""
    if not isinstance(source, str) or not source or (sources == ["valuesExpression"] and not is_expression(source)):
        place.refuse(f"its {sources[0]} is {source!r}", "name a variable, or write an expression that begins with =")
    return None, _formula(source, place) if sources == ["valuesExpression"] else source


def rules_of(raw: Raw, kind: str, place: Place) -> Rules:
    """What ``validate`` asks for."""
    found = raw.get("validate") or {}
    if not isinstance(found, dict):
        place.refuse("its validation is not an object", "open the form in Camunda Modeler and save it again")
    allowed = _RULES.get(kind, frozenset())
    for name in found:
        if name not in allowed:
            place.refuse(f"a {kind} has no validation {name!r}", f"it may have: {', '.join(sorted(allowed)) or 'none'}")
    validation = found.get("validationType") or ""
    if validation not in ("", "email", "phone"):
        place.refuse(f"the validation type {validation!r} is not known", "use email, phone or a pattern")
    source = text_of(found, "pattern")
    try:
        pattern = compiled(source) if source else None
    except PatternError as error:
        place.refuse(f"{error} ({source})", "write a simpler pattern, or check the value in a decision table")
    return Rules(
        required=flag_of(found, "required", place),
        minimum=_bound(found, "min", place),
        maximum=_bound(found, "max", place),
        shortest=_bound(found, "minLength", place),
        longest=_bound(found, "maxLength", place),
        pattern=pattern,
        pattern_sentence=text_of(found, "patternErrorMessage"),
        kind=str(validation),
    )


def check_attributes(raw: Raw, kind: str, place: Place) -> None:
    """Look at the attributes that are read only when data arrive.

    Raises:
        InvalidForm: one has a value that form-js does not know.
    """
    for name in _FLAGS:
        flag_of(raw, name, place)
    for name, values in _CHOICES_OF.items():
        if raw.get(name) is not None and raw[name] not in values:
            place.refuse(f"its {name} is {raw[name]!r}", f"use one of: {', '.join(values)}")
    if kind == "number":
        increment, digits = as_decimal(raw.get("increment") or 1), raw.get("decimalDigits")
        if increment is None or increment <= 0:
            place.refuse(f"its increment is {raw.get('increment')!r}", "write a number above zero")
        if digits is not None and (not isinstance(digits, int) or digits < 0):
            place.refuse(f"its decimal digits are {digits!r}", "write a whole number from zero")
    if kind == "filepicker":
        for name in ("multiple", "accept"):
            if is_expression(raw.get(name)):
                _formula(str(raw[name]), place)
    count = raw.get("defaultRepetitions", 1)
    if not isinstance(count, int) or not 0 <= count <= 100:
        place.refuse(f"it starts with {count!r} rows", "write a whole number from 0 to 100")


def _bound(found: Raw, name: str, place: Place) -> float | int | str | Formula | None:
    value = found.get(name)
    if value in (None, ""):
        return None
    if is_expression(value):
        return _formula(str(value), place)
    if as_decimal(value) is None:
        place.refuse(f"{name} is {value!r} and not a number", "write a number, or an expression that begins with =")
    assert isinstance(value, (int, float, str))
    return value


def _formula(text: str, place: Place) -> Formula:
    try:
        return Formula.read(text)
    except (FeelSyntaxError, FeelLimitExceeded) as error:
        _not_feel(error, text, place)


def _condition(text: str, place: Place) -> Condition:
    try:
        return Condition.read(text)
    except (FeelSyntaxError, FeelLimitExceeded) as error:
        _not_feel(error, text, place)


def _not_feel(error: FeelSyntaxError | FeelLimitExceeded, text: str, place: Place) -> NoReturn:
    raise InvalidForm(
        f"the expression {text} is not FEEL: {error.what}",
        where=f"{place.file}, component {place.component}",
        advice=error.remedy or "correct the expression in Camunda Modeler",
    ) from error
