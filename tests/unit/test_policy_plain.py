"""Two readers of policy files that agree: ours for what is plainly right, pydantic for everything else."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from complaintflow.policy import plain as policy_plain
from complaintflow.policy.format import CLASSES, Sections
from complaintflow.policy.policy import Policy

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(ROOT.glob("processes/*/policy.toml"))
PYDANTIC = TypeAdapter(Sections)
OF_ALL = {"clause": "A-1", "from": "document", "why": "x", "label": {"en": "x"}}
SAMPLE: dict[str, Any] = {
    "policy": {
        "id": "p", "title": "P", "country": "CN", "hours": {"mon-fri": ["09:00", "18:00"]}, "weekend": ["sat"],
        "extra_days_off": ["2027-02-11"], "confirmed_years": [2027], "dropped_marks": {"a.commits": "why"},
    },
    "deadlines": {"a": {**OF_ALL, "within": "3 days", "ends": "exact", "roll": True, "pauses_in": ["x"]}},
    "repeats": {"a": {**OF_ALL, "every": "7 days", "times": 3}},
    "roles": {"a": {**OF_ALL, "group": "g"}},
    "bounds": {"a": {**OF_ALL, "value": 2}},
    "amounts": {"a": {**OF_ALL, "value": "500.00", "currency": "CNY"}},
    "texts": {"a": {**OF_ALL, "value": "t"}},
    "lists": {"a": {**OF_ALL, "value": ["t"]}},
    "retention": {"a": {**OF_ALL, "keep": "3 years"}},
    "switches": {"a": {**OF_ALL, "value": False}},
    "openings": {"a": {**OF_ALL, "hours": {"mon": ["09:00", "10:00"]}}},
    "access": {"a": {**OF_ALL, "roles": ["a"]}},
    "sealed": {"a": {**OF_ALL, "roles": ["a"]}},
    "recusals": {"a": {**OF_ALL, "person": "x", "group": "y"}},
    "separations": {"a": {**OF_ALL, "tasks": ["x"], "apart_from": ["y"]}},
    "fallbacks": {"a": {**OF_ALL, "role": "a"}},
    "receipts": {"case": {**OF_ALL, "enabled": True, "messages": {"m": ["v"]}, "tasks": {"t": {"f": "v"}}}},
    "attachments": {"case": {**OF_ALL, "file_megabytes": 1, "types": ["image/*"]}},
    "facts": {"a": {**OF_ALL, "value": "x", "kind": "person"}},
    "figures": {"case": {**OF_ALL, "smallest": 3, "feedback": ["a"], "persons": ["a"]}},
    "surges": {"a": {**OF_ALL, "of": ["a"], "more_than": 5, "within": "24 hours", "starts": "p"}},
}  # fmt: skip
OTHERS: list[Any] = [
    None, True, 0, 1, -1, 2.0, 1.5, 10**20, "", "x", " 1.50", "1e5", "١", "-0.0", "2027-02-30", "2027-02-11",
    "2027-2-1", "2027-02-11T00:00:00", "3 days", "default", "case", [], ["x"], [1], [None], {}, {"x": "y"},
    {"x": ["y"]}, {"x": 1},
]  # fmt: skip


def both(tables: object) -> tuple[Sections | None, Sections | None]:
    """What ours and what pydantic makes of the tables; None where it refuses."""
    stored = json.dumps(tables)
    plain = policy_plain.read(json.loads(stored))
    try:
        return plain, PYDANTIC.validate_json(stored)
    except ValueError:
        return plain, None


def variations(value: Any) -> Iterator[Any]:
    """The value with one of its parts, at any depth, replaced, left out or joined by a stranger."""
    yield from OTHERS
    if isinstance(value, dict):
        yield {**value, "stranger": "x"}
        for key, part in value.items():
            yield {other: one for other, one in value.items() if other != key}
            for one in variations(part):
                yield {**value, key: one}
    elif isinstance(value, list):
        yield [*value, *value]
        for one in variations(value[0]):
            yield [one]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.parent.name)
def test_shipped_files_are_read_by_ours(file: Path) -> None:
    """What ships needs no pydantic."""
    text = file.read_text(encoding="utf-8")
    Policy.load(text)
    plain, checked = both(json.loads(json.dumps(tomllib.loads(text), default=str)))
    assert plain is not None
    assert plain == checked


def test_every_section_is_in_the_sample() -> None:
    """The comparison below sees each kind of entry, and ours reads the sample."""
    assert SAMPLE.keys() == CLASSES.keys()
    plain, checked = both(SAMPLE)
    assert plain is not None
    assert plain == checked


@pytest.mark.parametrize("section", CLASSES)
def test_ours_accepts_nothing_that_pydantic_refuses(section: str) -> None:
    """Whatever is put in place of any part of a section, ours leaves it to pydantic or reads the same from it."""
    compared = 0
    for varied in variations(SAMPLE[section]):
        tables = {"policy": SAMPLE["policy"], section: varied}
        plain, checked = both(tables)
        if plain is not None:
            assert checked is not None, varied
            assert repr(plain) == repr(checked), varied
            compared += 1
    assert compared > 5
