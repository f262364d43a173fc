"""What a diagram may say in BPMN itself, and where; everything else is refused (see ``allowed``)."""

from __future__ import annotations

from typing import Final

_ITEM = "isCollection itemSubjectRef"
_ACTIVITY = "isForCompensation startQuantity completionQuantity default"

# Allowed attributes per element, besides id and name.
ELEMENTS: Final[dict[str, frozenset[str]]] = {
    tag: frozenset(attributes.split())
    for tag, attributes in {
        "definitions": "targetNamespace exporter exporterVersion expressionLanguage typeLanguage",
        "collaboration": "isClosed",
        "participant": "processRef",
        "messageFlow": "sourceRef targetRef messageRef",
        "process": "isExecutable processType isClosed",
        "laneSet": "",
        "childLaneSet": "",
        "lane": "",
        "flowNodeRef": "",
        "documentation": "textFormat",
        "extensionElements": "",
        "incoming": "",
        "outgoing": "",
        "sequenceFlow": "sourceRef targetRef isImmediate",
        "conditionExpression": "language",
        "startEvent": "isInterrupting parallelMultiple",
        "endEvent": "",
        "intermediateCatchEvent": "parallelMultiple",
        "intermediateThrowEvent": "",
        "boundaryEvent": "attachedToRef cancelActivity parallelMultiple",
        "timerEventDefinition": "",
        "timeDate": "language",
        "timeDuration": "language",
        "timeCycle": "language",
        "messageEventDefinition": "messageRef",
        "signalEventDefinition": "signalRef",
        "errorEventDefinition": "errorRef",
        "escalationEventDefinition": "escalationRef",
        "conditionalEventDefinition": "",
        "condition": "language",
        "compensateEventDefinition": "activityRef waitForCompletion",
        "cancelEventDefinition": "",
        "terminateEventDefinition": "",
        "linkEventDefinition": "",
        "task": _ACTIVITY,
        "manualTask": _ACTIVITY,
        "userTask": _ACTIVITY + " implementation",
        "serviceTask": _ACTIVITY + " implementation",
        "sendTask": _ACTIVITY + " implementation messageRef",
        "receiveTask": _ACTIVITY + " implementation messageRef instantiate",
        "scriptTask": _ACTIVITY + " scriptFormat",
        "script": "",
        "businessRuleTask": _ACTIVITY + " implementation",
        "callActivity": _ACTIVITY + " calledElement",
        "subProcess": _ACTIVITY + " triggeredByEvent",
        "transaction": _ACTIVITY + " triggeredByEvent method",
        "adHocSubProcess": _ACTIVITY + " triggeredByEvent ordering cancelRemainingInstances",
        "exclusiveGateway": "gatewayDirection default",
        "parallelGateway": "gatewayDirection",
        "inclusiveGateway": "gatewayDirection default",
        "eventBasedGateway": "gatewayDirection instantiate eventGatewayType",
        "complexGateway": "gatewayDirection default",
        "activationCondition": "language",
        "multiInstanceLoopCharacteristics": "isSequential",
        "loopCardinality": "language",
        "standardLoopCharacteristics": "testBefore loopMaximum",
        "loopCondition": "language",
        "completionCondition": "language",
        "message": "itemRef",
        "signal": "structureRef",
        "error": "errorCode structureRef",
        "escalation": "escalationCode structureRef",
        # See ``correlation``.
        "correlationProperty": "type",
        "correlationPropertyRetrievalExpression": "messageRef",
        "messagePath": "language",
        "correlationKey": "",
        "correlationPropertyRef": "",
        "correlationSubscription": "correlationKeyRef",
        "correlationPropertyBinding": "correlationPropertyRef",
        "dataPath": "language",
        # Drawn for people, without meaning for execution in Camunda 8.
        "textAnnotation": "textFormat",
        "text": "",
        "association": "sourceRef targetRef associationDirection",
        "group": "categoryValueRef",
        "category": "",
        "categoryValue": "value",
        "dataObject": _ITEM,
        "dataObjectReference": "dataObjectRef",
        "dataStore": "capacity isUnlimited",
        "dataStoreReference": "dataStoreRef",
        "dataState": "",
        "itemDefinition": "structureRef isCollection itemKind",
        # Data that is moved: see ``data``.
        "dataInputAssociation": "",
        "dataOutputAssociation": "",
        "sourceRef": "",
        "targetRef": "",
        "assignment": "",
        "from": "language",
        "to": "language",
        "transformation": "language",
        "property": _ITEM,
        "ioSpecification": "",
        "dataInput": _ITEM,
        "dataOutput": _ITEM,
        "inputSet": "",
        "outputSet": "",
        "dataInputRefs": "",
        "dataOutputRefs": "",
        "inputSetRefs": "",
        "outputSetRefs": "",
        "loopDataInputRef": "",
        "loopDataOutputRef": "",
        "inputDataItem": _ITEM,
        "outputDataItem": _ITEM,
    }.items()
}

# Attributes that may be written out only with the value that changes nothing.
FIXED: Final[dict[str, frozenset[str]]] = {
    "isImmediate": frozenset({"true"}),
    "eventGatewayType": frozenset({"Exclusive", "Parallel"}),
    "ordering": frozenset({"Parallel", "Sequential"}),
    "method": frozenset({"##Compensate", "compensate"}),
    "language": frozenset({"feel", "FEEL", "http://www.omg.org/spec/FEEL/20140401"}),
}

ADVICE: Final[dict[str, str]] = {
    "script": "write a FEEL expression (Implementation: FEEL expression); code is never executed",
    "globalUserTask": "draw the task where it is used",
    "conversation": "draw a collaboration with message flows",
    "choreography": "draw the processes that take part, and message flows between them",
    "choreographyTask": "draw the processes that take part, and message flows between them",
    "complexBehaviorDefinition": "throw the event in the activity, or let each round end",
    "resourceRole": "name who does it in the assignment (candidateGroups)",
    "performer": "name who does it in the assignment (candidateGroups)",
    "humanPerformer": "name who does it in the assignment (candidateGroups)",
    "potentialOwner": "name who does it in the assignment (candidateGroups)",
    "eventDefinitionRef": "draw the definition in the event itself",
    "interface": "let a handler do the call: set a task definition type",
    "partnerRole": "draw a pool",
    "isImmediate=": "use true; a flow that waits is an event",
    "language=": "write FEEL",
    "method=": "use ##Compensate: what was done is undone by compensation",
}

_TASKS: Final = frozenset(f"{kind}Task" for kind in ("manual", "user", "service", "send", "receive", "script"))
_FLOWS: Final = frozenset({"process", "subProcess", "transaction", "adHocSubProcess"})
_ACTIVITIES: Final = _TASKS | {"task", "businessRuleTask", "callActivity"} | (_FLOWS - {"process"})
_EVENTS: Final = frozenset(
    ["startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"]
)
_NODES: Final = _ACTIVITIES | _EVENTS | frozenset(tag for tag in ELEMENTS if tag.endswith("Gateway"))

# Where an element means something; elsewhere it would be read over. One that is not here may stand anywhere.
PLACES: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys((*_NODES, "sequenceFlow"), _FLOWS),
    **{tag: _EVENTS for tag in ELEMENTS if tag.endswith("EventDefinition")},
    "multiInstanceLoopCharacteristics": _ACTIVITIES,
    "standardLoopCharacteristics": _ACTIVITIES,
    "correlationProperty": frozenset({"definitions"}),
    "correlationPropertyRetrievalExpression": frozenset({"correlationProperty"}),
    "messagePath": frozenset({"correlationPropertyRetrievalExpression"}),
    "correlationKey": frozenset({"collaboration"}),
    "correlationPropertyRef": frozenset({"correlationKey"}),
    "correlationSubscription": frozenset({"process"}),
    "correlationPropertyBinding": frozenset({"correlationSubscription"}),
    "dataPath": frozenset({"correlationPropertyBinding"}),
    "completionCondition": frozenset({"multiInstanceLoopCharacteristics", "adHocSubProcess"}),
    "loopCardinality": frozenset({"multiInstanceLoopCharacteristics"}),
    "loopCondition": frozenset({"standardLoopCharacteristics"}),
    "activationCondition": frozenset({"complexGateway"}),
    "conditionExpression": frozenset({"sequenceFlow"}),
    "condition": frozenset({"conditionalEventDefinition"}),
    "dataInputAssociation": _ACTIVITIES | {"endEvent", "intermediateThrowEvent"},
    "dataOutputAssociation": _ACTIVITIES | {"startEvent", "intermediateCatchEvent", "boundaryEvent"},
}
