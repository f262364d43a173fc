"""What a diagram links: forms inside it, versions by their tag, a handler instead of FEEL, parts in other files."""

from __future__ import annotations

from pathlib import Path

import pytest

from complaintflow import Handlers
from complaintflow.bpmn.naming import Named, named
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import InvalidData, InvalidDiagram, InvalidForm
from tests.diagrams import Play, call, document, end, flows, layer, process, start, user

FIELD = '{"type": "textfield", "key": "why", "validate": {"required": true}}'


def form(name: str, tag: str = "") -> str:
    more = f', "versionTag": "{tag}"' if tag else ""
    return f'{{"type": "default", "id": "{name}", "components": [{FIELD}]{more}}}'


def inside(text: str, name: str = "f") -> str:
    """A form in the process's own extensions."""
    return (
        f'<bpmn:extensionElements><zeebe:userTaskForm id="{name}">{text}</zeebe:userTaskForm></bpmn:extensionElements>'
    )


def test_a_form_inside_the_process_validates(play: Play) -> None:
    """An embedded form is a form like any other."""
    task = user("a", extension='<zeebe:formDefinition formKey="camunda-forms:bpmn:f"/>')
    bench = play(inside(form("f")), start(), task, end(), flows("start > a > end"))
    case = bench.start("p")
    with pytest.raises(InvalidData):
        bench.complete(case, "a", {})
    assert bench.complete(case, "a", {"why": "because"}).status == "completed"


def test_a_form_inside_that_is_none(play: Play) -> None:
    """What stands there and is no form is refused when the process is loaded."""
    task = user("a", extension='<zeebe:formDefinition formKey="camunda-forms:bpmn:f"/>')
    bench = play(inside("{}"), start(), task, end(), flows("start > a > end"))
    with pytest.raises(InvalidForm):
        bench.start("p")


def test_a_form_from_elsewhere_is_shown(play: Play) -> None:
    """A key or reference that is not ours is told to whoever asks for the task; nothing is validated."""
    first = user("a", extension='<zeebe:formDefinition formKey="some-key"/>')
    second = user("b", extension='<zeebe:formDefinition externalReference="https://example.org/form"/>')
    bench = play(start(), first, second, end(), flows("start > a > b > end"))
    case = bench.start("p")
    assert (case.task("a").form, case.task("a").form_reference) == (None, "some-key")
    case = bench.complete(case, "a", {"anything": 1})
    assert case.task("b").form_reference == "https://example.org/form"


@pytest.mark.parametrize("tag", ["scriptTask", "businessRuleTask"])
def test_a_handler_instead_of_feel_or_a_table(play: Play, tag: str) -> None:
    """With a task definition a script or business rule task is a job."""
    desk = Handlers()

    @desk.handler("work")
    def work() -> dict[str, int]:
        return {"found": 1}

    definition = '<bpmn:extensionElements><zeebe:taskDefinition type="work"/></bpmn:extensionElements>'
    element = f'<bpmn:{tag} id="x">{definition}</bpmn:{tag}>'
    bench = play(start(), element, user("b"), flows("start > x > b"), handlers=(desk,))
    assert bench.start("p").variables == {"found": 1}


# -- versions ---------------------------------------------------------------------------------

BOUND = 'bindingType="versionTag" versionTag="2"'
TABLE = (
    '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    ' id="d" name="d" namespace="x"><decision id="rate" name="rate">{tag}'
    "<literalExpression><text>7</text></literalExpression></decision></definitions>"
)


def tagged(tag: str) -> str:
    """The extension that gives a process or decision its version."""
    return f'<zeebe:versionTag value="{tag}"/>'


@pytest.mark.parametrize("version", ["2", "3", ""])
def test_version_of_a_form(play: Play, version: str) -> None:
    """A link with a version tag gets a form of that version, or the definition is refused."""
    task = user("a", extension=f'<zeebe:formDefinition formId="f" {BOUND}/>')
    bench = play(start(), task, end(), flows("start > a > end"), **{"forms__p__f.form": form("f", version)})
    if version == "2":
        assert bench.start("p").waiting_for == ["a"]
    else:
        with pytest.raises(InvalidDiagram, match="wants the version '2'"):
            bench.start("p")


@pytest.mark.parametrize("version", ["2", ""])
def test_version_of_a_decision(play: Play, version: str) -> None:
    """The same for a decision."""
    called = f'<zeebe:calledDecision decisionId="rate" resultVariable="r" {BOUND}/>'
    extended = f"<bpmn:extensionElements>{called}</bpmn:extensionElements>"
    task = f'<bpmn:businessRuleTask id="x">{extended}</bpmn:businessRuleTask>'
    tag = f"<extensionElements>{tagged(version)}</extensionElements>" if version else ""
    bench = play(start(), task, user("b"), flows("start > x > b"), **{"processes__p__rate.dmn": TABLE.format(tag=tag)})
    if version:
        assert bench.start("p").variables == {"r": 7}
    else:
        with pytest.raises(InvalidDiagram, match="one without a version tag"):
            bench.start("p")


@pytest.mark.parametrize("version", ["2", "1"])
def test_version_of_a_process(play: Play, version: str) -> None:
    """The same for a called process."""
    caller = call("x", "q").replace('processId="q"', f'processId="q" {BOUND}')
    head = f"<bpmn:extensionElements>{tagged(version)}</bpmn:extensionElements>"
    called = process(head, start("s"), end("e"), flows("s > e"), name="q")
    bench = play(start(), caller, user("b"), flows("start > x > b"), more=(called,))
    if version == "2":
        assert bench.start("p").waiting_for == ["b"]
    else:
        with pytest.raises(InvalidDiagram, match="wants the version '2' of 'q'"):
            bench.start("p")


# -- parts in other files ---------------------------------------------------------------------


def test_names_of_both_dialects() -> None:
    """The other files that belong to a process are found whatever dialect and prefix its diagram is written in."""
    old = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn">'
        '<process id="p"><callActivity id="a" calledElement="q"/><userTask id="b" c:formRef="f"/>'
        '<businessRuleTask id="d" c:decisionRef="r" c:resultVariable="v"/><callActivity id="e" calledElement="${x}"/>'
        "</process></definitions>"
    )
    assert named(old.encode()) == Named(frozenset({"q"}), frozenset({"f"}), frozenset({"r"}))
    new = document(process(call("a", "q"), user("b", extension='<zeebe:formDefinition formId="f"/>')))
    assert named(new.replace("zeebe:", "z:").replace("xmlns:zeebe", "xmlns:z").encode()).forms == {"f"}
    assert named(b"<broken") == Named()


def test_a_camunda7_process_calls_one_in_another_file(tmp_path: Path) -> None:
    """A bundle of a Camunda 7 diagram holds what it calls."""
    head = (
        '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="http://camunda.org/schema/1.0/bpmn">'
    )
    caller = (
        f'{head}<process id="p" isExecutable="true"><startEvent id="s" c:asyncBefore="true"/><callActivity id="a"'
        ' calledElement="q"/><sequenceFlow id="f" sourceRef="s" targetRef="a"/></process></definitions>'
    )
    called = f'{head}<process id="q" isExecutable="true"><startEvent id="s"/></process></definitions>'
    folder = layer(tmp_path / "layer", caller, **{"processes__q__q.bpmn": called})
    assert set(Library(Layers([folder], installed=False)).newest("p").program.processes) == {"p", "q"}
