"""complaintflow: written complaint procedures that run.

    from complaintflow import run_process

    case = run_process("customer", {"channel": "phone", "content": "The soup arrived cold, twice."})
    case.waiting_for            # ['investigate']
    case = case.complete("investigate", {...}, actor="li.wei")

To read the code, follow a payload: ``facade.runner.run_process`` -> ``facade.engine.Engine.start`` -> ``work.Work``
(load, step, save, commit once) -> ``case.live.LiveCase`` and ``case.commands`` (one step, no I/O) -> ``bpmn.game``
(the tokens) and back; after the commit ``work.worker`` and ``work.dispatch`` run the jobs, whose results re-enter
as commands. ``definition`` says what a process is made of and where its files come from.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from complaintflow.version import __version__

if TYPE_CHECKING:
    from complaintflow.errors import BusinessError, ComplaintflowError, InvalidData
    from complaintflow.facade.engine import Engine
    from complaintflow.facade.runner import run_process
    from complaintflow.facade.views import Case, Event, Incident, Task, Timer
    from complaintflow.handlers.answers import Corrections, NextSteps
    from complaintflow.handlers.registry import Backoff, Handlers, Job
    from complaintflow.logs import JsonFormatter
    from complaintflow.time.calendar import WorkingCalendar

# In a checkout, adapters, processes and forms lie beside this folder; an installation has them inside. Python that is
# started in a checkout finds this folder before an installed package.
_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "setup.cfg").is_file() and (_checkout / "adapters" / "sql").is_dir():
    __path__.append(str(_checkout))

# Imported when they are first asked for: FEEL alone, or `complaintflow --help`, does not need the engine.
_HOMES: Final = {
    "Backoff": "handlers.registry",
    "BusinessError": "errors",
    "Case": "facade.views",
    "ComplaintflowError": "errors",
    "Corrections": "handlers.answers",
    "Engine": "facade.engine",
    "Event": "facade.views",
    "Handlers": "handlers.registry",
    "Incident": "facade.views",
    "InvalidData": "errors",
    "Job": "handlers.registry",
    "JsonFormatter": "logs",
    "NextSteps": "handlers.answers",
    "Task": "facade.views",
    "Timer": "facade.views",
    "WorkingCalendar": "time.calendar",
    "run_process": "facade.runner",
}

__all__ = [
    "Backoff",
    "BusinessError",
    "Case",
    "ComplaintflowError",
    "Corrections",
    "Engine",
    "Event",
    "Handlers",
    "Incident",
    "InvalidData",
    "Job",
    "JsonFormatter",
    "NextSteps",
    "Task",
    "Timer",
    "WorkingCalendar",
    "__version__",
    "run_process",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"complaintflow.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
