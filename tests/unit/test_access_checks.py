"""What `complaintflow check` says of access, and the command line at somebody's desk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from complaintflow.access.identity import Person, StaticIdentity
from complaintflow.check import Finding, check_bundle
from complaintflow.cli.app import app
from complaintflow.definition.definition import Bundle
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import FeelSyntaxError, InvalidDiagram, InvalidPolicy
from complaintflow.policy.policy import Policy
from tests.diagrams import document, end, flows, layer, process, start, user

HEAD = '[policy]\nid = "p"\ntitle = "P"\n'
ROLE = '[roles.{0}]\ngroup = "{0}"\nclause = "A"\nfrom = "document"\n'
TAIL = 'clause = "A"\nfrom = "document"\n'
ROLES = HEAD + ROLE.format("handlers") + ROLE.format("reviewers") + ROLE.format("head")
SEPARATED = ROLES + f'[separations.both]\ntasks = ["review"]\napart_from = ["investigate"]\n{TAIL}'
FALLBACK = f'[fallbacks.case]\nrole = "head"\n{TAIL}'
DRAWN = document(
    process(
        start(),
        user("investigate", groups="=[policy.roles.handlers]"),
        user("review", groups="=[policy.roles.reviewers]"),
        user("else", groups="=[whoever]"),
        end(),
        flows("start > investigate > review > else > end"),
    )
)


def bundle(folder: Path, policy: str, drawn: str = DRAWN) -> Bundle:
    return Library(Layers([layer(folder, drawn, policy=policy)], installed=False)).assemble("p")


def staff(**people: str) -> StaticIdentity:
    return StaticIdentity(Person(name, name, frozenset(groups.split())) for name, groups in people.items())


def said(found: list[Finding], severity: str) -> list[str]:
    return [finding.what for finding in found if finding.severity == severity]


def people(tmp_path: Path, policy: str, **there: str) -> list[Finding]:
    """What is found with these people and not without."""
    made = bundle(tmp_path, policy)
    before = check_bundle(made)
    return [finding for finding in check_bundle(made, identity=staff(**there)) if finding not in before]


def test_a_group_without_members(tmp_path: Path) -> None:
    """A task whose group is empty is an error with its element, and says whether a fallback stands behind it."""
    found = people(tmp_path, ROLES + FALLBACK, li="handlers", sun="head")
    [error] = [finding for finding in found if finding.severity == "error"]
    assert error.what == "'review' is for reviewers, where nobody is: the fallback has it"
    assert error.where.endswith("element review")
    assert "reviewers" in error.advice
    assert "nobody could do it" in repr(people(tmp_path, ROLES, li="handlers"))


def test_a_group_of_one(tmp_path: Path) -> None:
    """One member is enough where a fallback has somebody else, and a warning where it has not."""
    assert said(people(tmp_path, ROLES + FALLBACK, li="handlers", he="reviewers", sun="head"), "warning") == []
    alone = said(people(tmp_path, ROLES, li="handlers", he="reviewers"), "warning")
    assert "'investigate' is for handlers, which is li alone, and nobody stands behind" in alone
    same = said(people(tmp_path, ROLES + FALLBACK, li="handlers head", he="reviewers"), "warning")
    assert any("li alone" in what for what in same)
    assert not any("he alone" in what for what in same)


def test_a_fallback_without_members(tmp_path: Path) -> None:
    """An empty fallback is an error at its place in the policy file."""
    found = people(tmp_path, ROLES + FALLBACK, li="handlers", he="reviewers")
    [error] = [finding for finding in found if finding.severity == "error"]
    assert "the fallback group head has no member" in error.what
    assert "policy.toml, line" in error.where


def test_separated_duties_need_two_people(tmp_path: Path) -> None:
    """One person in both groups is too few, a second one or a fallback is enough."""
    few = said(people(tmp_path, SEPARATED, li="handlers reviewers"), "error")
    assert few == ["'investigate' and 'review' need two people, and there is only li"]
    assert said(people(tmp_path, SEPARATED, li="handlers reviewers", he="reviewers"), "error") == []
    assert said(people(tmp_path, SEPARATED + FALLBACK, li="handlers reviewers", sun="head"), "error") == []


def test_a_group_that_only_the_case_knows(tmp_path: Path) -> None:
    """A task whose group a variable names is listed as a note, since nobody can say beforehand."""
    found = people(tmp_path, ROLES + FALLBACK, li="handlers", he="reviewers", sun="head")
    assert said(found, "note") == ["the group of 'else' is known only in the case"]


def test_shared_parts_get_their_groups_from_the_caller() -> None:
    """The archive of the customer process belongs to customer service, though its own diagram only says `group`."""
    found = check_bundle(Library(Layers(())).assemble("customer"), identity=staff(sun="store-manager", li="kitchen"))
    assert any("'Archive file' is for customer-service" in what for what in said(found, "error"))


def test_separations_of_tasks_that_are_not_there(tmp_path: Path) -> None:
    """A misspelt task in a separation is an error with the nearest name, since it would separate nothing."""
    policy = SEPARATED.replace('"investigate"', '"investigat"')
    [finding] = [one for one in check_bundle(bundle(tmp_path, policy)) if one.severity == "error"]
    assert finding.what == "there is no user task 'investigat'"
    assert "investigate" in finding.advice


def test_recusals_that_keep_nobody_out(tmp_path: Path) -> None:
    """A recusal that reads a variable nothing gives, reads nothing, or does not parse, is refused."""
    rule = f'[recusals.them]\nperson = "persns.name"\n{TAIL}'
    found = said(check_bundle(bundle(tmp_path, ROLES + rule)), "error")
    assert found == ["nothing gives the variable 'persns', so this keeps nobody out"]
    with pytest.raises(InvalidPolicy, match="keeps nobody out"):
        Policy.load(ROLES + f"[recusals.them]\n{TAIL}")
    with pytest.raises(FeelSyntaxError):
        bundle(tmp_path / "other", ROLES + rule.replace("persns.name", "persons[")).check()


def form(*fields: dict[str, Any]) -> str:
    return json.dumps({"type": "default", "id": "ask", "schemaVersion": 19, "components": list(fields)})


def textfield(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "textfield", "id": f"Field_{key}", "key": key, "label": key.capitalize(), **more}


ASKED = document(
    process(
        start(),
        user("ask", extension='<zeebe:formDefinition formId="ask" bindingType="deployment"/>'),
        end(),
        flows("start > ask > end"),
    )
)
SEALED = textfield("phone", properties={"sealed": "identity"})


def replaced(tmp_path: Path, fields: list[dict[str, Any]], head: str = "") -> Bundle:
    """A bundle whose form of the layer below seals the telephone number, and another form lies over it."""
    below = layer(tmp_path / "below", ASKED, policy=ROLES)
    (below / "forms" / "p").mkdir(parents=True, exist_ok=True)
    (below / "forms" / "p" / "ask.form").write_text(form(SEALED, textfield("note")), encoding="utf-8")
    top = tmp_path / "top"
    (top / "forms" / "p").mkdir(parents=True)
    (top / "processes" / "p").mkdir(parents=True)
    (top / "forms" / "p" / "ask.form").write_text(form(*fields), encoding="utf-8")
    (top / "processes" / "p" / "policy.toml").write_text(HEAD + head, encoding="utf-8")
    return Library(Layers([top, below], installed=False)).assemble("p")


def test_a_layer_that_takes_a_seal_off(tmp_path: Path) -> None:
    """A form that replaces one and has the field without the mark is refused, by check and by the engine."""
    made = replaced(tmp_path, [textfield("phone")])
    [finding] = [one for one in check_bundle(made) if "sealed" in one.what]
    assert (finding.severity, finding.element) == ("error", "Field_phone")
    assert 'dropped_marks = { "ask/phone.sealed"' in finding.advice
    with pytest.raises(InvalidDiagram, match="sealed"):
        made.check()


def test_a_seal_that_is_taken_off_on_purpose(tmp_path: Path) -> None:
    """With the reason in policy.toml it is a warning that repeats the reason; an empty reason is none."""
    said_so = 'dropped_marks = { "ask/phone.sealed" = "it is the number of the reception" }\n'
    made = replaced(tmp_path, [textfield("phone")], said_so)
    made.check()
    [finding] = [one for one in check_bundle(made) if "sealed" in one.what and one.severity == "warning"]
    assert "the number of the reception" in finding.what


@pytest.mark.parametrize("fields", [[SEALED], [textfield("note")]], ids=["kept", "left-out"])
def test_a_layer_that_keeps_the_seal_or_does_not_ask(tmp_path: Path, fields: list[dict[str, Any]]) -> None:
    """A field that keeps its mark, and a form that no longer asks for it, are nobody's business."""
    made = replaced(tmp_path, fields)
    made.check()
    assert not [one for one in check_bundle(made) if one.severity == "error"]


# -- command line -------------------------------------------------------------------------------

PEOPLE = """
[people.li]
name = "Li Wei"
groups = ["customer-service"]
[people.sun]
name = "Sun Li"
groups = ["store-manager"]
[people.out]
name = "Outsider"
"""


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, str]:
    """A function that runs a command with people known, and the id of a case."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.toml").write_text(PEOPLE, encoding="utf-8")

    def run(*words: str, people: bool = True) -> Result:
        return CliRunner().invoke(app, [*(["--people", "people.toml"] if people else []), *words])

    payload = {"channel": "phone", "content": "Cold, says Song Qing.", "reporter": {"name": "Song Qing"}}
    (tmp_path / "payload.json").write_text(json.dumps(payload), encoding="utf-8")
    started = run("run", "customer", "payload.json", "--json", people=False)
    assert started.exit_code == 0, started.output
    return run, json.loads(started.stdout)["id"]


def test_commands_act_through_a_desk(desk: tuple[Any, str]) -> None:
    """With --as each command shows and does what that person may, and another person's case is not there."""
    run, case_id = desk
    shown = run("show", case_id, "--as", "li")
    assert "[sealed]" in shown.output
    assert "Song Qing" not in shown.output
    assert [task["case_id"] for task in json.loads(run("tasks", "--as", "li", "--json").stdout)] == [case_id]
    assert json.loads(run("tasks", "--as", "sun", "--json").stdout) == []
    for words in (("show", case_id), ("complete", case_id, "investigate", "justified=true"), ("incidents", case_id)):
        refused = run(*words, "--as", "out")
        assert refused.exit_code != 0
        assert "no such case" in refused.output
    assert run("correlate", "anything", "--key", case_id, "--as", "out").exit_code != 0
    done = run("complete", case_id, "investigate", "justified=false", "finding_reason=none", "--actor", "li", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(run("incidents", "--as", "li", "--json").stdout) == []


def test_with_people_somebody_must_say_who_they_are(desk: tuple[Any, str]) -> None:
    """Where people are known nothing is shown to nobody, an unknown name is refused, and --as alone means nothing."""
    run, case_id = desk
    assert "say who you are" in run("tasks").output
    assert "there is nobody with the id 'zhao'" in run("tasks", "--as", "zhao").output
    assert "--as needs --people" in run("tasks", "--as", "li", people=False).output
    two = run("complete", case_id, "investigate", "justified=true", "--as", "li", "--actor", "sun")
    assert "name two people" in two.output
    assert "Song Qing" in run("show", case_id, people=False).output


def test_check_with_people(desk: tuple[Any, str]) -> None:
    """`check --people` finds the tasks of an empty group, and ends with 1."""
    run, _ = desk
    checked = run("check", "office", "--json")
    assert checked.exit_code == 1
    assert any("where nobody is" in finding["what"] for finding in json.loads(checked.stdout)[0]["findings"])
