"""Boxed expressions and decision tables: from XML to records (DMN 1.5, chapters 8 and 10.2.2).

Only what is listed here is read; anything else in a place where logic stands is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from lxml import etree

from complaintflow.dmn import tree
from complaintflow.dmn.source import attribute, child, children, describe, guard_depth, local, name_of, text_of
from complaintflow.errors import InvalidDecision

_POLICIES: Final = ("UNIQUE", "FIRST", "PRIORITY", "ANY", "COLLECT", "RULE ORDER", "OUTPUT ORDER")
_AGGREGATIONS: Final = ("", "SUM", "COUNT", "MIN", "MAX")
_FOREIGN: Final = {"JAVA": "Java", "J": "Java", "PMML": "PMML", "P": "PMML"}
_CAMUNDA: Final = "{http://camunda.org/schema/1.0/dmn}"


def item(element: etree._Element) -> tree.Item:
    """A `variable`, `formalParameter`, `parameter` or `column`."""
    return tree.Item(name_of(element), type_ref(element))


def type_ref(element: etree._Element) -> str:
    """The type an element refers to: an attribute, or in DMN 1.1 and item definitions a child element.

    Empty when there is none.
    """
    inner = child(element, "typeRef")
    return attribute(element, "typeRef") or (text_of(inner).strip() if inner is not None else "")


def logic_of(parent: etree._Element) -> etree._Element | None:
    """The one child that is an expression; elements that are not logic are passed over."""
    return next((each for each in children(parent) if local(each) in _READERS), None)


def expression(element: etree._Element, where: str) -> tree.Expression:
    """A boxed expression.

    Raises:
        InvalidDecision: a kind of expression, function or language that does not run here.
    """
    guard_depth(element, where)
    reader = _READERS.get(local(element))
    if reader is None:
        raise InvalidDecision(
            f"{describe(element)} is not a boxed expression", where=where, advice="use a FEEL expression or a table"
        )
    return reader(element, where)


def guard_language(element: etree._Element, where: str) -> None:
    """Refuse every expression language but FEEL, which DMN names by a URI and Camunda by its name.

    Raises:
        InvalidDecision: the element's `expressionLanguage` is another one.
    """
    language = attribute(element, "expressionLanguage")
    if language and language.casefold() != "feel" and "/feel" not in language.casefold():
        raise InvalidDecision(
            f"{describe(element)} is written in {language}; only FEEL runs here",
            where=where,
            advice="write it in FEEL and set the expression language to feel",
        )


def function(element: etree._Element, where: str) -> tree.FunctionDefinition:
    """A boxed function; only FEEL functions run, Java and PMML are refused by name."""
    # In DMN 1.1 the kind was an extension, so any namespace will do.
    kinds = [str(value) for name, value in element.attrib.items() if etree.QName(name).localname == "kind"]
    kind = (kinds[0] if kinds else "FEEL").upper()
    body = logic_of(element)
    if kind not in ("FEEL", "F"):
        language = _FOREIGN.get(kind, kind)
        raise InvalidDecision(
            f"{describe(element)} calls a {language} function{_external_name(body)}; only FEEL functions run here",
            where=where,
            advice="write the function in FEEL, or compute the value in a handler and pass it as an input",
        )
    return tree.FunctionDefinition(
        tuple(item(each) for each in children(element, "formalParameter")),
        expression(body, where) if body is not None else None,
        type_ref(element),
    )


def _external_name(body: etree._Element | None) -> str:
    """What an external function is called: the texts of its class and method."""
    if body is None:
        return ""
    texts = [text_of(each).strip().strip('"') for each in body.iter() if local(each) == "literalExpression"]
    return f" ({', '.join(text for text in texts if text)})" if any(texts) else ""


def _inner(parent: etree._Element, where: str, name: str = "") -> tree.Expression:
    """The expression inside `parent`, or inside its child of that name."""
    holder = child(parent, name) if name else parent
    element = logic_of(holder) if holder is not None else None
    if element is None:
        raise InvalidDecision(
            f"{describe(parent)} has no expression{f' in its {name!r} part' if name else ''}",
            where=where,
            advice="fill it in, or remove the element",
        )
    return expression(element, where)


def _literal(element: etree._Element, where: str) -> tree.Literal:
    guard_language(element, where)
    if child(element, "importedValues") is not None:
        raise InvalidDecision(
            f"{describe(element)} imports its values from another file", where=where, advice="write the values here"
        )
    return tree.Literal(text_of(child(element, "text")), type_ref(element))


def _context(element: etree._Element, where: str) -> tree.Context:
    entries = []
    for each in children(element, "contextEntry"):
        variable = child(each, "variable")
        entries.append(tree.Entry(item(variable) if variable is not None else None, _inner(each, where)))
    return tree.Context(tuple(entries), type_ref(element))


def _expressions(element: etree._Element, where: str) -> tuple[tree.Expression, ...]:
    return tuple(expression(each, where) for each in children(element) if local(each) in _READERS)


def _list(element: etree._Element, where: str) -> tree.ListOf:
    return tree.ListOf(_expressions(element, where), type_ref(element))


def _relation(element: etree._Element, where: str) -> tree.Relation:
    columns = tuple(item(each) for each in children(element, "column"))
    rows = tuple(_expressions(each, where) for each in children(element, "row"))
    for number, row in enumerate(rows, 1):
        if len(row) != len(columns):
            raise InvalidDecision(
                f"row {number} of {describe(element)} has {len(row)} cells for {len(columns)} columns", where=where
            )
    return tree.Relation(columns, rows, type_ref(element))


def _invocation(element: etree._Element, where: str) -> tree.Invocation:
    bindings = []
    for each in children(element, "binding"):
        parameter = child(each, "parameter")
        if parameter is None:
            raise InvalidDecision(f"a binding of {describe(element)} names no parameter", where=where)
        bindings.append((item(parameter), _inner(each, where)))
    return tree.Invocation(_inner(element, where), tuple(bindings), type_ref(element))


def _conditional(element: etree._Element, where: str) -> tree.Conditional:
    condition, then, otherwise = (_inner(element, where, part) for part in ("if", "then", "else"))
    return tree.Conditional(condition, then, otherwise, type_ref(element))


def _filter(element: etree._Element, where: str) -> tree.Filter:
    return tree.Filter(_inner(element, where, "in"), _inner(element, where, "match"), type_ref(element))


def _iterator(element: etree._Element, where: str) -> tree.Iterator:
    kind = cast("tree.Loop", local(element))
    body = _inner(element, where, "return" if kind == "for" else "satisfies")
    variable = attribute(element, "iteratorVariable")
    if not variable:
        raise InvalidDecision(f"{describe(element)} names no iterator variable", where=where)
    return tree.Iterator(kind, variable, _inner(element, where, "in"), body, type_ref(element))


def _table(element: etree._Element, where: str) -> tree.Table:
    policy = attribute(element, "hitPolicy").upper() or "UNIQUE"
    aggregation = attribute(element, "aggregation").upper()
    if policy not in _POLICIES or aggregation not in _AGGREGATIONS:
        said = f"{policy} {aggregation}".strip()
        advice = f"choose one of {', '.join(_POLICIES)}; COLLECT may have {', '.join(_AGGREGATIONS[1:])}"
        raise InvalidDecision(f"{describe(element)} has the hit policy '{said}'", where=where, advice=advice)
    if aggregation and policy != "COLLECT":
        raise InvalidDecision(f"{describe(element)} aggregates under {policy}; only COLLECT aggregates", where=where)
    inputs = tuple(_input(each, where) for each in children(element, "input"))
    outputs = tuple(_output(each) for each in children(element, "output"))
    if not outputs:
        raise InvalidDecision(f"{describe(element)} has no output column", where=where)
    if aggregation and len(outputs) > 1:
        raise InvalidDecision(
            f"{describe(element)} aggregates {len(outputs)} output columns, which DMN does not define (8.2.10)",
            where=where,
            advice="keep one output column, or make one table for each",
        )
    rules = tuple(
        _rule(each, number, len(inputs), len(outputs), where)
        for number, each in enumerate(children(element, "rule"), 1)
    )
    return tree.Table(
        cast("tree.Policy", policy), cast("tree.Aggregation", aggregation), inputs, outputs, rules, type_ref(element)
    )


def _input(element: etree._Element, where: str) -> tree.Input:
    inner = child(element, "inputExpression")
    if inner is None or not text_of(inner).strip():
        raise InvalidDecision(f"{describe(element)} of the table has no input expression", where=where)
    literal = _literal(inner, where)
    label = attribute(element, "label") or literal.text.strip()
    return tree.Input(
        label, literal, text_of(child(element, "inputValues")), attribute(element, f"{_CAMUNDA}inputVariable")
    )


def _output(element: etree._Element) -> tree.Output:
    default = child(element, "defaultOutputEntry")
    text = text_of(default).strip()
    return tree.Output(
        name_of(element),
        attribute(element, "label"),
        type_ref(element),
        text_of(child(element, "outputValues")),
        text or None,
    )


def _rule(element: etree._Element, number: int, inputs: int, outputs: int, where: str) -> tree.Rule:
    tests = list(children(element, "inputEntry"))
    results = list(children(element, "outputEntry"))
    if (len(tests), len(results)) != (inputs, outputs):
        raise InvalidDecision(
            f"rule {number} has {len(tests)} input and {len(results)} output cells; the table has {inputs} and "
            f"{outputs} columns",
            where=where,
        )
    notes = [text_of(child(element, "description")), *(text_of(each) for each in children(element, "annotationEntry"))]
    return tree.Rule(
        number,
        attribute(element, "id"),
        "; ".join(note.strip() for note in notes if note.strip()),
        tuple(_literal(each, where).text for each in tests),
        tuple(_literal(each, where).text for each in results),
    )


_READERS: Final[dict[str, Callable[[etree._Element, str], tree.Expression]]] = {
    "literalExpression": _literal,
    "context": _context,
    "list": _list,
    "relation": _relation,
    "invocation": _invocation,
    "functionDefinition": function,
    "conditional": _conditional,
    "filter": _filter,
    "for": _iterator,
    "some": _iterator,
    "every": _iterator,
    "decisionTable": _table,
}
