"""A short cut for the conditions that decide most gateways.

`amount > 100 and severity = "high"`, over integers and strings that are there, is decided on the context itself,
without a scope. Whatever is less simple, a missing name or another kind of value, is left to the closures: the short
cut says None, or raises KeyError, and never has an opinion that the closures would not have.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from complaintflow.feel import nodes
from complaintflow.feel.compile_tests import PYTHON_ORDERS, QUICK_TYPES
from complaintflow.feel.nodes import Node

Quick: TypeAlias = Callable[[Mapping[str, Any]], bool | None]


def shortcut(node: Node) -> Quick | None:
    """The short cut for a tree; None if it has a form that has none."""
    if isinstance(node, nodes.Compare):
        return _compare(node)
    if isinstance(node, nodes.Both | nodes.Either) and len(node.operands) == 2:
        first, second = map(shortcut, node.operands)
        if first is not None and second is not None:
            return _both(first, second) if isinstance(node, nodes.Both) else _either(first, second)
    return None


def _compare(node: nodes.Compare) -> Quick | None:
    if not isinstance(node.right, nodes.Literal):
        return None
    if node.right.value is None and node.operator == "=" and isinstance(node.left, nodes.Name):
        asked = node.left.name
        return lambda context: context[asked] is None
    if type(node.right.value) not in QUICK_TYPES:
        return None
    literal, same, order = node.right.value, type(node.right.value), PYTHON_ORDERS[node.operator]
    if isinstance(node.left, nodes.Name):
        name = node.left.name

        def of_name(context: Mapping[str, Any]) -> bool | None:
            value = context[name]
            return order(value, literal) if type(value) is same else None

        return of_name
    if isinstance(node.left, nodes.Path) and isinstance(node.left.base, nodes.Name):
        base, entry = node.left.base.name, node.left.name

        def of_path(context: Mapping[str, Any]) -> bool | None:
            inner = context[base]
            value = inner[entry] if type(inner) is dict else None
            return order(value, literal) if type(value) is same else None

        return of_path
    return None


def _both(first: Quick, second: Quick) -> Quick:
    def code(context: Mapping[str, Any]) -> bool | None:
        answer = first(context)
        return second(context) if answer is True else answer

    return code


def _either(first: Quick, second: Quick) -> Quick:
    def code(context: Mapping[str, Any]) -> bool | None:
        answer = first(context)
        return second(context) if answer is False else answer

    return code
