"""A report from beginning to end: gather, look, write, save."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from complaintflow.errors import InvalidData
from complaintflow.figures.table import MissingLibrary
from complaintflow.records import dataclass
from complaintflow.report import charts
from complaintflow.report.gathering import gather
from complaintflow.report.heat import CASES, Heat, read
from complaintflow.report.page import write_page
from complaintflow.report.reviews import reviews
from complaintflow.whole import whole_file

if TYPE_CHECKING:
    from datetime import datetime

    from complaintflow.definition.definition import Bundle
    from complaintflow.figures.period import Period
    from complaintflow.figures.registry import Language
    from complaintflow.policy.policy import Policy
    from complaintflow.sealing.vault import CaseCodec
    from complaintflow.store.port import Transaction
    from complaintflow.store.rows import CaseRow

Form = Literal["html", "pdf"]
FORMS: Final[tuple[Form, ...]] = ("html", "pdf")
_LONGEST: Final = 1000


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted.

    Attributes:
        language: of the report.
        proposals: what people decided; without any, the report only asks.
        cases: so many cases are opened for the heat at most; 0 for none.
    """

    language: Language = "en"
    proposals: Sequence[str] = ()
    cases: int = CASES

    def __post_init__(self) -> None:
        if self.language not in ("en", "zh"):
            raise InvalidData(f"there is no report in '{self.language}'", [("language", "is en or zh")])
        if self.cases < 0:
            raise InvalidData("cases cannot be fewer than none", [("cases", "is 0 or more")])
        if any(not one.strip() or len(one) > _LONGEST for one in self.proposals):
            raise InvalidData("a proposal is empty or too long", [("proposals", f"have 1 to {_LONGEST} letters each")])


@dataclass(frozen=True, slots=True)
class Report:
    """A report; ``html`` is one whole file. A notebook shows it by itself."""

    html: str

    def __str__(self) -> str:
        return self.html

    def _repr_html_(self) -> str:
        return self.html

    def pdf(self) -> bytes:
        """The same as PDF. Raises MissingLibrary: weasyprint, or the Pango that it draws with, is not there."""
        made: bytes = _weasyprint()(string=self.html, url_fetcher=_nothing).write_pdf(pdf_identifier=b"complaintflow")
        return made

    def save(self, file: str | Path, form: Form | None = None, *, replace: bool = False) -> None:
        """Write it to a file, whole or not at all.

        Args:
            file: its name says what it becomes: ``.pdf``, else HTML; unless
            form: "html" or "pdf".
            replace: also where there is such a file already.

        Raises:
            InvalidData: there is such a file already, or it cannot be written.
            MissingLibrary: see ``pdf``.
        """
        path = Path(file)
        _refuse(path, form, replace)
        content = self.pdf() if _form(path, form) == "pdf" else self.html.encode()
        with whole_file(path) as out:
            out.write(content)


def build(
    tx: Transaction,
    bundle: Bundle,
    period: Period,
    now: datetime,
    codec: Callable[[CaseRow], CaseCodec],
    order: Order,
    opened: Callable[[str], tuple[Policy, Mapping[str, Any]]],
) -> Report:
    """The report of a policy for a quarter, month or year.

    Args:
        tx: of one picture of the store.
        bundle: the policy with its diagrams.
        period: with a name.
        now: what has not happened by then is not in it.
        codec: what opens a case.
        opened: the policy and outermost variables of a case that reviews the policy, by its id.

    Raises:
        InvalidData: the time has not begun.
        MissingLibrary: matplotlib is not installed.
    """
    if now < period.since:
        raise InvalidData(f"{period.name} has not begun", [("period", "is in the future")])
    charts.require()
    material = gather(tx, bundle.policy, period, now)
    heat = read(tx, bundle, material.whole, codec, order.cases) if not material.empty else Heat()
    looked = reviews(tx, bundle.policy, period, now, opened)
    return Report(write_page(bundle, material, heat, order.language, [one.strip() for one in order.proposals], looked))


def ready(file: str | Path, form: Form | None = None, *, replace: bool = False) -> None:
    """Raises, before anything is counted, what ``Report.save`` would raise: InvalidData, MissingLibrary."""
    path = Path(file)
    _refuse(path, form, replace)
    if _form(path, form) == "pdf":
        _weasyprint()


def _refuse(path: Path, form: Form | None, replace: bool) -> None:
    if form is not None and form not in FORMS:
        raise InvalidData(f"there is no report of the form '{form}'", [("form", "is html or pdf")])
    if path.exists() and not (replace and path.is_file()):
        advice = "give another name, or let it be replaced: --replace on the command line, replace=True in Python"
        raise InvalidData("there is such a file already", where=str(path), advice=advice)
    if not path.absolute().parent.is_dir():
        raise InvalidData("there is no such folder", where=str(path.parent), advice="make it first")


def _form(path: Path, form: Form | None) -> Form:
    return form or ("pdf" if path.suffix.lower() == ".pdf" else "html")


def _weasyprint() -> Any:
    try:
        from weasyprint import HTML
    except ImportError:
        raise MissingLibrary("weasyprint, which makes PDF of a report, is not installed") from None
    except OSError:
        advice = "on Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0; or write HTML and print it"
        raise MissingLibrary("weasyprint does not find Pango, a library of the system", advice=advice) from None
    return HTML


def _nothing(url: str, *_: object, **__: object) -> dict[str, object]:
    """A report loads nothing."""
    raise ValueError(f"a report loads nothing, and certainly not {url}")
