"""Reading files: versions, Camunda Modeler's output, and files that mean harm."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from dmn_files import NAMESPACE, decision, definitions, literal
from hypothesis import given, settings
from hypothesis import strategies as st

from complaintflow.dmn import DecisionModel
from complaintflow.dmn.source import NAMESPACES
from complaintflow.errors import ComplaintflowError, InvalidDecision

MODELER = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"
  xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/"
  xmlns:modeler="http://camunda.org/schema/modeler/1.0" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"
  xmlns:biodi="http://bpmn.io/schema/dmn/biodi/2.0" id="defs" name="Priority"
  namespace="http://camunda.org/schema/1.0/dmn" exporter="Camunda Modeler" exporterVersion="5.40.0"
  modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.9.0">
  <decision id="priority" name="Priority of the complaint">
    <extensionElements><zeebe:versionTag value="v1"/></extensionElements>
    <decisionTable id="t" hitPolicy="FIRST" biodi:annotationsWidth="300">
      <input id="i" label="Amount" biodi:width="192"><inputExpression id="e" typeRef="number"><text>amount</text>
      </inputExpression></input>
      <output id="o" label="Priority" name="priority" typeRef="string" biodi:width="192"/>
      <rule id="r1"><description>CUS-1</description><inputEntry id="a"><text>&gt;= 1000</text></inputEntry>
        <outputEntry id="b"><text>"high"</text></outputEntry></rule>
      <rule id="r2"><inputEntry id="c"><text></text></inputEntry>
        <outputEntry id="f"><text>"normal"</text></outputEntry></rule>
    </decisionTable>
  </decision>
  <textAnnotation id="n"><text>a note</text></textAnnotation>
  <dmndi:DMNDI><dmndi:DMNDiagram id="dd"><dmndi:DMNShape id="s" dmnElementRef="priority">
    <dc:Bounds height="80" width="180" x="160" y="100"/></dmndi:DMNShape></dmndi:DMNDiagram></dmndi:DMNDI>
</definitions>
"""


FRAGMENTS = (
    "", "<", ">", '"', "</", "&#0;", "&x;", "<text>", "<list/>", "null", " ", 'typeRef="tX"', "<decisionTable>", "]]>",
)  # fmt: skip


@pytest.mark.parametrize("content", [MODELER, MODELER.encode()])
def test_modeler_file(content: str | bytes) -> None:
    """A file as Camunda Modeler writes it is read, from text and from bytes, with nothing to complain about."""
    read = DecisionModel.parse(content, file="priority.dmn")
    assert read.problems == ()
    assert read.decisions == {"priority": "Priority of the complaint"}
    assert read.evaluate("priority", {"amount": 1200}) == "high"
    assert read.evaluate("Priority of the complaint", {"amount": 3}) == "normal"
    assert read.rules("priority")[0].annotation == "CUS-1"


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_all_versions(namespace: str) -> None:
    """DMN 1.1 to 1.5 are read alike."""
    text = definitions(decision("d", literal("1 + 1")), namespace=namespace)
    assert DecisionModel.parse(text).evaluate("d", {}) == 2


def test_encodings() -> None:
    """Bytes may be in any encoding that their declaration names; text may carry any declaration."""
    text = definitions(decision("d", literal('"投诉"')))
    assert DecisionModel.parse(text.encode("utf-16")).evaluate("d", {}) == "投诉"
    assert DecisionModel.parse(f'<?xml version="1.0" encoding="GBK"?>{text}').evaluate("d", {}) == "投诉"


BOMB = (
    '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaaaaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8))
    + ']><definitions xmlns="{0}" name="&i;"/>'
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB.replace("{0}", NAMESPACE), ""),
        (f'<!DOCTYPE d SYSTEM "file:///etc/passwd"><definitions xmlns="{NAMESPACE}"/>', "DOCTYPE"),
        (
            f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><definitions xmlns="{NAMESPACE}"><decision id="d">'
            "<literalExpression><text>&x;</text></literalExpression></decision></definitions>",
            "DOCTYPE",
        ),
        ("<definitions/>", "not the definitions of DMN"),
        ('<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>', "not the definitions of DMN"),
        ("", "not well-formed"),
        ("<a><b></a>", "not well-formed"),
        (definitions("<surprise/>"), "not an element that is understood"),
        (definitions(decision("d", ""), decision("e", "", identity="d")), "two elements have the id 'd'"),
        (
            definitions('<import name="x" namespace="urn:x" importType="http://www.w3.org/2001/XMLSchema"/>'),
            "XMLSchema",
        ),
        (definitions("<decision/>"), "neither id nor name"),
    ],
)
def test_refused_files(text: str, words: str) -> None:
    """Bombs, references to other files and what is not DMN are refused by our own error that names the file."""
    with pytest.raises(InvalidDecision) as caught:
        DecisionModel.parse(text, file="bad.dmn")
    assert words in str(caught.value)
    assert "bad.dmn" in caught.value.where


def test_deep_nesting() -> None:
    """Thousands of nested elements end in our own error."""
    deep = "<list>" * 5000 + "</list>" * 5000
    with pytest.raises(InvalidDecision):
        DecisionModel.parse(definitions(decision("d", deep)))


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is an error that names it."""
    with pytest.raises(InvalidDecision) as caught:
        DecisionModel.load(tmp_path / "none.dmn")
    assert "none.dmn" in caught.value.where


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), st.sampled_from(FRAGMENTS)), min_size=1, max_size=5))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_garbage(cuts: list[tuple[float, int, str]]) -> None:
    """A file with pieces cut out and others put in gives a model, a value or one of our own errors, nothing else."""
    text = MODELER
    for at, length, fragment in cuts:
        place = int(at * len(text))
        text = text[:place] + fragment + text[place + length :]
    with contextlib.suppress(ComplaintflowError):
        damaged = DecisionModel.parse(text)
        for name in damaged.decisions:
            damaged.evaluate(name, {"amount": 1})


def test_text_that_is_no_unicode() -> None:
    """Half of a surrogate pair, which no file can hold, is refused like other broken text."""
    with pytest.raises(InvalidDecision, match="not well-formed"):
        DecisionModel.parse(f'<definitions xmlns="{NAMESPACE}" name="\ud83d"/>')
