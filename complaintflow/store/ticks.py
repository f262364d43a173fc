"""Moments as stores and chains count them: whole microseconds since 1970 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


def to_ticks(moment: datetime) -> int:
    """An aware time as ticks."""
    return (moment - _EPOCH) // _TICK


def to_moment(ticks: int) -> datetime:
    """The time, aware, in UTC."""
    return _EPOCH + timedelta(microseconds=ticks)
