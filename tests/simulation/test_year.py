"""A small year of simulated operation: its figures and surges, counted again from its event log alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from complaintflow.adapters.sql import open_store
from complaintflow.errors import InvalidDiagram
from complaintflow.sealing.keys import KeyRing
from tests.simulation.comparing import compare, compare_surges
from tests.simulation.layer import ALARM, layer
from tests.simulation.occasions import SCHEDULED
from tests.simulation.recount import CaseLog, read
from tests.simulation.year import Year

YEAR = 2026
CASES = 40


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    """A year with few complaints, and everything around them, played to its end."""
    own = layer(tmp_path_factory.mktemp("layer"), rounds="4 months")
    year = Year(open_store("sqlite://"), cases=CASES, layers=[own], keys=KeyRing.fresh())
    year.run()
    yield year
    year.engine.close()


@pytest.fixture(scope="module")
def log(year: Year, tmp_path_factory: pytest.TempPathFactory) -> list[CaseLog]:
    """Its event log."""
    file = tmp_path_factory.mktemp("log") / "year.json"
    year.engine.event_log(file)
    return read(file)


def test_people_could_do_what_was_asked(year: Year, log: list[CaseLog]) -> None:
    """Every form was filled in from its definition alone, and no case stands at an incident."""
    assert not year.refused
    assert not year.engine.incidents()
    assert year.commands["complaints filed"] == CASES
    happened = {what for case in log for what in case.events}
    assert {"started", "ended", "kept", "broken", "dropped", "alike"} <= happened


def test_every_process_had_cases(year: Year, log: list[CaseLog]) -> None:
    """Whatever ships was begun in the year: by people, by the clock, by a surge, or by another case."""
    begun = {case.process for case in log}
    assert set(year.engine.processes()) - begun <= {ALARM}


def test_what_the_clock_can_start_is_scheduled(year: Year) -> None:
    """No process with a timer at its start is left out."""
    begun = {name for name in year.engine.processes() if _by_clock(year, name)}
    assert begun == set(SCHEDULED)


def _by_clock(year: Year, process: str) -> bool:
    try:
        year.engine.schedule(process)
    except InvalidDiagram:
        return False
    return True


def test_every_figure_equals_an_independent_count(year: Year, log: list[CaseLog]) -> None:
    """Each policy, month, quarter and the year, whole and told apart: what SQL counts is what the log says."""
    found = compare(year.engine, log, YEAR, by=("type", "department"), months=(10,))
    assert [str(one) for one in found.differences] == []
    assert found.figures > 1_000
    assert found.suppressed > 100


def test_the_comparison_can_fail(year: Year, log: list[CaseLog]) -> None:
    """A single answer that the log tells otherwise is found in the month, the quarter and the year."""
    case = next(one for one in log if one.process == "customer" and one.facts.get("accepted"))
    at, value = case.facts["accepted"][-1]
    case.facts["accepted"][-1] = at, not value
    try:
        found = compare(year.engine, [one for one in log if one.process == "customer"], YEAR, by=())
    finally:
        case.facts["accepted"][-1] = at, value
    whole = {one.period for one in found.differences if one.figure == "acceptance" and one.group == "()=()"}
    assert len(whole) == 3


def test_surges_equal_a_naive_count(year: Year, log: list[CaseLog]) -> None:
    """The replay finds the surges that counting all complaints at every moment finds, and each began one case."""
    found = compare_surges(year.engine, log)
    assert found.differences == []
    assert found.surges == sum(bool(case.when("surge")) for case in log) > 0


def test_the_year_is_whole(year: Year) -> None:
    """Every case's chain and the head of the store hold after a year; nothing runs ahead of the clock."""
    assert year.engine.verify().whole
    with year.engine.store.reading() as tx:
        due = tx.next_due()
    assert due is None or due > year.clock.now() - timedelta(seconds=1)


def test_the_recount_uses_nothing_of_the_library() -> None:
    """What counts again imports neither the figures nor the store: only plain JSON and the policy file."""
    for name in ("recount.py", "surges.py"):
        text = (Path(__file__).with_name(name)).read_text(encoding="utf-8")
        imported = [line for line in text.splitlines() if line.startswith(("import ", "from "))]
        assert imported
        assert not any("complaintflow" in line or "sql" in line for line in imported)
