"""Ready work as procrastinate jobs: many machines on one PostgreSQL.

    engine = Engine("postgresql+psycopg://user:password@host/name?queue=procrastinate", handlers=[desk])
    queue = application(engine)

With that in ``shop.py``, ``complaintflow worker --app shop:engine`` and ``procrastinate --app=shop.queue worker`` do
the same.

What is to be done are the rows of the store, as everywhere: jobs with their leases, timers, the schedule. A
procrastinate job is only the call "there is something to do in this case", deferred in the transaction that made it
ready. So there is no second state that could disagree: a call that comes twice finds the row done, one that is lost is
made again by the sweeper, and a worker that dies leaves a lease that ends. procrastinate's ``lock`` is not used: the
case's version does what it would do, and a scheduled job under a lock would block every later one.

Reading order: ``calls`` (what is deferred) -> ``sweeping`` (what is due, and what nobody was told of) -> ``serving``
(a worker) -> ``queue`` (the port, with all of it); ``installing`` creates and upgrades procrastinate's own tables.
"""

from __future__ import annotations

from complaintflow.adapters.procrastinate.queue import ProcrastinateQueue, application

__all__ = ["ProcrastinateQueue", "application"]
