"""All findings at once: nothing has to be mended before the rest is told, and what only follows is not told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from complaintflow.bpmn.reader import read_program
from complaintflow.check import ERROR, WARNING, Finding, check_alone, check_bundle
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import ComplaintflowError
from tests import diagrams as d

BOUNDARY = (
    '<bpmn:boundaryEvent id="late" attachedToRef="ask"><bpmn:timerEventDefinition>'
    '<bpmn:timeDuration>=duration("P3X")</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>'
)
LOOSE = '<bpmn:sequenceFlow id="loose" sourceRef="late" targetRef="ghost"/>'

RECEIPTS = """
[receipts.case]
enabled = true
messages = { more = [] }
steps = ["nowhere"]
clause = "T-2"
from = "document"
"""


def found(*parts: str, severity: str = ERROR) -> list[Finding]:
    source = d.document(d.process(*parts)).encode()
    return [finding for finding in check_alone("p.bpmn", source) if finding.severity == severity]


def elements(*parts: str, severity: str = ERROR) -> list[str]:
    return sorted(finding.element for finding in found(*parts, severity=severity))


def test_everything_is_told_in_one_run() -> None:
    """Expressions, missing parts, loose flows, orphans, gateways and wrong values do not wait for each other."""
    parts = (
        d.start(),
        d.user("ask", extension='<zeebe:assignmentDefinition assignee="=a +" candidateGroups="=b *"/>'),
        BOUNDARY, LOOSE, d.gateway("exclusive", "which"), d.user("yes"), d.user("no"), d.user("orphan"),
        d.user("second-orphan"), '<bpmn:serviceTask id="work"/>', d.end(), d.end("other"),
        d.flows("start > ask > which", "which > yes [x >]", "yes > end", "which > no > other > work"),
    )  # fmt: skip
    assert elements(*parts) == sorted(
        ["ask", "ask", "late", "loose", "which", "which_yes", "orphan", "second-orphan", "other", "work"]
    )


def test_what_follows_is_not_told() -> None:
    """An element that cannot be read, or a flow that leads nowhere, is told once: neighbours are not blamed for it."""
    assert elements(
        d.start(), '<bpmn:choreographyTask id="dance"/>', d.user("behind"), d.end(),
        d.flows("start > dance > behind > end"),
    ) == ["dance"]  # fmt: skip
    nowhere = '<bpmn:sequenceFlow id="f" sourceRef="ghost" targetRef="behind"/>'
    assert elements(d.start(), d.user("behind"), nowhere, d.end(), d.flows("start > end")) == ["f"]


def test_one_element_tells_all_that_is_wrong_with_it() -> None:
    """Its mappings, loop, form and schedule are read each by itself."""
    extension = (
        '<zeebe:ioMapping><zeebe:input source="=1" target=""/>'
        '<zeebe:input source="=2" target="case"/></zeebe:ioMapping>'
        '<zeebe:formDefinition formId="a" formKey="b"/><zeebe:taskSchedule dueDate="soon"/>'
    )
    loop = "<bpmn:multiInstanceLoopCharacteristics/>"
    task = d.user("ask", extension=extension, loop=loop)
    assert elements(d.start(), task, d.end(), d.flows("start > ask > end")) == ["ask"] * 5


CONSTANTS = {
    "a duration": (d.catch("x", d.timer(duration='=duration("P3X")')), '"P3X" is no duration'),
    "a date": (d.catch("x", d.timer(at='=date("2026-13-01")')), "there is no day"),
    "a cycle": (d.start("x", d.timer(cycle='="soon"')), "repetition"),
    "a misspelt function": (d.catch("x", d.timer(duration='=durtion("P3D")')), 'no function "durtion"'),
    "a due date": (d.user("x", extension='<zeebe:taskSchedule dueDate="P3D"/>'), "P3D"),
    "a priority": (d.user("x", extension='<zeebe:priorityDefinition priority="high"/>'), "0 to 100"),
    "retries": (d.service("x", "work").replace('retries="3"', 'retries="none"'), "above 0"),
    "a job type": (d.service("x", '=null'), "a text"),
}  # fmt: skip


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_that_is_no_good_is_refused_at_load(name: str) -> None:
    """What an expression that reads nothing gives is known before any case, so it is not left to become an incident."""
    element, told = CONSTANTS[name]
    source = d.document(d.process(*([] if "startEvent" in element else [d.start()]), element, d.end())).encode()
    with pytest.raises(ComplaintflowError) as caught:
        read_program({"p.bpmn": source})
    assert told in str(caught.value)
    assert "element x" in str(caught.value)


def test_a_condition_that_is_no_condition() -> None:
    """Conditions of flows and loops are held to true and false, as far as they are known."""
    for condition in ('"yes"', "1", "null", 'date("2026-02-30")'):
        parts = (d.start(), d.gateway("exclusive", "g"), d.end("a"), d.end("b"))
        flows = d.flows("start > g", f"g > a [{condition}]", "g > b [x]")
        assert elements(*parts, flows) == ["g_a"], condition


def test_what_a_case_decides_is_left_alone() -> None:
    """An expression that reads a variable, the policy or the clock is not judged before there is a case."""
    for text in ("=wait", "=policy.bounds.x", "=now() + duration(wait)", '=duration("P3D")', "P3D"):
        assert not elements(d.start(), d.catch("x", d.timer(duration=text)), d.end(), d.flows("start > x > end")), text


def test_a_bundle_is_looked_at_whatever_is_wrong_with_its_diagram(tmp_path: Path) -> None:
    """An expression that does not parse hides no unknown variable, no promise, no receipt and no wrong example."""
    parts = (
        d.start(extension='<zeebe:formDefinition formId="intake" bindingType="deployment"/>'),
        d.script("compute", "total", "1 +"), d.user("ask", groups="=teem"),
        d.service("send", "work", extension=d.properties(commits="ruling")),
        d.service("tell", "notify", extension='<zeebe:taskHeaders><zeebe:header key="notice" value="hello"/>'
                  '<zeebe:header key="to" value="reporter"/></zeebe:taskHeaders>'),
        d.end(), d.flows("start > compute > ask > send > tell > end"),
    )  # fmt: skip
    form = {"type": "default", "id": "intake", "schemaVersion": 18, "components": [
        {"type": "textfield", "key": "team", "id": "t", "label": "Team", "validate": {"required": True}}]}  # fmt: skip
    d.layer(
        tmp_path, d.document(d.process(*parts)),
        policy=d.POLICY + RECEIPTS,
        **{
            "forms__p__intake.form": json.dumps(form),
            "processes__p__notices__hello.en.j2": "Subject: hello\n\n{{ teem }}\n",
            "processes__p__notices__other.en.j2": "Subject: {{ broken\n",
            "processes__p__payload.json": "{}",
        },
    )  # fmt: skip
    bundle = Library(Layers([tmp_path])).assemble("p")
    told = {one.what for one in check_bundle(bundle, payload=b"{}")}
    for words in (
        "the expression does not parse", "nothing gives the variable 'teem'", "commits to the decision 'ruling'",
        "'more' is no message", "'nowhere' is no element", "the example violates the intake form",
    ):  # fmt: skip
        assert any(words in what for what in told), words


def test_the_only_way_out_may_be_shut() -> None:
    """A gateway whose flows all have conditions is named, unless one of them is the default or says the opposite."""
    ends = (d.end("a"), d.end("b"))
    for conditions, warned in (
        (("x > 5",), True), (("x > 5", "y"), True), (("x > 5", "x <= 5"), False), (("x", "not(x)"), False),
        (('x = "a"', 'x = "b"'), True), (("x = 1", "x != 1"), False), (("true", "x"), False),
    ):  # fmt: skip
        for kind in ("exclusive", "inclusive"):
            flows = [f"g > {end} [{condition}]" for end, condition in zip("ab", conditions, strict=False)]
            parts = (d.start(), d.gateway(kind, "g"), *ends[: len(conditions)], d.flows("start > g", *flows))
            assert elements(*parts, severity=WARNING) == (["g"] if warned else []), conditions
    shut = (d.start(), d.gateway("exclusive", "g", default="g_b"), *ends, d.flows("start > g > b", "g > a [x]"))
    assert not elements(*shut, severity=WARNING)


def test_a_function_that_is_not_there() -> None:
    """A misspelt function and a date that is none are named wherever they stand, once, with what was meant."""
    task = d.script("sum", "late", 'dat("2026-01-01") < date("2026-02-30") and x')
    [date, function] = found(d.start(), task, d.end(), d.flows("start > sum > end"), severity=WARNING)
    assert 'date("2026-02-30") is always null' in date.what
    assert "'dat'" in function.what
    assert function.advice == "did you mean 'date'?"
    catch = d.catch("x", d.timer(duration='=durtion("P3D")'))
    assert not found(d.start(), catch, d.end(), d.flows("start > x > end"), severity=WARNING)


def test_each_problem_of_a_policy_file_is_a_finding() -> None:
    """Every entry that is wrong has its own line, so that an editor and GitHub can show each where it is."""
    text = '[policy]\nid = "x"\ntitle = "X"\n[deadlines.reply]\nwithin = "3 wroking days"\n[bouds.x]\nvalue = 3\n'
    told = {(one.line, one.what.partition(":")[0]) for one in check_alone("a/policy.toml", text.encode())}
    assert {(5, "deadlines.reply.within"), (6, "bouds")} <= told
    assert all(one.file == "a/policy.toml" for one in check_alone("a/policy.toml", text.encode()))


def test_slips_are_answered_with_what_was_meant() -> None:
    """Misspelt extensions, signs of other languages and gateways without events have advice of their own."""
    work = '<bpmn:serviceTask id="x"><bpmn:extensionElements><zeebe:taskDefinition tpye="a"/>'
    task = f"{work}</bpmn:extensionElements></bpmn:serviceTask>"
    [typo] = found(d.start(), task, d.end(), d.flows("start > x > end"))
    assert "did you mean type?" in typo.advice
    for text, advice in (("a && b", "and"), ("a = “b”", "double quotes"), ("${a}", "braces")):
        [slip] = found(d.start(), d.script("x", "v", text), d.end(), d.flows("start > x > end"))
        assert advice in slip.advice
    [alone] = found(d.start(), d.gateway("eventBased", "g"), d.flows("start > g"))
    assert "waits for nothing" in alone.what
