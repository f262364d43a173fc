"""The clock port: aware UTC everywhere, and virtual time only moves forward."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine

import complaintflow
from complaintflow.errors import CalendarError, ClockWentBack
from complaintflow.time.clock import Clock, SystemClock, VirtualClock

NOON = datetime(2026, 9, 28, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_system_clock_is_aware_utc() -> None:
    """The system clock tells the machine's time with its zone, so no naive time ever enters the library."""
    clock: Clock = SystemClock()
    with time_machine.travel(NOON, tick=False):
        assert clock.now() == NOON
        assert clock.now().tzinfo is UTC


def test_virtual_clock_stands_still_until_moved() -> None:
    """Virtual time is what it was set to, in UTC, and advances by exactly what it is told."""
    clock: Clock = VirtualClock(NOON)
    assert isinstance(clock, VirtualClock)
    assert clock.now() == clock.now() == datetime(2026, 9, 28, 4, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    assert clock.advance(timedelta(hours=3)) == clock.now() == NOON + timedelta(hours=3)
    clock.set(NOON + timedelta(days=1))
    assert clock.now() == NOON + timedelta(days=1)


def test_virtual_clock_never_goes_back() -> None:
    """Moving backwards is refused and leaves the clock where it stood."""
    clock = VirtualClock(NOON)
    with pytest.raises(ClockWentBack):
        clock.set(NOON - timedelta(seconds=1))
    with pytest.raises(ClockWentBack):
        clock.advance(timedelta(microseconds=-1))
    assert clock.now() == NOON


def test_virtual_clock_refuses_a_time_without_zone() -> None:
    """A naive time would be guessed at, so it is refused with advice."""
    with pytest.raises(CalendarError, match="has no zone"):
        VirtualClock(datetime(2026, 9, 28))  # noqa: DTZ001 - the naive time is the point
    with pytest.raises(CalendarError, match="has no zone"):
        VirtualClock(NOON).set(datetime(2026, 9, 29))  # noqa: DTZ001


def test_no_other_file_reads_the_system_clock() -> None:
    """Only clock.py asks the machine for the time, so a test that moves the clock moves all of the library."""
    readers = {"now", "utcnow", "today", "time", "time_ns", "monotonic", "perf_counter"}
    owners = {"datetime", "date", "time", "dt"}
    root = Path(next(iter(complaintflow.__path__)))
    found = []
    for file in sorted(root.rglob("*.py")):
        if file == root / "time" / "clock.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            if node.func.attr in readers and name in owners:
                found.append(f"{file.relative_to(root)}:{node.lineno} {name}.{node.func.attr}()")
    assert found == []
