"""What begins a case. How a message or signal finds its process is tested with the engine (``test_beginning``)."""

from __future__ import annotations

from tests.diagrams import (
    attributes,
    catch,
    condition,
    end,
    event,
    flows,
    gateway,
    io,
    message,
    process,
    receive,
    signal,
    start,
    sub,
    timer,
    user,
)  # fmt: skip
from tests.matrix.rows import Row

_ROOTS = (message("m", "m"), message("n", "n"), signal("s", "s"))
_M, _N, _S = event("message", "m"), event("message", "n"), event("signal", "s")


def _gateway(kind: str) -> str:
    return attributes(gateway("eventBased", "g"), instantiate="true", eventGatewayType=kind)


ROWS = [
    Row("Message event", "start", "begins a case", (start("by-m", _M), user("a"), flows("by-m > a")),
        ("-> a", "a -> ended"), roots=_ROOTS, first={"x": 1}, event="by-m", then={"x": 1}, visits=("by-m", "a")),
    Row("Message event", "start beside a plain one", "begins a case at its own place",
        (start(), start("by-m", _M), user("a"), user("b"), flows("start > a", "by-m > b")),
        ("-> b",), roots=_ROOTS, event="by-m"),
    Row("Message event", "several starts", "begins a case at the place of its message",
        (start("by-m", _M), start("by-n", _N), user("a"), user("b"), flows("by-m > a", "by-n > b")),
        ("-> b",), roots=_ROOTS, event="by-n"),
    Row("Message event", "start, output mappings", "brings in what is mapped",
        (start("by-m", _M, extension=io(None, {"y": "x + 1"})), user("a"), flows("by-m > a")),
        ("-> a",), roots=_ROOTS, first={"x": 1}, event="by-m", then={"y": 2, "x": None}),
    Row("Signal event", "start", "begins a case of every process that starts with the signal",
        (start("by-s", _S), user("a"), flows("by-s > a")), ("-> a",), roots=_ROOTS, event="by-s"),
    Row("Conditional event", "start", "begins a case when data for which it holds are shown (``Engine.evaluate``)",
        (start("by-c", condition("amount > 100")), user("a"), flows("by-c > a")),
        ("-> a",), event="by-c", first={"amount": 101}, then={"amount": 101}),
    Row("Timer event", "start", "begins a case when the clock says so (``Engine.schedule``)",
        (start("by-t", timer(cycle="R/P7D")), user("a"), flows("by-t > a")), ("-> a",), event="by-t"),
    Row("Timer event", "start, cron", "begins a case at each time of a cron expression (``Engine.schedule``)",
        (start("by-t", timer(cycle="0 0 9 L * ?")), user("a"), flows("by-t > a")), ("-> a",), event="by-t"),
    Row("Multiple event", "start", "begins a case by any of its messages and signals",
        (start("by", _M + _S), user("a"), flows("by > a")), ("-> a",), roots=_ROOTS, event="by"),
    Row("Receive task", "instantiating", "begins a case when its message comes",
        (attributes(receive("r", "m"), instantiate="true"), user("a"), flows("r > a")),
        ("-> a", "a -> ended"), roots=_ROOTS, first={"x": 1}, event="r", then={"x": 1}, visits=("r", "a")),
    Row("Event-based gateway", "instantiating, exclusive", "begins a case with the first of its messages or signals",
        (_gateway("Exclusive"), catch("c", _M), catch("d", _S), user("a"), user("b"), flows("g > c > a", "g > d > b")),
        ("-> a", "a -> ended"), roots=_ROOTS, event="c", visits=("g", "g_c", "c", "a")),
    Row("Event-based gateway", "instantiating, parallel", "begins a case with the first, and waits for the others",
        (_gateway("Parallel"), catch("c", _M), catch("d", _N), user("a"), user("b"), flows("g > c > a", "g > d > b")),
        ("-> !n a", "!n -> a b", "a -> b", "b -> ended"), roots=_ROOTS, event="c"),
    Row("Event sub-process", "non-interrupting, last of a process", "keeps its process open while it runs",
        (start(), user("a"), sub("es", start("es-start", _M, isInterrupting="false"), user("b"), flows("es-start > b"),
         event=True), flows("start > a")),
        ("-> !m a", "!m -> !m a b", "a -> !m b", "b -> ended"), roots=_ROOTS),
    Row("Process", "several in a file", "is one of several that a file may have",
        (start(), user("a"), end("e1"), flows("start > a > e1")), ("-> a", "a -> ended"),
        more=(process(start("o-start"), user("o-a"), flows("o-start > o-a"), name="other"),)),
]  # fmt: skip
