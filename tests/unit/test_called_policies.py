"""A called process of another written policy brings that policy's own values with it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from complaintflow.check import check_bundle
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import InvalidDiagram, InvalidForm, InvalidPolicy
from complaintflow.facade.engine import Engine
from complaintflow.testing import Workbench
from complaintflow.time.clock import VirtualClock
from tests.diagrams import call, document, end, flows, layer, process, script, service, start, user

CLAUSE = 'clause = "T-1"\nfrom = "document"\n'


def policy(name: str, *, days: int, group: str, more: str = "") -> str:
    """A policy file: how long a reply may take, and who gives it."""
    return (
        f'[policy]\nid = "{name}"\ntitle = "{name}"\n{more}\n'
        f'[deadlines.reply]\nwithin = "{days} days"\n{CLAUSE}'
        f'[roles.clerk]\ngroup = "{group}"\n{CLAUSE}'
    )


def replying(name: str, *before: str, first: str = "answer") -> str:
    """A process that offers a task to its policy's clerk, due by its policy's deadline."""
    task = user("answer", groups="=policy.roles.clerk", due='deadline("reply", now())')
    chain = f"start > {first} > answer > end" if first != "answer" else "start > answer > end"
    return document(process(start(), *before, task, end(), flows(chain), name=name))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Procedure ``outer`` calls ``inner`` of another policy; both have a reply and a clerk."""
    outer = document(
        process(start(), call("ask-inner", "inner"), end(), flows("start > ask-inner > end"), name="outer")
    )
    layer(tmp_path, outer, name="outer", policy=policy("outer", days=1, group="front-desk"))
    return layer(tmp_path, replying("inner"), name="inner", policy=policy("inner", days=9, group="back-office"))


def test_a_called_process_uses_the_policy_of_its_own_folder(folder: Path) -> None:
    """Role and deadline of a called process are those of its own written policy, not the caller's of the same name."""
    bench = Workbench(layers=[folder])
    case = bench.start("outer")
    [task] = case.tasks
    assert task.groups == ("back-office",)
    assert task.due_at is not None
    assert (task.due_at - bench.now).days == 9


def test_it_does_so_after_it_was_stored(folder: Path) -> None:
    """What a called process reads later, from the stored case, is its own policy as well."""
    inner = document(
        process(
            start(),
            user("wait"),
            script("look", "seen", "policy.roles.clerk"),
            user("answer", groups="=policy.roles.clerk", due='deadline("reply", now())'),
            end(),
            flows("start > wait > look > answer > end"),
            name="inner",
        )
    )
    layer(folder, inner, name="inner", policy=policy("inner", days=9, group="back-office"))
    bench = Workbench(layers=[folder])
    case = bench.start("outer").complete("wait")
    assert case.task("answer").groups == ("back-office",)
    assert case.complete("answer").variables["seen"] == "back-office"


def test_a_shared_process_runs_under_whoever_calls_it(folder: Path) -> None:
    """A shared part is governed by the policy of its caller, also when that one was called itself."""
    shared = folder / "processes" / "shared"
    shared.mkdir(parents=True)
    (shared / "part.bpmn").write_text(replying("part"), encoding="utf-8")
    inner = document(process(start(), call("go", "part"), end(), flows("start > go > end"), name="inner"))
    layer(folder, inner, name="inner", policy=policy("inner", days=9, group="back-office"))
    bench = Workbench(layers=[folder])
    assert bench.start("outer").task("answer").groups == ("back-office",)
    outer = document(process(start(), call("go", "part"), end(), flows("start > go > end"), name="outer"))
    layer(folder, outer, name="outer", policy=policy("outer", days=1, group="front-desk"))
    assert Workbench(layers=[folder]).start("outer").task("answer").groups == ("front-desk",)


def test_promises_of_two_policies_are_kept_apart(folder: Path) -> None:
    """A task that keeps the called policy's promise leaves the caller's promise of the same name open."""
    met = 'met_by = ["answer"]\n'
    inner = policy("inner", days=9, group="back-office").replace('within = "9 days"\n', f'within = "9 days"\n{met}')
    layer(folder, replying("inner"), name="inner", policy=inner)
    outer = document(
        process(
            start(),
            user("promise", due='deadline("reply", now())'),
            call("ask-inner", "inner"),
            end(),
            flows("start > promise > ask-inner > end"),
            name="outer",
        )
    )
    text = policy("outer", days=1, group="front-desk").replace('within = "1 days"\n', f'within = "1 days"\n{met}')
    layer(folder, outer, name="outer", policy=text)
    bench = Workbench(layers=[folder])
    case = bench.start("outer").complete("promise").complete("answer")
    kept = [
        note[2]["deadline"] for event in case.history() for note in event.detail.get("notes", []) if note[0] == "kept"
    ]
    assert kept == ["inner/reply"]


def test_a_called_process_sends_its_own_notices(folder: Path) -> None:
    """Where both policies have a notice of one name, the called process sends its own, with its own values."""
    headers = (
        '<zeebe:taskHeaders><zeebe:header key="notice" value="thanks"/>'
        '<zeebe:header key="to" value="role:clerk"/></zeebe:taskHeaders>'
    )

    def saying(name: str, text: str, group: str) -> None:
        send = service("thank", "notify", extension=headers)
        xml = (
            replying(name, send, first="thank")
            if name == "inner"
            else document(
                process(start(), send, call("go", "inner"), end(), flows("start > thank > go > end"), name="outer")
            )
        )
        layer(folder, xml, name=name, policy=policy(name, days=2, group=group))
        notices = folder / "processes" / name / "notices"
        notices.mkdir(exist_ok=True)
        (notices / "thanks.en.j2").write_text(
            f"Subject: {text}\n\nFor {{{{ policy.roles.clerk }}}}.\n", encoding="utf-8"
        )

    saying("outer", "Outer", "front-desk")
    saying("inner", "Inner", "back-office")
    case = Workbench(layers=[folder]).start("outer")
    said = [(notice.subject, notice.to.group, notice.text.strip()) for notice in case.notices()]
    assert said == [("Outer", "front-desk", "For front-desk."), ("Inner", "back-office", "For back-office.")]


def test_the_callers_entries_do_not_reach_a_called_process(folder: Path) -> None:
    """A called process that names an entry only the caller has is refused when it is loaded, and by check."""
    more = policy("outer", days=1, group="front-desk") + f'[roles.judge]\ngroup = "judges"\n{CLAUSE}'
    outer = (folder / "processes/outer/outer.bpmn").read_text(encoding="utf-8")
    layer(folder, outer, name="outer", policy=more)
    inner = document(
        process(
            start(), user("answer", groups="=policy.roles.judge"), end(), flows("start > answer > end"), name="inner"
        )
    )
    layer(folder, inner, name="inner", policy=policy("inner", days=9, group="back-office"))
    library = Library(Layers([folder], installed=False))
    with pytest.raises(InvalidDiagram, match="judge is not in the policy file of inner"):
        library.newest("outer")
    errors = [finding.what for finding in check_bundle(library.assemble("outer")) if finding.severity == "error"]
    assert errors == ["the policy file of inner has no 'judge' in roles"]


def test_a_called_policy_counts_on_its_own_calendar(folder: Path) -> None:
    """Days off that only the called policy has move only its own deadlines; what it does not say is the caller's."""
    closed = 'country = "none"\nextra_days_off = [2026-03-11]'
    layer(folder, replying("inner"), name="inner", policy=policy("inner", days=9, group="b", more=closed))
    outer = (folder / "processes/outer/outer.bpmn").read_text(encoding="utf-8")
    layer(folder, outer, name="outer", policy=policy("outer", days=1, group="a", more='zone = "UTC"'))
    with Engine("sqlite://", layers=[folder], clock=VirtualClock(datetime(2026, 3, 2, 9, tzinfo=UTC))) as engine:
        [task] = engine.start("outer", {}).tasks
        assert task.due_at is not None
        assert task.due_at.isoformat() == "2026-03-13T00:00:00+00:00"


def test_a_layer_for_another_policy_is_still_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A policy file that lies over one with another id is still in the wrong folder."""
    top = tmp_path_factory.mktemp("top")
    home = top / "processes" / "inner"
    home.mkdir(parents=True)
    (home / "policy.toml").write_text('[policy]\nid = "outer"\ntitle = "x"\n', encoding="utf-8")
    with pytest.raises(InvalidPolicy, match="lies over"):
        Library(Layers([top, folder], installed=False)).newest("inner")


def test_forms_of_one_name_are_not_confused(folder: Path) -> None:
    """Where caller and called process each have a form of one id, neither is silently taken for the other."""
    form = '<zeebe:formDefinition formId="answer" bindingType="deployment"/>'
    for name in ("outer", "inner"):
        parts = (
            start(),
            user("answer", extension=form),
            *([call("go", "inner"), end(), flows("start > answer > go > end")] if name == "outer" else []),
            *([end(), flows("start > answer > end")] if name == "inner" else []),
        )
        source = '{"type": "default", "id": "answer", "schemaVersion": 19, "components": []}'
        xml = document(process(*parts, name=name))
        files = {f"forms__{name}__answer.form": source}
        layer(folder, xml, name=name, policy=policy(name, days=2, group=name), **files)
    library = Library(Layers([folder], installed=False))
    library.newest("inner")
    with pytest.raises(InvalidForm, match="two forms have the id 'answer'"):
        library.newest("outer")
