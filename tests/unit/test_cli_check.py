"""Checks: everything wrong is listed, and nothing makes them fail."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_samples import (
    BROKEN_BPMN,
    INTAKE,
    INVESTIGATE,
    LABELS,
    NOTICE,
    POLICY,
    SAMPLE_BPMN,
    component,
    form,
    write_layer,
)
from click.testing import CliRunner, Result

from complaintflow.check import Finding, check_alone, check_bundle, check_file, unused_files
from complaintflow.check.finding import guarded
from complaintflow.check.numbers import intervals
from complaintflow.cli.app import app
from complaintflow.definition.definition import Bundle
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.time.interval import Interval

Change = Callable[[str, str, str], None]
BPMN = "processes/sample/sample.bpmn"
TOML = "processes/sample/policy.toml"
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
EXTERNAL = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.fixture
def layer(tmp_path: Path) -> Path:
    """The samples in a folder."""
    return write_layer(tmp_path / "layer")


@pytest.fixture
def change(layer: Path) -> Change:
    """Replaces a text in a file of the layer."""

    def replace(path: str, old: str, new: str) -> None:
        text = (layer / path).read_text(encoding="utf-8")
        assert old in text
        (layer / path).write_text(text.replace(old, new), encoding="utf-8")

    return replace


def bundle(layer: Path, process: str = "sample") -> Bundle:
    return Library(Layers([layer], installed=False)).assemble(process)


def said(findings: list[Finding], severity: str) -> list[str]:
    return [finding.what for finding in findings if finding.severity == severity]


def test_a_sound_process_has_no_findings(layer: Path) -> None:
    """The sample itself is clean: no error, no warning, no note."""
    assert check_bundle(bundle(layer)) == []


def test_the_shipped_processes_have_no_errors() -> None:
    """Nothing that we ship is refused by our own check."""
    library = Library(Layers(installed=False))
    for process in library.layers.processes():
        assert said(check_bundle(library.assemble(process)), "error") == []


@pytest.mark.parametrize(
    ("path", "old", "new", "what", "where"),
    [
        (
            BPMN,
            'formId="sample-investigate"',
            'formId="sample-invest"',
            "there is no form 'sample-invest'",
            "investigate",
        ),
        (BPMN, 'value="receipt"', 'value="reciept"', "there is no notice 'reciept'", "acknowledge"),
        (BPMN, 'value="reporter"', 'value="role:boss"', "the policy has no role 'boss'", "acknowledge"),
        (
            BPMN,
            'value="reporter"',
            'value="everybody"',
            "a notice goes to 'everybody', which names nobody",
            "acknowledge",
        ),
        (BPMN, "roles.kitchen_manager", "roles.kitchen", "the policy file has no 'kitchen' in roles", "line"),
        (BPMN, 'deadline("reminder"', 'deadline("remind"', "the policy file has no 'remind' in deadlines", "line"),
        (BPMN, "=justified<", "=justified and<", "the expression does not parse", "yes"),
        (
            BPMN,
            "<zeebe:userTask/>",
            '<zeebe:userTask/><zeebe:x a="1"/>',
            "<zeebe:x> of 'Find the cause' is not supported",
            "investigate",
        ),
        (BPMN, 'name="clause" value="S-1"', 'name="commits" value="ruling"', "which no task decides", "acknowledge"),
        (TOML, '"3 working days"', '"three days"', 'within = "three days" is not allowed', "policy.toml, line"),
        (TOML, 'inside = "answer"', 'inside = "answr"', 'inside = "answr" is no deadline', "policy.toml, line"),
        (
            "processes/sample/notices/receipt.en.j2",
            "{{ case.id }}",
            "{{ case.id",
            "the notice cannot be used",
            "line 5",
        ),
        ("forms/sample/sample-intake.form", '"textarea"', '"textaera"', "textaera", "sample-intake.form"),
        ("processes/sample/labels.zh.po", "msgid", "msgdi", "the translations cannot be read", "labels.zh.po"),
    ],
)
def test_what_leads_nowhere_is_an_error(
    layer: Path, change: Change, path: str, old: str, new: str, what: str, where: str
) -> None:
    """A reference, a name or a text that cannot work is found with file and element, and with advice."""
    change(path, old, new)
    found = [one for one in check_bundle(bundle(layer)) if one.severity == "error" and what in one.what]
    assert found
    assert where in found[0].where
    assert found[0].advice
    assert "0.policy.toml" not in found[0].where


def test_everything_wrong_is_listed_at_once(layer: Path, change: Change) -> None:
    """Six mistakes in five files are six findings, in one go, the worst first."""
    change(BPMN, "<zeebe:userTask/>", '<zeebe:userTask/><zeebe:x/><zeebe:script expression="=1 +" resultVariable="a"/>')
    change(BPMN, 'formId="sample-investigate"', 'formId="missing"')
    change(TOML, '"3 working days"', '"soon"')
    change("processes/sample/notices/receipt.en.j2", "Subject:", "Sujet:")
    change("forms/sample/sample-intake.form", "{", "[")
    findings = check_bundle(bundle(layer))
    assert len(said(findings, "error")) >= 6
    order = ["error", "warning", "note"]
    ranks = [order.index(one.severity) for one in findings]
    assert ranks == sorted(ranks)


def test_the_engine_agrees(layer: Path, change: Change) -> None:
    """What the engine refuses is an error of the check too, also where no check of ours knows it."""
    change(BPMN, 'sourceRef="appealed" targetRef="closed"', 'sourceRef="appealed" targetRef="nowhere"')
    assert any("nowhere" in what for what in said(check_bundle(bundle(layer)), "error"))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('<zeebe:property name="clause" value="S-2.a S-2.b"/>', "", "'Find the cause' says no clause"),
        (' bindingType="deployment"', ' bindingType="latest"', "the link says no version"),
        (' bindingType="deployment"', "", "the link says no version"),
        ('type="notify"', 'type="send-fax"', "the job type 'send-fax' needs a handler of your own"),
        ('timeDate>=deadline("reminder", now())', "timeDate>=now()", "nothing uses deadlines.reminder"),
    ],
)
def test_what_may_not_be_meant_is_a_note(layer: Path, change: Change, old: str, new: str, what: str) -> None:
    """Missing clauses, links without version, foreign job types and unused entries are worth knowing."""
    change(BPMN, old, new)
    assert any(what in one for one in said(check_bundle(bundle(layer)), "note"))


def test_a_lane_and_its_tasks_say_the_same(layer: Path, change: Change) -> None:
    """A task in another role's lane is a warning; so is a lane that is no role, in English and in Chinese."""
    change(BPMN, 'name="Kitchen manager"', 'name="厨房经理"')
    assert check_bundle(bundle(layer)) == []
    change(BPMN, "=[policy.roles.kitchen_manager]", "waiters")
    assert "lies in the lane '厨房经理' and is offered to waiters" in said(check_bundle(bundle(layer)), "warning")[0]
    change(BPMN, 'name="厨房经理"', 'name="Quality"')
    assert "the lane 'Quality' is no role of the policy file" in said(check_bundle(bundle(layer)), "warning")[0]
    change(BPMN, 'candidateGroups="waiters"', 'candidateGroups="=[department.group]"')
    assert said(check_bundle(bundle(layer)), "warning") == []  # nobody can say before it runs


@pytest.mark.parametrize(
    ("path", "old", "new", "what"),
    [
        (BPMN, 'name="Find the cause"', 'name="Answer within 3 working days"', "says '3 working days'"),
        (BPMN, 'name="Find the cause"', 'name="Answer within three business days"', "says 'three business days'"),
        (BPMN, 'name="Find the cause"', 'name="三个工作日内答复"', "says '三个工作日'"),
        (BPMN, 'name="Find the cause"', 'name="Wait 45 minutes"', "says '45 minutes'"),
        ("forms/sample/sample-investigate.form", '"Remark"', '"Reply in 2 working days"', "the form says"),
        ("processes/sample/notices/receipt.en.j2", "thank you", "wait 3 working days", "the notice says"),
    ],
)
def test_a_number_that_the_policy_file_owns_stands_nowhere_else(
    layer: Path, change: Change, path: str, old: str, new: str, what: str
) -> None:
    """A label, a form or a notice that carries an interval is a warning that names the entry, if there is one."""
    change(path, old, new)
    found = [one for one in check_bundle(bundle(layer)) if one.severity == "warning"]
    assert what in found[0].what
    assert ("deadlines." in found[0].advice) is ("45" not in new)


def test_bounds_are_not_counted_in_labels(layer: Path, change: Change) -> None:
    """A label that says how often at most is a warning; other numbers are not."""
    (layer / TOML).write_text(
        POLICY + '\n[bounds.rounds]\nvalue = 3\nclause = "S-3"\nfrom = "document"\n', encoding="utf-8"
    )
    change(BPMN, "=justified<", "=justified and policy.bounds.rounds &gt; 2<")
    change(BPMN, 'name="Justified?"', 'name="Round 3 of 4?"')
    assert said(check_bundle(bundle(layer)), "warning") == ["the label 'Round 3 of 4?' says 3"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("within 5 working days", ["5 working days"]),
        ("in twenty-four hours", ["24 hours"]),
        ("两天内", ["2 days"]),
        ("24小时或15个工作日", ["24 hours", "15 working days"]),
        ("from 2026-10-01, room 3", []),
        ("2026年10月1日", []),
        ("clause 5 day-to-day", []),
        ("99999999999 days", []),
    ],
)
def test_intervals_in_words(text: str, found: list[str]) -> None:
    """Lengths of time are read in both languages, in digits and words; dates are none."""
    assert [str(interval) for _, interval in intervals(text)] == found
    assert all(isinstance(interval, Interval) for _, interval in intervals(text))


def test_strict_refuses_our_defaults(layer: Path) -> None:
    """What the organisation did not decide is an error under --strict, with line and reason."""
    found = check_bundle(bundle(layer), strict=True)
    assert said(found, "error") == ["deadlines.reminder = 2 working days is still our default"]
    assert found[0].where.endswith("layer/processes/sample/policy.toml, line 12")
    assert "one day is enough to act" in found[0].advice


def test_a_year_without_official_holidays_is_named(layer: Path) -> None:
    """This year unknown is a warning, next year unknown a note, and neither without a date."""
    found = check_bundle(bundle(layer), now=datetime(2027, 6, 1, tzinfo=UTC))
    assert "the official holidays of 2027" in said(found, "warning")[0]
    assert "the official holidays of 2028" in said(found, "note")[0]
    assert check_bundle(bundle(layer), now=datetime(2025, 6, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize(
    ("text", "severity", "line", "what", "advice"),
    [
        ('[policy]\ncountry = "XX"\n', "error", 2, 'policy.country: the holidays package knows no country "XX"', "ISO"),
        ('[policy]\ncountry = "DEX"\n', "error", 2, 'knows no country "DEX"', 'did you mean "DE"?'),
        ('[policy]\nsubdivision = "BY"\n', "error", 2, 'policy.subdivision: "CN" has no subdivision "BY"', "leave it"),
        ('[policy]\ncountry = "DE"\nsubdivision = "BYE"\n', "error", 3, '"DE" has no', 'did you mean "BY"? write one'),
        ("[deadlines.answer]\n", "warning", 1, "nothing stands under [deadlines.answer]", "uncomment"),
        ("\n[policy]\n", "warning", 2, "nothing stands under [policy]", "uncomment"),
    ],
)
def test_what_a_policy_file_cannot_mean(
    tmp_path: Path, layer: Path, text: str, severity: str, line: int, what: str, advice: str
) -> None:
    """A country or subdivision without a calendar, and a heading with nothing under it, are found with their line."""
    own = tmp_path / "own" / TOML
    own.parent.mkdir(parents=True)
    own.write_text(text, encoding="utf-8")
    whole = Library(Layers([tmp_path / "own", layer], installed=False)).assemble("sample")
    below = [((layer / TOML).read_text(encoding="utf-8"), "below.toml")]
    for found in (
        check_bundle(whole, now=datetime(2026, 5, 4, tzinfo=UTC)),
        check_alone(str(own), own.read_bytes(), below=below),
    ):
        [one] = [finding for finding in found if finding.severity == severity]
        assert (one.line, one.file.endswith(TOML)) == (line, True)
        assert what in one.what
        assert advice in one.advice


def test_the_example_must_fit_the_intake_form(layer: Path) -> None:
    """A shipped payload that the form refuses is an error per field."""
    found = check_bundle(bundle(layer), payload=b'{"channel": "pigeon"}')
    assert {one.where for one in found} == {"processes/sample/payload.json"}
    assert len(said(found, "error")) == 2
    assert said(check_bundle(bundle(layer), payload=b"{"), "error")


def test_files_that_nobody_uses(layer: Path) -> None:
    """A folder or file with a misspelled name is named, with what it probably should be."""
    for path in ("processes/smaple/policy.toml", "forms/sample/sample-intak.form", "processes/sample/README.md"):
        (layer / path).parent.mkdir(exist_ok=True)
        (layer / path).write_text("x", encoding="utf-8")
    library = Library(Layers([layer], installed=False))
    bundles = [library.assemble(name) for name in library.layers.processes()]
    found = unused_files(library.layers, bundles, layer=str(layer))
    assert [Path(one.where).name for one in found] == ["policy.toml", "sample-intak.form"]
    assert "did you mean 'sample'?" in found[0].advice
    assert "sample-intake.form" in found[1].advice


@pytest.mark.parametrize(
    ("file", "source", "what"),
    [
        ("a.bpmn", "", "not well-formed"),
        ("a.bpmn", "<x/>", "not BPMN"),
        ("a.bpmn", BOMB, "document type declaration"),
        ("a.bpmn", EXTERNAL, "document type declaration"),
        ("a.bpmn", "<a>" * 2000, "not well-formed"),
        (
            "a.bpmn",
            BROKEN_BPMN.replace('isExecutable="true"', 'isExecutable="false"'),
            "no file has an executable process",
        ),
        ("a.bpmn", BROKEN_BPMN.replace('id="f2"', 'id="f1"'), "two elements have the id 'f1'"),
        ("a.dmn", BOMB, ""),
        ("a.dmn", "<definitions/>", ""),
        ("a.form", "[]", ""),
        ("a.form", "{" * 100_000, ""),
        ("a.en.j2", "Hello", "the first line is not"),
        ("a.en.j2", "Subject: x\n\n{% for x in range(10**9) %}{% endfor %}\n", ""),
        ("policy.toml", "[policy", "not TOML"),
        ("a.json", "{", "not JSON"),
    ],
)
def test_a_bad_file_is_one_clear_error(file: str, source: str, what: str) -> None:
    """Broken, hostile and empty files are refused with a sentence, each by its kind."""
    found = check_file(file, source.encode())
    assert any(what in sentence for sentence in said(found, "error"))


def test_no_mutilated_file_makes_a_check_fail() -> None:
    """Four hundred random injuries of every kind of file give findings or none, and never an exception."""
    whole = {
        "a.bpmn": SAMPLE_BPMN, "policy.toml": POLICY, "sample-intake.form": INTAKE, "a.zh.po": LABELS,
        "a.en.j2": NOTICE, "sample-investigate.form": INVESTIGATE,
    }  # fmt: skip
    dice = random.Random(20260928)
    pieces = [b"=", b'"', b"<", b">", b"&", b"\xff", b"\x00", b"{{", b"((((", b"null", b"1e999", b"[", b'id="start"']
    for _ in range(400):
        file = dice.choice(list(whole))
        text = bytearray(whole[file].encode())
        for _ in range(dice.choice([1, 1, 2, 6])):
            start = dice.randrange(len(text) or 1)
            end = start + dice.choice([0, 1, 5, 80, 400])
            text[start:end] = dice.choice([b"", b"", dice.choice(pieces), bytes(text[:40])])
        assert not any("cannot be checked" in one.what for one in check_alone(file, bytes(text))), bytes(text)


def test_a_check_that_fails_itself_is_a_finding() -> None:
    """A defect in one check is reported with the file, and the others go on."""

    def fails() -> list[Finding]:
        raise KeyError("defect")

    found = guarded("processes/a/0.policy.toml", fails)
    assert "cannot be checked: KeyError" in found[0].what
    assert found[0].where == "processes/a/policy.toml"


# -- the command ------------------------------------------------------------------------------


def call(*words: str, layer: Path | None = None) -> Result:
    given = ["--layer", str(layer)] if layer is not None else []
    return CliRunner().invoke(app, [*given, "check", *words], env={"COMPLAINTFLOW_LAYERS": ""})


def test_the_command_takes_a_process_a_layer_a_folder_or_a_file(layer: Path) -> None:
    """All four ways find the sample clean, and say which layer each part comes from."""
    assert call("sample", layer=layer).exit_code == 0
    by_layer = call(str(layer))
    assert by_layer.exit_code == 0
    assert f"from {layer}  1 diagram, 2 forms, 1 notice" in by_layer.stdout
    assert call(str(layer / "processes/sample")).exit_code == 0
    assert call(str(layer / BPMN)).exit_code == 0
    assert "deadlines  reminder" in by_layer.stdout
    assert "deadlines.reminder  2 working days  S-2.b" in call(str(layer), "--defaults").stdout


def test_a_file_of_another_kind_does_not_pass(tmp_path: Path) -> None:
    """A mistyped ending is not found to be without errors."""
    (tmp_path / "diagram.bpm").write_text("<definitions/>")
    done = call(str(tmp_path / "diagram.bpm"))
    assert done.exit_code != 0
    assert "'.bpm' is no kind of file that can be checked" in done.stderr


def test_the_command_ends_with_1_for_errors(layer: Path, change: Change) -> None:
    """Errors are printed with place and advice; --json has the same; --strict makes defaults errors."""
    assert call("sample", "--strict", layer=layer).exit_code == 1
    change(BPMN, 'formId="sample-investigate"', 'formId="sample-invest"')
    page = call("sample", layer=layer)
    assert page.exit_code == 1
    assert "there is no form 'sample-invest'" in page.stdout
    assert "did you mean 'sample-investigate'?" in page.stdout
    report = json.loads(call("sample", "--json", layer=layer).stdout)[0]
    assert report["findings"][0]["severity"] == "error"
    assert report["parts"][str(layer)]
    assert report["defaults"][0]["name"] == "reminder"


def test_the_command_says_when_there_is_nothing_to_check(tmp_path: Path, layer: Path) -> None:
    """An unknown process, a missing file and an empty folder are mistakes of the caller."""
    for subject in ("smaple", "missing.bpmn", str(tmp_path / "layer" / "nothing")):
        assert call(subject, layer=layer).exit_code == 2
    (tmp_path / "empty").mkdir()
    assert call(str(tmp_path / "empty")).exit_code == 2


def test_leftovers_of_a_layer_have_a_report_of_their_own(layer: Path) -> None:
    """What no process of the layer would name is listed under the layer."""
    (layer / "processes/smaple").mkdir()
    (layer / "processes/smaple/policy.toml").write_text(POLICY, encoding="utf-8")
    page = call(str(layer)).stdout
    assert f"layer {layer}" in page
    assert "'smaple' is no process; did you mean 'sample'?" in page


def test_a_form_by_another_name_is_found(tmp_path: Path) -> None:
    """A form file that is not called by its id would never be linked."""
    file = tmp_path / "other.form"
    file.write_text(form("mine", component("textfield", "a", "A")), encoding="utf-8")
    assert "save it as mine.form" in call(str(file)).stdout


def test_an_expression_that_does_not_parse_is_shown_with_a_caret(layer: Path) -> None:
    """The text, a caret under the place, the file and the element stand on the screen."""
    file = layer / BPMN
    broken = r"\1=amount &gt; (3"
    text = re.sub(r"(<bpmn:conditionExpression[^>]*>)=[^<]*", broken, file.read_text(encoding="utf-8"), count=1)
    file.write_text(text, encoding="utf-8")
    shown = CliRunner().invoke(app, ["check", str(file)]).output
    assert "\n        amount > (3\n                   ^\n" in shown
    assert "sample.bpmn, line " in shown
    assert ", element yes" in shown
