"""A promise that was kept while its clock runs on: what comes after moves it, and the last word counts once."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from complaintflow.facade.engine import Engine
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.clock import VirtualClock
from tests.diagrams import boundary, document, end, flows, layer, process, start, sub, timer, user

_OF = 'clause = "T-1"\nfrom = "document"\n'
_POLICY = (
    '[policy]\nid = "again"\ntitle = "Again"\nsource = "test"\ncountry = "CN"\nzone = "Asia/Shanghai"\n'
    f'[deadlines.answer]\nwithin = "5 days"\npauses_in = ["wait"]\nmet_by = ["tell"]\n{_OF}'
)
_FIRST = datetime.fromisoformat("2026-06-20T09:00:00+08:00")


def _procedure(folder: Path) -> Path:
    handling = sub(
        "handling",
        start("begin"),
        user("tell"),
        user("settle"),
        user("wait"),
        user("more"),
        end("done"),
        flows("begin > tell > settle > wait > more > done"),
    )
    late = boundary("late", "handling", timer(at='=deadline("answer", case.started_at)'), interrupting=False)
    xml = document(
        process(
            start(), handling, late, end("urged"), end(), flows("start > handling > end", "late > urged"), name="again"
        )
    )
    return layer(folder, xml, name="again", policy=_POLICY)


def test_a_promise_is_promised_once(tmp_path: Path) -> None:
    """Kept, paused and resumed, it is moved: its entries are of one promise, due when it was last said to be."""
    clock = VirtualClock(_FIRST)
    engine = Engine("sqlite://", layers=[_procedure(tmp_path)], clock=clock, keys=KeyRing.fresh())
    case = engine.start("again", {})
    for task in ("tell", "settle", "wait", "more"):
        clock.advance(timedelta(hours=30))
        engine.case(case.id).complete(task, {}, actor="li.wei")
    with engine.store.reading() as tx:
        told = [(row.event, row.value) for row in tx.history(case.id) if row.name == "again/answer"]
    first, again = told[0][1], told[2][1]
    assert told[:3] == [("promised", first), ("kept", first), ("moved", again)]
    assert [event for event, _ in told[3:]] == ["dropped"]
    assert first is not None
    assert again is not None
    assert again > first
    (found,) = (one for one in engine.figures("again", "2026-06") if one.id == "breaches" and not one.by)
    assert (found.numerator, found.denominator) == (0, 0)
    engine.close()
