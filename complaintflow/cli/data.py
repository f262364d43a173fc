"""What comes in from files and from key=value, and what goes out as JSON."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from complaintflow.cli.look import aside, clean
from complaintflow.errors import InvalidData

if TYPE_CHECKING:
    from complaintflow.formjs import Component, Form

F = TypeVar("F", bound=Callable[..., Any])

_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_WORDS: Final = {"true": True, "yes": True, "y": True, "是": True, "false": False, "no": False, "n": False, "否": False}
_MANY: Final = 1000


def data_option(function: F) -> F:
    """``-d key=value``, handed on as ``fields``."""
    return click.option(
        "-d",
        "--data",
        "fields",
        multiple=True,
        metavar="KEY=VALUE",
        help="One field: reporter.name='Zhao Min', persons[1].role=waiter. Where a form has the field it is read as "
        "the form wants it (justified=yes), else it is text; KEY:=JSON for a number, true, a list: amount:=12.",
    )(function)


def read_json(file: str, otherwise: str = "") -> dict[str, Any]:
    """The object in a JSON file; "-" is standard input.

    Args:
        otherwise: what else the word may have been meant for, with what to write then.

    Raises:
        InvalidData: it cannot be read, is not JSON, or not an object.
    """
    where = "standard input" if file == "-" else file
    try:
        raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        raise InvalidData(what, where=where, advice=_meant(file, otherwise)) from None
    return parse_object(raw, where)


def _meant(word: str, otherwise: str) -> str:
    """What somebody meant who gave a word that is no file."""
    name, equals, _ = word.partition("=")
    if equals and name and not set(name) & set("/\\"):
        return f"if it is a field, write -d before it: -d {shlex.quote(word)}"
    advice = "give a JSON file, '-' for standard input, or fields with -d KEY=VALUE"
    return f"{advice}; {otherwise}" if otherwise else advice


def parse_object(raw: bytes, where: str) -> dict[str, Any]:
    """A JSON object; numbers that a float would round stay exact.

    Raises:
        InvalidData: it is something else.
    """
    try:
        value = json.loads(raw.decode("utf-8-sig"), parse_float=_exact, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        advice = 'save it as UTF-8 JSON: { "channel": "phone", ... }'
        raise InvalidData(f"the data are not JSON: {reason}", where=where, advice=advice) from None
    if not isinstance(value, dict):
        what = "the data are not an object with named fields"
        raise InvalidData(what, where=where, advice="begin with { and end with }")
    return value


def _exact(text: str) -> float | Decimal:
    short = float(text)
    return short if Decimal(repr(short)) == Decimal(text) else Decimal(text)


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a JSON number")


# -- key=value --------------------------------------------------------------------------------


def with_fields(data: dict[str, Any], fields: Iterable[str], form: Form | None) -> dict[str, Any]:
    """The data with fields from the command line set in them, each as its component of the form wants it.

    A field that no form knows stays the text that was typed: digits may be a phone number. ``KEY:=JSON`` is anything.

    Raises:
        InvalidData: a field cannot be read.
    """
    kinds = {component.path: component for component in form.fields} if form is not None else {}
    for field in fields:
        place, equals, text = field.partition("=")
        exact = place.endswith(":")
        place = place.removesuffix(":").strip()
        if not equals or not place:
            raise InvalidData(f"'{field}' is not KEY=VALUE", where="-d", advice="write -d justified=true")
        component = kinds.get(re.sub(r"\[\d+\]", "[]", place))
        if component is None and not exact and (form is None or form.open):
            _doubt(place, text)
        put(data, place, _json(text, place) if exact else typed(text, component))
    return data


def _doubt(place: str, text: str) -> None:
    """Say that something is taken as text which may have been meant as a number, true, a list."""
    if not isinstance(guess(text), str):
        aside(clean(f"-d {place}={text}: taken as text; {place}:={text} if it is not"), dim=True)


def _json(text: str, place: str) -> Any:
    try:
        return json.loads(text, parse_float=_exact, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise InvalidData(f"the value of '{place}' is not JSON: {text}", where="-d", advice="use = for text") from None


def typed(text: str, component: Component | None) -> Any:
    """A text as the component wants it; what does not fit stays text, and the form says what is wrong with it."""
    if component is None:
        return text
    kind = component.type
    if kind == "checkbox":
        return _WORDS.get(text.strip().lower(), text)
    if kind == "number" and not component.attributes.get("serializeToString"):
        value = guess(text)
        return value if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool) else text
    if kind in ("radio", "select"):
        return choice(text, component)
    if kind in ("checklist", "taglist"):
        return [choice(one.strip(), component) for one in text.split(",") if one.strip()]
    if kind in ("textfield", "textarea", "datetime", "number"):
        return text
    return guess(text)


def choice(text: str, component: Component) -> Any:
    """The value of an option by its value or label; any other text stays as it is."""
    options = component.options or ()
    for option in options:
        if text in (option.value, str(option.value), json.dumps(option.value), option.label):
            return option.value
    # "yes" and "y" where "Yes" is offered, as long as they fit only one.
    near = [option for option in options if text and option.label.casefold().startswith(text.casefold())]
    return near[0].value if len(near) == 1 else text


def guess(text: str) -> Any:
    """JSON where it is JSON, else text: for what cannot be text."""
    try:
        return json.loads(text, parse_float=_exact, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text


def put(data: dict[str, Any], place: str, value: Any) -> None:
    """Set a value at a path like ``persons[1].name`` (rows count from 1), making objects and rows on the way.

    Raises:
        InvalidData: the path is not one, or leads through something that is no object or list.
    """
    steps: list[str | int] = [name or int(row) for name, row in _STEP.findall(place)]
    shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
    if shown != place or not isinstance(steps[0], str):
        raise InvalidData(f"'{place}' is not a field", where="-d", advice="write reporter.name or persons[1].name")
    level: Any = data
    for index, step in enumerate(steps):
        last = index == len(steps) - 1
        fresh: Any = value if last else [] if isinstance(steps[index + 1], int) else {}
        level = _descend(level, step, fresh, last, place)


def _descend(level: Any, step: str | int, fresh: Any, last: bool, place: str) -> Any:
    """One step of a path: what is there, or ``fresh`` put there."""
    if isinstance(step, str) and isinstance(level, dict):
        if last or not isinstance(level.get(step), (dict, list)):
            level[step] = fresh
        return level[step]
    if isinstance(step, int) and isinstance(level, list) and 0 < step <= min(len(level) + 1, _MANY):
        if step > len(level):
            level.append(fresh)
        elif last or not isinstance(level[step - 1], (dict, list)):
            level[step - 1] = fresh
        return level[step - 1]
    raise InvalidData(f"'{place}' leads nowhere", where="-d", advice="rows are counted from 1, one after the other")


# -- files out --------------------------------------------------------------------------------


def format_of(file: str, given: str | None, endings: Mapping[str, str]) -> str:
    """The format of a new file: what --format says, else what its name ends with.

    Args:
        endings: ending, as ".xes" -> format.

    Raises:
        click.UsageError: the name says nothing of the format.
    """
    found = given or endings.get(Path(file).suffix.lower())
    if found is None:
        known = ", ".join(f"{ending} ({form.upper()})" for ending, form in endings.items())
        forms = " or ".join(f"--format {form}" for form in dict.fromkeys(endings.values()))
        raise click.UsageError(f"the name '{file}' says no format: let it end with one of {known}, or add {forms}")
    return found


# -- JSON out ---------------------------------------------------------------------------------


def write_json(value: Any) -> None:
    """Print a value as JSON for a program."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Decimal):
        # JSON has no limit to a number's digits, but Python's writer has no way to say them.
        return int(value) if value == value.to_integral_value() else str(value)
    return str(value)
