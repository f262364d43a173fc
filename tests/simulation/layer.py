"""What this organisation adds to the shipped procedures: its shops, too, answer to many complaints of one kind.

A small year empties its boxes less often, for each round is a case with its own work.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from tests import diagrams as d


@dataclass(frozen=True, slots=True)
class Rule:
    """A surge of a policy: similar are complaints of which these facts are the same."""

    policy: str
    name: str
    of: tuple[str, ...]
    more_than: int
    within: timedelta


OWN: Final = (
    Rule("customer", "crowd", ("type", "department"), 5, timedelta(hours=24)),
    Rule("customer", "rush", ("department",), 3, timedelta(hours=72)),
)
ALARM: Final = "alarm"
"""The process that a surge of this layer begins."""
_HEAD: Final = f'[policy]\nid = "{ALARM}"\ntitle = "Alarm"\nsource = "test"\ncountry = "CN"\nzone = "Asia/Shanghai"\n'
_OURS: Final = 'clause = "S-1"\nfrom = "default"\nwhy = "Tried out for a year."\n'
_BOXES: Final = ("office-boxes", "whistleblower-boxes", "grievance-box")
_SHIPPED: Final = Path(__file__).resolve().parents[2] / "processes"


def layer(folder: Path, *, rounds: str = "") -> Path:
    """Write it; to be given to ``Engine(layers=[...])``. ``rounds``: how often boxes are emptied, as "2 months"."""
    diagram = d.process(d.start(), d.user("act"), d.end(), d.flows("start > act > end"), name=ALARM)
    d.layer(folder, d.document(diagram), name=ALARM, policy=_HEAD)
    for policy in {rule.policy for rule in OWN}:
        home = folder / "processes" / policy
        home.mkdir(parents=True)
        tables = "\n".join(_table(rule) for rule in OWN if rule.policy == policy)
        (home / "policy.toml").write_text(tables, encoding="utf-8")
    for box in _BOXES if rounds else ():
        home = folder / "processes" / box
        home.mkdir(parents=True)
        (home / "policy.toml").write_text(f'[repeats.box_round]\nevery = "{rounds}"\n{_OURS}', encoding="utf-8")
    return folder


def setting(policy: str) -> dict[str, Any]:
    """The policy file of a process, parsed; what a layer adds to it are surges alone."""
    if policy == ALARM:
        return tomllib.loads(_HEAD)
    return tomllib.loads((_SHIPPED / policy / "policy.toml").read_text(encoding="utf-8"))


def rules() -> Iterator[Rule]:
    """Every surge that is looked for: the shipped ones, and those of this layer."""
    yield from OWN
    for file in sorted(_SHIPPED.glob("*/policy.toml")):
        for name, one in setting(file.parent.name).get("surges", {}).items():
            number, unit = one["within"].split()
            within = timedelta(**{f"{unit.rstrip('s')}s": float(number)})
            of = tuple(one.get("of", ("type", "department")))
            yield Rule(file.parent.name, name, of, one["more_than"], within)


def _table(rule: Rule) -> str:
    facts = ", ".join(f'"{fact}"' for fact in rule.of)
    hours = rule.within // timedelta(hours=1)
    return (
        f'[surges.{rule.name}]\nof = [{facts}]\nmore_than = {rule.more_than}\nwithin = "{hours} hours"\n'
        f'starts = "{ALARM}"\n{_OURS}'
    )
