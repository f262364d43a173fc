"""Checks of deadlines against each other: reminders in time, steps within the promise around them."""

from __future__ import annotations

from pathlib import Path

import pytest

from complaintflow.check import Finding, check_bundle
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from tests.diagrams import boundary, document, end, flows, layer, process, start, timer, user

CLAUSE = 'clause = "T-1"\nfrom = "document"\n'


def policy(**deadlines: str) -> str:
    """A policy file with these deadlines: name -> interval, with more keys after a semicolon."""
    text = '[policy]\nid = "p"\ntitle = "Test"\n'
    for name, said in deadlines.items():
        interval, _, more = said.partition(";")
        text += f'\n[deadlines.{name}]\nwithin = "{interval}"\n{more.strip()}\n{CLAUSE}'
    return text


def found(folder: Path, values: str, *, reminder: str = "reply_reminder", due: str = "reply") -> list[Finding]:
    """What is said of a task that is due at one deadline and reminded of at another."""
    xml = document(
        process(
            start(),
            user("answer", due=f'deadline("{due}", now())'),
            boundary("remind", "answer", timer(at=f'=deadline("{reminder}", now())'), interrupting=False),
            end(),
            end("reminded"),
            flows("start > answer > end", "remind > reminded"),
        )
    )
    bundle = Library(Layers([layer(folder, xml, policy=values)], installed=False)).assemble("p")
    return [finding for finding in check_bundle(bundle) if finding.severity != "note"]


@pytest.mark.parametrize(
    ("reminder", "reply", "late"),
    [
        ("2 working days", "3 working days", False),
        ("4 working days", "3 working days", True),
        ("3 working days", "3 working days", True),
        ("2 days", "1 week", False),
        ("8 days", "1 week", True),
        ("20 hours", "1 working day", False),
        ("6 working days", "7 days", True),
        ("1 month", "29 days", True),
    ],
)
def test_a_reminder_comes_before_what_it_reminds_of(tmp_path: Path, reminder: str, reply: str, late: bool) -> None:
    """A deadline named <name>_reminder that is no earlier than <name>, in any units, is a warning with its line."""
    findings = found(tmp_path, policy(reply=reply, reply_reminder=reminder))
    assert [finding.severity for finding in findings] == ["warning"] * late
    for finding in findings:
        assert finding.what == f"the reminder reply_reminder ({reminder}) comes no earlier than reply ({reply})"
        assert "policy.toml, line 11" in finding.where


def test_a_reminder_is_also_known_by_where_it_stands(tmp_path: Path) -> None:
    """A reminder of another name belongs to the deadline at the same activity that starts with it."""
    values = policy(department_reply="1 working day", department_reminder="2 working days")
    [finding] = found(tmp_path, values, reminder="department_reminder", due="department_reply")
    assert "department_reminder (2 working days) comes no earlier than department_reply" in finding.what
    assert "element answer" in finding.where


def test_a_step_is_not_longer_than_the_promise_around_it(tmp_path: Path) -> None:
    """A deadline that outlasts the one it is inside is a warning; one that fits is not."""
    fits = policy(reply='5 days; inside = "whole"', reply_reminder="1 day", whole="5 days")
    assert found(tmp_path / "fits", fits) == []
    long = policy(reply='6 days; inside = "whole"', reply_reminder="1 day", whole="5 days")
    [finding] = found(tmp_path / "long", long)
    assert finding.what == "the deadline reply (6 days) ends after whole (5 days), inside which it lies"
