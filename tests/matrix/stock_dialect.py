"""A row's diagram as a user of SpiffWorkflow by itself would write it. What is drawn stays; the dialect changes.

FEEL becomes Python, timers become quoted expressions, and Camunda's extensions become SpiffWorkflow's own: pre- and
post-scripts for mappings, loop references for collections, operators for jobs. Where SpiffWorkflow wants a start or an
end event that the row leaves out and is not about, it is drawn.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from tests.matrix.rows import Row
from tests.matrix.stock_drawing import BPMN, complete, find, local, refer, unled

_SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"

# Rows that are about an event that is left out: nothing is drawn for them.
_BARE = (
    "any-task/without-start-event",
    "sub-process/without-start-and-end-events",
    "boundary-event/without-outgoing-flow",
)
_EVENTS = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
_ASKED = ("conditionExpression", "condition", "loopCondition", "completionCondition", "loopCardinality")


class NoCounterpart(Exception):
    """The row is about an extension of Camunda 8 for which SpiffWorkflow has nothing to write instead."""


@dataclass
class Translated:
    """The file, and what running it needs.

    Attributes:
        source: the file.
        first: variables beside the row's own.
        objects: what the data objects hold.
        jobs: the elements whose work a handler does.
        sent: those of them that throw several events at once: SpiffWorkflow sends without a handler.
    """

    source: bytes = b""
    first: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)


def translate(row: Row) -> Translated:
    """The row's file in SpiffWorkflow's dialect.

    Raises:
        NoCounterpart: there is none.
    """
    root = etree.fromstring(row.source)
    done = Translated()
    if row.id not in _BARE:
        for scope in find(root, "//bpmn:process[@isExecutable='true'] | //bpmn:subProcess | //bpmn:transaction"):
            complete(scope)
    for node in find(root, "//bpmn:extensionElements/.."):
        _extensions(node, row.first, done)
    for tag in _ASKED:
        for asked in find(root, f"//bpmn:{tag}"):
            asked.text = python(asked.text or "")
    for timer in find(root, "//bpmn:timeDuration | //bpmn:timeDate | //bpmn:timeCycle"):
        timer.text = f'"{timer.text}"'
    _name_by_id(root, row, done)
    _share(root, row, done)
    for node in find(root, "//bpmn:adHocSubProcess"):
        _ask(node, row, done)
    refer(root)
    done.source = etree.tostring(root)
    return done


def python(expression: str) -> str:
    """FEEL as Python, for what the matrix says in FEEL."""
    text = expression.removeprefix("=").strip()
    text = re.sub(r"append\((\w+), ([^)]+)\)", r"\1 + [\2]", text)
    for feel, word in (("true", "True"), ("false", "False"), ("null", "None")):
        text = re.sub(rf"\b{feel}\b", word, text)
    return re.sub(r"(?<![<>!=])=(?!=)", "==", text)


def names(expression: str) -> set[str]:
    """The variables that a Python expression reads."""
    return {node.id for node in ast.walk(ast.parse(expression, mode="eval")) if isinstance(node, ast.Name)}


# -- extensions ---------------------------------------------------------------------------------


def _extensions(node: etree._Element, first: Mapping[str, Any], done: Translated) -> None:
    """Put SpiffWorkflow's extensions in the place of Camunda's."""
    [held] = find(node, "./bpmn:extensionElements")
    drawn = list(held)
    node.remove(held)
    tag = local(node)
    for extension in drawn:
        match etree.QName(extension).localname:
            case "taskDefinition" if tag == "adHocSubProcess":
                raise NoCounterpart("a handler that says what is begun")
            case "taskDefinition":
                several = len(find(node, "./*[contains(local-name(), 'EventDefinition')]")) > 1
                (done.sent if several else done.jobs).add(node.get("id", ""))
                if tag not in (*_EVENTS, "sendTask"):
                    etree.SubElement(_own(node), f"{{{_SPIFF}}}serviceTaskOperator", id="work")
            case "ioMapping":
                _mapping(node, extension, first)
            case "script":
                script = etree.SubElement(node, f"{{{BPMN}}}script")
                script.text = f"{extension.get('resultVariable')} = {python(extension.get('expression', ''))}"
            case "calledDecision":
                _say(node, "calledDecisionId", extension.get("decisionId", ""))
            case "calledElement":
                node.set("calledElement", extension.get("processId", ""))
                if extension.get("propagateAllParentVariables") == "false":
                    _declare(node, drawn)
            case "loopCharacteristics":
                _rounds(node, extension, done)
            case "adHoc":
                _ad_hoc(node, extension)
            case "executionListeners" | "taskListeners":
                raise NoCounterpart("listeners")
            case "conditionalFilter":
                raise NoCounterpart("a filter of changes")
            case _:
                """userTask, subscription: SpiffWorkflow says nothing here."""


def _mapping(node: etree._Element, mapping: etree._Element, first: Mapping[str, Any]) -> None:
    """Mappings are scripts before and after; what was local is taken away by the second."""
    if local(node) in _EVENTS or local(node) == "adHocSubProcess":
        raise NoCounterpart("mappings at this element")
    pairs = {
        kind: {m.get("target", ""): python(m.get("source", "")) for m in find(mapping, f"./zeebe:{kind}")}
        for kind in ("input", "output")
    }
    used = set(pairs["input"]).union(*(names(source) for source in pairs["output"].values()))
    after = [f"{target} = {source}" for target, source in pairs["output"].items()]
    if after:
        after += [f"del {name}" for name in sorted(used - set(first) - set(pairs["output"]))]
    for word, lines in (("preScript", [f"{t} = {s}" for t, s in pairs["input"].items()]), ("postScript", after)):
        if lines:
            _say(node, word, "\n".join(lines))


def _declare(node: etree._Element, drawn: list[etree._Element]) -> None:
    """What a call passes is declared by the called process."""
    inputs = [m.get("target", "") for e in drawn for m in find(e, "./zeebe:input")]
    outputs = sorted({n for e in drawn for m in find(e, "./zeebe:output") for n in names(python(m.get("source", "")))})
    [called] = find(node.getroottree().getroot(), f"//bpmn:process[@id='{node.get('calledElement')}']")
    said = etree.SubElement(called, f"{{{BPMN}}}ioSpecification")
    for kind, found in (("Input", inputs), ("Output", outputs)):
        for name in found:
            etree.SubElement(said, f"{{{BPMN}}}data{kind}", id=name, name=name)
        refs = etree.SubElement(said, f"{{{BPMN}}}{kind.lower()}Set")
        for name in found:
            etree.SubElement(refs, f"{{{BPMN}}}data{kind}Refs").text = name


def _rounds(loop: etree._Element, extension: etree._Element, done: Translated) -> None:
    """A multi-instance over a collection; a collection written out becomes a variable."""
    collection = python(extension.get("inputCollection", ""))
    if not collection.isidentifier():
        done.first["collection"] = ast.literal_eval(collection)
        collection = "collection"
    made = [("loopDataInputRef", collection), ("inputDataItem", extension.get("inputElement", ""))]
    if collected := extension.get("outputCollection"):
        item = python(extension.get("outputElement", ""))
        if not item.isidentifier() or item == extension.get("inputElement"):
            activity = loop.getparent()
            assert activity is not None
            _say(activity, "postScript", f"item = {item}")
            loop.set(f"{{{_SPIFF}}}scriptsOnInstances", "true")
            item = "item"
        made += [("loopDataOutputRef", collected), ("outputDataItem", item)]
    for place, (tag, name) in enumerate(made):
        element = etree.Element(f"{{{BPMN}}}{tag}")
        loop.insert(place, element)
        if tag.endswith("Item"):
            element.set("id", name)
        else:
            element.text = name


def _ad_hoc(node: etree._Element, extension: etree._Element) -> None:
    """SpiffWorkflow begins everything that no flow leads to: a list of just that can be left out, no other."""
    if extension.get("outputCollection"):
        raise NoCounterpart("an output collection of an ad-hoc sub-process")
    listed = python(extension.get("activeElementsCollection", ""))
    begun = sorted(child.get("id", "") for child in unled(node))
    if not listed.startswith("[") or sorted(ast.literal_eval(listed)) != begun:
        raise NoCounterpart("a list of activities to begin")


# -- data ---------------------------------------------------------------------------------------


def _name_by_id(root: etree._Element, row: Row, done: Translated) -> None:
    """SpiffWorkflow's variables are the ids of data objects, inputs and outputs, not their names."""
    renamed = {}
    for reference in find(root, "//bpmn:dataObjectReference"):
        name, held = reference.get("name", ""), reference.get("dataObjectRef")
        for found in find(root, f"//bpmn:dataObject[@id='{held}']"):
            found.set("id", name)
        reference.set("dataObjectRef", name)
        done.objects[name] = row.first.get(name)
        for asked in find(root, f"//*[starts-with(local-name(), 'loopData')][text()='{reference.get('id')}']"):
            asked.text = name
            done.objects.pop(name)
    for place in find(root, "//bpmn:dataInput | //bpmn:dataOutput | //bpmn:inputDataItem | //bpmn:outputDataItem"):
        if said := place.get("name"):
            renamed[place.get("id", "")] = said
            place.set("id", said)
    for end in find(root, "//bpmn:dataInputRefs | //bpmn:dataOutputRefs | //bpmn:sourceRef | //bpmn:targetRef"):
        end.text = renamed.get(end.text or "", end.text)


def _share(root: etree._Element, row: Row, done: Translated) -> None:
    """Conditional events see variables of other branches in data objects, which the activities must write.

    FEEL reads a variable that is not there as null, where Python fails: whoever writes Python sets it first.
    """
    asked = [(name, at) for at in find(root, "//bpmn:condition") for name in sorted(names(at.text or ""))]
    inner = {name for name, at in asked if find(at, "ancestor::bpmn:subProcess")}
    [process] = find(root, "//bpmn:process[@id='p']")
    for name in dict(asked):
        if name in inner or row.event or not _writers(root, row, name):
            # Neither an inner process nor a start event sees the data objects of the process.
            if name not in row.first:
                done.first[name] = 0
            continue
        done.objects[name] = row.first.get(name, 0)
        etree.SubElement(process, f"{{{BPMN}}}dataObject", id=name, name=name)
        etree.SubElement(process, f"{{{BPMN}}}dataObjectReference", id=f"{name}-ref", name=name, dataObjectRef=name)
        for writer in _writers(root, row, name):
            association = etree.SubElement(writer, f"{{{BPMN}}}dataOutputAssociation", id=f"{writer.get('id')}-{name}")
            etree.SubElement(association, f"{{{BPMN}}}targetRef").text = f"{name}-ref"


def _writers(root: etree._Element, row: Row, name: str) -> list[etree._Element]:
    """The activities of the process itself that give the variable whenever they are completed."""
    done = [line.partition("->")[0].split() for line in row.steps[1:]]
    never = {words[0] for words in done if not any(word.startswith(f"{name}=") for word in words[1:])}
    tasks = [node for place in sorted({words[0] for words in done} - never) for node in _inside(root, place)]
    scripts = [script for script in find(root, "//bpmn:script") if (script.text or "").startswith(f"{name} =")]
    return tasks + [node for script in scripts for node in find(script, "..")]


def _inside(root: etree._Element, place: str) -> list[etree._Element]:
    return [node for node in find(root, "//bpmn:process[@id='p']/*") if node.get("id") == place]


def _ask(node: etree._Element, row: Row, done: Translated) -> None:
    """An ad-hoc sub-process needs a completion condition, and its variables as data objects."""
    if not find(node, "./bpmn:completionCondition"):
        etree.SubElement(node, f"{{{BPMN}}}completionCondition").text = "False"
    [asked] = find(node, "./bpmn:completionCondition")
    for name in sorted(names(asked.text or "") or {"unused"}):
        etree.SubElement(node, f"{{{BPMN}}}dataObject", id=name, name=name)
        if name not in row.first:
            done.first[name] = False


def _say(node: etree._Element, word: str, text: str) -> None:
    etree.SubElement(_own(node), f"{{{_SPIFF}}}{word}").text = text


def _own(node: etree._Element) -> etree._Element:
    found = node.find(f"{{{BPMN}}}extensionElements")
    return found if found is not None else etree.SubElement(node, f"{{{BPMN}}}extensionElements")
