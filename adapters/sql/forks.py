"""Connections do not survive a fork: a child that used or closed its parent's would damage both.

Before a fork every idle connection is closed, so that the child inherits none; both sides connect again when they
need to. This matters most with SQLite: its file locks belong to the process, but its library remembers them across a
fork.
"""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """What has connections."""

    def before_fork(self) -> None:
        """Close those that are idle."""

    def after_fork(self) -> None:
        """In the child: forget those that were in use."""


_watched: WeakSet[Forkable] = WeakSet()


def watch(owner: Forkable) -> None:
    """Tell the owner about every fork for as long as it lives."""
    _watched.add(owner)


def _before() -> None:
    for owner in list(_watched):
        owner.before_fork()


def _in_child() -> None:
    for owner in list(_watched):
        owner.after_fork()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(before=_before, after_in_child=_in_child)
