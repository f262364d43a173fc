"""Two small processes in a folder of their own, for the tests of the command line and of the checks."""

from __future__ import annotations

import json
from pathlib import Path

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:modeler="http://camunda.org/schema/modeler/1.0" '
    'id="d" targetNamespace="urn:sample" modeler:executionPlatform="Camunda Cloud" '
    'modeler:executionPlatformVersion="8.9.0">\n'
)
SAMPLE_BPMN = (
    HEAD
    + """  <bpmn:message id="m" name="appeal"><bpmn:extensionElements>
    <zeebe:subscription correlationKey="=case.key"/></bpmn:extensionElements></bpmn:message>
  <bpmn:process id="sample" name="Sample complaints" isExecutable="true">
    <bpmn:laneSet id="lanes"><bpmn:lane id="lane" name="Kitchen manager">
      <bpmn:flowNodeRef>investigate</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>
    <bpmn:startEvent id="start" name="Complaint received"><bpmn:extensionElements>
      <zeebe:formDefinition formId="sample-intake" bindingType="deployment"/></bpmn:extensionElements></bpmn:startEvent>
    <bpmn:sendTask id="acknowledge" name="Acknowledge receipt"><bpmn:extensionElements>
      <zeebe:taskDefinition type="notify"/><zeebe:taskHeaders><zeebe:header key="notice" value="receipt"/>
      <zeebe:header key="to" value="reporter"/></zeebe:taskHeaders>
      <zeebe:properties><zeebe:property name="clause" value="S-1"/></zeebe:properties>
      </bpmn:extensionElements></bpmn:sendTask>
    <bpmn:userTask id="investigate" name="Find the cause"><bpmn:extensionElements><zeebe:userTask/>
      <zeebe:formDefinition formId="sample-investigate" bindingType="deployment"/>
      <zeebe:assignmentDefinition candidateGroups="=[policy.roles.kitchen_manager]"/>
      <zeebe:taskSchedule dueDate="=deadline(&quot;answer&quot;, now())"/>
      <zeebe:properties><zeebe:property name="clause" value="S-2.a S-2.b"/></zeebe:properties>
      </bpmn:extensionElements></bpmn:userTask>
    <bpmn:boundaryEvent id="remind" name="Time nearly up" attachedToRef="investigate" cancelActivity="false">
      <bpmn:timerEventDefinition id="remind_t">
        <bpmn:timeDate>=deadline("reminder", now())</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:boundaryEvent>
    <bpmn:endEvent id="reminded" name="Reminded"/>
    <bpmn:exclusiveGateway id="justified" name="Justified?" default="no"/>
    <bpmn:intermediateCatchEvent id="appealed" name="Appeal received">
      <bpmn:messageEventDefinition id="appealed_m" messageRef="m"/></bpmn:intermediateCatchEvent>
    <bpmn:endEvent id="closed" name="Closed"/>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="acknowledge"/>
    <bpmn:sequenceFlow id="f2" sourceRef="acknowledge" targetRef="investigate"/>
    <bpmn:sequenceFlow id="f3" sourceRef="investigate" targetRef="justified"/>
    <bpmn:sequenceFlow id="f4" sourceRef="remind" targetRef="reminded"/>
    <bpmn:sequenceFlow id="yes" name="yes" sourceRef="justified" targetRef="closed">
      <bpmn:documentation>clause: S-3</bpmn:documentation>
      <bpmn:conditionExpression>=justified</bpmn:conditionExpression></bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="no" name="no" sourceRef="justified" targetRef="appealed"/>
    <bpmn:sequenceFlow id="f5" sourceRef="appealed" targetRef="closed"/>
  </bpmn:process>
</bpmn:definitions>
"""
)
BROKEN_BPMN = (
    HEAD
    + """  <bpmn:process id="broken" name="Needs a handler" isExecutable="true">
    <bpmn:startEvent id="start"/>
    <bpmn:serviceTask id="look-up" name="Look up the order"><bpmn:extensionElements>
      <zeebe:taskDefinition type="look-up-order"/></bpmn:extensionElements></bpmn:serviceTask>
    <bpmn:endEvent id="end"/>
    <bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="look-up"/>
    <bpmn:sequenceFlow id="f2" sourceRef="look-up" targetRef="end"/>
  </bpmn:process>
</bpmn:definitions>
"""
)
POLICY = """[policy]
id = "sample"
title = "Sample complaints"
source = "a sample"

[deadlines.answer]
within = "3 working days"
clause = "S-2.b"
from = "document"

[deadlines.reminder]
within = "2 working days"
clause = "S-2.b"
from = "default"
why = "one day is enough to act"
inside = "answer"

[roles.kitchen_manager]
group = "kitchen-manager"
clause = "S-2.a"
from = "document"
label = { en = "Kitchen manager", zh = "厨房经理" }
"""
SHARED_POLICY = '[policy]\nid = "broken"\ntitle = "Needs a handler"\n'
LABELS = """msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\n"

msgctxt "investigate"
msgid "Find the cause"
msgstr "查明原因"

msgctxt "sample-investigate/cause"
msgid "Cause"
msgstr "原因"

msgctxt "yes"
msgid "yes"
msgstr "是"
"""
CLAUSES = """id,kind,paraphrase,status,where
S-1,notify,Acknowledge,,
S-2.a,step,Investigate,,
S-2.b,deadline,Answer in time,,
S-3,decision,Justified or not,,
S-9,report,Report each year,open,a later release
"""
PAYLOAD = {"channel": "phone", "content": "The soup arrived cold, twice.", "reporter": {"name": "Zhao Min"}}
NOTICE = "Subject: We have your complaint\n\nDear {{ reporter.name }},\n\nthank you. Your number is {{ case.id }}.\n"
DEMO = [
    {
        "start": {"channel": "phone", "content": "Cold soup.", "reporter": {"name": "Zhao Min"}},
        "at": "2026-09-28T09:00",
        "actor": "hotline",
        "key": "order-17",
        "say": {"en": "A customer calls.", "zh": "一位顾客来电。"},
    },
    {"advance": {"working_days": 2}, "say": {"en": "The kitchen is silent.", "zh": "厨房没有回音。"}},
    {"advance": {"hours": 16}},
    {"at": "2026-10-08T09:00"},
    {"complete": "investigate", "data": {"justified": False, "cause": "none"}, "actor": "li.wei"},
    {"correlate": "appeal", "data": {"appeal": "Look again."}},
]


def component(kind: str, key: str, label: str, **more: object) -> dict[str, object]:
    """One component of a form."""
    return {"type": kind, "id": f"c_{key.replace('.', '_')}", "key": key, "label": label, **more}


def form(form_id: str, *components: dict[str, object]) -> str:
    """A form as Modeler writes it."""
    return json.dumps({
        "type": "default", "id": form_id, "schemaVersion": 19,
        "executionPlatform": "Camunda Cloud", "executionPlatformVersion": "8.9.0",
        "components": list(components),
    })  # fmt: skip


CHOICES = [{"label": "Food", "value": "food"}, {"label": "None", "value": "none"}]
INTAKE = form(
    "sample-intake",
    component("select", "channel", "Channel", validate={"required": True},
              values=[{"label": "Phone", "value": "phone"}, {"label": "Letter", "value": "letter"}]),
    component("textarea", "content", "What happened?", validate={"required": True}),
    component("textfield", "reporter.name", "Your name"),
    component("textfield", "reporter.phone", "Your phone"),
)  # fmt: skip
INVESTIGATE = form(
    "sample-investigate",
    component("checkbox", "justified", "Is the complaint justified?"),
    component("radio", "cause", "Cause", values=CHOICES, validate={"required": True}),
    component("number", "portions", "Portions", conditional={"hide": "=not(justified)"}),
    component("textfield", "remark", "Remark", properties={"clause": "S-2.a"}),
)


def write_layer(folder: Path) -> Path:
    """The samples as a layer; returns the folder."""
    files = {
        "processes/sample/sample.bpmn": SAMPLE_BPMN,
        "processes/sample/policy.toml": POLICY,
        "processes/sample/labels.zh.po": LABELS,
        "processes/sample/clauses.csv": CLAUSES,
        "processes/sample/payload.json": json.dumps(PAYLOAD),
        "processes/sample/demo.json": json.dumps(DEMO, ensure_ascii=False),
        "processes/sample/notices/receipt.en.j2": NOTICE,
        "processes/broken/broken.bpmn": BROKEN_BPMN,
        "processes/broken/policy.toml": SHARED_POLICY,
        "processes/broken/payload.json": "{}",
        "forms/sample/sample-intake.form": INTAKE,
        "forms/sample/sample-investigate.form": INVESTIGATE,
    }
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
