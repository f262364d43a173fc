"""Many similar complaints at once: who is in charge, what is done first, what staff hear, and who ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "hr-emergency"
SHIPPED = Path(__file__).resolve().parents[2] / "processes" / PROCESS / "hr-emergency-trigger.dmn"


def feared(bench: Workbench, **more: Any) -> Case:
    return bench.start(PROCESS, {"what": "Many are ill.", **more})


def real(bench: Workbench, case: Case | None = None, **more: Any) -> Case:
    return bench.complete(case or feared(bench), "take-charge", emergency=True, **more)


def contained(bench: Workbench) -> Case:
    """What must not go on is stopped, staff know."""
    case = bench.complete(real(bench, department="administration"), "contain", contained="Canteen closed.")
    return bench.complete(case, "write-to-staff", word="The canteen is closed.")


def round_of(bench: Workbench, case: Case, *, over: bool) -> Case:
    """Cause, measures, and what management says."""
    case = bench.complete(case, "find-cause", cause="A refrigerator.", measures="A new one.")
    case = bench.complete(case, "carry-out", carried_out="Bought.")
    return bench.complete(case, "stand-down", over=over, **({} if over else {"stand_down_note": "Two more are ill."}))


def told(bench: Workbench, case: Case, name: str) -> list[str | None]:
    return [notice.to.group for notice in bench.case(case.id).notices() if notice.name == name]


def test_it_begins_by_hand(bench: Workbench) -> None:
    """Management is alerted at once, and the head of human resources takes charge within the hour (HR-6.1.1.1)."""
    case = feared(bench)
    assert case.variables["begun_by"] == "hand"
    assert told(bench, case, "emergency-alert") == ["management"]
    task = case.task("take-charge")
    assert (task.groups, task.due_at) == (("head-of-human-resources",), bench.calendar.due(bench.now, "1 hour").at)


def test_nobody_takes_charge(bench: Workbench) -> None:
    """After the hour management hears of it, at that moment; the task stays (HR-6.1.1.1)."""
    case = feared(bench)
    due = case.task("take-charge").due_at
    assert due is not None
    bench.just_before(due)
    assert told(bench, case, "charge-late") == []
    bench.at(due)
    assert told(bench, case, "charge-late") == ["management"]
    assert bench.case(case.id).waiting_for == ["take-charge"]


def test_a_false_alarm(bench: Workbench) -> None:
    """Whoever takes charge calls it off with a reason, and management reads it (HR-6.1.1.1)."""
    case = bench.complete(feared(bench), "take-charge", emergency=False, no_emergency_reason="A drill.")
    assert (case.status, told(bench, case, "called-off")) == ("completed", ["management"])
    assert "A drill." in case.notices()[-1].text


def test_containing_and_telling_go_together(bench: Workbench) -> None:
    """The department stops what hurts while staff hear one word; the common cause comes after both (HR-6.1.1.1)."""
    case = real(bench, department="administration", first_steps="Doctor called.")
    assert {task.element: task.groups for task in case.tasks} == {
        "contain": ("administration",), "write-to-staff": ("head-of-human-resources",),
    }  # fmt: skip
    case = bench.complete(case, "write-to-staff", word="The canteen is closed.")
    (word,) = [notice for notice in case.notices() if notice.name == "word-to-staff"]
    assert (word.to.group, "The canteen is closed." in word.text) == ("all-staff", True)
    assert case.waiting_for == ["contain"]
    case = bench.complete(case, "contain", contained="Closed.")
    assert case.waiting_for == ["find-cause"]


def test_without_a_department_human_resources_acts(bench: Workbench) -> None:
    """Nothing lies about because nobody knows whose it is (HR-6.1.1.1)."""
    assert real(bench).task("contain").groups == ("human-resources",)


def test_who_was_alerted_ends_it(bench: Workbench) -> None:
    """Management ends the emergency; then lessons are drawn for people and for the plan (HR-6.1.1.1)."""
    case = contained(bench)
    case = round_of(bench, case, over=True)
    assert case.task("draw-lessons").groups == ("head-of-human-resources",)
    case = bench.complete(case, "draw-lessons", lessons="Watch it.", plan_changes="A number to call.")
    assert (case.status, told(bench, case, "lessons")) == ("completed", ["management"])
    for part in ("A refrigerator.", "Bought.", "Watch it.", "A number to call."):
        assert part in case.notices()[-1].text


def test_what_two_rounds_do_not_end(bench: Workbench) -> None:
    """Where it is not over another cause is looked for; after the policy's rounds management has it (HR-6.1.1.1)."""
    case = round_of(bench, contained(bench), over=False)
    assert case.waiting_for == ["find-cause"]
    case = round_of(bench, case, over=False)
    assert (case.status, told(bench, case, "handed-over")) == ("completed", ["management"])
    assert "Two more are ill." in case.notices()[-1].text


def test_management_hears_how_things_are(bench: Workbench) -> None:
    """Every twenty-four hours while it lasts, also that nothing is new, and no more when it is over (HR-6.1.1.1)."""
    case = feared(bench)
    (due,) = [timer.due_at for timer in bench.case(case.id).timers if timer.element == "report-due"]
    bench.just_before(due)
    assert told(bench, case, "situation") == []
    bench.at(due)
    assert told(bench, case, "situation") == ["management"]
    assert "Nothing is new" in bench.case(case.id).notices()[-1].text
    real(bench, bench.case(case.id), first_steps="Doctor called.")
    bench.advance(hours=24)
    assert told(bench, case, "situation") == ["management"] * 2
    assert "Doctor called." in bench.case(case.id).notices()[-1].text
    case = bench.complete(feared(bench), "take-charge", emergency=False, no_emergency_reason="A drill.")
    bench.advance(hours=48)
    assert told(bench, case, "situation") == []


def test_the_second_trigger_is_a_table_that_a_layer_fills(bench: Workbench, tmp_path: Path) -> None:
    """As shipped a single complaint starts nothing, for the document breaks off; with a row of a layer it does
    (HR-6.1.1.2)."""
    complaint = {"complaint": {"concerns": "safety", "summary": "A loose handrail"}}
    case = bench.start(PROCESS, complaint)
    assert (case.status, case.variables["trigger"]["starts"], case.notices()) == ("completed", False, [])
    row = (
        '      <rule id="own"><inputEntry id="own-1"><text>"complaint"</text></inputEntry><inputEntry id="own-2">'
        '<text>"safety"</text></inputEntry><inputEntry id="own-3"><text>-</text></inputEntry><outputEntry id="own-4">'
        '<text>true</text></outputEntry><outputEntry id="own-5"><text>"safety"</text></outputEntry></rule>\n'
    )
    table = SHIPPED.read_text(encoding="utf-8")
    folder = tmp_path / "processes" / PROCESS
    folder.mkdir(parents=True)
    at = table.index("      <rule ")
    (folder / SHIPPED.name).write_text(table[:at] + row + table[at:], encoding="utf-8")
    own = Workbench(layers=[tmp_path])
    case = own.start(PROCESS, complaint)
    assert (case.variables["trigger"]["because"], case.waiting_for) == ("safety", ["take-charge"])
    assert "A loose handrail" in case.notices()[0].text
    own.close()


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (HR-6.1.1.1 HR-6.1.1.2)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
