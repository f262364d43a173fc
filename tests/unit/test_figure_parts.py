"""The parts of figures: times, small counts, ways out, promises, facts, and who may ask."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import AccessDenied, InvalidData, InvalidPolicy
from complaintflow.facade.engine import Engine
from complaintflow.figures import REGISTRY, Figure, Figures, Period
from complaintflow.figures.reference import page
from complaintflow.figures.suppression import hidden
from complaintflow.figures.table import safe
from complaintflow.history.facts import pseudonym, text
from complaintflow.time.clock import VirtualClock
from tests.figure_cases import FIRST, POLICY, engine

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026Q3", "2026-07-01T00:00+08:00", "2026-10-01T00:00+08:00"),
        ("2026Q4", "2026-10-01T00:00+08:00", "2027-01-01T00:00+08:00"),
        ("2026-12", "2026-12-01T00:00+08:00", "2027-01-01T00:00+08:00"),
        ("2026", "2026-01-01T00:00+08:00", "2027-01-01T00:00+08:00"),
    ],
)
def test_a_period_is_that_of_the_zone(text: str, since: str, until: str) -> None:
    """Quarters, months and years begin and end at midnight where the organisation is."""
    period = Period.parse(text, SHANGHAI)
    assert (period.since, period.until) == (datetime.fromisoformat(since), datetime.fromisoformat(until))
    assert period.name == text


@pytest.mark.parametrize("text", ["2026Q5", "2026-13", "Q3", "26Q3", "2026Q3 x", "", "0000", "9999"])
def test_what_is_no_period_is_refused(text: str) -> None:
    """With what to write instead."""
    with pytest.raises(InvalidData):
        Period.parse(text, SHANGHAI)


def test_the_last_period_that_is_over() -> None:
    """At a year's first midnight in Shanghai, still the old year in London, the quarter before is the last."""
    midnight = datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert Period.ended("quarter", midnight, SHANGHAI).name == "2026Q4"
    assert Period.ended("quarter", midnight - timedelta(microseconds=1), SHANGHAI).name == "2026Q3"
    assert Period.ended("month", midnight, SHANGHAI).name == "2026-12"
    assert Period.ended("year", midnight, SHANGHAI).name == "2026"


@pytest.mark.parametrize(
    ("counts", "gone"),
    [
        ({"a": 9, "b": 7}, ""),
        ({"a": 9, "b": 7, "c": 4}, "bc"),
        ({"a": 9, "b": 1, "c": 2}, "abc"),
        ({"a": 9, "b": 3, "c": 2, "d": 6}, "bc"),
        ({"a": 3}, "a"),
        ({"a": 9, "b": 0}, ""),
    ],
)
def test_what_is_hidden_cannot_be_worked_out(counts: dict[str, int], gone: str) -> None:
    """With the sum of all known: never one group alone, never groups that are too few together."""
    assert hidden({(name,): count for name, count in counts.items()}, 5) == {(name,) for name in gone}


def test_what_is_hidden_in_a_table_cannot_be_worked_out_along_its_lines() -> None:
    """A hidden cell has another one in its row and in its column."""
    counts = {(row, column): 10 for row in "abc" for column in "xyz"} | {("a", "x"): 1}
    gone = hidden(counts, 5)
    for row, column in gone:
        assert sum(one[0] == row for one in gone) > 1
        assert sum(one[1] == column for one in gone) > 1
    assert len(gone) < 9


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_is_run_as_a_formula(text: str) -> None:
    """What a spreadsheet would take for a formula is text, in both kinds of file."""
    assert str(safe(text)).startswith("'")


def test_a_table_in_every_form(tmp_path: Path) -> None:
    """CSV, a workbook, plain data and a data frame say the same; a department's name is no formula anywhere."""
    evil = '=HYPERLINK("http://x")'
    one = Figure("acceptance", (("department", evil),), Decimal("50.00"), Decimal(3), 6, False, (evil,))
    period = Period.parse("2026Q3", SHANGHAI)
    figures = Figures("p", "P", period, period.until, ("department",), 5, (one,))
    (row,) = csv.DictReader(io.StringIO(figures.to_csv("zh")))
    assert (row["label"], row["value"], row["clause"]) == ("受理率", "50.00", f"'{evil}")
    figures.to_xlsx(tmp_path / "x.xlsx")
    book = load_workbook(tmp_path / "x.xlsx")
    cells = {cell.value: cell for cell in book["figures"][2]}
    assert (cells[50].value, cells[evil].data_type, cells[evil].quotePrefix) == (50, "s", True)
    assert [cell.value for cell in book["definitions"][2]][:2] == ["acceptance", "%"]
    assert figures.as_json()["figures"][0]["value"] == "50.00"
    assert figures.plain()["parts"]["acceptance"][0]["value"] == Decimal("50.00")
    pytest.importorskip("pandas")
    assert list(figures.to_pandas()["value"]) == [Decimal("50.00")]


def test_a_value_is_what_its_kind_says_or_nothing() -> None:
    """Free text, contexts and numbers beyond measure do not reach the plain columns."""
    assert [text("boolean", one) for one in (True, False, "true", None, 1)] == ["true", "false", None, None, None]
    assert [text("number", one) for one in (1, 2.5, Decimal("1E+3"), True, "1")] == ["1", "2.5", "1000", None, None]
    assert [text("money", one) for one in (1, Decimal("2.345"), 10**20)] == ["1.00", "2.35", None]
    assert [text("category", one) for one in (" a ", "", "x" * 101, {"a": 1}, 3)] == ["a", None, None, None, None]
    assert text("category", "a\x00b") is None  # which PostgreSQL would refuse, and the whole step with it


def test_pseudonyms_of_two_facts_do_not_meet() -> None:
    """The same person has another one under another fact, and under another store's secret."""
    known = {pseudonym(secret, fact, "Li Wei") for secret in (b"a", b"b") for fact in ("handler", "subject")}
    assert len(known) == 4


def test_promises_are_written_once_each(tmp_path: Path) -> None:
    """A task and its timer under one deadline are one promise; a reminder is none; what is late is broken."""
    with engine(tmp_path) as bench:
        case = bench.start("small", {"kind": "food"}).complete("assess", {"accepted": True, "place": None})
        clock = bench.clock
        assert isinstance(clock, VirtualClock)
        clock.advance(timedelta(days=4))
        bench.drain()
        case.complete("work", {"done": True})
        told = [(one.event, one.counted) for one in case.history() if "/" in (one.counted or "")]
        assert [one for one in told if one[0] in ("promised", "kept", "broken", "moved", "dropped")] == [
            ("promised", "small/step"),
            ("promised", "small/answer"),
            ("broken", "small/step"),
            ("kept", "small/answer"),
        ]


def test_a_case_that_is_called_off_drops_what_was_promised(tmp_path: Path) -> None:
    """Nobody breaks a promise that nobody waits for, unless its time had passed."""
    with engine(tmp_path) as bench:
        case = bench.start("small", {"kind": "food"}).complete("assess", {"accepted": True, "place": None})
        bench.cancel(case.id, "withdrawn")
        events = [one.event for one in bench.history(case.id)]
        assert events.count("dropped") == 2
        assert {"kept", "broken"}.isdisjoint(events)


def test_facts_are_written_when_they_change_and_survive_the_case(tmp_path: Path) -> None:
    """One line for each new value, a taken-back one without a value, no line for a value that stays."""
    with engine(tmp_path) as bench:
        case = bench.start("small", {"kind": "food"})
        case = case.complete("assess", {"accepted": True, "place": {"group": "hall"}, "kind": "food"})
        case = case.complete("work", {"done": True, "handler": "Li Wei", "place": None})
        told = [(one.counted, one.value) for one in case.history() if one.event == "fact"]
        assert [one for one in told if one[0] in ("small/type", "small/department", "small/accepted")] == [
            ("small/type", "food"),
            ("small/department", "hall"),
            ("small/accepted", "true"),
            ("small/department", None),
        ]
        assert bench.verify().whole


def test_who_may_ask_for_figures(tmp_path: Path) -> None:
    """With an identity only whom the policy's [access.figures] names; without an actor the application asks."""
    people = [Person("li.wei", "Li Wei", frozenset({"clerks"})), Person("zhao.min", "Zhao Min", frozenset({"cooks"}))]
    with engine(tmp_path, identity=StaticIdentity(people)) as bench:
        assert bench.figures("small", "2026Q2").get("received") is not None
        assert bench.desk("li.wei").figures("small", "2026Q2").policy == "small"
        with pytest.raises(AccessDenied):
            bench.desk("zhao.min").figures("small", "2026Q2")


def test_what_nobody_may_tell_apart(tmp_path: Path) -> None:
    """Numbers are no groups, and a person is one only where the policy says so."""
    with engine(tmp_path) as bench:
        for wrong in ("score", "cost", "nothing"):
            with pytest.raises(InvalidData):
                bench.figures("small", "2026Q3", by=wrong)
        with pytest.raises(InvalidData):
            bench.figures("small")
        with pytest.raises(InvalidData):
            bench.figures("small", since=FIRST, until=FIRST)


@pytest.mark.parametrize(
    ("policy", "what"),
    [
        (POLICY.replace("value = '''kind'''", "value = '''reporter.name'''"), "sealed"),
        (POLICY.replace("value = '''kind'''", "value = '''get or else(reporter, null)'''"), "sealed"),
        (POLICY.replace('feedback = ["answer"]', 'feedback = ["reply"]'), "no entry"),
        (POLICY.replace('persons = ["handler"]', 'persons = ["type"]'), "no fact of kind person"),
    ],
)
def test_a_policy_that_counts_what_it_must_not_is_refused(tmp_path: Path, policy: str, what: str) -> None:
    """A sealed field never reaches the plain columns, whichever way the expression takes it."""
    from tests.figure_cases import procedure

    form = (
        '{"type": "default", "id": "f", "components": [{"type": "textfield", "id": "a", "key": "reporter.name", '
        '"properties": {"sealed": "identity"}}], "schemaVersion": 18}'
    )
    folder = procedure(tmp_path)
    (folder / "processes" / "small" / "policy.toml").write_text(policy, encoding="utf-8")
    forms = folder / "forms" / "small"
    forms.mkdir(parents=True)
    (forms / "f.form").write_text(form, encoding="utf-8")
    diagram = folder / "processes" / "small" / "small.bpmn"
    marked = diagram.read_text(encoding="utf-8").replace(
        '<bpmn:userTask id="ask" name="ask"><bpmn:extensionElements>',
        '<bpmn:userTask id="ask" name="ask"><bpmn:extensionElements><zeebe:formDefinition formId="f"/>',
    )
    diagram.write_text(marked, encoding="utf-8")
    with pytest.raises(InvalidPolicy, match=what):
        Library(Layers([folder])).newest("small")


def test_every_figure_is_defined_in_both_languages() -> None:
    """Label, numerator and denominator are there in English and Chinese, and the document has them all."""
    written = (Path(__file__).resolve().parents[2] / "docs" / "figures.md").read_text(encoding="utf-8")
    assert written == page(), "python -m complaintflow.figures.reference > docs/figures.md"
    for one in REGISTRY.values():
        for words in (one.label, one.numerator, one.denominator):
            assert words["en"]
            assert words["zh"]
            assert words["en"] in written
            assert words["zh"] in written


def test_the_command_line_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table to read, CSV, JSON and a workbook to take away; a time must be named."""
    from click.testing import CliRunner

    from complaintflow.cli.app import app
    from tests.figure_cases import procedure

    procedure(tmp_path / "layer")
    monkeypatch.chdir(tmp_path)
    with Engine("sqlite:///x.db", layers=["layer"], clock=VirtualClock(FIRST)) as bench:
        bench.start("small", {"kind": "food"})

    def run(*words: str) -> str:
        line = ["--database", "sqlite:///x.db", "--layer", "layer", "figures", "small", *words]
        done = CliRunner().invoke(app, line, prog_name="complaintflow")
        return f"{done.exit_code} {done.output}"

    assert "Complaints received" in run("--quarter", "2026Q2")
    assert "not shown" in run("--quarter", "2026Q2", "--by", "type")
    assert run("--quarter", "2026Q2", "--format", "csv").startswith("0 figure,label,by,value")
    assert '"policy": "small"' in run("--year", "2026", "--format", "json")
    assert run("--month", "2026-06", "--format", "xlsx", "-o", "x.xlsx").startswith("0")
    assert load_workbook("x.xlsx").sheetnames == ["figures", "definitions"]
    assert run().startswith("2")
    assert run("--quarter", "2026Q2", "--format", "xlsx").startswith("2")
