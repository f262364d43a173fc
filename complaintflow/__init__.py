"""complaintflow: written complaint procedures that run.

    from complaintflow import run_process

    case = run_process("customer", {"channel": "phone", "content": "The soup arrived cold, twice."})
    case.waiting_for            # ['investigate']
    case = case.complete("investigate", {...}, actor="li.wei")

To read the code, follow a payload: ``runner.run_process`` -> ``engine.Engine.start`` -> ``work.Work``
(load, step, save, commit once) -> ``case.LiveCase`` and ``commands`` (one step, no I/O) -> ``bpmn.game``
(the tokens) and back; after the commit ``worker`` and ``dispatch`` run the jobs, whose results re-enter
as commands. ``definition`` says what a process is made of, ``layers`` where its files come from.
"""

from complaintflow.calendar import WorkingCalendar
from complaintflow.engine import Engine
from complaintflow.errors import BusinessError, ComplaintflowError
from complaintflow.handlers import Backoff, Handlers, Job
from complaintflow.runner import run_process
from complaintflow.version import __version__
from complaintflow.views import Case, Event, Incident, Task, Timer

__all__ = [
    "Backoff",
    "BusinessError",
    "Case",
    "ComplaintflowError",
    "Engine",
    "Event",
    "Handlers",
    "Incident",
    "Job",
    "Task",
    "Timer",
    "WorkingCalendar",
    "__version__",
    "run_process",
]
