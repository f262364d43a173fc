"""Tasks, loops and names."""

from __future__ import annotations

from tests.diagrams import (
    again,
    attributes,
    boundary,
    end,
    error,
    event,
    flows,
    gateway,
    io,
    message,
    multi,
    receive,
    script,
    service,
    start,
    sub,
    user,
)  # fmt: skip
from tests.matrix.rows import Row

_L, _M, _Q = "Standard loop", "Multi-instance", "Quantity of tokens"


def _bare(tag: str) -> str:
    return f'<bpmn:{tag} id="t" name="t"/>'


def _decision() -> str:
    extension = '<zeebe:calledDecision decisionId="d" resultVariable="y"/>'
    inner = f"<bpmn:extensionElements>{extension}</bpmn:extensionElements>"
    return f'<bpmn:businessRuleTask id="t">{inner}</bpmn:businessRuleTask>'


def _counted(number: str) -> str:
    return (
        f"<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>={number}</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )


def _named(name: str) -> Row:
    return Row("Names", name, "may be named so",
        (start("s1"), user(name), end("e1"), flows(f"s1 > {name} > e1")),
        (f"-> {name}", f"{name} -> ended"))  # fmt: skip


ROWS = [
    Row("User task", "process", "waits for a person", (start(), user("a"), end(), flows("start > a > end")),
        ("-> a", "a x=1 -> ended"), then={"x": 1}),
    Row("Service task", "process", "waits for a handler",
        (start(), service("a", "work"), end(), flows("start > a > end")),
        ("-> a", "a x=1 -> ended"), then={"x": 1}),
    Row("Send task", "process", "waits for a handler that sends",
        (start(), service("a", "send", tag="sendTask"), end(), flows("start > a > end")), ("-> a", "a -> ended")),
    Row("Receive task", "process", "waits for a message",
        (start(), receive("a", "m"), end(), flows("start > a > end")),
        ("-> !m", "!m x=1 -> ended"), roots=(message("m", "m"),), then={"x": 1}),
    Row("Script task", "process", "computes a FEEL expression",
        (start(), script("a", "y", "x + 1"), end(), flows("start > a > end")),
        ("-> ended",), first={"x": 1}, then={"y": 2}),
    Row("Business rule task", "process", "asks a decision table",
        (start(), _decision(), end(), flows("start > t > end")), ("-> ended",), first={"x": 2}, then={"y": 4}),
    Row("Manual task", "process", "is passed: nothing is to be done by the engine",
        (start(), _bare("manualTask"), user("a"), flows("start > t > a")), ("-> a",), visits=("t", "a")),
    Row("Undefined task", "process", "is passed",
        (start(), _bare("task"), user("a"), flows("start > t > a")), ("-> a",), visits=("t", "a")),
    Row("Any task", "input and output mappings", "has its own variables, and gives out what is mapped",
        (start(), user("a", extension=io({"i": "x + 1"}, {"o": "r + i"})), end(), flows("start > a > end")),
        ("-> a", "a r=10 -> ended"), first={"x": 1}, then={"o": 12, "r": None, "i": None}),
    Row("Any task", "without start event", "begins the process where no flow leads to it",
        (user("a"), user("b"), user("c"), flows("a > c")), ("-> a b", "a -> b c", "b -> c", "c -> ended")),
    Row(_M, "parallel", "has a round for each item, all at once",
        (start(), user("a", loop=multi("items", "i", collect="all", output="r")), user("b"), flows("start > a > b")),
        ("-> a a a", "a r=1 -> a a", "a r=2 -> a", "a r=3 -> b"), first={"items": [7, 8, 9]}, then={"all": [1, 2, 3]}),
    Row(_M, "sequential", "has a round for each item, one after the other",
        (start(), user("a", loop=multi("items", "i", sequential=True, collect="all", output="i * 2")), user("b"),
         flows("start > a > b")),
        ("-> a", "a -> a", "a -> b"), first={"items": [7, 8]}, then={"all": [14, 16]}),
    Row(_M, "loop counter", "counts its rounds from 1",
        (start(), user("a", loop=multi("items", "i", sequential=True, collect="all", output="i * 2 + loopCounter")),
         user("b"), flows("start > a > b")),
        ("-> a", "a -> a", "a -> b"), first={"items": [7, 8]}, then={"all": [15, 18]}),
    Row(_M, "empty collection", "is passed", (start(), user("a", loop=multi("[]", "i", collect="all", output="i")),
         user("b"), flows("start > a > b")), ("-> b",), then={"all": []}),
    Row(_M, "completion condition", "ends the other rounds when it holds after one",
        (start(), user("a", loop=multi("[1, 2, 3]", "i", until="enough")), user("b"), flows("start > a > b")),
        ("-> a a a", "a enough=false -> a a", "a enough=true -> b")),
    Row(_M, "completion condition, counters", "can count the rounds that are completed",
        (start(), user("a", loop=multi("[1, 2, 3]", "i", until="numberOfCompletedInstances >= 2")), user("b"),
         flows("start > a > b")),
        ("-> a a a", "a -> a a", "a -> b")),
    Row(_M, "loop cardinality", "has so many rounds",
        (start(), user("a", loop=_counted("n + 1")), user("b"), flows("start > a > b")),
        ("-> a a", "a -> a", "a -> b"), first={"n": 1}),
    Row(_M, "loop cardinality that is no number", "is an incident",
        (start(), user("a", loop=_counted("n")), user("b"), flows("start > a > b")),
        ("-> ?a", "?a n=1 -> a", "a -> b"), first={"n": "many"}),
    Row(_M, "sub-process", "has rounds of a sub-process",
        (start(), sub("s", user("a"), user("c"), flows("a > c"), loop=multi("[1, 2]", "i")), user("b"),
         flows("start > s > b")),
        ("-> a a", "a -> a c", "c -> a", "a -> c", "c -> b")),
    Row(_M, "error boundary", "is ended by an error of any round",
        (start(), service("a", "work", loop=multi("[1, 2]", "i")), boundary("e", "a", event("error", "x")), user("b"),
         flows("start > a", "e > b")),
        ("-> a a", "a!X -> b"), roots=(error("x", "X"),)),
    Row(_L, "asked afterwards", "goes on while its condition holds",
        (start(), user("a", loop=again("not(agreed)")), user("b"), flows("start > a > b")),
        ("-> a", "a agreed=false -> a", "a agreed=true -> b")),
    Row(_L, "asked before", "may be passed",
        (start(), user("a", loop=again("n > 0", before=True)), user("b"), flows("start > a > b")),
        ("-> b",), first={"n": 0}),
    Row(_L, "asked before, some rounds", "asks before each round",
        (start(), user("a", loop=again("n > 0", before=True)), user("b"), flows("start > a > b")),
        ("-> a", "a n=1 -> a", "a n=0 -> b"), first={"n": 2}),
    Row(_L, "at most", "has no more rounds than its maximum",
        (start(), user("a", loop=again("true", at_most=2)), user("b"), flows("start > a > b")),
        ("-> a", "a -> a", "a -> b")),
    Row(_L, "only a maximum", "has so many rounds",
        (start(), user("a", loop=again(at_most=2)), user("b"), flows("start > a > b")), ("-> a", "a -> a", "a -> b")),
    Row(_L, "loop counter", "counts its rounds from 1",
        (start(), script("a", "seen", "append(seen, loopCounter)", loop=again("loopCounter < 3")), user("b"),
         flows("start > a > b")),
        ("-> b",), first={"seen": []}, then={"seen": [1, 2, 3]}),
    Row(_L, "neither true nor false", "is an incident when its condition is not a truth value",
        (start(), user("a", loop=again("more")), user("b"), flows("start > a > b")),
        ("-> a", "a more=1 -> ?a", "?a more=true -> a", "a more=false -> b")),
    Row(_L, "sub-process", "has rounds of a sub-process",
        (start(), sub("s", user("a"), loop=again("more")), user("b"), flows("start > s > b")),
        ("-> a", "a more=true -> a", "a more=false -> b")),
    Row(_L, "boundary event", "ends all rounds",
        (start(), user("a", loop=again("true")), boundary("e", "a", event("message", "m")), user("b"),
         flows("start > a", "e > b")),
        ("-> !m a", "a -> !m a", "!m -> b"), roots=(message("m", "m"),)),
    Row(_Q, "startQuantity", "begins with the second token, whichever flow brings it",
        (start(), gateway("parallel", "g"), user("a"), user("b"), attributes(user("c"), startQuantity="2"),
         flows("start > g > a > c", "g > b > c")),
        ("-> a b", "a -> b", "b -> c", "c -> ended")),
    Row(_Q, "startQuantity that is not reached", "is an incident when no more tokens can come; resolved, it begins",
        (start(), user("a"), attributes(user("c"), startQuantity="2"), user("d"), flows("start > a > c > d")),
        ("-> a", "a -> ?c", "?c -> c", "c -> d")),
    Row(_Q, "startQuantity, interrupted", "forgets the tokens that came when the flow around it is interrupted",
        (start(), sub("s", start("s-start"), gateway("parallel", "g"), user("a"), user("b"),
         attributes(user("c"), startQuantity="2"), flows("s-start > g > a > c", "g > b > c")),
         boundary("mb", "s", event("message", "m")), user("d"), flows("start > s", "mb > d")),
        ("-> !m a b", "a -> !m b", "!m -> d", "d -> ended"), roots=(message("m", "m"),)),
    Row(_Q, "completionQuantity", "is left by so many tokens on each of its flows",
        (start(), attributes(user("a"), completionQuantity="2"), user("b"), user("c"), flows("start > a > b", "a > c")),
        ("-> a", "a -> b b c c", "b -> b c c", "b -> c c", "c -> c", "c -> ended")),
    Row(_Q, "both", "gives as many tokens as the next activity takes",
        (start(), attributes(user("a"), completionQuantity="3"), attributes(user("b"), startQuantity="3"), user("c"),
         flows("start > a > b > c")),
        ("-> a", "a -> b", "b -> c", "c -> ended")),
    Row(_Q, "inclusive join", "is waited for by an inclusive join behind it while tokens may still come",
        (start(), gateway("parallel", "g"), user("a"), user("b"), attributes(user("c"), startQuantity="2"), user("d"),
         gateway("inclusive", "j"), user("e"),
         flows("start > g > a > c > j > e", "g > b > c", "g > d > j")),
        ("-> a b d", "a -> b d", "d -> b", "b -> c", "c -> e")),
    _named("Start"), _named("End"), _named("class"), _named("None"), _named("lambda"), _named("调查"),
    _named("a-b.c_d"),
]  # fmt: skip
