"""The window: at which moments more complaints than allowed lie within a length of time.

The window of a moment has the complaints that count from then or from up to ``within`` earlier, both ends included:
what happens exactly 24 hours later happens within 24 hours. Time goes in microseconds, as history keeps it. A surge
lasts while each moment's window has more than allowed; the first moment at which it has not ends it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from complaintflow.records import dataclass

TICK: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A time in which a case is in a group.

    Attributes:
        case: its id; a case has no two spans at one moment.
        since: from when on it counts there.
        begin, end: from ``begin`` on, and before ``end`` (None: it is there still), it is in the group; ``begin`` is
            later than ``since`` where it had been there before.
    """

    case: str
    since: datetime
    begin: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A surge in one group.

    Attributes:
        began: the first moment.
        over: the first moment after it; of one that lasts, when it ends if nothing else comes.
        cases: ids of the complaints in the window when it began, the earliest first.
        first_at, last_at: from when the earliest and the latest of them count.
        peak: the most that a window had.
    """

    began: datetime
    over: datetime
    cases: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    peak: int


def runs(spans: Iterable[Span], more_than: int, within: timedelta) -> list[Run]:
    """The surges of one group, in order of time; takes n log n for n spans."""
    moments: defaultdict[datetime, tuple[list[str], list[Span]]] = defaultdict(lambda: ([], []))
    for span in spans:
        over = span.since + within + TICK
        gone = over if span.end is None else min(span.end, over)
        if span.begin < gone:
            moments[span.begin][1].append(span)
            moments[gone][0].append(span.case)
    found: list[Run] = []
    window: dict[str, datetime] = {}
    began: tuple[datetime, dict[str, datetime]] | None = None
    peak = 0
    for moment, (left, came) in sorted(moments.items()):
        for case in left:
            del window[case]
        window.update((span.case, span.since) for span in came)
        if len(window) > more_than:
            began = began or (moment, dict(window))
            peak = max(peak, len(window))
        elif began is not None:
            found.append(_run(*began, moment, peak))
            began, peak = None, 0
    return found


def _run(began: datetime, window: dict[str, datetime], over: datetime, peak: int) -> Run:
    cases = sorted(window, key=lambda case: (window[case], case))
    return Run(began, over, tuple(cases), window[cases[0]], window[cases[-1]], peak)
