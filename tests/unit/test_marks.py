"""A layer cannot take the guard off a promise without saying so."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from complaintflow.check import Finding, check_bundle
from complaintflow.cli.app import app
from complaintflow.definition.layers import Layers
from complaintflow.definition.library import Library
from complaintflow.errors import InvalidDiagram
from complaintflow.testing import Workbench
from tests.diagrams import document, end, flows, layer, process, properties, service, start, user

TELL = (
    '<zeebe:taskHeaders><zeebe:header key="notice" value="ruling"/>'
    '<zeebe:header key="to" value="group:staff"/></zeebe:taskHeaders>'
)
RULING = "Subject: Ruling\n\nIt is decided.\n"


def diagram(
    *, decides: str = "ruling", commits: str = "ruling", deciding: str = "decide", telling: str = "tell"
) -> str:
    """A person decides, and a notice tells the outcome; an empty mark is left out."""
    return document(
        process(
            start(),
            user(deciding, extension=properties(decides=decides) if decides else ""),
            service(telling, "notify", extension=TELL + (properties(commits=commits) if commits else "")),
            end(),
            flows(f"start > {deciding} > {telling} > end"),
        )
    )


@pytest.fixture
def below(tmp_path: Path) -> Path:
    """The layer below: its notice waits for the ruling."""
    folder = layer(tmp_path / "below", diagram())
    notices = folder / "processes" / "p" / "notices"
    notices.mkdir()
    (notices / "ruling.en.j2").write_text(RULING, encoding="utf-8")
    return folder


def over(below: Path, xml: str, policy: str = "") -> list[Path]:
    """A layer that replaces the diagram, before the one below."""
    top = below.parent / "top"
    layer(top, xml, policy=policy)
    if not policy:
        (top / "processes" / "p" / "policy.toml").unlink()
    return [top, below]


def found(layers: list[Path]) -> list[Finding]:
    bundle = Library(Layers(layers, installed=False)).assemble("p")
    return [finding for finding in check_bundle(bundle) if "mark" in finding.what]


@pytest.mark.parametrize(
    ("xml", "element", "mark"),
    [
        (diagram(commits=""), "tell", "commits"),
        (diagram(decides="", commits=""), "decide", "decides"),
        (diagram(commits="", telling="tell-them"), "tell-them", "commits"),
        (diagram(commits="award", decides="award"), "tell", "commits"),
    ],
    ids=["promise", "decision", "renamed", "other-decision"],
)
def test_a_dropped_mark_is_an_error(below: Path, xml: str, element: str, mark: str) -> None:
    """Check names the element, the file, the mark and the remedy, and the engine does not run such a layer."""
    layers = over(below, xml)
    finding = next(one for one in found(layers) if f"element {element}" in one.where and f" {mark}=" in one.what)
    assert finding.severity == "error"
    assert f'{mark}="ruling"' in finding.what
    assert finding.where.startswith(f"{layers[0]}/processes/p/p.bpmn, line ")
    assert f'dropped_marks = {{ "{element}.{mark}" = "why" }}' in finding.advice
    with pytest.raises(InvalidDiagram, match="lacks the mark"):
        Workbench(layers=layers).start("p", staff="desk")


def test_what_keeps_its_marks_may_be_redrawn(below: Path) -> None:
    """A layer that renames elements and keeps the guard, or replaces nothing that had one, is clean."""
    assert found(over(below, diagram(deciding="rule", telling="tell-them"))) == []
    assert found([below]) == []


def test_a_mark_may_be_left_out_on_purpose(below: Path) -> None:
    """Named with a reason in the layer's policy.toml the layer runs, and check still says so, with the reason."""
    meant = '[policy]\nid = "p"\ntitle = "Test"\ndropped_marks = { "tell.commits" = "the board has decided before" }\n'
    layers = over(below, diagram(commits=""), meant)
    [finding] = found(layers)
    assert finding.severity == "warning"
    assert "the board has decided before" in finding.what
    case = Workbench(layers=layers).start("p", staff="desk").complete("decide")
    assert case.status == "completed"


@pytest.mark.parametrize("why", ["", "  "])
def test_leaving_out_needs_a_reason(below: Path, why: str) -> None:
    """An empty reason is refused with the place where it stands."""
    meant = f'[policy]\nid = "p"\ntitle = "Test"\ndropped_marks = {{ "tell.commits" = "{why}" }}\n'
    bundle = Library(Layers(over(below, diagram(commits=""), meant), installed=False)).assemble("p")
    assert any("needs a reason" in finding.what for finding in check_bundle(bundle))


def test_an_idle_exception_is_reported(below: Path) -> None:
    """An exception for a mark that is still there, or misspelt, is told with its file and line."""
    meant = '[policy]\nid = "p"\ntitle = "Test"\ndropped_marks = { "tel.commits" = "so" }\n'
    layers = over(below, diagram(commits=""), meant)
    [finding] = [one for one in found(layers) if one.severity == "warning"]
    assert "'tel.commits'" in finding.what
    assert "policy.toml, line 4" in finding.where
    assert finding.advice == "did you mean 'tell.commits'?"


def test_a_third_layer_inherits_the_exception(below: Path) -> None:
    """What a middle layer leaves out on purpose need not be said again above it."""
    meant = '[policy]\nid = "p"\ntitle = "Test"\ndropped_marks = { "tell.commits" = "decided before" }\n'
    layers = over(below, diagram(commits=""), meant)
    mine = below.parent / "mine"
    layer(mine, diagram(commits=""), policy='[policy]\nid = "p"\ntitle = "Mine"\ndropped_marks = {}\n')
    assert [one.severity for one in found([mine, *layers])] == ["warning"]


def test_check_ends_with_one(below: Path) -> None:
    """The command refuses the layer: exit code 1, and the remedy is printed."""
    layers = over(below, diagram(commits=""))
    result = CliRunner().invoke(app, ["check", str(layers[0]), "--layer", str(below)])
    assert result.exit_code == 1
    assert "dropped_marks" in result.output
