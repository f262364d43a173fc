"""What blocks mean: a small interpreter that knows blocks, and nothing of graphs, tokens or joins.

It shares no code with the engine. Each block is run with a continuation; only tasks wait.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

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

Then = Callable[[], None]
Variables = dict[str, bool]


@dataclass(eq=False)
class Region:
    """Something that can be ended as a whole: the case, a sub-process, an activity with an event on it.

    ``running`` counts what keeps it from being complete; ``then`` follows its completion.
    """

    around: Region | None
    then: Then
    running: int = 1
    dead: bool = False

    @property
    def alive(self) -> bool:
        region: Region | None = self
        while region is not None:
            if region.dead:
                return False
            region = region.around
        return True

    def one_less(self) -> None:
        self.running -= 1
        if not self.running:
            self.dead = True
            self.then()


@dataclass(eq=False)
class Open:
    """An open task."""

    name: str
    path: str
    region: Region
    variables: Variables
    then: Then


@dataclass(eq=False)
class Listener:
    """An event that may happen while its region is alive."""

    name: str
    region: Region
    happen: Then


@dataclass
class Place:
    """Where a block runs."""

    region: Region
    variables: Variables
    path: str


@dataclass
class Reference:
    """A case."""

    block: Block
    variables: Variables
    ended: bool = False
    tasks: list[Open] = field(default_factory=list)
    listeners: list[Listener] = field(default_factory=list)

    def __post_init__(self) -> None:
        case = Region(None, self._end)
        self.run(self.block, Place(case, self.variables, "case"), case.one_less)

    def _end(self) -> None:
        self.ended = True

    # -- what a test asks and does ----------------------------------------------------------

    def open(self) -> Counter[tuple[str, str]]:
        """Open tasks by name and path."""
        return Counter((task.name, task.path) for task in self.tasks if task.region.alive)

    def events(self) -> list[str]:
        """Events that exactly one listener waits for."""
        heard = Counter(listener.name for listener in self.listeners if listener.region.alive)
        return sorted(name for name, listeners in heard.items() if listeners == 1)

    def complete(self, name: str, path: str, results: Variables) -> None:
        """Complete a task. Several of one name and path are alike."""
        task = next(task for task in self.tasks if (task.name, task.path) == (name, path) and task.region.alive)
        self.tasks.remove(task)
        task.variables.update(results)
        task.then()

    def fire(self, name: str) -> None:
        """Let an event happen."""
        next(item for item in self.listeners if item.name == name and item.region.alive).happen()

    # -- blocks -----------------------------------------------------------------------------

    def run(self, block: Block, at: Place, then: Then) -> None:
        """Run a block."""
        match block:
            case Task():
                self.tasks.append(Open(block.id, at.path, at.region, at.variables, then))
            case Skip():
                then()
            case Seq():
                self._in_turn(list(block.parts), at, then)
            case Par():
                self._together(list(block.parts), at, then)
            case Xor():
                self.run(block.parts[0 if at.variables[block.variable] else 1], at, then)
            case Incl():
                chosen = [part for name, part in zip(block.variables, block.parts, strict=False) if at.variables[name]]
                self._together(chosen or [block.parts[-1]], at, then)
            case Loop():
                self._again(block, at, then)
            case Sub():
                self._sub(block, at, then)
            case Call():
                self._call(block, at, then)
            case Multi():
                self._multi(block, at, then)
            case Guard():
                self._guard(block, at, then)
            case Repeat():
                self._repeat(block, at, then)
            case AdHoc():
                self._ad_hoc(block, at, then)
            case First():
                self._first(block, at, then)
            case Undone():
                self._undone(block, at, then)

    def _in_turn(self, parts: list[Block], at: Place, then: Then) -> None:
        if parts:
            self.run(parts[0], at, lambda: self._in_turn(parts[1:], at, then))
        else:
            then()

    def _together(self, parts: list[Block], at: Place, then: Then) -> None:
        left = len(parts)

        def one_done() -> None:
            nonlocal left
            left -= 1
            if not left:
                then()

        for part in parts:
            self.run(part, at, one_done)

    def _again(self, block: Loop, at: Place, then: Then) -> None:
        self.run(block.body, at, lambda: self._again(block, at, then) if at.variables[block.variable] else then())

    def _sub(self, block: Sub, at: Place, then: Then) -> None:
        outer = Region(at.region, then)
        main = Region(outer, outer.one_less)
        if block.handler is not None:
            self._listen(block, block.handler, outer, main, at)
        self.run(block.body, Place(main, at.variables, at.path), main.one_less)

    def _listen(self, block: Sub, handler: Block, outer: Region, main: Region, at: Place) -> None:
        def happen() -> None:
            if block.interrupting:
                main.dead = True
                self.listeners.remove(listener)
                self.run(handler, Place(outer, at.variables, at.path), outer.one_less)
            else:
                main.running += 1
                self.run(handler, Place(main, at.variables, at.path), main.one_less)

        listener = Listener(block.id, main, happen)
        self.listeners.append(listener)

    def _call(self, block: Call, at: Place, then: Then) -> None:
        own = dict(at.variables)

        def back() -> None:
            at.variables.update(own)
            then()

        called = Region(at.region, back)
        self.run(block.body, Place(called, own, at.path), called.one_less)

    def _multi(self, block: Multi, at: Place, then: Then) -> None:
        def one(number: int, done: Then) -> None:
            region = Region(at.region, done)
            self.run(block.body, Place(region, at.variables, f"{at.path}/{block.id}.{number}"), region.one_less)

        def from_(number: int) -> None:
            if number > block.rounds:
                then()
            else:
                one(number, lambda: from_(number + 1))

        if block.sequential or not block.rounds:
            from_(1)
            return
        left = block.rounds

        def one_done() -> None:
            nonlocal left
            left -= 1
            if not left:
                then()

        for number in range(1, block.rounds + 1):
            one(number, one_done)

    def _guard(self, block: Guard, at: Place, then: Then) -> None:
        host = Region(at.region, then)

        def happen() -> None:
            if block.interrupting:
                host.dead = True
                self.run(block.path, at, then)
            else:
                at.region.running += 1
                self.run(block.path, at, at.region.one_less)

        self.listeners.append(Listener(block.id, host, happen))
        self.run(block.host, Place(host, at.variables, at.path), host.one_less)

    def _repeat(self, block: Repeat, at: Place, then: Then) -> None:
        def round_(number: int) -> None:
            if number > 3 or ((number > 1 or block.before) and not at.variables[block.variable]):
                then()
                return
            region = Region(at.region, lambda: round_(number + 1))
            self.run(block.body, Place(region, at.variables, at.path), region.one_less)

        round_(1)

    def _ad_hoc(self, block: AdHoc, at: Place, then: Then) -> None:
        whole = Region(at.region, then, running=len(block.parts))
        for part in block.parts:
            region = Region(whole, whole.one_less)
            self.run(part, Place(region, at.variables, at.path), region.one_less)

    def _first(self, block: First, at: Place, then: Then) -> None:
        on_its_way = False
        at.region.running += len(block.parts) - 1

        def one_done() -> None:
            nonlocal on_its_way
            if on_its_way:
                at.region.one_less()
            else:
                on_its_way = True
                then()

        for part in block.parts:
            self.run(part, at, one_done)

    def _undone(self, block: Undone, at: Place, then: Then) -> None:
        region = Region(at.region, then) if block.cancelled else at.region
        done = region.one_less if block.cancelled else then
        place = Place(region, at.variables, at.path)
        self.run(block.task, place, lambda: self.run(block.handler, place, done))
