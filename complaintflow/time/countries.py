"""The days off of a country, from the ``holidays`` package."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from complaintflow.errors import CalendarError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from holidays.holiday_base import HolidayBase


def country_class(code: str, subdivision: str | None) -> type[HolidayBase]:
    """The `holidays` class of a country, loaded from its own file.

    ``holidays.countries`` imports all 250 countries (0.09 s) on the way to one, so the file is loaded by itself
    (0.007 s) under a private name; `holidays` itself stays as any other user of it expects.

    Raises:
        CalendarError: there is no such country, or it has no such subdivision; the advice has the nearest code.
    """
    registry = import_module("holidays.registry")
    entry = next(((file, names) for file, names in registry.COUNTRIES.items() if code in names), None)
    if entry is None:
        known = {name for names in registry.COUNTRIES.values() for name in names if name.isupper()}
        advice = _near(code, known) or 'write an ISO 3166 code such as "CN" or "DE"'
        raise CalendarError(f'the holidays package knows no country "{code}"', advice=advice)
    file = Path(str(registry.__file__)).with_name("countries") / f"{entry[0]}.py"
    spec = spec_from_file_location(f"complaintflow._holidays_{entry[0]}", file)
    if spec is None or spec.loader is None:
        raise CalendarError(f"the holidays package has no file {file.name}", advice="install `holidays` again")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: type[HolidayBase] = getattr(module, entry[1][0])
    if subdivision is not None and subdivision not in found.subdivisions:
        listed = ", ".join(found.subdivisions)
        near = _near(subdivision, found.subdivisions)
        advice = f"{near} write one of: {listed}".lstrip() if listed else "leave it out"
        raise CalendarError(f'"{code}" has no subdivision "{subdivision}"', advice=advice)
    return found


def _near(code: str, known: Iterable[str]) -> str:
    close = get_close_matches(code, sorted(known), 1)
    return f'did you mean "{close[0]}"?' if close else ""
