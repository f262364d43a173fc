"""Small DMN files, written where the test needs them."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from complaintflow.dmn import DecisionModel, Resolver

NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"

Rows = Sequence[tuple[Sequence[str], Sequence[str]]]


def literal(text: str, **attributes: str) -> str:
    """A literal expression."""
    return f"<literalExpression{_attributes(attributes)}><text>{escape(text)}</text></literalExpression>"


def decision(name: str, logic: str, type_ref: str = "", needs: Sequence[str] = (), identity: str = "") -> str:
    """A decision; `needs` are ids with the kind of element before a colon, such as `input:i`."""
    kinds = {
        "input": ("informationRequirement", "requiredInput"),
        "decision": ("informationRequirement", "requiredDecision"),
        "knowledge": ("knowledgeRequirement", "requiredKnowledge"),
    }
    links = ""
    for need in needs:
        kind, _, target = need.partition(":")
        outer, inner = kinds[kind]
        href = target if "#" in target else f"#{target}"
        links += f'<{outer}><{inner} href="{href}"/></{outer}>'
    variable = f'<variable name="{name}"{_attributes({"typeRef": type_ref})}/>'
    return f'<decision id="{identity or name}" name="{name}">{variable}{links}{logic}</decision>'


def input_data(name: str, type_ref: str = "") -> str:
    """Input data whose id is its name."""
    item = f'<variable name="{name}"{_attributes({"typeRef": type_ref})}/>'
    return f'<inputData id="{name}" name="{name}">{item}</inputData>'


def table(
    inputs: Sequence[tuple[str, str]],
    outputs: Sequence[str],
    rows: Rows,
    policy: str = "UNIQUE",
    aggregation: str = "",
    inside_input: str = "",
) -> str:
    """A decision table: inputs as (expression, type), outputs as whole elements or names, rows as (tests, results)."""
    columns = "".join(
        f'<input label="{text}"><inputExpression{_attributes({"typeRef": kind})}><text>{text}</text></inputExpression>'
        f"{inside_input}</input>"
        for text, kind in inputs
    )
    columns += "".join(each if each.startswith("<") else f'<output name="{each}"/>' for each in outputs)
    rules = ""
    for number, (tests, results) in enumerate(rows, 1):
        cells = "".join(f"<inputEntry><text>{escape(test)}</text></inputEntry>" for test in tests)
        cells += "".join(f"<outputEntry><text>{escape(result)}</text></outputEntry>" for result in results)
        rules += f'<rule id="r{number}">{cells}</rule>'
    head = _attributes({"hitPolicy": policy, "aggregation": aggregation})
    return f"<decisionTable{head}>{columns}{rules}</decisionTable>"


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {name}="{value}"' for name, value in values.items() if value)


def definitions(*parts: str, namespace: str = NAMESPACE, target: str = "https://example.org/m") -> str:
    """A whole file."""
    head = f'xmlns="{namespace}" id="d" name="m" namespace="{target}"'
    return f"<definitions {head}>{''.join(parts)}</definitions>"


def model(*parts: str, imports: Resolver | None = None) -> DecisionModel:
    """A model made of parts of a file."""
    return DecisionModel.parse(definitions(*parts), file="test.dmn", imports=imports)
