"""What a diagram may contain. Everything else is refused with file, element and advice (D14).

The list is an allow-list: an element or attribute that is not here would be ignored by the engine,
and a designer who drew it would not be told. Pictures (``bpmndi``, colours) carry no behaviour.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from complaintflow.bpmn.xml import BPMN, CAMUNDA, MODELER, XSI, ZEEBE, local, namespace
from complaintflow.errors import InvalidDiagram, UnsupportedElement

_PICTURES: Final = frozenset(
    {
        "http://www.omg.org/spec/BPMN/20100524/DI",
        "http://www.omg.org/spec/DD/20100524/DC",
        "http://www.omg.org/spec/DD/20100524/DI",
        "http://bpmn.io/schema/bpmn/biocolor/1.0",
        "http://www.omg.org/spec/BPMN/non-normative/color/1.0",
    }
)

_ACTIVITY = "isForCompensation startQuantity completionQuantity default"

# Allowed attributes per element, besides id and name.
_BPMN: Final[dict[str, frozenset[str]]] = {
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
        "terminateEventDefinition": "",
        "linkEventDefinition": "",
        "task": _ACTIVITY,
        "manualTask": _ACTIVITY,
        "userTask": _ACTIVITY + " implementation",
        "serviceTask": _ACTIVITY + " implementation",
        "sendTask": _ACTIVITY + " implementation messageRef",
        "receiveTask": _ACTIVITY + " implementation messageRef instantiate",
        "scriptTask": _ACTIVITY,
        "businessRuleTask": _ACTIVITY + " implementation",
        "callActivity": _ACTIVITY,
        "subProcess": _ACTIVITY + " triggeredByEvent",
        "exclusiveGateway": "gatewayDirection default",
        "parallelGateway": "gatewayDirection",
        "inclusiveGateway": "gatewayDirection default",
        "eventBasedGateway": "gatewayDirection instantiate eventGatewayType",
        "multiInstanceLoopCharacteristics": "isSequential",
        "completionCondition": "language",
        "message": "",
        "signal": "",
        "error": "errorCode",
        "escalation": "escalationCode",
        # Drawn for people, without meaning for execution in Camunda 8.
        "textAnnotation": "textFormat",
        "text": "",
        "association": "sourceRef targetRef associationDirection",
        "group": "categoryValueRef",
        "category": "",
        "categoryValue": "value",
        "dataObject": "isCollection",
        "dataObjectReference": "dataObjectRef",
        "dataStore": "capacity isUnlimited",
        "dataStoreReference": "dataStoreRef",
        "dataInputAssociation": "",
        "dataOutputAssociation": "",
        "sourceRef": "",
        "targetRef": "",
        "property": "",
    }.items()
}

_ZEEBE: Final[dict[str, frozenset[str]]] = {
    tag: frozenset(attributes.split())
    for tag, attributes in {
        "taskDefinition": "type retries",
        "taskHeaders": "",
        "header": "key value",
        "ioMapping": "",
        "input": "source target",
        "output": "source target",
        "userTask": "",
        "formDefinition": "formId bindingType",
        "assignmentDefinition": "assignee candidateGroups candidateUsers",
        "taskSchedule": "dueDate followUpDate",
        "priorityDefinition": "priority",
        "calledElement": "processId propagateAllChildVariables propagateAllParentVariables bindingType",
        "calledDecision": "decisionId resultVariable bindingType",
        "script": "expression resultVariable",
        "subscription": "correlationKey",
        "loopCharacteristics": "inputCollection inputElement outputCollection outputElement",
        "properties": "",
        "property": "name value",
        "versionTag": "value",
    }.items()
}

# Where an extension means something; elsewhere it would be read over.
_JOBS: Final = frozenset({"serviceTask", "sendTask", "intermediateThrowEvent", "endEvent"})
_PLACES: Final[dict[str, frozenset[str]]] = {
    "taskDefinition": _JOBS,
    "taskHeaders": _JOBS | {"userTask"},
    "userTask": frozenset({"userTask"}),
    "formDefinition": frozenset({"userTask", "startEvent"}),
    "assignmentDefinition": frozenset({"userTask"}),
    "taskSchedule": frozenset({"userTask"}),
    "priorityDefinition": frozenset({"userTask"}),
    "calledElement": frozenset({"callActivity"}),
    "calledDecision": frozenset({"businessRuleTask"}),
    "script": frozenset({"scriptTask"}),
    "subscription": frozenset({"message"}),
    "loopCharacteristics": frozenset({"multiInstanceLoopCharacteristics"}),
    "ioMapping": frozenset(tag for tag in _BPMN if tag.endswith(("Event", "Task", "Activity")))
    | {"task", "subProcess"},
}

# Attributes that may be written out only with the value that changes nothing.
_FIXED: Final[dict[str, frozenset[str]]] = {
    "isForCompensation": frozenset({"false"}),
    "startQuantity": frozenset({"1"}),
    "completionQuantity": frozenset({"1"}),
    "isImmediate": frozenset({"true"}),
    "parallelMultiple": frozenset({"false"}),
    "instantiate": frozenset({"false"}),
    "eventGatewayType": frozenset({"Exclusive"}),
    "language": frozenset({"feel", "FEEL", "http://www.omg.org/spec/FEEL/20140401"}),
    "bindingType": frozenset({"deployment", "latest"}),
}

_ADVICE: Final[dict[str, str]] = {
    "complexGateway": "draw an inclusive gateway, or a parallel one followed by a decision",
    "transaction": "draw an ordinary sub-process with an error boundary event",
    "adHocSubProcess": "draw a parallel gateway with one optional branch per activity",
    "standardLoopCharacteristics": "draw the loop with a gateway, or use a multi-instance marker",
    "loopCardinality": "set the input collection instead, for example =for i in 1..3 return i",
    "compensateEventDefinition": "draw the undoing step as an ordinary path",
    "cancelEventDefinition": "throw an error and catch it on the sub-process",
    "conditionalEventDefinition": "wait for a message or a timer, then decide at a gateway",
    "ioSpecification": "use input and output mappings (zeebe:ioMapping)",
    "script": "write a FEEL expression (Implementation: FEEL expression); code is never executed",
    "executionListeners": "draw the work as a task of its own",
    "taskListeners": "draw the work as a task of its own",
    "formKey": "link a form by its id (formId)",
    "versionTag": "use bindingType deployment",
    "globalUserTask": "draw the task where it is used",
    "correlationProperty": "set the correlation key on the message (zeebe:subscription)",
}


def check(root: etree._Element, file: str) -> None:
    """Raises the first of ``problems``."""
    for problem in problems(root, file):
        raise problem


def problems(root: etree._Element, file: str) -> Iterator[InvalidDiagram]:
    """Walk the document once: an error for each thing that is not allowed, and for each id used twice.

    What stands inside a refused element is refused with it, and not listed.
    """
    if root.tag != f"{{{BPMN}}}definitions":
        yield UnsupportedElement(
            f"the root element is <{local(root)}>, not BPMN <definitions>",
            where=file,
            advice="save the diagram from Camunda Modeler",
        )
        return
    ids: set[str] = set()
    todo = [root]
    while todo:
        element = todo.pop()
        if namespace(element) in _PICTURES:
            continue
        where = f"{file}, line {element.sourceline}, element {_owner(element)}"
        refused = _refused(element, where)
        if refused is not None:
            yield refused
            continue
        yield from _attributes(element, where)
        element_id = element.get("id")
        if element_id in ids:
            yield InvalidDiagram(f"two elements have the id '{element_id}'", where=where, advice="rename one of them")
        if element_id:
            ids.add(element_id)
        todo += [child for child in reversed(element) if isinstance(child.tag, str)]


def _refused(element: etree._Element, where: str) -> UnsupportedElement | None:
    """The error for the element itself, if it is not allowed where it stands."""
    space, tag = namespace(element), local(element)
    if space == MODELER:
        return None
    if space not in (BPMN, ZEEBE):
        return UnsupportedElement(_foreign(space, tag), where=where, advice=_foreign_advice(space))
    if tag not in (_BPMN if space == BPMN else _ZEEBE):
        return UnsupportedElement(
            f"<{'bpmn' if space == BPMN else 'zeebe'}:{tag}> is not supported",
            where=where,
            advice=_ADVICE.get(tag, "draw it with the elements listed in the documentation"),
        )
    return _misplaced(element, tag, where) if space == ZEEBE else None


def _misplaced(element: etree._Element, tag: str, where: str) -> UnsupportedElement | None:
    """An extension stands in the extension elements of what it extends; an input is mapped where something begins."""
    holder = element.getparent()
    owner = holder.getparent() if holder is not None else None
    host = local(owner) if owner is not None else ""
    if tag == "input" and owner is not None and (event := owner.getparent()) is not None:
        wrong, host = local(event) in ("startEvent", "boundaryEvent"), local(event)
    else:
        wrong = host not in _PLACES.get(tag, {host})
    if not wrong:
        return None
    return UnsupportedElement(
        f"<zeebe:{tag}> means nothing at a <bpmn:{host}>", where=where, advice="remove it, or draw what it does"
    )


def _attributes(element: etree._Element, where: str) -> Iterator[UnsupportedElement]:
    if namespace(element) == MODELER:
        return
    tag = local(element)
    allowed = (_BPMN if namespace(element) == BPMN else _ZEEBE)[tag]
    for key, value in element.attrib.items():
        name = etree.QName(key)
        attribute = str(name.localname)
        if name.namespace in (MODELER, XSI, *_PICTURES):
            continue
        if name.namespace:
            space = str(name.namespace)
            yield UnsupportedElement(_foreign(space, attribute), where=where, advice=_foreign_advice(space))
        elif attribute not in allowed and attribute not in ("id", "name"):
            yield UnsupportedElement(
                f"the attribute {attribute} of <{tag}> is not supported",
                where=where,
                advice=_ADVICE.get(attribute, "remove it, or draw what it does"),
            )
        elif attribute in _FIXED and value not in _FIXED[attribute]:
            yield UnsupportedElement(
                f'{attribute}="{element.get(key)}" of <{tag}> is not supported',
                where=where,
                advice=f"use {' or '.join(sorted(_FIXED[attribute]))}",
            )


def _owner(element: etree._Element) -> str:
    """The id of the nearest element that has one."""
    node: etree._Element | None = element
    while node is not None:
        if node.get("id"):
            return str(node.get("id"))
        node = node.getparent()
    return local(element)


def _foreign(space: str, name: str) -> str:
    return f"{name} is in the namespace {space or '(none)'}, which this release does not read"


def _foreign_advice(space: str) -> str:
    if space == CAMUNDA:
        return "this is a Camunda 7 diagram; convert it to Camunda 8 in Camunda Modeler"
    return "remove it, or draw what it does"
