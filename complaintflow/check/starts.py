"""What the clock starts: does each timer start event give a time, and which?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from complaintflow.check.finding import NOTE, Finding, of_error
from complaintflow.errors import ComplaintflowError
from complaintflow.work.schedule import clocked, timing

if TYPE_CHECKING:
    from complaintflow.definition.definition import Bundle

# A formula that counts from now is tried at some time, when nobody says which.
_SOME_TIME: Final = datetime(2026, 1, 5, 10, tzinfo=UTC)


def starts(bundle: Bundle, now: datetime | None) -> Iterator[Finding]:
    """A note for each start event with a timer, which nothing sets off before the process is on the schedule.

    Args:
        bundle: one that the engine takes.
        now: aware; None: some time.
    """
    for event, trigger in clocked(bundle):
        try:
            text = timing(bundle, trigger, bundle.calendar, now or _SOME_TIME).text
        except ComplaintflowError as error:
            yield of_error(error, event.where)
            continue
        what = f"the clock starts '{event.label}' ({text}) once the process is on the schedule"
        yield Finding(NOTE, what, event.where, f"run `complaintflow schedule {bundle.process_id}`, and a worker")
