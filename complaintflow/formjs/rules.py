"""What a value has to satisfy: the checks of form-js's validator, with sentences."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from complaintflow.formjs.component import CHOICES, MULTIPLE_CHOICES, TEXTS, Component, Option
from complaintflow.formjs.expressions import Formula, Scope, is_expression
from complaintflow.formjs.files import accepted, name_of
from complaintflow.formjs.filling import Cell
from complaintflow.formjs.moments import day_of
from complaintflow.formjs.numbers import EXACT, as_decimal, decimal_places, spelled
from complaintflow.formjs.options import options_from, same
from complaintflow.formjs.patterns import PatternTooSlow, unit_count
from complaintflow.formjs.plain import Unfit
from complaintflow.formjs.values import is_empty

MAX_ADDRESS = 254  # octets of an e-mail address that SMTP carries (RFC 5321, 4.5.3.1.3)

_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*"  # as HTML defines it
_PHONE = r"(?:\+|00)[1-9][0-9]{5,24}"
_TRIM = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"  # noqa: E501


def check(cell: Cell, scope: Scope, today: dt.date | None) -> Iterator[str]:
    """Every sentence that is to be said about the value of a field that is shown.

    Raises:
        FeelLimitExceeded: an expression did too much work.
        Unfit: a limit is computed by an expression that yields no number.
    """
    component, value = cell.component, cell.value
    if is_empty(component, value):
        if component.required:
            yield "It must be ticked." if component.type == "checkbox" else "It is required."
        return
    if component.type in CHOICES:
        yield from _choice(component, value, scope)
    elif component.type in TEXTS:
        assert isinstance(value, str)
        yield from _text(component, value, scope)
    elif component.type == "number":
        number = as_decimal(value)
        assert number is not None
        yield from _number(component, number, scope)
    elif component.type == "filepicker":
        assert isinstance(value, list)
        yield from _files(component, value, scope)
    elif component.type == "datetime" and today is not None and component.attributes.get("disallowPassedDates"):
        assert isinstance(value, str)
        unchanged = any(same(value, kept) for kept in cell.kept)
        if component.attributes.get("subtype") != "time" and not unchanged and day_of(value) < today:
            yield "It must not lie in the past."


def options_of(component: Component, scope: Scope) -> tuple[Option, ...]:
    """What a choice offers now: from the form, from a variable of the case, or from its formula."""
    if component.options is not None:
        return component.options
    source = component.options_from
    return options_from(source.value(scope) if isinstance(source, Formula) else scope.context.get(source))


def _choice(component: Component, value: object, scope: Scope) -> Iterator[str]:
    options = options_of(component, scope)
    chosen = value if component.type in MULTIPLE_CHOICES and isinstance(value, list) else [value]
    if all(any(same(item, option.value) for option in options) for item in chosen):
        return
    if not options:
        yield "There is nothing to choose from."
        return
    if all(isinstance(option.value, bool) for option in options):
        yield "It must be yes or no."
        return
    names = ", ".join(str(option.value) for option in options[:12])
    some = "some" if component.type in MULTIPLE_CHOICES else "one"
    yield f"It must be {some} of: {names}{', ...' * (len(options) > 12)}."


def _text(component: Component, value: str, scope: Scope) -> Iterator[str]:
    rules = component.rules
    length = unit_count(value.strip(_TRIM))
    if rules.pattern is not None:
        try:
            if not rules.pattern.search(value):
                yield rules.pattern_sentence or f"It must match the pattern {rules.pattern.text}."
        except PatternTooSlow:
            yield "It is too long to be checked against its pattern."
    shortest, longest = _bound(rules.shortest, scope), _bound(rules.longest, scope)
    if shortest is not None and length < shortest:
        yield f"It must have at least {spelled(shortest)} characters."
    if longest is not None and length > longest:
        yield f"It must have at most {spelled(longest)} characters."
    if rules.kind == "email" and not (len(value) <= MAX_ADDRESS and re.fullmatch(_EMAIL, value)):
        yield "It must be an e-mail address."
    if rules.kind == "phone" and not (len(value) <= MAX_ADDRESS and re.fullmatch(_PHONE, value)):
        yield "It must be an international phone number without spaces, such as +861012345678."


def _number(component: Component, number: Decimal, scope: Scope) -> Iterator[str]:
    digits = component.attributes.get("decimalDigits")
    if isinstance(digits, int) and decimal_places(number) > digits:
        yield "It must be a whole number." if digits == 0 else f"It must have at most {digits} digits after the point."
    increment = as_decimal(component.attributes.get("increment"))
    if increment is not None and increment > 0:
        offset = EXACT.remainder(number, increment)
        if offset != 0:
            below = EXACT.subtract(number, offset if offset > 0 else EXACT.add(offset, increment))
            above = EXACT.add(below, increment)
            yield f"It must be a multiple of {spelled(increment)}, such as {spelled(below)} or {spelled(above)}."
    least, most = _bound(component.rules.minimum, scope), _bound(component.rules.maximum, scope)
    if least is not None and number < least:
        yield f"It must be at least {spelled(least)}."
    if most is not None and number > most:
        yield f"It must be at most {spelled(most)}."


def _files(component: Component, files: list[Mapping[str, object]], scope: Scope) -> Iterator[str]:
    several = component.attributes.get("multiple", False)
    if isinstance(several, str) and is_expression(several):
        several = Formula.read(several).value(scope)
    if len(files) > 1 and several is not True:
        yield "It must be one file."
    accept = component.attributes.get("accept")
    if isinstance(accept, str) and is_expression(accept):
        accept = Formula.read(accept).value(scope)
    if isinstance(accept, str) and "{{" not in accept:
        for file in files:
            if not accepted(file, accept):
                yield f"{name_of(file)} must be of one of these kinds: {accept}."


def _bound(bound: object, scope: Scope) -> Decimal | None:
    """The number that a rule names; like form-js, none if its expression yields null."""
    value = bound.value(scope) if isinstance(bound, Formula) else bound
    number = as_decimal(value)
    if number is None and value is not None:
        raise Unfit("It cannot be checked: the form asks for a limit that is no number.")
    return number
