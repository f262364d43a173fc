"""A complaint desk in a FastAPI application: file a complaint, see the inbox, complete a task.

It is served, not run, and needs FastAPI and a web server:

    pip install 'complaintflow[web]' uvicorn
    uvicorn --app-dir examples 03_web_view:app

Then http://127.0.0.1:8000/docs has a page to try it.
"""

import os
import sys
from contextlib import asynccontextmanager
from typing import Any

try:
    from fastapi import FastAPI, HTTPException
except ImportError:
    sys.exit("This example needs FastAPI and a web server: pip install 'complaintflow[web]' uvicorn")

from complaintflow import ComplaintflowError, Engine, InvalidData

if __name__ == "__main__":
    sys.exit("This example is a web application. Serve it: uvicorn --app-dir examples 03_web_view:app")

engine = Engine(os.environ.get("COMPLAINTFLOW_DATABASE_URL", "sqlite:///complaints.db"))


@asynccontextmanager
async def lifespan(_: FastAPI):  # type: ignore[no-untyped-def]
    """Deadlines need somebody who watches the clock: a thread of this process does."""
    engine.start_worker()
    yield
    engine.close()


app = FastAPI(lifespan=lifespan)


@app.post("/complaints", status_code=201)
def file_complaint(payload: dict[str, Any]) -> dict[str, Any]:
    """The intake form of the process decides what is required."""
    try:
        case = engine.start("customer", payload, actor="web")
    except InvalidData as error:
        raise HTTPException(422, {"error": error.what, "problems": error.problems}) from None
    return {"case": case.id, "waiting_for": case.waiting_for}


@app.get("/inbox/{role}")
def inbox(role: str) -> list[dict[str, Any]]:
    """The open tasks of a role, the earliest due first."""
    return [{"task": t.id, "name": t.name, "due": t.due_at} for t in engine.tasks(role=role)]


@app.post("/tasks/{task_id}")
def complete(task_id: str, data: dict[str, Any], actor: str) -> dict[str, Any]:
    """Complete a task; its form decides what is accepted."""
    try:
        case = engine.complete(task_id, data, actor=actor)
    except InvalidData as error:
        raise HTTPException(422, {"error": error.what, "problems": error.problems}) from None
    except ComplaintflowError as error:
        raise HTTPException(409, error.what) from None
    return {"status": case.status, "waiting_for": case.waiting_for}
