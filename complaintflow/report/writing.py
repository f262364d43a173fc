"""Numbers, days and names as readers of a language write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent

from complaintflow.report.words import WORDS

if TYPE_CHECKING:
    from complaintflow.figures.registry import Language, Unit
    from complaintflow.time.interval import Interval

_LOCALES: Final[Mapping[str, str]] = {"en": "en", "zh": "zh_Hans_CN"}
_ONE: Final = Decimal(1)
_TENTH: Final = Decimal("0.1")
_CENT: Final = Decimal("0.01")
_STEPS: Final[Mapping[str, Decimal]] = {
    "cases": _ONE, "promises": _ONE, "%": _TENTH, "points": _CENT, "days": _TENTH, "working days": _ONE, "money": _CENT,
}  # fmt: skip


class Writer:
    """Writes in one language.

    Args:
        language: "en" or "zh".
        names: value of a fact -> what it is called.
    """

    def __init__(self, language: Language, names: Mapping[str, str]) -> None:
        self.language: Language = language
        self._locale = Locale.parse(_LOCALES[language])
        self._names = names

    def say(self, word: str, **filled: object) -> str:
        """A sentence of ``WORDS``."""
        return WORDS[self.language][word].format(**filled)

    def name(self, value: str | None) -> str:
        """A value of a fact; one that nobody named is shown as it is, with blanks."""
        if value is None:
            return self.say("unknown")
        known = self._names.get(value)
        return known if known is not None else value.replace("_", " ").replace("-", " ")

    def number(self, value: Decimal | int, unit: Unit = "cases") -> str:
        """With the digits that the unit deserves, rounded half up; a share has its sign."""
        rounded = Decimal(value).quantize(_STEPS[unit], ROUND_HALF_UP)
        if unit == "%":
            return str(format_percent(rounded / 100, format="#,##0.0%", locale=self._locale))
        digits = {_ONE: "#,##0", _TENTH: "#,##0.0", _CENT: "#,##0.00"}[_STEPS[unit]]
        return str(format_decimal(rounded, format=digits, locale=self._locale))

    def amount(self, value: Decimal | int, unit: Unit) -> str:
        """A number with its unit, where the unit is not plain from the label."""
        word = {"days": "long days", "working days": "long working"}.get(unit)
        if word == "long working":
            return f"{self.number(value, unit)} {self.say('working day')}"
        return self.say(word, n=self.number(value, unit)) if word else self.number(value, unit)

    def share(self, part: int, whole: int) -> str:
        """A part of a whole."""
        return self.number(Decimal(100) * part / whole, "%")

    def day(self, at: date) -> str:
        """A day."""
        return str(format_date(at, format="long", locale=self._locale))

    def moment(self, at: datetime) -> str:
        """A day and the time; midnight is 24:00 of the day that it closes."""
        if at.time() == time():
            return f"{self.day(at - timedelta(days=1))} 24:00"
        return f"{self.day(at)} {format_time(at, format='HH:mm', locale=self._locale)}"

    def month(self, at: datetime, *, short: bool = False) -> str:
        """A month without its year."""
        return str(format_date(at, format="LLL" if short or self.language == "zh" else "LLLL", locale=self._locale))

    def week(self, since: datetime, until: datetime) -> str:
        """First and last day."""
        last = until - timedelta(microseconds=1)
        short = "MMM d" if self.language == "en" else "M月d日"
        first = format_date(since, format=short, locale=self._locale)
        return f"{first} – {format_date(last, format=short, locale=self._locale)}"

    def lasting(self, time: timedelta, *, short: bool = False) -> str:
        """A length of time in the unit that suits it: "3.2 days"."""
        seconds = Decimal(int(time.total_seconds()))
        prefix = "" if short else "long "
        if seconds < 3600:
            return self.say(f"{prefix}minutes", n=self.number((seconds / 60).quantize(_ONE, ROUND_HALF_UP)))
        if seconds < 48 * 3600:
            return self.say(f"{prefix}hours", n=self.number((seconds / 3600).quantize(_ONE, ROUND_HALF_UP)))
        days = (seconds / 86_400).quantize(_TENTH, ROUND_HALF_UP)
        whole = days == days.to_integral_value() or days >= 100
        return self.say(f"{prefix}days", n=self.number(days, "cases" if whole else "days"))

    def interval(self, interval: Interval) -> str:
        """The time that a policy gives."""
        if self.language == "en":
            return str(interval)
        return f"{interval.amount} {self.say(interval.unit)}"

    def listed(self, names: Iterable[str]) -> str:
        """Names one after the other."""
        return self.say("list").join(names)
