"""``run_process``: the whole library in one call."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Mapping
from typing import Any, Final

from complaintflow.facade.engine import Engine
from complaintflow.facade.views import Case
from complaintflow.logs import about

log = logging.getLogger("complaintflow")

DATABASE_VARIABLE: Final = "COMPLAINTFLOW_DATABASE_URL"
DEFAULT_DATABASE: Final = "sqlite:///complaintflow.db"

_engines: dict[str, Engine] = {}
_lock = threading.Lock()


def database_url() -> str:
    """The database of this process: the environment's, else a file in the working directory."""
    return os.environ.get(DATABASE_VARIABLE) or DEFAULT_DATABASE


def default_engine() -> Engine:
    """The engine that ``run_process`` uses, made once per database and named once in the log."""
    url = database_url()
    # A relative file belongs to the directory it was first opened in.
    place = f"{os.getcwd()}|{url}"
    with _lock:
        engine = _engines.get(place)
        if engine is None:
            engine = _engines[place] = Engine(url)
            atexit.register(engine.close)
            place = url if "@" not in url else url.rpartition("@")[2]
            log.info("cases are kept in %s", place, extra=about("store-opened", database=place))
        return engine


def run_process(process: str, payload: Mapping[str, Any], *, key: str | None = None, actor: str | None = None) -> Case:
    """Start a case of a shipped process (or of an installed one) and run it to its first person.

    Args:
        process: the process id, e.g. "customer".
        payload: the intake, e.g. ``{"channel": "phone", "content": "The soup arrived cold."}``.
        key: your own name for the case.
        actor: who files it.

    The database is the one in ``COMPLAINTFLOW_DATABASE_URL``, else ``sqlite:///complaintflow.db`` here.

    Raises:
        ComplaintflowError: see ``Engine`` and ``Engine.start``; nothing was written.
    """
    return default_engine().start(process, payload, key=key, actor=actor)
