"""What `check` and `trace` show of an organisation's own values, on wide and on narrow terminals."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
from pathlib import Path

import pytest
from cli_samples import write_layer
from click.testing import CliRunner, Result

from complaintflow.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "processes/customer/responsible-department.dmn"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A layer over the retail policy: another number, another zone, one rule of a table, and one reason."""
    folder = tmp_path / "mine"
    home = folder / "processes/customer"
    home.mkdir(parents=True)
    (home / "policy.toml").write_text(
        '[policy]\nzone = "Europe/Paris"\n[deadlines.investigation]\nwithin = "2 working days"\n'
        '[deadlines.ruling]\nwithin = "1 working day"\nwhy = "As in all our stores."\n'
        '[texts.hotline]\nvalue = "555-0100"\nclause = "RET-1.a"\nfrom = "document"\n',
        encoding="utf-8",
    )
    table = TABLE.read_text(encoding="utf-8")
    (home / TABLE.name).write_text(table.replace('>"kitchen"<', '>"canteen"<', 1), encoding="utf-8")
    return folder


def call(*words: str) -> Result:
    return CliRunner().invoke(app, ["check", *words], env={"COMPLAINTFLOW_LAYERS": ""})


def changed(*words: str) -> dict[str, tuple[str, str]]:
    (report,) = json.loads(call(*words, "--json").stdout)
    return {one["name"]: (one["before"], one["after"]) for one in report["changes"]}


def test_a_changed_value_stands_beside_ours(mine: Path) -> None:
    """Numbers, the zone and rules of tables are shown both ways; what is equal, new, or only a reason is not."""
    assert changed(str(mine)) == {
        "policy.zone": ("Asia/Shanghai", "Europe/Paris"),
        "deadlines.investigation.within": ("1 working day", "2 working days"),
        "responsible-department, rule 2": (
            '"food" | - => "kitchen" | "Kitchen" | "餐饮后厨"', '"food" | - => "canteen" | "Kitchen" | "餐饮后厨"',
        ),
    }  # fmt: skip
    page = call(str(mine)).stdout
    assert f"  deadlines.investigation.within  ({mine}/processes/customer/policy.toml)\n" in page
    assert f"      complaintflow: 1 working day    {mine}: 2 working days\n" in page


def test_a_single_file_is_compared_with_the_one_below_it(mine: Path) -> None:
    """A policy file and a decision table by themselves show what they change; without a layer nothing is changed."""
    assert "policy.zone" in changed(str(mine / "processes/customer/policy.toml"))
    assert [*changed(str(mine / "processes/customer" / TABLE.name))] == ["responsible-department, rule 2"]
    assert changed("customer") == {}


def test_rules_that_come_and_go_are_told(mine: Path) -> None:
    """A rule that the layer leaves out has nothing on its side, and the rules behind it are not all different."""
    file = mine / "processes/customer" / TABLE.name
    table = TABLE.read_text(encoding="utf-8")
    file.write_text(re.sub(r'<rule id="rule-2">.*?</rule>', "", table, count=1, flags=re.DOTALL), encoding="utf-8")
    (one,) = (change for name, change in changed(str(file)).items())
    assert one == ('"food" | - => "kitchen" | "Kitchen" | "餐饮后厨"', "-")


def test_a_value_of_the_shared_policy_is_compared_too(tmp_path: Path) -> None:
    """What a process's own file of a layer changes may be said by the shared values below it."""
    said = 'value = "555-0100"\nclause = "OFF-1"\nfrom = "document"\n'
    for layer, folder, text in (("base", "shared", said), ("mine", "office", 'value = "555-0199"\n')):
        (tmp_path / layer / "processes" / folder).mkdir(parents=True)
        file = tmp_path / layer / "processes" / folder / "policy.toml"
        file.write_text(f"[texts.hotline]\n{text}", encoding="utf-8")
    layers = ("--layer", str(tmp_path / "mine"), "--layer", str(tmp_path / "base"))
    assert changed("office", *layers) == {"texts.hotline.value": ("555-0100", "555-0199")}


def on_a_terminal(*words: str, width: int) -> str:
    """What a command prints on a terminal that is so many columns wide."""
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": str(width), "NO_COLOR": "1", "LANG": "en"}
        os.execve(sys.executable, [sys.executable, "-m", "complaintflow", *words], environment)
    found = b""
    try:
        while chunk := os.read(terminal, 65536):
            found += chunk
    except OSError:
        pass  # The terminal closes with the program.
    os.waitpid(child, 0)
    return found.decode("utf-8", "replace").replace("\r\n", "\n")


@pytest.mark.parametrize("words", [("check", "sample", "--defaults"), ("trace", "sample", "customer")])
def test_nothing_is_cut_on_a_narrow_terminal(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Reasons, clauses and lists of clauses go on in the next line, and no line is wider than the terminal."""
    layer = str(write_layer(tmp_path / "layer"))
    narrow = on_a_terminal(*words, "--layer", layer, width=60)
    assert "\u2026" not in narrow
    assert max(map(len, narrow.splitlines())) <= max(60, len(f"  from {layer}  1 diagram, 2 forms, 1 notice") + 60)
    flat = " ".join(
        CliRunner().invoke(app, [*words, "--layer", layer], env={"COMPLAINTFLOW_LAYERS": ""}).stdout.split()
    )
    assert " ".join(narrow.split()) == flat


def test_a_finding_names_the_layer_of_its_file(tmp_path: Path) -> None:
    """Of files that several layers may have, each finding says whose it is: a diagram's, a form's, and ours."""
    home = tmp_path / "mine/processes/customer"
    forms = tmp_path / "mine/forms/customer"
    home.mkdir(parents=True)
    forms.mkdir(parents=True)
    diagram = (ROOT / "processes/customer/customer.bpmn").read_text(encoding="utf-8")
    (home / "customer.bpmn").write_text(diagram.replace("customer-propose", "nothing"), encoding="utf-8")
    form = (ROOT / "forms/customer/customer-intervene.form").read_text(encoding="utf-8")
    (forms / "customer-intervene.form").write_text(form.replace('"textarea"', '"textaria"'), encoding="utf-8")
    layer = str(tmp_path / "mine")
    page = call("customer", "--layer", layer).stdout
    assert f"    {layer}/processes/customer/customer.bpmn, line " in page
    assert f"    {layer}/forms/customer/customer-intervene.form, component " in page
    (report,) = json.loads(call("customer", "--layer", layer, "--json").stdout)
    assert {one["layer"] for one in report["findings"] if one["severity"] == "error"} == {layer}
    for name in ("a.bpmn", "b.bpmn"):
        (home / name).write_text(diagram.replace('"customer"', '"twice"'), encoding="utf-8")
    assert f"{layer}/processes/customer/a.bpmn and {layer}/processes/customer/b.bpmn" in call(layer).stdout


def test_shared_letters_are_checked_with_what_their_callers_have(tmp_path: Path) -> None:
    """The shared folder alone is clean; a part that no caller has is an error all the same."""
    assert call(str(ROOT / "processes/shared")).exit_code == 0
    home = tmp_path / "mine/processes/shared/notices"
    home.mkdir(parents=True)
    letter = home / "shared-question.en.j2"
    letter.write_text('Subject: A question\n\n{% include "_greeting" %}\n', encoding="utf-8")
    assert call(str(letter)).exit_code == 0
    letter.write_text('Subject: A question\n\n{% include "_greeing" %}\n', encoding="utf-8")
    assert "it includes '_greeing'" in call(str(home.parent)).stdout
