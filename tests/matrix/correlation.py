"""Correlation as BPMN says it: a key of one property, to which a process subscribes."""

from __future__ import annotations

from tests.diagrams import boundary, catch, event, flows, receive, start, sub, user
from tests.matrix.rows import Row

_M, _N = event("message", "m"), event("message", "n")
MESSAGES = ('<bpmn:message id="m" name="m"/>', '<bpmn:message id="n" name="n"/>')


def named(name: str = "order", **paths: str) -> str:
    """A correlation property: message id -> how it is read out of what the message brings."""
    inner = "".join(
        f'<bpmn:correlationPropertyRetrievalExpression messageRef="{message}"><bpmn:messagePath>{path}'
        "</bpmn:messagePath></bpmn:correlationPropertyRetrievalExpression>"
        for message, path in paths.items()
    )
    return f'<bpmn:correlationProperty id="{name}" name="{name}">{inner}</bpmn:correlationProperty>'


def key(*names: str, key_id: str = "k") -> str:
    """A correlation key in a collaboration."""
    inner = "".join(f"<bpmn:correlationPropertyRef>{name}</bpmn:correlationPropertyRef>" for name in names)
    found = f'<bpmn:correlationKey id="{key_id}" name="{key_id}">{inner}</bpmn:correlationKey>'
    return f'<bpmn:collaboration id="c-{key_id}">{found}</bpmn:collaboration>'


def subscription(key_id: str = "k", name: str = "sub", **paths: str) -> str:
    """The subscription of a process: property -> FEEL over its variables."""
    inner = "".join(
        f'<bpmn:correlationPropertyBinding correlationPropertyRef="{one}"><bpmn:dataPath>{path}</bpmn:dataPath>'
        "</bpmn:correlationPropertyBinding>"
        for one, path in paths.items()
    )
    return (
        f'<bpmn:correlationSubscription id="{name}" correlationKeyRef="{key_id}">{inner}</bpmn:correlationSubscription>'
    )


_ROOTS = (*MESSAGES, named(m="number", n="number"), key("order"))
_SUBSCRIBES = subscription(order="number")
_ORDER = {"number": 17}

ROWS = [
    Row("Correlation subscription", "catch event", "waits under the value of the property's data path",
        (start(), catch("c", _M), user("a"), flows("start > c > a"), _SUBSCRIBES),
        ("-> !m", "!m number=17 -> a", "a -> ended"), roots=_ROOTS, first=_ORDER),
    Row("Correlation subscription", "receive task", "waits under the value of the property's data path",
        (start(), receive("r", "n"), user("a"), flows("start > r > a"), _SUBSCRIBES),
        ("-> !n", "!n number=17 -> a", "a -> ended"), roots=_ROOTS, first=_ORDER),
    Row("Correlation subscription", "boundary in a sub-process", "is that of the process",
        (start(), sub("s", user("a"), boundary("b", "a", _N), user("u"), flows("b > u")), flows("start > s"),
         _SUBSCRIBES),
        ("-> !n a", "!n number=17 -> u", "u -> ended"), roots=_ROOTS, first=_ORDER),
    Row("Correlation subscription", "without a value", "is an incident until it has one",
        (start(), catch("c", _M), user("a"), flows("start > c > a"), _SUBSCRIBES),
        ("-> ?c", "?c number=17 -> !m", "!m number=17 -> a", "a -> ended"), roots=_ROOTS),
]  # fmt: skip
