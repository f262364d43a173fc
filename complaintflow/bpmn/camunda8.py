"""What a Camunda 8 diagram may say in its own extensions (``zeebe:``), and where; everything else is refused.

``docs/dialects.md`` says of each word what happens; a test holds the page to these lists.
"""

from __future__ import annotations

from typing import Final

# Written by element templates and read by Modeler alone.
_TEMPLATES: Final = "modelerTemplate modelerTemplateVersion modelerTemplateIcon"
_CONFIGURATION: Final = "modelerConfigurationTemplate modelerConfigurationName"

# Attributes at BPMN elements; none of them means anything to an engine.
ATTRIBUTES: Final = frozenset(_TEMPLATES.split())

# Extension element -> its attributes.
ELEMENTS: Final[dict[str, frozenset[str]]] = {
    tag: frozenset(attributes.split())
    for tag, attributes in {
        "taskDefinition": "type retries",
        "taskHeaders": "",
        "header": "id key value",
        "ioMapping": "",
        "input": f"source target {_CONFIGURATION}",
        "output": "source target",
        "userTask": "",
        "userTaskForm": "id",
        "formDefinition": "formId formKey externalReference bindingType versionTag",
        "assignmentDefinition": "assignee candidateGroups candidateUsers",
        "taskSchedule": "dueDate followUpDate",
        "priorityDefinition": "priority",
        "jobPriorityDefinition": "priority",
        "calledElement": "processId propagateAllChildVariables propagateAllParentVariables bindingType versionTag",
        "calledDecision": "decisionId resultVariable bindingType versionTag",
        "script": "expression resultVariable",
        "subscription": "correlationKey",
        "loopCharacteristics": "inputCollection inputElement outputCollection outputElement",
        "adHoc": "activeElementsCollection outputCollection outputElement",
        "conditionalFilter": "variableNames variableEvents",
        "executionListeners": "",
        "executionListener": "eventType type retries",
        "taskListeners": "",
        "taskListener": "eventType type retries",
        "properties": "",
        "property": f"name value {_CONFIGURATION}",
        "versionTag": "value",
    }.items()
}

_EVENTS: Final = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
_ACTIVITIES: Final = frozenset(
    [
        "task",
        "manualTask",
        "userTask",
        "serviceTask",
        "sendTask",
        "receiveTask",
        "scriptTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "transaction",
        "adHocSubProcess",
    ]
)
_GATEWAYS: Final = frozenset(f"{kind}Gateway" for kind in ("exclusive", "parallel", "inclusive", "eventBased"))
_JOBS: Final = frozenset(
    {"serviceTask", "sendTask", "scriptTask", "businessRuleTask", "intermediateThrowEvent", "endEvent"}
)

# Where an extension means something; elsewhere it would be read over. One that is not here may stand anywhere.
PLACES: Final[dict[str, frozenset[str]]] = {
    "taskDefinition": _JOBS | {"adHocSubProcess"},
    "taskHeaders": _JOBS | {"adHocSubProcess", "userTask", "executionListener"},
    "header": frozenset({"taskHeaders"}),
    "userTask": frozenset({"userTask"}),
    "userTaskForm": frozenset({"process"}),
    "formDefinition": frozenset({"userTask", "startEvent"}),
    "assignmentDefinition": frozenset({"userTask"}),
    "taskSchedule": frozenset({"userTask"}),
    "priorityDefinition": frozenset({"userTask"}),
    "jobPriorityDefinition": _JOBS | {"adHocSubProcess", "process"},
    "calledElement": frozenset({"callActivity"}),
    "calledDecision": frozenset({"businessRuleTask"}),
    "script": frozenset({"scriptTask"}),
    "subscription": frozenset({"message"}),
    "loopCharacteristics": frozenset({"multiInstanceLoopCharacteristics"}),
    "adHoc": frozenset({"adHocSubProcess"}),
    "conditionalFilter": frozenset({"conditionalEventDefinition"}),
    "ioMapping": _EVENTS | _ACTIVITIES,
    "input": frozenset({"ioMapping"}),
    "output": frozenset({"ioMapping"}),
    "executionListeners": _EVENTS | _ACTIVITIES | _GATEWAYS | {"process"},
    "executionListener": frozenset({"executionListeners"}),
    "taskListeners": frozenset({"userTask"}),
    "taskListener": frozenset({"taskListeners"}),
    "property": frozenset({"properties"}),
    "versionTag": frozenset({"process"}),
}

# Attributes that may be written out only with these values.
FIXED: Final[dict[str, frozenset[str]]] = {
    "bindingType": frozenset({"deployment", "latest", "versionTag"}),
}

ADVICE: Final[dict[str, str]] = {
    "processIdExpression": "write the expression into processId, with an equals sign in front",
    "businessId": "a called process belongs to the same case and sees its key as case.key; remove it",
    "retryCounter": "set the retries of the task definition",
    "linkedResources": "let the handler know where its resource is; pass a name as a header",
    "linkedResource": "let the handler know where its resource is; pass a name as a header",
    "agentDefinition": "call a handler by a task definition; agents are not there",
}
