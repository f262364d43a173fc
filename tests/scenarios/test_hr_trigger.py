"""The second trigger of the emergency plan: one complaint alone may begin it, where a layer's table says which."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from complaintflow import Case
from complaintflow.testing import Workbench
from tests.scenarios.test_hr import (
    AGAIN,
    ASSESS,
    CARRY_OUT,
    GRAVE,
    REFUSE,
    ROOT,
    TO_INVESTIGATION,
    TO_RESULT,
    TO_TOLD,
    asked,
    open_tasks,
    opened,
    steps,
)

PLAN = "hr-emergency"
TABLE = ROOT / "processes" / PLAN / "hr-emergency-trigger.dmn"
_CELLS = ('"complaint"', "-", '"major"', "true", '"grave"')


def filled(folder: Path) -> Path:
    """A layer whose table starts the plan for every major complaint."""
    cells = "".join(
        f'<{kind} id="own-{number}"><text>{text}</text></{kind}>'
        for number, text in enumerate(_CELLS)
        for kind in ["inputEntry" if number < 3 else "outputEntry"]
    )
    table = TABLE.read_text(encoding="utf-8")
    at = table.index("      <rule ")
    home = folder / "processes" / PLAN
    home.mkdir(parents=True)
    (home / TABLE.name).write_text(f'{table[:at]}      <rule id="own">{cells}</rule>\n{table[at:]}', encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """A workbench whose organisation has filled the table in."""
    workbench = Workbench(layers=[filled(tmp_path_factory.mktemp("layer"))])
    yield workbench
    workbench.close()


def plans(bench: Workbench) -> list[Case]:
    """The emergency plans that were begun, the latest first."""
    return bench.engine.cases(process=PLAN)


def test_a_grave_complaint_begins_the_plan(own: Workbench) -> None:
    """Assessed as grave, one complaint begins one plan, which knows the case and its kind and nothing that was
    written; the complaint itself goes its own way (HR-6.1.1.2)."""
    before = len(plans(own))
    case = opened(own, GRAVE, subject="Handrail", category="facilities")
    assert len(plans(own)) == before + 1
    plan = own.case(plans(own)[0].id)
    assert plan.waiting_for == ["take-charge"]
    told = plan.variables["complaint"]
    assert {name: said for name, said in told.items() if said} == {
        "case": case.id, "concerns": "facilities", "severity": "major",
    }  # fmt: skip
    assert plan.variables["trigger"]["because"] == "grave"
    (alert,) = plan.notices()
    assert (alert.name, alert.subject) == ("emergency-alert", "Emergency plan begun: one complaint, facilities")
    case = own.case(case.id)
    assert case.variables["emergency_case"] == plan.id
    assert open_tasks(own, case) == ["intervene"]


def test_an_ordinary_complaint_begins_nothing(own: Workbench) -> None:
    """The table is asked and says no: not even a case that ends at once (HR-6.1.1.2)."""
    before = len(plans(own))
    case = opened(own, ASSESS)
    assert len(plans(own)) == before
    assert case.variables["emergency_case"] is None
    assert open_tasks(own, case) == ["respond"]


def test_what_is_not_pursued_begins_nothing(own: Workbench) -> None:
    """A complaint that the assessment turns down alarms nobody, however grave it sounds (HR-6.1.1.2 HR-3.1.1.b)."""
    before = len(plans(own))
    opened(own, ("assess", {**REFUSE[1], "serious_consequences": True}))
    assert len(plans(own)) == before


def test_an_investigation_anew_does_not_begin_it_again(own: Workbench) -> None:
    """A grave complaint that is investigated twice has one plan, also when the first one is over
    (HR-6.1.1.2 HR-4.2.2)."""
    before = len(plans(own))
    case = opened(own, GRAVE, ("intervene", {"immediate_measures": "Closed the stairs."}))
    own.complete(plans(own)[0], "take-charge", emergency=False, no_emergency_reason="Repaired at once.")
    case = steps(own, case, *TO_INVESTIGATION, *TO_RESULT, *TO_TOLD, CARRY_OUT, asked("dissatisfied"))
    case = steps(own, case, ("decide", {"next_step": "reinvestigate"}), *AGAIN)
    assert case.variables["reinvestigations"] == 1
    assert open_tasks(own, case) == ["ask-satisfaction"]
    assert len(plans(own)) == before + 1


def test_as_shipped_no_single_complaint_begins_it(bench: Workbench) -> None:
    """The document breaks off before it says what a complaint must concern, so the shipped table starts nothing
    (HR-6.1.1.2)."""
    case = opened(bench, GRAVE)
    assert (plans(bench), case.variables["emergency_case"]) == ([], None)
    assert open_tasks(bench, case) == ["intervene"]


def test_both_answers_were_given(own: Workbench) -> None:
    """The scenarios above come by every element and flow of the hand-over (HR-6.1.1.2)."""
    missing = own.coverage("hr").missing
    assert [one for one in missing if one.startswith("hr-emergency-call/")] == []
