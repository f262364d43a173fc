"""The gate: what a diagram must not say is told all at once, for people, programs and GitHub, and nothing breaks it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from complaintflow.bpmn.reader import find_problems, read_program
from complaintflow.bpmn.xml import MAX_BYTES
from complaintflow.check import ERROR, Finding, check_alone
from complaintflow.cli.app import app
from complaintflow.errors import ComplaintflowError

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
MANY = f"""<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="{BPMN}" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="t">
  <process id="p" isExecutable="true">
    <startEvent id="start"/>
    <serviceTask id="pay" name="Pay: now, please" camunda:class="a" camunda:topic="b"/>
    <userTask id="ask" name="Ask" camunda:assignee="${{empty (a &gt; 1)}}" camunda:formHandlerClass="x"/>
    <intermediateCatchEvent id="wait" name="Wait"><timerEventDefinition>
      <timeDuration>soon</timeDuration></timerEventDefinition></intermediateCatchEvent>
    <scriptTask id="compute" scriptFormat="groovy"><script>println "a"</script></scriptTask>
    <receiveTask id="hear"/>
    <choreographyTask id="dance"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="pay"/>
    <sequenceFlow id="f2" sourceRef="pay" targetRef="ask"/>
    <sequenceFlow id="f3" sourceRef="ask" targetRef="wait"/>
    <sequenceFlow id="f4" sourceRef="wait" targetRef="compute"/>
    <sequenceFlow id="f5" sourceRef="compute" targetRef="hear"/>
    <sequenceFlow id="f6" sourceRef="hear" targetRef="dance"/>
  </process>
</definitions>
"""


def check(*words: str) -> Result:
    return CliRunner().invoke(app, ["check", *words], env={"COMPLAINTFLOW_LAYERS": ""})


def test_all_findings_at_once() -> None:
    """Words, expressions, scripts and missing details of several elements are found in one go, each with its line."""
    found = [finding for finding in check_alone("many.bpmn", MANY.encode()) if finding.severity == ERROR]
    places = {(finding.line, finding.element, finding.label) for finding in found}
    assert places == {
        (5, "pay", "Pay: now, please"), (6, "ask", "Ask"), (7, "wait", "Wait"), (9, "compute", ""), (10, "hear", ""),
        (11, "dance", ""),
    }  # fmt: skip
    assert len(found) == 7
    assert all(finding.advice and finding.file == "many.bpmn" for finding in found)


def test_the_engine_refuses_all_of_them() -> None:
    """Loading raises what the reader finds first and tells of the others; both look through the same eyes."""
    with pytest.raises(ComplaintflowError) as caught:
        read_program({"many.bpmn": MANY.encode()})
    first, *others = find_problems({"many.bpmn": MANY.encode()})
    assert caught.value.what.startswith(first.what)
    assert all(other.what in str(caught.value) for other in others)


def test_a_folder_as_json(tmp_path: Path) -> None:
    """Every file below a folder is checked; each finding says file, line, element, label, what, and what to do."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "many.bpmn").write_text(MANY, encoding="utf-8")
    (tmp_path / "empty.bpmn").write_bytes(b"")
    result = check(str(tmp_path), "--format", "json")
    assert result.exit_code == 1
    reports = json.loads(result.output)
    assert [Path(report["subject"]).name for report in reports] == ["many.bpmn", "empty.bpmn"]
    first = next(one for one in reports[0]["findings"] if one["severity"] == "error")
    assert first["file"].endswith("deep/many.bpmn")
    assert (first["line"], first["element"], first["label"]) == (5, "pay", "Pay: now, please")
    assert first["what"]
    assert first["advice"]


def test_github_annotations(tmp_path: Path) -> None:
    """One workflow command for each finding, with colons, commas and line ends escaped as GitHub wants."""
    file = tmp_path / "many.bpmn"
    file.write_text(MANY, encoding="utf-8")
    result = check(str(file), "--format", "github")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert all(line.startswith(("::error file=", "::warning file=", "::notice file=")) for line in lines)
    pay = next(line for line in lines if "(pay)" in line and line.startswith("::error"))
    assert f"file={file},line=5,title=Pay%3A now%2C please (pay)::" in pay
    assert "%0A" in pay


def test_github_finds_the_parts_of_a_layer(tmp_path: Path) -> None:
    """Annotations of a layer's parts name the files as they lie on disk."""
    diagram = tmp_path / "acme" / "processes" / "p" / "p.bpmn"
    diagram.parent.mkdir(parents=True)
    diagram.write_text(MANY, encoding="utf-8")
    lines = check(str(tmp_path / "acme"), "--format", "github").output.splitlines()
    assert any(line.startswith(f"::error file={diagram},line=5,") for line in lines)


def text(body: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}{body}'.encode()


GARBAGE = {
    "empty": b"",
    "blank": b"  \n ",
    "no xml": b"hello",
    "nulls": b"\0" * 1000,
    "half": MANY[: len(MANY) // 2].encode(),
    "too large": b"<a>" + b" " * MAX_BYTES + b"</a>",
    "a bomb": text("<x>&b;</x>", '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'),
    "a file from outside": text("<x>&a;</x>", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
    "a harmless DTD": text(f'<definitions xmlns="{BPMN}"/>', "<!DOCTYPE definitions>"),
    "another root": text("<html/>"),
    "no namespace": text("<definitions><process id='p' isExecutable='true'/></definitions>"),
    "wrong namespace": text("<definitions xmlns='http://www.omg.org/spec/BPMN/20100525/MODEL'/>"),
    "DMN": text("<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/'/>"),
    "nothing in it": text(f'<definitions xmlns="{BPMN}"/>'),
    "UTF-16": MANY.replace("UTF-8", "UTF-16").encode("utf-16"),
    "wrong encoding": b'<?xml version="1.0" encoding="UTF-8"?><a b="\xff"/>',
    "unknown encoding": b'<?xml version="1.0" encoding="klingon"?><a/>',
    "deep": text(f'<definitions xmlns="{BPMN}"><process id="p" isExecutable="true">' + '<subProcess id="s">' * 240
                 + "</subProcess>" * 240 + "</process></definitions>"),
    "far too deep": text("<a>" * 100_000),
    "without ids": text(f'<definitions xmlns="{BPMN}"><process isExecutable="true"><task/><sequenceFlow/></process>'
                        "</definitions>"),
    "flows to nowhere": text(f'<definitions xmlns="{BPMN}"><process id="p" isExecutable="true"><startEvent id="s"/>'
                             '<sequenceFlow id="f" sourceRef="s" targetRef="x"/></process></definitions>'),
    "a processing instruction": text("<a/>", '<?xml-stylesheet href="http://example.org/x"?>'),
    "extensions everywhere": text(f'<extensionElements xmlns="{BPMN}"><process id="p"/></extensionElements>'),
}  # fmt: skip


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_has_findings(name: str, tmp_path: Path) -> None:
    """Whatever lies in a folder yields findings, never a traceback."""
    found = check_alone("x.bpmn", GARBAGE[name])
    assert [finding for finding in found if finding.severity == ERROR]
    assert not [finding for finding in found if "defect" in finding.advice]
    (tmp_path / "x.bpmn").write_bytes(GARBAGE[name])
    result = check(str(tmp_path), "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.output)[0]["findings"]


def test_a_byte_order_mark_is_no_garbage() -> None:
    """A file that begins with a byte order mark is read like any other."""
    with_mark = check_alone("x.bpmn", b"\xef\xbb\xbf" + MANY.encode())
    assert with_mark == check_alone("x.bpmn", MANY.encode())


def test_folders_and_broken_links_with_a_diagrams_name(tmp_path: Path) -> None:
    """What cannot be opened is a finding like any other."""
    (tmp_path / "broken.bpmn").symlink_to(tmp_path / "nowhere")
    (tmp_path / "good.json").write_text("{}", encoding="utf-8")
    result = check(str(tmp_path), "--format", "json")
    assert result.exit_code == 1
    assert "cannot be read" in json.loads(result.output)[0]["findings"][0]["what"]


def test_damaged_diagrams() -> None:
    """A diagram with some characters changed, dropped or doubled has findings, and never breaks the check."""
    chance = random.Random(7)
    for _ in range(300):
        damaged = list(MANY)
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(damaged))
            damaged[at] = chance.choice(["", damaged[at] * 2, "x", '"', "<", "$", "{", "=", "&amp;", " "])
        source = "".join(damaged).encode()
        found: list[Finding] = check_alone("x.bpmn", source)
        assert [finding for finding in found if finding.severity == ERROR], source
        assert not [finding for finding in found if "defect" in finding.advice], source
