"""Answers that people might give to any form: drawn at random, and such that the form lets them in."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from complaintflow.facade.views import Surroundings
from complaintflow.formjs import Form
from complaintflow.formjs.describing import Prompt

PEOPLE: Final = tuple(
    f"{family} {given}"
    for family in ("Chen", "Wang", "Liu", "Huang", "Zhou", "Wu")
    for given in ("Jie", "Fang", "Tao", "Lin", "Min")
)
"""Who works here; nobody of them is complained about."""

# How often yes, where it decides how a case goes on; anything else is yes two times in five.
_YES: Final[Mapping[str, float]] = {
    "accepted": 0.8, "admissible": 0.85, "agrees": 0.75, "approved": 0.7, "at_once": 0.6, "award_upholds": 0.5,
    "carried_out": 0.85, "clear_facts": 0.92, "complete": 0.85, "compliant": 0.85, "complex": 0.25, "confirmed": 0.7,
    "conflict": 0.08, "conflict_free": 0.92, "absent": 0.05, "done_as_agreed": 0.85, "duty_noticed": 0.95,
    "evidence_sign_off": 1.0, "evidence_sufficient": 0.9, "executed": 0.85, "fair_demand": 0.5, "formal": 0.9,
    "heard": 0.95, "is_ours": 0.8, "justified": 0.75, "lawful_procedure": 0.92, "major": 0.15, "more_evidence": 0.1,
    "note_right": 0.9, "outside": 0.05, "proven": 0.6, "reasonable": 0.8, "reasonable_proposal": 0.92,
    "reconsider": 0.3, "recurred": 0.1, "retaliation_confirmed": 0.4, "signed": 0.97, "staff_understood": 0.95,
    "still_objects": 0.3, "sufficient_evidence": 0.92, "take_over": 0.3, "upheld": 0.3, "urgent": 0.08,
    "verified": 0.88, "wide_impact": 0.1, "serious_consequences": 0.1, "anonymous": 0.0, "quick_note": 0.0,
}  # fmt: skip
# Of choices: who is asked stays silent a third of the time.
_CHOSEN: Final[Mapping[str, Mapping[object, float]]] = {
    "satisfaction": {
        "very_satisfied": 3, "satisfied": 5, "neutral": 2, "dissatisfied": 2, "very_dissatisfied": 1,
        "not_reached": 6,
    },
    "urgency": {"normal": 8, "urgent": 1},
    "ground": {"none": 0.3},
    "reporter_contact": {"reached": 5, "no_way": 1},
}  # fmt: skip
_PAST: Final = ("occurred", "received", "discovered", "collected", "_at", "done", "held", "inspected")
_NAMES: Final = ("investigator", "tracker", "lead", "arbitrator", "name", "by", "person", "owner", "responsible")
_KEY: Final = re.compile(r"([^.\[\]]+)|\[([0-9]+)\]")
_ROUNDS: Final = 6


def answer(form: Form, around: Surroundings, chosen: random.Random, cases: Sequence[str] = ()) -> dict[str, Any]:
    """What somebody fills in: all that is required, and some of the rest. Where a case is asked for it is one of these.

    What is shown depends on what was answered, so the form is asked again until it asks for nothing new.
    """
    data: dict[str, Any] = {}
    asked: set[str] = set()
    for _ in range(_ROUNDS):
        prompts = form.describe("en", {}, data, around.variables, functions=around.functions)
        for prompt in prompts:
            if prompt.type == "dynamiclist" and prompt.field not in asked and "[" not in prompt.field:
                asked.add(prompt.field)
                if isinstance(prompt.value, list) and chosen.random() < 0.25:
                    _put(data, prompt.field, [{} for _ in range(len(prompt.value) + 1)])
        prompts = form.describe("en", {}, data, around.variables, functions=around.functions)
        fresh = [one for one in prompts if one.field not in asked and one.type != "dynamiclist"]
        if not fresh:
            break
        for prompt in fresh:
            asked.add(prompt.field)
            asks = prompt.field.rpartition(".")[2] == "case"
            value = chosen.choice(cases) if asks and cases else _drawn(prompt, around.today, chosen)
            if value is not None:
                _put(data, prompt.field, value)
    return data


def _drawn(prompt: Prompt, today: date, chosen: random.Random) -> object:
    name = prompt.field.rpartition(".")[2]
    if prompt.value not in (None, "", [], False) and chosen.random() < 0.8:
        return prompt.value
    if prompt.type == "checkbox":
        return prompt.required or chosen.random() < _YES.get(name, 0.4)
    if prompt.options:
        return _choice(prompt, name, chosen)
    if prompt.type in ("radio", "select", "checklist", "taglist", "filepicker"):
        return None
    if not prompt.required and chosen.random() < 0.5:
        return None
    if prompt.type == "number":
        return _number(name, chosen)
    if prompt.type == "datetime":
        return _moment(prompt.hint, name, today, chosen)
    return _text(prompt, name, chosen)


def _choice(prompt: Prompt, name: str, chosen: random.Random) -> object:
    values = [option.value for option in prompt.options]
    if prompt.type in ("checklist", "taglist"):
        return chosen.sample(values, min(len(values), chosen.choice((1, 1, 2))))
    if not prompt.required and chosen.random() < 0.3:
        return None
    if all(isinstance(value, bool) for value in values):
        wanted = chosen.random() < _YES.get(name, 0.4)
        return wanted if wanted in values else values[0]
    weights = _CHOSEN.get(name, {})
    return chosen.choices(values, [weights.get(str(value), 1.0) for value in values])[0]


def _number(name: str, chosen: random.Random) -> object:
    if name == "amount":
        return chosen.randrange(100, 500_000) / 100
    return {"entitled": 5, "present": chosen.choice((3, 4, 5, 5))}.get(name, chosen.randrange(1, 9))


def _moment(hint: str, name: str, today: date, chosen: random.Random) -> str:
    past = any(part in name for part in _PAST)
    day = today - timedelta(days=chosen.randrange(1, 20)) if past else today + timedelta(days=chosen.randrange(1, 25))
    zone = "+08:00" if "offset" in hint else ""
    if hint.startswith("a time"):
        return f"10:30{zone}"
    return f"{day}T10:30{zone}" if hint.startswith("a date and time") else day.isoformat()


def _text(prompt: Prompt, name: str, chosen: random.Random) -> str:
    if "phone" in name:
        return "555-0100"
    if "mail" in name:
        return "zhao.min@example.com"
    if prompt.type == "textfield" and any(part in name for part in _NAMES):
        return chosen.choice(PEOPLE)
    return f"Looked into and written down, note {chosen.randrange(10_000)}."


def _put(data: dict[str, Any], field: str, value: object) -> None:
    """At a field such as ``persons[1].role``; rows count from 1."""
    keys = [int(row) - 1 if row else key for key, row in _KEY.findall(field)]
    level: Any = data
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        if isinstance(key, int):
            level.extend({} for _ in range(key + 1 - len(level)))
        if following is None:
            level[key] = value
            return
        if isinstance(level, dict):
            level = level.setdefault(key, [] if isinstance(following, int) else {})
        else:
            level = level[key]
