"""The report: every number is a figure, nothing more can be learned from it, and people can read it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from cssselect2 import ElementWrapper
from lxml import html

from complaintflow.access.identity import StaticIdentity
from complaintflow.cli import app
from complaintflow.errors import AccessDenied, InvalidData
from complaintflow.facade.engine import Engine
from complaintflow.figures import Figures, Period
from complaintflow.figures.table import MissingLibrary
from complaintflow.picture.heat import SHADES
from complaintflow.report import heat as heating
from complaintflow.report.gathering import gather, received
from complaintflow.report.words import WORDS
from complaintflow.testing import Workbench
from complaintflow.time.clock import VirtualClock
from tests.figure_cases import engine as opened
from tests.figure_cases import live
from tests.report_cases import simulate

PERIOD = "2026Q3"
SINCE = datetime.fromisoformat("2026-07-01T00:00:00+08:00")
UNTIL = datetime.fromisoformat("2026-10-01T00:00:00+08:00")
ASSESSED = {"accepted": True, "place": {"group": "hall"}, "kind": "food"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Four months of many cases."""
    with opened(tmp_path_factory.mktemp("small")) as engine:
        live(engine, 90, seed=20260701)
        yield engine


@pytest.fixture(scope="module")
def text(engine: Engine) -> str:
    """Their report."""
    return engine.report("small", PERIOD).html


@pytest.fixture(scope="module")
def page(text: str) -> html.HtmlElement:
    """The same, read."""
    return html.document_fromstring(text)


def css(element: html.HtmlElement, selector: str) -> list[html.HtmlElement]:
    """What it holds of that kind, in order."""
    return [found.etree_element for found in ElementWrapper.from_html_root(element).query_all(selector)]


def words(element: html.HtmlElement) -> str:
    """Its text on one line."""
    return " ".join(element.text_content().split())


def rounded(value: Decimal, step: str) -> str:
    """A number as English readers write it."""
    return f"{value.quantize(Decimal(step), ROUND_HALF_UP):,}"


STEPS = {"%": "0.1", "points": "0.01", "days": "0.1", "money": "0.01"}


# -- numbers ------------------------------------------------------------------------------------


def test_every_big_number_is_the_figure(engine: Engine, page: html.HtmlElement) -> None:
    """Each figure that is not told apart has a card with its value, what it is made of, and the time before."""
    now, before = engine.figures("small", PERIOD), engine.figures("small", "2026Q2")
    cards = {card.get("data-figure"): card for card in css(page, ".card")}
    assert set(cards) == {one.id for one in now if not one.by}
    for one in now:
        if one.by:
            continue
        card, earlier = cards[one.id], before.get(one.id)
        shown = css(card, "data")
        assert one.value is not None
        assert [Decimal(data.get("value")) for data in shown] == [one.value]
        step = STEPS.get(one.unit, "1")
        assert words(shown[0]) == rounded(one.value, step) + ("%" if one.unit == "%" else "")
        if one.unit == "%":
            assert f"{one.numerator:,} of {one.denominator:,}" in words(card)
        assert earlier is not None
        said = words(css(card, ".before")[0])
        assert said == (
            f"2026Q2: {rounded(earlier.value, step)}{'%' if one.unit == '%' else ''}"
            if earlier.value is not None
            else "2026Q2: no number"
        )


def test_promises_are_the_figures_and_open_ones_those_that_nothing_ended(
    engine: Engine, page: html.HtmlElement
) -> None:
    """Due, kept and late of each deadline are the figure; still open are late ones without an entry that ends them."""
    figures = engine.figures("small", PERIOD)
    still: Counter[str] = Counter()
    for case in engine.cases(limit=1000):
        last: dict[tuple[Any, ...], Any] = {}
        with engine.store.reading() as tx:
            for row in tx.history(case.id):
                if row.event in ("promised", "moved", "kept", "broken", "dropped") and row.at < UNTIL:
                    last[row.name, row.token] = row
        for row in last.values():
            if row.event in ("promised", "moved") and row.value and SINCE <= datetime.fromisoformat(row.value) < UNTIL:
                still[row.name] += 1
    rows = {row.get("data-deadline"): [words(cell) for cell in row] for row in css(page, "[data-deadline]")}
    found = {dict(one.by)["deadline"]: one for one in figures if one.id == "breaches" and one.by}
    assert set(rows) == set(found) == {"answer", "step"}
    for name, one in found.items():
        assert one.denominator is not None
        assert one.numerator is not None
        due, late = one.denominator, int(one.numerator)
        assert rows[str(name)][2:6] == [str(due), str(due - late), str(late), str(still[f"small/{name}"])]
        assert rows[str(name)][6] == f"{rounded(Decimal(100) * (due - late) / due, '0.1')}%"


def test_departments_are_the_figures_or_hidden(engine: Engine, page: html.HtmlElement) -> None:
    """A department's numbers are its figures; what those hide is hidden here too."""
    figures = engine.figures("small", PERIOD, by="department")
    rows = css(page, "[data-department]")
    assert {row.get("data-department") for row in rows} == {dict(one.by)["department"] or "" for one in figures}
    shown = 0
    for row in rows:
        for data in css(row, "data"):
            one = figures.get(data.get("data-figure"), department=row.get("data-department") or None)
            assert one is not None
            assert not one.suppressed
            assert Decimal(data.get("value")) == one.value
            shown += 1
    assert shown > 8


def test_the_chart_of_months_has_the_figures_of_the_months(engine: Engine, page: html.HtmlElement) -> None:
    """On top of each month is what the figure of that month says."""
    svg = css(page, "figure.chart svg")[0]
    totals = [element.text for element in svg.iter("text") if "font-weight: 700" in element.get("style", "")]
    months = [engine.figures("small", month).get("received") for month in ("2026-07", "2026-08", "2026-09")]
    assert totals == [str(one.value) for one in months if one is not None]


def test_what_got_worse_is_said_and_what_did_not_is_not(engine: Engine, page: html.HtmlElement) -> None:
    """The summary names the deadlines that were late with the figures' numbers, and asks about them."""
    said = [words(item) for item in css(page, ".problems li")]
    late = engine.figures("small", PERIOD).get("breaches", deadline="answer")
    assert late is not None
    assert any(f"late {late.numerator} times of {late.denominator}" in one for one in said)
    asked = css(page, ".questions li")
    assert asked
    assert all("question, not a decision" in words(one) for one in asked)


# -- nothing more -------------------------------------------------------------------------------


def test_hidden_counts_are_nowhere(engine: Engine, page: html.HtmlElement) -> None:
    """No cell, no total, no picture has the count of a group that the figures hide."""
    hidden = [one for one in engine.figures("small", PERIOD) if one.id == "received" and one.suppressed]
    assert hidden
    grid = css(page, "table.grid")[0]
    names = [words(head) for head in css(grid, "thead th")]
    for one in hidden:
        ((fact, group),) = one.by
        label = group or "not known"
        if fact == "department":
            assert label in names
            column = names.index(label)
            assert words(css(grid, "tbody tr")[-1][column]) == "not shown"
            assert not css(page, f'[data-department="{group or ""}"] data[data-figure="received"]')


def test_months_and_types_do_not_tell_a_hidden_type(engine: Engine) -> None:
    """What may not be told apart in the quarter is not told apart in its months either."""
    policy = engine.library.newest("small").policy
    with engine.store.reading() as tx:
        material = gather(tx, policy, Period.parse(PERIOD, ZoneInfo("Asia/Shanghai")), engine.clock.now())
    kinds = received(material.parts["type"], "type")
    for one in material.slices:
        rest = one.received - sum(one.by_type.values())
        assert rest == 0 or rest >= material.whole.smallest or not one.by_type
        assert all(kinds[kind] is not None for kind in one.by_type)


def test_nothing_sealed_is_in_it(engine: Engine, text: str) -> None:
    """No name, no word of a case, no id of one stands anywhere in the file."""
    for secret in ("Li Wei", "li.wei", "Zhao Min", "withdrawn"):
        assert secret not in text
    for case in engine.cases(limit=1000):
        assert case.id[:12] not in text
    assert engine.pseudonym("handler", "Li Wei") not in text


def test_the_file_runs_nothing_and_loads_nothing(text: str, page: html.HtmlElement) -> None:
    """No script, no address, a policy that forbids both, and each id only once."""
    assert "default-src 'none'" in text
    assert not css(page, "script, link, img, iframe, object, [src], [onload], [onclick]")
    assert set(re.findall(r"https?://[^\"'\s<]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "@import" not in text
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"url\(#([^)]+)\)", text)) | set(re.findall(r'href="#([^"]+)"', text))
    assert used <= set(ids)


def test_the_same_cases_give_the_same_file(engine: Engine, text: str) -> None:
    """Nothing in it depends on when it was made."""
    again = engine.report("small", PERIOD)
    assert again.html == text
    assert again.pdf() == again.pdf()


# -- languages ----------------------------------------------------------------------------------


def test_both_languages_say_the_same_things() -> None:
    """Every sentence is there in both, with the same blanks to fill in."""
    blanks = {
        language: {key: sorted(re.findall(r"{(\w+)}", said)) for key, said in told.items()}
        for language, told in WORDS.items()
    }
    assert blanks["en"] == blanks["zh"]


@pytest.fixture(scope="module")
def staff() -> Iterator[Workbench]:
    """Six employees' complaints, each assessed after two hours; one comes to an investigation that nobody ends."""
    bench = Workbench(now=datetime.fromisoformat("2026-08-03T09:00:00+08:00"))
    for number in range(6):
        case = bench.start("hr", channel="email", content="x", category="process" if number else "pay")
        bench.advance(hours=2)
        case = bench.complete(case, "assess", reasonable=True, urgency="normal")
    bench.complete(case, "respond", response="Chen Jie takes care of it.")
    case = bench.complete(case, "form-team", members=[{"name": "Chen Jie"}, {"name": "Wu Fang"}])
    for task in case.tasks:
        bench.engine.complete(task.id, {"conflict": False})
    bench.at("2026-10-01")
    yield bench
    bench.close()


def test_no_english_is_left_in_chinese(staff: Workbench) -> None:
    """A Chinese report of a shipped policy has no English word but ids, zones and the name of a file."""
    said = staff.engine.report("hr", PERIOD, language="zh").html
    body = re.sub(r"<style>.*?</style>", "", said, flags=re.DOTALL)
    left = set(re.findall(r"[A-Za-z][A-Za-z-]+", re.sub(r"<[^>]+>", " ", body)))
    assert left <= {"Asia", "Shanghai", "docs", "figures", "md", "hr"}
    assert "员工投诉" in said
    for section in ("数据与图表", "问题总结", "改进建议", "责任部门"):
        assert f"<h2>{section}</h2>" in said


def test_work_that_nobody_ended_is_late_and_still_open(staff: Workbench) -> None:
    """A task past its day without a timer is late by the figures, and said to be open."""
    page = html.document_fromstring(staff.engine.report("hr", PERIOD).html)
    (row,) = css(page, '[data-deadline="collection"]')
    assert [words(cell) for cell in row][2:6] == ["1", "0", "1", "1"]
    assert "Of the late ones, 1 are still open." in words(css(page, ".verdict")[0])
    assert any("still open: Collecting the material (1)" in words(one) for one in css(page, ".problems li"))


def test_the_four_sections_are_headings(page: html.HtmlElement) -> None:
    """Data and charts, problems, proposals and departments, as the clause has them (HR-5c.1.3.1)."""
    heads = [words(head) for head in css(page, "h2")]
    assert heads[-4:] == ["Data and charts", "Summary of problems", "Proposals", "Responsible departments"]


def test_what_people_decided_is_told_from_what_is_asked(engine: Engine) -> None:
    """Decisions that were handed in stand by themselves, as text; questions stay marked."""
    made = html.document_fromstring(engine.report("small", PERIOD, proposals=["One <b>calendar</b>."], cases=0).html)
    assert [words(one) for one in css(made, ".decided li")] == ["One <b>calendar</b>."]
    assert css(made, ".questions .tag")
    with pytest.raises(InvalidData):
        engine.report("small", PERIOD, proposals=[" "])


# -- heat ---------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Engine]:
    """The same procedure, with nothing in it yet."""
    with opened(tmp_path) as engine:
        yield engine


def later(engine: Engine, hours: float) -> None:
    """So many hours pass, with all that falls due on the way."""
    clock = engine.clock
    assert isinstance(clock, VirtualClock)
    end = clock.now() + timedelta(hours=hours)
    while True:
        with engine.store.reading() as tx:
            due = tx.next_due()
        if due is None or due > end:
            break
        clock.set(max(due, clock.now()))
        engine.drain()
    clock.set(end)


def four(engine: Engine) -> Figures:
    """Four cases: assessed after 2, 3, 4 and 5 hours; one of them worked on 100 hours later, the others never."""
    clock = engine.clock
    assert isinstance(clock, VirtualClock)
    clock.set(SINCE + timedelta(days=5, hours=9))
    cases = [engine.start("small", {"kind": "food"}) for _ in range(4)]
    later(engine, 1)
    for case in cases:
        later(engine, 1)
        case.complete("assess", ASSESSED)
    later(engine, 100)
    engine.case(cases[0].id).complete("work", {"done": True})
    clock.set(max(UNTIL, clock.now()))
    engine.drain()
    return engine.figures("small", PERIOD)


def read(engine: Engine, figures: Figures, most: int = 100) -> heating.Heat:
    """The heat of these figures' cases."""
    bundle = engine.library.newest("small")
    with engine.store.reading() as tx:
        return heating.read(tx, bundle, figures, engine._work.codec, most)


def test_the_heat_of_cases_that_are_known_by_hand(small: Engine) -> None:
    """Waits, what is still open, flows and the place of each deadline are what happened."""
    heat = read(small, four(small))
    assert (heat.began, heat.read, heat.shredded) == (4, 4, 0)
    hours = {element: sorted(time / timedelta(hours=1) for time in times) for element, times in heat.waits.items()}
    assert hours["assess"] == [2, 3, 4, 5]
    assert hours["work"][0] == 103
    whole = (UNTIL - SINCE - timedelta(days=5, hours=9)) / timedelta(hours=1)
    assert hours["work"][1:] == [whole - 5, whole - 4, whole - 3]
    assert hours["ask"] == [whole - 105]
    assert (heat.open["assess"], heat.open["work"], heat.open["ask"]) == (0, 3, 1)
    assert heat.taken["small", "start-assess"] + heat.taken["small", "Flow_start_assess"] in (0, 4)
    assert sorted(count for (_, flow), count in heat.taken.items() if "assess" in flow and "handling" in flow) == [4]
    assert heat.places["answer"] == "work"
    assert heat.median("assess") == timedelta(hours=3)


def test_diagrams_show_waits_in_words_and_shades(staff: Workbench) -> None:
    """A task with enough visits has its shade and its median above; one with fewer has no time at all."""
    page = html.document_fromstring(staff.engine.report("hr", PERIOD).html)
    pieces = css(page, ".piece svg")
    badges = [words(text) for piece in pieces for text in piece.iter("text") if text.get("font-weight") == "bold"]
    assert "2 h" in badges
    assert "1 late" in badges
    assert "rarely" in badges  # form-team and declare: one case
    shades = {
        element: next(iter(found[0].xpath(".//@fill")))
        for element in ("assess", "form-team")
        if (found := [one for piece in pieces for one in piece.xpath(f'.//*[@data-element="{element}"]')])
    }
    assert shades == {"assess": SHADES[0], "form-team": "#ffffff"}
    assert "Third-party arbitration" in words(css(page, "#data")[0])  # nobody came there
    assert {words(row[0]) for row in css(page, ".longest tbody tr")} == {"Assess", "Respond"}


def test_at_most_so_many_cases_are_opened_and_the_page_says_so(small: Engine) -> None:
    """The sample is the same each time; without any, no diagram is drawn and nothing else is missing."""
    figures = four(small)
    assert read(small, figures, 2).waits == read(small, figures, 2).waits
    assert read(small, figures, 2).read == 2
    assert "From 2 of the 4 cases" in small.report("small", PERIOD, cases=2).html
    nothing = small.report("small", PERIOD, cases=0).html
    assert "Where cases wait" not in nothing
    assert 'data-figure="received"' in nothing


class Shredded:
    """A picture of the store in which the content of one case is destroyed."""

    def __init__(self, tx: Any, case_id: str) -> None:
        self._tx, self._case_id = tx, case_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)

    def case(self, case_id: str) -> Any:
        row = self._tx.case(case_id)
        return row._replace(sealed_key=None) if case_id == self._case_id else row


def test_shredded_cases_are_counted_and_not_drawn(small: Engine) -> None:
    """A case whose key is gone is not opened."""
    figures, gone = four(small), small.cases()[0].id
    bundle = small.library.newest("small")
    with small.store.reading() as tx:
        heat = heating.read(Shredded(tx, gone), bundle, figures, small._work.codec)  # type: ignore[arg-type]
    assert (heat.began, heat.read, heat.shredded) == (4, 3, 1)
    assert len(heat.waits["assess"]) == 3


# -- what may go wrong --------------------------------------------------------------------------


def test_no_cases_is_a_page_that_says_so(small: Engine) -> None:
    """A quarter in which nothing happened has no tables and no charts."""
    small.clock.set(UNTIL)  # type: ignore[attr-defined]
    page = html.document_fromstring(small.report("small", PERIOD).html)
    assert "nothing to report" in words(css(page, "main")[0])
    assert not css(page, "svg, table")


def test_a_time_that_runs_says_until_when(small: Engine) -> None:
    """Of a time that is not over, figures until now, and no comparison of numbers of cases."""
    four(small)
    page = html.document_fromstring(small.report("small", "2026").html)
    assert "This time is not over" in words(css(page, ".when")[0])
    (card,) = css(page, '.card[data-figure="received"]')
    assert not css(card, ".trend")
    month = html.document_fromstring(small.report("small", "2026-07").html)
    assert "Jul 1 – Jul 7" in words(css(month, ".chart")[0])


@pytest.mark.parametrize("period", ["2026Q5", "soon", "2031Q1", ""])
def test_a_wrong_time_is_refused(small: Engine, period: str) -> None:
    """No quarter, or one that has not begun."""
    with pytest.raises(InvalidData):
        small.report("small", period)


def test_a_wrong_language_is_refused(small: Engine) -> None:
    """English or Chinese."""
    with pytest.raises(InvalidData, match="en or zh"):
        small.report("small", PERIOD, language="fr")


@pytest.mark.parametrize(("library", "name"), [("matplotlib", "r.html"), ("weasyprint", "r.pdf")])
def test_a_missing_library_is_one_error_with_advice(
    small: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, name: str
) -> None:
    """Which library, and how to get it; and no file is there."""
    monkeypatch.setitem(sys.modules, library, None)
    file = tmp_path / name
    with pytest.raises(MissingLibrary, match=library) as error:
        small.report("small", "2026Q2", file=file)
    assert error.value.advice == "pip install 'complaintflow[report]'"
    assert not file.exists()


def test_files_are_new_whole_and_of_their_kind(small: Engine, tmp_path: Path) -> None:
    """HTML or PDF by name or by wish; a file that is there stays, unless it may be replaced."""
    file = tmp_path / "report.html"
    made = small.report("small", "2026Q2", file=file)
    assert file.read_text(encoding="utf-8") == made.html
    with pytest.raises(InvalidData, match="already"):
        small.report("small", "2026Q2", file=file)
    small.report("small", "2026Q2", file=file, form="pdf", replace=True)
    assert file.read_bytes().startswith(b"%PDF-")
    with pytest.raises(InvalidData, match="folder"):
        small.report("small", "2026Q2", file=tmp_path / "none" / "report.html")
    with pytest.raises(InvalidData):
        small.report("small", "2026Q2", file=tmp_path, replace=True)
    assert sorted(path.name for path in tmp_path.glob("*report*")) == ["report.html"]


def test_only_who_may_have_figures_gets_a_report(tmp_path: Path) -> None:
    """At a desk the policy's [access.figures] decides."""
    people = tmp_path / "people.toml"
    people.write_text(
        '[people.li-wei]\nname = "Li Wei"\ngroups = ["clerks"]\n'
        '[people.he-ping]\nname = "He Ping"\ngroups = ["cooks"]\n'
    )
    with opened(tmp_path / "layer", identity=StaticIdentity.load(people)) as engine:
        assert "nothing to report" in engine.desk("li-wei").report("small", "2026Q2").html
        with pytest.raises(AccessDenied):
            engine.desk("he-ping").report("small", "2026Q2")


def test_the_command_writes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``complaintflow report`` wants one time, and says what it wrote."""
    monkeypatch.setenv("COMPLAINTFLOW_KEY_FILE", str(tmp_path / "keys"))
    url, file = f"sqlite:///{tmp_path / 'cases.db'}", str(tmp_path / "report.html")
    runner = CliRunner()
    assert runner.invoke(app, ["keys", "new", str(tmp_path / "keys")]).exit_code == 0
    assert runner.invoke(app, ["run", "hr", "--example", "--database", url]).exit_code == 0
    year = str(datetime.now().astimezone().year)
    words = ["report", "hr", "-o", file, "--database", url, "--language", "zh"]
    assert runner.invoke(app, words).exit_code == 2
    done = runner.invoke(app, [*words, "--year", year])
    assert done.exit_code == 0, done.output
    assert '<html lang="zh-Hans">' in Path(file).read_text(encoding="utf-8")
    again = runner.invoke(app, [*words, "--year", year])
    assert again.exit_code == 2
    assert "already" in again.output


def test_a_simulated_half_year_has_a_report() -> None:
    """The script that makes cases to look at makes some, with costs (python -m tests.report_cases)."""
    bench = simulate("wedding-client", "sqlite://", cases=4)
    page = html.document_fromstring(bench.engine.report("wedding-client", PERIOD).html)
    bench.close()
    assert css(page, '.card[data-figure="cost"]')
    assert len(css(page, ".piece svg")) > 3


def test_others_pay_nothing_for_it() -> None:
    """An engine is there without any module of the report, and without the libraries that draw it."""
    script = (
        "import sys, complaintflow.facade.engine; "
        "bad = [m for m in sys.modules if m.split('.')[0] in ('matplotlib', 'weasyprint', 'numpy') "
        "or m.startswith('complaintflow.report.')]; sys.exit(str(bad) if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
