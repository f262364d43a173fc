"""An approved policy becomes daily practice: published, taught, put into the system and onto the notices."""

from __future__ import annotations

from typing import Any

import pytest

from complaintflow.facade.views import Case
from complaintflow.testing import Workbench

PROCESS = "policy-roll-out"
POLICY = {"regulation": "office", "title": "Office complaints", "version": "2", "changes": "Answers come sooner."}


def published(bench: Workbench, **more: Any) -> Case:
    """The text is in the office system, and all staff were told."""
    return bench.complete(bench.start(PROCESS, POLICY | more), "publish", place="intranet/policies/office")


def adjusted(bench: Workbench, case: Case) -> Case:
    """System and notices follow the policy."""
    bench.complete(case, "adjust-system", system_adjusted=True)
    return bench.complete(case, "update-notices", notices_updated=True)


def told(case: Case, name: str) -> list[tuple[str, str | None]]:
    """By which way, and to which group, a notice of that name went."""
    return [(notice.channel, notice.to.group) for notice in case.notices() if notice.name == name]


def test_all_staff_are_told_by_the_system_and_by_mail(bench: Workbench) -> None:
    """After approval the policy is published to all staff in the office system and by mail, with its day and its place
    (OFF-7.1.a EMP-6.3)."""
    case = bench.start(PROCESS, POLICY | {"valid_from": "2027-02-01"})
    assert case.task("publish").groups == ("office",)
    assert case.notices() == []
    case = bench.complete(case, "publish", place="intranet/policies/office")
    # No list address is in the policy file: the mail is kept until somebody collects it.
    assert [channel for channel, _ in told(case, "publication")] == ["portal", "collection"]
    assert told(case, "publication")[0][1] == "all-staff"
    for notice in case.notices():
        assert "February 1, 2027" in notice.text
        assert "intranet/policies/office" in notice.text


def test_the_mail_goes_to_the_list_of_the_policy_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The mail goes to the address that the policy file names (OFF-7.1.a)."""
    layer = tmp_path_factory.mktemp("layer")
    folder = layer / "processes" / PROCESS
    folder.mkdir(parents=True)
    (folder / "policy.toml").write_text(
        '[texts.mailing_list]\nvalue = "staff@example.com"\nclause = "OFF-7.1.a"\nfrom = "document"\n'
    )
    bench = Workbench(layers=[layer])
    mail = published(bench).notices()[-1]
    assert (mail.channel, mail.to.address) == ("email", "staff@example.com")
    bench.close()


def test_training_and_supervision_begin(bench: Workbench) -> None:
    """The roll-out begins the training, counted from the publication, and on the day from which the policy holds its
    supervision; it ends when system and notices are adjusted too (OFF-7.1.b OFF-7.2.a OFF-7.3.a OFF-8.5.1 EMP-6.3)."""
    day = bench.calendar.due(bench.now, "20 working days").day
    case = published(bench, valid_from=day.isoformat())
    training = bench.case(case.variables["training"])
    assert (training.process, training.variables["published_at"]) == ("policy-training", case.variables["published_at"])
    case = adjusted(bench, case)
    assert case.status == "active"
    (force,) = [timer.due_at for timer in case.timers if timer.element == "in-force"]
    assert force.astimezone(bench.calendar.zone).date() == day
    bench.just_before(force)
    assert "supervision" not in bench.case(case.id).variables
    bench.at(force)
    case = bench.case(case.id)
    assert case.status == "completed"
    supervision = bench.case(case.variables["supervision"])
    assert (supervision.process, supervision.variables["owner"]) == ("policy-supervision", "office")


def test_a_policy_that_holds_already_is_supervised_at_once(bench: Workbench) -> None:
    """A policy whose day is over is supervised from its publication on, and every owner keeps theirs
    (OFF-7.3.a EMP-6.2 EMP-6.3)."""
    case = adjusted(bench, published(bench, valid_from="2026-01-01", owner="human-resources", regulation="grievance"))
    bench.advance(minutes=1)
    case = bench.case(case.id)
    assert case.status == "completed"
    assert bench.case(case.variables["supervision"]).variables["owner"] == "human-resources"


def test_adjusting_has_a_deadline(bench: Workbench) -> None:
    """The complaint module and the notices at the offline channels are adjusted within the days of the policy file,
    counted from the publication; when these are over the supervisor hears of each (OFF-7.2.a OFF-7.2.b)."""
    case = published(bench)
    system, notices = case.task("adjust-system"), case.task("update-notices")
    assert (system.groups, notices.groups) == (("office-channel-admin",), ("office-box-keeper",))
    due = bench.calendar.due(bench.now, "10 working days").at
    assert (system.due_at, notices.due_at) == (due, due)
    bench.just_before(due)
    assert told(bench.case(case.id), "roll-out-late") == []
    bench.at(due)
    case = bench.case(case.id)
    assert told(case, "roll-out-late") == [("portal", "office-head")] * 2
    assert sorted(case.waiting_for) == ["adjust-system", "update-notices"]
    assert adjusted(bench, case).status == "completed"


def test_what_ends_is_published_and_not_taught(bench: Workbench) -> None:
    """The end of a policy is published and taken off system and notices; nothing is taught or supervised
    (OFF-7.1.a OFF-7.2.a EMP-6.1)."""
    case = published(bench, purpose="end", valid_from="2026-12-31")
    assert {notice.subject for notice in case.notices()} == {"No longer in force: Office complaints"}
    case = adjusted(bench, case)
    assert case.status == "completed"
    assert not {"training", "supervision"} & set(case.variables)


def test_every_path_was_taken(bench: Workbench) -> None:
    """The scenarios above visit every element and flow (OFF-7.1.a OFF-7.2.a OFF-7.2.b)."""
    coverage = bench.coverage(PROCESS)
    print(coverage)
    assert coverage.missing == []
