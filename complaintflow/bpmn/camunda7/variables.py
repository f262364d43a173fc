"""Variables that go in and out: input and output parameters, what a call passes, and what a loop goes through."""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.bpmn.camunda7 import juel, value
from complaintflow.bpmn.camunda7.calls import version
from complaintflow.bpmn.camunda7.feel_text import quoted
from complaintflow.bpmn.camunda7.scripts import script
from complaintflow.bpmn.camunda7.writing import (
    Page,
    attribute,
    camunda,
    extend,
    extensions,
    map_input,
    map_output,
)
from complaintflow.bpmn.xml import bpmn, local, ours

# The called process belongs to the same case, whose key it sees as it is.
_OWN_KEY: Final = frozenset({"execution.processBusinessKey", "execution.businessKey", "execution.getBusinessKey()"})


def mappings(page: Page, element: etree._Element) -> None:
    """Input and output parameters of an element, and of its connector."""
    definition = element.find(bpmn("messageEventDefinition"))
    connectors = [*extensions(element, "connector")]
    connectors += [*extensions(definition, "connector")] if definition is not None else []
    blocks = [*extensions(element, "inputOutput")]
    inner = [block for connector in connectors for block in connector.iterchildren(camunda("inputOutput"))]
    for block in [*blocks, *inner]:
        for parameter in block.iterchildren(camunda("inputParameter")):
            map_input(element, _parameter(page, element, parameter), parameter.get("name") or "")
    outputs = [p for block in [*inner, *blocks] for p in block.iterchildren(camunda("outputParameter"))]
    for parameter in outputs:
        map_output(element, _parameter(page, element, parameter), parameter.get("name") or "")
    if blocks and outputs and not inner and element.get(ours("results")) is None:
        # An output parameter adds to what the work has left behind; in Camunda 8 it would replace it.
        element.set(ours("results"), "kept")


def _parameter(page: Page, element: etree._Element, holder: etree._Element) -> str:
    """The FEEL of a parameter or an entry: a text, a list, a map or a script."""
    for child in holder:
        return _inner(page, element, child)
    return page.feel(element, holder.text) if (holder.text or "").strip() else "=null"


def _inner(page: Page, element: etree._Element, item: etree._Element) -> str:
    tag = local(item)
    if tag == "script":
        return script(page, element, item) or "=null"
    if tag == "list":
        return f"=[{', '.join(_inner(page, element, one)[1:] for one in item)}]"
    if tag == "map":
        entries = item.iterchildren(camunda("entry"))
        parts = [f"{quoted(entry.get('key') or '')}: {_parameter(page, element, entry)[1:]}" for entry in entries]
        return f"={{{', '.join(parts)}}}"
    return page.feel(element, item.text)


# -- calls ------------------------------------------------------------------------------------


def call(page: Page, element: etree._Element) -> None:
    """A call activity: which process, and what passes. Without camunda:in and camunda:out nothing does."""
    called = element.get("calledElement")
    if called is None:
        return
    ins, outs = [*extensions(element, "in")], [*extensions(element, "out")]
    extend(
        element,
        "calledElement",
        processId=page.text(element, called),
        bindingType=attribute(element, "calledElementBinding"),
        versionTag=version(page, element, "calledElementVersionTag"),
        propagateAllParentVariables=_flag(any(one.get("variables") for one in ins)),
        propagateAllChildVariables=_flag(any(one.get("variables") for one in outs)),
    )
    for one in ins:
        _pass(page, element, one, "input")
    for one in outs:
        _pass(page, element, one, "output")
    if any(one.get("variables") for one in outs):
        element.set(ours("results"), "returned")


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _pass(page: Page, element: etree._Element, one: etree._Element, kind: str) -> None:
    everything, key = one.get("variables"), one.get("businessKey")
    if key is not None:
        tree = value.tree(key)
        own = any(tree == juel.parse(text) for text in _OWN_KEY)
        if not own:
            advice = "a called process belongs to the same case and sees its key as case.key; remove the mapping"
            page.refuse(one, f"the called process gets the business key {key}", advice)
    elif everything is not None:
        if everything != "all":
            page.refuse(one, f'variables="{everything}"', 'write variables="all", or list them')
    else:
        source, expression = one.get("source"), one.get("sourceExpression")
        text = page.feel(element, expression) if expression else f"={source}"
        (map_input if kind == "input" else map_output)(element, text, one.get("target") or "")


def cargo(page: Page, element: etree._Element) -> None:
    """What travels with a thrown signal."""
    for definition in element.iterchildren(bpmn("signalEventDefinition")):
        for one in extensions(definition, "in"):
            if one.get("variables") or one.get("businessKey"):
                page.refuse(one, "the signal takes all variables or a business key along", "list the variables")
            else:
                _pass(page, element, one, "input")


# -- loops ------------------------------------------------------------------------------------


def loop(page: Page, element: etree._Element) -> None:
    """A multi-instance marker: what it goes through, and when it is enough."""
    marker = element.find(bpmn("multiInstanceLoopCharacteristics"))
    if marker is None:
        return
    for child in marker.iterchildren(bpmn("completionCondition"), bpmn("loopCardinality")):
        text = (child.text or "").strip()
        if value.has_expression(text):
            child.text = page.text(element, text, counting=local(child) == "completionCondition")
    collection = attribute(marker, "collection")
    if collection is None:
        collection = marker.findtext(bpmn("loopDataInputRef"))
    item = attribute(marker, "elementVariable")
    if item is None and (data := marker.find(bpmn("inputDataItem"))) is not None:
        item = data.get("name") or data.get("id")
    if collection is not None:
        source = page.text(element, collection) if value.has_expression(collection) else f"={collection}"
        extension = extend(marker, "loopCharacteristics", inputCollection=source, inputElement=item)
    elif page.camunda7 and marker.find(bpmn("loopCardinality")) is not None:
        extension = extend(marker, "loopCharacteristics")
    else:
        return
    if page.camunda7:
        # Camunda 7 counts the rounds from 0, Camunda 8 from 1.
        extension.set(ours("first"), "0")
