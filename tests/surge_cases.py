"""A small procedure whose policy has surges, and what they begin."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

from complaintflow.facade.engine import Engine
from complaintflow.sealing.keys import KeyRing
from complaintflow.time.clock import VirtualClock
from tests import diagrams as d

_OF: Final = 'clause = "T-1"\nfrom = "document"\n'
FIRST: Final = datetime.fromisoformat("2026-06-20T09:00:00+08:00")


def policy(*, more_than: int = 5, within: str = "24 hours", starts: str = "plan", extra: str = "") -> str:
    """The policy file: complaints are similar by kind and place."""
    return (
        '[policy]\nid = "shop"\ntitle = "Shop"\nsource = "test"\ncountry = "CN"\nzone = "Asia/Shanghai"\n'
        f'[facts.type]\nvalue = "kind"\nkind = "category"\n{_OF}'
        f'[facts.department]\nvalue = "place.group"\nkind = "category"\n{_OF}'
        f'[roles.clerk]\ngroup = "clerks"\n{_OF}[access.figures]\nroles = ["clerk"]\n{_OF}'
        f'[surges.similar]\nmore_than = {more_than}\nwithin = "{within}"\nstarts = "{starts}"\n{_OF}'
        f'label = {{ en = "Similar complaints" }}\n{extra}'
    )


def procedure(folder: Path, text: str | None = None) -> Path:
    """The layer: ``shop`` with one task that may say where it was; ``plan`` with a job and a task."""
    shop = d.process(d.start(), d.user("look"), d.end(), d.flows("start > look > end"), name="shop")
    plan = d.process(
        d.start(),
        d.script("note", "seen", 'string(surge.count) + " of " + surge.of.type'),
        d.user("act"),
        d.end(),
        d.flows("start > note > act > end"),
        name="plan",
    )
    d.layer(folder, d.document(shop), name="shop", policy=text or policy())
    head = '[policy]\nid = "plan"\ntitle = "Plan"\nsource = "test"\ncountry = "CN"\nzone = "Asia/Shanghai"\n'
    return d.layer(folder, d.document(plan), name="plan", policy=head)


def engine(folder: Path, text: str | None = None, database: str = "sqlite://", **options: Any) -> Engine:
    """An engine with the procedure, at the beginning of the story."""
    options = {"clock": VirtualClock(FIRST), "keys": KeyRing.fresh(), **options}
    return Engine(database, layers=[procedure(folder, text)], **options)


def file(engine: Engine, kind: str = "late", place: str | None = "kitchen") -> str:
    """File a complaint; without a place it is not known where."""
    return engine.start("shop", {"kind": kind, "place": {"group": place} if place is not None else None}).id


def plans(engine: Engine) -> list[str]:
    """Ids of the cases that surges began, the oldest first."""
    with engine.store.reading() as tx:
        return tx.case_ids(process="plan")[::-1]
