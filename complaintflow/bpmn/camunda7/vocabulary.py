"""What a Camunda 7 diagram may say, and where; everything else is refused.

``docs/dialects.md`` says of each word what happens; a test holds the page to these lists.
"""

from __future__ import annotations

from typing import Final

_EVENTS = "startEvent endEvent intermediateCatchEvent intermediateThrowEvent boundaryEvent"
_GATEWAYS = "exclusiveGateway parallelGateway inclusiveGateway eventBasedGateway complexGateway"
_ACTIVITIES = (
    "task manualTask userTask serviceTask sendTask receiveTask scriptTask businessRuleTask callActivity subProcess "
    "transaction adHocSubProcess"
)
_NODES = f"{_EVENTS} {_GATEWAYS} {_ACTIVITIES}"
_ASYNC = f"{_NODES} multiInstanceLoopCharacteristics"
_CODE = "serviceTask businessRuleTask sendTask messageEventDefinition"
_FORMS = "startEvent userTask"

# Attribute -> the BPMN elements it may stand at.
ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    name: frozenset(places.split())
    for name, places in {
        "diagramRelationId": "definitions",
        "async": f"{_ASYNC} signalEventDefinition",
        "asyncBefore": _ASYNC,
        "asyncAfter": _ASYNC,
        "exclusive": _ASYNC,
        "jobPriority": f"process {_ASYNC}",
        "taskPriority": f"process {_CODE}",
        "modelerTemplate": f"collaboration process sequenceFlow {_NODES}",
        "modelerTemplateVersion": f"collaboration process sequenceFlow {_NODES}",
        "errorCodeVariable": "errorEventDefinition",
        "errorMessageVariable": "errorEventDefinition",
        "errorMessage": "error",
        "escalationCodeVariable": "escalationEventDefinition",
        "formKey": _FORMS,
        "formRef": _FORMS,
        "formRefBinding": _FORMS,
        "initiator": "startEvent",
        "resultVariable": f"scriptTask {_CODE}",
        "candidateStarterGroups": "process",
        "candidateStarterUsers": "process",
        "versionTag": "process",
        "historyTimeToLive": "process",
        "isStartableInTasklist": "process",
        "assignee": "userTask",
        "candidateUsers": "userTask",
        "candidateGroups": "userTask",
        "dueDate": "userTask",
        "followUpDate": "userTask",
        "priority": "userTask",
        "calledElementBinding": "callActivity",
        "calledElementVersionTag": "callActivity",
        "expression": _CODE,
        "class": _CODE,
        "delegateExpression": _CODE,
        "decisionRef": "businessRuleTask",
        "decisionRefBinding": "businessRuleTask",
        "decisionRefVersionTag": "businessRuleTask",
        "mapDecisionResult": "businessRuleTask",
        "type": _CODE,
        "topic": _CODE,
        "collection": "multiInstanceLoopCharacteristics",
        "elementVariable": "multiInstanceLoopCharacteristics",
        "variableName": "conditionalEventDefinition",
        "variableEvents": "conditionalEventDefinition",
    }.items()
}

# Attributes that may be written out only with these values.
FIXED: Final[dict[str, frozenset[str]]] = {
    "type": frozenset({"external"}),
    "calledElementBinding": frozenset({"latest", "deployment", "versionTag"}),
    "decisionRefBinding": frozenset({"latest", "deployment", "versionTag"}),
    "formRefBinding": frozenset({"latest", "deployment"}),
    "mapDecisionResult": frozenset({"singleEntry", "singleResult", "collectEntries", "resultList"}),
}

# Extension element -> its attributes.
ELEMENTS: Final[dict[str, frozenset[str]]] = {
    tag: frozenset(attributes.split())
    for tag, attributes in {
        "in": "source sourceExpression target businessKey variables",
        "out": "source sourceExpression target variables",
        "properties": "",
        "property": "id name value",
        "connector": "",
        "connectorId": "",
        "inputOutput": "",
        "inputParameter": "name",
        "outputParameter": "name",
        "list": "",
        "map": "",
        "entry": "key",
        "value": "id name",
        "script": "scriptFormat",
        "field": "name expression stringValue",
        "string": "",
        "expression": "",
        "failedJobRetryTimeCycle": "",
        "executionListener": "class delegateExpression expression event",
        "taskListener": "class delegateExpression expression event id",
        "formData": "",
        "formField": "id label type defaultValue datePattern",
        "formProperty": "id name type required readable writable default datePattern",
        "validation": "",
        "constraint": "name config",
    }.items()
}

# Extension element -> the BPMN or camunda elements it may stand in.
PLACES: Final[dict[str, frozenset[str]]] = {
    tag: frozenset(places.split())
    for tag, places in {
        "in": "callActivity signalEventDefinition",
        "out": "callActivity",
        "property": "properties",
        "connector": _CODE,
        "connectorId": "connector",
        "inputOutput": f"{_NODES} connector",
        "inputParameter": "inputOutput",
        "outputParameter": "inputOutput",
        "list": "inputParameter outputParameter list entry",
        "map": "inputParameter outputParameter list entry",
        "entry": "map",
        "value": "list formField formProperty",
        "script": "inputParameter outputParameter list entry executionListener taskListener",
        "field": f"{_CODE} executionListener taskListener",
        "string": "field",
        "expression": "field",
        "failedJobRetryTimeCycle": _ASYNC,
        "executionListener": f"process sequenceFlow {_NODES}",
        "taskListener": "userTask",
        "formData": _FORMS,
        "formField": "formData",
        "formProperty": _FORMS,
        "validation": "formField",
        "constraint": "validation",
    }.items()
}

_CASES = "draw what it does; this library has no case management (CMMN)"
_ONE_TENANT = "remove it; one engine serves one organisation"
_VERSION = "a running case keeps what it was started with: use the binding deployment, or latest"
_NUMBER = f"{_VERSION}; one version is wanted by its versionTag"

ADVICE: Final[dict[str, str]] = {
    "calledElementVersion": _NUMBER,
    "decisionRefVersion": _NUMBER,
    "formRefVersion": _VERSION,
    "calledElementBinding=": _NUMBER,
    "decisionRefBinding=": _NUMBER,
    "formRefBinding=": _VERSION,
    "calledElementTenantId": _ONE_TENANT,
    "decisionRefTenantId": _ONE_TENANT,
    "caseRef": _CASES,
    "caseBinding": _CASES,
    "caseVersion": _CASES,
    "caseTenantId": _CASES,
    "variableMappingClass": "list the variables with camunda:in and camunda:out",
    "variableMappingDelegateExpression": "list the variables with camunda:in and camunda:out",
    "formHandlerClass": "validate with the form's own constraints, or in a handler behind the task",
    "resource": "write the FEEL into the diagram, or call a handler (camunda:topic); code is never loaded",
    "local": "list the variables that pass, one camunda:in each",
    "businessKey": "give the key when the case is started",
    "type=": "use camunda:topic with the name of a handler; mail and shell tasks are not there",
    "errorEventDefinition": "let the handler raise BusinessError with the code of an error boundary event",
    "potentialStarter": "say who may start it in your application",
    "timerEventDefinition": "draw a timer boundary event that does not interrupt",
    "variable": "give the field the id of the variable",
}
