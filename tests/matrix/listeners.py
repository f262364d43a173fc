"""Listeners: handlers that an element, or a user task, waits for. More of them is in ``test_listeners``."""

from __future__ import annotations

from tests.diagrams import boundary, end, event, flows, message, multi, service, start, sub, user
from tests.matrix.rows import Row

_E, _T = "Execution listener", "Task listener"


def _heard(kind: str, *events: str) -> str:
    inner = "".join(f'<zeebe:{kind}Listener eventType="{name}" type="t"/>' for name in events)
    return f"<zeebe:{kind}Listeners>{inner}</zeebe:{kind}Listeners>"


def _task(*events: str) -> tuple[str, ...]:
    return (start(), user("a", extension=_heard("task", *events)), user("b"), flows("start > a > b"))


def _interrupted(task: str) -> tuple[str, ...]:
    return (start(), sub("s", task), boundary("mb", "s", event("message", "m")), user("b"), user("c"),
            flows("start > s > c", "mb > b"))  # fmt: skip


_ASSIGNED = '<zeebe:assignmentDefinition assignee="li.wei"/>'
_M = (message("m", "m"),)

ROWS = [
    Row(_E, "start", "is a job before the element's own work; its results are local",
        (start(), service("a", "work", extension=_heard("execution", "start")), end(), flows("start > a > end")),
        ("-> a", "a x=1 -> a", "a -> ended"), then={"x": None}),
    Row(_E, "end", "is a job behind the element's work; its results go outward",
        (start(), service("a", "work", extension=_heard("execution", "end")), end(), flows("start > a > end")),
        ("-> a", "a -> a", "a x=1 -> ended"), then={"x": 1}),
    Row(_T, "creating", "is a job before the task is in the inbox", _task("creating"),
        ("-> a", "a -> a", "a -> b")),
    Row(_T, "assigning", "is a job before somebody whom the diagram names has the task",
        (start(), user("a", extension=_ASSIGNED + _heard("task", "assigning")), user("b"), flows("start > a > b")),
        ("-> a", "a -> a", "a -> b")),
    Row(_T, "assigning, claim", "is a job before somebody has taken it, who may be refused", _task("assigning"),
        ("-> a", 'a:assigning assignee="li.wei" -> a a', "a!NO -> a", "a -> b")),
    Row(_T, "updating", "is a job before the task is due at another time or offered to others", _task("updating"),
        ("-> a", "a:updating priority=80 -> a a", "a!NO -> a", "a -> b")),
    Row(_T, "completing", "is a job before its completion counts, which may be refused", _task("completing"),
        ("-> a", "a x=1 -> a a", "a!NO -> a", "a x=2 -> a a", "a -> b"), then={"x": 2}),
    Row(_T, "canceling", "is a job when the task is taken away; what interrupted it goes on behind",
        _interrupted(user("a", extension=_heard("task", "canceling"))),
        ("-> !m a", "!m -> a", "a x=1 -> b", "b -> ended"), roots=_M, then={"x": None}),
    Row(_T, "canceling, rounds", "is a job for each round that is taken away",
        _interrupted(user("a", extension=_heard("task", "canceling"), loop=multi("[1, 2]", "i"))),
        ("-> !m a a", "!m -> a a", "a -> a", "a -> b"), roots=_M),
    Row(_T, "canceling, completion condition", "is heard before the loop goes on that has enough",
        (start(), user("a", extension=_heard("task", "canceling"), loop=multi("[1, 2]", "i", until="true")), user("b"),
         flows("start > a > b")),
        ("-> a a", "a -> a", "a -> b")),
    Row(_T, "canceling, terminate", "keeps the flow open that ends meanwhile",
        (start(), sub("s", user("a", extension=_heard("task", "canceling")), user("d"), end("e", event("terminate")),
         flows("d > e")), user("b"), flows("start > s > b")),
        ("-> a d", "d -> a", "a -> b")),
    Row(_T, "canceling, event sub-process", "is heard before the event sub-process begins",
        (start(), user("a", extension=_heard("task", "canceling")), sub("es", start("es-start", event("message", "m")),
         user("b"), flows("es-start > b"), event=True), flows("start > a")),
        ("-> !m a", "!m x=1 -> a", "a -> b", "b -> ended"), roots=_M, then={"x": 1}),
    Row(_T, "canceling, interrupted again", "is heard before the outermost event goes on",
        (start(), sub("o", sub("s", user("a", extension=_heard("task", "canceling"))), boundary("nb", "s",
         event("message", "n")), user("d"), flows("nb > d")), boundary("mb", "o", event("message", "m")), user("b"),
         flows("start > o", "mb > b")),
        ("-> !m !n a", "!n -> !m a", "!m -> a", "a -> b"), roots=(*_M, message("n", "n"))),
]  # fmt: skip
