"""A small procedure with every kind of fact, and cases of it that people handle well, badly or not at all."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from complaintflow.facade.engine import Engine
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.clock import VirtualClock
from tests.diagrams import boundary, document, end, flows, layer, process, start, sub, timer, user

_OF = 'clause = "T-1"\nfrom = "document"\n'
_SATISFIED = (
    'if get or else(satisfaction, "not_reached") = "not_reached" then null else satisfaction in '
    '("satisfied", "very_satisfied")'
)
_COST = (
    "if count(get or else(costs, [])) = 0 then null else context(for b in distinct values(costs.bearer) return "
    "{key: b, value: sum(costs[bearer = b].amount)})"
)
FACTS: Final = {
    "type": ("kind", "category"),
    "department": ("place.group", "category"),
    "accepted": ("accepted", "boolean"),
    "handled": ("if get or else(done, null) = null then null else true", "boolean"),
    "satisfied": (_SATISFIED, "boolean"),
    "score": ("score", "number"),
    "cost": (_COST, "money"),
    "handler": ("handler", "person"),
    "reopened": ("get or else(rounds, 0) > 0", "boolean"),
    "working_days": ("working_days_between(case.started_at, now())", "number"),
}
POLICY: Final = (
    '[policy]\nid = "small"\ntitle = "Small"\nsource = "test"\ncountry = "CN"\nzone = "Asia/Shanghai"\n'
    f'[deadlines.answer]\nwithin = "5 working days"\nmet_by = ["work"]\n{_OF}'
    f'[deadlines.step]\nwithin = "2 working days"\n{_OF}'
    f'[deadlines.reminder]\nwithin = "1 working day"\npromise = false\n{_OF}'
    f'[roles.clerk]\ngroup = "clerks"\n{_OF}'
    f'[access.figures]\nroles = ["clerk"]\n{_OF}'
    f'[figures.case]\nsmallest = 4\nfeedback = ["answer"]\npersons = ["handler"]\n{_OF}'
    + "".join(
        f"[facts.{name}]\nvalue = '''{value}'''\nkind = \"{kind}\"\n{_OF}" for name, (value, kind) in FACTS.items()
    )
)
FIRST: Final = datetime.fromisoformat("2026-06-20T09:00:00+08:00")


def procedure(folder: Path) -> Path:
    """The layer: assess, work (two promises and a reminder), ask."""
    late = sub(
        "handling",
        start("begin"),
        user("work", due='deadline("step", now())'),
        boundary("step-late", "work", timer(at='=deadline("step", now())'), interrupting=False),
        boundary("remind", "work", timer(at='=deadline("reminder", now())'), interrupting=False),
        end("worked"),
        end("urged"),
        end("reminded"),
        flows("begin > work > worked", "step-late > urged", "remind > reminded"),
    )
    xml = document(
        process(
            start(),
            user("assess"),
            late,
            boundary("answer-late", "handling", timer(at='=deadline("answer", case.started_at)'), interrupting=False),
            end("told"),
            user("ask"),
            end(),
            flows("start > assess > handling > ask > end", "answer-late > told"),
            name="small",
        )
    )
    return layer(folder, xml, name="small", policy=POLICY)


def engine(folder: Path, database: str = "sqlite://", **options: Any) -> Engine:
    """An engine with the procedure, at the beginning of the story."""
    return Engine(database, layers=[procedure(folder)], clock=VirtualClock(FIRST), keys=KeyRing.fresh(), **options)


def live(engine: Engine, cases: int, seed: int) -> None:
    """Let so many cases happen between June and November."""
    chosen, clock = random.Random(seed), engine.clock
    assert isinstance(clock, VirtualClock)
    agenda: list[tuple[datetime, int, Callable[[], None]]] = []

    def later(hours: float, act: Callable[[], None]) -> None:
        heapq.heappush(agenda, (clock.now() + timedelta(hours=hours), len(agenda) + chosen.randrange(10**9), act))

    def begin() -> None:
        case_id = engine.start("small", {"kind": chosen.choice(["food", "food", "service", "price", None])}).id
        for number, (element, patience) in enumerate((("assess", 40), ("work", 150), ("ask", 100)), 1):
            if chosen.random() < 0.06:
                return
            hours = sum(chosen.random() * patience for _ in range(number))
            steps.append((case_id, element, hours))

    steps: list[tuple[str, str, float]] = []

    def step(case_id: str, element: str) -> Callable[[], None]:
        def act() -> None:
            case = engine.case(case_id)
            if case.status != "active" or element not in [task.element for task in case.tasks]:
                return
            if chosen.random() < 0.04:
                engine.cancel(case_id, "withdrawn")
                return
            case.complete(element, _said(element, chosen), actor="li.wei")

        return act

    for _ in range(cases):
        later(chosen.random() * 24 * 125, begin)
    while agenda:
        at, _, act = heapq.heappop(agenda)
        clock.set(at)
        engine.drain()
        act()
        delay = 0.0
        for case_id, element, hours in steps:
            delay += hours
            later(delay, step(case_id, element))
        steps.clear()
    engine.drain()


def _said(element: str, chosen: random.Random) -> dict[str, Any]:
    if element == "assess":
        groups: list[dict[str, str] | None] = [{"group": "kitchen"}, {"group": "hall"}, {"group": "cellar"}, None]
        place = chosen.choices(groups, weights=[10, 8, 1, 1])[0]
        return {"accepted": chosen.random() < 0.7, "place": place, "kind": chosen.choice(["food", "service", "price"])}
    if element == "work":
        return {
            "done": True,
            "handler": chosen.choice(["Zhao Min", "Li Wei", "li  wei"]),
            "rounds": chosen.choice([0, 0, 1]),
        }
    words = {"very_satisfied": 5, "satisfied": 4, "dissatisfied": 2, "not_reached": None}
    word = chosen.choice(list(words))
    bearers = ["company", "supplier"]
    costs = [
        {"bearer": chosen.choice(bearers), "amount": chosen.randrange(1, 9999) / 100}
        for _ in range(chosen.choice([0, 1, 3]))
    ]
    return {"satisfaction": word, "score": words[word], "costs": costs}
