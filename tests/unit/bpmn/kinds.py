"""The kinds of blocks that random processes are made of. ``reference.py`` says what they mean."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """Something with one way in and one way out; ``id`` is unique in its process."""

    id: str


@dataclass(frozen=True)
class Task(Block):
    """A user task."""


@dataclass(frozen=True)
class Skip(Block):
    """Nothing to do."""


@dataclass(frozen=True)
class Seq(Block):
    """One after the other."""

    parts: tuple[Block, ...]


@dataclass(frozen=True)
class Par(Block):
    """All at once."""

    parts: tuple[Block, ...]


@dataclass(frozen=True)
class Xor(Block):
    """The first part where the variable is true, else the second."""

    variable: str
    parts: tuple[Block, ...]


@dataclass(frozen=True)
class Incl(Block):
    """Each part whose variable is true; the last where none is."""

    variables: tuple[str, ...]
    parts: tuple[Block, ...]


@dataclass(frozen=True)
class Loop(Block):
    """The body, and again as long as the variable is true afterwards."""

    variable: str
    body: Block


@dataclass(frozen=True)
class Sub(Block):
    """A sub-process; ``handler`` is the body of an event sub-process in it."""

    body: Block
    handler: Block | None = None
    interrupting: bool = False


@dataclass(frozen=True)
class Call(Block):
    """A call activity that passes everything in and out."""

    body: Block


@dataclass(frozen=True)
class Multi(Block):
    """A multi-instance sub-process."""

    body: Block
    rounds: int
    sequential: bool


@dataclass(frozen=True)
class Guard(Block):
    """An activity with a message event attached; where that interrupts, its path comes back behind the activity."""

    host: Block
    path: Block
    interrupting: bool


@dataclass(frozen=True)
class Repeat(Block):
    """A sub-process with a standard loop, of at most three rounds: again while the variable is true."""

    variable: str
    before: bool
    body: Block


@dataclass(frozen=True)
class AdHoc(Block):
    """An ad-hoc sub-process in which all parts are begun at once, each in a sub-process of its own."""

    parts: tuple[Block, ...]


@dataclass(frozen=True)
class First(Block):
    """All at once, and on when the first is done: a complex gateway takes in the others."""

    parts: tuple[Block, ...]


@dataclass(frozen=True)
class Undone(Block):
    """A task that is compensated at once, by another task; in a transaction that is cancelled, or by a throw event."""

    task: Task
    handler: Task
    cancelled: bool
