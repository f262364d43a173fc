"""Random processes made of blocks, and how each block is drawn. ``reference.py`` says what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from hypothesis import strategies as st
from kinds import (
    AdHoc,
    Block,
    Call,
    First,
    Guard,
    Incl,
    Loop,
    Multi,
    Par,
    Repeat,
    Seq,
    Skip,
    Sub,
    Task,
    Undone,
    Xor,
)

from tests import diagrams as d

VARIABLES = ("v0", "v1", "v2")


# -- how blocks are drawn -------------------------------------------------------------------


@dataclass
class Drawing:
    """One flow: its elements, and where it stands in the file."""

    file: File
    parts: list[str] = field(default_factory=list)

    def block(self, block: Block) -> tuple[str, str]:
        """Draw a block; returns the ids of its first and last node."""
        first, last = getattr(self, "_" + type(block).__name__.lower())(block)
        return str(first), str(last)

    def connect(self, source: str, target: str, condition: str = "") -> None:
        self.parts.append(d.flows(f"{source} > {target}" + (f" [{condition}]" if condition else "")))

    def node(self, drawn: str, name: str) -> tuple[str, str]:
        self.parts.append(drawn)
        return name, name

    def body(self, block: Block, name: str) -> list[str]:
        """A flow of its own with start and end event."""
        inner = Drawing(self.file)
        first, last = inner.block(block)
        inner.parts += [d.start(f"{name}-start"), d.end(f"{name}-end")]
        inner.connect(f"{name}-start", first)
        inner.connect(last, f"{name}-end")
        return inner.parts

    def _task(self, block: Task) -> tuple[str, str]:
        return self.node(d.user(block.id, groups="=[path]"), block.id)

    def _skip(self, block: Skip) -> tuple[str, str]:
        return self.node(f'<bpmn:task id="{block.id}"/>', block.id)

    def _seq(self, block: Seq) -> tuple[str, str]:
        ends = [self.block(part) for part in block.parts]
        for (_, last), (first, _) in pairwise(ends):
            self.connect(last, first)
        return ends[0][0], ends[-1][1]

    def _fork(self, kind: str, block: Any, conditions: list[str]) -> tuple[str, str]:
        split, join = f"{block.id}-split", f"{block.id}-join"
        ends = [self.block(part) for part in block.parts]
        default = f"{split}_{ends[-1][0]}" if conditions else ""
        self.parts += [d.gateway(kind, split, default=default), d.gateway(kind, join)]
        for (first, last), condition in zip(ends, [*conditions, ""] if conditions else [""] * len(ends), strict=True):
            self.connect(split, first, condition)
            self.connect(last, join)
        return split, join

    def _par(self, block: Par) -> tuple[str, str]:
        return self._fork("parallel", block, [])

    def _xor(self, block: Xor) -> tuple[str, str]:
        return self._fork("exclusive", block, [block.variable])

    def _incl(self, block: Incl) -> tuple[str, str]:
        return self._fork("inclusive", block, list(block.variables))

    def _loop(self, block: Loop) -> tuple[str, str]:
        again, ask, done = (f"{block.id}-{name}" for name in ("again", "ask", "done"))
        self.parts += [d.gateway("exclusive", again), d.gateway("exclusive", ask, default=f"{ask}_{done}")]
        self.parts.append(d.gateway("exclusive", done))
        first, last = self.block(block.body)
        self.connect(again, first)
        self.connect(last, ask)
        self.connect(ask, again, block.variable)
        self.connect(ask, done)
        return again, done

    def _sub(self, block: Sub) -> tuple[str, str]:
        parts = self.body(block.body, block.id)
        if block.handler is not None:
            inner = Drawing(self.file)
            first, _ = inner.block(block.handler)
            event = d.event("message", self.file.message(block.id))
            inner.parts.append(d.start(f"{block.id}-event", event, isInterrupting=str(block.interrupting).lower()))
            inner.connect(f"{block.id}-event", first)
            parts.append(d.sub(f"{block.id}-handler", *inner.parts, event=True))
        return self.node(d.sub(block.id, *parts), block.id)

    def _call(self, block: Call) -> tuple[str, str]:
        self.file.processes.append(d.process(*self.body(block.body, block.id), name=f"process-{block.id}"))
        return self.node(d.call(block.id, f"process-{block.id}"), block.id)

    def _multi(self, block: Multi) -> tuple[str, str]:
        loop = d.multi(
            f"for i in 1..{block.rounds} return i" if block.rounds else "[]", "i", sequential=block.sequential
        )
        path = d.io({"path": f'path + "/{block.id}." + string(loopCounter)'})
        return self.node(d.sub(block.id, *self.body(block.body, block.id), loop=loop, extension=path), block.id)

    def _guard(self, block: Guard) -> tuple[str, str]:
        host, _ = self.block(block.host)
        event = d.event("message", self.file.message(block.id))
        self.parts.append(d.boundary(f"{block.id}-event", host, event, interrupting=block.interrupting))
        first, last = self.block(block.path)
        self.connect(f"{block.id}-event", first)
        if not block.interrupting:
            return host, host
        merge = f"{block.id}-merge"
        self.parts.append(d.gateway("exclusive", merge))
        self.connect(host, merge)
        self.connect(last, merge)
        return host, merge

    def _repeat(self, block: Repeat) -> tuple[str, str]:
        loop = d.again(block.variable, before=block.before, at_most=3)
        return self.node(d.sub(block.id, *self.body(block.body, block.id), loop=loop), block.id)

    def _adhoc(self, block: AdHoc) -> tuple[str, str]:
        names = [f"{block.id}-{number}" for number in range(len(block.parts))]
        inner = [d.sub(name, *self.body(part, name)) for name, part in zip(names, block.parts, strict=True)]
        listed = "[" + ", ".join(f'"{name}"' for name in names) + "]"
        return self.node(d.ad_hoc(block.id, *inner, listed=listed), block.id)

    def _first(self, block: First) -> tuple[str, str]:
        split, join = f"{block.id}-split", f"{block.id}-join"
        self.parts += [
            d.gateway("parallel", split),
            f'<bpmn:complexGateway id="{join}"><bpmn:activationCondition>=activationCount >= 1'
            "</bpmn:activationCondition></bpmn:complexGateway>",
        ]
        for part in block.parts:
            first, last = self.block(part)
            self.connect(split, first)
            self.connect(last, join)
        return split, join

    def _undone(self, block: Undone) -> tuple[str, str]:
        task, handler = (d.user(one.id, groups="=[path]") for one in (block.task, block.handler))
        drawn = [task, d.undoing(block.task.id, block.handler.id, handler)]
        stop = f"{block.id}-stop"
        if not block.cancelled:
            self.parts += [*drawn, d.throw(stop, d.compensate(block.task.id))]
            self.connect(block.task.id, stop)
            return block.task.id, stop
        end = d.end(stop, d.event("cancel"))
        inner = d.transaction(block.id, *drawn, end, d.flows(f"{block.task.id} > {stop}"))
        self.parts += [inner, d.boundary(f"{block.id}-event", block.id, d.event("cancel"))]
        self.parts.append(d.gateway("exclusive", f"{block.id}-merge"))
        self.connect(f"{block.id}-event", f"{block.id}-merge")
        self.connect(block.id, f"{block.id}-merge")
        return block.id, f"{block.id}-merge"


@dataclass
class File:
    """A whole file."""

    processes: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    def message(self, name: str) -> str:
        self.messages.append(d.message(f"message-{name}", name))
        return f"message-{name}"


def draw(block: Block) -> str:
    """The file of a process ``p`` made of this block."""
    file = File()
    main = d.process(*Drawing(file).body(block, "p"))
    return d.document(main, *file.processes, *file.messages)


# -- random blocks --------------------------------------------------------------------------

# A shape is a nested tuple; ids are given afterwards, so that shrinking keeps them small.
_variable = st.sampled_from(VARIABLES)
_leaf = st.sampled_from([("task",), ("task",), ("task",), ("skip",)])


def _larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.tuples(st.just("seq"), several),
        st.tuples(st.just("par"), several),
        st.tuples(st.just("xor"), _variable, inner, inner),
        st.tuples(
            st.just("incl"), st.lists(_variable, min_size=1, max_size=2), st.lists(inner, min_size=3, max_size=3)
        ),
        st.tuples(st.just("loop"), _variable, inner),
        st.tuples(st.just("sub"), inner, st.none() | inner, st.booleans()),
        st.tuples(st.just("call"), inner),
        st.tuples(st.just("multi"), inner, st.integers(0, 3), st.booleans()),
        st.tuples(st.just("repeat"), _variable, st.booleans(), inner),
        st.tuples(st.just("adhoc"), several),
        st.tuples(st.just("first"), several),
        st.tuples(st.just("undone"), st.booleans()),
        st.tuples(st.just("guard"), st.sampled_from(["task", "sub", "call", "multi"]), inner, inner, st.booleans()),
    )


shapes = st.recursive(_leaf, _larger, max_leaves=9)


def build(shape: Any) -> Block:
    """A shape with ids."""
    return _build(shape, count(1))


def _build(shape: Any, numbers: Iterator[int]) -> Block:
    kind, *rest = shape
    name = f"{kind}{next(numbers)}"
    if kind in ("task", "skip"):
        return Task(name) if kind == "task" else Skip(name)
    if kind in _OF_PARTS:
        return _OF_PARTS[kind](name, tuple(_build(part, numbers) for part in rest[0]))
    if kind == "repeat":
        # Here too something always waits.
        body = Seq(f"{name}-body", (_build(rest[2], numbers), Task(f"task{next(numbers)}")))
        return Repeat(name, rest[0], rest[1], body)
    if kind == "undone":
        return Undone(name, Task(f"task{next(numbers)}"), Task(f"task{next(numbers)}"), rest[0])
    if kind == "xor":
        return Xor(name, rest[0], (_build(rest[1], numbers), _build(rest[2], numbers)))
    if kind == "incl":
        variables = tuple(rest[0])
        return Incl(name, variables, tuple(_build(part, numbers) for part in rest[1][: len(variables) + 1]))
    if kind == "loop":
        # Something in the body always waits, or the loop would never come to rest.
        body = Seq(f"{name}-body", (_build(_joined(rest[1]), numbers), Task(f"task{next(numbers)}")))
        return Loop(name, rest[0], body)
    if kind == "sub":
        return _build_sub(name, rest, numbers)
    if kind == "call":
        return Call(name, _build(rest[0], numbers))
    if kind == "multi":
        return Multi(name, _build(rest[0], numbers), rest[1], rest[2])
    return _build_guard(name, rest, numbers)


_OF_PARTS: dict[str, Any] = {"seq": Seq, "par": Par, "adhoc": AdHoc, "first": First}


def _joined(shape: Any) -> Any:
    """A shape whose tokens all come together: what is left of one round must not meet the next."""
    if isinstance(shape, (tuple, list)):
        inner = [_joined(part) for part in shape]
        if inner and inner[0] == "first":
            inner[0] = "par"
        return tuple(inner) if isinstance(shape, tuple) else inner
    return shape


def _build_sub(name: str, rest: list[Any], numbers: Iterator[int]) -> Sub:
    body, handler, interrupting = rest
    drawn = _build(body, numbers)
    if handler is None:
        return Sub(name, drawn)
    return Sub(name, drawn, _build(handler, numbers) if interrupting else _tasks(name, numbers), interrupting)


def _build_guard(name: str, rest: list[Any], numbers: Iterator[int]) -> Guard:
    kind, body, path, interrupting = rest
    host: Block
    if kind == "task":
        host = Task(f"task{next(numbers)}")
    elif kind == "multi":
        host = Multi(f"multi{next(numbers)}", _build(body, numbers), 2, sequential=False)
    else:
        inner = _build(body, numbers)
        host = Sub(f"sub{next(numbers)}", inner) if kind == "sub" else Call(f"call{next(numbers)}", inner)
    return Guard(name, host, _build(path, numbers) if interrupting else _tasks(name, numbers), interrupting)


def _tasks(name: str, numbers: Iterator[int]) -> Seq:
    """What may run several times at once must not join: tokens of two runs would be one's own."""
    return Seq(f"{name}-path", (Task(f"task{next(numbers)}"), Task(f"task{next(numbers)}")))
