"""Where the values of a case are sealed to: in another place, none of them opens."""

from __future__ import annotations

import functools
import json

from complaintflow.store.rows import CaseRow


def state_place(row: CaseRow) -> str:
    """Where a state is sealed to: a plain column that somebody else changed, and it does not open."""
    until = row.keep_until.isoformat() if row.keep_until is not None else ""
    moving = f'{row.version}, "{row.status}", {row.length}, "{row.head.hex()}", "{until}"'
    return f"state:[{moving}, {_still(row.held, row.process, row.bundle, row.key)}"


@functools.lru_cache(1_024)
def _still(*columns: bool | str | None) -> str:
    """The end of a JSON list: what hardly ever changes, and may need escapes."""
    return json.dumps(columns)[1:]


def history_place(seq: int) -> str:
    """Where an entry's detail is sealed to."""
    return f"history:{seq}"


def incident_place(token: int) -> str:
    """Where an incident's detail is sealed to."""
    return f"incident:{token}"


def notice_place(token: int) -> str:
    """Where a notice's content is sealed to."""
    return f"notice:{token}"
