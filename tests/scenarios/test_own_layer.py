"""An own variant changes what it says, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.testing import Workbench

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "processes/customer"
PAYLOAD = {"channel": "web", "content": "The soup was cold.", "reporter": {"email": "zhao.min@example.com"}}


def copy(home: Path, name: str, old: str, new: str) -> None:
    """A shipped file in the layer, with one change."""
    text = (SHIPPED / name).read_text(encoding="utf-8")
    assert old in text
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_text(text.replace(old, new), encoding="utf-8")


def number(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "policy.toml").write_text('[deadlines.department_reply]\nwithin = "2 working days"\n', encoding="utf-8")


def notice(home: Path) -> None:
    copy(home, "notices/acknowledgement.en.j2", "Subject: ", "Subject: ACME: ")


def table(home: Path) -> None:
    copy(home, "responsible-department.dmn", '"kitchen"', '"acme-kitchen"')


def diagram(home: Path) -> None:
    copy(home, "customer.bpmn", 'name="Investigate complaint"', 'name="Look into it"')


def behaviour(layers: list[Path]) -> dict[str, object]:
    """What a case of the procedure shows of each of the four."""
    bench = Workbench(layers=layers)
    case = bench.start("customer", PAYLOAD)
    label = case.task("investigate").name
    case = bench.complete(case, "investigate", {"justified": True, "cause": "food"})
    task = case.task("propose")
    seen = {
        "number": (task.due_at, case.timers[0].due_at),
        "notice": bench.notices[0].subject,
        "table": task.groups,
        "diagram": label,
    }
    bench.close()
    return seen


@pytest.mark.parametrize("change", [number, notice, table, diagram])
def test_one_change_changes_one_thing(tmp_path: Path, change: Callable[[Path], None]) -> None:
    """One number, one notice, one table or one diagram in a layer changes the running behaviour, and nothing else."""
    change(tmp_path / "processes/customer")
    ours, theirs = behaviour([]), behaviour([tmp_path])
    assert [name for name in ours if ours[name] != theirs[name]] == [change.__name__]


def test_the_parts_say_where_they_come_from(tmp_path: Path) -> None:
    """Each part of a bundle knows its layer, and a layer that goes away leaves the shipped part."""
    notice(tmp_path / "processes/customer")
    origin = Library(Layers([tmp_path])).newest("customer").origin
    assert origin["processes/customer/notices/acknowledgement.en.j2"] == str(tmp_path)
    assert origin["processes/customer/customer.bpmn"] == "complaintflow"
    shutil.rmtree(tmp_path / "processes/customer")
    assert behaviour([tmp_path]) == behaviour([])
