"""The days off of a country, from the ``holidays`` package."""

from __future__ import annotations

from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from complaintflow.errors import CalendarError

if TYPE_CHECKING:
    from holidays.holiday_base import HolidayBase


def country_class(code: str, subdivision: str | None) -> type[HolidayBase]:
    """The `holidays` class of a country, loaded from its own file.

    ``holidays.countries`` imports all 250 countries (0.09 s) on the way to one, so the file is loaded by itself
    (0.007 s) under a private name; `holidays` itself stays as any other user of it expects.
    """
    registry = import_module("holidays.registry")
    entry = next(((file, names) for file, names in registry.COUNTRIES.items() if code in names), None)
    if entry is None:
        raise CalendarError(f'the holidays package knows no country "{code}"', advice="use an ISO 3166 code")
    file = Path(str(registry.__file__)).with_name("countries") / f"{entry[0]}.py"
    spec = spec_from_file_location(f"complaintflow._holidays_{entry[0]}", file)
    if spec is None or spec.loader is None:
        raise CalendarError(f"the holidays package has no file {file.name}", advice="install `holidays` again")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    found: type[HolidayBase] = getattr(module, entry[1][0])
    if subdivision is not None and subdivision not in found.subdivisions:
        known = ", ".join(found.subdivisions) or "none"
        raise CalendarError(f'"{code}" has no subdivision "{subdivision}"', advice=f"write one of: {known}")
    return found
