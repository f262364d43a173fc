"""How far a long command is: on a terminal one line that is rewritten, elsewhere nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from complaintflow.facade.engine import Engine

_COUNTED: Final = 1_000_000


@contextmanager
def progress(label: str, engine: Engine, *, status: str | None = None) -> Iterator[Callable[[int], None] | None]:
    """A bar over the store's cases.

    Args:
        label: what is done, in front of the bar.
        status: only cases of this status count.

    Yields:
        what takes the number of cases seen so far; None where nobody watches.
    """
    if not sys.stderr.isatty():
        yield None
        return
    with engine.store.reading() as tx:
        length = len(tx.case_ids(status=status, limit=_COUNTED))
    with click.progressbar(length=max(length, 1), label=label, file=sys.stderr, show_pos=True) as bar:
        yield lambda seen: bar.update(seen - bar.pos)
