"""Optimistic locking: whoever was slower begins again, from what is stored now."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

from complaintflow.errors import StaleCase

_R = TypeVar("_R")

ATTEMPTS: Final = 50


def until_fresh(once: Callable[[], _R]) -> _R:
    """What ``once`` returns, which is called anew while it raises StaleCase; the 50th time that is the caller's."""
    for _ in range(ATTEMPTS - 1):
        with suppress(StaleCase):
            return once()
    return once()
