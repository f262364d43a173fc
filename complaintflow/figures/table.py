"""Figures as callers hold them: plain data, with the ways out of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from complaintflow.errors import ComplaintflowError
from complaintflow.figures.registry import REGISTRY, Definition, Language, Unit
from complaintflow.records import dataclass

if TYPE_CHECKING:
    from datetime import datetime

    import pandas

    from complaintflow.figures.period import Period

COLUMNS: Final = ("figure", "label", "by", "value", "unit", "numerator", "denominator", "suppressed", "clause")
# What makes a spreadsheet take a text for a formula or a command (CWE-1236); full-width forms are folded by some.
_COMMANDS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class MissingLibrary(ComplaintflowError):
    """What the figures should be written with is not installed."""

    advice = "pip install 'complaintflow[report]'"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number.

    Attributes:
        id: of its definition in ``REGISTRY``.
        by: what it is told apart by: ("department", "hall"); the text is None for cases of which that is not known.
        value: None where nothing was counted (0 of 0), or the figure is suppressed.
        numerator, denominator: what the value is made of; None as for the value, and where there is none.
        suppressed: it is not shown, because the count is so small that it would tell of somebody.
        clause: ids of the clauses that ask for it.
    """

    id: str
    by: tuple[tuple[str, str | None], ...]
    value: Decimal | None
    numerator: Decimal | None
    denominator: int | None
    suppressed: bool
    clause: tuple[str, ...]

    @property
    def definition(self) -> Definition:
        """What exactly it says."""
        return REGISTRY[self.id]

    @property
    def unit(self) -> Unit:
        """Of the value."""
        return self.definition.unit


@dataclass(frozen=True, slots=True)
class Figures:
    """A policy's figures for a time.

    Attributes:
        policy, title: the policy's id and title.
        period: from when, until when; in the organisation's zone.
        counted_until: the end of the period, or when the figures were made if it is not over.
        by: what was asked to be told apart.
        smallest: counts below it are not shown where they are told apart.
        figures: in the order of the registry.
    """

    policy: str
    title: str
    period: Period
    counted_until: datetime
    by: tuple[str, ...]
    smallest: int
    figures: tuple[Figure, ...]

    def __iter__(self) -> Iterator[Figure]:
        return iter(self.figures)

    def get(self, figure: str, **by: str | None) -> Figure | None:
        """The figure of this id for these groups; None if there is none."""
        wanted = tuple(sorted(by.items(), key=lambda pair: pair[0]))
        for one in self.figures:
            if one.id == figure and tuple(sorted(one.by, key=lambda pair: pair[0])) == wanted:
                return one
        return None

    def rows(self, language: Language = "en") -> list[dict[str, Any]]:
        """One plain mapping for each figure, with ``COLUMNS`` as keys."""
        return [
            {
                "figure": one.id,
                "label": one.definition.label[language],
                "by": "; ".join(f"{name}={value if value is not None else '-'}" for name, value in one.by),
                "value": one.value,
                "unit": one.unit,
                "numerator": one.numerator,
                "denominator": one.denominator,
                "suppressed": one.suppressed,
                "clause": " ".join(one.clause),
            }
            for one in self.figures
        ]

    def as_json(self, language: Language = "en") -> dict[str, Any]:
        """JSON data; numbers keep their digits as text."""
        return {
            "policy": self.policy,
            "title": self.title,
            "period": self.period.name,
            "since": self.period.since.isoformat(),
            "until": self.period.until.isoformat(),
            "counted_until": self.counted_until.isoformat(),
            "by": list(self.by),
            "smallest": self.smallest,
            "figures": [
                {key: str(value) if isinstance(value, Decimal) else value for key, value in row.items()}
                | {"groups": dict(one.by)}
                for row, one in zip(self.rows(language), self.figures, strict=True)
            ],
        }

    def plain(self) -> dict[str, Any]:
        """Numbers alone, as a process gets them: figure -> value, and under "parts" figure -> list of groups."""
        whole = {one.id: one.value for one in self.figures if not one.by}
        parts: dict[str, list[dict[str, Any]]] = {}
        for one in self.figures:
            if one.by:
                parts.setdefault(one.id, []).append({**dict(one.by), "value": one.value, "suppressed": one.suppressed})
        period = {"name": self.period.name, "since": self.period.since.isoformat(), "last_day": self.period.last_day}
        return {"policy": self.policy, "period": period, **whole, "parts": parts}

    def to_csv(self, language: Language = "en") -> str:
        """CSV (RFC 4180) whose cells no spreadsheet takes for a formula. Save it as UTF-8 with a mark ("utf-8-sig")."""
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in self.rows(language):
            writer.writerow([safe(row[column]) for column in COLUMNS])
        return file.getvalue()

    def to_xlsx(self, file: str | Path, language: Language = "en") -> None:
        """A workbook: the figures, and a sheet that says what each of them means.

        Raises:
            MissingLibrary: openpyxl is not installed.
        """
        try:
            from openpyxl import Workbook
        except ImportError:
            raise MissingLibrary("openpyxl, which writes workbooks, is not installed") from None
        book = Workbook()
        sheet = book.active
        sheet.title = "figures"
        sheet.append(list(COLUMNS))
        for row in self.rows(language):
            sheet.append([row[column] if not isinstance(row[column], str) else None for column in COLUMNS])
            for place, column in enumerate(COLUMNS, 1):
                if isinstance(row[column], str):
                    _write(sheet.cell(sheet.max_row, place), row[column])
        meaning = book.create_sheet("definitions")
        meaning.append(["figure", "unit", "numerator", "denominator"])
        for one in {figure.id: figure.definition for figure in self.figures}.values():
            meaning.append([one.id, one.unit, one.numerator[language], one.denominator[language]])
        book.save(file)

    def to_pandas(self, language: Language = "en") -> pandas.DataFrame:
        """A data frame with ``COLUMNS``. Raises MissingLibrary: pandas is not installed."""
        try:
            import pandas
        except ImportError:
            raise MissingLibrary("pandas is not installed", advice="pip install pandas") from None
        return pandas.DataFrame(self.rows(language), columns=list(COLUMNS))


def safe(value: object) -> object:
    """A cell that no spreadsheet runs: a text that begins like a formula begins with an apostrophe instead."""
    if not isinstance(value, str):
        return "" if value is None else value
    return f"'{value}" if value.lstrip(" \u00a0\ufeff").startswith(_COMMANDS) else value


def _write(cell: Any, value: str) -> None:
    """As text, whatever it begins with: a workbook knows types, so nothing has to be put in front."""
    cell.value = value
    cell.data_type = "s"
    cell.quotePrefix = True
