"""A DMN file as records: imports, item definitions and the nodes of the requirement graph (DMN 1.5, chapter 6)."""

from __future__ import annotations

from typing import Final

from lxml import etree

from complaintflow.dmn import boxes, tree
from complaintflow.dmn.source import attribute, child, children, describe, guard_depth, local, name_of, read, text_of
from complaintflow.errors import InvalidDecision

_DMN_IMPORT: Final = "/DMN/"
_WITHOUT_MEANING: Final = frozenset(
    {
        "description",
        "extensionElements",
        "knowledgeSource",
        "textAnnotation",
        "association",
        "group",
        "elementCollection",
        "organizationUnit",
        "organisationalUnit",
        "performanceIndicator",
        "businessContextElement",
    }
)
"""Elements that document a model and change no result."""

_NOT_LOGIC: Final = frozenset(
    {
        "description",
        "extensionElements",
        "question",
        "allowedAnswers",
        "variable",
        "informationRequirement",
        "knowledgeRequirement",
        "authorityRequirement",
        "supportedObjective",
        "impactedPerformanceIndicator",
        "decisionMaker",
        "decisionOwner",
        "usingProcess",
        "usingTask",
    }
)


def parse(text: str | bytes, file: str) -> tree.Definitions:
    """Read one DMN file.

    Logic that cannot run here becomes a `tree.Broken` in its node; only what makes the whole file unusable raises.

    Raises:
        InvalidDecision: not DMN, or with an element outside the allow-list.
    """
    root = read(text, file)
    boxes.guard_language(root, file)
    nodes: list[tree.Node] = []
    imports: list[tree.Import] = []
    types: list[tree.ItemDefinition] = []
    for element in children(root):
        kind = local(element)
        where = f"{file}, {describe(element)}"
        if kind == "import":
            imports.append(_import(element, where))
        elif kind == "itemDefinition":
            types.append(_type(element, where))
        elif kind in ("inputData", "decision", "businessKnowledgeModel", "decisionService"):
            nodes.append(_node(element, kind, where))
        elif kind not in _WITHOUT_MEANING:
            raise InvalidDecision(f"{describe(element)} is not an element that is understood", where=file)
    _refuse_twins(nodes, file)
    return tree.Definitions(
        file,
        attribute(root, "id"),
        name_of(root),
        attribute(root, "namespace"),
        tuple(imports),
        tuple(types),
        tuple(nodes),
    )


def _refuse_twins(nodes: list[tree.Node], file: str) -> None:
    seen: set[str] = set()
    for node in nodes:
        if node.id and node.id in seen:
            raise InvalidDecision(f"two elements have the id '{node.id}'", where=file)
        seen.add(node.id)


def _import(element: etree._Element, where: str) -> tree.Import:
    kind = attribute(element, "importType")
    if _DMN_IMPORT not in kind:
        raise InvalidDecision(
            f"{describe(element)} imports {kind or 'an unknown kind of file'}; only DMN models can be imported",
            where=where,
        )
    return tree.Import(name_of(element), attribute(element, "namespace"), attribute(element, "locationURI"))


def _type(element: etree._Element, where: str) -> tree.ItemDefinition:
    guard_depth(element, where)
    function = child(element, "functionItem")
    return tree.ItemDefinition(
        name_of(element),
        boxes.type_ref(element),
        attribute(element, "isCollection") in ("true", "1"),
        tuple(_type(each, where) for each in children(element, "itemComponent")),
        text_of(child(element, "allowedValues")).strip(),
        text_of(child(element, "typeConstraint")).strip(),
        _function_type(function) if function is not None else None,
    )


def _function_type(element: etree._Element) -> tuple[tuple[str, ...], str]:
    parameters = tuple(boxes.type_ref(each) for each in children(element, "parameters"))
    return parameters, attribute(element, "outputTypeRef")


def _node(element: etree._Element, kind: str, where: str) -> tree.Node:
    name = name_of(element)
    variable = child(element, "variable")
    item = boxes.item(variable) if variable is not None else tree.Item(name)
    if not item.name:
        item = tree.Item(name, item.type_ref)
    identity = attribute(element, "id")
    if not name and not identity:
        raise InvalidDecision(f"{describe(element)} has neither id nor name", where=where)
    if kind == "inputData":
        return tree.InputData(identity, name, item)
    if kind == "decisionService":
        outputs, inner, decisions, data = (
            tuple(attribute(each, "href") for each in children(element, role))
            for role in ("outputDecision", "encapsulatedDecision", "inputDecision", "inputData")
        )
        return tree.Service(identity, name, item, outputs, inner, decisions, data)
    knowledge = _requirements(element, "knowledgeRequirement", "requiredKnowledge")
    if kind == "businessKnowledgeModel":
        return tree.Knowledge(identity, name, item, _encapsulated(element, where), knowledge)
    return tree.Decision(
        identity,
        name,
        item,
        _decision_logic(element, where),
        _requirements(element, "informationRequirement", "requiredDecision"),
        _requirements(element, "informationRequirement", "requiredInput"),
        knowledge,
    )


def _requirements(element: etree._Element, kind: str, target: str) -> tuple[str, ...]:
    return tuple(attribute(each, "href") for link in children(element, kind) for each in children(link, target))


def _encapsulated(element: etree._Element, where: str) -> tree.FunctionDefinition | tree.Broken | None:
    inner = child(element, "encapsulatedLogic")
    if inner is None:
        return None
    try:
        return boxes.function(inner, where)
    except InvalidDecision as error:
        return tree.Broken(error)


def _decision_logic(element: etree._Element, where: str) -> tree.Expression | None:
    logic = [each for each in children(element) if local(each) not in _NOT_LOGIC]
    if not logic:
        return None
    try:
        if len(logic) > 1:
            raise InvalidDecision(f"{describe(element)} has {len(logic)} expressions; one is allowed", where=where)
        return boxes.expression(logic[0], where)
    except InvalidDecision as error:
        return tree.Broken(error)
