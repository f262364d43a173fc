"""The handler for jobs of type ``start-case``: a quick note or a stray mail that a person found to be a complaint.

Variables at the element: ``process`` is the process to start, ``payload`` its intake. The new case's key is
the job's, so however often the job is tried, one case comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from complaintflow.case.commands import Start
from complaintflow.errors import DuplicateKey, InvalidData
from complaintflow.values import variables

if TYPE_CHECKING:
    from complaintflow.handlers.registry import Job
    from complaintflow.work.work import Work

TYPE: Final = "start-case"


def start_case(work: Work, job: Job) -> dict[str, Any]:
    """Start the case that the job describes; returns its id as ``started_case``.

    Raises:
        InvalidData: the variables do not describe one, or the payload violates the intake form.
        UnknownProcess: there is no such process.
    """
    process, payload = job.variables.get("process"), job.variables.get("payload")
    if not isinstance(process, str) or not isinstance(payload, Mapping):
        raise InvalidData(
            "a start-case job needs the variables 'process' (text) and 'payload' (context)",
            where=f"element {job.element}",
            advice="add input mappings of these names",
        )
    bundle = work.library.newest(process)
    data = variables(payload, f"payload of '{process}'")
    try:
        change = work.start(bundle, Start(data), key=job.key, actor=None)
    except DuplicateKey:
        with work.store.reading() as tx:
            return {"started_case": tx.case_ids(process=process, key=job.key)[0]}
    return {"started_case": change.case.id}
