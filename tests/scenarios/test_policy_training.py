"""Training on a policy in two stages: all staff, then the handlers; an examination and a questionnaire."""

from __future__ import annotations

from typing import Any

import pytest

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "policy-training"
COURSE = {
    "staff_parts": ["policy", "cases"],
    "handler_parts": ["cases", "communication", "role_play"],
    "formats": ["lecture", "discussion", "self_study"],
}
STAFF = [{"name": "Zhao Min", "present": True}, {"name": "Li Wei", "present": False}]


def begun(bench: Workbench, **more: Any) -> Case:
    """A policy was published right now, and its course is prepared."""
    case = bench.start(PROCESS, {"regulation": "office", "title": "Office complaints", **more})
    return bench.complete(case, "prepare", course=COURSE, teacher="owner", materials="platform/course-7")


def taught(bench: Workbench, **more: Any) -> Case:
    """Both stages were held; Li Wei missed the first, and nobody handles complaints but Zhao Min."""
    case = bench.complete(begun(bench, **more), "teach-staff", participants=STAFF)
    return bench.complete(case, "teach-handlers", handlers=STAFF[:1])


def marked(bench: Workbench, case: Case, **marks: float) -> Case:
    """An examination with these marks, by the first name in lower letters."""
    names = {"zhao": "Zhao Min", "li": "Li Wei", "wu": "Wu Lan"}
    return bench.complete(case, "examine", marks=[{"name": names[one], "mark": mark} for one, mark in marks.items()])


def answered(bench: Workbench, case: Case) -> Case:
    """Everybody fills in the questionnaire."""
    for task in [task for task in bench.case(case.id).tasks if task.element == "answer-survey"]:
        bench.engine.complete(task.id, {"content": 4, "method": 5, "teacher_mark": 5, "remark": "More role-play"})
    return bench.case(case.id)


def told(bench: Workbench, case: Case, name: str) -> list[str | None]:
    return [notice.to.group for notice in bench.case(case.id).notices() if notice.name == name]


def test_the_course_has_its_parts_and_formats(bench: Workbench) -> None:
    """The trainer prepares the course for both audiences: policy, cases, communication and role-play, by lecture,
    discussion and self-study, taught by whoever wrote the policy or by a trainer (OFF-8.1 OFF-8.2 OFF-8.3.1 OFF-8.3.2
    OFF-8.3.3 OFF-8.3.4 OFF-8.4.1 OFF-8.4.2 OFF-8.4.3)."""
    case = bench.start(PROCESS, {"regulation": "office", "title": "Office complaints"})
    assert case.task("prepare").groups == ("trainers",)
    assert case.task("prepare").due_at == bench.calendar.due(bench.now, "2 working days").at
    form = bench.engine.library.newest(PROCESS).forms["policy-training-prepare"]
    offered = {
        component.path: {option.value for option in component.options or ()} for component in form.components
        if component.path.startswith("course.")
    }  # fmt: skip
    assert offered["course.staff_parts"] == {"policy", "cases", "communication", "role_play"}
    assert offered["course.handler_parts"] == offered["course.staff_parts"]
    assert offered["course.formats"] == {"lecture", "discussion", "self_study"}
    case = bench.complete(case, "prepare", course=COURSE, teacher="trainer", materials="platform/course-7")
    assert (case.variables["course"], case.variables["teacher"]) == (COURSE, "trainer")
    assert told(bench, case, "staff-invitation") == ["all-staff"]
    assert "platform/course-7" in case.notices()[-1].text


def test_two_stages(bench: Workbench) -> None:
    """All staff are trained in the first week after the publication, handlers within the second week after that, with
    the hours of the policy file unless others were held (OFF-8.2 OFF-8.5.1 OFF-8.5.2)."""
    case = begun(bench)
    assert case.task("teach-staff").due_at == bench.calendar.due(bench.now, "1 week").at
    bench.advance(days=2)
    case = bench.complete(case, "teach-staff", participants=STAFF, discussion_hours=2)
    assert case.variables["staff_hours"] == {"lecture": 2, "discussion": 2}
    assert told(bench, case, "handlers-invitation") == ["complaint-handlers"]
    assert case.task("teach-handlers").due_at == bench.calendar.due(bench.now, "2 weeks").at
    case = bench.complete(case, "teach-handlers", handlers=STAFF[:1])
    assert case.variables["handler_hours"] == 6
    assert case.variables["people"] == ["Zhao Min", "Li Wei"]


@pytest.mark.parametrize(("task", "subject"), [("teach-staff", "all staff"), ("teach-handlers", "those who handle")])
def test_a_stage_that_is_late(bench: Workbench, task: str, subject: str) -> None:
    """A stage that is not held in its week is told to the owner's supervisor, at that moment and not before
    (OFF-8.5.1 OFF-8.5.2)."""
    case = begun(bench)
    if task == "teach-handlers":
        case = bench.complete(case, "teach-staff", participants=STAFF)
    due = case.task(task).due_at
    assert due is not None
    bench.just_before(due)
    assert told(bench, case, "training-late") == []
    bench.at(due)
    case = bench.case(case.id)
    (notice,) = [notice for notice in case.notices() if notice.name == "training-late"]
    assert (notice.to.group, case.waiting_for) == ("office-head", [task])
    assert f"training of {subject}" in notice.subject


def test_the_meetings_have_a_deadline_of_their_own(bench: Workbench) -> None:
    """When the working days for the training meetings are over, counted from the publication, the supervisor hears of
    it, whichever stage is missing; meetings that were held are not reported (OFF-7.1.b)."""
    held, case = taught(bench), bench.complete(begun(bench), "teach-staff")
    (due,) = [timer.due_at for timer in case.timers if timer.element == "meetings-overdue"]
    assert due == bench.calendar.due(bench.now, "15 working days").at
    bench.just_before(due)
    assert "training meetings" not in bench.case(case.id).notices()[-1].subject
    bench.at(due)
    assert "training meetings" in bench.case(case.id).notices()[-1].subject
    assert told(bench, held, "training-late") == []


def test_who_failed_or_was_not_there_repeats(bench: Workbench) -> None:
    """Whoever is below the pass mark, or has no mark, gets another lesson and another examination, and nobody else;
    the mark itself is enough (OFF-8.6.1)."""
    case = marked(bench, taught(bench), zhao=60)
    assert "repeat-lesson" in case.waiting_for
    assert case.variables["to_examine"] == ["Li Wei"]
    case = marked(bench, bench.complete(case, "repeat-lesson"), li=59.5)
    assert case.variables["to_examine"] == ["Li Wei"]
    case = marked(bench, bench.complete(case, "repeat-lesson"), li=100)
    assert case.variables["to_examine"] == []
    assert case.waiting_for == ["answer-survey"] * 2
    assert [(one["name"], one["exam"]) for one in case.variables["results"]] == [
        ("Zhao Min", 1), ("Li Wei", 2), ("Li Wei", 3),
    ]  # fmt: skip


def test_repeating_is_bounded(bench: Workbench) -> None:
    """After the repetitions of the policy file the owner hears who has not passed, and decides what follows; nothing
    happens by itself (OFF-8.6.1)."""
    case = answered(bench, taught(bench))
    for number in range(3):
        assert case.task("examine").due_at == bench.calendar.due(bench.now, "3 working days").at
        case = marked(bench, case, zhao=90, li=30 + number)
        if number < 2:
            assert case.task("repeat-lesson").due_at == bench.calendar.due(bench.now, "5 working days").at
            case = bench.complete(case, "repeat-lesson", repeated_on="2026-03-09")
    assert case.waiting_for == ["evaluate"]
    assert told(bench, case, "not-passed") == ["office"]
    assert "Li Wei" in case.notices()[-1].text
    assert "Zhao Min" not in case.notices()[-1].text


def test_somebody_who_came_unasked_is_examined_too(bench: Workbench) -> None:
    """A mark of somebody who is on no list counts like any other (OFF-8.6.1)."""
    case = marked(bench, taught(bench), zhao=70, li=70, wu=20)
    assert case.variables["to_examine"] == ["Wu Lan"]


def test_the_questionnaire_has_no_names_and_no_force(bench: Workbench) -> None:
    """Everybody is asked about content, method and trainer; the answers are kept without names, and who is silent is
    counted as silent, at the deadline and not before (OFF-8.6.2)."""
    case = marked(bench, taught(bench), zhao=70, li=70)
    first = next(task for task in case.tasks if task.assignee == "Zhao Min")
    bench.engine.complete(first.id, {"content": 2, "method": 3, "teacher_mark": 4})
    (silent,) = {timer.due_at for timer in bench.case(case.id).timers if timer.element == "survey-silent"}
    assert silent == bench.calendar.due(bench.now, "5 working days").at
    bench.just_before(silent)
    assert bench.case(case.id).waiting_for == ["answer-survey"]
    bench.at(silent)
    case = bench.case(case.id)
    assert case.waiting_for == ["evaluate"]
    assert case.variables["answers"] == [
        {"answered": True, "content": 2, "method": 3, "teacher": 4, "remark": ""},
        {"answered": False, "content": None, "method": None, "teacher": None, "remark": None},
    ]


def test_the_training_is_evaluated(bench: Workbench) -> None:
    """Marks and answers are evaluated together, and the owner reads what the training was worth
    (OFF-8.6.1 OFF-8.6.2)."""
    case = answered(bench, marked(bench, taught(bench, owner="human-resources"), zhao=70, li=80))
    assert case.task("evaluate").due_at == bench.calendar.due(bench.now, "5 working days").at
    case = bench.complete(case, "evaluate", conclusion="They know where to go.", better_next_time="More cases.")
    assert (case.status, told(bench, case, "training-report")) == ("completed", ["human-resources"])
    assert "Trained: 2. Not passed: 0. Questionnaires answered: 2 of 2." in case.notices()[-1].text
    assert "More cases." in case.notices()[-1].text


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (OFF-8.5.1 OFF-8.5.2 OFF-8.6.1 OFF-8.6.2)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
