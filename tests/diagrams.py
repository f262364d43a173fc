"""Tiny diagrams as text, for tests: only what the engine reads, no picture.

document(process(start(), user("ask"), end(), flows("start > ask > end")))
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from complaintflow.testing import Workbench

# The fixture ``play`` of the token game's tests: parts of a process in, a workbench out.
Play = Callable[..., Workbench]

_HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"'
    ' xmlns:modeler="http://camunda.org/schema/modeler/1.0"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="definitions" targetNamespace="test"'
    ' modeler:executionPlatform="Camunda Cloud" modeler:executionPlatformVersion="8.9.0">'
)

POLICY = """
[policy]
id = "p"
title = "Test"
source = "test"
country = "CN"
zone = "Asia/Shanghai"

[deadlines.reply]
within = "3 working days"
clause = "T-1"
from = "document"

[deadlines.answer]
within = "5 working days"
clause = "T-1"
from = "document"

[repeats.progress]
every = "7 days"
times = 2
clause = "T-1"
from = "document"
"""


def _element(
    tag: str, name: str, extension: str = "", body: str = "", label: str | None = None, **attributes: str
) -> str:
    extra = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    inner = (f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>" if extension else "") + body
    return f"<bpmn:{tag} id={quoteattr(name)} name={quoteattr(label or name)}{extra}>{inner}</bpmn:{tag}>"


def io(inputs: dict[str, str] | None = None, outputs: dict[str, str] | None = None) -> str:
    """Input and output mappings: target -> FEEL."""
    pairs = [("input", t, s) for t, s in (inputs or {}).items()] + [
        ("output", t, s) for t, s in (outputs or {}).items()
    ]
    inner = "".join(f"<zeebe:{kind} source={quoteattr('=' + s)} target={quoteattr(t)}/>" for kind, t, s in pairs)
    return f"<zeebe:ioMapping>{inner}</zeebe:ioMapping>" if inner else ""


def properties(**values: str) -> str:
    """zeebe properties."""
    inner = "".join(f"<zeebe:property name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in values.items())
    return f"<zeebe:properties>{inner}</zeebe:properties>"


def start(name: str = "start", event: str = "", extension: str = "", **attributes: str) -> str:
    """A start event."""
    return _element("startEvent", name, extension, body=event, **attributes)


def end(name: str = "end", event: str = "", extension: str = "") -> str:
    """An end event."""
    return _element("endEvent", name, extension, body=event)


def user(name: str, *, groups: str = "", loop: str = "", extension: str = "", due: str = "") -> str:
    """A user task."""
    extension += "<zeebe:userTask/>"
    if groups:
        extension += f"<zeebe:assignmentDefinition candidateGroups={quoteattr(groups)}/>"
    if due:
        extension += f"<zeebe:taskSchedule dueDate={quoteattr('=' + due)}/>"
    return _element("userTask", name, extension, body=loop)


def service(
    name: str, job_type: str, *, retries: int = 3, extension: str = "", tag: str = "serviceTask", loop: str = ""
) -> str:
    """A service task."""
    return _element(tag, name, f'<zeebe:taskDefinition type="{job_type}" retries="{retries}"/>' + extension, body=loop)


def script(name: str, variable: str, expression: str, extension: str = "", loop: str = "") -> str:
    """A FEEL script task."""
    return _element(
        "scriptTask",
        name,
        f"<zeebe:script expression={quoteattr('=' + expression)} resultVariable={quoteattr(variable)}/>" + extension,
        body=loop,
    )


def gateway(kind: str, name: str, default: str = "") -> str:
    """``kind`` is exclusive, parallel, inclusive or eventBased."""
    return _element(f"{kind}Gateway", name, **({"default": default} if default else {}))


def receive(name: str, ref: str, *, extension: str = "", loop: str = "") -> str:
    """A receive task; ``ref`` is the message's id."""
    return _element("receiveTask", name, extension, body=loop, messageRef=ref)


def catch(name: str, event: str, extension: str = "") -> str:
    """An intermediate catch event."""
    return _element("intermediateCatchEvent", name, extension, body=event)


def throw(name: str, event: str, extension: str = "") -> str:
    """An intermediate throw event."""
    return _element("intermediateThrowEvent", name, extension, body=event)


def boundary(name: str, host: str, event: str, *, interrupting: bool = True, extension: str = "") -> str:
    """A boundary event."""
    return _element(
        "boundaryEvent", name, extension, body=event, attachedToRef=host, cancelActivity=str(interrupting).lower()
    )


def sub(name: str, *inner: str, event: bool = False, loop: str = "", extension: str = "") -> str:
    """A sub-process, or an event sub-process."""
    attributes = {"triggeredByEvent": "true"} if event else {}
    return _element("subProcess", name, extension, body=loop + "".join(inner), **attributes)


def call(
    name: str, process: str, *, extension: str = "", parent: str = "true", child: str = "true", loop: str = ""
) -> str:
    """A call activity."""
    called = (
        f'<zeebe:calledElement processId="{process}" propagateAllParentVariables="{parent}"'
        f' propagateAllChildVariables="{child}"/>'
    )
    return _element("callActivity", name, called + extension, body=loop)


def multi(
    collection: str, element: str, *, sequential: bool = False, collect: str = "", output: str = "", until: str = ""
) -> str:
    """Multi-instance characteristics."""
    out = f" outputCollection={quoteattr(collect)} outputElement={quoteattr('=' + output)}" if collect else ""
    done = (
        f"<bpmn:completionCondition xsi:type='bpmn:tFormalExpression'>{escape('=' + until)}</bpmn:completionCondition>"
        if until
        else ""
    )
    return (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><bpmn:extensionElements>'
        f"<zeebe:loopCharacteristics inputCollection={quoteattr('=' + collection)}"
        f" inputElement={quoteattr(element)}{out}/>"
        f"</bpmn:extensionElements>{done}</bpmn:multiInstanceLoopCharacteristics>"
    )


def timer(*, duration: str = "", at: str = "", cycle: str = "") -> str:
    """A timer definition."""
    tag, text = next((t, v) for t, v in (("timeDuration", duration), ("timeDate", at), ("timeCycle", cycle)) if v)
    return (
        f"<bpmn:timerEventDefinition><bpmn:{tag} xsi:type='bpmn:tFormalExpression'>{escape(text)}</bpmn:{tag}>"
        "</bpmn:timerEventDefinition>"
    )


def event(kind: str, ref: str = "") -> str:
    """An error, escalation, signal, message, terminate or link definition."""
    if kind == "link":
        return f"<bpmn:linkEventDefinition name={quoteattr(ref)}/>"
    return f"<bpmn:{kind}EventDefinition{f' {kind}Ref={quoteattr(ref)}' if ref else ''}/>"


def condition(text: str, kinds: str = "") -> str:
    """A conditional definition; ``kinds`` are the changes it is asked after."""
    chosen = f'<zeebe:conditionalFilter variableEvents="{kinds}"/>' if kinds else ""
    return (
        "<bpmn:conditionalEventDefinition>"
        + (f"<bpmn:extensionElements>{chosen}</bpmn:extensionElements>" if chosen else "")
        + f"<bpmn:condition xsi:type='bpmn:tFormalExpression'>{escape('=' + text)}</bpmn:condition>"
        "</bpmn:conditionalEventDefinition>"
    )


def compensate(activity: str = "", *, waits: bool = True) -> str:
    """A compensation definition."""
    only = f' activityRef="{activity}"' if activity else ""
    goes_on = "" if waits else ' waitForCompletion="false"'
    return f"<bpmn:compensateEventDefinition{only}{goes_on}/>"


def attributes(drawn: str, **values: str) -> str:
    """An element with more attributes."""
    extra = "".join(f" {key}={quoteattr(value)}" for key, value in values.items())
    return re.sub(r"^(<bpmn:\w+)", lambda match: match[1] + extra, drawn, count=1)


def undoing(activity: str, handler: str, drawn: str) -> str:
    """A compensation event at an activity, and the handler (as it is drawn) that it leads to."""
    return (
        boundary(f"{activity}-undo", activity, compensate())
        + attributes(drawn, isForCompensation="true")
        + f'<bpmn:association id="{activity}-{handler}" sourceRef="{activity}-undo" targetRef="{handler}"/>'
    )


def transaction(name: str, *inner: str, loop: str = "") -> str:
    """A transaction."""
    return _element("transaction", name, body=loop + "".join(inner))


def ad_hoc(
    name: str,
    *inner: str,
    listed: str = "",
    until: str = "",
    collect: str = "",
    output: str = "",
    steered: str = "",
    **values: str,
) -> str:
    """An ad-hoc sub-process; ``listed`` gives the ids to begin, ``until`` is its completion condition.

    ``steered`` is the type of the job that says instead what is begun.
    """
    out = f' outputCollection="{collect}" outputElement={quoteattr("=" + output)}' if collect else ""
    begun = f" activeElementsCollection={quoteattr('=' + listed)}" if listed else ""
    done = (
        f"<bpmn:completionCondition xsi:type='bpmn:tFormalExpression'>{escape('=' + until)}</bpmn:completionCondition>"
        if until
        else ""
    )
    extension = f"<zeebe:adHoc{begun}{out}/>" if begun or out else ""
    extension += f'<zeebe:taskDefinition type="{steered}"/>' if steered else ""
    return _element("adHocSubProcess", name, extension, body="".join(inner) + done, **values)


def again(condition: str = "", *, before: bool = False, at_most: int = 0) -> str:
    """A standard loop."""
    limits = (' testBefore="true"' if before else "") + (f' loopMaximum="{at_most}"' if at_most else "")
    asked = (
        f"<bpmn:loopCondition xsi:type='bpmn:tFormalExpression'>{escape('=' + condition)}</bpmn:loopCondition>"
        if condition
        else ""
    )
    return f"<bpmn:standardLoopCharacteristics{limits}>{asked}</bpmn:standardLoopCharacteristics>"


def flows(*lines: str) -> str:
    """Sequence flows. ``a > b > c``; a condition in brackets: ``gate > big [amount > 10]``; ids are ``a_b``."""
    found = []
    for line in lines:
        match = re.fullmatch(r"(?P<chain>[^\[]+?)(?:\s*\[(?P<condition>.*)\])?", line.strip())
        assert match is not None, line
        names = [name.strip() for name in match["chain"].split(" > ")]
        for source, target in pairwise(names):
            condition = match["condition"]
            body = (
                "<bpmn:conditionExpression xsi:type='bpmn:tFormalExpression'>"
                f"{escape('=' + condition)}</bpmn:conditionExpression>"
                if condition
                else ""
            )
            found.append(
                f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
                f"{body}</bpmn:sequenceFlow>"
            )
    return "".join(found)


def message(ref: str, name: str, key: str = "case.key") -> str:
    """A message, for the document's root."""
    return (
        f'<bpmn:message id="{ref}" name={quoteattr(name)}><bpmn:extensionElements>'
        f"<zeebe:subscription correlationKey={quoteattr('=' + key)}/></bpmn:extensionElements></bpmn:message>"
    )


def error(ref: str, code: str) -> str:
    """An error, for the document's root."""
    return f'<bpmn:error id="{ref}" name="{ref}" errorCode={quoteattr(code)}/>'


def escalation(ref: str, code: str) -> str:
    """An escalation, for the document's root."""
    return f'<bpmn:escalation id="{ref}" name="{ref}" escalationCode={quoteattr(code)}/>'


def signal(ref: str, name: str) -> str:
    """A signal, for the document's root."""
    return f'<bpmn:signal id="{ref}" name={quoteattr(name)}/>'


def process(*parts: str, name: str = "p") -> str:
    """One executable process."""
    return f'<bpmn:process id="{name}" isExecutable="true">{"".join(parts)}</bpmn:process>'


def document(*parts: str) -> str:
    """A file."""
    return _HEAD + "".join(parts) + "</bpmn:definitions>"


def layer(folder: Path, xml: str, *, name: str = "p", policy: str = POLICY, **files: str) -> Path:
    """A layer with one process; ``files`` are written beside the diagram (``forms__x`` into the forms)."""
    home = folder / "processes" / name
    home.mkdir(parents=True, exist_ok=True)
    (home / f"{name}.bpmn").write_text(xml, encoding="utf-8")
    (home / "policy.toml").write_text(policy, encoding="utf-8")
    for path, text in files.items():
        target = folder / path.replace("__", "/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return folder
