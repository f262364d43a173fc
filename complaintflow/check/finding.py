"""What a check found."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Final, Literal

from complaintflow.errors import ComplaintflowError, FeelSyntaxError, InvalidPolicy
from complaintflow.records import dataclass

Severity = Literal["error", "warning", "note"]
ERROR: Final[Severity] = "error"
WARNING: Final[Severity] = "warning"
NOTE: Final[Severity] = "note"

_ORDER: Final = (ERROR, WARNING, NOTE)
# How a policy file's problems are listed, and a place in it with the entry.
_LISTED: Final = re.compile(r"(?P<where>.*?policy\.toml(?:, line \d+)?(?:: [\w.-]+)?): (?P<what>.*?); (?P<advice>.*)")
_PATHED: Final = re.compile(r"(?P<place>.*?policy\.toml(?:, line \d+)?): (?P<path>[\w.-]+)")
# A bundle numbers the policy files of its layers; people know only one name for them.
_PLACE: Final = re.compile(r"(?s)(?P<file>.*?)(?:, line (?P<line>\d+))?(?:, element (?P<element>.*))?")
_NUMBERED: Final = re.compile(r"(?<=/)\d+\.(?=policy\.toml)")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at.

    Attributes:
        severity: "error": it cannot run; "warning": it runs, and probably not as meant; "note": good to know.
        what: one sentence without full stop.
        where: file, line and element.
        advice: what to do; may be empty.
        label: what the diagram says of the element, if it is about one.
    """

    severity: Severity
    what: str
    where: str
    advice: str = ""
    label: str = ""

    @property
    def file(self) -> str:
        """The file, without line and element."""
        return self._place["file"]

    @property
    def line(self) -> int | None:
        """The line, counted from 1, if it is known."""
        return int(line) if (line := self._place["line"]) else None

    @property
    def element(self) -> str:
        """The id of the element, or an empty text."""
        return self._place["element"] or ""

    @property
    def _place(self) -> re.Match[str]:
        match = _PLACE.fullmatch(self.where)
        assert match is not None
        return match

    @property
    def order(self) -> tuple[int, list[str | int], str]:
        """Errors first, then by place: line 9 before line 10."""
        place = [int(part) if index % 2 else part for index, part in enumerate(re.split(r"(\d+)", self.where))]
        return _ORDER.index(self.severity), place, self.what


def of_error(error: ComplaintflowError, file: str = "") -> Finding:
    """One of our errors as a finding; ``file`` where it names no place itself."""
    advice = error.remedy or ("correct the expression" if isinstance(error, FeelSyntaxError) else "")
    return Finding(ERROR, error.what, readable(error.where or file), advice)


def _each(error: ComplaintflowError, file: str) -> Iterator[Finding]:
    """An error as findings: a policy file tells of all its problems in one, and each has a line of its own."""
    head, *listed = error.what.split("\n  ")
    found = [_LISTED.fullmatch(line) for line in listed] if isinstance(error, InvalidPolicy) else []
    if not found or not all(found) or not head.endswith(":"):
        found = [_PATHED.fullmatch(error.where)] if isinstance(error, InvalidPolicy) else []
        told = of_error(error, file)
        yield (
            told
            if not found or found[0] is None
            else replace(told, what=f"{found[0]['path']}: {told.what}", where=readable(found[0]["place"]))
        )
        return
    for match in found:
        if match is not None:
            place = _PATHED.fullmatch(match["where"])
            path, where = (f"{place['path']}: ", place["place"]) if place is not None else ("", match["where"])
            yield Finding(ERROR, path + match["what"], readable(where), match["advice"])


def readable(where: str) -> str:
    """A place as people know it."""
    return _NUMBERED.sub("", where)


def guarded(file: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """What a check finds; a check that fails itself is a finding too, since one bad file must not hide the others."""
    try:
        return list(look())
    except ComplaintflowError as error:
        return [*_each(error, file)]
    except RecursionError:
        return [Finding(ERROR, "the file is nested too deeply to be read", readable(file), "draw it flatter")]
    except Exception as error:
        what = f"the file cannot be checked: {type(error).__name__}: {error}"
        advice = "this is a defect of complaintflow; please report it with the file"
        return [Finding(ERROR, what, readable(file), advice)]


def nearest(name: str, known: Iterable[str]) -> str:
    """Advice for a name that is not there."""
    names = sorted(known)
    close = get_close_matches(name, names, 1)
    return f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(names) or 'none'}"
