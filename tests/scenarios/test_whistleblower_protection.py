"""Protection of a reporter: retaliation is examined at once, stopped and punished, by a team of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from complaintflow import Engine
from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.errors import AccessDenied, InvalidData, PrematureCommitment, UnknownCase
from complaintflow.facade.views import Case
from complaintflow.testing import Workbench
from complaintflow.time.clock import VirtualClock
from tests.scenarios.whistleblower_steps import day, letters, open_tasks, timer

PROCESS = "whistleblower-protection"
NAMED = {
    "content": "Moved to the night shift.",
    "origin": "9f3c",
    "reference": "R-7",
    "summary": "A buyer takes money",
    "reporter": {"name": "Zhao Min", "email": "zhao.min@example.com"},
}

_seen: set[str] = set()
_every: set[str] = set()


@pytest.fixture
def wb() -> Iterator[Workbench]:
    """A workbench on Monday 2026-03-02, 09:00; what its cases visited counts for the coverage at the end."""
    bench = Workbench()
    yield bench
    assert bench.engine.incidents() == []
    coverage = bench.coverage(PROCESS)
    _seen.update(coverage.visited)
    _every.update(coverage.every)
    bench.close()


def examined(wb: Workbench, **data: Any) -> Case:
    """A case of protection whose examination is done."""
    return wb.complete(wb.start(PROCESS, NAMED), "examine", data)


def test_retaliation_is_stopped_and_punished(wb: Workbench) -> None:
    """What is found to be retaliation brings protection, relief and consequences; leadership is warned at once and
    does not learn who reported (WB-6.2.1 WB-6.2.2 WB-6.1.1)."""
    case = wb.start(PROCESS, NAMED)
    assert (letters(wb), wb.notices[-1].to.group) == (["retaliation-alert"], "leadership")
    assert "Zhao Min" not in wb.notices[-1].text + wb.notices[-1].subject
    assert case.task("examine").groups == ("protection-officer",)
    case = wb.complete(case, "examine", retaliation_confirmed=True, interim="The move is suspended.")
    case = wb.complete(case, "protect-and-relieve", protection_given="Back to the day shift.", relief="Lost pay.")
    assert all(text in wb.notices[-1].text for text in ("Back to the day shift.", "Lost pay.", "R-7"))
    assert case.task("sanction").groups == ("leadership",)
    assert wb.complete(case, "sanction", sanction="The foreman was warned.").status == "completed"


def test_what_is_no_retaliation_is_explained(wb: Workbench) -> None:
    """Who was not treated unfairly hears why it looks so, not without a reason, and without a promise to keep watch
    (WB-6.2.2)."""
    with pytest.raises(InvalidData):
        examined(wb, retaliation_confirmed=False)
    case = examined(wb, retaliation_confirmed=False, no_retaliation_reason="It was about football.")
    assert case.status == "completed"
    assert "It was about football." in wb.notices[-1].text
    assert "keep watch" not in wb.notices[-1].text
    assert "or in a new report" in wb.notices[-1].text


def test_written_down_by_hand(wb: Workbench) -> None:
    """Retaliation long after the watch can be written down without a report's case, and has a reference of its own
    (WB-6.2.1)."""
    case = wb.start(PROCESS, {"content": "An insult.", "anonymous": True})
    assert case.variables["reference"] == case.key


def test_examination_in_time(wb: Workbench) -> None:
    """An examination that takes too long is told to the leadership at the very moment, and stays due
    (WB-6.2.1 WB-6.2.2)."""
    case = wb.start(PROCESS, NAMED)
    late = timer(wb, case, "examine-overdue").due_at
    assert day(wb, late) == "03-05 00:00"
    assert case.task("examine").due_at == late
    wb.just_before(late)
    assert "protection-late" not in letters(wb)
    wb.at(late)
    assert (letters(wb)[-1], wb.notices[-1].to.group) == ("protection-late", "leadership")
    assert open_tasks(wb, case) == ["examine"]


def test_no_word_before_the_examination(tmp_path: Path) -> None:
    """A layer that tells the reporter of protection before anything was examined is stopped (WB-6.2.2)."""
    shipped = Path(__file__).parents[2] / "processes" / PROCESS / f"{PROCESS}.bpmn"
    early = tmp_path / "processes" / PROCESS / shipped.name
    early.parent.mkdir(parents=True)
    diagram = shipped.read_text(encoding="utf-8")
    assert 'key="notice" value="retaliation-alert"' in diagram
    early.write_text(diagram.replace('value="retaliation-alert"', 'value="no-retaliation"'), encoding="utf-8")
    bench = Workbench(layers=[tmp_path])
    (incident,) = bench.start(PROCESS, NAMED).incidents
    assert incident.kind == "commitment"
    with pytest.raises(PrematureCommitment):
        bench.engine.resolve(incident)
    assert letters(bench) == []
    bench.close()


PEOPLE = StaticIdentity(
    [
        Person("chen.jie", "Chen Jie", frozenset({"reporting-office"})),
        Person("wu.lan", "Wu Lan", frozenset({"protection-officer"})),
        Person("he.ping", "He Ping", frozenset({"leadership"})),
        Person("general.manager", "Sun Lei", frozenset({"leadership"})),
    ]
)


def test_a_team_of_its_own() -> None:
    """Who works on the report sees neither the watch nor the protection; the officer does, and whoever is said to
    retaliate does not decide what follows (WB-6.2.1 WB-6.1.1 WB-1.3.2)."""
    engine = Engine("sqlite://", identity=PEOPLE, clock=VirtualClock(datetime(2026, 3, 2, 9, tzinfo=UTC)))
    report = engine.start("whistleblower", {"channel": "web", "content": "A matter.", "reporter": NAMED["reporter"]})
    engine.correlate("retaliation", key=report.key, data={"incident": "An insult."}, actor="chen.jie")
    (case,) = engine.cases(process=PROCESS)
    office, officer = engine.desk("chen.jie"), engine.desk("wu.lan")
    assert office.case(report.id).id == report.id
    with pytest.raises(UnknownCase):
        office.case(case.id)
    assert officer.case(case.id).variables["content"] == "An insult."
    found = {"retaliation_confirmed": True, "suspect": "He Ping"}
    officer.complete(officer.case(case.id).task("examine").id, found)
    officer.complete(officer.case(case.id).task("protect-and-relieve").id, {"protection_given": "An apology."})
    (task,) = engine.desk("general.manager").tasks()
    assert task.element == "sanction"
    assert engine.desk("he.ping").tasks() == []
    with pytest.raises(AccessDenied):
        engine.complete(task.id, {"sanction": "None."}, actor="he.ping")
    engine.close()


def test_every_path_is_played(request: pytest.FixtureRequest) -> None:
    """The tests above visit every element and every flow of the protection (WB-6.2.1 WB-6.2.2)."""
    here = [item for item in request.session.items if item.path == request.path]
    if len({item.name.partition("[")[0] for item in here}) < sum(name.startswith("test_") for name in globals()):
        pytest.skip("coverage is only known after the whole file")
    print(f"{PROCESS}: {len(_every & _seen)} of {len(_every)} elements and flows")
    assert _every - _seen == set()
