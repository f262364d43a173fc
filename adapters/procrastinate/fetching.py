"""How a worker hears of calls, and takes them: one, and while its handlers are quick some more with it.

A call costs procrastinate two transactions of its own and some way through an event loop, a quick job little more. So a
worker that has just seen that its jobs are quick takes a few calls along with the next one. They are deleted when they
are taken: as ever the rows tell what is to be done, and for what is not begun in a second the sweeper calls again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

from procrastinate import exceptions
from procrastinate.jobs import Job
from procrastinate.manager import JobManager

from complaintflow.adapters.procrastinate.calls import JOB

MOST: Final = 8
"""Jobs at a time, and what others wait for if the first of them is slow after all."""
QUICK: Final = 0.25
"""Seconds that they may take together."""
_REST: Final = 1.0
"""Seconds until it tries to listen again."""

_MORE: Final = (
    "DELETE FROM procrastinate_jobs WHERE id IN ("
    "SELECT id FROM procrastinate_jobs WHERE status = 'todo' AND task_name = %(task)s AND queue_name = ANY(%(queues)s)"
    " ORDER BY priority DESC, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)"
    " RETURNING args ->> 'case_id' AS case_id"
)


class Taking(JobManager):
    """procrastinate's own, which takes several calls for jobs as one: the others' cases are ``more``."""

    def __init__(self, connector: Any) -> None:
        super().__init__(connector)
        self.size = 1

    def told(self, number: int, seconds: float) -> None:
        """So many jobs took so long: how many are taken next time."""
        fitting = int(QUICK * number / seconds) if seconds > 0 else MOST
        self.size = max(1, min(2 * self.size, MOST, fitting))

    async def listen_for_jobs(self, *, on_notification: Any, queues: Iterable[str] | None = None) -> None:
        """As procrastinate says, and again where the next connection is refused: that would end the worker."""
        while True:
            with suppress(exceptions.ConnectorException):
                return await super().listen_for_jobs(on_notification=on_notification, queues=queues)
            await asyncio.sleep(_REST)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """As procrastinate says."""
        job = await super().fetch_job(queues, worker_id)
        if job is None or job.task_name != JOB or self.size == 1 or queues is None:
            return job
        asked = {"task": JOB, "queues": list(queues), "limit": self.size - 1}
        try:
            found = await self.connector.execute_query_all_async(_MORE, **asked)
        except exceptions.ConnectorException:
            return job  # it has been taken already
        return job.evolve(task_kwargs={**job.task_kwargs, "more": [row["case_id"] for row in found]})
