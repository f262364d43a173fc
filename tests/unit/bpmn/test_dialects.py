"""The page on the two dialects says the truth, and leaves out no word that Modeler can write."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from complaintflow.bpmn import camunda8
from complaintflow.bpmn.camunda7 import ALIASES, vocabulary
from complaintflow.bpmn.reader import read_program
from complaintflow.bpmn.source import read
from complaintflow.errors import InvalidDiagram, UnsupportedElement
from tests.diagrams import document, error, flows, process, start, user

PAGE = Path(__file__).resolve().parents[3] / "docs" / "dialects.md"
# The words of zeebe-bpmn-moddle 2.0.0 and camunda-bpmn-moddle 8.0.1, which Modeler reads and writes.
WORDS = json.loads(Path(__file__).with_name("moddle_words.json").read_text(encoding="utf-8"))
LINKS = ("formDefinition", "calledElement", "calledDecision")


def rows() -> dict[tuple[str, str], str]:
    """(element, attribute) -> what happens; attributes at BPMN elements belong to "zeebe" or "camunda"."""
    found: dict[tuple[str, str], str] = {}
    dialect = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            dialect = "zeebe" if "8" in line else "camunda"
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)]
        if len(cells) < 6 or cells[3] not in ("runs", "no effect", "refused"):
            continue
        word = cells[1].strip("`").partition(":")[2] or dialect
        names = [f"link {dialect}"] if cells[1] == "any link" else [word]
        for name in names:
            for attribute in [*re.findall(r"`([^`]+)`", cells[2]), *([] if cells[2] else [""])]:
                assert (dialect + ":" + name, attribute) not in found, (name, attribute)
                found[dialect + ":" + name, attribute] = cells[3]
    return found


ROWS = rows()


def test_every_word_of_modeler_is_on_the_page() -> None:
    """Each element and attribute of Modeler's own schemas has a row."""
    missing = []
    for dialect, words in WORDS.items():
        for element, attributes in words["elements"].items():
            if not any(row[0] == f"{dialect}:{element}" for row in ROWS):
                missing.append(f"{dialect}:{element}")
            missing += [f"{element} {a}" for a in attributes if (f"{dialect}:{element}", a) not in ROWS]
        for attribute in words["attributes"]:
            places = (f"{dialect}:{dialect}", f"{dialect}:link {dialect}", f"{dialect}:input", f"{dialect}:property")
            if not any((place, attribute) in ROWS for place in places):
                missing.append(f"{dialect} {attribute}")
    assert missing == []


def test_the_page_says_what_the_reader_does() -> None:
    """What the page calls running or without effect is allowed, what it calls refused is not; nothing else is."""
    allowed: set[tuple[str, str]] = set()
    for dialect, elements in (("zeebe", camunda8.ELEMENTS), ("camunda", vocabulary.ELEMENTS)):
        for element, attributes in elements.items():
            allowed |= {(f"{dialect}:{element}", attribute) for attribute in attributes or {""}}
    allowed |= {("zeebe:zeebe", attribute) for attribute in camunda8.ATTRIBUTES}
    allowed |= {("camunda:camunda", attribute) for attribute in vocabulary.ATTRIBUTES}
    said = {row for row, fate in ROWS.items() if fate != "refused"}
    links = {(f"zeebe:{link}", a) for link in LINKS for row, a in said if row == "zeebe:link zeebe"}
    assert {row for row in said if "link" not in row[0]} | links == allowed
    assert not {row for row, fate in ROWS.items() if fate == "refused"} & allowed


CAMUNDA = 'xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'


def extended(extension: str, tag: str = "userTask", body: str = "", **attributes: str) -> str:
    said = "".join(f' {name.replace("__", ":")}="{value}"' for name, value in attributes.items())
    inner = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>{body}"
    return f'<bpmn:{tag} id="x" {CAMUNDA}{said}>{inner}</bpmn:{tag}>'


REFUSED = {
    "two dialects in one element": extended("<zeebe:userTask/>", camunda__assignee="a"),
    "two dialects in extensions": extended("<zeebe:userTask/><camunda:properties/>"),
    "unknown word": extended("<camunda:magic/>"),
    "a word in the wrong place": extended("<camunda:formField/>"),
    "an attribute in the wrong place": extended("", "scriptTask", camunda__topic="a"),
    "version binding": extended("", "callActivity", calledElement="q", camunda__calledElementBinding="version"),
    "computed version": extended("", "callActivity", calledElement="q", camunda__calledElementBinding="versionTag",
                                 camunda__calledElementVersionTag="${v}"),
    "numbered decision": extended("", "businessRuleTask", camunda__decisionRef="d", camunda__resultVariable="r",
                                  camunda__decisionRefVersion="3"),
    "mail task": extended("", "serviceTask", camunda__type="mail"),
    "external without topic": extended("", "serviceTask", camunda__type="external"),
    "nobody works": extended("<camunda:properties/>", "serviceTask"),
    "two handlers": extended("", "serviceTask", camunda__class="a", camunda__expression="${b}"),
    "a delegate that is no name": extended("", "serviceTask", camunda__delegateExpression="${a + b}"),
    "an argument that is no variable": extended("", "serviceTask", camunda__expression="${a.b(1)}"),
    "an expression for nobody": extended("", "serviceTask", camunda__expression="${a}"),
    "retries without number": extended("<camunda:failedJobRetryTimeCycle>PT5M</camunda:failedJobRetryTimeCycle>",
                                       "serviceTask", camunda__class="a"),
    "groovy": extended("<camunda:properties/>", "scriptTask", "<bpmn:script>println 1</bpmn:script>",
                       scriptFormat="groovy"),
    "script input": extended('<camunda:inputOutput><camunda:inputParameter name="a"><camunda:script'
                             ' scriptFormat="python">1</camunda:script></camunda:inputParameter>'
                             "</camunda:inputOutput>"),
    "listener script": extended('<camunda:executionListener event="start"><camunda:script scriptFormat="feel">1'
                                "</camunda:script></camunda:executionListener>"),
    "listener event": extended('<camunda:taskListener event="timeout" class="a"/>'),
    "listener that computes": extended('<camunda:executionListener event="end" expression="${a + 1}"/>'),
    "foreign business key": extended('<camunda:in businessKey="${a}"/>', "callActivity", calledElement="q"),
    "some variables": extended('<camunda:in variables="some"/>', "callActivity", calledElement="q"),
    "two forms": extended("", camunda__formKey="a", camunda__formRef="b"),
    "computed form": extended("", camunda__formRef="${a}"),
    "form field type": extended('<camunda:formData><camunda:formField id="a" type="money"/></camunda:formData>'),
    "form constraint": extended('<camunda:formData><camunda:formField id="a"><camunda:validation><camunda:constraint'
                                ' name="validator" config="x"/></camunda:validation></camunda:formField>'
                                "</camunda:formData>"),
    "form constraint without number": extended('<camunda:formData><camunda:formField id="a"><camunda:validation>'
                                               '<camunda:constraint name="min" config="x"/></camunda:validation>'
                                               "</camunda:formField></camunda:formData>"),
    "computed default": extended('<camunda:formData><camunda:formField id="a" defaultValue="${b}"/>'
                                 "</camunda:formData>"),
    "default that is no number": extended('<camunda:formData><camunda:formField id="a" type="long" defaultValue="b"/>'
                                          "</camunda:formData>"),
    "priority": extended("", camunda__priority="1000"),
    "expression": extended("", camunda__assignee="${empty (a > 1)}"),
    "decision shape": extended("", "businessRuleTask", camunda__decisionRef="d", camunda__mapDecisionResult="all"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_camunda7(name: str) -> None:
    """What has no translation is refused with line, element and what to do instead, and no second finding follows."""
    parts = process(start(), REFUSED[name], user("b"), flows("start > x > b"), "\n")
    found = read(document(parts).encode(), "p.bpmn").problems
    assert len(found) == 1
    for problem in found:
        assert isinstance(problem, UnsupportedElement)
        assert problem.where.startswith("p.bpmn, line 1, element ")
        assert problem.remedy
    with pytest.raises(UnsupportedElement):
        read_program({"p.bpmn": document(parts).encode()})


@pytest.mark.parametrize(
    ("language", "code", "advice"),
    [
        ("javascript", "amount > 100 && vip", "(amount > 100) and (vip = true)"),
        ("groovy", "amount * 2", "amount * 2"),
        ("python", "import os", "scriptFormat feel"),
    ],
)
def test_code_is_refused_with_what_to_write(language: str, code: str, advice: str) -> None:
    """A script that is a plain expression comes with its FEEL."""
    body = f"<bpmn:script><![CDATA[{code}]]></bpmn:script>"
    parts = process(
        start(), extended("<camunda:properties/>", "scriptTask", body, scriptFormat=language), flows("start > x")
    )
    (found,) = [p for p in read(document(parts).encode(), "p.bpmn").problems if "script" in p.what]
    assert advice in found.remedy
    assert language[:4].lower() in found.what.lower()


def test_a_camunda8_diagram_is_left_alone() -> None:
    """In a Camunda 8 diagram nothing is translated: what only Camunda 7 says is refused there."""
    for element in (
        '<bpmn:callActivity id="x" calledElement="q"/>',
        '<bpmn:scriptTask id="x" scriptFormat="feel"><bpmn:script>1</bpmn:script></bpmn:scriptTask>',
    ):
        parts = document(process(start(), element, user("b"), flows("start > x > b")))
        found = read(parts.encode(), "p.bpmn").problems
        assert found
        assert all("not supported" in problem.what for problem in found)


@pytest.mark.parametrize("space", sorted(ALIASES))
def test_other_names_of_the_dialect(space: str) -> None:
    """Diagrams of Activiti 5, Flowable and Operaton speak Camunda 7's dialect; what is no word of it is refused."""
    element = f'<bpmn:serviceTask id="x" xmlns:a="{space}" a:class="com.acme.Pay"/>'
    parts = document(process(start(), element, user("b"), flows("start > x > b")))
    program = read_program({"p.bpmn": parts.encode()})
    assert list(program.job_types) == ["com.acme.Pay"]
    [problem] = read(parts.replace("a:class", 'a:skipExpression="${x}" a:class').encode(), "p.bpmn").problems
    assert "skipExpression" in problem.what


def test_an_error_message_that_a_variable_would_read() -> None:
    """The message of an error in the diagram is not passed on, so nobody may wait for it."""
    told = f'<bpmn:boundaryEvent id="x" attachedToRef="b" {CAMUNDA}><bpmn:errorEventDefinition errorRef="e"' \
           ' camunda:errorMessageVariable="why"/></bpmn:boundaryEvent>'  # fmt: skip
    thrown = error("e", "E").replace("/>", f' {CAMUNDA} camunda:errorMessage="gone"/>')
    parts = document(process(start(), user("b"), told, user("c"), flows("start > b", "x > c")), thrown)
    with pytest.raises(InvalidDiagram, match="message of its own"):
        read_program({"p.bpmn": parts.encode()})


# -- links of Camunda 8 -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "extension",
    [
        '<zeebe:formDefinition formId="f" bindingType="versionTag"/>',
        '<zeebe:formDefinition formId="f" versionTag="1"/>',
        '<zeebe:formDefinition formId="f" formKey="g"/>',
        '<zeebe:formDefinition formKey="camunda-forms:bpmn:f"/>',
        '<zeebe:formDefinition externalReference="=f"/>',
    ],
)
def test_links_that_say_too_little_or_too_much(extension: str) -> None:
    """A version tag needs its binding, a form one name, an embedded form its process."""
    element = f'<bpmn:userTask id="x"><bpmn:extensionElements>{extension}</bpmn:extensionElements></bpmn:userTask>'
    with pytest.raises(InvalidDiagram) as caught:
        read_program({"p.bpmn": document(process(start(), element, flows("start > x"))).encode()})
    assert "element x" in caught.value.where
    assert caught.value.remedy
